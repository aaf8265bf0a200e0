//! Waits for the first of several objects, and of readers beside them (rule C26).

use std::time::Duration;

use super::count::{WAIT_ANY, check_count};
use super::mixed::Mixed;
use super::mutex::{Mutex, MutexGuard};
use super::target::{AsObject, Sealed, WaitAny, WaitTarget};
use crate::contract::context::Context;
use crate::seam::object::{Failure, RawObject as _};
use crate::system::Object;
use crate::words::Until;
use crate::{Error, ObjectName, Result};

impl WaitAny for Mutex {
    fn wait_target(&self) -> WaitTarget<'_> {
        WaitTarget::of(self)
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

        impl crate::sync::target::WaitAny for $object {
            fn wait_target(&self) -> crate::sync::target::WaitTarget<'_> {
                crate::sync::target::WaitTarget::of(self)
            }
        }

        impl crate::sync::target::Sealed for $object {
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
        Woken { index, guard: taken.wait_target().object().and_then(AsObject::guard) }
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

/// Waits until one of up to 64 ([`MAX_OBJECTS`](crate::sync::MAX_OBJECTS)) objects of mixed kinds is signalled, or can be
/// owned, and takes that one only: of several, the one that stands first in the list.
///
/// Receivers, subscribers, viewers, newest values and listeners may stand in the list beside objects ([`WaitAny`]). One
/// with news ends the wait, which takes nothing from it. As long as it has news, the wait never reaches those behind it in
/// the list: take the news by its own `try_` call before the next wait, and leave it out when its peer has ended for good.
/// A killed peer ends the wait within 100 ms.
///
/// The answer, and the guard that is taken from it, borrow from everything in the list. A loop that receives while it owns
/// a mutex locks it once more, which does not wait, and drops the first guard:
///
/// ```
/// use samemap::sync::{EventOptions, Reset, SyncOptions, wait_any};
/// use samemap::{Event, Mutex, ObjectName};
///
/// # use samemap_platform as samemap;
/// # let name = |text| ObjectName::new(format!(r"Local\{text}-{}", std::process::id()));
/// let stop = Event::create(&name("Stop")?, &EventOptions::new(Reset::Manual))?;
/// let mutex = Mutex::create(&name("Queue")?, &SyncOptions::new())?;
///
/// let woken = wait_any(&[&stop, &mutex])?; // and receivers, viewers, …
/// if let Some(taken) = woken.into_guard() {
///     let (guard, is_abandoned) = (mutex.lock()?, taken.abandoned());
///     drop(taken);
///     // `guard` borrows from the mutex alone, so the loop may use the others.
/// }
/// # Ok::<(), samemap::Error>(())
/// ```
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
    check_count(objects.len(), WAIT_ANY)?;
    let raw: Option<Vec<&Object>> =
        objects.iter().map(|each| Some(each.wait_target().object()?.raw())).collect();
    let index = match raw {
        Some(raw) => Object::wait_any(&raw, timeout).map_err(|failure| failed(failure, objects))?,
        None => Mixed::of(objects).wait(Until::after(timeout))?,
    };
    Ok(index.map(|index| Woken::of(index, objects[index])))
}

#[cold]
fn failed(failure: Failure, objects: &[&dyn WaitAny]) -> Error {
    let object = failure.0.index.and_then(|index| objects[index].wait_target().object());
    failure.in_call(Context { operation: WAIT_ANY, name: object.and_then(AsObject::name) })
}
