//! Objects to wait for, and those inside regions.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::time::Duration;

use bytemuck::Pod;

use super::unsupported;
use crate::{
    Disposition, Due, EventOptions, LockGuard, Lockable, ObjectName, Permits, Result, SemaphoreOptions,
    Settable, Sleepers, SyncOptions, TimerOptions, Trust, View, Waitable, Waited,
};

/// The most objects that one wait takes, on every system.
pub const MAX_OBJECTS: usize = 64;

/// An object without a value, on this system.
macro_rules! named_object {
    ($(#[$doc:meta])* $object:ident, $options:ty, $operation:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $object(Infallible);

        impl $object {
            /// # Errors
            /// [`Unsupported`](crate::ErrorKind::Unsupported).
            pub fn create(_name: &ObjectName, _options: &$options) -> Result<Self> {
                unsupported($operation)
            }

            /// # Errors
            /// [`Unsupported`](crate::ErrorKind::Unsupported).
            pub fn create_or_open(_name: &ObjectName, _options: &$options) -> Result<(Self, Disposition)> {
                unsupported($operation)
            }

            /// # Errors
            /// [`Unsupported`](crate::ErrorKind::Unsupported).
            pub fn open(_name: &ObjectName, _trust: &Trust) -> Result<Self> {
                unsupported($operation)
            }

            /// Its name.
            #[must_use]
            pub fn name(&self) -> &ObjectName {
                match self.0 {}
            }
        }

        impl WaitAny for $object {}
    };
}

named_object!(
    /// A lock that processes share. Not on this system.
    Mutex, SyncOptions, "make a mutex"
);
named_object!(
    /// A flag to wait for. Not on this system.
    Event, EventOptions, "make an event"
);
named_object!(
    /// A number of permits to wait for. Not on this system.
    Semaphore, SemaphoreOptions, "make a semaphore"
);
named_object!(
    /// A due time to wait for. Not on this system.
    Timer, TimerOptions, "make a timer"
);

impl Timer {
    /// # Errors
    /// None: there is no timer.
    pub fn set(&self, _due: Due, _period: Option<Duration>) -> Result<()> {
        match self.0 {}
    }

    /// # Errors
    /// None: there is no timer.
    pub fn cancel(&self) -> Result<()> {
        match self.0 {}
    }
}

/// Ownership of a [`Mutex`]. Not on this system.
#[derive(Debug)]
pub struct MutexGuard<'a> {
    never: Infallible,
    _mutex: PhantomData<(&'a Mutex, *const ())>,
}

impl LockGuard for MutexGuard<'_> {
    fn abandoned(&self) -> bool {
        match self.never {}
    }
}

impl Lockable for Mutex {
    type Guard<'a> = MutexGuard<'a>;

    fn lock_for(&self, _timeout: Option<Duration>) -> Result<Option<MutexGuard<'_>>> {
        match self.0 {}
    }
}

/// A plain-data value inside a region, with the lock that protects it. Not on this system.
#[derive(Debug)]
pub struct SharedMutex<T: Pod> {
    never: Infallible,
    _value: PhantomData<fn() -> T>,
}

impl<T: Pod> SharedMutex<T> {
    /// Bytes of memory that it takes.
    pub const SIZE: usize = 64 + size_of::<T>();

    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported).
    pub fn create(_view: &View, _offset: usize, _value: &T) -> Result<Self> {
        unsupported("make a lock inside a region")
    }

    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported).
    pub fn create_or_open(_view: &View, _offset: usize) -> Result<(Self, Disposition)> {
        unsupported("make a lock inside a region")
    }

    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported).
    pub fn open(_view: &View, _offset: usize) -> Result<Self> {
        unsupported("open a lock inside a region")
    }
}

impl<T: Pod> Lockable for SharedMutex<T> {
    type Guard<'a> = SharedMutexGuard<'a, T>;

    fn lock_for(&self, _timeout: Option<Duration>) -> Result<Option<SharedMutexGuard<'_, T>>> {
        match self.never {}
    }
}

/// Ownership of a [`SharedMutex`]. Not on this system.
#[derive(Debug)]
pub struct SharedMutexGuard<'a, T: Pod> {
    never: Infallible,
    _mutex: PhantomData<(&'a SharedMutex<T>, *const ())>,
}

impl<T: Pod> SharedMutexGuard<'_, T> {
    /// # Errors
    /// None: there is no guard.
    pub fn load(&self) -> Result<T> {
        match self.never {}
    }

    /// # Errors
    /// None: there is no guard.
    pub fn store(&self, _value: &T) -> Result<()> {
        match self.never {}
    }

    /// # Errors
    /// None: there is no guard.
    pub fn update(&self, _change: impl FnOnce(T) -> T) -> Result<T> {
        match self.never {}
    }
}

