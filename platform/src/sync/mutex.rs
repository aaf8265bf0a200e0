//! Mutexes (rule C22).

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::handle::{Handle, Named, Site};
use crate::seam::ask::Ask;
use crate::seam::kind::{New, calls};
use crate::seam::object::{RawObject as _, Signal, Took};
use crate::system::Object;
use crate::{Disposition, ErrorKind, LockGuard, ObjectKind, ObjectName, OpenOptions, Result, SyncOptions};

/// A lock that processes share and one thread owns (rule C22).
///
/// The thread that owns it may lock it again, through this handle or another one of the same mutex; it is free when the
/// last guard is dropped. When its owner dies (the process or only the thread), the next owner gets the lock and is
/// told that it was abandoned. No fairness is promised.
///
/// # Platform-specific behavior
/// On Windows it is the kernel's mutex of that name, which a C program may share. On Linux it is a word in the object's
/// page, which waiters sleep on. Waiters notice an owner's death by asking the kernel for its claim, every 20 ms and at
/// the beginning of a wait. In a forked child (without exec) copies of a mutex return an error: open it there.
#[derive(Clone)]
pub struct Mutex(pub(super) Named);

impl Mutex {
    /// Creates a mutex without an owner; the name must be free.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create`](crate::Region::create).
    pub fn create(name: &ObjectName, options: &SyncOptions) -> Result<Mutex> {
        Ok(Mutex(Named::get(name, Ask::Create((New::Mutex, options)))?.0))
    }

    /// Opens the mutex with the name, or creates one, and returns which of the two happened.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create_or_open`](crate::Region::create_or_open).
    pub fn create_or_open(name: &ObjectName, options: &SyncOptions) -> Result<(Mutex, Disposition)> {
        let (named, disposition) = Named::get(name, Ask::CreateOrOpen((New::Mutex, options)))?;
        Ok((Mutex(named), disposition))
    }

    /// Opens the mutex with the name.
    ///
    /// # Errors
    /// Those of [`Region::open`](crate::Region::open), and [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for
    /// options that ask for less than reading and writing.
    pub fn open(name: &ObjectName, options: &OpenOptions) -> Result<Mutex> {
        Named::open(name, ObjectKind::Mutex, options).map(Mutex)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        &self.0.site
    }
}

impl<S: Site> Handle<S> {
    #[inline]
    pub(super) fn lock_for(&self, timeout: Option<Duration>) -> Result<Option<MutexGuard<'_>>> {
        match self.object.lock(timeout) {
            Ok(Took::Signal) => Ok(Some(MutexGuard::of(&self.object))),
            Ok(Took::Nothing) => Ok(None),
            Err(failure) => Err(self.failed(failure, calls(ObjectKind::Mutex).wait)),
        }
    }
}

impl<S: Site> Handle<S> {
    #[inline]
    pub(super) fn unlock(&self) -> Result<()> {
        const UNLOCK: &str = "give the mutex up";
        if !self.object.is_owned() {
            return Err(self.context(UNLOCK).error(ErrorKind::NotOwner));
        }
        self.signal(Signal::GiveUp, UNLOCK).map(|_| ())
    }
}

impl Mutex {
    #[inline]
    fn unlock_within(&self) -> Result<()> {
        self.0.unlock()
    }

    #[inline]
    fn lock_within(&self, timeout: Option<Duration>) -> Result<Option<MutexGuard<'_>>> {
        self.0.lock_for(timeout)
    }
}

