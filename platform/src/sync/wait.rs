//! Waits for the first of several objects, and of readers beside them (rule C26).

use std::time::Duration;

use super::beside::{Mixed, News};
use super::mutex::{Mutex, MutexGuard};
use crate::contract::context::{Context, Operation};
use crate::seam::object::{MAX_OBJECTS, RawObject as _};
use crate::system::Object;
use crate::words::Until;
use crate::{ObjectName, Result};

pub(super) const WAIT: Operation = "wait for any of the objects";

/// What [`wait_any`] waits for. Other crates cannot implement it, because the system makes the wait.
///
/// - *Objects*: a mutex, an event, a semaphore or a timer, named or inside a region. The wait takes what it found: the
///   signal, or the ownership. [`wait_all`](crate::wait_all) takes these alone.
/// - *Readers*, and others that wait for a peer: a channel's receiver, a topic's subscriber or viewer, a newer value of a
///   newest value, a listener. The wait takes nothing from them; it finds that there is something to take, or an end to be
///   told of, and their next `try_` call says which.
pub trait WaitAny: Send + Sync {
    /// What the wait needs of it.
    #[doc(hidden)]
    fn awaited(&self) -> Awaited<'_>;
}

/// What the two sorts of [`WaitAny`] are to a wait.
#[expect(missing_debug_implementations, reason = "it is not public")]
pub enum Awaited<'a> {
    /// The system waits for it.
    Object(AsObject<'a>),
    /// A doorbell announces its news.
    News(&'a dyn News),
}

/// An object of the system's.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "it is not public")]
pub struct AsObject<'a>(&'a dyn Sealed);

impl<'a> AsObject<'a> {
    pub(super) fn raw(self) -> &'a Object {
        self.0.object()
    }

    pub(super) fn name(self) -> Option<&'a ObjectName> {
        self.0.name()
    }

    pub(super) fn guard(self) -> Option<MutexGuard<'a>> {
        self.0.guard()
    }
}

impl<'a> Awaited<'a> {
    pub(super) fn of(object: &'a dyn Sealed) -> Awaited<'a> {
        Awaited::Object(AsObject(object))
    }

    pub(super) fn object(self) -> Option<AsObject<'a>> {
        match self {
            Awaited::Object(object) => Some(object),
            Awaited::News(_) => None,
        }
    }

    /// What a doorbell announces.
    #[must_use]
    pub fn news(self) -> Option<&'a dyn News> {
        match self {
            Awaited::Object(_) => None,
            Awaited::News(news) => Some(news),
        }
    }
}

/// The part of an object that the wait needs.
pub(crate) trait Sealed: Send + Sync {
    fn object(&self) -> &Object;

    fn name(&self) -> Option<&ObjectName>;

    /// The guard of a mutex that was taken.
    fn guard(&self) -> Option<MutexGuard<'_>> {
        None
    }
}

impl WaitAny for Mutex {
    fn awaited(&self) -> Awaited<'_> {
        Awaited::of(self)
    }
}

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

