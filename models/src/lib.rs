//! What is modelled: the life of an object, in [`life`], and all that sleeps and wakes, here.
//!
//! The words of `samemap_platform::internal::words` in loom's world, where every order of steps is tried, with every
//! value that a load may see.
//!
//! | what is modelled | how |
//! | --- | --- |
//! | a word in shared memory | [`ModelWord`]: loom's atomic, with the orderings of the real one |
//! | futexes | [`Kernel::new`]: the value is checked and the sleeper queued under one lock; wakers take it too |
//! | slices of sleep | [`Kernel::losing_wake_ups`]: no wake-up ever comes, and sleeps end some time |
//! | a killed process | a thread that returns where the process would be killed |
//! | a deadline | comes at the very moment of the wake-up |
//!
//! With the first kernel a sleep has no end but a wake-up, so a lost one is a deadlock, which loom reports. With
//! the second one everything must come right although every wake-up is lost: that stands for a thread that is killed
//! between a store and the wake-up that it owes, or after a wake-up that was meant for all.
//!
//! Two threads are tried in every order. Three are tried in every order that takes a thread off the
//! processor against its will at most [`PREEMPTIONS`] times: without that bound the larger ones take hours.

pub mod history;
pub mod life;
pub mod sets;

use std::collections::VecDeque;

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use samemap_platform::internal::words::lock::OWNER;
use samemap_platform::internal::words::{Sleeper, Slept, Until, Word};

/// How often threads are interrupted in a model of three.
pub const PREEMPTIONS: usize = 3;

/// A word that the model's threads share.
#[derive(Debug)]
pub struct ModelWord(AtomicU32);

impl ModelWord {
    /// A word with this value.
    #[must_use]
    pub fn new(value: u32) -> Self {
        ModelWord(AtomicU32::new(value))
    }
}

impl Word for ModelWord {
    fn load(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }

    fn replace(&self, current: u32, new: u32) -> Result<(), u32> {
        self.0.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire).map(|_| ())
    }

    fn swap(&self, new: u32) -> u32 {
        self.0.swap(new, Ordering::AcqRel)
    }
}

/// Futexes, for one word.
#[derive(Debug)]
pub struct Kernel {
    asleep: Mutex<Dormitory>,
    loses_wake_ups: bool,
}

#[derive(Debug, Default)]
struct Dormitory {
    beds: VecDeque<Arc<Bed>>,
    /// The claim of an owner that died: a sleeper finds that out after a slice.
    dead: Option<u32>,
}

#[derive(Debug)]
struct Bed {
    woken: Condvar,
}

impl Kernel {
    /// A sleeper is woken, or sleeps for ever.
    #[must_use]
    pub fn new() -> Self {
        Kernel { asleep: Mutex::new(Dormitory::default()), loses_wake_ups: false }
    }

    /// No wake-up arrives: sleeps end when their slices do.
    #[must_use]
    pub fn losing_wake_ups() -> Self {
        Kernel { loses_wake_ups: true, ..Kernel::new() }
    }

    /// Whether it does.
    #[must_use]
    pub fn loses_wake_ups(&self) -> bool {
        self.loses_wake_ups
    }

    /// The slices of all sleepers end now.
    ///
    /// A slice that ends when nothing has changed changes nothing, so it is enough to end them once after each
    /// change.
    pub fn let_slices_end(&self) {
        self.wake(usize::MAX);
    }

    /// The owner with this claim is dead from now on.
    pub fn kill(&self, claim: u32) {
        self.asleep.lock().expect("no panics").dead = Some(claim);
        self.let_slices_end();
    }

    fn wake(&self, count: usize) {
        let mut asleep = self.asleep.lock().expect("no panics");
        let count = count.min(asleep.beds.len());
        for bed in asleep.beds.drain(..count) {
            bed.woken.notify_one();
        }
    }
}

impl Default for Kernel {
    fn default() -> Self {
        Kernel::new()
    }
}

