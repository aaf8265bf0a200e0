//! Objects inside a region: their state in the region, and their kernel objects.
//!
//! The kernel objects have names from a random id in the header. All arrivals first agree on an id, by one
//! compare-and-swap, and then pass a *gate*, a kernel mutex with a name from the same id. An arrival inside the gate
//! that finds the header untouched fills it. One that is killed inside leaves the gate to the next arrival, with an
//! untouched header; one that is stopped keeps others out for a bounded time.
//!
//! The kernel object ends with its last handle, so it may end while the region lives. The next arrival makes it again,
//! with the signal in the header. That happens inside the gate, too, so no process changes it meanwhile.

use std::io;
use std::os::windows::io::{AsHandle as _, BorrowedHandle, OwnedHandle};
use std::sync::atomic::Ordering;
use std::time::Duration;

use windows_sys::Win32::System::Threading::SYNCHRONIZATION_SYNCHRONIZE;

use super::grants::Grants;
use super::kernel::{Class, release_mutex, release_semaphore, set_event};
use super::named::{create_handle, open_handle};
use super::wait::{Outcome, wait};
use crate::contract::context::{Context, Operation};
use crate::seam::header::{Header, Readiness, reset_of};
use crate::seam::kind::New;
use crate::seam::object::Fill;
use crate::seam::place::Place;
use crate::seam::random::random;
use crate::windows::calls::Created;
use crate::windows::error::{Attempt, is_denied, is_not_found};
use crate::windows::names::WideName;
use crate::windows::security::check_owner;
use crate::words::Until;
use crate::{Disposition, Error, ErrorKind, ObjectKind, ObjectName, Result, SemaphoreOptions, testing};

/// How long an arrival waits for one that was stopped inside the gate: an answer comes within a second.
const PATIENCE: Duration = Duration::from_millis(900);

/// A process that wants the object at a place.
pub(super) struct Arrival<'a> {
    place: &'a Place,
    kind: ObjectKind,
    attempt: Attempt<'static>,
    grants: Grants,
}

impl<'a> Arrival<'a> {
    pub(super) fn new(place: &'a Place, kind: ObjectKind, operation: Operation) -> Result<Self> {
        let attempt = Attempt::new(operation, None).of_kind(kind);
        let region = place.origin(attempt.context)?;
        let grants = region.object.handle().map_or_else(Grants::none, Grants::of);
        Ok(Arrival { place, kind, attempt, grants })
    }

    /// Opens the object, or makes it where there is none.
    pub(super) fn make_or_open(&self, new: New, fill: Fill<'_>) -> Result<(OwnedHandle, Disposition)> {
        let id = id_or_new(self.place.header());
        let (_gate, readiness) = self.enter(id)?;
        match readiness {
            Readiness::Untouched => Ok((self.make(id, new, fill)?, Disposition::Created)),
            _ => Ok((self.open_ready(id)?, Disposition::Opened)),
        }
    }

    /// Opens the object.
    pub(super) fn open(&self) -> Result<OwnedHandle> {
        let id = id_of(self.place.header()).ok_or_else(|| self.damaged())?;
        let (_gate, _) = self.enter(id)?;
        self.open_ready(id)
    }

    /// Passes the gate, and reads the header's state.
    fn enter(&self, id: u64) -> Result<(Gate, Readiness)> {
        let gate = self.pass_gate(id)?;
        testing::reached("inside: gate passed");
        if id_of(self.place.header()) != Some(id) {
            return Err(self.damaged());
        }
        Ok((gate, self.place.header().readiness()))
    }

    fn make(&self, id: u64, new: New, fill: Fill<'_>) -> Result<OwnedHandle> {
        let Created::New(handle) = self.kernel_object(id, new)? else {
            // A kernel object with this random id, but no header: a peer overwrote it.
            return Err(self.damaged());
        };
        testing::reached("inside: made");
        fill(self.place)?;
        let header = self.place.header();
        header.fill(new);
        header.record.store(new.signal().into(), Ordering::Relaxed);
        header.finish();
        Ok(handle)
    }

    fn open_ready(&self, id: u64) -> Result<OwnedHandle> {
        self.place.check(self.kind, self.attempt.context)?;
        match self.kernel_object(id, without_signal(self.written_down()?))? {
            Created::Existing(handle) => Ok(handle),
            Created::New(handle) => {
                testing::reached("inside: remade");
                // Read only now: no other process has the object open or can open it before this one leaves the gate,
                // and all users of the previous one have stored their changes.
                restore(handle.as_handle(), self.written_down()?)
                    .map_err(|cause| self.attempt.failed(cause))?;
                Ok(handle)
            }
        }
    }

    /// The object's state in the header, if it is valid.
    fn written_down(&self) -> Result<New> {
        let header = self.place.header();
        let (setting, signal) = (header.setting(), header.record.load(Ordering::SeqCst) as u32);
        said_by(self.kind, setting, signal).ok_or_else(|| self.damaged())
    }

    fn kernel_object(&self, id: u64, new: New) -> Result<Created<OwnedHandle>> {
        self.named(id, &self.kind.to_string(), new)
    }

