//! Watchdogs: a rule that hangs ends with its name.

use std::io::Write as _;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How long a rule may take.
#[must_use]
pub fn limit() -> Duration {
    let asked = std::env::var("SAMEMAP_WATCHDOG_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(asked.unwrap_or(60))
}

/// Aborts the process, with a message that names the rule, unless it is dropped in time.
#[derive(Debug)]
#[must_use = "a watchdog that is dropped at once watches nothing"]
pub struct Watchdog {
    // The watching thread ends when this is dropped.
    _alive: mpsc::Sender<()>,
}

impl Watchdog {
    /// Watches over `what` for the time that a rule may take.
    pub fn start(what: impl Into<String>) -> Self {
        Self::with_limit(what, limit())
    }

    /// Watches over `what` for as long as `limit`.
    pub fn with_limit(what: impl Into<String>, limit: Duration) -> Self {
        let what = what.into();
        let (alive, ended) = mpsc::channel::<()>();
        thread::spawn(move || {
            if ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                // Not eprintln!: libtest would capture that, and it would be lost with the process.
                let message = format!("\nWATCHDOG: {what} took longer than {limit:?}; aborting\n");
                let _ = std::io::stderr().write_all(message.as_bytes());
                std::process::abort();
            }
        });
        Watchdog { _alive: alive }
    }
}
