//! Objects of every kind: a handle of the kernel object, and the header of one inside a region.

use std::cell::Cell;
use std::collections::HashSet;
use std::os::windows::io::{AsHandle as _, BorrowedHandle, OwnedHandle};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use std::{io, mem};

use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_INVALID_PARAMETER, ERROR_TOO_MANY_POSTS};
use windows_sys::Win32::System::Threading::GetCurrentThreadId;

use super::inside::{Arrival, id_of, write_down};
use super::kernel::{release_mutex, release_semaphore, reset_event, set_event};
use super::named;
use super::query::{event_signal, mutex_is_ours, semaphore_facts};
use super::timer::{cancel_timer, set_timer};
use super::wait::{Outcome, signal_and_wait, wait, wait_all};
use crate::contract::context::Operation;
use crate::seam::header::Ownership;
use crate::seam::kind::New;
use crate::seam::object::{AskObject, Failure, Fill, RawObject, Reason, Signal, Took, TookAll};
use crate::seam::place::Place;
use crate::windows::error::code_of;
use crate::words::Until;
use crate::{Disposition, ErrorKind, ObjectKind, ObjectName, Result};

/// An object that is open in this process.
#[derive(Clone)]
pub(crate) struct Object(Arc<Open>);

struct Open {
    handle: Arc<OwnedHandle>,
    kind: ObjectKind,
    /// Where its header lies, when it is inside a region.
    place: Option<Place>,
    /// For a named mutex: the thread of this process that owns it through this handle. Only the owner writes it, so the
    /// kernel's mutex orders the writes.
    ownership: Ownership,
    /// How often a mutex was taken through this handle and not given up.
    guards: AtomicU32,
}

impl Object {
    fn new(handle: OwnedHandle, kind: ObjectKind, place: Option<&Place>) -> Object {
        Object(Arc::new(Open {
            handle: Arc::new(handle),
            kind,
            place: place.cloned(),
            ownership: Ownership::default(),
            guards: AtomicU32::new(0),
        }))
    }

    pub(super) fn handle(&self) -> BorrowedHandle<'_> {
        self.0.handle.as_handle()
    }

    pub(super) fn kind(&self) -> ObjectKind {
        self.0.kind
    }

    /// Records that a wait for the handle has taken the signal or the ownership.
    pub(super) fn was_taken(&self, owner_before_died: bool) {
        self.0.taken(owner_before_died);
    }
}

impl RawObject for Object {
    fn named(name: &ObjectName, ask: AskObject<'_>, operation: Operation) -> Result<(Self, Disposition)> {
        let kind = ask.kind();
        let (handle, disposition) = named::get(name, ask, operation)?;
        Ok((Object::new(handle, kind, None), disposition))
    }

    fn make_inside(
        place: &Place,
        new: New,
        fill: Fill<'_>,
        operation: Operation,
    ) -> Result<(Self, Disposition)> {
        let (handle, disposition) = Arrival::new(place, new.kind(), operation)?.make_or_open(new, fill)?;
        Ok((Object::new(handle, new.kind(), Some(place)), disposition))
    }

    fn open_inside(place: &Place, kind: ObjectKind, operation: Operation) -> Result<Self> {
        let handle = Arrival::new(place, kind, operation)?.open()?;
        Ok(Object::new(handle, kind, Some(place)))
    }

    fn wait_any(objects: &[&Self], timeout: Option<Duration>) -> Result<Option<usize>, Failure> {
        let handles: Vec<_> = objects.iter().map(|object| object.handle()).collect();
        let (index, died) = match wait(&handles, Until::after(timeout))? {
            Outcome::TimedOut => return Ok(None),
            Outcome::Signalled(index) => (index, false),
            Outcome::Abandoned(index) => (index, true),
        };
        objects[index].0.taken(died);
        Ok(Some(index))
    }

