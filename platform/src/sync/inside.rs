//! Locks, events and semaphores inside a region, for programs that lay out their own memory.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use bytemuck::Pod;

use super::event::settable;
use super::handle::Inside;
use super::mutex::{MutexGuard, lockable};
use super::semaphore::permits;
use super::target::{Sealed, WaitAny, WaitTarget};
use super::wait::signalled;
use crate::contract::context::{Context, Operation};
use crate::seam::header::HEADER_LEN;
use crate::seam::kind::{New, calls};
use crate::seam::place::Place;
use crate::system::Object;
use crate::{Disposition, EventOptions, LockGuard, ObjectKind, ObjectName, Result, SemaphoreOptions, View};

/// A plain-data value inside a region, with the lock that protects it.
///
/// The memory is [`SharedMutex::SIZE`] bytes at an offset that is aligned to 8 in memory: 64 for the lock, followed by
/// the value. The 64 bytes must be zero before they are initialised, as in a new region. A thread owns the lock, and
/// may lock it again; a dead owner's lock is [`abandoned`](SharedMutexGuard::abandoned). One region can hold many
/// thousands of locks: each costs as much as the first.
///
/// # Platform-specific behavior
/// On Windows the lock is a kernel object whose name is made from an id in the region. On Linux an open handle takes
/// some 350 bytes of this process's memory.
pub struct SharedMutex<T: Pod> {
    inside: Inside,
    value: PhantomData<fn() -> T>,
}

impl<T: Pod> SharedMutex<T> {
    /// The bytes of memory that it takes.
    pub const SIZE: usize = HEADER_LEN + size_of::<T>();

    /// Initialises the memory at `offset`, with this value.
    ///
    /// # Errors
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) when it is initialised already,
    /// [`KindMismatch`](crate::ErrorKind::KindMismatch) when it is another kind of object,
    /// [`Damaged`](crate::ErrorKind::Damaged) when it is neither zero nor a lock,
    /// [`OutOfRange`](crate::ErrorKind::OutOfRange),
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an offset that is not aligned,
    /// [`AccessDenied`](crate::ErrorKind::AccessDenied) when the view is not read-write,
    /// [`TimedOut`](crate::ErrorKind::TimedOut) when another process was stopped while it initialised.
    pub fn create(view: &View, offset: usize, value: &T) -> Result<Self> {
        let fill = |place: &Place| place.view().put(place.behind_header(), value);
        Inside::create(view, offset, size_of::<T>(), New::Mutex, &fill).map(Self::of)
    }

    /// Initialises the memory, or opens the lock that is there. A new value is zero.
    ///
    /// # Errors
    /// Those of [`create`](Self::create), but for [`AlreadyExists`](crate::ErrorKind::AlreadyExists).
    pub fn create_or_open(view: &View, offset: usize) -> Result<(Self, Disposition)> {
        // A maker that died may have stored another value.
        let fill = |place: &Place| place.view().fill(place.behind_header(), size_of::<T>(), 0);
        let (inside, disposition) = Inside::create_or_open(view, offset, size_of::<T>(), New::Mutex, &fill)?;
        Ok((Self::of(inside), disposition))
    }

    /// Opens an initialised object.
    ///
    /// # Errors
    /// [`Damaged`](crate::ErrorKind::Damaged) when it is not initialised, and otherwise those of
    /// [`create_or_open`](Self::create_or_open).
    pub fn open(view: &View, offset: usize) -> Result<Self> {
        Inside::open(view, offset, size_of::<T>(), ObjectKind::Mutex).map(Self::of)
    }

    fn of(inside: Inside) -> Self {
        SharedMutex { inside, value: PhantomData }
    }
}

impl<T: Pod> SharedMutex<T> {
    #[inline]
    fn unlock_within(&self) -> Result<()> {
        self.inside.unlock()
    }

    #[inline]
    fn lock_within(&self, timeout: Option<Duration>) -> Result<Option<SharedMutexGuard<'_, T>>> {
        let guard = self.inside.lock_for(timeout)?;
        Ok(guard.map(|guard| SharedMutexGuard { guard, mutex: self }))
    }
}

impl<T: Pod> SharedMutex<T> {
    /// The guard with the value, for a guard of this lock that [`wait_any`](crate::wait_any) or
    /// [`wait_all`](crate::wait_all) gave.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for the guard of another lock, or of another handle; it is
    /// given up.
    pub fn guarded<'a>(&'a self, guard: MutexGuard<'a>) -> Result<SharedMutexGuard<'a, T>> {
        if std::ptr::eq(guard.object(), &self.inside.object) {
            return Ok(SharedMutexGuard { guard, mutex: self });
        }
        let context = self.inside.context("use the guard of the mutex");
        Err(context.invalid("the guard is not one of this handle; give the one that its own wait returned"))
    }
}

lockable!(SharedMutex<T>, SharedMutexGuard<'a, T>, [T: Pod]);

impl<T: Pod> WaitAny for SharedMutex<T> {
    fn wait_target(&self) -> WaitTarget<'_> {
        WaitTarget::of(self)
    }
}

impl<T: Pod> Sealed for SharedMutex<T> {
    fn object(&self) -> &Object {
        &self.inside.object
    }

    fn name(&self) -> Option<&ObjectName> {
        None
    }

