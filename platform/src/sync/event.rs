//! Events (rule C23).

use super::handle::Named;
use super::wait::signalled;
use crate::seam::ask::Ask;
use crate::{Disposition, EventOptions, ObjectKind, ObjectName, OpenOptions, Result};

/// A flag to wait for, set and unset by any process that has it open (rule C23).
///
/// # Platform-specific behavior
/// On Windows it is the kernel's event of that name, which a C program may share. On Linux it is a word in the object's
/// page, which waiters sleep on: setting an event without waiters makes no system call.
#[derive(Clone)]
pub struct Event(Named);

impl Event {
    /// Creates an event; the name must be free.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create`](crate::Region::create).
    pub fn create(name: &ObjectName, options: &EventOptions) -> Result<Event> {
        Ok(Event(Named::get(name, Ask::Create((options.into(), options.sync())))?.0))
    }

    /// Opens the event with the name, or creates one, and returns which of the two happened. Opening ignores the
    /// `options` of a new event.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create_or_open`](crate::Region::create_or_open).
    pub fn create_or_open(name: &ObjectName, options: &EventOptions) -> Result<(Event, Disposition)> {
        let (named, disposition) = Named::get(name, Ask::CreateOrOpen((options.into(), options.sync())))?;
        Ok((Event(named), disposition))
    }

    /// Opens the event with the name.
    ///
    /// # Errors
    /// Those of [`Region::open`](crate::Region::open), and [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for
    /// options that ask for less than reading and writing.
    pub fn open(name: &ObjectName, options: &OpenOptions) -> Result<Event> {
        Named::open(name, ObjectKind::Event, options).map(Event)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        &self.0.site
    }
}

/// The calls of events, named or inside a region.
macro_rules! settable {
    ($($event:ident),*) => {$(
        impl $event {
            /// Sets it: an auto-reset event lets one waiter through, a manual-reset event every waiter.
            ///
            /// # Errors
            /// When the event's state was destroyed, or the system fails.
            #[inline]
            pub fn set(&self) -> crate::Result<()> {
                self.0.signal(crate::seam::object::Signal::Set, "set the event").map(|_| ())
            }

            /// Unsets it.
            ///
            /// # Errors
            /// Those of [`set`](Self::set).
            #[inline]
            pub fn reset(&self) -> crate::Result<()> {
                self.0.signal(crate::seam::object::Signal::Reset, "reset the event").map(|_| ())
            }
        }

        impl crate::Settable for $event {
            #[inline]
            fn set(&self) -> crate::Result<()> {
                self.set()
            }

            #[inline]
            fn reset(&self) -> crate::Result<()> {
                self.reset()
            }
        }
    )*};
}

pub(super) use settable;

settable!(Event);

signalled!(Event: Event);
