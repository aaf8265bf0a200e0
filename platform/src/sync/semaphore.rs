//! Semaphores (rule C24).

use super::handle::{Handle, Named, Site};
use super::wait::signalled;
use crate::contract::context::{Context, Operation};
use crate::contract::sync_options::check_release;
use crate::seam::ask::Ask;
use crate::seam::kind::{New, calls};
use crate::seam::object::Signal;
use crate::{Disposition, ObjectKind, ObjectName, OpenOptions, Result, SemaphoreOptions};

const RELEASE: &str = "release the semaphore";

/// A number of permits to wait for, shared by name; each wait takes one (rule C24).
///
/// # Platform-specific behavior
/// As for [`Event`](crate::Event).
#[derive(Clone)]
pub struct Semaphore(Named);

impl Semaphore {
    /// Creates a semaphore; the name must be free.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create`](crate::Region::create), and
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for invalid numbers of permits.
    pub fn create(name: &ObjectName, options: &SemaphoreOptions) -> Result<Semaphore> {
        let new = new(name, options, calls(ObjectKind::Semaphore).create)?;
        Ok(Semaphore(Named::get(name, Ask::Create((new, options.sync())))?.0))
    }

    /// Opens the semaphore with the name, or creates one, and returns which of the two happened. Opening ignores the
    /// numbers of `options`, which must still be valid.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create_or_open`](crate::Region::create_or_open), and
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for invalid numbers of permits.
    pub fn create_or_open(name: &ObjectName, options: &SemaphoreOptions) -> Result<(Semaphore, Disposition)> {
        let new = new(name, options, calls(ObjectKind::Semaphore).create_or_open)?;
        let (named, disposition) = Named::get(name, Ask::CreateOrOpen((new, options.sync())))?;
        Ok((Semaphore(named), disposition))
    }

    /// Opens the semaphore with the name.
    ///
    /// # Errors
    /// Those of [`Region::open`](crate::Region::open), and [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for
    /// options that ask for less than reading and writing.
    pub fn open(name: &ObjectName, options: &OpenOptions) -> Result<Semaphore> {
        Named::open(name, ObjectKind::Semaphore, options).map(Semaphore)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        &self.0.site
    }
}

fn new(name: &ObjectName, options: &SemaphoreOptions, operation: Operation) -> Result<New> {
    New::semaphore(options, Context { operation, name: Some(name) })
}

impl<S: Site> Handle<S> {
    #[inline]
    pub(super) fn release(&self, count: u32) -> Result<u32> {
        check_release(count, self.context(RELEASE))?;
        self.signal(Signal::Release(count), RELEASE)
    }
}

/// The calls of semaphores, named or inside a region.
macro_rules! permits {
    ($($semaphore:ident),*) => {$(
        impl $semaphore {
            /// Gives `count` permits back and returns how many there were before.
            ///
            /// # Errors
            /// [`LimitExceeded`](crate::ErrorKind::LimitExceeded) when there would be more than the maximum; then nothing
            /// is changed. [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a count of zero.
            #[inline]
            pub fn release(&self, count: u32) -> crate::Result<u32> {
                self.0.release(count)
            }
        }

        impl crate::Permits for $semaphore {
            fn release(&self, count: u32) -> crate::Result<u32> {
                self.release(count)
            }
        }
    )*};
}

pub(super) use permits;

permits!(Semaphore);

signalled!(Semaphore: Semaphore);