    fn wait_all(objects: &[&Self], timeout: Option<Duration>) -> Result<Option<TookAll>, Failure> {
        check_places(objects)?;
        let handles: Vec<_> = objects.iter().map(|object| object.handle()).collect();
        let found =
            match wait_all(&handles, Until::after(timeout)).map_err(|cause| cannot_wait(objects, cause))? {
                Outcome::TimedOut => return Ok(None),
                Outcome::Signalled(_) => TookAll::InOrder,
                Outcome::Abandoned(_) => TookAll::Abandoned,
            };
        for object in objects {
            // The kernel does not say whose owner died.
            object.0.taken(found == TookAll::Abandoned && !object.0.is_ours());
        }
        Ok(Some(found))
    }

    fn signal_and_wait(
        &self,
        signal: Signal,
        other: &Self,
        timeout: Option<Duration>,
    ) -> Result<Took, Failure> {
        // A signal inside a region is stored there before the wait, and a semaphore's refusal is told apart.
        if self.0.place.is_some() || matches!(signal, Signal::Release(_)) {
            self.signal(signal).map_err(|failure| failure.of_object(0))?;
            return other.wait(timeout).map_err(|failure| failure.of_object(1));
        }
        if let Signal::GiveUp = signal {
            self.0.before_giving_up();
        }
        let died = match signal_and_wait(self.handle(), other.handle(), Until::after(timeout))
            .map_err(|cause| refusal(self.handle(), cause).of_object(0))?
        {
            Outcome::TimedOut => return Ok(Took::Nothing),
            Outcome::Signalled(_) => false,
            Outcome::Abandoned(_) => true,
        };
        other.0.taken(died);
        Ok(Took::Signal)
    }

    fn signal(&self, signal: Signal) -> Result<u32, Failure> {
        let handle = self.handle();
        let done = match signal {
            Signal::Set => set_event(handle).map(|()| 0),
            Signal::Reset => reset_event(handle).map(|()| 0),
            Signal::Release(count) => release_semaphore(handle, count),
            Signal::GiveUp => {
                self.0.before_giving_up();
                release_mutex(handle).map(|()| 0)
            }
            Signal::Start { due, period } => set_timer(handle, due, period).map(|()| 0),
            Signal::Cancel => cancel_timer(handle).map(|()| 0),
        };
        let before = done.map_err(|cause| refusal(handle, cause))?;
        self.0.write_signal_down();
        Ok(before)
    }

    fn is_owned(&self) -> bool {
        // A user that may not ask finds out by giving it up.
        mutex_is_ours(self.handle()).unwrap_or(true)
    }

    fn is_abandoned(&self) -> bool {
        self.0.ownership().abandoned.load(Ordering::Relaxed) != 0
    }
}

/// Finds an object that was opened twice inside a region. The kernel compares the handles, and Windows' own also the
/// objects.
fn check_places(objects: &[&Object]) -> Result<(), Failure> {
    let mut ids = HashSet::with_capacity(objects.len());
    let is_new = |object: &&Object| {
        let place = object.0.place.as_ref();
        place.and_then(|place| id_of(place.header())).is_none_or(|id| ids.insert(id))
    };
    match objects.iter().map(is_new).position(|is_new| !is_new) {
        Some(index) => Err(Failure::twice(index)),
        None => Ok(()),
    }
}

/// The kernel refuses a wait for all with one invalid parameter: an object that is there twice.
#[cold]
fn cannot_wait(objects: &[&Object], cause: io::Error) -> Failure {
    match code_of(&cause) {
        ERROR_INVALID_PARAMETER => Failure::twice(objects.len() - 1),
        _ => cause.into(),
    }
}

#[cold]
fn refusal(object: BorrowedHandle<'_>, cause: io::Error) -> Failure {
    const WAITS_ONLY: &str = "this user may wait for the object and may not change it; ask its owner for the right to modify its state";
    match code_of(&cause) {
        ERROR_TOO_MANY_POSTS => too_many(object).into(),
        ERROR_ACCESS_DENIED => {
            Reason { detail: Some(WAITS_ONLY.into()), cause: Some(cause), ..ErrorKind::AccessDenied.into() }
                .into()
        }
        _ => cause.into(),
    }
}