    fn pass_gate(&self, id: u64) -> Result<Gate> {
        let created = self.named(id, "gate", New::Mutex)?;
        let (Created::New(handle) | Created::Existing(handle)) = created;
        match wait(&[handle.as_handle()], Until::after(Some(PATIENCE))).map_err(|cause| self.attempt.failed(cause))? {
            Outcome::TimedOut => Err(self.attempt.error(ErrorKind::TimedOut).with_detail(
                "another process was stopped while it initialised or opened this object; let it go on, or end it",
            )),
            Outcome::Signalled(_) | Outcome::Abandoned(_) => Ok(Gate(handle)),
        }
    }

    /// A kernel object with a name from the id. The name is global, because sessions may share a region; only sections
    /// need a privilege for that.
    pub(super) fn named(&self, id: u64, what: &str, new: New) -> Result<Created<OwnedHandle>> {
        let name = kernel_name(id, what)?;
        let created = self
            .grants
            .security(Class::of(new.kind()))
            .and_then(|security| create_handle(&WideName::new(&name), &security, new))
            .map_err(|cause| self.attempt.failed(cause))?;
        if let Created::Existing(handle) = &created {
            check_owner(handle, &self.grants.trust(), self.attempt)?;
        }
        Ok(created)
    }

    /// Whether there is a kernel object with a name from the id.
    pub(super) fn exists(&self, id: u64, what: &str, kind: ObjectKind) -> Result<bool> {
        match open_handle(
            Class::of(kind),
            &WideName::new(&kernel_name(id, what)?),
            SYNCHRONIZATION_SYNCHRONIZE,
        ) {
            Ok(_) => Ok(true),
            Err(cause) if is_not_found(&cause) => Ok(false),
            // Its owner denies the query, so it exists.
            Err(cause) if is_denied(&cause) => Ok(true),
            Err(cause) => Err(self.attempt.failed(cause)),
        }
    }

    #[cold]
    fn damaged(&self) -> Error {
        self.attempt.error(ErrorKind::Damaged)
    }
}

/// Only the process with this gate accesses the header.
struct Gate(OwnedHandle);

impl Drop for Gate {
    fn drop(&mut self) {
        // It cannot fail, because this thread owns the mutex.
        let _ = release_mutex(self.0.as_handle());
    }
}

fn kernel_name(id: u64, what: &str) -> Result<ObjectName> {
    ObjectName::new(format!(r"Global\samemap-{id:016x}-{what}"))
}

/// The id that all arrivals agree on; `None` when it was not chosen yet.
pub(super) fn id_of(header: &Header) -> Option<u64> {
    Some(header.id.load(Ordering::Acquire)).filter(|&id| id != 0)
}

/// The id; chooses a random one if there is none yet.
pub(super) fn id_or_new(header: &Header) -> u64 {
    let new = random().max(1);
    match header.id.compare_exchange(0, new, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => new,
        Err(chosen) => chosen,
    }
}

/// The object's state in a header, if it is valid.
fn said_by(kind: ObjectKind, setting: u32, signal: u32) -> Option<New> {
    match kind {
        ObjectKind::Mutex => Some(New::Mutex),
        ObjectKind::Event if signal <= 1 => {
            Some(New::Event { reset: reset_of(setting)?, is_set: signal == 1 })
        }
        ObjectKind::Semaphore => {
            let nobody_asks = Context { operation: "", name: None };
            New::semaphore(&SemaphoreOptions::new(signal, setting), nobody_asks).ok()
        }
        ObjectKind::Event | ObjectKind::Timer | ObjectKind::Region => None,
    }
}

fn without_signal(new: New) -> New {
    match new {
        New::Event { reset, .. } => New::Event { reset, is_set: false },
        New::Semaphore { maximum, .. } => New::Semaphore { permits: 0, maximum },
        New::Mutex | New::Timer { .. } => new,
    }
}

/// Gives a new kernel object its signal.
fn restore(object: BorrowedHandle<'_>, signalled: New) -> io::Result<()> {
    match signalled {
        New::Event { is_set: true, .. } => set_event(object),
        New::Semaphore { permits: permits @ 1.., .. } => release_semaphore(object, permits).map(|_| ()),
        _ => Ok(()),
    }
}

/// Stores the kernel object's signal in the header, after each change.
///
/// Once all changes are stored, the last store has the present signal: a process that queried the kernel before a later
/// change either finds the record changed, or stores before that change is stored. So the record is right when no
/// process has the kernel object open, unless a process was killed between a change and its store.
pub(super) fn write_down(header: &Header, signal: impl Fn() -> io::Result<u32>) {
    // Bounded, because a peer that overwrites the record must not delay this call.
    for _ in 0..1000 {
        let seen = header.record.load(Ordering::SeqCst);
        let Ok(signal) = signal() else { return };
        let changes = (seen >> 32).wrapping_add(1);
        let new = changes << 32 | u64::from(signal);
        if header.record.compare_exchange(seen, new, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            return;
        }
    }
}
