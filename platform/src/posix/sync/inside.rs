//! Locks, events and semaphores inside a region, for those who lay out their own memory.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use bytemuck::Pod;

use super::event::EventCore;
use super::header::HEADER_LEN;
use super::mutex::{Core, CoreHandle, MutexGuard, NEW_MUTEX};
use super::place::Place;
use super::semaphore::SemaphoreCore;
use crate::{
    Disposition, Error, ErrorKind, EventOptions, LockGuard, Lockable, ObjectKind, Permits, Result,
    SemaphoreOptions, Settable, View, Waitable, Waited,
};

fn created((object, disposition): (Place, Disposition)) -> Result<Place> {
    match disposition {
        Disposition::Created => Ok(object),
        Disposition::Opened => Err(object
            .error(ErrorKind::AlreadyExists)
            .with_detail("the memory there is initialised already; open it, or choose another offset")),
    }
}

/// A plain-data value inside a region, with the lock that protects it.
///
/// The memory is [`SharedMutex::SIZE`] bytes at an offset that is aligned to 8 in memory: 64 for the lock,
/// and the value behind them. The 64 must be zero before they are initialised, as a new region is. The lock
/// is owned by a thread, and recursive; a dead owner's lock is [`abandoned`](LockGuard::abandoned).
///
/// # Platform-specific behavior
/// On Windows the lock is a kernel object that is named from an id in the region.
pub struct SharedMutex<T: Pod> {
    core: CoreHandle,
    place: Place,
    _value: PhantomData<fn() -> T>,
}

impl<T: Pod> SharedMutex<T> {
    /// Bytes of memory that it takes.
    pub const SIZE: usize = HEADER_LEN + size_of::<T>();

    /// Initialises the memory at `offset`, with this value.
    ///
    /// # Errors
    /// [`AlreadyExists`](ErrorKind::AlreadyExists) when it is initialised already,
    /// [`Damaged`](ErrorKind::Damaged) when it is neither zero nor a lock,
    /// [`OutOfRange`](ErrorKind::OutOfRange), [`InvalidArgument`](ErrorKind::InvalidArgument) for an
    /// offset that is not aligned, [`AccessDenied`](ErrorKind::AccessDenied) when the view is not
    /// read-write.
    pub fn create(view: &View, offset: usize, value: &T) -> Result<Self> {
        let place = Place::inside(view, offset, size_of::<T>())?;
        let fill = |place: &Place| place.view().put(place.behind_header(), value);
        let disposition = place.initialise(NEW_MUTEX, fill)?;
        Self::at(created((place, disposition))?)
    }

    /// Initialises the memory, or opens what somebody else initialised. A new value is zero.
    ///
    /// # Errors
    /// Those of [`create`](Self::create), but for [`AlreadyExists`](ErrorKind::AlreadyExists);
    /// [`TimedOut`](ErrorKind::TimedOut) when another process was stopped while it initialised.
    pub fn create_or_open(view: &View, offset: usize) -> Result<(Self, Disposition)> {
        let place = Place::inside(view, offset, size_of::<T>())?;
        // A maker that died may have stored a value of its own.
        let fill = |place: &Place| place.view().fill(place.behind_header(), size_of::<T>(), 0);
        let disposition = place.initialise(NEW_MUTEX, fill)?;
        Ok((Self::at(place)?, disposition))
    }

    /// Opens what somebody initialised.
    ///
    /// # Errors
    /// [`Damaged`](ErrorKind::Damaged) when nobody did,
    /// [`KindMismatch`](ErrorKind::KindMismatch) when it is another kind of object.
    pub fn open(view: &View, offset: usize) -> Result<Self> {
        let place = Place::inside(view, offset, size_of::<T>())?;
        place.check(ObjectKind::Mutex)?;
        Self::at(place)
    }

    fn at(place: Place) -> Result<Self> {
        Ok(SharedMutex { core: Core::at(place.clone())?, place, _value: PhantomData })
    }
}

impl<T: Pod> Lockable for SharedMutex<T> {
    type Guard<'a> = SharedMutexGuard<'a, T>;

    #[inline]
    fn lock_for(&self, timeout: Option<Duration>) -> Result<Option<SharedMutexGuard<'_, T>>> {
        let guard = self.core.0.lock_for(timeout)?;
        Ok(guard.map(|guard| SharedMutexGuard { guard, mutex: self }))
    }
}

impl<T: Pod> fmt::Debug for SharedMutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedMutex").finish_non_exhaustive()
    }
}

/// Ownership of a [`SharedMutex`]. It loads and stores the value by copy: a process that does not honour
/// the lock can change the value under it, so no reference to it is given out (rule C14).
#[must_use = "the lock is given up when the guard is dropped"]
pub struct SharedMutexGuard<'a, T: Pod> {
    guard: MutexGuard<'a>,
    mutex: &'a SharedMutex<T>,
}

