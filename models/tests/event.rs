//! Events: a set lets one waiter through, or all, and none is left asleep.

use std::time::Instant;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;
use samemap_models::{Kernel, ModelWord, exhaustively, together, with_few_interruptions};
use samemap_platform::internal::words::{Damaged, Outcome, Sleeper, Until, Word as _, event};
use samemap_platform::sync::Reset;

struct Shared {
    word: ModelWord,
    kernel: Kernel,
    through: AtomicU32,
}

impl Shared {
    fn new(word: u32, kernel: Kernel) -> Arc<Self> {
        Arc::new(Shared { word: ModelWord::new(word), kernel, through: AtomicU32::new(0) })
    }

    /// Whether it came through in time.
    fn wait(&self, mode: Reset, until: Until) -> bool {
        let answer = match mode {
            Reset::Auto => event::wait(&self.word, until, &self.kernel),
            Reset::Manual => event::ManualWaiter::begin(&self.word).wait(until, &self.kernel),
        };
        let got = answer == Ok(Outcome::Got(()));
        assert!(got || until != Until::Forever, "nobody ran out of time");
        if got {
            self.through.fetch_add(1, Ordering::AcqRel);
        }
        got
    }

    /// As one of several objects of one wait, of which only this one is to be had.
    fn wait_for_any(&self) {
        let mut got = event::try_take(&self.word) == Ok(true);
        while !got {
            if event::announce(&self.word) {
                let _ = self.kernel.sleep(&self.word, event::AWAITED, Until::Forever);
            }
            got = event::try_take_after_sleep(&self.word) == Ok(true);
        }
        self.through.fetch_add(1, Ordering::AcqRel);
    }

    /// As one of a set: its attempt takes the signal and leaves no mark.
    fn wait_for_all(&self) {
        loop {
            if event::announce(&self.word) {
                let _ = self.kernel.sleep(&self.word, event::AWAITED, Until::Forever);
            }
            let got = event::try_take(&self.word) == Ok(true);
            event::pass_on(&self.word, &self.kernel);
            if got {
                break;
            }
        }
        self.through.fetch_add(1, Ordering::AcqRel);
    }

    /// As one of several objects of one wait; the waiter takes another one when this one wakes it. So does a thread that
    /// sleeps on behalf of a task.
    fn wait_and_take_another(&self) {
        if event::announce(&self.word) {
            let _ = self.kernel.sleep(&self.word, event::AWAITED, Until::Forever);
        }
        event::pass_on(&self.word, &self.kernel);
    }

    /// Sets until so many are through; others may be faster than the woken ones.
    fn set_until_through(&self, count: u32) {
        for next in 1..=count {
            self.set();
            while self.through() < next {
                thread::yield_now();
            }
        }
    }

    fn set(&self) {
        event::set(&self.word, &self.kernel);
    }

    fn set_manual(&self) {
        event::set_manual(&self.word, &self.kernel);
    }

    /// The setter of a manual-reset event is killed before its wake-up: with a kernel that loses all wake-ups.
    fn set_manual_and_be_killed(&self) {
        event::set_manual(&self.word, &self.kernel);
        self.kernel.let_slices_end();
    }

    /// The setter of an auto-reset event is killed before the step in which it sets and wakes.
    fn set_and_be_killed(&self) {
        let _ = self.word.replace(event::UNSET, event::SET);
    }

    /// The waiter is killed at its wake-up; the others wake when their slices end.
    fn wait_and_be_killed(&self) {
        if event::announce(&self.word) {
            let _ = self.kernel.sleep_until_woken(&self.word, event::AWAITED, Until::Forever);
        }
        self.kernel.let_slices_end();
    }

    fn through(&self) -> u32 {
        self.through.load(Ordering::Acquire)
    }

    fn is_set(&self) -> bool {
        self.word.load() & 3 == event::SET
    }
}

fn auto(shared: &Shared) {
    shared.wait(Reset::Auto, Until::Forever);
}

fn manual(shared: &Shared) {
    shared.wait(Reset::Manual, Until::Forever);
}

#[test]
fn a_set_lets_one_through_an_auto_reset_event() {
    exhaustively(|| {
        let shared = Shared::new(event::UNSET, Kernel::new());
        together(&shared, &[auto], Shared::set);
        assert_eq!((shared.through(), shared.is_set()), (1, false));
    });
}

