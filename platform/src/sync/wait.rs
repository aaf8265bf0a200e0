//! Waiting for the first of several objects (rule C26).

use std::time::Duration;

use super::mutex::{Mutex, MutexGuard};
use crate::contract::context::{Context, Operation};
use crate::seam::object::{MAX_OBJECTS, RawObject as _};
use crate::system::Object;
use crate::{ObjectName, Result};

const WAIT: Operation = "wait for any of the objects";

/// An object that [`wait_any`] takes: a mutex, an event, a semaphore or a timer. It cannot be implemented elsewhere: the
/// wait is the system's own.
#[expect(private_bounds, reason = "it is sealed")]
pub trait WaitAny: Sealed {}

/// What the wait needs to know of an object.
pub(crate) trait Sealed {
    fn object(&self) -> &Object;

    fn name(&self) -> Option<&ObjectName>;

    /// The guard that a taken mutex owes.
    fn guard(&self) -> Option<MutexGuard<'_>> {
        None
    }
}

impl WaitAny for Mutex {}

impl Sealed for Mutex {
    fn object(&self) -> &Object {
        &self.0.object
    }

    fn name(&self) -> Option<&ObjectName> {
        Some(self.name())
    }

    fn guard(&self) -> Option<MutexGuard<'_>> {
        Some(MutexGuard::of(&self.0.object))
    }
}

/// The traits that all signalled objects have.
macro_rules! signalled {
    ($($object:ident: $kind:ident),*) => {$(
        impl crate::Waitable for $object {
            fn wait_for(&self, timeout: Option<std::time::Duration>) -> crate::Result<crate::Waited> {
                self.0.wait(timeout, crate::ObjectKind::$kind)
            }
        }

        impl crate::sync::wait::WaitAny for $object {}

        impl crate::sync::wait::Sealed for $object {
            fn object(&self) -> &crate::system::Object {
                &self.0.object
            }

            fn name(&self) -> Option<&crate::ObjectName> {
                crate::sync::handle::Site::name(&self.0.site)
            }
        }

        impl std::fmt::Debug for $object {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt_as(stringify!($object), f)
            }
        }
    )*};
}

pub(super) use signalled;

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

/// Waits until one of up to 64 ([`MAX_OBJECTS`]) objects of mixed kinds is signalled, or can be owned, and takes that one
/// only: of several, the one that stands first in the list. `None` when time ran out; then nothing was taken. A timeout
/// of `None` is for ever.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for no objects or more than 64; what waiting for one of
/// them alone gives.
pub fn wait_any<'a>(objects: &[&'a dyn WaitAny], timeout: Option<Duration>) -> Result<Option<Woken<'a>>> {
    check_count(objects.len(), WAIT)?;
    let raw: Vec<&Object> = objects.iter().map(|object| object.object()).collect();
    match Object::wait_any(&raw, timeout) {
        Ok(taken) => Ok(taken.map(|index| Woken { index, guard: objects[index].guard() })),
        Err(failure) => {
            let name = failure.0.index.and_then(|index| objects[index].name());
            Err(failure.in_call(Context { operation: WAIT, name }))
        }
    }
}

/// Refuses what no wait takes.
pub(super) fn check_count(count: usize, operation: Operation) -> Result<()> {
    if (1..=MAX_OBJECTS).contains(&count) {
        return Ok(());
    }
    let context = Context { operation, name: None };
    Err(context.invalid(format!("there are {count} of them; give 1 to {MAX_OBJECTS}")))
}
