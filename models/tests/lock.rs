//! The lock: one owner at a time, no waiter left asleep, and one heir for each dead owner.

use std::time::Instant;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use samemap_models::{
    Kernel, ModelWord, Protected, exhaustively, together, with_few_interruptions, with_interruptions,
};
use samemap_platform::internal::words::lock::{self, Found, Giving, Taker};
use samemap_platform::internal::words::{Damaged, Outcome, Sleeper, Until, Word as _};

/// The claim of a process that dies.
const MORTAL: u32 = 9;

struct Shared {
    word: ModelWord,
    kernel: Kernel,
    protected: Protected,
    /// Whether the owner called [`MORTAL`] is dead.
    dead: AtomicBool,
    /// How many learnt that the owner before them died.
    heirs: AtomicU32,
    /// The claim of the thread that owns the lock, as its process knows it. Not loom's: a thread asks whether it is
    /// itself, and the answer to that is the same in every order of steps.
    owner: std::sync::atomic::AtomicU32,
}

impl Shared {
    fn new(word: u32, kernel: Kernel) -> Arc<Self> {
        Arc::new(Shared {
            word: ModelWord::new(word),
            kernel,
            protected: Protected::new(),
            dead: AtomicBool::new(false),
            heirs: AtomicU32::new(0),
            owner: std::sync::atomic::AtomicU32::new(0),
        })
    }

    /// What a thread with this claim takes with.
    fn taker(&self, claim: u32) -> Taker<'_, ModelWord, Kernel, impl Fn(u32) -> bool> {
        let is_dead = |other| other == MORTAL && self.dead.load(Ordering::Acquire);
        Taker { word: &self.word, claim, sleeper: &self.kernel, is_dead }
    }

    fn take(&self, claim: u32, until: Until) -> Outcome<Found> {
        // The same order of things as in the backend: the owner is noted after the lock is taken, and forgotten before
        // it is given up, in memory of the process alone.
        if self.owner.load(Ordering::Relaxed) == claim {
            self.protected.count();
            return Outcome::Got(Found::InOrder);
        }
        let outcome = self.taker(claim).take(until);
        if let Outcome::Got(found) = outcome {
            if found == Found::Abandoned {
                self.heirs.fetch_add(1, Ordering::Relaxed);
            }
            self.owner.store(claim, Ordering::Relaxed);
            self.protected.count();
        }
        outcome
    }

    fn give(&self, claim: u32, giving: Giving) {
        self.owner.store(0, Ordering::Relaxed);
        lock::give(&self.word, claim, giving, &self.kernel).expect("it is owned");
        if self.kernel.loses_wake_ups() {
            self.kernel.let_slices_end();
        }
    }

    fn lock_and_unlock(&self, claim: u32) {
        assert_ne!(self.take(claim, Until::Forever), Outcome::TimedOut);
        self.give(claim, Giving::InOrder);
    }

    fn try_lock_and_unlock(&self, claim: u32) {
        if self.take(claim, Until::Now) != Outcome::TimedOut {
            self.give(claim, Giving::InOrder);
        }
    }

    fn die(&self) {
        self.dead.store(true, Ordering::Release);
        self.kernel.kill(MORTAL);
    }

    /// As one of several objects of one wait, of which only this one is to be had.
    fn wait_for_any_and_unlock(&self, claim: u32) {
        let taker = self.taker(claim);
        let mut outcome = taker.take(Until::Now);
        while outcome == Outcome::TimedOut {
            if let Some(seen) = lock::announce(&self.word) {
                let _ = self.kernel.sleep(&self.word, seen, Until::Forever);
            }
            outcome = taker.take_after_sleep();
        }
        self.protected.count();
        self.give(claim, Giving::InOrder);
    }

    /// As one of several objects of one wait; the waiter takes another one when this one wakes it.
    fn wait_and_take_another(&self) {
        if let Some(seen) = lock::announce(&self.word) {
            let _ = self.kernel.sleep(&self.word, seen, Until::Forever);
        }
        lock::pass_on(&self.word, &self.kernel);
    }

    /// A waiter that is killed when it is woken: it announced itself, slept, and does nothing more.
    fn wait_and_be_killed(&self) {
        if let Some(seen) = lock::announce(&self.word) {
            let _ = self.kernel.sleep(&self.word, seen, Until::Forever);
        }
    }

    fn is_free_after(&self, count: u32, heirs: u32) {
        assert_eq!(self.word.load() & lock::OWNER, 0, "somebody still owns it");
        assert_eq!(self.protected.counted(), count);
        assert_eq!(self.heirs.load(Ordering::Relaxed), heirs);
    }
}

