//! Timers.

use std::ffi::c_char;

use std::time::{Duration, UNIX_EPOCH};

use samemap::Timer;
use samemap::sync::Due;

use crate::arguments::{name, timeout};
use crate::handle::{Handle, close, give, give_either};
use crate::object::{OpenObject, call, wait};
use crate::options::{
    reset, samemap_create_options_t, samemap_open_options_t, samemap_reset_t, timer as timer_options,
};
use crate::status::{done, samemap_status_t};

/// A time to wait for, set by any process that has it open.
pub struct samemap_timer_t {
    _private: [u8; 0],
}

impl Handle for samemap_timer_t {
    type Inside = OpenObject;
    const WHAT: &'static str = "the timer";
}

/// Creates a timer; the name must be free. `reset` says how the timer is unset. Close it with
/// samemap_timer_close().
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_timer_create(
    name: *const c_char,
    reset: samemap_reset_t,
    options: *const samemap_create_options_t,
    timer: *mut *mut samemap_timer_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give(timer, || {
            let sync = samemap_create_options_t::sync(options)?;
            Timer::create(&self::name(name)?, &timer_options(self::reset(reset)?, sync))
        })
    }
}

/// Opens the timer with the name, or creates one; `created`, which may be NULL, tells which of the two happened.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_timer_create_or_open(
    name: *const c_char,
    reset: samemap_reset_t,
    options: *const samemap_create_options_t,
    timer: *mut *mut samemap_timer_t,
    created: *mut bool,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give_either(timer, created, || {
            let sync = samemap_create_options_t::sync(options)?;
            Timer::create_or_open(&self::name(name)?, &timer_options(self::reset(reset)?, sync))
        })
    }
}

/// Opens the timer with the name.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_timer_open(
    name: *const c_char,
    options: *const samemap_open_options_t,
    timer: *mut *mut samemap_timer_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(timer, || Timer::open(&self::name(name)?, &samemap_open_options_t::read(options)?)) }
}

/// Closes the handle. NULL does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_timer_close(timer: *mut samemap_timer_t) {
    // SAFETY: the caller keeps the header's rules.
    unsafe { close(timer) }
}

/// Starts the timer: it is unset now, and set when `after` nanoseconds have passed. If `period` is not 0, it is set
/// again after each `period` nanoseconds, rounded up to milliseconds.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_timer_set(
    timer: *const samemap_timer_t,
    after: u64,
    period: u64,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { start(timer, Due::After(Duration::from_nanos(after)), period) }
}

/// Starts the timer as samemap_timer_set() does, for a time of the system's clock: `at` nanoseconds after the beginning of
/// 1970 (UTC). When the clock is set, the timer follows.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_timer_set_at(
    timer: *const samemap_timer_t,
    at: u64,
    period: u64,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { start(timer, Due::At(UNIX_EPOCH + Duration::from_nanos(at)), period) }
}

/// # Safety
/// The timer is null or open.
unsafe fn start(timer: *const samemap_timer_t, due: Due, period: u64) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        call!(timer, "a timer", Timer, it => match period {
            0 => it.set(due),
            _ => it.set_periodic(due, Duration::from_nanos(period)),
        }.map(done))
    }
}

/// Stops the timer; a timer that is set already stays set.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_timer_cancel(timer: *const samemap_timer_t) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { call!(timer, "a timer", Timer, it => it.cancel().map(done)) }
}

/// Waits until the timer is set; see samemap_wait().
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_timer_wait(timer: *const samemap_timer_t, timeout: u64) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { call!(timer, "a timer", Timer, it => wait(it, self::timeout(timeout))) }
}