impl<T: Pod> LockGuard for SharedMutexGuard<'_, T> {
    fn abandoned(&self) -> bool {
        match self.never {}
    }
}

/// An object inside a region without a value, on this system.
macro_rules! inside_object {
    ($(#[$doc:meta])* $object:ident, $options:ty, $operation:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $object(Infallible);

        impl $object {
            /// Bytes of memory that it takes.
            pub const SIZE: usize = 64;

            /// # Errors
            /// [`Unsupported`](crate::ErrorKind::Unsupported).
            pub fn create(_view: &View, _offset: usize, _options: &$options) -> Result<Self> {
                unsupported($operation)
            }

            /// # Errors
            /// [`Unsupported`](crate::ErrorKind::Unsupported).
            pub fn create_or_open(
                _view: &View,
                _offset: usize,
                _options: &$options,
            ) -> Result<(Self, Disposition)> {
                unsupported($operation)
            }

            /// # Errors
            /// [`Unsupported`](crate::ErrorKind::Unsupported).
            pub fn open(_view: &View, _offset: usize) -> Result<Self> {
                unsupported($operation)
            }
        }

        impl WaitAny for $object {}
    };
}

inside_object!(
    /// An event inside a region. Not on this system.
    SharedEvent, EventOptions, "make an event inside a region"
);
inside_object!(
    /// A semaphore inside a region. Not on this system.
    SharedSemaphore, SemaphoreOptions, "make a semaphore inside a region"
);

/// Wakes those who wait for something to appear in shared memory. Not on this system.
#[derive(Clone, Debug)]
pub struct Doorbell(Infallible);

impl Doorbell {
    /// Bytes of memory that it takes.
    pub const SIZE: usize = 64;

    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported).
    pub fn at(_view: &View, _offset: usize, _sleepers: Sleepers) -> Result<Doorbell> {
        unsupported("make a doorbell inside a region")
    }

    /// Wakes whoever sleeps.
    pub fn ring(&self) {
        match self.0 {}
    }

    /// Sleeps until somebody rings.
    pub fn sleep(&self, _limit: Duration, _changed: impl FnOnce() -> bool) {
        match self.0 {}
    }

    /// Makes ringing cheaper.
    pub fn relax(&self) {
        match self.0 {}
    }

    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported).
    pub fn sleep_on_any(
        _bells: &[&Doorbell],
        _limit: Duration,
        _changed: impl FnOnce() -> bool,
    ) -> Result<()> {
        unsupported("sleep on several doorbells")
    }
}

/// A role in a region that one holder at a time has. Not on this system.
#[derive(Debug)]
pub struct Seat(Infallible);

impl Seat {
    /// Bytes of memory that it takes.
    pub const SIZE: usize = 64;

    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported).
    pub fn take(_view: &View, _offset: usize) -> Result<Option<Seat>> {
        unsupported("take a seat inside a region")
    }

    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported).
    pub fn is_taken(_view: &View, _offset: usize) -> Result<bool> {
        unsupported("look at a seat inside a region")
    }

    /// Whether this process holds it.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        match self.0 {}
    }
}

macro_rules! waitable {
    ($($object:ty),*) => {$(
        impl Waitable for $object {
            fn wait_for(&self, _timeout: Option<Duration>) -> Result<Waited> {
                match self.0 {}
            }
        }
    )*};
}

waitable!(Event, Semaphore, Timer, SharedEvent, SharedSemaphore);

macro_rules! settable {
    ($($object:ty),*) => {$(
        impl Settable for $object {
            fn set(&self) -> Result<()> {
                match self.0 {}
            }

            fn reset(&self) -> Result<()> {
                match self.0 {}
            }
        }
    )*};
}

settable!(Event, SharedEvent);

macro_rules! permits {
    ($($object:ty),*) => {$(
        impl Permits for $object {
            fn release(&self, _count: u32) -> Result<u32> {
                match self.0 {}
            }
        }
    )*};
}

permits!(Semaphore, SharedSemaphore);

/// An object that [`wait_any`] takes. There is none on this system.
pub trait WaitAny {}

/// Which object a wait took.
#[derive(Debug)]
#[must_use]
pub struct Woken<'a> {
    never: Infallible,
    _guard: PhantomData<MutexGuard<'a>>,
}

impl<'a> Woken<'a> {
    /// Its place in the list.
    #[must_use]
    pub fn index(&self) -> usize {
        match self.never {}
    }

    /// The guard, where it was a mutex.
    pub fn into_guard(self) -> Option<MutexGuard<'a>> {
        match self.never {}
    }
}

/// Waits for several objects.
///
/// # Errors
/// [`Unsupported`](crate::ErrorKind::Unsupported).
pub fn wait_any<'a>(_objects: &[&'a dyn WaitAny], _timeout: Option<Duration>) -> Result<Option<Woken<'a>>> {
    unsupported("wait for several objects")
}
