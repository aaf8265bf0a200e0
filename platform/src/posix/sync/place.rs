//! Where an object's state lies: named objects have a page of their own, the others an offset in a view.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::claims::Claim;
use super::header::{HEADER_LEN, Header, Initial, Readiness};
use crate::memory::{Mapped, Origin};
use crate::posix::errors::Context;
use crate::posix::lifetime::Object;
use crate::posix::mapping;
use crate::posix::object::{Contents, Plan};
use crate::posix::region::Held;
use crate::testing::reached;
use crate::{
    Access, Disposition, Error, ErrorKind, MapRequest, ObjectKind, ObjectName, OpenOptions, Result,
    SyncOptions, Trust, View,
};

/// How long a process waits for another one to initialise an object inside a region.
const MAKER_PATIENCE: Duration = Duration::from_millis(500);

/// An object's state in shared memory, kept mapped.
#[derive(Clone, Debug)]
pub(super) struct Place {
    view: View,
    at: usize,
    held: Arc<dyn Mapped>,
    /// Where in its file the place lies, in bytes.
    offset: u64,
    name: Option<ObjectName>,
}

/// The same place in every process, and under every mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PlaceKey {
    dev: u64,
    ino: u64,
    offset: u64,
}

impl PlaceKey {
    /// Where in its file the place lies, in bytes.
    pub(super) fn offset(self) -> u64 {
        self.offset
    }
}

impl Place {
    pub(super) fn create(name: &ObjectName, options: &SyncOptions, initial: Initial) -> Result<Place> {
        let bytes = initial.bytes();
        let object = Object::create(plan(name, options, initial, &bytes))?;
        Place::named(object, name)
    }

    pub(super) fn create_or_open(
        name: &ObjectName,
        options: &SyncOptions,
        initial: Initial,
    ) -> Result<(Place, Disposition)> {
        let bytes = initial.bytes();
        let plan = plan(name, options, initial, &bytes);
        let (object, created) = Object::create_or_open(plan, options.accepted())?;
        let disposition = if created { Disposition::Created } else { Disposition::Opened };
        let place = Place::named(object, name)?;
        place.check(initial.kind)?;
        Ok((place, disposition))
    }

    pub(super) fn open(name: &ObjectName, kind: ObjectKind, trust: &Trust) -> Result<Place> {
        let options = OpenOptions::read_write().trust(trust.clone());
        let place = Place::named(Object::open(name, kind, &options)?, name)?;
        place.check(kind)?;
        Ok(place)
    }

    fn named(object: Object, name: &ObjectName) -> Result<Place> {
        let held = Arc::new(Held::Named(object));
        let request = MapRequest::new(0, rustix::param::page_size() as u64, Access::ReadWrite);
        let context = Context { operation: "map the object", name: Some(name) };
        let view = mapping::map(&held, &request, context)?;
        Ok(Place { view, at: 0, held, offset: 0, name: Some(name.clone()) })
    }

    /// A place inside a view, for a header and `more` bytes behind it.
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
        let Origin { object: held, offset } = view.origin(at).ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, OPERATION)
                .with_detail("the view is not one of the system's own regions; use samemap::Region")
        })?;
        if held.handle().is_none() {
            return Err(Error::new(ErrorKind::Unsupported, OPERATION).with_detail(
                "this process may not open the file of the region anew, and what tells owners apart would be shared with whoever else has it open; make the region from its path, or let a process that may do so hand the region over",
            ));
        }
        Ok(Place { view: view.clone(), at, held, offset, name: None })
    }

    /// Makes what lies there an object, unless it is one: once, however many arrive together. `fill` makes what
    /// lies behind the header, before anybody can open it.
    pub(super) fn initialise(
        &self,
        initial: Initial,
        fill: impl FnOnce(&Place) -> Result<()>,
    ) -> Result<Disposition> {
        if let Readiness::Ready = self.header().readiness() {
            self.check(initial.kind)?;
            return Ok(Disposition::Opened);
        }
        let claim =
            Claim::new(&self.held).map_err(|errno| self.error(ErrorKind::Os).with_source(errno.into()))?;
        if !self.become_maker(&claim, initial.kind)? {
            return Ok(Disposition::Opened);
        }
        reached("inside: claimed");
        fill(self)?;
        self.header().finish(initial);
        Ok(Disposition::Created)
    }

    /// Whether the making is ours; otherwise it is done.
    fn become_maker(&self, claim: &Claim, kind: ObjectKind) -> Result<bool> {
        let deadline = Instant::now() + MAKER_PATIENCE;
        let header = self.header();
        loop {
            match header.readiness() {
                Readiness::Ready => {
                    self.check(kind)?;
                    return Ok(false);
                }
                Readiness::Untouched if header.begin(None, claim.number()) => return Ok(true),
                Readiness::BeingMade { by }
                    if claim.is_dead(by) && header.begin(Some(by), claim.number()) =>
                {
                    return Ok(true);
                }
                Readiness::Unknown => return Err(self.error(ErrorKind::Damaged)),
                _ if Instant::now() >= deadline => return Err(self.error(ErrorKind::TimedOut)),
                // Microseconds, unless the maker was stopped.
                _ => std::thread::sleep(Duration::from_micros(50)),
            }
        }
    }

    /// Whether what lies there is a ready object of this kind.
    pub(super) fn check(&self, wanted: ObjectKind) -> Result<()> {
        let header = self.header();
        if header.is(wanted) {
            return Ok(());
        }
        match header.kind() {
            Some(kind) if kind != wanted && header.is(kind) => {
                let found = crate::Found::Object(kind);
                Err(self.error(ErrorKind::KindMismatch { wanted, found }))
            }
            _ => Err(self.error(ErrorKind::Damaged)),
        }
    }

    #[inline]
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

    pub(super) fn held(&self) -> &Arc<dyn Mapped> {
        &self.held
    }

    pub(super) fn name(&self) -> Option<&ObjectName> {
        self.name.as_ref()
    }

    pub(super) fn key(&self) -> Result<PlaceKey> {
        let (dev, ino) = self.held.identity();
        Ok(PlaceKey { dev, ino, offset: self.offset })
    }

    pub(super) fn offset_in_file(&self) -> u64 {
        self.offset
    }

    #[cold]
    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        let error = Error::new(kind, OPERATION);
        match &self.name {
            Some(name) => error.with_name(name.to_string()),
            None => error,
        }
    }
}

const OPERATION: &str = "use the object";

fn plan<'a>(name: &'a ObjectName, options: &SyncOptions, initial: Initial, bytes: &'a [u8]) -> Plan<'a> {
    Plan {
        name,
        kind: initial.kind,
        asked: rustix::param::page_size() as u64,
        len: rustix::param::page_size() as u64,
        permissions: options.asked_permissions(),
        contents: Contents::Begin(bytes),
    }
}
