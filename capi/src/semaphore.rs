//! Semaphores.

use std::ffi::c_char;

use samemap::Semaphore;
use samemap::sync::{SharedSemaphore, SyncOptions};

use crate::arguments::{name, put, timeout};
use crate::handle::{Handle, close, give, give_either, inside};
use crate::object::{OpenObject, call, wait};
use crate::options::{samemap_create_options_t, samemap_open_options_t, semaphore as semaphore_options};
use crate::status::{SAMEMAP_OK, samemap_status_t};
use crate::view::samemap_view_t;

/// A count of permits; each wait takes one of them.
pub struct samemap_semaphore_t {
    _private: [u8; 0],
}

impl Handle for samemap_semaphore_t {
    type Inside = OpenObject;
    const WHAT: &'static str = "the semaphore";
}

/// Creates a semaphore with `initial` permits, and at most `maximum`; the name must be free. Close it with
/// samemap_semaphore_close().
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_semaphore_create(
    name: *const c_char,
    initial: u32,
    maximum: u32,
    options: *const samemap_create_options_t,
    semaphore: *mut *mut samemap_semaphore_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give(semaphore, || {
            let sync = samemap_create_options_t::sync(options)?;
            Semaphore::create(&self::name(name)?, &semaphore_options(initial, maximum, sync))
        })
    }
}

/// Opens the semaphore with the name, or creates one; `created`, which may be NULL, tells which of the two happened.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_semaphore_create_or_open(
    name: *const c_char,
    initial: u32,
    maximum: u32,
    options: *const samemap_create_options_t,
    semaphore: *mut *mut samemap_semaphore_t,
    created: *mut bool,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give_either(semaphore, created, || {
            let sync = samemap_create_options_t::sync(options)?;
            Semaphore::create_or_open(&self::name(name)?, &semaphore_options(initial, maximum, sync))
        })
    }
}

/// Opens the semaphore with the name.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_semaphore_open(
    name: *const c_char,
    options: *const samemap_open_options_t,
    semaphore: *mut *mut samemap_semaphore_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give(semaphore, || Semaphore::open(&self::name(name)?, &samemap_open_options_t::read(options)?))
    }
}

/// Makes a semaphore with `initial` permits, and at most `maximum`, inside a region, at `offset` of a read-write view
/// of it; `samemap::sync::SharedSemaphore` in Rust.
///
/// It takes SAMEMAP_SEMAPHORE_SIZE bytes, aligned to 8, which must be zero before and are the semaphore's alone from then
/// on.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_semaphore_create_in(
    view: *const samemap_view_t,
    offset: usize,
    initial: u32,
    maximum: u32,
    semaphore: *mut *mut samemap_semaphore_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give(semaphore, || {
            SharedSemaphore::create(
                self::inside(view)?,
                offset,
                &semaphore_options(initial, maximum, SyncOptions::new()),
            )
        })
    }
}

/// Opens the semaphore at `offset` of the view, or makes one; `created`, which may be NULL, tells which of the two
/// happened.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_semaphore_create_or_open_in(
    view: *const samemap_view_t,
    offset: usize,
    initial: u32,
    maximum: u32,
    semaphore: *mut *mut samemap_semaphore_t,
    created: *mut bool,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give_either(semaphore, created, || {
            SharedSemaphore::create_or_open(
                self::inside(view)?,
                offset,
                &semaphore_options(initial, maximum, SyncOptions::new()),
            )
        })
    }
}

/// Opens the semaphore at `offset` of the view.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_semaphore_open_in(
    view: *const samemap_view_t,
    offset: usize,
    semaphore: *mut *mut samemap_semaphore_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(semaphore, || SharedSemaphore::open(self::inside(view)?, offset)) }
}

/// Closes the handle. NULL does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_semaphore_close(semaphore: *mut samemap_semaphore_t) {
    // SAFETY: the caller keeps the header's rules.
    unsafe { close(semaphore) }
}

/// Bytes that a semaphore takes inside a region.
pub const SAMEMAP_SEMAPHORE_SIZE: usize = 64;

const _: () = assert!(SAMEMAP_SEMAPHORE_SIZE == SharedSemaphore::SIZE);

/// Gives `count` permits back; `before`, which may be NULL, tells how many there were. SAMEMAP_ERROR_LIMIT_EXCEEDED
/// when there would be more than the maximum: then nothing has changed.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_semaphore_release(
    semaphore: *const samemap_semaphore_t,
    count: u32,
    before: *mut u32,
) -> samemap_status_t {
    let tell = |there_were| {
        // SAFETY: the caller keeps the header's rules.
        unsafe { put(before, there_were) };
        SAMEMAP_OK
    };
    // SAFETY: the caller keeps the header's rules.
    unsafe { call!(semaphore, "a semaphore", Semaphore | SharedSemaphore, it => it.release(count).map(tell)) }
}

/// Waits for a permit and takes it; see samemap_wait().
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_semaphore_wait(
    semaphore: *const samemap_semaphore_t,
    timeout: u64,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        call!(semaphore, "a semaphore", Semaphore | SharedSemaphore, it => wait(it, self::timeout(timeout)))
    }
}
