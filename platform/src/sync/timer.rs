//! Timers (rule C25).

use std::time::Duration;

use super::handle::Named;
use super::wait::signalled;
use crate::contract::sync_options::period_in_millis;
use crate::seam::ask::Ask;
use crate::seam::object::Signal;
use crate::{Disposition, Due, ObjectKind, ObjectName, OpenOptions, Result, TimerOptions};

const SET: &str = "set the timer";

/// A due time to wait for, once or periodically, shared by name (rule C25).
///
/// It is signalled from its due time on. A manual-reset timer stays signalled until it is set anew. An auto-reset timer
/// lets one waiter through in each period, and periods without a waiter do not add up. A new timer is not set.
///
/// # Platform-specific behavior
/// On Windows it is the kernel's timer of that name, which a C program may share. On Linux it is a due time in the
/// object's page, which waiters read: no thread or process fires it.
#[derive(Clone)]
pub struct Timer(Named);

impl Timer {
    /// Creates a timer; the name must be free.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create`](crate::Region::create).
    pub fn create(name: &ObjectName, options: &TimerOptions) -> Result<Timer> {
        Ok(Timer(Named::get(name, Ask::Create((options.into(), options.sync())))?.0))
    }

    /// Opens the timer with the name, or creates one, and returns which of the two happened. Opening ignores the
    /// `options` of a new timer.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create_or_open`](crate::Region::create_or_open).
    pub fn create_or_open(name: &ObjectName, options: &TimerOptions) -> Result<(Timer, Disposition)> {
        let (named, disposition) = Named::get(name, Ask::CreateOrOpen((options.into(), options.sync())))?;
        Ok((Timer(named), disposition))
    }

    /// Opens the timer with the name.
    ///
    /// # Errors
    /// Those of [`Region::open`](crate::Region::open), and [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for
    /// options that ask for less than reading and writing.
    pub fn open(name: &ObjectName, options: &OpenOptions) -> Result<Timer> {
        Named::open(name, ObjectKind::Timer, options).map(Timer)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        &self.0.site
    }

    /// Sets it, and replaces an earlier setting: it is unsignalled until `due`, and is then signalled once.
    ///
    /// # Errors
    /// [`TimedOut`](crate::ErrorKind::TimedOut) when another setter was stopped during its work.
    ///
    /// # Platform-specific behavior
    /// On Windows a due time is counted in units of 100 ns, rounded up, from the last tick of the system's
    /// clock, and kept to a tick (15.6 ms, unless a program asked for a finer one). A due time after more than 14,000
    /// years never comes.
    pub fn set(&self, due: Due) -> Result<()> {
        self.start(due, 0)
    }

    /// Sets it as [`set`](Self::set) does, and signals it again every `period` after `due`, which is rounded up to whole
    /// milliseconds.
    ///
    /// # Errors
    /// Those of [`set`](Self::set), and [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a period of zero, or of
    /// more than 2147483647 ms.
    pub fn set_periodic(&self, due: Due, period: Duration) -> Result<()> {
        self.start(due, period_in_millis(period, self.0.context(SET))?)
    }

    /// A period of zero means that it fires once.
    fn start(&self, due: Due, period: i32) -> Result<()> {
        self.0.signal(Signal::Start { due, period }, SET).map(|_| ())
    }

    /// Stops it. A signal that it has given stays.
    ///
    /// # Errors
    /// [`TimedOut`](crate::ErrorKind::TimedOut) as for [`set`](Self::set).
    pub fn cancel(&self) -> Result<()> {
        self.0.signal(Signal::Cancel, "cancel the timer").map(|_| ())
    }
}

signalled!(Timer: Timer);