/// The waits of events, semaphores and timers.
macro_rules! signalled {
    ($($object:ident: $kind:ident),*) => {$(
        impl $object {
            /// Waits until it is signalled, and takes the signal.
            ///
            /// # Errors
            /// When the object's state was destroyed, or the system fails.
            #[inline]
            pub fn wait(&self) -> crate::Result<()> {
                self.0.wait(None, crate::ObjectKind::$kind).map(|_| ())
            }

            /// Waits for at most `timeout`; `false` when time ran out; then nothing was taken.
            ///
            /// Time runs on a monotonic clock. A timeout too long for the system waits for ever.
            ///
            /// # Errors
            /// Those of [`wait`](Self::wait).
            #[inline]
            pub fn wait_timeout(&self, timeout: std::time::Duration) -> crate::Result<bool> {
                self.0.wait(Some(timeout), crate::ObjectKind::$kind)
            }

            /// Takes the signal without waiting; `false` when there is none.
            ///
            /// # Errors
            /// Those of [`wait`](Self::wait).
            #[inline]
            pub fn try_wait(&self) -> crate::Result<bool> {
                self.wait_timeout(std::time::Duration::ZERO)
            }
        }

        impl crate::Waitable for $object {
            #[inline]
            fn wait_for(&self, timeout: Option<std::time::Duration>) -> crate::Result<bool> {
                self.0.wait(timeout, crate::ObjectKind::$kind)
            }
        }

        impl crate::sync::wait::WaitAny for $object {
            fn awaited(&self) -> crate::sync::wait::Awaited<'_> {
                crate::sync::wait::Awaited::of(self)
            }
        }

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

/// What a wait took, or found.
#[derive(Debug)]
#[must_use = "a mutex that the wait took is given up when this is dropped"]
pub struct Woken<'a> {
    index: usize,
    guard: Option<MutexGuard<'a>>,
}

impl<'a> Woken<'a> {
    /// The answer of a wait that took this one.
    pub(super) fn of(index: usize, taken: &'a dyn WaitAny) -> Woken<'a> {
        Woken { index, guard: taken.awaited().object().and_then(AsObject::guard) }
    }

    /// Its place in the list.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The guard, if the object is a mutex. Without this call, dropping the result gives the mutex up.
    pub fn into_guard(self) -> Option<MutexGuard<'a>> {
        self.guard
    }
}

/// Waits until one of up to 64 ([`MAX_OBJECTS`]) objects of mixed kinds is signalled, or can be owned, and takes that one
/// only: of several, the one that stands first in the list.
///
/// Receivers, subscribers, viewers, newest values and listeners may stand beside the objects ([`WaitAny`]): one that has
/// something to take ends the wait, which takes nothing from it. One that always has hides those behind it in the list, so
/// take from it (`try_`) before the next wait, and leave it out when its peer has ended for good. A killed peer ends the
/// wait within 100 ms.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for none or more than 64; and the errors of a wait for one of
/// them, [`Unsupported`](crate::ErrorKind::Unsupported) for a reader that no peer wakes.
pub fn wait_any<'a>(objects: &[&'a dyn WaitAny]) -> Result<Woken<'a>> {
    loop {
        if let Some(woken) = wait_any_within(objects, None)? {
            return Ok(woken);
        }
    }
}

/// Waits as [`wait_any`] does, for at most `timeout`; `None` when time ran out; then nothing was taken.
///
/// # Errors
/// Those of [`wait_any`].
pub fn wait_any_timeout<'a>(objects: &[&'a dyn WaitAny], timeout: Duration) -> Result<Option<Woken<'a>>> {
    wait_any_within(objects, Some(timeout))
}

/// Takes the first object that needs no waiting; `None` when there is none.
///
/// # Errors
/// Those of [`wait_any`].
pub fn try_wait_any<'a>(objects: &[&'a dyn WaitAny]) -> Result<Option<Woken<'a>>> {
    wait_any_within(objects, Some(Duration::ZERO))
}

pub(super) fn wait_any_within<'a>(
    objects: &[&'a dyn WaitAny],
    timeout: Option<Duration>,
) -> Result<Option<Woken<'a>>> {
    check_count(objects.len(), WAIT)?;
    let sealed: Option<Vec<AsObject<'_>>> = objects.iter().map(|each| each.awaited().object()).collect();
    let index = match sealed {
        Some(sealed) => first_object(&sealed, timeout)?,
        None => Mixed::of(objects).wait(Until::after(timeout))?,
    };
    Ok(index.map(|index| Woken::of(index, objects[index])))
}

fn first_object(objects: &[AsObject<'_>], timeout: Option<Duration>) -> Result<Option<usize>> {
    let raw: Vec<&Object> = objects.iter().map(|object| object.raw()).collect();
    Object::wait_any(&raw, timeout).map_err(|failure| {
        let name = failure.0.index.and_then(|index| objects[index].name());
        failure.in_call(Context { operation: WAIT, name })
    })
}

/// Checks the number of objects.
pub(super) fn check_count(count: usize, operation: Operation) -> Result<()> {
    if (1..=MAX_OBJECTS).contains(&count) {
        return Ok(());
    }
    let context = Context { operation, name: None };
    Err(context.invalid(format!("there are {count} of them; give 1 to {MAX_OBJECTS}")))
}
