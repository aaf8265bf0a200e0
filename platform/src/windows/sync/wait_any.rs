//! Waiting for the first of several objects (rule C26).

use std::time::Duration;

use self::sealed::Sealed;
use super::mutex::{Before, MutexGuard};
use super::wait::{Outcome, wait};
use crate::{Error, ErrorKind, Result};

/// The most objects that one [`wait_any`] takes, on every system.
pub const MAX_OBJECTS: usize = 64;

/// An object that [`wait_any`] can wait for: a mutex, an event, a semaphore or a timer of this system. It
/// cannot be implemented elsewhere.
pub trait WaitAny: Sealed {}

pub(super) mod sealed {
    use std::os::windows::io::BorrowedHandle;

    use super::{Before, MutexGuard};

    /// What the wait needs to know of an object.
    pub trait Sealed {
        fn handle(&self) -> BorrowedHandle<'_>;

        /// A wait has just taken what it has to give: what else is to be done, and what a mutex gives.
        fn taken(&self, _owner_before: Before) -> Option<MutexGuard<'_>> {
            None
        }
    }
}

/// Which object ended a [`wait_any`], with what it gave.
#[derive(Debug)]
#[must_use]
pub struct Woken<'a> {
    index: usize,
    guard: Option<MutexGuard<'a>>,
}

impl<'a> Woken<'a> {
    /// The index of the object: the lowest of those that were signalled.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The ownership that was taken, when the object is a mutex. Dropping this instead gives it up.
    pub fn into_guard(self) -> Option<MutexGuard<'a>> {
        self.guard
    }
}

/// Waits until one of up to 64 ([`MAX_OBJECTS`]) objects is signalled, for at most `timeout`; `None` is for ever. Takes only
/// what that one has to give; of several that are signalled, the one with the lowest index. The answer is
/// `None` when time ran out; then nothing was taken.
///
/// # Errors
/// [`InvalidArgument`](ErrorKind::InvalidArgument) for no object, or for more than 64; and what the system
/// says.
pub fn wait_any<'a>(objects: &[&'a dyn WaitAny], timeout: Option<Duration>) -> Result<Option<Woken<'a>>> {
    check_count(objects.len())?;
    let handles: Vec<_> = objects.iter().map(|object| object.handle()).collect();
    let outcome =
        wait(&handles, timeout).map_err(|cause| Error::new(ErrorKind::Os, OPERATION).with_source(cause))?;
    let (index, owner_before) = match outcome {
        Outcome::TimedOut => return Ok(None),
        Outcome::Signalled(index) => (index, Before::InOrder),
        Outcome::Abandoned(index) => (index, Before::Died),
    };
    let guard = objects[index].taken(owner_before);
    Ok(Some(Woken { index, guard }))
}

const OPERATION: &str = "wait for any of the objects";

pub(super) fn check_count(count: usize) -> Result<()> {
    if (1..=MAX_OBJECTS).contains(&count) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::InvalidArgument, OPERATION)
        .with_detail(format!("there are {count} of them; wait for 1 to {MAX_OBJECTS}")))
}
