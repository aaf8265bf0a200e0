//! This test binary run again as other processes, on every system; their names and how long anything may take.

#![allow(dead_code, reason = "every test binary uses its own part of this")]

#[path = "spawn.rs"]
mod spawn;

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use samemap::ObjectName;

/// Longer than anything here takes; a wait that reaches it has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

const WORDS: &str = "SAMEMAP_SYNC_CHILD";

/// A name that no other test, process or run has.
pub fn unique(what: &str) -> ObjectName {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    ObjectName::new(format!("sync-{what}-{}-{number}-{time}", std::process::id())).unwrap()
}

/// This program again, as the body of `child_entry` with these words.
///
/// `SAMEMAP_SYNC_PROGRAM` is another build of it, such as one for 32 bits.
pub fn child(words: &[&str]) -> Child {
    let program = std::env::var_os("SAMEMAP_SYNC_PROGRAM");
    let program = program.unwrap_or_else(|| std::env::current_exe().unwrap().into());
    let mut command = Command::new(program);
    command
        .args(["--exact", "child_entry", "--nocapture", "--include-ignored"])
        .env(WORDS, words.join("\n"))
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    spawn::spawn(&mut command).unwrap()
}

/// What the parent wants of this process; nothing when a person runs the ignored tests.
pub fn words() -> Option<Vec<String>> {
    let words = std::env::var(WORDS).ok()?;
    Some(words.lines().map(str::to_owned).collect())
}

/// Waits for its end, which must be a good one.
pub fn ends_well(mut child: Child) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "a child failed: {status}");
            return;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("a child did not end");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
