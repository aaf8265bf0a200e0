//! A descriptor, or a handle, that becomes ready when one of many objects does.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use super::waiter::{AtWaiter, this_process};
use super::watched::{Awaitable, Watched};
use crate::contract::context::Context;
use crate::seam::flag::RawFlag;
use crate::seam::system::RawSystem as _;
use crate::system::System;
use crate::{ErrorKind, Result};

/// One descriptor (on Windows, one handle) that becomes ready when one of any number of objects does: for event loops
/// that know neither this library nor tokio (epoll, libuv, Qt, glib, `WaitForMultipleObjects`).
///
/// ```
/// # use samemap_platform as samemap;
/// use samemap::sync::{EventOptions, Readiness, Reset};
/// use samemap::{Event, ObjectName};
///
/// let name = ObjectName::new(r"Local\Stop")?;
/// # let name = ObjectName::new(format!(r"Local\Stop-{}", std::process::id()))?;
/// let stop = Event::create(&name, &EventOptions::new(Reset::Auto))?;
/// let mut readiness = Readiness::of(&[&stop])?;
/// // Register `readiness` (AsFd, AsHandle) with the loop, for reading and level-triggered; when it is ready:
/// while let Some(index) = readiness.try_take()? {
///     assert_eq!(index, 0);
/// }
/// # stop.set()?;
/// # Ok::<(), samemap::Error>(())
/// ```
///
/// # What ready means
/// - *It is a hint.* One of the objects may be signalled; [`try_take`](Self::try_take) says whether one is, and takes its
///   signal, as `try_wait` does. Another waiter, here or in another process, may have been faster. Then the answer is
///   `None`, and nothing was lost.
/// - *It is a level.* The descriptor stays ready until `try_take` answers `None`, which alone lowers it: neither read it
///   nor reset it. It begins ready, so the loop calls `try_take` at once. Edge-triggered loops may use it too, where they
///   call `try_take` until `None`.
/// - A manual-reset event that is set is reported by each call, as by each wait: reset it, or stop calling.
/// - Of several objects, the one that became ready first is reported first.
/// - Dropping a readiness gives back the signals that it took and `try_take` has not reported yet.
///
/// # Peers
/// From the ends of channels and topics, from listeners and from newest values `try_take` takes nothing. It reports that
/// there may be a message, a value, room or a peer, or that the peer has ended; the loop then makes the end's own `try_`
/// call.
/// - *Receivers, subscribers, viewers and listeners* are reported until their own call finds nothing. The loop may make one
///   call for each report, or call until there is nothing. An end whose peer has ended is reported until it is
///   [removed](Self::remove).
/// - *Senders and publishers* are reported once for each of their calls that found no room, when there is room again. It may
///   be too little for a longer message, whose call finds no room once more.
/// - *Newest values* are reported once for each newest value, and once for each writer that ended.
///
/// A killed peer is noticed within 100 ms. A readiness keeps the memory of what it waits for, and with it the name, until
/// it is dropped or the object is removed.
///
/// # What it costs
/// An object may be in any number of readinesses, and be waited for in other ways at the same time; two that wait on
/// behalf of one end may learn of its peer up to 80 ms late. Threads of this process wait for 63 objects each, on behalf
/// of all readinesses and of all tasks; the first one starts with the first `try_take` that finds nothing.
///
/// In a forked child the copy refuses to work ([`Unsupported`](crate::ErrorKind::Unsupported)): it shares the parent's
/// descriptor. The child makes one of its own.
///
/// # Platform-specific behavior
/// - On Linux it is an `eventfd`, which is readable when it is ready. Nothing is taken before `try_take`.
/// - On Windows it is a manual-reset event. The thread takes an auto-reset event's signal, or a permit, when it comes, and
///   keeps it until `try_take`: until then no other waiter can have it, and it is lost when this process ends. Timers are
///   looked at every 10 ms. A manual-reset event that is reset right after it was set may be missed.
pub struct Readiness {
    // `None` where an object was removed.
    waits: Vec<Option<Waiting>>,
    ready: Arc<Ready>,
    process: usize,
}

struct Waiting {
    place: AtWaiter,
    watched: Arc<dyn Watched>,
    waker: Waker,
}

/// What the waiters' threads report.
struct Ready {
    flag: Box<dyn RawFlag>,
    /// The objects to look at, each once; the flag is raised while there are some.
    indices: Mutex<VecDeque<usize>>,
}

/// Reports one object.
struct Report {
    ready: Arc<Ready>,
    index: usize,
}

