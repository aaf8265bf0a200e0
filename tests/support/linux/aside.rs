//! Stepping aside by name where this machine lacks something; under `CI=true` that is a failure.

use std::fs::OpenOptions;
use std::io::Write as _;

/// Notes that a test does not run here, and why. Fails under `CI=true`.
#[track_caller]
pub fn step_aside(test: &str, reason: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{test} has to run under CI=true: {reason}");
    note(test, reason);
}

/// Notes that a test does not run here, and why, where that is no failure anywhere.
pub fn note(test: &str, reason: &str) {
    eprintln!("skipped: {test}: {reason}");
    let Some(log) = std::env::var_os("SAMEMAP_ASIDE_LOG") else { return };
    let file = OpenOptions::new().create(true).append(true).open(&log);
    let written = file.and_then(|mut file| file.write_all(format!("{test}: {reason}\n").as_bytes()));
    written.unwrap_or_else(|error| panic!("cannot write to {log:?}: {error}"));
}

/// Whether this process may become another user; steps aside where it may not.
#[must_use]
pub fn root_or_aside(test: &str) -> bool {
    // SAFETY: no arguments, no failure.
    let root = unsafe { libc::geteuid() } == 0;
    if !root {
        step_aside(test, "needs root, to run a part of itself as another user");
    }
    root
}