#[test]
fn each_set_lets_one_of_two_through_an_auto_reset_event() {
    with_few_interruptions(|| {
        let shared = Shared::new(event::UNSET, Kernel::new());
        together(&shared, &[auto, auto], |s| s.set_until_through(2));
        assert_eq!((shared.through(), shared.is_set()), (2, false));
    });
}

/// Of two that poll a set event, one gets through.
#[test]
fn pollers_share_one_signal() {
    exhaustively(|| {
        let shared = Shared::new(event::SET, Kernel::new());
        let poller = |s: &Shared| {
            s.wait(Reset::Auto, Until::Now);
        };
        together(&shared, &[poller], poller);
        assert_eq!((shared.through(), shared.is_set()), (1, false));
    });
}

/// Two sets before a waiter comes are one signal, as they are on Windows; a waiter between them may take the
/// first.
#[test]
fn sets_do_not_add_up() {
    exhaustively(|| {
        let shared = Shared::new(event::UNSET, Kernel::new());
        let twice = |s: &Shared| {
            s.set();
            s.set();
        };
        together(&shared, &[auto], twice);
        assert_eq!(shared.through(), 1);
    });
}

#[test]
fn a_set_lets_all_through_a_manual_reset_event() {
    with_few_interruptions(|| {
        let shared = Shared::new(event::UNSET, Kernel::new());
        together(&shared, &[manual, manual], Shared::set_manual);
        assert_eq!((shared.through(), shared.is_set()), (2, true));
    });
}

/// A reset does not take a sleeper's mark away: the set after it still wakes.
#[test]
fn a_reset_does_not_hide_a_sleeper() {
    with_few_interruptions(|| {
        let shared = Shared::new(event::SET, Kernel::new());
        let resetter = |s: &Shared| {
            event::reset_manual(&s.word);
            s.set_manual();
        };
        together(&shared, &[resetter, manual], manual);
        assert_eq!((shared.through(), shared.is_set()), (2, true));
    });
}

/// A thread that waits when a manual-reset event is set gets through, however soon it is reset.
#[test]
fn a_set_is_not_taken_back_from_those_who_wait() {
    with_few_interruptions(|| {
        let shared = Shared::new(event::UNSET, Kernel::new());
        let waiters: Vec<_> = (0..2)
            .map(|_| {
                let shared = Arc::clone(&shared);
                // Both wait already.
                let begun = event::ManualWaiter::begin(&shared.word).sets_at_first();
                thread::spawn(move || {
                    let waiter = event::ManualWaiter::begun(&shared.word, begun);
                    assert_eq!(waiter.wait(Until::Forever, &shared.kernel), Ok(Outcome::Got(())));
                })
            })
            .collect();
        shared.set_manual();
        event::reset_manual(&shared.word);
        for waiter in waiters {
            waiter.join().expect("no panics");
        }
        assert!(!shared.is_set());
    });
}

/// A set that finds the signal of the one before there wakes nobody: the woken one is on its way.
#[test]
fn a_set_in_between_leaves_nobody_asleep() {
    with_few_interruptions(|| {
        let shared = Shared::new(event::UNSET, Kernel::new());
        together(&shared, &[auto, auto], |s| {
            s.set();
            s.set_until_through(2);
        });
        assert_eq!(shared.through(), 2);
    });
}

/// A reset takes the signal away from the woken one, and no sleeper's mark.
#[test]
fn a_reset_in_between_leaves_nobody_asleep() {
    with_few_interruptions(|| {
        let shared = Shared::new(event::UNSET, Kernel::new());
        together(&shared, &[auto, auto], |s| {
            s.set();
            event::reset(&s.word);
            s.set_until_through(2);
        });
        assert_eq!(shared.through(), 2);
    });
}

/// A thread that only polls may be faster than the woken one, and takes the sleepers' mark along with the signal.
#[test]
fn a_poller_takes_nobodys_wake_up() {
    with_few_interruptions(|| {
        let shared = Shared::new(event::UNSET, Kernel::new());
        together(&shared, &[auto, auto], |s| {
            s.set();
            let _ = event::try_take(&s.word);
            s.set_until_through(2);
        });
        assert_eq!(shared.through(), 2);
    });
}

