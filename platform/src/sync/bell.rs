//! Doorbells: what rings and channels sleep on while nothing comes.

use std::fmt;
use std::time::Duration;

use super::wait::check_count;
use crate::seam::bell::RawBell;
use crate::seam::header::HEADER_LEN;
use crate::seam::place::Place;
use crate::system::Bell;
use crate::words::bell;
use crate::{Result, Sleepers, View};

/// Wakes those that wait for something to appear in shared memory: what rings and channels are built with.
///
/// A doorbell carries no state of its own: a process that changes something in shared memory [rings](Self::ring), and
/// one that waits [sleeps](Self::sleep) unless the change is there already. Ringing while nobody sleeps costs a few
/// nanoseconds and makes no system call. It takes [`SIZE`](Self::SIZE) bytes of a read-write view at an offset
/// that is aligned to 8 in memory, zero before their first use.
///
/// # Platform-specific behavior
/// A futex on Linux, a kernel event on Windows; other systems have none yet.
#[derive(Clone)]
pub struct Doorbell {
    bell: Bell,
    sleepers: Sleepers,
    offset: usize,
}

impl Doorbell {
    /// Bytes of memory that it takes.
    pub const SIZE: usize = HEADER_LEN;

    /// The doorbell at `offset`, made if nobody made it yet. All that use one must say the same of its sleepers.
    ///
    /// # Errors
    /// Those of [`SharedEvent::create_or_open`](crate::sync::SharedEvent::create_or_open).
    pub fn at(view: &View, offset: usize, sleepers: Sleepers) -> Result<Doorbell> {
        const OPERATION: &str = "create or open the doorbell";
        let place = Place::inside(view, offset, 0, OPERATION)?;
        Ok(Doorbell { bell: <Bell as RawBell>::at(&place, sleepers, OPERATION)?, sleepers, offset })
    }

    /// Wakes those that sleep. What was stored before, with at least release ordering, is seen by them.
    #[inline]
    pub fn ring(&self) {
        bell::ring(&self.bell);
    }

    /// Sleeps until somebody rings, for at most `limit`, and for 80 ms at most: then the caller looks whether those
    /// live that it waits for. Returns at once when `changed` says that there is something already.
    ///
    /// May return for no reason at all.
    pub fn sleep(&self, limit: Duration, changed: impl FnOnce() -> bool) {
        bell::sleep(&self.bell, self.sleepers, limit, changed);
    }

    /// Makes ringing cheaper, and the next sleep dearer. For a sleeper that has not slept for long: many times, at
    /// the cost of a load each, it has found what it waits for already there. Only where one sleeps.
    ///
    /// # Platform-specific behavior
    /// Does nothing on Windows.
    #[inline]
    pub fn relax(&self) {
        bell::relax(&self.bell, self.sleepers);
    }

    /// Sleeps until somebody rings one of up to 64 doorbells, as [`sleep`](Self::sleep) does.
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

impl fmt::Debug for Doorbell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doorbell").field("offset", &self.offset).finish_non_exhaustive()
    }
}
