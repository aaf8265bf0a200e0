//! Objects inside a region: where their state lies, and how their kernel objects are found.
//!
//! The kernel's objects are named from a random id in the header. Everybody who arrives agrees on an id
//! first, by one compare-and-swap, and then passes a *gate*, a kernel mutex with a name from the same id:
//! whoever is inside and finds the header untouched fills it. A gatekeeper that is killed leaves the gate to
//! the next one, and an untouched header; one that is stopped keeps others out for a bounded time.
//!
//! The kernel's object goes with its last handle, and so may go while the region lives. Whoever comes next
//! makes it again, with the signal that the header has written down. That happens inside the gate, too, so
//! nobody changes it meanwhile.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::os::windows::io::{AsHandle as _, BorrowedHandle, OwnedHandle};
use std::sync::Arc;
use std::time::Duration;
use std::{io, mem};

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Threading::SYNCHRONIZATION_SYNCHRONIZE;

use super::grants::Grants;
use super::header::{HEADER_LEN, Header, Readiness, State};
use super::mutex;
use super::object::{Class, CreateCall, Created, Order, create_handle, open_handle};
use super::wait::{Outcome, wait};
use crate::memory::Mapped;
use crate::windows::error::{Attempt, is_denied, is_not_found};
use crate::windows::names::WideName;
use crate::windows::region::check_owner;
use crate::{Access, Disposition, Error, ErrorKind, Found, ObjectKind, ObjectName, Result, View, testing};

/// How long an arrival waits for one that was stopped at the gate: so that it has its answer within a second.
const PATIENCE: Duration = Duration::from_millis(900);

const OPERATION: &str = "use the object in the region";

/// A header in a view, and the bytes that follow it.
#[derive(Clone)]
pub(super) struct Place {
    view: View,
    at: usize,
}

impl Place {
    /// A place for a header and `more` bytes behind it.
    pub(super) fn inside(view: &View, at: usize, more: usize) -> Result<Place> {
        let wanted = HEADER_LEN.saturating_add(more);
        if view.access() != Access::ReadWrite {
            return Err(Error::new(ErrorKind::AccessDenied, OPERATION)
                .with_detail("the view does not write to the object; map it with Access::ReadWrite"));
        }
        if view.len() < wanted || at > view.len() - wanted {
            let (offset, len, region_len) = (at as u64, wanted as u64, view.len() as u64);
            return Err(Error::new(ErrorKind::OutOfRange { offset, len, region_len }, OPERATION));
        }
        if view.as_ptr().addr().wrapping_add(at) % align_of::<Header>() != 0 {
            return Err(Error::new(ErrorKind::InvalidArgument, OPERATION)
                .with_detail("the place is not aligned to 8 bytes in memory; move it, or the view's start"));
        }
        let place = Place { view: view.clone(), at };
        if place.region().is_none() {
            return Err(Error::new(ErrorKind::Unsupported, OPERATION)
                .with_detail("the view is not one of the system's own regions; use samemap::Region"));
        }
        Ok(place)
    }

    fn region(&self) -> Option<Arc<dyn Mapped>> {
        self.view.origin(self.at).map(|origin| origin.object)
    }

    pub(super) fn header(&self) -> &Header {
        // SAFETY: in range, aligned, mapped for writing as long as `view` is, and made of atomics only, for
        // which every bit pattern is valid: all checked when the place was made.
        unsafe { &*self.view.as_ptr().add(self.at).cast::<Header>() }
    }

    pub(super) fn view(&self) -> &View {
        &self.view
    }

    /// Offset in the view of what follows the header.
    pub(super) fn behind_header(&self) -> usize {
        self.at + HEADER_LEN
    }
}

