//! The end of a thread, after all of its destructors.
//!
//! A guard may live in a thread-local variable, and those are destroyed in the reverse of the order in which they
//! came to be: a destructor among them that gave up "what is left" would come before that guard's own. The
//! destructor of a pthread key comes after them; and where Rust's own are called by such a key (musl), the second
//! round of calls comes after them.

use std::ffi::c_void;
use std::ptr;
use std::sync::OnceLock;

/// The round of calls in which the body runs. POSIX promises four.
const ROUND: usize = 2;

static KEY: OnceLock<Option<libc::pthread_key_t>> = OnceLock::new();

/// What is to be called; the same for all threads.
static BODY: OnceLock<fn()> = OnceLock::new();

/// Has `body` called at the end of this thread. False when the system has no room for that.
pub(super) fn call(body: fn()) -> bool {
    BODY.get_or_init(|| body);
    KEY.get_or_init(new_key).is_some_and(|key| set(key, ROUND))
}

fn new_key() -> Option<libc::pthread_key_t> {
    let mut key = 0;
    // SAFETY: writes a number; the destructor lives as long as the program.
    let made = unsafe { libc::pthread_key_create(&raw mut key, Some(end_of_round)) };
    (made == 0).then_some(key)
}

/// The key's value is the number of rounds to come, and points to nothing.
fn set(key: libc::pthread_key_t, rounds: usize) -> bool {
    // SAFETY: a key that was made, and is never deleted; its value is only ever read as a number.
    unsafe { libc::pthread_setspecific(key, ptr::without_provenance(rounds)) == 0 }
}

extern "C" fn end_of_round(value: *mut c_void) {
    let rounds_to_come = value.addr().saturating_sub(1);
    match KEY.get() {
        Some(Some(key)) if rounds_to_come > 0 => {
            set(*key, rounds_to_come);
        }
        _ => {
            if let Some(body) = BODY.get() {
                body();
            }
        }
    }
}
