//! Waiting for several objects at once (rule C26).

use std::time::Duration;

use self::sealed::Wait;
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

    /// A wait for one of the objects.
    #[derive(Clone, Copy, Debug)]
    pub struct Wait {
        /// What the object remembers of the moment at which the wait began.
        pub begun: u32,
        /// Whether it said that somebody sleeps.
        pub announced: bool,
    }

    pub trait Sealed {
        /// What it remembers of the moment at which the wait began.
        fn begin_any(&self) -> u32 {
            0
        }
        /// Takes what can be had at once.
        fn try_take_any(&self, wait: Wait) -> Result<bool>;
        /// What to sleep on, and how long at most; `None` when it may be had.
        fn announce_any(&self, begun: u32) -> Option<(Expectation<'_>, Option<Duration>)>;
        /// The wait is over, and took something else: a wake-up that was for one only goes to another one.
        fn pass_on_any(&self) {}
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

            fn try_take_any(&self, wait: sealed::Wait) -> Result<bool> {
                self.core().try_take(wait.begun)
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
    fn try_take_any(&self, _wait: sealed::Wait) -> Result<bool> {
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
    fn try_take_any(&self, wait: sealed::Wait) -> Result<bool> {
        if wait.announced { self.core().try_take_after_sleep() } else { self.core().try_take() }
    }

    fn announce_any(&self, _begun: u32) -> Option<(Expectation<'_>, Option<Duration>)> {
        let value = self.core().announce()?;
        Some((Expectation { word: &self.core().place().header().word, value }, None))
    }

    fn pass_on_any(&self) {
        self.core().pass_on();
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
    let mut waits: Vec<Wait> =
        objects.iter().map(|object| Wait { begun: object.begin_any(), announced: false }).collect();
    let answer = wait(objects, &mut waits, futex::until(timeout));
    let taken = answer.as_ref().ok().and_then(Option::as_ref).map(Woken::index);
    for (index, (object, wait)) in objects.iter().zip(&waits).enumerate() {
        if wait.announced && Some(index) != taken {
            object.pass_on_any();
        }
    }
    answer
}

fn wait<'a>(objects: &[&'a dyn WaitAny], waits: &mut [Wait], until: Until) -> Result<Option<Woken<'a>>> {
    loop {
        if let Some(woken) = take_first(objects, waits)? {
            return Ok(Some(woken));
        }
        if until == Until::Now {
            return Ok(None);
        }
        let Some((expectations, next)) = announce(objects, waits) else { continue };
        let (sleep_until, is_last) = futex::sooner(until, next);
        if futex::sleep_on_any(&expectations, sleep_until) == Slept::DeadlineOver && is_last {
            return take_first(objects, waits);
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

fn take_first<'a>(objects: &[&'a dyn WaitAny], waits: &[Wait]) -> Result<Option<Woken<'a>>> {
    for (index, (&object, &wait)) in objects.iter().zip(waits).enumerate() {
        if object.try_take_any(wait)? {
            return Ok(Some(Woken { index, guard: object.guard_any() }));
        }
    }
    Ok(None)
}

/// What to sleep on, and when the first timer is due; `None` when something may be had.
fn announce<'a>(
    objects: &[&'a dyn WaitAny],
    waits: &mut [Wait],
) -> Option<(Vec<Expectation<'a>>, Option<Duration>)> {
    let mut expectations = Vec::with_capacity(objects.len());
    let mut next: Option<Duration> = None;
    for (&object, wait) in objects.iter().zip(waits) {
        let (expectation, due) = object.announce_any(wait.begun)?;
        wait.announced = true;
        expectations.push(expectation);
        next = next.into_iter().chain(due).min();
    }
    Some((expectations, next))
}
