//! Descriptors and sockets.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use crate::contract::context::Context;
use crate::handles::Courier;
use crate::seam::region::{Native as _, RawRegion as _};
use crate::sync::Readiness;
use crate::{Access, Region, Result, system};

impl Courier {
    /// A courier over a connection, for sending and receiving.
    ///
    /// It uses the connection's timeouts and blocking mode.
    #[must_use]
    pub fn over(stream: UnixStream) -> Courier {
        Courier(stream)
    }

    /// The connection.
    #[must_use]
    pub fn into_stream(self) -> UnixStream {
        self.0
    }
}

/// # Descriptors
/// There is no `AsFd`. The descriptor of a named region carries the lock by which this process holds it, and a
/// copy of it (`dup`, inheritance, `SCM_RIGHTS`) would share the lock: it would keep the object alive after this
/// process, and the region's drop would unlock it under the copy's holder. [`to_fd`](Self::to_fd) gives out a
/// descriptor of the same memory that carries no lock; to share the region itself there are
/// [`offer_to`](Self::offer_to) and [`Courier`](crate::regions::Courier).
impl Region {
    /// A new descriptor of the region's memory or file, open for reading, and for writing where the region is. It
    /// does not hold the object: its bytes stay while it is open, but the name goes with the last holder.
    ///
    /// The file may be longer than the region. Users of the descriptor must neither truncate nor lock it.
    ///
    /// # Errors
    /// [`AccessDenied`](crate::ErrorKind::AccessDenied) where this user may not open it anew;
    /// [`Os`](crate::ErrorKind::Os) where /proc is missing.
    pub fn to_fd(&self) -> Result<OwnedFd> {
        self.0.to_handle(self.0.facts().context("make a descriptor of the region"))
    }

    /// A region without a name over memory of `memfd_create`, or of another region's [`to_fd`](Self::to_fd) that
    /// has no name either. For files there is [`over_file`](Self::over_file).
    ///
    /// Its length is the memory's, which need not be whole pages.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) where it is no such memory, is empty, or is not sealed
    /// against shrinking (`F_SEAL_SHRINK`); [`AccessDenied`](crate::ErrorKind::AccessDenied) for more access than the
    /// descriptor or its seals allow.
    ///
    /// # Platform-specific behavior
    /// As over a [file](crate::regions::FileSource),
    /// objects inside the region need a process that may open the memory anew.
    pub fn from_fd(fd: OwnedFd, access: Access) -> Result<Region> {
        let context = Context { operation: "make a region of the descriptor", name: None };
        system::Region::from_handle(fd, access, context).map(Region)
    }
}

/// Readable when it is ready. The descriptor is this process's own; nothing else reads it or writes to it.
impl AsFd for Readiness {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.flag().handle()
    }
}
