//! What a wait for the first of several needs of each.

use super::bell::Doorbell;
use super::mutex::MutexGuard;
use crate::system::Object;
use crate::{ObjectName, Result};

/// What [`wait_any`](crate::wait_any) waits for. Other crates cannot implement it, because the system makes the wait.
///
/// - *Objects*: a mutex, an event, a semaphore or a timer, named or inside a region. The wait takes what it found: the
///   signal, or the ownership. [`wait_all`](crate::wait_all) takes these alone.
/// - *Readers*, and others that wait for a peer: a channel's receiver, a topic's subscriber or viewer, a newer value of a
///   newest value, a listener. The wait takes nothing from them; it finds that there is something to take, or an end to be
///   told of, and their next `try_` call says which.
pub trait WaitAny: Send + Sync {
    /// What the wait needs of it.
    #[doc(hidden)]
    fn awaited(&self) -> Awaited<'_>;
}

/// What the two sorts of [`WaitAny`] are to a wait.
#[expect(missing_debug_implementations, reason = "it is not public")]
pub enum Awaited<'a> {
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

impl<'a> Awaited<'a> {
    pub(super) fn of(object: &'a dyn Sealed) -> Awaited<'a> {
        Awaited::Object(AsObject(object))
    }

    pub(super) fn object(self) -> Option<AsObject<'a>> {
        match self {
            Awaited::Object(object) => Some(object),
            Awaited::News(_) => None,
        }
    }

    /// What a doorbell announces.
    #[must_use]
    pub fn news(self) -> Option<&'a dyn News> {
        match self {
            Awaited::Object(_) => None,
            Awaited::News(news) => Some(news),
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

/// What a reader has for the one that waits for it beside objects.
pub trait News: Send + Sync {
    /// What is rung when there may be news.
    ///
    /// # Errors
    /// When nothing announces them.
    fn bell(&self) -> Result<&Doorbell>;

    /// Whether there are news. That a peer was killed is found only by `asking` the system.
    ///
    /// # Errors
    /// What the system says.
    fn have_come(&self, asking: bool) -> Result<bool>;
}
