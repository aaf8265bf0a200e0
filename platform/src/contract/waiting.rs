//! Objects to wait for: what they have in common on every system, for generic code (rules C22 to C27).
//!
//! Named objects ([`Mutex`](crate::Mutex), [`Event`](crate::Event), [`Semaphore`](crate::Semaphore),
//! [`Timer`](crate::Timer)) and those that lie inside a region have the same calls of their own, and implement these traits.

use std::time::{Duration, SystemTime};

use crate::{Permissions, Result, Trust};

/// Something that is signalled, and can be waited for: an event, a semaphore, a timer.
///
/// Timeouts run against a clock that nobody sets. A timeout of zero polls. A timeout too long for the
/// system means for ever.
pub trait Waitable {
    /// Waits for at most `timeout`; `None` is for ever. `false` when time ran out, and then nothing was taken.
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

    /// Takes what can be had without waiting; `false` when there is nothing.
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

/// Something that is set and unset: an event.
pub trait Settable: Waitable {
    /// Sets it: one waiter gets through an auto-reset event, every waiter through a manual-reset one.
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

/// Something with permits: a semaphore.
pub trait Permits: Waitable {
    /// Gives `count` permits back and returns how many there were before.
    ///
    /// # Errors
    /// [`LimitExceeded`](crate::ErrorKind::LimitExceeded) when there would be more than the maximum; then
    /// nothing is changed. [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a count of zero.
    fn release(&self, count: u32) -> Result<u32>;
}

/// A lock whose owner's death is told to the next one: a mutex.
pub trait Lockable {
    /// Proof of ownership, which gives it up when dropped.
    type Guard<'a>: LockGuard
    where
        Self: 'a;

    /// Waits for at most `timeout` to own it; `None` is for ever. The answer is `None` when time ran out.
    ///
    /// A thread that owns it already owns it once more.
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

    /// Takes it if nobody owns it, or its owner died.
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
    /// Whether the owner before died (its process, or its thread) without giving the lock up: what the
    /// lock protects may be half-changed. It is told to the one next owner, until that one gives the lock
    /// up.
    fn abandoned(&self) -> bool;
}

/// Who lets a waiter through, and what becomes of the signal then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reset {
    /// One waiter gets through, and the object is unset.
    Auto,
    /// Every waiter gets through until the object is reset.
    Manual,
}

/// How many may sleep on a [`Doorbell`](crate::sync::Doorbell) at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sleepers {
    /// One at a time: the receiver of a channel.
    One,
    /// Any number, in any number of processes. A wake-up may then come up to 80 ms late, where one sleeper arrives in
    /// the instant in which another one is woken (Windows only).
    Many,
}

/// How a new object to wait for is shared, and whose object *create or open* accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct SyncOptions {
    permissions: Permissions,
    trust: Trust,
}

impl SyncOptions {
    /// For its owner alone.
    pub fn new() -> Self {
        SyncOptions::default()
    }

    /// Lets others in. Whoever is let in must be able to write, so read-only shares serve nobody here.
    pub fn permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = permissions;
        self
    }

    /// Whose object is accepted when it is opened.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Who beside the owner is let in.
    #[must_use]
    pub const fn asked_permissions(&self) -> Permissions {
        self.permissions
    }

    /// Whose object is accepted.
    #[must_use]
    pub const fn accepted(&self) -> &Trust {
        &self.trust
    }
}

/// When a timer is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// After this long, on a clock that nobody sets.
    After(Duration),
    /// At this time of day. A clock that is set later moves it (Win32 does the same); a time gone by is
    /// due at once.
    At(SystemTime),
}
