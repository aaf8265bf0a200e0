//! The traits of objects to wait for, for generic code (rules C22 to C27).
//!
//! Named objects ([`Mutex`](crate::Mutex), [`Event`](crate::Event), [`Semaphore`](crate::Semaphore),
//! [`Timer`](crate::Timer)) and the objects inside a region have the same calls as inherent methods, and implement
//! these traits.

use std::time::{Duration, SystemTime};

use crate::{Permissions, Result, Trust};

/// An object that can be signalled and waited for: an event, a semaphore, a timer.
///
/// Timeouts run on a monotonic clock. A timeout of zero polls, and one too long for the system waits for ever.
pub trait Waitable {
    /// Waits for at most `timeout`; `None` is for ever. `false` when time ran out; then nothing was taken.
    ///
    /// # Errors
    /// When the object's state was destroyed, or the system fails.
    fn wait_for(&self, timeout: Option<Duration>) -> Result<bool>;

    /// Waits for ever.
    ///
    /// # Errors
    /// Those of [`wait_for`](Self::wait_for).
    fn wait(&self) -> Result<()> {
        self.wait_for(None).map(|_| ())
    }

    /// Takes the signal without waiting; `false` when there is none.
    ///
    /// # Errors
    /// Those of [`wait_for`](Self::wait_for).
    fn try_wait(&self) -> Result<bool> {
        self.wait_for(Some(Duration::ZERO))
    }

    /// Waits for at most `timeout`; `false` when time ran out.
    ///
    /// # Errors
    /// Those of [`wait_for`](Self::wait_for).
    fn wait_timeout(&self, timeout: Duration) -> Result<bool> {
        self.wait_for(Some(timeout))
    }
}

/// An object that can be set and unset: an event.
pub trait Settable: Waitable {
    /// Sets it: an auto-reset event lets one waiter through, a manual-reset event every waiter.
    ///
    /// # Errors
    /// When the object's state was destroyed, or the system fails.
    fn set(&self) -> Result<()>;

    /// Unsets it.
    ///
    /// # Errors
    /// Those of [`set`](Self::set).
    fn reset(&self) -> Result<()>;
}

/// An object with permits: a semaphore.
pub trait Permits: Waitable {
    /// Gives `count` permits back and returns how many there were before.
    ///
    /// # Errors
    /// [`LimitExceeded`](crate::ErrorKind::LimitExceeded) when there would be more than the maximum; then
    /// nothing is changed. [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a count of zero.
    fn release(&self, count: u32) -> Result<u32>;
}

/// A lock that tells its next owner when an owner died: a mutex.
pub trait Lockable {
    /// Proof of ownership. Dropping it gives the lock up.
    type Guard<'a>: LockGuard
    where
        Self: 'a;

    /// Waits for at most `timeout` to own the lock; `None` is for ever. The answer is `None` when time ran out.
    ///
    /// A thread that owns it already owns it once more, and gives it up as often.
    ///
    /// # Errors
    /// When the lock's state was destroyed, or the system fails.
    fn lock_for(&self, timeout: Option<Duration>) -> Result<Option<Self::Guard<'_>>>;

    /// Waits for ever.
    ///
    /// # Errors
    /// Those of [`lock_for`](Self::lock_for).
    #[inline]
    fn lock(&self) -> Result<Self::Guard<'_>> {
        loop {
            if let Some(guard) = self.lock_for(None)? {
                return Ok(guard);
            }
        }
    }

    /// Takes the lock if it is free or its owner died.
    ///
    /// # Errors
    /// Those of [`lock_for`](Self::lock_for).
    #[inline]
    fn try_lock(&self) -> Result<Option<Self::Guard<'_>>> {
        self.lock_for(Some(Duration::ZERO))
    }

    /// Waits for at most `timeout`.
    ///
    /// # Errors
    /// Those of [`lock_for`](Self::lock_for).
    #[inline]
    fn lock_timeout(&self, timeout: Duration) -> Result<Option<Self::Guard<'_>>> {
        self.lock_for(Some(timeout))
    }
}

/// Ownership of a lock.
pub trait LockGuard {
    /// Whether the previous owner (its process or its thread) died without giving the lock up: the protected data may
    /// be half-changed. Only the next owner is told, until it gives the lock up.
    fn abandoned(&self) -> bool;
}

/// How many waiters a signal lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reset {
    /// One waiter gets through, which unsets the object.
    Auto,
    /// Every waiter gets through until the object is reset.
    Manual,
}

/// How many threads may sleep on a [`Doorbell`](crate::internal::Doorbell) at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sleepers {
    /// One at a time: the receiver of a channel.
    One,
    /// Any number, in any number of processes. On Windows a wake-up may come up to 80 ms late when one sleeper arrives
    /// as another one is woken.
    Many,
}

/// The permissions of a new object to wait for, and the owners whose objects *create or open* accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct SyncOptions {
    permissions: Permissions,
    trust: Trust,
}

impl SyncOptions {
    /// A new object for its owner alone.
    pub fn new() -> Self {
        SyncOptions::default()
    }
}

permissions_and_trust!(SyncOptions {
    /// Lets other users open the object. Waiting needs write access, so a read-only share is of no use here.
    permissions,
    /// The owners whose objects are accepted when one is opened.
    trust
});

/// When a timer is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// After this time, on a monotonic clock.
    After(Duration),
    /// At this time of day. Setting the system's clock moves it, as on Win32; a past time is due at once.
    At(SystemTime),
}
