//! Events (rule C23).

use std::fmt;
use std::io;
use std::os::windows::io::{AsHandle as _, AsRawHandle as _, BorrowedHandle};
use std::sync::Arc;
use std::time::Duration;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Threading::{
    CREATE_EVENT, CREATE_EVENT_INITIAL_SET, CREATE_EVENT_MANUAL_RESET, CreateEventExW, EVENT_MODIFY_STATE,
    OpenEventW, ResetEvent, SetEvent,
};

use super::object::{Calls, Class, Named, Order};
use super::wait::{Outcome, wait};
use super::wait_any::WaitAny;
use super::wait_any::sealed::Sealed;
use crate::{
    Disposition, EventOptions, ObjectKind, ObjectName, Reset, Result, Settable, Trust, Waitable, Waited,
};

pub(super) const CLASS: Class = Class {
    kind: ObjectKind::Event,
    calls: Calls {
        create: "create the event",
        create_or_open: "create or open the event",
        open: "open the event",
    },
    modify: EVENT_MODIFY_STATE,
    query: 1, // EVENT_QUERY_STATE
    open: OpenEventW,
};

/// A flag to wait for, set and unset by whoever has it open (rule C23).
///
/// On Windows it is the kernel's own event, which C programs share by its name.
#[derive(Clone)]
pub struct Event(Arc<Named>);

impl Event {
    /// Creates an event; the name must be free.
    ///
    /// # Errors
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists), [`KindMismatch`](crate::ErrorKind::KindMismatch),
    /// and what the system says.
    pub fn create(name: &ObjectName, options: &EventOptions) -> Result<Self> {
        Named::create(&CLASS, name, options.sync(), &|order| new_event(order, flags(options)))
            .map(Event::from)
    }

    /// Opens the event that has the name, or creates one; says which of the two happened. Opening ignores
    /// what `options` say of a new one.
    ///
    /// # Errors
    /// [`KindMismatch`](crate::ErrorKind::KindMismatch), [`UntrustedOwner`](crate::ErrorKind::UntrustedOwner),
    /// [`AccessDenied`](crate::ErrorKind::AccessDenied), and what the system says.
    pub fn create_or_open(name: &ObjectName, options: &EventOptions) -> Result<(Self, Disposition)> {
        Named::create_or_open(&CLASS, name, options.sync(), &|order| new_event(order, flags(options)))
            .map(|(named, disposition)| (Event::from(named), disposition))
    }

    /// Opens the event that has the name.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound), and those of [`create_or_open`](Self::create_or_open).
    pub fn open(name: &ObjectName, trust: &Trust) -> Result<Self> {
        Named::open(&CLASS, name, trust).map(Event::from)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        self.0.name()
    }
}

impl From<Named> for Event {
    fn from(named: Named) -> Self {
        Event(Arc::new(named))
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as("Event", f)
    }
}

impl Waitable for Event {
    fn wait_for(&self, timeout: Option<Duration>) -> Result<Waited> {
        match wait(&[self.handle()], timeout) {
            Ok(Outcome::TimedOut) => Ok(Waited::TimedOut),
            Ok(_) => Ok(Waited::Signalled),
            Err(cause) => Err(self.0.failed("wait for the event", cause)),
        }
    }
}

impl Settable for Event {
    fn set(&self) -> Result<()> {
        set_event(self.handle()).map_err(|cause| self.0.failed("set the event", cause))
    }

    fn reset(&self) -> Result<()> {
        reset_event(self.handle()).map_err(|cause| self.0.failed("reset the event", cause))
    }
}

impl Sealed for Event {
    fn handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

impl WaitAny for Event {}

fn flags(options: &EventOptions) -> CREATE_EVENT {
    let set = if options.is_set_at_first() { CREATE_EVENT_INITIAL_SET } else { 0 };
    reset_flag(options.reset()) | set
}

pub(super) fn reset_flag(reset: Reset) -> CREATE_EVENT {
    if reset == Reset::Manual { CREATE_EVENT_MANUAL_RESET } else { 0 }
}

pub(super) fn new_event(order: &Order<'_>, flags: CREATE_EVENT) -> HANDLE {
    // SAFETY: the attributes' descriptor and the name, which ends in a NUL, live as long as the order.
    unsafe { CreateEventExW(order.attributes, order.name.as_ptr(), flags, order.rights) }
}

pub(super) fn set_event(event: BorrowedHandle<'_>) -> io::Result<()> {
    // SAFETY: the handle is open.
    succeeded(unsafe { SetEvent(event.as_raw_handle()) })
}

pub(super) fn reset_event(event: BorrowedHandle<'_>) -> io::Result<()> {
    // SAFETY: the handle is open.
    succeeded(unsafe { ResetEvent(event.as_raw_handle()) })
}

/// The answer of a call that leaves its error in the thread's last one.
pub(super) fn succeeded(answer: i32) -> io::Result<()> {
    if answer == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
