//! Ends children that take too long, so that whoever waits for them fails and does not hang.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Far more than any child needs, also on a busy machine. `SAMEMAP_WATCHDOG_SECONDS` changes it.
fn patience() -> Duration {
    let asked = std::env::var("SAMEMAP_WATCHDOG_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(asked.unwrap_or(60))
}

static GUARDED: Mutex<Option<HashMap<i32, Instant>>> = Mutex::new(None);
static CHANGED: Condvar = Condvar::new();

fn guarded() -> MutexGuard<'static, Option<HashMap<i32, Instant>>> {
    GUARDED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills the child `pid` unless it is [released](release) in time.
pub fn guard(pid: i32) {
    static START: Once = Once::new();
    guarded().get_or_insert_default().insert(pid, Instant::now() + patience());
    START.call_once(|| {
        thread::spawn(watch);
    });
    CHANGED.notify_all();
}

/// Gives a child that made progress its full time again.
pub fn pat(pid: i32) {
    if let Some(deadline) = guarded().get_or_insert_default().get_mut(&pid) {
        *deadline = Instant::now() + patience();
    }
}

/// Called before a child is reaped, while its number is still its own. False when it was killed for being
/// late.
pub fn release(pid: i32) -> bool {
    guarded().get_or_insert_default().remove(&pid).is_some()
}

fn watch() {
    let mut children = guarded();
    loop {
        let now = Instant::now();
        children.get_or_insert_default().retain(|&pid, deadline| {
            let late = *deadline <= now;
            if late {
                // SAFETY: the group of a child of ours that was not reaped yet, or it would not be listed.
                unsafe { libc::kill(-pid, libc::SIGKILL) };
            }
            !late
        });
        let next = children.get_or_insert_default().values().min().copied();
        let pause = next.map_or(patience(), |next| next.saturating_duration_since(now));
        children = CHANGED.wait_timeout(children, pause).unwrap_or_else(PoisonError::into_inner).0;
    }
}