impl Sleeper<ModelWord> for Kernel {
    const LOOKS: u32 = 0;

    fn sleep(&self, word: &ModelWord, expected: u32, until: Until) -> Slept {
        let mut asleep = self.asleep.lock().expect("no panics");
        if word.load() != expected {
            return Slept::LookAgain;
        }
        if asleep.dead == Some(expected & OWNER) {
            return Slept::SliceOver;
        }
        let bed = Arc::new(Bed { woken: Condvar::new() });
        asleep.beds.push_back(Arc::clone(&bed));
        while asleep.beds.iter().any(|other| Arc::ptr_eq(other, &bed)) {
            asleep = bed.woken.wait(asleep).expect("no panics");
        }
        match until {
            Until::Deadline(_) => Slept::DeadlineOver,
            _ if self.loses_wake_ups => Slept::SliceOver,
            _ => Slept::LookAgain,
        }
    }

    fn sleep_until_woken(&self, word: &ModelWord, expected: u32, until: Until) -> Slept {
        assert!(!self.loses_wake_ups, "a waker that is killed has done both or neither");
        self.sleep(word, expected, until)
    }

    fn wake_one(&self, _word: &ModelWord) {
        if !self.loses_wake_ups {
            self.wake(1);
        }
    }

    fn wake_all(&self, _word: &ModelWord) {
        if !self.loses_wake_ups {
            self.wake(usize::MAX);
        }
    }

    fn set_and_wake_one(&self, word: &ModelWord, new: u16) {
        // Under the lock that a sleeper looks at the word under.
        let mut asleep = self.asleep.lock().expect("no panics");
        word.swap(u32::from(new));
        if let Some(bed) = asleep.beds.pop_front() {
            bed.woken.notify_one();
        }
    }
}

/// Tries every order of steps.
pub fn exhaustively(model: impl Fn() + Send + Sync + 'static) {
    explore(None, model);
}

/// Tries every order of steps with at most [`PREEMPTIONS`] interruptions.
pub fn with_few_interruptions(model: impl Fn() + Send + Sync + 'static) {
    explore(Some(PREEMPTIONS), model);
}

/// Tries every order of steps with at most so many interruptions.
pub fn with_interruptions(most: usize, model: impl Fn() + Send + Sync + 'static) {
    explore(Some(most), model);
}

fn explore(preemption_bound: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    // A person may set another bound (LOOM_MAX_PREEMPTIONS).
    builder.preemption_bound = builder.preemption_bound.or(preemption_bound);
    builder.max_branches = 10_000;
    builder.check(model);
}

/// Runs the others in a thread each and the last in this one, until all are done.
pub fn together<S: Send + Sync + 'static>(shared: &Arc<S>, others: &[fn(&S)], here: fn(&S)) {
    let start = |&body: &fn(&S)| {
        let shared = Arc::clone(shared);
        thread::spawn(move || body(&shared))
    };
    let threads: Vec<_> = others.iter().map(start).collect();
    here(shared);
    for thread in threads {
        thread.join().expect("no panics");
    }
}

/// What a lock protects: loom fails when two threads are at it together, or when one does not see what the
/// one before did.
#[derive(Debug)]
pub struct Protected(UnsafeCell<u32>);

// SAFETY: loom runs one thread at a time, and stops the model where two are not ordered.
unsafe impl Sync for Protected {}

impl Protected {
    /// With nothing counted.
    #[must_use]
    pub fn new() -> Self {
        Protected(UnsafeCell::new(0))
    }

    /// Counts one more; only for an owner.
    pub fn count(&self) {
        // SAFETY: loom checks that no other thread has it now.
        self.0.with_mut(|count| unsafe { *count += 1 });
    }

    /// How many were counted; only for an owner.
    #[must_use]
    pub fn counted(&self) -> u32 {
        // SAFETY: as above.
        self.0.with(|count| unsafe { *count })
    }
}

impl Default for Protected {
    fn default() -> Self {
        Protected::new()
    }
}
