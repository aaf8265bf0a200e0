//! Events.

use std::ffi::c_char;

use samemap::Event;
use samemap::sync::{SharedEvent, SyncOptions};

use crate::arguments::{name, timeout};
use crate::handle::{Handle, close, give, give_either, inside};
use crate::object::{OpenObject, call, wait};
use crate::options::{
    event as event_options, reset, samemap_create_options_t, samemap_open_options_t, samemap_reset_t,
};
use crate::status::{done, samemap_status_t};
use crate::view::samemap_view_t;

/// A flag to wait for, set and unset by any process that has it open.
pub struct samemap_event_t {
    _private: [u8; 0],
}

impl Handle for samemap_event_t {
    type Inside = OpenObject;
    const WHAT: &'static str = "the event";
}

/// Creates an event; the name must be free. `reset` says how the event is unset, and `is_set` whether it is set at
/// first. Close it with samemap_event_close().
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_event_create(
    name: *const c_char,
    reset: samemap_reset_t,
    is_set: bool,
    options: *const samemap_create_options_t,
    event: *mut *mut samemap_event_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give(event, || {
            let sync = samemap_create_options_t::sync(options)?;
            Event::create(&self::name(name)?, &event_options(self::reset(reset)?, is_set, sync))
        })
    }
}

/// Opens the event with the name, or creates one; `created`, which may be NULL, tells which of the two happened. An
/// event that is opened stays as it is.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_event_create_or_open(
    name: *const c_char,
    reset: samemap_reset_t,
    is_set: bool,
    options: *const samemap_create_options_t,
    event: *mut *mut samemap_event_t,
    created: *mut bool,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give_either(event, created, || {
            let sync = samemap_create_options_t::sync(options)?;
            Event::create_or_open(&self::name(name)?, &event_options(self::reset(reset)?, is_set, sync))
        })
    }
}

/// Opens the event with the name.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_event_open(
    name: *const c_char,
    options: *const samemap_open_options_t,
    event: *mut *mut samemap_event_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(event, || Event::open(&self::name(name)?, &samemap_open_options_t::read(options)?)) }
}

/// Makes an event inside a region, at `offset` of a read-write view of it; `samemap::sync::SharedEvent` in Rust.
///
/// It takes SAMEMAP_EVENT_SIZE bytes, aligned to 8, which must be zero before and are the event's alone from then on.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_event_create_in(
    view: *const samemap_view_t,
    offset: usize,
    reset: samemap_reset_t,
    is_set: bool,
    event: *mut *mut samemap_event_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give(event, || {
            SharedEvent::create(
                self::inside(view)?,
                offset,
                &event_options(self::reset(reset)?, is_set, SyncOptions::new()),
            )
        })
    }
}

/// Opens the event at `offset` of the view, or makes one; `created`, which may be NULL, tells which of the two
/// happened.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_event_create_or_open_in(
    view: *const samemap_view_t,
    offset: usize,
    reset: samemap_reset_t,
    is_set: bool,
    event: *mut *mut samemap_event_t,
    created: *mut bool,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give_either(event, created, || {
            SharedEvent::create_or_open(
                self::inside(view)?,
                offset,
                &event_options(self::reset(reset)?, is_set, SyncOptions::new()),
            )
        })
    }
}

/// Opens the event at `offset` of the view.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_event_open_in(
    view: *const samemap_view_t,
    offset: usize,
    event: *mut *mut samemap_event_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(event, || SharedEvent::open(self::inside(view)?, offset)) }
}

/// Closes the handle. NULL does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_event_close(event: *mut samemap_event_t) {
    // SAFETY: the caller keeps the header's rules.
    unsafe { close(event) }
}

/// Bytes that an event takes inside a region.
pub const SAMEMAP_EVENT_SIZE: usize = 64;

const _: () = assert!(SAMEMAP_EVENT_SIZE == SharedEvent::SIZE);

/// Sets the event. An auto-reset event lets one wait through; a manual-reset event lets every wait through until
/// samemap_event_reset().
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_event_set(event: *const samemap_event_t) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { call!(event, "an event", Event | SharedEvent, it => it.set().map(done)) }
}

/// Unsets the event.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_event_reset(event: *const samemap_event_t) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { call!(event, "an event", Event | SharedEvent, it => it.reset().map(done)) }
}

/// Waits until the event is set; see samemap_wait().
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_event_wait(event: *const samemap_event_t, timeout: u64) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { call!(event, "an event", Event | SharedEvent, it => wait(it, self::timeout(timeout))) }
}
