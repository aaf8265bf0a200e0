//! Doorbells: what rings and channels sleep on while nothing comes.
//!
//! A word in the region says whether anybody sleeps, so that nobody calls the kernel in vain. Who rings has stored
//! something just before, and must not miss a sleeper; who goes to sleep says so, and must not miss what was stored:
//! between its store and its load each makes a full fence.

use std::fmt;
use std::sync::atomic::{Ordering, fence};
use std::time::Duration;

use super::event::{reset_event, set_event};
use super::header::{HEADER_LEN, State};
use super::place::{Inside, New, Place};
use super::shared_event::RECIPE;
use super::wait::wait;
use super::wait_any::check_count;
use crate::{Result, Sleepers, View};

/// Nobody sleeps.
const AWAKE: u32 = 0;
/// Somebody sleeps, or is about to.
const ASLEEP: u32 = 1;

/// The longest sleep. Those who build on a doorbell promise to notice a death within 100 ms.
const SLICE: Duration = Duration::from_millis(80);

/// Wakes those who wait for something to appear in shared memory: what rings and channels are built with.
///
/// A doorbell carries no state of its own: whoever changes something in shared memory [rings](Self::ring), and
/// whoever waits [sleeps](Self::sleep) unless the change is there already. Ringing while nobody sleeps costs a few
/// nanoseconds and makes no system call. It takes [`SIZE`](Self::SIZE) bytes of a read-write view at an offset
/// that is aligned to 8 in memory, zero before their first use.
///
/// # Platform-specific behavior
/// A futex on Linux, a kernel event on Windows.
#[derive(Clone)]
pub struct Doorbell {
    inside: Inside,
    sleepers: Sleepers,
}

impl Doorbell {
    /// Bytes of memory that it takes.
    pub const SIZE: usize = HEADER_LEN;

    /// The doorbell at `offset`, made if nobody made it yet. All who use one must say the same of its sleepers.
    ///
    /// # Errors
    /// Those of [`SharedEvent::create_or_open`](crate::SharedEvent::create_or_open).
    pub fn at(view: &View, offset: usize, sleepers: Sleepers) -> Result<Doorbell> {
        // One sleeper takes its signal with it; of many, each must see it.
        let setting = match sleepers {
            Sleepers::One => 0,
            Sleepers::Many => 1,
        };
        let new = New { state: State { setting, signal: 0 }, fill: &|_| Ok(()) };
        let (inside, _) = Inside::create_or_open(Place::inside(view, offset, 0)?, &RECIPE, &new)?;
        Ok(Doorbell { inside, sleepers })
    }

    /// Wakes whoever sleeps. What was stored before, with at least release ordering, is seen by whom it wakes.
    #[inline]
    pub fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.inside.place().header().word.load(Ordering::Relaxed) == ASLEEP {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        if self.inside.place().header().word.swap(AWAKE, Ordering::AcqRel) == ASLEEP {
            // Fails only for a handle that is not open, and this is.
            let _ = set_event(self.inside.handle());
        }
    }

    /// Sleeps until somebody rings, for at most `limit`, and for 80 ms at most: then the caller looks whether those
    /// live for whom it waits. Returns at once when `changed` says that there is something already.
    ///
    /// May return for no reason at all.
    pub fn sleep(&self, limit: Duration, changed: impl FnOnce() -> bool) {
        self.announce();
        fence(Ordering::SeqCst);
        if changed() {
            if self.sleepers == Sleepers::One {
                let word = &self.inside.place().header().word;
                let _ = word.compare_exchange(ASLEEP, AWAKE, Ordering::Relaxed, Ordering::Relaxed);
            }
            return;
        }
        // However it ends, the caller looks again.
        let _ = wait(&[self.inside.handle()], Some(limit.min(SLICE)));
    }

    /// Says that somebody is about to sleep.
    fn announce(&self) {
        let seen = self.inside.place().header().word.swap(ASLEEP, Ordering::SeqCst);
        if self.sleepers == Sleepers::Many && seen != ASLEEP {
            // The first to sleep since the last ring. One that came before it, and was woken in this instant
            // between its look and its wait, misses that and sleeps for a slice.
            let _ = reset_event(self.inside.handle());
        }
    }

    /// Makes ringing cheaper where the system knows how. For a sleeper that has not slept for long.
    #[inline]
    pub fn relax(&self) {}

    /// Sleeps until somebody rings one of up to 64 doorbells, as [`sleep`](Self::sleep) does.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for none or for more than 64.
    pub fn sleep_on_any(bells: &[&Doorbell], limit: Duration, changed: impl FnOnce() -> bool) -> Result<()> {
        check_count(bells.len())?;
        for bell in bells {
            bell.announce();
        }
        fence(Ordering::SeqCst);
        if !changed() {
            let handles: Vec<_> = bells.iter().map(|bell| bell.inside.handle()).collect();
            let _ = wait(&handles, Some(limit.min(SLICE)));
        }
        Ok(())
    }
}

impl fmt::Debug for Doorbell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inside.fmt_as("Doorbell", f)
    }
}
