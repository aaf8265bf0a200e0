//! Events (rule C23).

use super::handle::Named;
use super::wait::signalled;
use crate::seam::ask::Ask;
use crate::seam::object::Signal;
use crate::{Disposition, EventOptions, ObjectKind, ObjectName, Result, Settable, Trust};

pub(super) const SET: &str = "set the event";
pub(super) const RESET: &str = "reset the event";

/// A flag to wait for, set and unset by any process that has it open (rule C23).
///
/// # Platform-specific behavior
/// On Windows the kernel's own event of that name, which a C program may share. On Linux a word in the
/// object's page, which waiters sleep on: setting an event that nobody waits for makes no system call.
#[derive(Clone)]
pub struct Event(Named);

impl Event {
    /// Creates an event; the name must be free.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create`](crate::SharedRegion::create).
    pub fn create(name: &ObjectName, options: &EventOptions) -> Result<Event> {
        Ok(Event(Named::get(name, Ask::Create((options.into(), options.sync())))?.0))
    }

    /// Opens the event that has the name, or creates one; says which of the two happened. Opening ignores what `options`
    /// say of a new one.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create_or_open`](crate::SharedRegion::create_or_open).
    pub fn create_or_open(name: &ObjectName, options: &EventOptions) -> Result<(Event, Disposition)> {
        let (named, disposition) = Named::get(name, Ask::CreateOrOpen((options.into(), options.sync())))?;
        Ok((Event(named), disposition))
    }

    /// Opens the event that has the name.
    ///
    /// # Errors
    /// Those of [`SharedRegion::open`](crate::SharedRegion::open).
    pub fn open(name: &ObjectName, trust: &Trust) -> Result<Event> {
        Ok(Event(Named::get(name, Ask::Open((ObjectKind::Event, trust)))?.0))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        &self.0.site
    }
}

impl Settable for Event {
    #[inline]
    fn set(&self) -> Result<()> {
        self.0.signal(Signal::Set, SET).map(|_| ())
    }

    #[inline]
    fn reset(&self) -> Result<()> {
        self.0.signal(Signal::Reset, RESET).map(|_| ())
    }
}

signalled!(Event: Event);
