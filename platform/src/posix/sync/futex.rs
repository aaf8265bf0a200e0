//! Sleeping on words of shared memory.
//!
//! Sleeps are cut into slices, because a waker may be killed between its store and its wake-up, and an owner's death
//! wakes no waiter. An auto-reset event seldom needs them: one system call (on Linux) sets it and wakes a waiter. Its
//! slices are longer, and serve waiters behind a woken one that was killed or stopped on its way, and a word that a
//! peer overwrote: a set that does not find the sleepers' mark wakes no waiter.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use rustix::io::Errno;

use crate::posix::kernel;
use crate::testing::reached;
use crate::words::{Sleeper, Slept, Until, Word};

/// The longest sleep, after which a lost wake-up or an owner's death is noticed. A wake-up costs some tens of
/// microseconds of a processor, so fifty a second take a few thousandths of it.
pub(super) const SLICE: Duration = Duration::from_millis(20);

/// The longest sleep where a killed waker has set the word and woken, or done neither: short enough that the next waiter
/// has the signal within the 100 ms of rule C27.
const LONG_SLICE: Duration = Duration::from_millis(80);

/// How long a wait for several objects sleeps on the first one, where the kernel cannot sleep on several.
const SHORT_SLICE: Duration = Duration::from_millis(1);

/// Sleeps with futexes that processes share.
pub(super) struct FutexSleeper;

/// A word that threads sleep on.
pub(super) trait FutexWord: Word {
    /// The four bytes that the kernel compares.
    fn futex(&self) -> &AtomicU32;
}

impl FutexWord for AtomicU32 {
    fn futex(&self) -> &AtomicU32 {
        self
    }
}

impl<W: FutexWord> Sleeper<W> for FutexSleeper {
    fn sleep(&self, word: &W, expected: u32, until: Until) -> Slept {
        let (slice, at_deadline) = until.slice(SLICE);
        sleep_for(word.futex(), expected, slice, at_deadline, until)
    }

    fn sleep_until_woken(&self, word: &W, expected: u32, until: Until) -> Slept {
        let (slice, at_deadline) = until.slice(LONG_SLICE);
        sleep_for(word.futex(), expected, slice, at_deadline, until)
    }

    fn wake_one(&self, word: &W) {
        wake_one(word.futex());
    }

    fn wake_all(&self, word: &W) {
        reached("wake: about to");
        kernel::wake_all(word.futex());
    }

    fn set_and_wake_one(&self, word: &W, new: u16) {
        let word = word.futex();
        reached("wake: about to");
        kernel::set_and_wake_one(word, new);
    }
}

/// Wakes one sleeper on a word.
pub(super) fn wake_one(word: &AtomicU32) {
    reached("wake: about to");
    kernel::wake_one(word);
}

/// Sleeps for at most `limit`, whose end is that of the deadline if `at_deadline` says so.
fn sleep_for(word: &AtomicU32, expected: u32, limit: Duration, at_deadline: bool, until: Until) -> Slept {
    reached("sleep: about to");
    let answer = kernel::sleep(word, expected, limit);
    reached("sleep: over");
    ended(answer, at_deadline, until)
}

/// A word to sleep on, and the value it should have.
#[derive(Clone, Copy)]
pub(super) struct Expectation<'a> {
    pub(super) word: &'a AtomicU32,
    pub(super) value: u32,
}

/// Sleeps until one of the words changes or is woken, for a slice at most.
pub(super) fn sleep_on_any(expectations: &[Expectation<'_>], until: Until) -> Slept {
    static MISSING: AtomicBool = AtomicBool::new(false);
    if !MISSING.load(Ordering::Relaxed) {
        let mut words = expectations.iter().map(|expectation| (expectation.word, expectation.value));
        match kernel::sleep_on_any(&mut words, until.slice(SLICE).0) {
            Err(Errno::NOSYS | Errno::PERM) => MISSING.store(true, Ordering::Relaxed),
            answer => return ended(answer, false, until),
        }
    }
    // Correct, but slow: the other objects are looked at again after a short slice.
    let (slice, at_deadline) = until.slice(SHORT_SLICE);
    let first = expectations[0];
    let answer = kernel::sleep(first.word, first.value, slice);
    ended(answer, at_deadline, until)
}

/// How the sleep ended; `slept_it_out` tells that its timeout is the deadline.
fn ended(answer: Result<(), Errno>, slept_it_out: bool, until: Until) -> Slept {
    match answer {
        Err(Errno::TIMEDOUT) if slept_it_out => Slept::DeadlineOver,
        // Spurious wake-ups must not extend the wait.
        _ if until.is_over() => Slept::DeadlineOver,
        // A signal counts as a slice's end, because frequent signals could keep every slice from ending.
        Err(Errno::TIMEDOUT | Errno::INTR) => Slept::SliceOver,
        _ => Slept::LookAgain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_several_words_ends_the_sleep() {
        let words = [AtomicU32::new(0), AtomicU32::new(1)];
        let expect =
            |values: [u32; 2]| [0, 1].map(|index| Expectation { word: &words[index], value: values[index] });
        assert_eq!(sleep_on_any(&expect([0, 7]), Until::Forever), Slept::LookAgain);
        let deadline = Until::after(Some(Duration::from_millis(3)));
        assert_eq!(sleep_on_any(&expect([0, 1]), deadline), Slept::DeadlineOver);
        assert_eq!(sleep_on_any(&expect([0, 1]), Until::Forever), Slept::SliceOver);
    }
}
