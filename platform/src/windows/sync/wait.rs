//! Waiting for one of several handles or for all of them, with timeouts that never end early (rule C26).

use std::io;
use std::os::windows::io::{AsRawHandle as _, BorrowedHandle};
use std::time::Duration;

use windows_sys::Win32::Foundation::{WAIT_ABANDONED_0, WAIT_EVENT, WAIT_OBJECT_0, WAIT_TIMEOUT};
use windows_sys::Win32::System::Threading::{INFINITE, SignalObjectAndWait, WaitForMultipleObjects};

use crate::seam::object::MAX_OBJECTS;
use crate::words::Until;

/// How a wait ended, and the index of the handle that ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Signalled(usize),
    /// The mutex is now owned, and its previous owner died.
    Abandoned(usize),
    TimedOut,
}

/// Waits for one of at most [`MAX_OBJECTS`] handles, and takes its signal or ownership.
pub(super) fn wait(handles: &[BorrowedHandle<'_>], until: Until) -> io::Result<Outcome> {
    keep_waiting(until, |millis| wait_once(handles, For::Any, millis))
}

/// Waits for all of at most [`MAX_OBJECTS`] handles, and takes all signals and ownerships. The index in the answer has
/// no meaning.
pub(super) fn wait_all(handles: &[BorrowedHandle<'_>], until: Until) -> io::Result<Outcome> {
    keep_waiting(until, |millis| wait_once(handles, For::All, millis))
}

/// Signals one handle and waits for another one in one call.
pub(super) fn signal_and_wait(
    first: BorrowedHandle<'_>,
    second: BorrowedHandle<'_>,
    until: Until,
) -> io::Result<Outcome> {
    const NOT_ALERTABLE: i32 = 0;
    let millis = until.left().map_or(INFINITE, whole_millis);
    // SAFETY: both handles are open.
    let answer =
        unsafe { SignalObjectAndWait(first.as_raw_handle(), second.as_raw_handle(), millis, NOT_ALERTABLE) };
    match outcome(answer, 1).ok_or_else(io::Error::last_os_error)? {
        Outcome::TimedOut => wait(&[second], until),
        outcome => Ok(outcome),
    }
}

fn keep_waiting(until: Until, wait_once: impl Fn(u32) -> io::Result<Outcome>) -> io::Result<Outcome> {
    loop {
        let outcome = wait_once(until.left().map_or(INFINITE, whole_millis))?;
        // The kernel counts in ticks and may return early by a part of one, and the rest may be longer than one call
        // can wait.
        if outcome != Outcome::TimedOut || until.is_over() {
            return Ok(outcome);
        }
    }
}

/// Which handles end a wait. The value is the kernel's argument.
#[derive(Clone, Copy)]
enum For {
    Any = 0,
    All = 1,
}

fn wait_once(handles: &[BorrowedHandle<'_>], wait_for: For, millis: u32) -> io::Result<Outcome> {
    debug_assert!((1..=MAX_OBJECTS).contains(&handles.len()));
    let count = handles.len() as u32;
    // SAFETY: the handles are open, and a borrowed handle has the representation of a handle.
    let answer = unsafe { WaitForMultipleObjects(count, handles.as_ptr().cast(), wait_for as i32, millis) };
    outcome(answer, count).ok_or_else(io::Error::last_os_error)
}

fn outcome(answer: WAIT_EVENT, count: u32) -> Option<Outcome> {
    let index_from = |first: u32| answer.checked_sub(first).filter(|&index| index < count);
    if let Some(index) = index_from(WAIT_OBJECT_0) {
        Some(Outcome::Signalled(index as usize))
    } else if let Some(index) = index_from(WAIT_ABANDONED_0) {
        Some(Outcome::Abandoned(index as usize))
    } else {
        (answer == WAIT_TIMEOUT).then_some(Outcome::TimedOut)
    }
}

/// Rounded up, and less than the value for an endless wait.
fn whole_millis(left: Duration) -> u32 {
    let millis = u32::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(INFINITE);
    millis.min(INFINITE - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_the_kernel() {
        assert_eq!(outcome(0, 1), Some(Outcome::Signalled(0)));
        assert_eq!(outcome(63, 64), Some(Outcome::Signalled(63)));
        assert_eq!(outcome(0x80, 1), Some(Outcome::Abandoned(0)));
        assert_eq!(outcome(0xBF, 64), Some(Outcome::Abandoned(63)));
        assert_eq!(outcome(0x102, 64), Some(Outcome::TimedOut));
        assert_eq!(outcome(1, 1), None);
        assert_eq!(outcome(u32::MAX, 64), None);
    }

    #[test]
    fn milliseconds_are_rounded_up_and_never_for_ever() {
        assert_eq!(whole_millis(Duration::ZERO), 0);
        assert_eq!(whole_millis(Duration::from_nanos(1)), 1);
        assert_eq!(whole_millis(Duration::from_micros(50_001)), 51);
        assert_eq!(whole_millis(Duration::from_millis(u64::from(INFINITE))), INFINITE - 1);
        assert_eq!(whole_millis(Duration::MAX), INFINITE - 1);
    }
}