/// The wake-up may come as one waiter's time ends and another thread is faster.
#[test]
fn whose_time_is_over_passes_the_wake_up_on() {
    with_few_interruptions(|| {
        let shared = Shared::new(event::UNSET, Kernel::new());
        let hurried = |s: &Shared| {
            if s.wait(Reset::Auto, Until::Deadline(Instant::now())) {
                s.set();
            }
        };
        let patient = |s: &Shared| {
            auto(s);
            s.set();
        };
        together(&shared, &[hurried, patient], |s| {
            s.set();
            // Faster than the woken one.
            if event::try_take(&s.word) == Ok(true) {
                s.set();
            }
        });
        assert!(shared.through() > 0 && shared.is_set());
    });
}

#[test]
fn who_wakes_for_another_object_passes_the_wake_up_on() {
    with_few_interruptions(|| {
        let shared = Shared::new(event::UNSET, Kernel::new());
        together(&shared, &[Shared::wait_and_take_another, auto], |s| {
            s.set_until_through(1);
            // For the one that goes to sleep after that.
            s.set();
        });
        assert_eq!(shared.through(), 1);
    });
}

#[test]
fn who_waits_for_any_and_who_waits_for_one_take_turns() {
    with_few_interruptions(|| {
        let shared = Shared::new(event::UNSET, Kernel::new());
        together(&shared, &[Shared::wait_for_any, auto], |s| s.set_until_through(2));
        assert_eq!((shared.through(), shared.is_set()), (2, false));
    });
}

#[test]
fn who_waits_for_all_and_who_waits_for_one_take_turns() {
    with_few_interruptions(|| {
        let shared = Shared::new(event::UNSET, Kernel::new());
        together(&shared, &[Shared::wait_for_all, auto], |s| s.set_until_through(2));
        assert_eq!((shared.through(), shared.is_set()), (2, false));
    });
}

/// The waiter that is woken is killed on its way; the other one comes through at the end of its slice.
#[test]
fn a_killed_waiter_takes_nobodys_wake_up() {
    with_few_interruptions(|| {
        let shared = Shared::new(event::UNSET, Kernel::new());
        let victim = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.wait_and_be_killed())
        };
        together(&shared, &[auto], Shared::set);
        assert_eq!((shared.through(), shared.is_set()), (1, false));
        // If it goes to sleep after all was over.
        shared.word.swap(event::SET);
        shared.kernel.let_slices_end();
        victim.join().expect("no panics");
    });
}

#[test]
fn a_killed_setter_leaves_nobody_asleep() {
    with_few_interruptions(|| {
        let shared = Shared::new(event::UNSET, Kernel::losing_wake_ups());
        together(&shared, &[manual, manual], Shared::set_manual_and_be_killed);
        assert_eq!((shared.through(), shared.is_set()), (2, true));
    });
}

/// A setter that is killed has set and woken, or done neither: the next setter lets the waiter through.
#[test]
fn a_killed_setter_of_an_auto_reset_event_leaves_it_to_the_next_one() {
    with_few_interruptions(|| {
        let shared = Shared::new(event::UNSET, Kernel::new());
        together(&shared, &[auto, Shared::set_and_be_killed], Shared::set);
        assert_eq!(shared.through(), 1);
    });
}

/// Garbage ends a wait with an error, whenever it is seen.
#[test]
fn garbage_ends_a_wait() {
    exhaustively(|| {
        let shared = Shared::new(event::UNSET, Kernel::new());
        let scribbler = |s: &Shared| {
            s.word.swap(77);
            s.kernel.wake_all(&s.word);
        };
        together(&shared, &[scribbler], |s| {
            assert_eq!(event::wait(&s.word, Until::Forever, &s.kernel), Err(Damaged));
        });
    });
}

/// A set mends garbage.
#[test]
fn a_set_mends_garbage() {
    exhaustively(|| {
        let shared = Shared::new(77, Kernel::new());
        together(&shared, &[Shared::set], |s| {
            let waited = event::wait(&s.word, Until::Forever, &s.kernel);
            assert!(matches!(waited, Ok(Outcome::Got(())) | Err(Damaged)), "{waited:?}");
        });
    });
}
