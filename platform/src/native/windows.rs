//! Handles and processes.

use std::io::{Read, Write};
use std::os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle};

use crate::contract::context::Context;
use crate::handles::Courier;
use crate::seam::region::{Native as _, RawRegion as _};
use crate::sync::Readiness;
use crate::{Access, Region, Result, system};

impl Courier {
    /// A courier that sends to the process with this id, over a stream that leads there.
    ///
    /// This process must be allowed to duplicate handles into that one (`PROCESS_DUP_HANDLE`), as processes of the
    /// same user are.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) where there is no such process;
    /// [`AccessDenied`](crate::ErrorKind::AccessDenied).
    pub fn to_process_id(stream: impl Write + Send + 'static, id: u32) -> Result<Courier> {
        let context = Context { operation: "open the process to send regions to", name: None };
        system::Courier::to_process_id(Box::new(stream), id, context).map(Courier)
    }

    /// A courier that sends to a process, over a stream that leads there. The handle needs the right
    /// `PROCESS_DUP_HANDLE`; that of a [`Child`](std::process::Child) has it.
    #[must_use]
    pub fn to_process(stream: impl Write + Send + 'static, process: OwnedHandle) -> Courier {
        Courier(system::Courier::Sending { stream: Box::new(stream), process })
    }

    /// A courier that receives regions from its peer over a stream.
    ///
    /// The sender must be a process that may duplicate handles into this one. Bytes from another process are an error
    /// ([`InvalidArgument`](crate::ErrorKind::InvalidArgument)) and affect no handle of this process: a sender puts a
    /// proof into this process, which no message can contain.
    #[must_use]
    pub fn receiving(stream: impl Read + Send + 'static) -> Courier {
        Courier(system::Courier::Receiving { stream: Box::new(stream) })
    }
}

/// Borrows the section's handle. A copy of it holds the object as the region itself does, which is how the
/// kernel counts.
impl AsHandle for Region {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

/// # Handles
/// Each handle of a section holds the object, in every process. So the region [lends](AsHandle) its handle, and copies
/// of it are safe: the object and its name live until the last handle is closed.
impl Region {
    /// A new handle of the region's section, with the rights that the region's access takes. It holds the object.
    ///
    /// # Errors
    /// [`Os`](crate::ErrorKind::Os).
    pub fn to_handle(&self) -> Result<OwnedHandle> {
        self.0.to_handle(self.0.facts().context("make a handle of the region"))
    }

    /// A region without a known name over any section of plain memory or of a file. The handle needs the right to
    /// query (`SECTION_QUERY`) beside those to map.
    ///
    /// Its length is the section's, in whole pages where it does not lie over a file.
    ///
    /// # Errors
    /// [`KindMismatch`](crate::ErrorKind::KindMismatch) for any other handle;
    /// [`AccessDenied`](crate::ErrorKind::AccessDenied) for more access than the handle or the section allow.
    pub fn from_handle(handle: OwnedHandle, access: Access) -> Result<Region> {
        let context = Context { operation: "make a region of the handle", name: None };
        system::Region::from_handle(handle, access, context).map(Region)
    }
}

/// Signalled when it is ready. Nothing else sets or resets the handle.
impl AsHandle for Readiness {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.flag().handle()
    }
}