const MAKE: &str = "make a descriptor for an event loop";
const TAKE: &str = "take from the objects that are ready";

impl Readiness {
    /// Makes one for these objects, in any number; their indices are those of the list.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for none; those of [`new`](Self::new) and
    /// [`add`](Self::add).
    pub fn of(objects: &[&dyn Awaitable]) -> Result<Readiness> {
        if objects.is_empty() {
            let context = Context { operation: MAKE, name: None };
            return Err(context.invalid("no objects were given; give one or more"));
        }
        let mut readiness = Readiness::new()?;
        for object in objects {
            readiness.add(*object)?;
        }
        Ok(readiness)
    }

    /// Makes one for objects that are [added](Self::add) later.
    ///
    /// # Errors
    /// [`Os`](crate::ErrorKind::Os) when no descriptor, or handle, can be had.
    pub fn new() -> Result<Readiness> {
        let flag = System::lowered_flag(Context { operation: MAKE, name: None })?;
        let ready = Arc::new(Ready { flag, indices: Mutex::default() });
        Ok(Readiness { waits: Vec::new(), ready, process: this_process() })
    }

    /// Adds an object, and returns its index: the lowest that is free. The descriptor becomes ready, so that the loop
    /// looks at the object.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for a reader that no peer wakes, and in a forked child; and what the
    /// system says.
    pub fn add(&mut self, object: &dyn Awaitable) -> Result<usize> {
        self.check_ours()?;
        let index = self.waits.iter().position(Option::is_none).unwrap_or(self.waits.len());
        let waker = Waker::from(Arc::new(Report { ready: Arc::clone(&self.ready), index }));
        let waiting = Waiting { place: AtWaiter::new(), watched: object.watched()?, waker };
        if index == self.waits.len() {
            self.waits.push(None);
        }
        self.waits[index] = Some(waiting);
        self.ready.report(index);
        Ok(index)
    }

    /// Waits for the object with that index no more, and lets go of it; `false` when there is none.
    pub fn remove(&mut self, index: usize) -> bool {
        self.waits.get_mut(index).and_then(Option::take).is_some()
    }

    /// The index of an object that is signalled, whose signal was taken, or of an end with [news](Readiness#peers).
    /// `None` when there is none; then the descriptor becomes ready when there may be one.
    ///
    /// # Errors
    /// Those of the objects' waits; [`Os`](crate::ErrorKind::Os) when no thread can be had to wait;
    /// [`Unsupported`](crate::ErrorKind::Unsupported) in a forked child.
    pub fn try_take(&mut self) -> Result<Option<usize>> {
        self.check_ours()?;
        while let Some(index) = self.ready.first() {
            let Some(waiting) = &mut self.waits[index] else { continue };
            match waiting.take_or_ask() {
                Ok(false) => {}
                took => {
                    // No waiter watches the object now, and it may have more signals.
                    self.ready.put_last(index);
                    return took.map(|_| Some(index));
                }
            }
        }
        Ok(None)
    }

    fn check_ours(&self) -> Result<()> {
        if self.process == this_process() {
            return Ok(());
        }
        let context = Context { operation: TAKE, name: None };
        Err(context
            .error(ErrorKind::Unsupported)
            .with_detail("this is a forked child's copy, and belongs to its parent; make one in the child"))
    }

    pub(crate) fn flag(&self) -> &dyn RawFlag {
        &*self.ready.flag
    }
}

impl Waiting {
    /// Takes the signal, or has the next one reported.
    fn take_or_ask(&mut self) -> Result<bool> {
        let Waiting { place, watched, waker } = self;
        Ok(watched.try_take()? || place.ask(watched, waker)? && watched.try_take()?)
    }
}

impl Ready {
    fn lock(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.indices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first to look at. The last look lowers the flag.
    fn first(&self) -> Option<usize> {
        let mut indices = self.lock();
        let first = indices.pop_front();
        if first.is_none() {
            self.flag.lower();
        }
        first
    }

    fn put_last(&self, index: usize) {
        let mut indices = self.lock();
        if !indices.contains(&index) {
            indices.push_back(index);
        }
    }

    fn report(&self, index: usize) {
        let mut indices = self.lock();
        if !indices.contains(&index) {
            indices.push_back(index);
            self.flag.raise();
        }
    }
}

impl Wake for Report {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ready.report(self.index);
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let objects = self.waits.iter().flatten().count();
        f.debug_struct("Readiness").field("objects", &objects).finish_non_exhaustive()
    }
}
