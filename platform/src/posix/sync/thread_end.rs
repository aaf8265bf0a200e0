//! The end of a thread, after all of its destructors.
//!
//! A guard may live in a thread-local variable. These are destroyed in reverse order of their creation, so a
//! thread-local destructor that gives up the remaining locks would run before that guard's. The destructor of a pthread
//! key runs after them. Where such a key calls Rust's destructors (musl), the second round of calls runs after them.

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use crate::posix::loaded;

/// The round of calls in which the body runs. POSIX promises four.
const ROUND: usize = 2;

/// The key plus one, or zero. Not a lock: a fork in the middle would leave it locked in the child.
static KEY: AtomicU64 = AtomicU64::new(0);

/// The function to call, the same for all threads.
static BODY: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Calls `body` at the end of this thread. False when the system has no key left.
pub(super) fn call(body: fn()) -> bool {
    BODY.store(body as *mut (), Ordering::Release);
    key().is_some_and(|key| set(key, ROUND))
}

/// The key, if the system gives one; all threads share it.
fn key() -> Option<libc::pthread_key_t> {
    loop {
        match KEY.load(Ordering::Acquire) {
            0 => keep(new_key()?),
            known => return libc::pthread_key_t::try_from(known - 1).ok(),
        }
    }
}

/// Keeps the key, unless another thread was faster.
#[allow(clippy::useless_conversion, reason = "a key's width differs between systems")]
fn keep(key: libc::pthread_key_t) {
    if KEY.compare_exchange(0, u64::from(key) + 1, Ordering::AcqRel, Ordering::Relaxed).is_err() {
        // SAFETY: made by this thread, and unknown to others.
        unsafe { libc::pthread_key_delete(key) };
    }
}

fn new_key() -> Option<libc::pthread_key_t> {
    let mut key = 0;
    // SAFETY: writes a number; the destructor stays loaded as long as the program runs, as ensured below.
    let made = unsafe { libc::pthread_key_create(&raw mut key, Some(end_of_round)) };
    if made != 0 {
        return None;
    }
    // Threads may call the destructor after a `dlclose`.
    loaded::stay_loaded();
    Some(key)
}

/// The key's value is the number of rounds to come, and points to nothing.
fn set(key: libc::pthread_key_t, rounds: usize) -> bool {
    // SAFETY: a key that was made, and is never deleted; its value is only ever read as a number.
    unsafe { libc::pthread_setspecific(key, ptr::without_provenance(rounds)) == 0 }
}

extern "C" fn end_of_round(value: *mut c_void) {
    let rounds_to_come = value.addr().saturating_sub(1);
    match key() {
        Some(key) if rounds_to_come > 0 => {
            set(key, rounds_to_come);
        }
        _ => {
            let body = BODY.load(Ordering::Acquire);
            // SAFETY: a `fn()` was stored before a thread could have the key's value.
            unsafe { std::mem::transmute::<*mut (), fn()>(body)() };
        }
    }
}
