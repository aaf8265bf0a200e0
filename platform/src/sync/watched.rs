//! What tasks and event loops can wait for, and a thread's sleep on many of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::bell::Doorbell;
use super::count::check_count;
use super::event::Event;
use super::inside::{SharedEvent, SharedSemaphore};
use super::semaphore::Semaphore;
use super::target::Sealed;
use super::timer::Timer;
use crate::contract::context::Context;
use crate::seam::watch::RawWatch as _;
use crate::system::{Bell, Watch};
use crate::words::bell;
use crate::{ObjectName, Result};

/// What a [`Readiness`](crate::sync::Readiness), or a task, waits for. Other crates cannot implement it.
///
/// - An event, a semaphore or a timer, with a name or inside a region: its signal is taken.
/// - A channel's receiver or sender, a topic's subscriber, viewer or publisher, a newer value of a newest value, a
///   listener: nothing is taken, and its own next `try_` call finds what there is.
///
/// A mutex is none: a thread owns it, and neither a task nor an event loop's callback stays on one thread. Lock it in a
/// thread that may block, or use a semaphore with one permit.
pub trait Awaitable: Send + Sync {
    /// Begins a wait.
    #[doc(hidden)]
    fn watched(&self) -> Result<Arc<dyn Watched>>;
}

/// A wait that has begun.
pub trait Watched: Send + Sync + 'static {
    /// What a thread sleeps on.
    fn alarm(&self) -> Alarm<'_>;

    /// Whether there may be news, since the last look.
    fn is_ready(&self) -> bool;

    /// Whether to look again though nothing woke the thread: the peers have ended. Asked every 80 ms, without a lock.
    fn is_over(&self) -> bool;

    /// Takes what is awaited, if it is there, and begins the next wait.
    ///
    /// # Errors
    /// Those of the object's wait.
    fn try_take(&self) -> Result<bool>;
}

/// What wakes a thread.
#[derive(Clone, Copy, Debug)]
pub enum Alarm<'a> {
    /// A doorbell that its peers ring.
    Bell(&'a Doorbell),
    /// An object.
    Object(&'a WatchedObject),
}

/// A wait for an object.
pub struct WatchedObject {
    watch: Watch,
    name: Option<ObjectName>,
}

impl Watched for WatchedObject {
    fn alarm(&self) -> Alarm<'_> {
        Alarm::Object(self)
    }

    fn is_ready(&self) -> bool {
        self.watch.is_ready()
    }

    fn is_over(&self) -> bool {
        false
    }

    fn try_take(&self) -> Result<bool> {
        let context = Context { operation: "wait for the object", name: self.name.as_ref() };
        self.watch.try_take().map_err(|failure| failure.in_call(context))
    }
}

impl fmt::Debug for WatchedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchedObject").field("name", &self.name).finish_non_exhaustive()
    }
}

macro_rules! awaitable {
    ($($object:ident),*) => {$(
        impl Awaitable for $object {
            fn watched(&self) -> Result<Arc<dyn Watched>> {
                let name = Sealed::name(self).cloned();
                Ok(Arc::new(WatchedObject { watch: Watch::begin(self.object()), name }))
            }
        }
    )*};
}

awaitable!(Event, Semaphore, Timer, SharedEvent, SharedSemaphore);

/// Sleeps until one of up to 64 alarms wakes the thread, for at most `limit` and at most 80 ms, unless `changed` says
/// that there is something already. May wake spuriously.
pub(super) fn sleep_on_any(
    alarms: &[Alarm<'_>],
    limit: Duration,
    changed: impl FnOnce() -> bool,
) -> Result<()> {
    check_count(alarms.len(), "sleep on any of the alarms")?;
    let (mut bells, mut watches): (Vec<&Bell>, Vec<&Watch>) = (Vec::new(), Vec::new());
    for alarm in alarms {
        match alarm {
            Alarm::Bell(doorbell) => bells.push(doorbell.raw()),
            Alarm::Object(object) => watches.push(&object.watch),
        }
    }
    bell::sleep_with(&bells, limit, changed, |limit| Watch::sleep_on_any(&bells, &watches, limit));
    Ok(())
}