#[test]
fn two_take_turns() {
    exhaustively(|| {
        let shared = Shared::new(0, Kernel::new());
        together(&shared, &[|s| s.lock_and_unlock(1)], |s| s.lock_and_unlock(2));
        shared.is_free_after(2, 0);
    });
}

/// An owner takes it once more whatever the other one does, and the other one never thinks that it is the owner.
#[test]
fn the_owner_alone_takes_it_once_more() {
    exhaustively(|| {
        let shared = Shared::new(0, Kernel::new());
        together(&shared, &[|s| s.lock_and_unlock(1)], |s| {
            assert_eq!(s.take(2, Until::Forever), Outcome::Got(Found::InOrder));
            assert_eq!(s.take(2, Until::Now), Outcome::Got(Found::InOrder));
            s.give(2, Giving::InOrder);
        });
        shared.is_free_after(3, 0);
    });
}

#[test]
#[ignore = "takes minutes: cargo test --release -p samemap-models -- --ignored"]
fn two_take_turns_twice() {
    exhaustively(|| {
        let shared = Shared::new(0, Kernel::new());
        let twice = |s: &Shared| (0..2).for_each(|_| s.lock_and_unlock(1));
        together(&shared, &[twice], |s| (0..2).for_each(|_| s.lock_and_unlock(2)));
        shared.is_free_after(4, 0);
    });
}

#[test]
fn three_take_turns() {
    with_few_interruptions(|| {
        let shared = Shared::new(0, Kernel::new());
        together(&shared, &[|s| s.lock_and_unlock(1), |s| s.lock_and_unlock(2)], |s| s.lock_and_unlock(3));
        shared.is_free_after(3, 0);
    });
}

/// A wake-up for a sleeper is not lost to a thread that never sleeps.
#[test]
fn who_only_tries_takes_nobodys_wake_up() {
    with_few_interruptions(|| {
        let shared = Shared::new(1, Kernel::new());
        let owner = |s: &Shared| s.give(1, Giving::InOrder);
        together(&shared, &[owner, |s| s.try_lock_and_unlock(2)], |s| s.lock_and_unlock(3));
        let heirs = shared.heirs.load(Ordering::Relaxed);
        assert_eq!((shared.word.load() & lock::OWNER, heirs), (0, 0));
    });
}

/// A wake-up may come as one waiter's time ends and another thread is faster: it is not lost to the sleepers.
#[test]
fn whose_time_is_over_passes_the_wake_up_on() {
    with_interruptions(2, || {
        let shared = Shared::new(1, Kernel::new());
        let owner = |s: &Shared| {
            s.give(1, Giving::InOrder);
            // Faster than the woken waiter.
            if s.word.replace(0, 1).is_ok() {
                s.give(1, Giving::InOrder);
            }
        };
        let hurried = |s: &Shared| {
            if s.take(2, Until::Deadline(Instant::now())) != Outcome::TimedOut {
                s.give(2, Giving::InOrder);
            }
        };
        together(&shared, &[owner, hurried], |s| s.lock_and_unlock(3));
        assert_eq!(shared.word.load() & lock::OWNER, 0);
    });
}

#[test]
fn who_wakes_for_another_object_passes_the_wake_up_on() {
    with_few_interruptions(|| {
        let shared = Shared::new(1, Kernel::new());
        let owner = |s: &Shared| s.give(1, Giving::InOrder);
        together(&shared, &[owner, Shared::wait_and_take_another], |s| s.lock_and_unlock(3));
        assert_eq!(shared.word.load() & lock::OWNER, 0);
    });
}

#[test]
fn those_who_wait_for_any_take_turns() {
    with_few_interruptions(|| {
        let shared = Shared::new(1, Kernel::new());
        let owner = |s: &Shared| s.give(1, Giving::InOrder);
        together(&shared, &[owner, |s| s.wait_for_any_and_unlock(2)], |s| s.wait_for_any_and_unlock(3));
        shared.is_free_after(2, 0);
    });
}

#[test]
fn who_waits_for_any_and_who_waits_for_one_take_turns() {
    with_few_interruptions(|| {
        let shared = Shared::new(1, Kernel::new());
        let owner = |s: &Shared| s.give(1, Giving::InOrder);
        together(&shared, &[owner, |s| s.wait_for_any_and_unlock(2)], |s| s.lock_and_unlock(3));
        shared.is_free_after(2, 0);
    });
}

/// An owner's thread that ends tells one heir so.
#[test]
fn an_ended_owner_has_one_heir() {
    with_few_interruptions(|| {
        let shared = Shared::new(1, Kernel::new());
        let owner = |s: &Shared| s.give(1, Giving::Abandoning);
        together(&shared, &[owner, |s| s.lock_and_unlock(2)], |s| s.lock_and_unlock(3));
        shared.is_free_after(2, 1);
    });
}

