//! Mutexes.

use std::ffi::c_char;

use samemap::Mutex;
use samemap::sync::SharedMutex;

use crate::arguments::{name, timeout};
use crate::handle::{Handle, close, give, give_either, inside};
use crate::object::{OpenObject, call, lock};
use crate::options::{samemap_create_options_t, samemap_open_options_t};
use crate::status::{done, samemap_status_t};
use crate::view::samemap_view_t;

/// A lock that processes share and one thread owns. The owner may lock it again, and unlocks it as often.
pub struct samemap_mutex_t {
    _private: [u8; 0],
}

impl Handle for samemap_mutex_t {
    type Inside = OpenObject;
    const WHAT: &'static str = "the mutex";
}

/// Creates a mutex; the name must be free. Close it with samemap_mutex_close().
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_mutex_create(
    name: *const c_char,
    options: *const samemap_create_options_t,
    mutex: *mut *mut samemap_mutex_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give(mutex, || {
            let sync = samemap_create_options_t::sync(options)?;
            Mutex::create(&self::name(name)?, &sync)
        })
    }
}

/// Opens the mutex with the name, or creates one; `created`, which may be NULL, tells which of the two happened.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_mutex_create_or_open(
    name: *const c_char,
    options: *const samemap_create_options_t,
    mutex: *mut *mut samemap_mutex_t,
    created: *mut bool,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give_either(mutex, created, || {
            let sync = samemap_create_options_t::sync(options)?;
            Mutex::create_or_open(&self::name(name)?, &sync)
        })
    }
}

/// Opens the mutex with the name.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_mutex_open(
    name: *const c_char,
    options: *const samemap_open_options_t,
    mutex: *mut *mut samemap_mutex_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(mutex, || Mutex::open(&self::name(name)?, &samemap_open_options_t::read(options)?)) }
}

/// Makes a mutex inside a region, at `offset` of a read-write view of it; `samemap::sync::SharedMutex` in Rust.
///
/// It takes SAMEMAP_MUTEX_SIZE bytes, aligned to 8, which must be zero before and are the mutex's alone from then on.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_mutex_create_in(
    view: *const samemap_view_t,
    offset: usize,
    mutex: *mut *mut samemap_mutex_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(mutex, || SharedMutex::create(self::inside(view)?, offset, &())) }
}

/// Opens the mutex at `offset` of the view, or makes one; `created`, which may be NULL, tells which of the two
/// happened.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_mutex_create_or_open_in(
    view: *const samemap_view_t,
    offset: usize,
    mutex: *mut *mut samemap_mutex_t,
    created: *mut bool,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give_either(mutex, created, || SharedMutex::create_or_open(self::inside(view)?, offset)) }
}

/// Opens the mutex at `offset` of the view.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_mutex_open_in(
    view: *const samemap_view_t,
    offset: usize,
    mutex: *mut *mut samemap_mutex_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(mutex, || SharedMutex::open(self::inside(view)?, offset)) }
}

/// Closes the handle. An owned mutex stays owned until its thread ends. NULL does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_mutex_close(mutex: *mut samemap_mutex_t) {
    // SAFETY: the caller keeps the header's rules.
    unsafe { close(mutex) }
}

/// Bytes that a mutex takes inside a region. A Rust program's value follows them.
pub const SAMEMAP_MUTEX_SIZE: usize = 64;

const _: () = assert!(SAMEMAP_MUTEX_SIZE == SharedMutex::<()>::SIZE);

/// Waits until this thread owns the mutex. The timeout is in nanoseconds: 0 does not wait, SAMEMAP_FOREVER waits
/// without end.
///
/// Answers SAMEMAP_OK, SAMEMAP_TIMED_OUT or SAMEMAP_ABANDONED. After SAMEMAP_ABANDONED this thread owns the mutex
/// too; its previous owner, a process or a thread, ended without unlocking it. Each SAMEMAP_OK and each
/// SAMEMAP_ABANDONED needs one samemap_mutex_unlock().
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_mutex_lock(mutex: *const samemap_mutex_t, timeout: u64) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { call!(mutex, "a mutex", Mutex | SharedMutex, it => lock(it, self::timeout(timeout))) }
}

/// Unlocks the mutex once. SAMEMAP_ERROR_NOT_OWNER when this thread does not own it.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_mutex_unlock(mutex: *const samemap_mutex_t) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules; every lock of C forgets its guard, and stands for one call of this.
    unsafe { call!(mutex, "a mutex", Mutex | SharedMutex, it => it.unlock_forgotten().map(done)) }
}
