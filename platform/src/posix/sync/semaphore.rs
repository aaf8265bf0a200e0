//! Semaphores: a word with the permits, which waiters sleep on.

use std::time::Duration;

use super::futex::{Expectation, FutexSleeper, FutexWord as _};
use super::word::PlaceWord;
use crate::seam::object::{Failure, Took};
use crate::words::permits::{self, Refusal};
use crate::words::{Damaged, Until, tagged};
use crate::{ErrorKind, SemaphoreOptions};

#[derive(Clone)]
pub(crate) struct Semaphore {
    pub(super) word: PlaceWord<tagged::Permits>,
}

impl Semaphore {
    #[inline]
    pub(super) fn word(&self) -> &PlaceWord<tagged::Permits> {
        &self.word
    }

    /// It comes from shared memory: a wrong value can only make the maximum too small.
    #[inline]
    pub(super) fn maximum(&self) -> u32 {
        self.word.place().header().setting().min(SemaphoreOptions::LIMIT)
    }

    #[inline]
    pub(super) fn wait(&self, timeout: Option<Duration>) -> Result<Took, Failure> {
        if self.try_take()? { Ok(Took::Signal) } else { self.wait_for_a_permit(timeout) }
    }

    fn wait_for_a_permit(&self, timeout: Option<Duration>) -> Result<Took, Failure> {
        let until = Until::after(timeout);
        if until == Until::Now {
            return Ok(Took::Nothing);
        }
        Ok(permits::wait(self.word(), self.maximum(), until, &FutexSleeper)?.into())
    }

    /// Tries to take a permit.
    #[inline]
    pub(super) fn try_take(&self) -> Result<bool, Damaged> {
        permits::try_take(self.word(), self.maximum())
    }

    /// Announces a sleeper: the value to sleep on, or `None` when there may be a permit.
    pub(super) fn announce(&self) -> Option<Expectation<'_>> {
        let may_sleep = permits::announce(self.word());
        may_sleep.then_some(Expectation { word: self.word().futex(), value: permits::AWAITED })
    }

    #[inline]
    pub(super) fn release(&self, count: u32) -> Result<u32, Failure> {
        let maximum = self.maximum();
        permits::release(self.word(), count, maximum, &FutexSleeper).map_err(|refusal| match refusal {
            Refusal::LimitExceeded => ErrorKind::LimitExceeded { maximum: Some(maximum) }.into(),
            Refusal::Damaged => Damaged.into(),
        })
    }
}
