//! Waits for all of several objects (rule C31).

use std::collections::HashSet;
use std::time::Duration;

use super::count::check_count;
use super::mutex::MutexGuard;
use super::target::{AsObject, WaitAny};
use crate::contract::context::{Context, Operation};
use crate::seam::object::{Failure, RawObject as _, TookAll};
use crate::system::Object;
use crate::{Error, Result};

const WAIT: Operation = "wait for all of the objects";

/// The objects that a wait took, all of those in its list.
#[derive(Debug)]
#[must_use = "the mutexes that the wait took are given up when this is dropped"]
pub struct AllWoken<'a> {
    guards: Vec<Option<MutexGuard<'a>>>,
    took: TookAll,
}

impl<'a> AllWoken<'a> {
    /// Whether a mutex among them was abandoned: its previous owner died without giving it up.
    ///
    /// # Platform-specific behavior
    /// On Linux the guard of that mutex says so, too. Windows does not tell which one it is, so there all guards say so
    /// whose mutex this thread did not own before.
    #[must_use]
    pub fn abandoned(&self) -> bool {
        self.took == TookAll::Abandoned
    }

    /// The guards of the mutexes, in the order of the list, with `None` for each other object. Without this call,
    /// dropping the result gives the mutexes up.
    ///
    /// [`SharedMutex::guarded`](crate::sync::SharedMutex::guarded) makes the guard with the value from one of these.
    #[must_use]
    pub fn into_guards(self) -> Vec<Option<MutexGuard<'a>>> {
        self.guards
    }
}

/// Waits until all of up to 64 ([`MAX_OBJECTS`](crate::sync::MAX_OBJECTS)) objects of mixed kinds are signalled, or can
/// be owned, at one moment, and takes all of them then (rule C31). Until then it takes none: other waiters may have them
/// one by one, and waits for overlapping sets, in any order, do not block each other.
///
/// ```
/// # use samemap_platform as samemap;
/// use samemap::sync::{EventOptions, Reset, SyncOptions};
/// use samemap::{Event, Mutex, ObjectName, wait_all};
///
/// # fn main() -> samemap::Result<()> {
/// # let unique = |what: &str| ObjectName::new(format!(r"Local\wait-all-{what}-{}", std::process::id()));
/// let is_full = Event::create(&unique("full")?, &EventOptions::new(Reset::Auto).set_at_first())?;
/// let shelf = Mutex::create(&unique("shelf")?, &SyncOptions::new())?;
/// let woken = wait_all(&[&is_full, &shelf])?;
/// assert!(!woken.abandoned() && !is_full.try_wait()?);
/// // The event has no guard, and the mutex is owned as long as its guard lives.
/// let [None, Some(_shelf_is_ours)] = &woken.into_guards()[..] else { unreachable!() };
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for no objects, for more than 64, for an object that stands in
/// the list twice, and for a reader or a listener; the errors of a wait for one of them.
/// [`Unsupported`](crate::ErrorKind::Unsupported) where the system cannot take them together; then nothing was changed.
pub fn wait_all<'a>(objects: &[&'a dyn WaitAny]) -> Result<AllWoken<'a>> {
    loop {
        if let Some(woken) = wait_all_within(objects, None)? {
            return Ok(woken);
        }
    }
}

/// Waits as [`wait_all`] does, for at most `timeout`; `None` when time ran out; then nothing was taken.
///
/// # Errors
/// Those of [`wait_all`].
pub fn wait_all_timeout<'a>(objects: &[&'a dyn WaitAny], timeout: Duration) -> Result<Option<AllWoken<'a>>> {
    wait_all_within(objects, Some(timeout))
}

/// Takes all objects if none of them needs waiting; `None`, and nothing is taken, when one does.
///
/// # Errors
/// Those of [`wait_all`].
pub fn try_wait_all<'a>(objects: &[&'a dyn WaitAny]) -> Result<Option<AllWoken<'a>>> {
    wait_all_within(objects, Some(Duration::ZERO))
}

fn wait_all_within<'a>(
    objects: &[&'a dyn WaitAny],
    timeout: Option<Duration>,
) -> Result<Option<AllWoken<'a>>> {
    check_count(objects.len(), WAIT)?;
    let objects: Vec<AsObject<'a>> = objects
        .iter()
        .map(|each| each.wait_target().object())
        .collect::<Option<_>>()
        .ok_or_else(only_objects)?;
    let raw: Vec<&Object> = objects.iter().map(|object| object.raw()).collect();
    match check_names(&objects).and_then(|()| Object::wait_all(&raw, timeout)) {
        Ok(took) => {
            Ok(took
                .map(|took| AllWoken { guards: objects.iter().map(|object| object.guard()).collect(), took }))
        }
        Err(failure) => {
            let name = failure.0.index.and_then(|index| objects[index].name());
            Err(failure.in_call(Context { operation: WAIT, name }))
        }
    }
}

#[cold]
fn only_objects() -> Error {
    let context = Context { operation: WAIT, name: None };
    context.invalid(
        "a reader or a listener is in the list, from which a wait takes nothing; give objects only, or wait for any",
    )
}

/// Finds an object that was opened twice by its name, where the system does not.
fn check_names(objects: &[AsObject<'_>]) -> Result<(), Failure> {
    if Object::KNOWS_TWINS {
        return Ok(());
    }
    let mut names = HashSet::with_capacity(objects.len());
    for (index, object) in objects.iter().enumerate() {
        if object.name().is_some_and(|name| !names.insert(name)) {
            return Err(Failure::twice(index));
        }
    }
    Ok(())
}