/// One kind of object inside regions.
pub(super) struct Recipe {
    pub(super) class: &'static Class,
    /// Whether a header can say this of an object.
    pub(super) makes_sense: fn(State) -> bool,
    /// Makes the kernel's object, unsignalled, with a setting that makes sense.
    pub(super) create: fn(&Order<'_>, setting: u32) -> HANDLE,
    /// Gives it its signal.
    pub(super) restore: fn(BorrowedHandle<'_>, signal: u32) -> io::Result<()>,
}

/// What a new object is.
pub(super) struct New<'a> {
    pub(super) state: State,
    /// Fills what lies behind the header.
    pub(super) fill: &'a dyn Fn(&Place) -> Result<()>,
}

/// An object inside a region, open in this process.
#[derive(Clone)]
pub(super) struct Inside {
    place: Place,
    handle: Arc<OwnedHandle>,
}

impl Inside {
    /// Makes what lies there an object; it must be untouched.
    pub(super) fn create(place: Place, recipe: &Recipe, new: &New<'_>) -> Result<Self> {
        let calls = &recipe.class.calls;
        match Arrival::new(&place, recipe, calls.create).enter(Some(new))? {
            (handle, Disposition::Created) => Ok(Inside { place, handle: Arc::new(handle) }),
            (_, Disposition::Opened) => Err(Error::new(ErrorKind::AlreadyExists, calls.create)
                .with_detail("the memory there is initialised already; open it, or choose another offset")),
        }
    }

    /// Makes what lies there an object, unless it is one: once, however many arrive together.
    pub(super) fn create_or_open(
        place: Place,
        recipe: &Recipe,
        new: &New<'_>,
    ) -> Result<(Self, Disposition)> {
        let arrival = Arrival::new(&place, recipe, recipe.class.calls.create_or_open);
        let (handle, disposition) = arrival.enter(Some(new))?;
        Ok((Inside { place, handle: Arc::new(handle) }, disposition))
    }

    /// Opens what somebody initialised.
    pub(super) fn open(place: Place, recipe: &Recipe) -> Result<Self> {
        let (handle, _) = Arrival::new(&place, recipe, recipe.class.calls.open).enter(None)?;
        Ok(Inside { place, handle: Arc::new(handle) })
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn handle(&self) -> BorrowedHandle<'_> {
        self.handle.as_handle()
    }

    /// Waits for it; the answer is `None` when time ran out.
    pub(super) fn wait(
        &self,
        timeout: Option<Duration>,
        operation: &'static str,
    ) -> Result<Option<mutex::Before>> {
        match wait(&[self.handle()], timeout) {
            Ok(Outcome::TimedOut) => Ok(None),
            Ok(Outcome::Signalled(_)) => Ok(Some(mutex::Before::InOrder)),
            Ok(Outcome::Abandoned(_)) => Ok(Some(mutex::Before::Died)),
            Err(cause) => Err(Error::new(ErrorKind::Os, operation).with_source(cause)),
        }
    }

    /// Keeps the kernel's object for as long as this process lives.
    pub(super) fn leave_open(&self) {
        mem::forget(Arc::clone(&self.handle));
    }

    pub(super) fn fmt_as(&self, kind: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(kind).field("offset", &self.place.at).finish_non_exhaustive()
    }
}

/// Somebody who wants an object that lies at a place.
pub(super) struct Arrival<'a> {
    place: &'a Place,
    recipe: &'a Recipe,
    attempt: Attempt<'static>,
    grants: Grants,
}

impl<'a> Arrival<'a> {
    pub(super) fn new(place: &'a Place, recipe: &'a Recipe, operation: &'static str) -> Self {
        let attempt = Attempt::new(operation, None).of_kind(recipe.class.kind);
        let grants =
            place.region().as_ref().and_then(|region| region.handle()).map_or_else(Grants::none, Grants::of);
        Arrival { place, recipe, attempt, grants }
    }

    /// Opens the object. One that is not there yet is made, if `new` says what it is.
    fn enter(&self, new: Option<&New<'_>>) -> Result<(OwnedHandle, Disposition)> {
        let header = self.place.header();
        let id = match new {
            Some(_) => header.id_or(random_id()),
            None => header.id().ok_or_else(|| self.damaged())?,
        };
        let _gate = self.pass_gate(id)?;
        testing::reached("inside: gate passed");
        if header.id() != Some(id) {
            return Err(self.damaged());
        }
        match (header.readiness(), new) {
            (Readiness::Ready(kind), _) if kind == self.recipe.class.kind => {
                Ok((self.open(id)?, Disposition::Opened))
            }
            (Readiness::Ready(kind), _) => Err(self.mismatch(kind)),
            (Readiness::Untouched, Some(new)) => Ok((self.make(id, new)?, Disposition::Created)),
            (Readiness::Untouched, None) | (Readiness::Unknown, _) => Err(self.damaged()),
        }
    }

