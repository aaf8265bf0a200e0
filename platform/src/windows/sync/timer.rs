//! Timers (rule C25).

use std::fmt;
use std::os::windows::io::{AsHandle as _, AsRawHandle as _, BorrowedHandle};
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Threading::{
    CREATE_WAITABLE_TIMER_MANUAL_RESET, CancelWaitableTimer, CreateWaitableTimerExW, OpenWaitableTimerW,
    SetWaitableTimer, TIMER_MODIFY_STATE, TIMER_QUERY_STATE,
};

use super::event::succeeded;
use super::object::{Calls, Class, Named, Order};
use super::wait::{Outcome, wait};
use super::wait_any::WaitAny;
use super::wait_any::sealed::Sealed;
use crate::sync_options::period_in_millis;
use crate::{Disposition, Due, ObjectKind, ObjectName, Reset, Result, TimerOptions, Trust, Waitable, Waited};

const CLASS: Class = Class {
    kind: ObjectKind::Timer,
    calls: Calls {
        create: "create the timer",
        create_or_open: "create or open the timer",
        open: "open the timer",
    },
    modify: TIMER_MODIFY_STATE,
    query: TIMER_QUERY_STATE,
    open: OpenWaitableTimerW,
};

/// A due time to wait for, once or again and again (rule C25).
///
/// A new timer is not set: nobody gets through until it is [set](Self::set) and due. No thread fires it.
///
/// On Windows it is the kernel's own waitable timer, which C programs share by its name.
#[derive(Clone)]
pub struct Timer(Arc<Named>);

impl Timer {
    /// Creates a timer; the name must be free.
    ///
    /// # Errors
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists), [`KindMismatch`](crate::ErrorKind::KindMismatch),
    /// and what the system says.
    pub fn create(name: &ObjectName, options: &TimerOptions) -> Result<Self> {
        Named::create(&CLASS, name, options.sync(), &|order| new_timer(order, options.reset()))
            .map(Timer::from)
    }

    /// Opens the timer that has the name, or creates one; says which of the two happened. Opening ignores
    /// what `options` say of a new one.
    ///
    /// # Errors
    /// [`KindMismatch`](crate::ErrorKind::KindMismatch), [`UntrustedOwner`](crate::ErrorKind::UntrustedOwner),
    /// [`AccessDenied`](crate::ErrorKind::AccessDenied), and what the system says.
    pub fn create_or_open(name: &ObjectName, options: &TimerOptions) -> Result<(Self, Disposition)> {
        Named::create_or_open(&CLASS, name, options.sync(), &|order| new_timer(order, options.reset()))
            .map(|(named, disposition)| (Timer::from(named), disposition))
    }

    /// Opens the timer that has the name.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound), and those of [`create_or_open`](Self::create_or_open).
    pub fn open(name: &ObjectName, trust: &Trust) -> Result<Self> {
        Named::open(&CLASS, name, trust).map(Timer::from)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        self.0.name()
    }

    /// Sets it: from now on it is not signalled, until `due`; and, with a period, again and again after
    /// that. A timer that was set before begins anew.
    ///
    /// The period is rounded up to whole milliseconds. On an auto-reset timer, a period that ends while the
    /// one before was not yet waited for adds nothing.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a period of zero, or of more than
    /// [`i32::MAX`] milliseconds; and what the system says.
    ///
    /// # Platform-specific behavior
    /// On Windows a due time is counted in units of 100 ns, rounded up, from the last tick of the system's
    /// clock, and kept to a tick (15.6 ms, unless a program asked for a finer one). A due time after more
    /// than 14,000 years is as good as never.
    pub fn set(&self, due: Due, period: Option<Duration>) -> Result<()> {
        let millis = period
            .map(|period| period_in_millis(period, SET))
            .transpose()
            .map_err(|error| error.with_name(self.name().to_string()))?;
        let due = due_time(due);
        let handle = self.handle().as_raw_handle();
        // SAFETY: the handle is open, the due time is valid for a read, and no routine is to be called. The
        // machine is not woken from its sleep.
        let set = unsafe { SetWaitableTimer(handle, &due, millis.unwrap_or(0), None, ptr::null(), 0) };
        succeeded(set).map_err(|cause| self.0.failed(SET, cause))
    }

    /// Cancels it: it will not be due. One that is already signalled stays so.
    ///
    /// # Errors
    /// What the system says.
    pub fn cancel(&self) -> Result<()> {
        // SAFETY: the handle is open.
        let cancelled = unsafe { CancelWaitableTimer(self.handle().as_raw_handle()) };
        succeeded(cancelled).map_err(|cause| self.0.failed("cancel the timer", cause))
    }
}

impl From<Named> for Timer {
    fn from(named: Named) -> Self {
        Timer(Arc::new(named))
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as("Timer", f)
    }
}

impl Waitable for Timer {
    fn wait_for(&self, timeout: Option<Duration>) -> Result<Waited> {
        match wait(&[self.handle()], timeout) {
            Ok(Outcome::TimedOut) => Ok(Waited::TimedOut),
            Ok(_) => Ok(Waited::Signalled),
            Err(cause) => Err(self.0.failed("wait for the timer", cause)),
        }
    }
}

impl Sealed for Timer {
    fn handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

impl WaitAny for Timer {}

const SET: &str = "set the timer";

fn new_timer(order: &Order<'_>, reset: Reset) -> HANDLE {
    let flags = if reset == Reset::Manual { CREATE_WAITABLE_TIMER_MANUAL_RESET } else { 0 };
    // SAFETY: the attributes' descriptor and the name, which ends in a NUL, live as long as the order.
    unsafe { CreateWaitableTimerExW(order.attributes, order.name.as_ptr(), flags, order.rights) }
}

/// The longest time that is handed to the kernel, in its units of 100 ns: so that what it adds to it does not
/// overflow.
const LONGEST: i64 = i64::MAX / 2;

/// From the beginning of 1601, where the kernel's calendar begins, to that of 1970, in units of 100 ns.
const EPOCH: i64 = 116_444_736_000_000_000;

/// As the kernel takes it: a length of time as a negative number, a time of day as a positive one.
fn due_time(due: Due) -> i64 {
    match due {
        Due::After(time) => -units(time),
        // Zero would be a length of time.
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
