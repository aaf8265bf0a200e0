//! Waiting for several objects at once (rule C26).

use std::time::Duration;

use super::futex::{self, Expectation};
use super::inside::{SharedEvent, SharedSemaphore};
use super::{Event, Mutex, MutexGuard, Semaphore, Timer};
use crate::words::{Slept, Until};
use crate::{Error, ErrorKind, Result};

/// The most objects that one wait takes, on every system.
pub const MAX_OBJECTS: usize = 64;

/// An object that [`wait_any`] takes. Nobody else can implement it: the wait is the system's own.
pub trait WaitAny: sealed::Sealed {}

mod sealed {
    use super::{Duration, Expectation, MutexGuard, Result};

    pub trait Sealed {
        /// What it remembers of the moment at which the wait began.
        fn begin_any(&self) -> u32 {
            0
        }
        /// Takes what can be had at once, by a wait that began then.
        fn try_take_any(&self, begun: u32) -> Result<bool>;
        /// What to sleep on, and how long at most; `None` when it may be had.
        fn announce_any(&self, begun: u32) -> Option<(Expectation<'_>, Option<Duration>)>;
        /// The guard that a taken mutex owes.
        fn guard_any(&self) -> Option<MutexGuard<'_>>;
    }
}

macro_rules! signalled_object {
    ($object:ty) => {
        impl WaitAny for $object {}

        impl sealed::Sealed for $object {
            fn begin_any(&self) -> u32 {
                self.core().begin()
            }

            fn try_take_any(&self, begun: u32) -> Result<bool> {
                self.core().try_take(begun)
            }

            fn announce_any(&self, begun: u32) -> Option<(Expectation<'_>, Option<Duration>)> {
                Some((self.core().announce(begun)?, None))
            }

            fn guard_any(&self) -> Option<MutexGuard<'_>> {
                None
            }
        }
    };
}

signalled_object!(Event);
signalled_object!(Semaphore);
signalled_object!(SharedEvent);
signalled_object!(SharedSemaphore);

impl WaitAny for Timer {}

impl sealed::Sealed for Timer {
    fn try_take_any(&self, _begun: u32) -> Result<bool> {
        self.try_take()
    }

    fn announce_any(&self, _begun: u32) -> Option<(Expectation<'_>, Option<Duration>)> {
        self.announce()
    }

    fn guard_any(&self) -> Option<MutexGuard<'_>> {
        None
    }
}

impl WaitAny for Mutex {}

impl sealed::Sealed for Mutex {
    fn try_take_any(&self, _begun: u32) -> Result<bool> {
        self.core().try_take()
    }

    fn announce_any(&self, _begun: u32) -> Option<(Expectation<'_>, Option<Duration>)> {
        let value = self.core().announce()?;
        Some((Expectation { word: &self.core().place().header().word, value }, None))
    }

    fn guard_any(&self) -> Option<MutexGuard<'_>> {
        Some(self.core().guard())
    }
}

/// Which object a wait took.
#[derive(Debug)]
#[must_use]
pub struct Woken<'a> {
    index: usize,
    guard: Option<MutexGuard<'a>>,
}

impl<'a> Woken<'a> {
    /// Its place in the list.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The guard, where it was a mutex; dropping this instead gives the mutex up.
    pub fn into_guard(self) -> Option<MutexGuard<'a>> {
        self.guard
    }
}

/// Waits until one of up to 64 objects of mixed kinds is signalled, or can be owned, and takes that one
/// only: of several, the one that stands first in the list. `None` when time ran out.
///
/// # Errors
/// [`InvalidArgument`](ErrorKind::InvalidArgument) for no objects or more than 64; what waiting for one of
/// them alone gives.
pub fn wait_any<'a>(objects: &[&'a dyn WaitAny], timeout: Option<Duration>) -> Result<Option<Woken<'a>>> {
    check_count(objects.len())?;
    let until = futex::until(timeout);
    let begun: Vec<u32> = objects.iter().map(|object| object.begin_any()).collect();
    loop {
        if let Some(woken) = take_first(objects, &begun)? {
            return Ok(Some(woken));
        }
        if until == Until::Now {
            return Ok(None);
        }
        let Some((expectations, next)) = announce(objects, &begun) else { continue };
        let (sleep_until, is_last) = futex::sooner(until, next);
        if futex::sleep_on_any(&expectations, sleep_until) == Slept::DeadlineOver && is_last {
            return take_first(objects, &begun);
        }
    }
}

pub(super) fn check_count(count: usize) -> Result<()> {
    if (1..=MAX_OBJECTS).contains(&count) {
        return Ok(());
    }
    let detail = format!("{count} objects were given; give 1 to {MAX_OBJECTS}");
    Err(Error::new(ErrorKind::InvalidArgument, "wait for several objects").with_detail(detail))
}

fn take_first<'a>(objects: &[&'a dyn WaitAny], begun: &[u32]) -> Result<Option<Woken<'a>>> {
    for (index, (&object, &begun)) in objects.iter().zip(begun).enumerate() {
        if object.try_take_any(begun)? {
            return Ok(Some(Woken { index, guard: object.guard_any() }));
        }
    }
    Ok(None)
}

/// What to sleep on, and when the first timer is due; `None` when something may be had.
fn announce<'a>(
    objects: &[&'a dyn WaitAny],
    begun: &[u32],
) -> Option<(Vec<Expectation<'a>>, Option<Duration>)> {
    let mut expectations = Vec::with_capacity(objects.len());
    let mut next: Option<Duration> = None;
    for (&object, &begun) in objects.iter().zip(begun) {
        let (expectation, due) = object.announce_any(begun)?;
        expectations.push(expectation);
        next = next.into_iter().chain(due).min();
    }
    Some((expectations, next))
}