/// The error for a semaphore over its maximum, which its DACL may hide.
fn too_many(semaphore: BorrowedHandle<'_>) -> ErrorKind {
    ErrorKind::LimitExceeded { maximum: semaphore_facts(semaphore).ok().map(|facts| facts.maximum) }
}

impl Open {
    /// Records that a wait has taken the signal or the ownership.
    fn taken(&self, owner_before_died: bool) {
        if self.kind == ObjectKind::Mutex {
            self.owned(owner_before_died);
        } else {
            self.write_signal_down();
        }
    }

    /// Stores the signal in the header, for a process that opens the object when no other one has it open.
    fn write_signal_down(&self) {
        let Some(place) = &self.place else { return };
        let handle = self.handle.as_handle();
        match self.kind {
            ObjectKind::Event => write_down(place.header(), || event_signal(handle)),
            ObjectKind::Semaphore => {
                write_down(place.header(), || semaphore_facts(handle).map(|facts| facts.count));
            }
            _ => {}
        }
    }

    fn ownership(&self) -> &Ownership {
        self.place.as_ref().map_or(&self.ownership, |place| &place.header().ownership)
    }

    /// Whether this thread owns the mutex, through this handle.
    fn is_ours(&self) -> bool {
        let this_thread = if self.place.is_some() { thread_of_machine() } else { thread_number() };
        self.ownership().owner.load(Ordering::Relaxed) == this_thread
    }

    /// Records that this thread owns the mutex, for the first time or once more.
    fn owned(&self, owner_before_died: bool) {
        let ownership = self.ownership();
        let owner = ownership.owner.load(Ordering::Relaxed);
        let (this_thread, is_stale) = match self.place {
            // Another thread's number is left from a thread that has ended, which another handle may have reported.
            None => (thread_number(), false),
            // If an owner is still recorded while the kernel grants the mutex, it has died, even when the kernel object
            // ended with it and cannot tell.
            Some(_) => (thread_of_machine(), owner != NOBODY),
        };
        if owner_before_died || owner != this_thread {
            ownership.abandoned.store((owner_before_died || is_stale).into(), Ordering::Relaxed);
            ownership.depth.store(0, Ordering::Relaxed);
            ownership.owner.store(this_thread, Ordering::Relaxed);
        }
        ownership.depth.fetch_add(1, Ordering::Relaxed);
        self.guards.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that this thread gives the mutex up once.
    fn before_giving_up(&self) {
        let ownership = self.ownership();
        // A peer may have overwritten the number, so it stops at zero.
        let depth = ownership.depth.load(Ordering::Relaxed).saturating_sub(1);
        ownership.depth.store(depth, Ordering::Relaxed);
        if depth == 0 {
            ownership.abandoned.store(0, Ordering::Relaxed);
            ownership.owner.store(NOBODY, Ordering::Relaxed);
        }
        self.guards.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // No guard can be borrowed any more, so these were forgotten, and a forgotten guard keeps the lock owned. The
        // kernel object must then live as long as this process.
        if self.place.is_some() && *self.guards.get_mut() != 0 {
            mem::forget(Arc::clone(&self.handle));
        }
    }
}

const NOBODY: u64 = 0;

/// A number of this thread that no other thread of the process has or will have, unlike the system's.
fn thread_number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(NOBODY);
    thread_local! {
        static MINE: Cell<u64> = const { Cell::new(NOBODY) };
    }
    MINE.with(|mine| {
        if mine.get() == NOBODY {
            mine.set(LAST.fetch_add(1, Ordering::Relaxed) + 1);
        }
        mine.get()
    })
}

/// This thread's number on the whole machine. A dead thread may have had the same one; then its lock is not reported as
/// abandoned if the kernel object ended with it.
fn thread_of_machine() -> u64 {
    // SAFETY: a call without arguments.
    let thread = unsafe { GetCurrentThreadId() };
    u64::from(std::process::id()) << 32 | u64::from(thread)
}
