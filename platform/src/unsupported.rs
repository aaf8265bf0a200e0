//! Systems without a backend: neither Linux nor Windows.
//!
//! The crate compiles there, and every call that makes or opens anything answers
//! [`Unsupported`](ErrorKind::Unsupported). So its types have no values, and their methods no bodies.

use std::convert::Infallible;

use crate::{
    Access, CreateOptions, Disposition, Error, ErrorKind, MapRequest, ObjectName, OpenOptions, Result,
    SharedRegion, UserId, View,
};

pub(crate) mod sync;

#[cold]
fn unsupported<T>(operation: &'static str) -> Result<T> {
    Err(Error::new(ErrorKind::Unsupported, operation).with_detail(
        "samemap keeps its rules on Linux and Windows, and has no backend for this system yet; run it on one of those",
    ))
}

/// The system's own shared memory. Not on this system.
#[derive(Clone, Debug)]
pub struct Region(Infallible);

// SAFETY: there is no region, and so no view of one.
unsafe impl SharedRegion for Region {
    fn create(_name: &ObjectName, _options: &CreateOptions) -> Result<Self> {
        unsupported("create the region")
    }

    fn create_or_open(_name: &ObjectName, _options: &CreateOptions) -> Result<(Self, Disposition)> {
        unsupported("create or open the region")
    }

    fn open(_name: &ObjectName, _options: &OpenOptions) -> Result<Self> {
        unsupported("open the region")
    }

    fn anonymous(_options: &CreateOptions) -> Result<Self> {
        unsupported("create an anonymous region")
    }

    fn name(&self) -> Option<&ObjectName> {
        match self.0 {}
    }

    fn len(&self) -> u64 {
        match self.0 {}
    }

    fn access(&self) -> Access {
        match self.0 {}
    }

    fn map(&self, _request: &MapRequest) -> Result<View> {
        match self.0 {}
    }
}

/// How many processors the machine has at work.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Nothing is called later.
pub(crate) fn stay_loaded() {}

/// Nothing is held that a fork could share.
pub(crate) fn forks() -> u32 {
    0
}

pub(crate) fn hold_again(region: &Region) -> Result<()> {
    match region.0 {}
}

pub(crate) fn has_its_name(region: &Region) -> bool {
    match region.0 {}
}

pub(crate) fn posix_name(_name: &ObjectName) -> Option<String> {
    None
}

#[cfg(unix)]
pub(crate) fn current_user() -> UserId {
    // SAFETY: geteuid has no preconditions and cannot fail.
    UserId::new(unsafe { libc::geteuid() }.to_string())
}

/// No user's: there are none.
#[cfg(not(unix))]
pub(crate) fn current_user() -> UserId {
    UserId::new("")
}

pub(crate) mod catalog {
    use std::path::PathBuf;

    use super::{ObjectName, Result, unsupported};
    use crate::contract::catalog::{Entry, Reclaimed};

    pub(crate) fn list() -> Result<Vec<Entry>> {
        unsupported("list the objects")
    }

    pub(crate) fn reclaim() -> Result<Reclaimed> {
        unsupported("reclaim dead objects")
    }

    pub(crate) fn take_name(_name: &ObjectName) -> Result<bool> {
        unsupported("take the name from its holders")
    }

    pub(crate) fn data_path(_name: &ObjectName) -> Option<PathBuf> {
        None
    }
}

pub(crate) mod console {
    /// Nobody asks the system.
    pub(crate) fn wait_until_output_is_broken() {
        loop {
            std::thread::park();
        }
    }
}

pub(crate) mod file {
    use super::{Disposition, ObjectName, Region, Result, unsupported};
    use crate::{FileOptions, FileSource};

    pub(crate) fn anonymous(_source: FileSource, _options: &FileOptions) -> Result<Region> {
        unsupported("make a region over the file")
    }

    pub(crate) fn create(_name: &ObjectName, _source: FileSource, _options: &FileOptions) -> Result<Region> {
        unsupported("create the region over a file")
    }

    pub(crate) fn create_or_open(
        _name: &ObjectName,
        _source: FileSource,
        _options: &FileOptions,
    ) -> Result<(Region, Disposition)> {
        unsupported("create or open the region over a file")
    }

    pub(crate) fn is_over_file(region: &Region) -> bool {
        match region.0 {}
    }
}

pub(crate) mod handles {
    use std::process::Command;

    use super::{Access, Region, Result, unsupported};
    use crate::Trust;

    #[derive(Debug)]
    pub(crate) enum Offer {}

    pub(crate) fn offer(region: &Region, _: &mut Command, _variable: &str, _: Access) -> Result<Offer> {
        match region.0 {}
    }

    pub(crate) fn adopt(_offer: &str) -> Result<Region> {
        unsupported("adopt the region that was offered")
    }

    pub(crate) fn send(_courier: &mut Courier, region: &Region, _access: Access) -> Result<()> {
        match region.0 {}
    }

    pub(crate) fn receive(_courier: &mut Courier, _trust: &Trust) -> Result<Region> {
        unsupported("receive a region")
    }

    #[cfg(unix)]
    pub(crate) use over_sockets::Courier;

    #[cfg(not(unix))]
    #[derive(Debug)]
    pub(crate) enum Courier {}

    /// What programs for POSIX systems name.
    #[cfg(unix)]
    mod over_sockets {
        use std::os::fd::OwnedFd;
        use std::os::unix::net::UnixStream;

        use super::{Access, Region, Result, unsupported};

        #[derive(Debug)]
        pub(crate) struct Courier(UnixStream);

        impl crate::Courier {
            /// A courier over a connection. No region goes through it on this system.
            #[must_use]
            pub fn over(stream: UnixStream) -> crate::Courier {
                crate::Courier(Courier(stream))
            }

            /// The connection.
            #[must_use]
            pub fn into_stream(self) -> UnixStream {
                self.0.0
            }
        }

        /// # Descriptors
        /// Not on this system.
        impl Region {
            /// # Errors
            /// None: there is no region.
            pub fn to_fd(&self) -> Result<OwnedFd> {
                match self.0 {}
            }

            /// # Errors
            /// [`Unsupported`](crate::ErrorKind::Unsupported).
            pub fn from_fd(_fd: OwnedFd, _access: Access) -> Result<Region> {
                unsupported("make a region of the descriptor")
            }
        }
    }
}