impl<T: Pod> SharedMutexGuard<'_, T> {
    /// A copy of the value.
    ///
    /// # Errors
    /// None today; the place was checked when the lock was opened.
    pub fn load(&self) -> Result<T> {
        self.mutex.place.view().get(self.mutex.place.behind_header())
    }

    /// Replaces the value.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn store(&self, value: &T) -> Result<()> {
        self.mutex.place.view().put(self.mutex.place.behind_header(), value)
    }

    /// Replaces the value by what `change` makes of it, and returns that.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn update(&self, change: impl FnOnce(T) -> T) -> Result<T> {
        let value = change(self.load()?);
        self.store(&value)?;
        Ok(value)
    }
}

impl<T: Pod> LockGuard for SharedMutexGuard<'_, T> {
    fn abandoned(&self) -> bool {
        self.guard.abandoned()
    }
}

impl<T: Pod> fmt::Debug for SharedMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedMutexGuard").field("abandoned", &self.abandoned()).finish()
    }
}

/// An event inside a region: 64 bytes at an offset that is aligned to 8 in memory, zero before they are
/// initialised.
#[derive(Clone)]
pub struct SharedEvent {
    core: EventCore,
}

impl SharedEvent {
    /// Bytes of memory that it takes.
    pub const SIZE: usize = HEADER_LEN;

    /// Initialises the memory at `offset`. Permissions are the region's.
    ///
    /// # Errors
    /// Those of [`SharedMutex::create`].
    pub fn create(view: &View, offset: usize, options: &EventOptions) -> Result<Self> {
        let (core, disposition) = EventCore::inside(Place::inside(view, offset, 0)?, options)?;
        created((core.place.clone(), disposition))?;
        Ok(SharedEvent { core })
    }

    /// Initialises the memory, or opens what somebody else initialised; then the options are ignored.
    ///
    /// # Errors
    /// Those of [`SharedMutex::create_or_open`].
    pub fn create_or_open(view: &View, offset: usize, options: &EventOptions) -> Result<(Self, Disposition)> {
        let (core, disposition) = EventCore::inside(Place::inside(view, offset, 0)?, options)?;
        Ok((SharedEvent { core }, disposition))
    }

    /// Opens what somebody initialised.
    ///
    /// # Errors
    /// Those of [`SharedMutex::open`].
    pub fn open(view: &View, offset: usize) -> Result<Self> {
        let place = Place::inside(view, offset, 0)?;
        place.check(ObjectKind::Event)?;
        Ok(SharedEvent { core: EventCore { place } })
    }

    pub(super) fn core(&self) -> &EventCore {
        &self.core
    }
}

impl Waitable for SharedEvent {
    fn wait_for(&self, timeout: Option<Duration>) -> Result<Waited> {
        self.core.wait_for(timeout)
    }
}

impl Settable for SharedEvent {
    #[inline]
    fn set(&self) -> Result<()> {
        self.core.set();
        Ok(())
    }

    #[inline]
    fn reset(&self) -> Result<()> {
        self.core.reset();
        Ok(())
    }
}

impl fmt::Debug for SharedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedEvent").finish_non_exhaustive()
    }
}

/// A semaphore inside a region: 64 bytes at an offset that is aligned to 8 in memory, zero before they are
/// initialised.
#[derive(Clone)]
pub struct SharedSemaphore {
    core: SemaphoreCore,
}

impl SharedSemaphore {
    /// Bytes of memory that it takes.
    pub const SIZE: usize = HEADER_LEN;

    /// Initialises the memory at `offset`. Permissions are the region's.
    ///
    /// # Errors
    /// Those of [`SharedMutex::create`], and for numbers that make no semaphore.
    pub fn create(view: &View, offset: usize, options: &SemaphoreOptions) -> Result<Self> {
        let (core, disposition) = SemaphoreCore::inside(Place::inside(view, offset, 0)?, options)?;
        created((core.place.clone(), disposition))?;
        Ok(SharedSemaphore { core })
    }

    /// Initialises the memory, or opens what somebody else initialised; then the options are ignored.
    ///
    /// # Errors
    /// Those of [`SharedMutex::create_or_open`], and for numbers that make no semaphore.
    pub fn create_or_open(
        view: &View,
        offset: usize,
        options: &SemaphoreOptions,
    ) -> Result<(Self, Disposition), Error> {
        let (core, disposition) = SemaphoreCore::inside(Place::inside(view, offset, 0)?, options)?;
        Ok((SharedSemaphore { core }, disposition))
    }

    /// Opens what somebody initialised.
    ///
    /// # Errors
    /// Those of [`SharedMutex::open`].
    pub fn open(view: &View, offset: usize) -> Result<Self> {
        let place = Place::inside(view, offset, 0)?;
        place.check(ObjectKind::Semaphore)?;
        Ok(SharedSemaphore { core: SemaphoreCore { place } })
    }

    pub(super) fn core(&self) -> &SemaphoreCore {
        &self.core
    }
}

impl Waitable for SharedSemaphore {
    fn wait_for(&self, timeout: Option<Duration>) -> Result<Waited> {
        self.core.wait_for(timeout)
    }
}

impl Permits for SharedSemaphore {
    fn release(&self, count: u32) -> Result<u32> {
        self.core.release(count)
    }
}

impl fmt::Debug for SharedSemaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSemaphore").finish_non_exhaustive()
    }
}
