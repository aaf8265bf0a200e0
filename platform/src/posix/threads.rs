//! The library's own threads.

use std::mem::MaybeUninit;
use std::{io, ptr, thread};

use super::loaded::stay_loaded;

/// Signals of faults, which the kernel sends to the thread that makes them.
const FAULTS: [libc::c_int; 5] = [libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGSEGV, libc::SIGTRAP];

/// Starts a thread of the library's own, to which no signal for the process goes: a program that blocks a signal in all its
/// own threads counts on that.
pub(super) fn start(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    // The thread runs on when the plug-in that it came with is closed.
    stay_loaded();
    let before = replace_mask(&all_but_faults());
    let started = thread::Builder::new().name(name.to_owned()).spawn(run);
    replace_mask(&before);
    started.map(drop)
}

fn all_but_faults() -> libc::sigset_t {
    let mut signals = MaybeUninit::uninit();
    // SAFETY: the first call fills the set, and the others take signals out of it.
    unsafe {
        libc::sigfillset(signals.as_mut_ptr());
        for fault in FAULTS {
            libc::sigdelset(signals.as_mut_ptr(), fault);
        }
        signals.assume_init()
    }
}

/// Has this thread, and each thread that it starts, block these signals; returns those that it blocked before.
fn replace_mask(signals: &libc::sigset_t) -> libc::sigset_t {
    let mut before = MaybeUninit::uninit();
    // SAFETY: a set to read, and one to fill, which does not fail: the first argument is a valid one.
    unsafe {
        libc::sigemptyset(before.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, ptr::from_ref(signals), before.as_mut_ptr());
        before.assume_init()
    }
}