    fn guard(&self) -> Option<MutexGuard<'_>> {
        Some(MutexGuard::of(&self.inside.object))
    }
}

impl<'a, T: Pod> SharedMutexGuard<'a, T> {
    pub(super) fn into_guard(self) -> MutexGuard<'a> {
        self.guard
    }
}

impl<T: Pod> Clone for SharedMutex<T> {
    fn clone(&self) -> Self {
        SharedMutex::of(self.inside.clone())
    }
}

impl<T: Pod> fmt::Debug for SharedMutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inside.fmt_as("SharedMutex", f)
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
    /// Whether the previous owner died without giving the lock up; see [`MutexGuard::abandoned`].
    #[must_use]
    pub fn abandoned(&self) -> bool {
        self.guard.abandoned()
    }

    /// A copy of the value.
    ///
    /// # Errors
    /// None today; the place was checked when the lock was opened.
    #[inline]
    pub fn load(&self) -> Result<T> {
        let place = &self.mutex.inside.site;
        place.view().get(place.behind_header())
    }

    /// Replaces the value.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    #[inline]
    pub fn store(&self, value: &T) -> Result<()> {
        let place = &self.mutex.inside.site;
        place.view().put(place.behind_header(), value)
    }

    /// Replaces the value by the result of `change`, and returns that.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    #[inline]
    pub fn update(&self, change: impl FnOnce(T) -> T) -> Result<T> {
        let value = change(self.load()?);
        self.store(&value)?;
        Ok(value)
    }
}

impl<T: Pod> LockGuard for SharedMutexGuard<'_, T> {
    fn abandoned(&self) -> bool {
        self.abandoned()
    }
}

impl<T: Pod> fmt::Debug for SharedMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedMutexGuard").field("abandoned", &self.abandoned()).finish()
    }
}

/// An event inside a region: 64 bytes at an offset that is aligned to 8 in memory, zero before they are
/// initialised.
///
/// # Platform-specific behavior
/// On Windows it is a kernel object whose name is made from an id in the region. The region keeps its state while no
/// process has it open.
#[derive(Clone)]
pub struct SharedEvent(Inside);

impl SharedEvent {
    /// The bytes of memory that it takes.
    pub const SIZE: usize = HEADER_LEN;

    /// Initialises the memory at `offset`. Permissions are the region's.
    ///
    /// # Errors
    /// Those of [`SharedMutex::create`].
    pub fn create(view: &View, offset: usize, options: &EventOptions) -> Result<Self> {
        Inside::create(view, offset, 0, options.into(), &|_| Ok(())).map(SharedEvent)
    }

    /// Initialises the memory, or opens the object that is there; then the options are ignored.
    ///
    /// # Errors
    /// Those of [`SharedMutex::create_or_open`].
    pub fn create_or_open(view: &View, offset: usize, options: &EventOptions) -> Result<(Self, Disposition)> {
        let (inside, disposition) = Inside::create_or_open(view, offset, 0, options.into(), &|_| Ok(()))?;
        Ok((SharedEvent(inside), disposition))
    }

    /// Opens an initialised object.
    ///
    /// # Errors
    /// Those of [`SharedMutex::open`].
    pub fn open(view: &View, offset: usize) -> Result<Self> {
        Inside::open(view, offset, 0, ObjectKind::Event).map(SharedEvent)
    }
}

settable!(SharedEvent);

/// A semaphore inside a region: 64 bytes at an offset that is aligned to 8 in memory, zero before they are
/// initialised.
///
/// # Platform-specific behavior
/// As for [`SharedEvent`].
#[derive(Clone)]
pub struct SharedSemaphore(Inside);

impl SharedSemaphore {
    /// The bytes of memory that it takes.
    pub const SIZE: usize = HEADER_LEN;

    /// Initialises the memory at `offset`. Permissions are the region's.
    ///
    /// # Errors
    /// Those of [`SharedMutex::create`], and for invalid numbers of permits.
    pub fn create(view: &View, offset: usize, options: &SemaphoreOptions) -> Result<Self> {
        let new = new_semaphore(options, calls(ObjectKind::Semaphore).create)?;
        Inside::create(view, offset, 0, new, &|_| Ok(())).map(SharedSemaphore)
    }

    /// Initialises the memory, or opens the object that is there; then the options are ignored.
    ///
    /// # Errors
    /// Those of [`SharedMutex::create_or_open`], and for invalid numbers of permits.
    pub fn create_or_open(
        view: &View,
        offset: usize,
        options: &SemaphoreOptions,
    ) -> Result<(Self, Disposition)> {
        let new = new_semaphore(options, calls(ObjectKind::Semaphore).create_or_open)?;
        let (inside, disposition) = Inside::create_or_open(view, offset, 0, new, &|_| Ok(()))?;
        Ok((SharedSemaphore(inside), disposition))
    }

    /// Opens an initialised object.
    ///
    /// # Errors
    /// Those of [`SharedMutex::open`].
    pub fn open(view: &View, offset: usize) -> Result<Self> {
        Inside::open(view, offset, 0, ObjectKind::Semaphore).map(SharedSemaphore)
    }
}

fn new_semaphore(options: &SemaphoreOptions, operation: Operation) -> Result<New> {
    New::semaphore(options, Context { operation, name: None })
}

permits!(SharedSemaphore);

signalled!(SharedEvent: Event, SharedSemaphore: Semaphore);
