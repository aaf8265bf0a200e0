//! What the tests share: names, objects, and a child that is killed.

use std::process::{Child, Command};
use std::time::Duration;
use std::{fmt, mem, thread};

use crate::{
    Error, ErrorKind, Event, EventOptions, Mutex, ObjectName, Reset, Semaphore, SemaphoreOptions,
    SyncOptions, Timer, TimerOptions,
};

/// Longer than any step here. A test that waits this long has failed.
pub(super) const LONG: Duration = Duration::from_secs(30);
pub(super) const SHORT: Duration = Duration::from_millis(20);
/// The kernel's timers count from the last tick of its clock, so one may be due this much early.
pub(super) const TICK: Duration = Duration::from_millis(16);

/// A name that no other test, and no other run, uses.
pub(super) fn name(test: &str) -> ObjectName {
    ObjectName::new(format!("samemap-sync-{}-{test}", std::process::id())).expect("a valid name")
}

#[track_caller]
pub(super) fn kind_of<T: fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.expect_err("this must be refused").kind().clone()
}

pub(super) fn new_mutex(name: &ObjectName) -> Mutex {
    Mutex::create(name, &SyncOptions::new()).expect("the name is free")
}

pub(super) fn new_event(name: &ObjectName, reset: Reset) -> Event {
    Event::create(name, &EventOptions::new(reset)).expect("the name is free")
}

pub(super) fn new_timer(name: &ObjectName, reset: Reset) -> Timer {
    Timer::create(name, &TimerOptions::new(reset)).expect("the name is free")
}

pub(super) fn new_semaphore(name: &ObjectName, initial: u32, maximum: u32) -> Semaphore {
    Semaphore::create(name, &SemaphoreOptions::new(initial, maximum)).expect("the name is free")
}

/// Whether another thread can lock the mutex now.
pub(super) fn is_free(mutex: &Mutex) -> bool {
    thread::scope(|scope| {
        scope.spawn(|| mutex.try_lock().expect("it lives").is_some()).join().expect("no panic")
    })
}

/// Ends a thread that owns the mutex.
pub(super) fn abandon(mutex: &Mutex) {
    thread::scope(|scope| {
        scope.spawn(|| mem::forget(mutex.lock().expect("nobody owns it")));
    });
}

pub(super) fn part(base: &ObjectName, part: &str) -> ObjectName {
    ObjectName::new(format!("{}-{part}", base.rest())).expect("a valid name")
}

pub(super) const ROLE: &str = "SAMEMAP_SYNC_CHILD";

/// A child that is killed when dropped.
pub(super) struct Killed(Child);

impl Killed {
    /// Starts a child and waits until it has played its role.
    pub(super) fn start(what: &str, base: &ObjectName) -> Self {
        let ready = new_event(&ObjectName::new(format!("{base}-ready")).unwrap(), Reset::Auto);
        let child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "windows::sync::tests::child"])
            .env(ROLE, format!("{what} {}", base.rest()))
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("it starts");
        let child = Killed(child);
        assert!(ready.wait_timeout(LONG).unwrap(), "the child is ready");
        child
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().expect("it lives");
        self.0.wait().expect("our child");
    }
}