/// The calls of mutexes, named or inside a region.
macro_rules! lockable {
    ($mutex:ty, $guard:ident<$life:lifetime $(, $value:ident)?>, [$($bound:tt)*]) => {
        impl<$($bound)*> $mutex {
            /// Waits until this thread owns it. An owner that locks it again owns it once more.
            ///
            /// # Errors
            /// When the lock's state was destroyed, or the system fails;
            /// [`Unsupported`](crate::ErrorKind::Unsupported) in a forked child, which opens it anew.
            #[inline]
            pub fn lock(&self) -> crate::Result<$guard<'_ $(, $value)?>> {
                loop {
                    if let Some(guard) = self.lock_within(None)? {
                        return Ok(guard);
                    }
                }
            }

            /// Waits for at most `timeout` to own it; `None` when time ran out.
            ///
            /// # Errors
            /// Those of [`lock`](Self::lock).
            #[inline]
            pub fn lock_timeout(
                &self,
                timeout: std::time::Duration,
            ) -> crate::Result<Option<$guard<'_ $(, $value)?>>> {
                self.lock_within(Some(timeout))
            }

            /// Takes it if it is free or its owner died; `None` when it is owned.
            ///
            /// # Errors
            /// Those of [`lock`](Self::lock).
            #[inline]
            pub fn try_lock(&self) -> crate::Result<Option<$guard<'_ $(, $value)?>>> {
                self.lock_within(Some(std::time::Duration::ZERO))
            }

            /// Gives it up once, in place of a guard that this thread [forgot](std::mem::forget): for callers that can
            /// keep no guard, such as a library for C.
            ///
            /// # Errors
            /// [`NotOwner`](crate::ErrorKind::NotOwner) when this thread does not own it.
            ///
            /// # Safety
            /// Each call stands for one forgotten guard of this thread, through any handle of this mutex. Where a guard
            /// is alive in its place, dropping it later gives up another thread's ownership.
            #[inline]
            pub unsafe fn unlock_forgotten(&self) -> crate::Result<()> {
                self.unlock_within()
            }
        }

        impl<$($bound)*> crate::Lockable for $mutex {
            type Guard<$life>
                = $guard<$life $(, $value)?>
            where
                Self: $life;

            #[inline]
            fn lock_for(
                &self,
                timeout: Option<std::time::Duration>,
            ) -> crate::Result<Option<$guard<'_ $(, $value)?>>> {
                self.lock_within(timeout)
            }
        }
    };
}

pub(super) use lockable;

lockable!(Mutex, MutexGuard<'a>, []);

impl fmt::Debug for Mutex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as("Mutex", f)
    }
}

/// Ownership of a [`Mutex`]. Dropping it gives the mutex up, also in a panic.
///
/// It belongs to the thread that locked, so it cannot be sent to another one. A forgotten guard keeps the mutex owned
/// until the thread ends, which abandons it.
///
/// # Platform-specific behavior
/// All guards of a thread on one mutex tell whether it was [`abandoned`](MutexGuard::abandoned). On Windows, those of a
/// handle that was opened later do not.
#[must_use = "the mutex is given up when the guard is dropped"]
pub struct MutexGuard<'a> {
    mutex: &'a Object,
    stays_in_its_thread: PhantomData<*const ()>,
}

impl<'a> MutexGuard<'a> {
    /// The guard of a mutex that this thread has just taken.
    #[inline]
    pub(super) fn of(mutex: &'a Object) -> MutexGuard<'a> {
        MutexGuard { mutex, stays_in_its_thread: PhantomData }
    }

    pub(super) fn object(&self) -> &'a Object {
        self.mutex
    }
}

impl MutexGuard<'_> {
    /// Whether the previous owner (its process or its thread) died without giving the mutex up: the protected data may
    /// be half-changed. Only the next owner is told, until it gives the mutex up.
    #[must_use]
    pub fn abandoned(&self) -> bool {
        self.mutex.is_abandoned()
    }
}

impl LockGuard for MutexGuard<'_> {
    fn abandoned(&self) -> bool {
        self.abandoned()
    }
}

impl Drop for MutexGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        // It fails only for a thread that does not own the mutex, and this one does.
        let _ = self.mutex.signal(Signal::GiveUp);
    }
}

impl fmt::Debug for MutexGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MutexGuard").field("abandoned", &self.abandoned()).finish_non_exhaustive()
    }
}
