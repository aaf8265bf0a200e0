//! Helpers for tests that cross processes: names of one run, programs and parts of test binaries, and the look at
//! what is left behind.

#![allow(dead_code, unused_imports, reason = "every test binary uses its own part of this")]

mod basics;
mod captured;
#[cfg(windows)]
pub mod console;
pub mod files;
#[cfg(target_os = "linux")]
pub mod linux;
pub mod part;
mod program;
mod samples;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use samemap::traits::SharedRegion as _;
use samemap::{ErrorKind, Region};
use samemap_platform::conformance::tools;
pub use samemap_platform::conformance::tools::{Random, Watchdog};

pub use self::basics::{DEADLINE, byte_of, kind, name, unique_name, unique_text, view_of};
pub use self::program::{Outcome, Program, run};
pub use self::samples::*;

/// The number that a variable asks for.
pub fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

/// Notes that a test, or a part of one, makes no sense here.
pub fn step_aside(test: &str, reason: &str) {
    tools::note_aside(test, reason);
}

/// Notes that a test lacks something on this machine. Fails under `CI=true`.
#[track_caller]
pub fn lacks(test: &str, reason: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{test} has to run under CI=true: {reason}");
    step_aside(test, reason);
}

/// The file that a Linux keeps the object in.
#[cfg(target_os = "linux")]
pub fn shm_file(name: &str) -> PathBuf {
    linux::shm::file_of(&self::name(name))
}

/// Whether no living object has the name.
pub fn is_free(name: &str) -> bool {
    match Region::open(&self::name(name), &samemap::OpenOptions::read_only()) {
        Ok(_) => false,
        Err(error) if error.is(ErrorKind::NotFound) => true,
        Err(error) => panic!("{name}: {error:?}"),
    }
}

/// Nothing of that name exists any more, dead or alive (C17).
#[track_caller]
pub fn assert_nothing_left(name: &str) {
    // Before the open, which would reclaim it.
    #[cfg(target_os = "linux")]
    {
        let file = shm_file(name);
        assert!(file.symlink_metadata().is_err(), "{} was left behind", file.display());
    }
    assert!(is_free(name), "{name} can still be opened");
}

/// Says that something is over, also when its test fails.
pub struct SetAtEnd<'a>(pub &'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Waits until `done`, or fails with what was waited for.
#[track_caller]
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    spin_until(what, || {
        done() || {
            thread::sleep(Duration::from_millis(5));
            false
        }
    });
}

/// Like [`wait_until`], without a pause between two looks: for what must be seen at once.
#[track_caller]
pub fn spin_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !done() {
        assert!(Instant::now() < deadline, "not within {DEADLINE:?}: {what}");
    }
}