    fn make(&self, id: u64, new: &New<'_>) -> Result<OwnedHandle> {
        let Created::New(handle) = self.kernel_object(id, new.state.setting)? else {
            // An object with our random id, and no header: somebody scribbled over it.
            return Err(self.damaged());
        };
        testing::reached("inside: made");
        self.restore(&handle, new.state.signal)?;
        (new.fill)(self.place)?;
        self.place.header().finish(self.recipe.class.kind, new.state);
        Ok(handle)
    }

    fn open(&self, id: u64) -> Result<OwnedHandle> {
        match self.kernel_object(id, self.state()?.setting)? {
            Created::Existing(handle) => Ok(handle),
            Created::New(handle) => {
                testing::reached("inside: remade");
                // Read only now: nobody else has it open, nor can before we leave the gate, and whoever had
                // the one before has written its changes down.
                self.restore(&handle, self.state()?.signal)?;
                Ok(handle)
            }
        }
    }

    /// What the header says of the object, if that makes sense.
    fn state(&self) -> Result<State> {
        let state = self.place.header().state();
        if (self.recipe.makes_sense)(state) { Ok(state) } else { Err(self.damaged()) }
    }

    fn restore(&self, object: &OwnedHandle, signal: u32) -> Result<()> {
        (self.recipe.restore)(object.as_handle(), signal).map_err(|cause| self.attempt.failed(cause))
    }

    /// The kernel's object; a new one has no signal.
    fn kernel_object(&self, id: u64, setting: u32) -> Result<Created> {
        let class = self.recipe.class;
        self.named(id, &class.kind.to_string(), class, &|order| (self.recipe.create)(order, setting))
    }

    fn pass_gate(&self, id: u64) -> Result<Gate> {
        let created = self.named(id, "gate", &mutex::CLASS, &mutex::new_mutex)?;
        let (Created::New(handle) | Created::Existing(handle)) = created;
        match wait(&[handle.as_handle()], Some(PATIENCE)).map_err(|cause| self.attempt.failed(cause))? {
            Outcome::TimedOut => Err(self.attempt.error(ErrorKind::TimedOut).with_detail(
                "another process was stopped while it initialised or opened this object; let it go on, or end it",
            )),
            Outcome::Signalled(_) | Outcome::Abandoned(_) => Ok(Gate(handle)),
        }
    }

    /// A kernel object with a name from the id. In the space of all sessions, because a region may be shared
    /// between them; that takes no privilege for anything but sections.
    pub(super) fn named(
        &self,
        id: u64,
        what: &str,
        class: &Class,
        create: CreateCall<'_>,
    ) -> Result<Created> {
        let name = kernel_name(id, what)?;
        let created = self
            .grants
            .security(class)
            .and_then(|security| create_handle(class, &WideName::new(&name), &security, create))
            .map_err(|cause| self.attempt.failed(cause))?;
        if let Created::Existing(handle) = &created {
            check_owner(handle, &self.grants.trust(), self.attempt)?;
        }
        Ok(created)
    }

    /// Whether there is a kernel object with a name from the id.
    pub(super) fn exists(&self, id: u64, what: &str, class: &Class) -> Result<bool> {
        match open_handle(class, &WideName::new(&kernel_name(id, what)?), SYNCHRONIZATION_SYNCHRONIZE) {
            Ok(_) => Ok(true),
            Err(cause) if is_not_found(&cause) => Ok(false),
            // Its owner lets nobody look, but it is there.
            Err(cause) if is_denied(&cause) => Ok(true),
            Err(cause) => Err(self.attempt.failed(cause)),
        }
    }

    #[cold]
    fn damaged(&self) -> Error {
        self.attempt.error(ErrorKind::Damaged)
    }

    #[cold]
    fn mismatch(&self, found: ObjectKind) -> Error {
        let wanted = self.recipe.class.kind;
        self.attempt.error(ErrorKind::KindMismatch { wanted, found: Found::Object(found) })
    }
}

/// Whoever has this is alone with the header.
struct Gate(OwnedHandle);

impl Drop for Gate {
    fn drop(&mut self) {
        // This thread owns it: it cannot fail.
        let _ = mutex::release(self.0.as_handle());
    }
}

fn kernel_name(id: u64, what: &str) -> Result<ObjectName> {
    ObjectName::new(format!(r"Global\samemap-{id:016x}-{what}"))
}

pub(super) fn random_id() -> u64 {
    loop {
        let id = RandomState::new().hash_one(std::process::id());
        if id != 0 {
            return id;
        }
    }
}
