//! Sleeping on a word of shared memory (futex(2), and futex_waitv of Linux 5.16).
//!
//! Sleeps are cut into slices, because a waker may be killed between its store and its wake-up, and an owner's death wakes
//! nobody. An auto-reset event that is waited for needs none: it is set and woken by one system call (`FUTEX_WAKE_OP`).
//! Its waiters are spared the slices' timers, which would cost a seventh of a wake-up.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::thread::futex::{self, Flags, Wait, WaitFlags, WaitPtr, WaitvFlags, WakeOp, WakeOpCmp};
use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::testing::reached;
use crate::words::{Sleeper, Slept, Until, Word};

/// The longest sleep. A wake-up that was lost with a killed process, or an owner's death, is found out
/// after it. A wake-up costs some tens of microseconds of a processor, so fifty a second cost a few thousandths of it.
pub(super) const SLICE: Duration = Duration::from_millis(20);

/// The longest sleep on a doorbell. Those who build on one promise to notice a death within 100 ms.
pub(super) const SLICE_OF_BELLS: Duration = Duration::from_millis(80);

/// The longest sleep that ends by itself where no wake-up can be lost: what every kernel takes as a length of time.
const LONG: Duration = Duration::from_secs(1 << 20);

/// Without futex_waitv, how long a wait for several objects sleeps on the first of them.
const SHORT_SLICE: Duration = Duration::from_millis(1);

/// A word of shared memory.
#[repr(transparent)]
pub(super) struct SharedWord(AtomicU32);

impl SharedWord {
    pub(super) fn of(word: &AtomicU32) -> &SharedWord {
        // SAFETY: repr(transparent) over the same type.
        unsafe { &*std::ptr::from_ref(word).cast() }
    }
}

impl Word for SharedWord {
    #[inline]
    fn load(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }

    #[inline]
    fn replace(&self, current: u32, new: u32) -> Result<(), u32> {
        self.0.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire).map(|_| ())
    }

    #[inline]
    fn swap(&self, new: u32) -> u32 {
        self.0.swap(new, Ordering::AcqRel)
    }
}

/// Sleeps with futexes that processes share.
pub(super) struct FutexSleeper;

impl Sleeper<SharedWord> for FutexSleeper {
    fn sleep(&self, word: &SharedWord, expected: u32, until: Until) -> Slept {
        let (slice, at_deadline) = slice_until(until, SLICE);
        sleep_for(word, expected, Some(slice), at_deadline, until)
    }

    fn sleep_until_woken(&self, word: &SharedWord, expected: u32, until: Until) -> Slept {
        if until == Until::Forever {
            return sleep_for(word, expected, None, false, until);
        }
        let (limit, at_deadline) = slice_until(until, LONG);
        sleep_for(word, expected, Some(limit), at_deadline, until)
    }

    fn wake_one(&self, word: &SharedWord) {
        reached("wake: about to");
        // Fails only for memory that is not mapped, and this is.
        let _ = futex::wake(&word.0, Flags::empty(), 1);
    }

    fn wake_all(&self, word: &SharedWord) {
        reached("wake: about to");
        let _ = futex::wake(&word.0, Flags::empty(), i32::MAX as u32);
    }

    fn set_and_wake_all(&self, word: &SharedWord, new: u16) {
        reached("wake: about to");
        // Fails only for memory that is not mapped, and this is. There is no second word to wake.
        let (all, none) = (i32::MAX as u32, 0);
        let (operation, comparison) = (WakeOp::Set, WakeOpCmp::Eq);
        let _ = futex::wake_op(&word.0, Flags::empty(), all, none, &word.0, operation, comparison, new, 0);
    }
}

/// Sleeps for at most `limit`, whose end is that of the deadline if `at_deadline` says so.
fn sleep_for(
    word: &SharedWord,
    expected: u32,
    limit: Option<Duration>,
    at_deadline: bool,
    until: Until,
) -> Slept {
    reached("sleep: about to");
    let limit = limit.map(timespec);
    let answer = futex::wait(&word.0, Flags::empty(), expected, limit.as_ref());
    reached("sleep: over");
    ended(answer, at_deadline, until)
}

/// A word to sleep on, and the value it should have.
#[derive(Clone, Copy)]
pub struct Expectation<'a> {
    pub(super) word: &'a AtomicU32,
    pub(super) value: u32,
}

