//! Events: a word that waiters sleep on.

use std::time::Duration;

use super::futex::{Expectation, FutexSleeper, FutexWord as _};
use super::wait::Wait;
use super::word::PlaceWord;
use crate::Reset;
use crate::seam::header::reset_of;
use crate::seam::object::{Failure, Took};
use crate::words::event::{self, ManualWaiter};
use crate::words::{Damaged, Until, tagged};

#[derive(Clone)]
pub(crate) struct Event {
    pub(super) word: PlaceWord<tagged::Event>,
}

impl Event {
    #[inline]
    pub(super) fn word(&self) -> &PlaceWord<tagged::Event> {
        &self.word
    }

    #[inline]
    pub(super) fn mode(&self) -> Result<Reset, Damaged> {
        reset_of(self.word.place().header().setting()).ok_or(Damaged)
    }

    #[inline]
    pub(super) fn wait(&self, timeout: Option<Duration>) -> Result<Took, Failure> {
        match self.mode()? {
            Reset::Auto if event::try_take(self.word())? => Ok(Took::Signal),
            Reset::Auto if timeout == Some(Duration::ZERO) => Ok(Took::Nothing),
            Reset::Manual if event::is_plainly_set(self.word()) => Ok(Took::Signal),
            mode => self.wait_for_a_set(mode, Until::after(timeout)),
        }
    }

    /// Waits for the event, which is probably not set.
    fn wait_for_a_set(&self, mode: Reset, until: Until) -> Result<Took, Failure> {
        let outcome = match mode {
            Reset::Auto => event::wait(self.word(), until, &FutexSleeper)?,
            Reset::Manual => ManualWaiter::begin(self.word()).wait(until, &FutexSleeper)?,
        };
        Ok(outcome.into())
    }

    /// For a wait on several objects: the count to remember from its beginning.
    pub(super) fn begin(&self) -> u32 {
        ManualWaiter::begin(self.word()).sets_at_first()
    }

    /// Tries to take the signal, for a wait that began [with this count](Self::begin).
    pub(super) fn try_take(&self, wait: Wait) -> Result<bool, Damaged> {
        match self.mode()? {
            Reset::Auto if wait.announced => event::try_take_after_sleep(self.word()),
            Reset::Auto => event::try_take(self.word()),
            Reset::Manual => ManualWaiter::begun(self.word(), wait.begun).is_through(),
        }
    }

    /// Passes a wake-up on from a wait that was announced and leaves without the signal.
    pub(super) fn pass_on(&self) {
        // A manual-reset event wakes all.
        if self.mode() == Ok(Reset::Auto) {
            event::pass_on(self.word(), &FutexSleeper);
        }
    }

    /// Announces a sleeper: the value to sleep on, or `None` when the event may be set.
    pub(super) fn announce(&self, begun: u32) -> Option<Expectation<'_>> {
        let value = match self.mode() {
            Ok(Reset::Manual) => ManualWaiter::begun(self.word(), begun).announce()?,
            // Damaged: the next look reports it.
            _ if event::announce(self.word()) => event::AWAITED,
            _ => return None,
        };
        Some(Expectation { word: self.word().futex(), value })
    }

    #[inline]
    pub(super) fn set(&self) {
        match self.mode() {
            Ok(Reset::Manual) => event::set_manual(self.word(), &FutexSleeper),
            // Damaged: the waiters' next look reports it.
            _ => event::set(self.word(), &FutexSleeper),
        }
    }

    #[inline]
    pub(super) fn reset(&self) {
        match self.mode() {
            Ok(Reset::Manual) => event::reset_manual(self.word()),
            _ => event::reset(self.word()),
        }
    }
}
