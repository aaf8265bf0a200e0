//! The kernel's calls for timers (rule C25).

use std::io;
use std::os::windows::io::{AsRawHandle as _, BorrowedHandle};
use std::ptr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use windows_sys::Win32::System::Threading::{CancelWaitableTimer, SetWaitableTimer};

use super::wait::wait;
use crate::Due;
use crate::windows::calls::succeeded;
use crate::words::Until;

/// Sets a timer. The period is in milliseconds; zero is none.
pub(super) fn set_timer(timer: BorrowedHandle<'_>, due: Due, period: i32) -> io::Result<()> {
    take_signal(timer)?;
    let due = due_time(due);
    // SAFETY: the handle is open, the due time is valid for a read, and no routine is given. The call does not wake the
    // machine from sleep.
    succeeded(unsafe { SetWaitableTimer(timer.as_raw_handle(), &due, period, None, ptr::null(), 0) })
}

/// Takes an old signal of an auto-reset timer. Windows drops it when the timer is set anew, and Wine does not. The
/// timer is stopped first, so that it does not come due in between.
fn take_signal(timer: BorrowedHandle<'_>) -> io::Result<()> {
    cancel_timer(timer)?;
    wait(&[timer], Until::after(Some(Duration::ZERO))).map(drop)
}

/// Stops a timer. One that is already signalled stays so.
pub(super) fn cancel_timer(timer: BorrowedHandle<'_>) -> io::Result<()> {
    // SAFETY: the handle is open.
    succeeded(unsafe { CancelWaitableTimer(timer.as_raw_handle()) })
}

/// The longest time for the kernel, in its units of 100 ns: its own additions do not overflow.
const LONGEST: i64 = i64::MAX / 2;

/// From the beginning of 1601, where the kernel's calendar begins, to that of 1970, in units of 100 ns.
const EPOCH: i64 = 116_444_736_000_000_000;

/// The kernel's form: a duration is a negative number, a time of day a positive one.
fn due_time(due: Due) -> i64 {
    match due {
        Due::After(time) => -units(time),
        // Zero would be a duration.
        Due::At(time) => time_of_day(time).clamp(1, LONGEST),
    }
}

fn time_of_day(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => EPOCH.saturating_add(units(since)),
        Err(before) => EPOCH.saturating_sub(units(before.duration())),
    }
}

/// Rounded up: never too early.
fn units(time: Duration) -> i64 {
    i64::try_from(time.as_nanos().div_ceil(100)).map_or(LONGEST, |units| units.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_negative_and_rounded_up() {
        let after = |time| due_time(Due::After(time));
        assert_eq!(after(Duration::ZERO), 0);
        assert_eq!(after(Duration::from_nanos(1)), -1);
        assert_eq!(after(Duration::from_nanos(200)), -2);
        assert_eq!(after(Duration::from_millis(1)), -10_000);
        assert_eq!(after(Duration::MAX), -LONGEST);
    }

    #[test]
    fn times_of_day_are_positive() {
        assert_eq!(due_time(Due::At(UNIX_EPOCH)), EPOCH);
        assert_eq!(due_time(Due::At(UNIX_EPOCH + Duration::from_secs(1))), EPOCH + 10_000_000);
        assert_eq!(due_time(Due::At(UNIX_EPOCH - Duration::from_secs(1))), EPOCH - 10_000_000);
        let first = UNIX_EPOCH.checked_sub(Duration::from_secs(11_644_473_600)).expect("the year 1601");
        assert_eq!(due_time(Due::At(first)), 1);
    }
}