/// Sleeps until one of the words changes or is woken, for a slice at most.
pub(super) fn sleep_on_any(expectations: &[Expectation<'_>], until: Until) -> Slept {
    static MISSING: AtomicBool = AtomicBool::new(false);
    if !MISSING.load(Ordering::Relaxed) {
        match waitv(expectations, until) {
            Err(Errno::NOSYS | Errno::PERM) => MISSING.store(true, Ordering::Relaxed),
            answer => return ended(answer, false, until),
        }
    }
    // Correct, if not quick: the others are looked at again after a short slice.
    let (slice, at_deadline) = slice_until(until, SHORT_SLICE);
    let first = expectations[0];
    let answer = futex::wait(first.word, Flags::empty(), first.value, Some(&timespec(slice)));
    ended(answer, at_deadline, until)
}

fn waitv(expectations: &[Expectation<'_>], until: Until) -> Result<(), Errno> {
    let waits: Vec<Wait> = expectations
        .iter()
        .map(|expectation| {
            let mut wait = Wait::new();
            wait.val = u64::from(expectation.value);
            wait.uaddr = WaitPtr::new(expectation.word.as_ptr().cast());
            wait.flags = WaitFlags::SIZE_U32;
            wait
        })
        .collect();
    let (slice, _) = slice_until(until, SLICE);
    // The call wants a point in time, not a length of it.
    let now = clock_gettime(ClockId::Monotonic);
    let end = Duration::new(now.tv_sec as u64, now.tv_nsec as u32) + slice;
    futex::waitv(&waits, WaitvFlags::empty(), Some(&timespec(end)), ClockId::Monotonic).map(|_| ())
}

/// What the end of a sleep means; `slept_it_out` says that a timeout was that of the deadline.
fn ended(answer: Result<(), Errno>, slept_it_out: bool, until: Until) -> Slept {
    match answer {
        Err(Errno::TIMEDOUT) if slept_it_out => Slept::DeadlineOver,
        // However often somebody wakes us for nothing.
        _ if is_over(until) => Slept::DeadlineOver,
        // Signals may come so often that no slice ever ends by itself.
        Err(Errno::TIMEDOUT | Errno::INTR) => Slept::SliceOver,
        _ => Slept::LookAgain,
    }
}

fn is_over(until: Until) -> bool {
    match until {
        Until::Now => true,
        Until::Forever => false,
        Until::Deadline(deadline) => Instant::now() >= deadline,
    }
}

/// The next slice, and whether the deadline lies at its end.
fn slice_until(until: Until, longest: Duration) -> (Duration, bool) {
    match until {
        Until::Now => (Duration::ZERO, true),
        Until::Forever => (longest, false),
        Until::Deadline(deadline) => {
            let left = deadline.saturating_duration_since(Instant::now());
            if left <= longest { (left, true) } else { (longest, false) }
        }
    }
}

pub(super) fn timespec(duration: Duration) -> Timespec {
    // A second or so, or the uptime: it fits.
    Timespec { tv_sec: duration.as_secs() as _, tv_nsec: duration.subsec_nanos() as _ }
}

/// When a wait that begins now ends; what no clock can tell is for ever.
pub(super) fn until(timeout: Option<Duration>) -> Until {
    match timeout {
        Some(Duration::ZERO) => Until::Now,
        Some(timeout) => Instant::now().checked_add(timeout).map_or(Until::Forever, Until::Deadline),
        None => Until::Forever,
    }
}

/// The sooner of a deadline and a delay from now, and whether that is the deadline.
pub(super) fn sooner(until: Until, delay: Option<Duration>) -> (Until, bool) {
    let due = delay.and_then(|delay| Instant::now().checked_add(delay));
    match (until, due) {
        (Until::Deadline(deadline), Some(due)) if due < deadline => (Until::Deadline(due), false),
        (Until::Forever, Some(due)) => (Until::Deadline(due), false),
        _ => (until, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_end_at_the_deadline() {
        assert_eq!(slice_until(Until::Forever, SLICE), (SLICE, false));
        let soon = Until::Deadline(Instant::now() + Duration::from_millis(5));
        let (slice, last) = slice_until(soon, SLICE);
        assert!(slice <= Duration::from_millis(5) && last);
        let (slice, last) = slice_until(Until::Deadline(Instant::now() + SLICE * 10), SLICE);
        assert!(slice == SLICE && !last);
    }

    #[test]
    fn any_of_several_words_ends_the_sleep() {
        let words = [AtomicU32::new(0), AtomicU32::new(1)];
        let expect =
            |values: [u32; 2]| [0, 1].map(|index| Expectation { word: &words[index], value: values[index] });
        assert_eq!(sleep_on_any(&expect([0, 7]), Until::Forever), Slept::LookAgain);
        let deadline = Until::Deadline(Instant::now() + Duration::from_millis(3));
        assert_eq!(sleep_on_any(&expect([0, 1]), deadline), Slept::DeadlineOver);
        assert_eq!(sleep_on_any(&expect([0, 1]), Until::Forever), Slept::SliceOver);
    }
}