/// A waiter that is killed at its wake-up leaves others asleep until their slices end, and no longer.
#[test]
fn a_killed_waiter_leaves_nobody_asleep() {
    with_few_interruptions(|| {
        let shared = Shared::new(1, Kernel::losing_wake_ups());
        let owner = |s: &Shared| s.give(1, Giving::InOrder);
        together(&shared, &[owner, Shared::wait_and_be_killed], |s| s.lock_and_unlock(3));
        shared.is_free_after(1, 0);
    });
}

/// An owner that is killed between its store and its wake-up: no wake-up comes.
#[test]
fn lost_wake_ups_leave_nobody_asleep() {
    with_few_interruptions(|| {
        let shared = Shared::new(0, Kernel::losing_wake_ups());
        together(&shared, &[|s| s.lock_and_unlock(1), |s| s.lock_and_unlock(2)], |s| s.lock_and_unlock(3));
        shared.is_free_after(3, 0);
    });
}

/// The owner dies while others come: one of them is told.
fn die_holding(shared: &Shared) {
    assert_ne!(shared.take(MORTAL, Until::Forever), Outcome::TimedOut);
    shared.die();
}

#[test]
fn one_steals_from_the_dead() {
    exhaustively(|| {
        let shared = Shared::new(0, Kernel::losing_wake_ups());
        together(&shared, &[die_holding], |s| s.lock_and_unlock(3));
        // Its turn may have come before the other one took the lock at all.
        let heirs = shared.heirs.load(Ordering::Relaxed);
        let left = shared.word.load() & lock::OWNER;
        assert_eq!(left == MORTAL, heirs == 0, "told {heirs} times, owner {left}");
    });
}

#[test]
fn of_two_one_steals_from_the_dead() {
    with_few_interruptions(|| {
        let shared = Shared::new(MORTAL, Kernel::losing_wake_ups());
        shared.die();
        together(&shared, &[|s| s.lock_and_unlock(2)], |s| s.lock_and_unlock(3));
        shared.is_free_after(2, 1);
    });
}

#[test]
fn of_two_that_come_while_the_owner_dies_one_steals() {
    with_few_interruptions(|| {
        let shared = Shared::new(MORTAL, Kernel::losing_wake_ups());
        together(&shared, &[Shared::die, |s| s.lock_and_unlock(2)], |s| s.lock_and_unlock(3));
        shared.is_free_after(2, 1);
    });
}

/// Of two threads that poll, one takes the lock of the dead owner, and only that one is told.
#[test]
fn pollers_steal_from_the_dead_once() {
    exhaustively(|| {
        let shared = Shared::new(MORTAL | lock::WAITERS, Kernel::losing_wake_ups());
        shared.die();
        together(&shared, &[|s| s.try_lock_and_unlock(2)], |s| s.try_lock_and_unlock(3));
        assert_eq!((shared.word.load() & lock::OWNER, shared.heirs.load(Ordering::Relaxed)), (0, 1));
    });
}

/// An heir that dies as well has an heir of its own.
#[test]
#[ignore = "takes minutes: cargo test --release -p samemap-models -- --ignored"]
fn an_heir_that_dies_has_an_heir() {
    exhaustively(|| {
        let shared = Shared::new(MORTAL, Kernel::losing_wake_ups());
        shared.die();
        let second_to_die = |s: &Shared| {
            assert_ne!(s.take(2, Until::Forever), Outcome::TimedOut);
            s.give(2, Giving::Abandoning);
        };
        together(&shared, &[second_to_die], |s| s.lock_and_unlock(3));
        // The last owner decides whether there is a death to inherit.
        let heirs = shared.heirs.load(Ordering::Relaxed);
        let left_behind = u32::from(shared.word.load() == lock::ABANDONED);
        assert_eq!(heirs + left_behind, 2);
    });
}

/// A peer scribbles over the word while it is owned: giving it up is an error, and changes nothing.
#[test]
fn what_another_owns_is_not_given_up() {
    exhaustively(|| {
        let shared = Shared::new(0, Kernel::losing_wake_ups());
        let scribbler = |s: &Shared| {
            s.word.swap(77);
        };
        together(&shared, &[scribbler], |s| {
            if s.take(3, Until::Now) != Outcome::TimedOut {
                let given = lock::give(&s.word, 3, Giving::InOrder, &s.kernel);
                assert!(given == Ok(()) || given == Err(Damaged) && s.word.load() == 77);
            }
        });
    });
}
