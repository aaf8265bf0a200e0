//! Semaphores (rule C24).

use std::fmt;
use std::io;
use std::os::windows::io::{AsHandle as _, AsRawHandle as _, BorrowedHandle};
use std::sync::Arc;
use std::time::Duration;

use windows_sys::Win32::Foundation::{ERROR_TOO_MANY_POSTS, HANDLE};
use windows_sys::Win32::System::Threading::{
    CreateSemaphoreExW, OpenSemaphoreW, ReleaseSemaphore, SEMAPHORE_MODIFY_STATE,
};

use super::event::succeeded;
use super::object::{Calls, Class, Named, Order};
use super::query::semaphore_facts;
use super::wait::{Outcome, wait};
use super::wait_any::WaitAny;
use super::wait_any::sealed::Sealed;
use crate::sync_options::check_release;
use crate::windows::error::code_of;
use crate::{
    Disposition, ErrorKind, ObjectKind, ObjectName, Permits, Result, SemaphoreOptions, Trust, Waitable,
    Waited,
};

pub(super) const CLASS: Class = Class {
    kind: ObjectKind::Semaphore,
    calls: Calls {
        create: "create the semaphore",
        create_or_open: "create or open the semaphore",
        open: "open the semaphore",
    },
    modify: SEMAPHORE_MODIFY_STATE,
    query: 1, // SEMAPHORE_QUERY_STATE
    open: OpenSemaphoreW,
};

/// A number of permits; each wait takes one (rule C24).
///
/// On Windows it is the kernel's own semaphore, which C programs share by its name.
#[derive(Clone)]
pub struct Semaphore(Arc<Named>);

impl Semaphore {
    /// Creates a semaphore; the name must be free.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for numbers that make no semaphore,
    /// [`AlreadyExists`](ErrorKind::AlreadyExists), [`KindMismatch`](ErrorKind::KindMismatch), and what the
    /// system says.
    pub fn create(name: &ObjectName, options: &SemaphoreOptions) -> Result<Self> {
        options.check(CLASS.calls.create).map_err(|error| error.with_name(name.to_string()))?;
        Named::create(&CLASS, name, options.sync(), &|order| new_semaphore(order, options))
            .map(Semaphore::from)
    }

    /// Opens the semaphore that has the name, or creates one; says which of the two happened. Opening
    /// ignores what `options` say of a new one, but that must make a semaphore all the same.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for numbers that make no semaphore,
    /// [`KindMismatch`](ErrorKind::KindMismatch), [`UntrustedOwner`](ErrorKind::UntrustedOwner),
    /// [`AccessDenied`](ErrorKind::AccessDenied), and what the system says.
    pub fn create_or_open(name: &ObjectName, options: &SemaphoreOptions) -> Result<(Self, Disposition)> {
        options.check(CLASS.calls.create_or_open).map_err(|error| error.with_name(name.to_string()))?;
        Named::create_or_open(&CLASS, name, options.sync(), &|order| new_semaphore(order, options))
            .map(|(named, disposition)| (Semaphore::from(named), disposition))
    }

    /// Opens the semaphore that has the name.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch),
    /// [`UntrustedOwner`](ErrorKind::UntrustedOwner), [`AccessDenied`](ErrorKind::AccessDenied), and what the
    /// system says.
    pub fn open(name: &ObjectName, trust: &Trust) -> Result<Self> {
        Named::open(&CLASS, name, trust).map(Semaphore::from)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        self.0.name()
    }
}

impl From<Named> for Semaphore {
    fn from(named: Named) -> Self {
        Semaphore(Arc::new(named))
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as("Semaphore", f)
    }
}

impl Waitable for Semaphore {
    fn wait_for(&self, timeout: Option<Duration>) -> Result<Waited> {
        match wait(&[self.handle()], timeout) {
            Ok(Outcome::TimedOut) => Ok(Waited::TimedOut),
            Ok(_) => Ok(Waited::Signalled),
            Err(cause) => Err(self.0.failed("wait for the semaphore", cause)),
        }
    }
}

impl Permits for Semaphore {
    fn release(&self, count: u32) -> Result<u32> {
        check_release(count, RELEASE).map_err(|error| error.with_name(self.name().to_string()))?;
        release(self.handle(), count).map_err(|refusal| match refusal {
            Refusal::TooMany { maximum } => self.0.error(RELEASE, ErrorKind::LimitExceeded { maximum }),
            Refusal::System(cause) => self.0.failed(RELEASE, cause),
        })
    }
}

impl Sealed for Semaphore {
    fn handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

impl WaitAny for Semaphore {}

pub(super) const RELEASE: &str = "release the semaphore";

/// Why no permits were released.
#[derive(Debug)]
pub(super) enum Refusal {
    TooMany { maximum: u32 },
    System(io::Error),
}

/// Gives permits back, all or none; answers how many there were before.
pub(super) fn release(semaphore: BorrowedHandle<'_>, count: u32) -> Result<u32, Refusal> {
    // No semaphore has more.
    let count = i32::try_from(count).map_err(|_| Refusal::TooMany { maximum: maximum_of(semaphore) })?;
    let mut before = 0;
    // SAFETY: the handle is open; `before` is valid for a write.
    let released = unsafe { ReleaseSemaphore(semaphore.as_raw_handle(), count, &mut before) };
    match succeeded(released) {
        Ok(()) => Ok(before as u32),
        Err(cause) if code_of(&cause) == ERROR_TOO_MANY_POSTS => {
            Err(Refusal::TooMany { maximum: maximum_of(semaphore) })
        }
        Err(cause) => Err(Refusal::System(cause)),
    }
}

/// Where its DACL does not let us ask, the most that any semaphore has.
fn maximum_of(semaphore: BorrowedHandle<'_>) -> u32 {
    semaphore_facts(semaphore).map_or(SemaphoreOptions::LIMIT, |facts| facts.maximum)
}

/// Of numbers that were checked.
pub(super) fn new_semaphore(order: &Order<'_>, options: &SemaphoreOptions) -> HANDLE {
    let (initial, maximum) = (options.initial() as i32, options.maximum() as i32);
    // SAFETY: the attributes' descriptor and the name, which ends in a NUL, live as long as the order.
    unsafe {
        CreateSemaphoreExW(order.attributes, initial, maximum, order.name.as_ptr(), NO_FLAGS, order.rights)
    }
}

/// No flag is defined.
const NO_FLAGS: u32 = 0;
