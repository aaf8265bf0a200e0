//! The common part of the public types: a system's object, and its name or place.

use std::fmt;
use std::time::Duration;

use crate::contract::context::{Context, Operation};
use crate::seam::ask::Ask;
use crate::seam::kind::{New, calls};
use crate::seam::object::{AskObject, Failure, Fill, RawObject as _, Signal, Took};
use crate::seam::patience::open_in_time;
use crate::seam::place::Place;
use crate::seam::system::RawSystem as _;
use crate::system::{Object, System};
use crate::{Access, Disposition, Error, ErrorKind, ObjectKind, ObjectName, OpenOptions, Result, View};

/// An open object, with its name or place.
#[derive(Clone)]
pub(super) struct Handle<S> {
    pub(super) object: Object,
    pub(super) site: S,
}

/// A named object.
pub(super) type Named = Handle<ObjectName>;

/// An object inside a region.
pub(super) type Inside = Handle<Place>;

/// The name or the place of an object.
pub(super) trait Site {
    /// The name for errors.
    fn name(&self) -> Option<&ObjectName>;

    fn describe(&self, object: &mut fmt::DebugStruct<'_, '_>);
}

impl Site for ObjectName {
    fn name(&self) -> Option<&ObjectName> {
        Some(self)
    }

    fn describe(&self, object: &mut fmt::DebugStruct<'_, '_>) {
        object.field("name", &self.to_string());
    }
}

impl Site for Place {
    fn name(&self) -> Option<&ObjectName> {
        None
    }

    fn describe(&self, object: &mut fmt::DebugStruct<'_, '_>) {
        object.field("offset", &self.offset());
    }
}

impl Named {
    pub(super) fn get(name: &ObjectName, ask: AskObject<'_>) -> Result<(Named, Disposition)> {
        let operation = ask.operation(&calls(ask.kind()));
        let (object, disposition) = Object::named(name, ask, operation)?;
        Ok((Handle { object, site: name.clone() }, disposition))
    }

    /// Opens the object with the name, for writing, because every wait and signal writes to it.
    pub(super) fn open(name: &ObjectName, kind: ObjectKind, options: &OpenOptions) -> Result<Named> {
        if options.access() != Access::ReadWrite {
            let context = Context { operation: calls(kind).open, name: Some(name) };
            return Err(context.invalid(format!(
                "it was to be opened {}, and a {kind} is opened read-write; use OpenOptions::read_write",
                options.access()
            )));
        }
        let open = || Ok(Named::get(name, Ask::Open((kind, options.accepted())))?.0);
        open_in_time(options.asked_patience(), || System::arrivals(name), open)
    }
}

impl Inside {
    pub(super) fn create(
        view: &View,
        offset: usize,
        more: usize,
        new: New,
        fill: Fill<'_>,
    ) -> Result<Inside> {
        let operation = calls(new.kind()).create;
        let site = Place::inside(view, offset, more, operation)?;
        match Object::make_inside(&site, new, fill, operation)? {
            (object, Disposition::Created) => Ok(Handle { object, site }),
            (_, Disposition::Opened) => Err(Error::new(ErrorKind::AlreadyExists, operation)
                .with_detail("the memory there is initialised already; open it, or choose another offset")),
        }
    }

    pub(super) fn create_or_open(
        view: &View,
        offset: usize,
        more: usize,
        new: New,
        fill: Fill<'_>,
    ) -> Result<(Inside, Disposition)> {
        let operation = calls(new.kind()).create_or_open;
        let site = Place::inside(view, offset, more, operation)?;
        let (object, disposition) = Object::make_inside(&site, new, fill, operation)?;
        Ok((Handle { object, site }, disposition))
    }

    pub(super) fn open(view: &View, offset: usize, more: usize, kind: ObjectKind) -> Result<Inside> {
        let operation = calls(kind).open;
        let site = Place::inside(view, offset, more, operation)?;
        Ok(Handle { object: Object::open_inside(&site, kind, operation)?, site })
    }
}

impl<S: Site> Handle<S> {
    // Inlined, so that a wait for a signalled object makes few calls.
    #[inline(always)]
    pub(super) fn wait(&self, timeout: Option<Duration>, kind: ObjectKind) -> Result<bool> {
        match self.object.wait(timeout) {
            Ok(Took::Signal) => Ok(true),
            Ok(Took::Nothing) => Ok(false),
            Err(failure) => Err(self.failed(failure, calls(kind).wait)),
        }
    }

    #[inline]
    pub(super) fn signal(&self, signal: Signal, operation: Operation) -> Result<u32> {
        self.object.signal(signal).map_err(|failure| self.failed(failure, operation))
    }

    /// For the errors of a call on this object.
    pub(super) fn context(&self, operation: Operation) -> Context<'_> {
        Context { operation, name: self.site.name() }
    }

    /// The error of a call on this object.
    #[cold]
    pub(super) fn failed(&self, failure: Failure, operation: Operation) -> Error {
        failure.in_call(self.context(operation))
    }

    pub(super) fn fmt_as(&self, kind: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut object = f.debug_struct(kind);
        self.site.describe(&mut object);
        object.finish_non_exhaustive()
    }
}
