//! Semaphores: named, and inside a region.

use std::fmt;
use std::time::Duration;

use super::futex::{self, FutexSleeper, SharedWord};
use super::header::Initial;
use super::place::Place;
use crate::sync_options::check_release;
use crate::words::permits::{self, Refusal};
use crate::words::{Damaged, Outcome};
use crate::{
    Disposition, ErrorKind, ObjectKind, ObjectName, Permits, Result, SemaphoreOptions, Trust, Waitable,
    Waited,
};

fn initial(options: &SemaphoreOptions) -> Result<Initial> {
    options.check("make a semaphore")?;
    Ok(Initial { kind: ObjectKind::Semaphore, word: options.initial(), setting: options.maximum() })
}

/// What a named semaphore and one inside a region have in common.
#[derive(Clone)]
pub(super) struct SemaphoreCore {
    pub(super) place: Place,
}

impl SemaphoreCore {
    #[inline]
    fn word(&self) -> &SharedWord {
        SharedWord::of(&self.place.header().word)
    }

    /// From shared memory: what it says is at most believed to be too small.
    #[inline]
    fn maximum(&self) -> u32 {
        self.place.header().setting().min(SemaphoreOptions::LIMIT)
    }

    fn damaged(&self) -> crate::Error {
        self.place.error(ErrorKind::Damaged)
    }

    pub(super) fn wait_for(&self, timeout: Option<Duration>) -> Result<Waited> {
        match permits::wait(self.word(), self.maximum(), futex::until(timeout), &FutexSleeper) {
            Ok(Outcome::Got(())) => Ok(Waited::Signalled),
            Ok(Outcome::TimedOut) => Ok(Waited::TimedOut),
            Err(Damaged) => Err(self.damaged()),
        }
    }

    pub(super) fn try_take(&self) -> Result<bool> {
        permits::try_take(self.word(), self.maximum()).map_err(|Damaged| self.damaged())
    }

    pub(super) fn announce(&self) -> Option<u32> {
        permits::announce(self.word()).then_some(permits::AWAITED)
    }

    pub(super) fn release(&self, count: u32) -> Result<u32> {
        check_release(count, "release permits")?;
        let maximum = self.maximum();
        permits::release(self.word(), count, maximum, &FutexSleeper).map_err(|refusal| match refusal {
            Refusal::LimitExceeded => self.place.error(ErrorKind::LimitExceeded { maximum }),
            Refusal::Damaged => self.damaged(),
        })
    }

    pub(super) fn inside(place: Place, options: &SemaphoreOptions) -> Result<(SemaphoreCore, Disposition)> {
        let disposition = place.initialise(initial(options)?, |_| Ok(()))?;
        Ok((SemaphoreCore { place }, disposition))
    }
}

/// A number of permits to wait for, shared by name.
///
/// # Platform-specific behavior
/// As for [`Event`](crate::Event).
#[derive(Clone)]
pub struct Semaphore {
    core: SemaphoreCore,
}

impl Semaphore {
    /// Creates a semaphore.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create`](crate::SharedRegion::create), and
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for numbers that make no semaphore.
    pub fn create(name: &ObjectName, options: &SemaphoreOptions) -> Result<Semaphore> {
        let place = Place::create(name, options.sync(), initial(options)?)?;
        Ok(Semaphore { core: SemaphoreCore { place } })
    }

    /// Creates it, or opens it where the name is taken; then the options are ignored.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create_or_open`](crate::SharedRegion::create_or_open), and
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for numbers that make no semaphore.
    pub fn create_or_open(name: &ObjectName, options: &SemaphoreOptions) -> Result<(Semaphore, Disposition)> {
        let (place, disposition) = Place::create_or_open(name, options.sync(), initial(options)?)?;
        Ok((Semaphore { core: SemaphoreCore { place } }, disposition))
    }

    /// Opens a semaphore that somebody holds open.
    ///
    /// # Errors
    /// Those of [`SharedRegion::open`](crate::SharedRegion::open).
    pub fn open(name: &ObjectName, trust: &Trust) -> Result<Semaphore> {
        Ok(Semaphore { core: SemaphoreCore { place: Place::open(name, ObjectKind::Semaphore, trust)? } })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        self.core.place.name().expect("a named semaphore has a name")
    }

    pub(super) fn core(&self) -> &SemaphoreCore {
        &self.core
    }
}

impl Waitable for Semaphore {
    fn wait_for(&self, timeout: Option<Duration>) -> Result<Waited> {
        self.core.wait_for(timeout)
    }
}

impl Permits for Semaphore {
    fn release(&self, count: u32) -> Result<u32> {
        self.core.release(count)
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore").field("name", &self.name().to_string()).finish()
    }
}
