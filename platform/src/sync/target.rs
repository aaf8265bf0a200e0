//! The targets of a wait for the first of several.

use super::bell::Doorbell;
use super::mutex::MutexGuard;
use crate::system::Object;
use crate::{ObjectName, Result};

/// What [`wait_any`](crate::wait_any) waits for. Other crates cannot implement it, because the system makes the wait.
///
/// - *Objects*: a mutex, an event, a semaphore or a timer, named or inside a region. The wait takes what it found: the
///   signal, or the ownership. [`wait_all`](crate::wait_all) takes these alone.
/// - *Readers*: a channel's receiver, a topic's subscriber or viewer, a newer value of a newest value, and a listener. The
///   wait takes nothing from them. It finds that there is something to take, or that the peer has ended, and the reader's
///   next `try_` call says which.
pub trait WaitAny: Send + Sync {
    /// What the wait needs of it.
    #[doc(hidden)]
    fn wait_target(&self) -> WaitTarget<'_>;
}

/// The two sorts of [`WaitAny`].
#[expect(missing_debug_implementations, reason = "it is not public")]
pub enum WaitTarget<'a> {
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

impl<'a> WaitTarget<'a> {
    pub(super) fn of(object: &'a dyn Sealed) -> WaitTarget<'a> {
        WaitTarget::Object(AsObject(object))
    }

    pub(super) fn object(self) -> Option<AsObject<'a>> {
        match self {
            WaitTarget::Object(object) => Some(object),
            WaitTarget::News(_) => None,
        }
    }

    /// What a doorbell announces.
    #[must_use]
    pub fn news(self) -> Option<&'a dyn News> {
        match self {
            WaitTarget::Object(_) => None,
            WaitTarget::News(news) => Some(news),
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

/// What a wait for a reader needs of it.
pub trait News: Send + Sync {
    /// What is rung when there may be news.
    ///
    /// # Errors
    /// When nothing announces them.
    fn bell(&self) -> Result<&Doorbell>;

    /// Whether there is news. That a peer was killed is found only by `asking` the system.
    ///
    /// # Errors
    /// What the system says.
    fn has_come(&self, asking: bool) -> Result<bool>;
}
