//! Semaphores: every permit is taken once, there are never too many, and no waiter is left asleep.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;
use samemap_models::{Kernel, ModelWord, exhaustively, together, with_few_interruptions};
use samemap_platform::internal::words::permits::{self, AWAITED, Refusal};
use samemap_platform::internal::words::{Damaged, Outcome, Sleeper, Until, Word as _};

const MAXIMUM: u32 = 2;

struct Shared {
    word: ModelWord,
    kernel: Kernel,
    /// How many permits were taken.
    taken: AtomicU32,
    /// How many were given back.
    given: AtomicU32,
}

impl Shared {
    fn new(word: u32, kernel: Kernel) -> Arc<Self> {
        let (taken, given) = (AtomicU32::new(0), AtomicU32::new(0));
        Arc::new(Shared { word: ModelWord::new(word), kernel, taken, given })
    }

    fn wait(&self, until: Until) -> bool {
        let got = permits::wait(&self.word, MAXIMUM, until, &self.kernel) == Ok(Outcome::Got(()));
        assert!(got || until == Until::Now, "nobody ran out of time");
        self.taken.fetch_add(u32::from(got), Ordering::Relaxed);
        got
    }

    fn release(&self, count: u32) -> Result<u32, Refusal> {
        let released = permits::release(&self.word, count, MAXIMUM, &self.kernel);
        if let Ok(before) = released {
            assert!(before + count <= MAXIMUM);
            self.given.fetch_add(count, Ordering::Relaxed);
        }
        released
    }

    /// The releaser is killed before its wake-up.
    fn release_one_and_be_killed(&self) {
        let mut seen = self.word.load();
        while let Err(now) = self.word.replace(seen, if seen == AWAITED { 1 } else { seen + 1 }) {
            seen = now;
        }
        self.kernel.let_slices_end();
        self.given.fetch_add(1, Ordering::Relaxed);
    }

    /// The waiter is killed at its wake-up.
    fn wait_and_be_killed(&self) {
        if permits::announce(&self.word) {
            let _ = self.kernel.sleep(&self.word, AWAITED, Until::Forever);
        }
    }

    /// What is there now is what was there first, less what was taken, and what was given.
    fn adds_up_from(&self, first: u32) {
        let left = match self.word.load() {
            AWAITED => 0,
            count => count,
        };
        assert!(left <= MAXIMUM);
        let (taken, given) = (self.taken.load(Ordering::Relaxed), self.given.load(Ordering::Relaxed));
        assert_eq!(left + taken, first + given);
    }
}

fn wait(shared: &Shared) {
    shared.wait(Until::Forever);
}

#[test]
fn a_release_lets_a_sleeper_through() {
    exhaustively(|| {
        let shared = Shared::new(0, Kernel::new());
        together(&shared, &[wait], |s| assert_eq!(s.release(1), Ok(0)));
        shared.adds_up_from(0);
    });
}

#[test]
fn two_releases_let_two_through() {
    with_few_interruptions(|| {
        let shared = Shared::new(0, Kernel::new());
        let releaser = |s: &Shared| (0..2).for_each(|_| assert!(s.release(1).is_ok()));
        together(&shared, &[wait, wait], releaser);
        shared.adds_up_from(0);
    });
}

#[test]
fn a_release_of_two_lets_two_through() {
    with_few_interruptions(|| {
        let shared = Shared::new(0, Kernel::new());
        together(&shared, &[wait, wait], |s| assert_eq!(s.release(2), Ok(0)));
        shared.adds_up_from(0);
    });
}

/// The last permit goes to one of two, and the other one sleeps until the first gives it back.
#[test]
fn a_permit_goes_from_hand_to_hand() {
    with_few_interruptions(|| {
        let shared = Shared::new(1, Kernel::new());
        let user = |s: &Shared| {
            s.wait(Until::Forever);
            s.release(1).expect("there is room for what was taken");
        };
        together(&shared, &[user, user], user);
        shared.adds_up_from(1);
        assert_eq!(shared.word.load(), 1);
    });
}

#[test]
fn there_are_never_more_than_the_maximum() {
    exhaustively(|| {
        let shared = Shared::new(1, Kernel::new());
        let releaser = |s: &Shared| {
            let refused = s.release(1) == Err(Refusal::LimitExceeded);
            assert!(!refused || s.word.load() == MAXIMUM);
        };
        together(&shared, &[releaser], releaser);
        shared.adds_up_from(1);
        assert_eq!(shared.word.load(), MAXIMUM);
        assert_eq!(shared.given.load(Ordering::Relaxed), 1, "one of the two was refused");
    });
}

/// A refused release changes nothing, though others take and give meanwhile.
#[test]
fn a_refused_release_changes_nothing() {
    with_few_interruptions(|| {
        let shared = Shared::new(MAXIMUM, Kernel::new());
        let releaser = |s: &Shared| {
            let _ = s.release(2);
        };
        let user = |s: &Shared| {
            s.wait(Until::Now);
        };
        together(&shared, &[releaser, user], user);
        shared.adds_up_from(MAXIMUM);
    });
}

#[test]
fn pollers_take_every_permit_once() {
    with_few_interruptions(|| {
        let shared = Shared::new(2, Kernel::new());
        let poller = |s: &Shared| {
            s.wait(Until::Now);
        };
        together(&shared, &[poller, poller], poller);
        shared.adds_up_from(2);
        assert_eq!(shared.taken.load(Ordering::Relaxed), 2);
    });
}

/// The waiter that is woken is killed on its way; the other one comes through, without the end of a slice.
#[test]
fn a_killed_waiter_takes_nobodys_wake_up() {
    with_few_interruptions(|| {
        let shared = Shared::new(0, Kernel::new());
        let victim = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.wait_and_be_killed())
        };
        together(&shared, &[wait], |s| assert_eq!(s.release(1), Ok(0)));
        shared.adds_up_from(0);
        // If it goes to sleep after all was over.
        shared.word.swap(1);
        shared.kernel.let_slices_end();
        victim.join().expect("no panics");
    });
}

#[test]
fn a_killed_releaser_leaves_nobody_asleep() {
    with_few_interruptions(|| {
        let shared = Shared::new(0, Kernel::losing_wake_ups());
        let releaser = |s: &Shared| (0..2).for_each(|_| s.release_one_and_be_killed());
        together(&shared, &[wait, wait], releaser);
        shared.adds_up_from(0);
    });
}

/// Garbage ends a wait with an error, whenever it comes, and no release makes it grow.
#[test]
fn garbage_ends_a_wait() {
    exhaustively(|| {
        let shared = Shared::new(0, Kernel::losing_wake_ups());
        let scribbler = |s: &Shared| {
            s.word.swap(MAXIMUM + 1);
            s.kernel.let_slices_end();
        };
        together(&shared, &[scribbler], |s| {
            assert_eq!(permits::wait(&s.word, MAXIMUM, Until::Forever, &s.kernel), Err(Damaged));
            assert_eq!(permits::release(&s.word, 1, MAXIMUM, &s.kernel), Err(Refusal::Damaged));
        });
    });
}
