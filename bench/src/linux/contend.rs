//! A lock that two processes want at the same time.

use std::sync::Mutex;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{Duration, Instant};

use super::job::Job;
use super::link::Spec;
use super::place;

/// A lock of one system in memory of both ends.
pub trait Lock: Sized {
    /// Makes it, and what the second end must be told to [`connect`](Self::connect); or why it cannot be had here.
    fn create(spec: &Spec<'_>) -> Result<(Self, String), String>;
    /// The second end.
    fn connect(spec: &Spec<'_>, token: &str) -> Self;
    /// Locks and unlocks.
    fn work(&mut self);
}

/// Locks between two looks at the clock.
const BATCH: u64 = 64;

/// The first end's part: nanoseconds a lock, of all locks that both get in a while.
pub fn first<L: Lock>(
    spec: &Spec<'_>,
    slice: Duration,
    start_second: impl FnOnce(&str),
) -> Result<f64, String> {
    let (mut lock, token) = L::create(spec)?;
    start_second(&token);
    spec.arena.wait_ready();
    let before = spec.arena.count().load(SeqCst);
    let (start, mut locks) = (Instant::now(), 0);
    while start.elapsed() < slice {
        (0..BATCH).for_each(|_| lock.work());
        locks += BATCH;
    }
    let took = start.elapsed();
    let theirs = spec.arena.count().load(SeqCst) - before;
    spec.arena.order_stop();
    Ok(took.as_nanos() as f64 / (locks + theirs) as f64)
}

/// The second end's part, until it is told to stop.
pub fn second<L: Lock>(spec: &Spec<'_>, token: &str) {
    let mut lock = L::connect(spec, token);
    spec.arena.say_ready();
    while !spec.arena.is_stopped() {
        (0..BATCH).for_each(|_| lock.work());
        spec.arena.count().fetch_add(BATCH, SeqCst);
    }
}

/// The same for `std::sync::Mutex` and two threads of this process: nanoseconds a lock.
pub fn threads(job: Job) -> f64 {
    let mutex = Mutex::new(0_u64);
    let (is_ready, is_stopped, theirs) = (AtomicBool::new(false), AtomicBool::new(false), AtomicU64::new(0));
    let work = || (0..BATCH).for_each(|_| drop(mutex.lock().expect("not poisoned")));
    let other = || {
        place::pin(job.placement.second);
        is_ready.store(true, SeqCst);
        while !is_stopped.load(Relaxed) {
            work();
            theirs.fetch_add(BATCH, SeqCst);
        }
    };
    let timed = || {
        place::pin(job.placement.first);
        while !is_ready.load(SeqCst) {
            std::thread::yield_now();
        }
        let before = theirs.load(SeqCst);
        let (start, mut locks) = (Instant::now(), 0);
        while start.elapsed() < job.slice {
            work();
            locks += BATCH;
        }
        let took = start.elapsed();
        let theirs = theirs.load(SeqCst) - before;
        is_stopped.store(true, SeqCst);
        took.as_nanos() as f64 / (locks + theirs) as f64
    };
    std::thread::scope(|scope| {
        // Threads of their own, so that this one is not pinned.
        scope.spawn(other);
        scope.spawn(timed).join().expect("it does not panic")
    })
}
