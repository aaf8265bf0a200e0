//! Doorbells: rings and channels sleep on them until data comes.

use std::fmt;
use std::time::Duration;

use super::count::check_count;
use crate::seam::bell::RawBell;
use crate::seam::header::HEADER_LEN;
use crate::seam::place::Place;
use crate::system::Bell;
use crate::words::bell;
use crate::{Result, Sleepers, View};

/// Wakes threads that wait for a change in shared memory. Rings and channels are built with it.
///
/// A doorbell carries no state of its own: a process that changes something in shared memory [rings](Self::ring), and a
/// sleeper [sleeps](Self::sleep) unless the change is there already. A ring without sleepers costs a few nanoseconds
/// and makes no system call. It takes [`SIZE`](Self::SIZE) bytes of a read-write view at an offset that is aligned to 8
/// in memory, zero before their first use.
///
/// # Platform-specific behavior
/// A futex on Linux, a kernel event on Windows; other systems have none yet.
///
/// On POSIX a process gets a thread `samemap-ticker` when one of its threads sleeps without a limit 64 times in 80 ms (on
/// doorbells, channels, topics or newest values; a limit of `Duration::MAX` is none). The ticker wakes the sleepers every
/// 80 ms, so that their sleeps need no timers, which take a seventh of a short sleep's time. It rests when no thread sleeps
/// often any more, and ends after five seconds of rest. Where the system starts no thread for it, sleepers set timers.
///
/// A raw `clone` runs no fork handlers. In its child sleeps may end by a ring alone, if the parent had a ticker.
#[derive(Clone)]
pub struct Doorbell {
    bell: Bell,
    sleepers: Sleepers,
}

impl Doorbell {
    /// The bytes of memory that it takes.
    pub const SIZE: usize = HEADER_LEN;

    /// Opens the doorbell at `offset`, or makes it. All users of a doorbell must pass the same `sleepers`.
    ///
    /// # Errors
    /// Those of [`SharedEvent::create_or_open`](crate::sync::SharedEvent::create_or_open).
    pub fn at(view: &View, offset: usize, sleepers: Sleepers) -> Result<Doorbell> {
        const OPERATION: &str = "create or open the doorbell";
        let place = Place::inside(view, offset, 0, OPERATION)?;
        Ok(Doorbell { bell: <Bell as RawBell>::at(&place, sleepers, OPERATION)?, sleepers })
    }

    /// Wakes the sleepers. They see earlier stores that have at least release ordering.
    #[inline]
    pub fn ring(&self) {
        bell::ring(&self.bell);
    }

    /// Sleeps until the doorbell rings, for at most `limit` and 80 ms or so. Then the caller checks whether its peers
    /// live. Returns at once when `changed` says that there is something already.
    ///
    /// May wake spuriously.
    pub fn sleep(&self, limit: Duration, changed: impl FnOnce() -> bool) {
        bell::sleep(&self.bell, self.sleepers, limit, changed);
    }

    /// Makes ringing cheaper, and the next sleep dearer: for a sleeper that often found its data already there and has
    /// not slept for a long time. Only for a doorbell with one sleeper.
    ///
    /// # Platform-specific behavior
    /// Does nothing on Windows.
    #[inline]
    pub fn relax(&self) {
        bell::relax(&self.bell, self.sleepers);
    }

    /// Sleeps until one of up to 64 doorbells rings, as [`sleep`](Self::sleep) does.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for none or for more than 64.
    pub fn sleep_on_any(bells: &[&Doorbell], limit: Duration, changed: impl FnOnce() -> bool) -> Result<()> {
        check_count(bells.len(), "sleep on any of the doorbells")?;
        let bells: Vec<&Bell> = bells.iter().map(|doorbell| &doorbell.bell).collect();
        bell::sleep_on_any(&bells, limit, changed);
        Ok(())
    }
}

impl Doorbell {
    pub(super) fn raw(&self) -> &Bell {
        &self.bell
    }
}

impl fmt::Debug for Doorbell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doorbell").field("offset", &self.bell.place().offset()).finish_non_exhaustive()
    }
}
