//! Semaphores inside a region.

use std::fmt;
use std::os::windows::io::BorrowedHandle;
use std::time::Duration;

use super::header::{HEADER_LEN, State};
use super::mutex::{Before, MutexGuard};
use super::place::{Inside, New, Place, Recipe};
use super::query::semaphore_facts;
use super::semaphore::{self, RELEASE, Refusal, new_semaphore, release};
use super::wait_any::WaitAny;
use super::wait_any::sealed::Sealed;
use crate::sync_options::check_release;
use crate::{Disposition, Error, ErrorKind, Permits, Result, SemaphoreOptions, View, Waitable, Waited};

const RECIPE: Recipe = Recipe {
    class: &semaphore::CLASS,
    makes_sense: |state| SemaphoreOptions::new(state.signal, state.setting).check("").is_ok(),
    create: |order, maximum| new_semaphore(order, &SemaphoreOptions::new(0, maximum)),
    restore: |semaphore, permits| match permits {
        0 => Ok(()),
        permits => match release(semaphore, permits) {
            Err(Refusal::System(cause)) => Err(cause),
            // It is new, and there are no more permits than the maximum.
            Ok(_) | Err(Refusal::TooMany { .. }) => Ok(()),
        },
    },
};

/// A semaphore inside a region: 64 bytes at an offset that is aligned to 8 in memory, zero before they are
/// initialised.
///
/// # Platform-specific behavior
/// As for [`SharedEvent`](crate::SharedEvent).
#[derive(Clone)]
pub struct SharedSemaphore(Inside);

impl SharedSemaphore {
    /// Bytes of memory that it takes.
    pub const SIZE: usize = HEADER_LEN;

    /// Initialises the memory at `offset`. Permissions are the region's.
    ///
    /// # Errors
    /// Those of [`SharedMutex::create`](crate::SharedMutex::create), and for numbers that make no semaphore.
    pub fn create(view: &View, offset: usize, options: &SemaphoreOptions) -> Result<Self> {
        options.check(semaphore::CLASS.calls.create)?;
        Inside::create(Place::inside(view, offset, 0)?, &RECIPE, &new(options)).map(SharedSemaphore)
    }

    /// Initialises the memory, or opens what somebody else initialised; then the options are ignored.
    ///
    /// # Errors
    /// Those of [`SharedMutex::create_or_open`](crate::SharedMutex::create_or_open), and for numbers that
    /// make no semaphore.
    pub fn create_or_open(
        view: &View,
        offset: usize,
        options: &SemaphoreOptions,
    ) -> Result<(Self, Disposition)> {
        options.check(semaphore::CLASS.calls.create_or_open)?;
        Inside::create_or_open(Place::inside(view, offset, 0)?, &RECIPE, &new(options))
            .map(|(inside, disposition)| (SharedSemaphore(inside), disposition))
    }

    /// Opens what somebody initialised.
    ///
    /// # Errors
    /// Those of [`SharedMutex::open`](crate::SharedMutex::open).
    pub fn open(view: &View, offset: usize) -> Result<Self> {
        Inside::open(Place::inside(view, offset, 0)?, &RECIPE).map(SharedSemaphore)
    }

    fn record(&self) {
        self.0.place().header().record(|| semaphore_facts(self.0.handle()).map(|facts| facts.count));
    }
}

impl Waitable for SharedSemaphore {
    fn wait_for(&self, timeout: Option<Duration>) -> Result<Waited> {
        if self.0.wait(timeout, "wait for the semaphore")?.is_none() {
            return Ok(Waited::TimedOut);
        }
        self.record();
        Ok(Waited::Signalled)
    }
}

impl Permits for SharedSemaphore {
    fn release(&self, count: u32) -> Result<u32> {
        check_release(count, RELEASE)?;
        let before = release(self.0.handle(), count).map_err(|refusal| match refusal {
            Refusal::TooMany { maximum } => Error::new(ErrorKind::LimitExceeded { maximum }, RELEASE),
            Refusal::System(cause) => Error::new(ErrorKind::Os, RELEASE).with_source(cause),
        })?;
        self.record();
        Ok(before)
    }
}

impl Sealed for SharedSemaphore {
    fn handle(&self) -> BorrowedHandle<'_> {
        self.0.handle()
    }

    fn taken(&self, _owner_before: Before) -> Option<MutexGuard<'_>> {
        self.record();
        None
    }
}

impl WaitAny for SharedSemaphore {}

impl fmt::Debug for SharedSemaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as("SharedSemaphore", f)
    }
}

/// Of numbers that were checked.
fn new(options: &SemaphoreOptions) -> New<'static> {
    New { state: State { setting: options.maximum(), signal: options.initial() }, fill: &|_| Ok(()) }
}
