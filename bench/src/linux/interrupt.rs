//! Ctrl-C in the middle: nothing is left behind then either.

use std::fs;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::time::Duration;

use samemap::catalog;

use super::leftovers;

/// The group of the processes that are measuring now; zero where there is none.
static GROUP: AtomicI32 = AtomicI32::new(0);

/// These processes have begun.
pub fn begun(group: u32) {
    GROUP.store(group as i32, SeqCst);
}

/// They have ended.
pub fn ended() {
    GROUP.store(0, SeqCst);
}

/// Has a thread wait for the signals that ask this process to end. To be called before there are other threads.
pub fn watch() {
    // SAFETY: a plain set of signals, which threads to come take over; children are started without it.
    let signals = unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in [libc::SIGINT, libc::SIGTERM] {
            libc::sigaddset(&raw mut set, signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
        set
    };
    std::thread::spawn(move || {
        let mut signal = 0;
        // SAFETY: both are there for the call.
        unsafe { libc::sigwait(&raw const signals, &raw mut signal) };
        end(signal);
    });
}

fn end(signal: i32) -> ! {
    let group = GROUP.load(SeqCst);
    if group != 0 {
        // SAFETY: processes that we started, not yet waited for.
        unsafe { libc::kill(-group, libc::SIGKILL) };
        // Until they are gone, and let go of what they hold.
        std::thread::sleep(Duration::from_millis(100));
    }
    // Holders and crowds of this process end when they see its end. What is measured in this process has its number
    // in its name.
    remove_all_of(std::process::id());
    if group != 0 {
        remove_all_of(group as u32);
        let _ = fs::remove_dir_all(leftovers::folder_of_maker(group as u32));
    }
    let _ = catalog::reclaim();
    eprintln!("\ninterrupted; nothing is left behind");
    std::process::exit(128 + signal)
}

/// Removes what this process made, by name; it is ending, so nobody holds it for long.
fn remove_all_of(pid: u32) {
    for entry in fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
        if is_of(&entry.file_name().to_string_lossy(), pid) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether the name is one of a measurement of that process: `…bench-WORD-PID` or `…bench-WORD-PID-…`.
fn is_of(name: &str, pid: u32) -> bool {
    let Some((_, rest)) = name.split_once("bench-") else { return false };
    rest.split('-').any(|part| part == pid.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_that_process_are_removed() {
        assert!(is_of("bench-floor-123", 123));
        assert!(is_of("prefix.bench-arena-123-0", 123));
        assert!(!is_of("bench-floor-1234", 123));
        assert!(!is_of("other-123", 123));
    }
}
