//! Plain data inside a region, with the lock that protects it.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytemuck::Pod;
use windows_sys::Win32::System::Threading::GetCurrentThreadId;

use super::header::{HEADER_LEN, Header, State};
use super::mutex::{self, Before, new_mutex, release};
use super::place::{Inside, New, Place, Recipe};
use crate::{Disposition, LockGuard, Lockable, Result, View};

const RECIPE: Recipe = Recipe {
    class: &mutex::CLASS,
    makes_sense: |_| true,
    create: |order, _| new_mutex(order),
    restore: |_, _| Ok(()),
};

const NEW: State = State { setting: 0, signal: 0 };

/// A plain-data value inside a region, with the lock that protects it.
///
/// The memory is [`SharedMutex::SIZE`] bytes at an offset that is aligned to 8 in memory: 64 for the lock,
/// and the value behind them. The 64 must be zero before they are initialised, as a new region is. The lock
/// is owned by a thread, and recursive; a dead owner's lock is [`abandoned`](LockGuard::abandoned).
///
/// # Platform-specific behavior
/// On Windows the lock is a kernel object whose name is made from an id in the region.
pub struct SharedMutex<T: Pod> {
    inside: Inside,
    /// How many guards were made from this and not dropped: forgotten ones when nothing is borrowed.
    guards: AtomicU32,
    value: PhantomData<fn() -> T>,
}

impl<T: Pod> SharedMutex<T> {
    /// Bytes of memory that it takes.
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
        Inside::create(Self::place(view, offset)?, &RECIPE, &New { state: NEW, fill: &fill }).map(Self::of)
    }

    /// Initialises the memory, or opens what somebody else initialised. A new value is zero.
    ///
    /// # Errors
    /// Those of [`create`](Self::create), but for [`AlreadyExists`](crate::ErrorKind::AlreadyExists).
    pub fn create_or_open(view: &View, offset: usize) -> Result<(Self, Disposition)> {
        let fill = |place: &Place| place.view().fill(place.behind_header(), size_of::<T>(), 0);
        Inside::create_or_open(Self::place(view, offset)?, &RECIPE, &New { state: NEW, fill: &fill })
            .map(|(inside, disposition)| (Self::of(inside), disposition))
    }

    /// Opens what somebody initialised.
    ///
    /// # Errors
    /// [`Damaged`](crate::ErrorKind::Damaged) when nobody did, and otherwise those of
    /// [`create_or_open`](Self::create_or_open).
    pub fn open(view: &View, offset: usize) -> Result<Self> {
        Inside::open(Self::place(view, offset)?, &RECIPE).map(Self::of)
    }

    fn place(view: &View, offset: usize) -> Result<Place> {
        Place::inside(view, offset, size_of::<T>())
    }

    fn of(inside: Inside) -> Self {
        SharedMutex { inside, guards: AtomicU32::new(0), value: PhantomData }
    }

    fn header(&self) -> &Header {
        self.inside.place().header()
    }
}

impl<T: Pod> Lockable for SharedMutex<T> {
    type Guard<'a> = SharedMutexGuard<'a, T>;

    fn lock_for(&self, timeout: Option<Duration>) -> Result<Option<SharedMutexGuard<'_, T>>> {
        let Some(owner_before) = self.inside.wait(timeout, "lock the mutex")? else { return Ok(None) };
        take(self.header(), owner_before);
        self.guards.fetch_add(1, Ordering::Relaxed);
        Ok(Some(SharedMutexGuard { mutex: self, stays_in_its_thread: PhantomData }))
    }
}

impl<T: Pod> Drop for SharedMutex<T> {
    fn drop(&mut self) {
        // A forgotten guard is a lock held: the kernel's object must not go.
        if *self.guards.get_mut() != 0 {
            self.inside.leave_open();
        }
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
    mutex: &'a SharedMutex<T>,
    stays_in_its_thread: PhantomData<*const ()>,
}

impl<T: Pod> SharedMutexGuard<'_, T> {
    /// A copy of the value.
    ///
    /// # Errors
    /// None today; the place was checked when the lock was opened.
    pub fn load(&self) -> Result<T> {
        let place = self.mutex.inside.place();
        place.view().get(place.behind_header())
    }

    /// Replaces the value.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn store(&self, value: &T) -> Result<()> {
        let place = self.mutex.inside.place();
        place.view().put(place.behind_header(), value)
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
        self.mutex.header().abandoned.load(Ordering::Relaxed) != 0
    }
}

impl<T: Pod> Drop for SharedMutexGuard<'_, T> {
    fn drop(&mut self) {
        give(self.mutex.header());
        self.mutex.guards.fetch_sub(1, Ordering::Relaxed);
        // It fails for a thread that does not own it, and this one does; so there is nothing to tell anybody.
        let _ = release(self.mutex.inside.handle());
    }
}

impl<T: Pod> fmt::Debug for SharedMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedMutexGuard").field("abandoned", &self.abandoned()).finish()
    }
}

/// Writes down that this thread took the lock. An owner that is still written there while the kernel lets
/// us in has died, also when the kernel's object died with it and so cannot tell.
fn take(header: &Header, owner_before: Before) {
    let (me, owner) = (this_thread(), header.owner.load(Ordering::Relaxed));
    if owner_before == Before::Died || owner != me {
        let died = owner_before == Before::Died || owner != 0;
        header.abandoned.store(died.into(), Ordering::Relaxed);
        header.depth.store(0, Ordering::Relaxed);
        header.owner.store(me, Ordering::Relaxed);
    }
    header.depth.fetch_add(1, Ordering::Relaxed);
}

/// Writes down that this thread is about to give the lock up once.
fn give(header: &Header) {
    // Whatever a peer made of the number: zero is the end of it.
    let depth = header.depth.load(Ordering::Relaxed).saturating_sub(1);
    header.depth.store(depth, Ordering::Relaxed);
    if depth == 0 {
        header.abandoned.store(0, Ordering::Relaxed);
        header.owner.store(0, Ordering::Relaxed);
    }
}

/// This thread as the whole machine knows it. Its number may be one that a dead thread had; then a lock of
/// that one, whose kernel object died with it, is not told as abandoned.
fn this_thread() -> u64 {
    // SAFETY: a question without arguments.
    let thread = unsafe { GetCurrentThreadId() };
    u64::from(std::process::id()) << 32 | u64::from(thread)
}
