//! The keeper of a view: the seam between mapped memory and the backend that mapped it.
//!
//! A backend gives a [`View`](super::View) its memory and a keeper. The keeper
//! - keeps the memory mapped with the view's access until the keeper is dropped: nothing unmaps, remaps or shrinks it
//!   before;
//! - keeps the memory's object alive until the memory is unmapped (rule C13);
//! - is dropped when the last clone of the view goes, on whichever thread that happens.
//!
//! It answers two questions about the memory, because a view does not know its backend.

use std::fmt;
use std::sync::Arc;

use crate::Result;

/// Keeps the memory of a [`View`](crate::View) mapped. Dropped with the view's last clone, it unmaps the memory and
/// then releases the object.
pub trait Keeper: Send + Sync {
    /// Waits until `len` bytes from `start` have reached their file's disk.
    ///
    /// The range is not empty and lies in a view with [`Access::ReadWrite`](crate::Access::ReadWrite) of this keeper.
    /// For memory without a file it does nothing.
    ///
    /// # Errors
    /// Those of [`View::flush`](crate::View::flush), except those of the range and the access.
    fn flush(&self, start: *const u8, len: usize) -> Result<()> {
        let _ = (start, len);
        Ok(())
    }

    /// Where an address of the memory lies in the system's object. Objects inside regions need it, so only the system's
    /// own regions can have them.
    #[doc(hidden)]
    fn origin(&self, address: *const u8) -> Option<Origin> {
        let _ = address;
        None
    }
}

/// A place in an object of the system.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The object.
    pub object: Arc<dyn Mapped>,
    /// Where in it the place lies, in bytes.
    pub offset: u64,
}

/// An object of the system that memory is mapped from.
pub trait Mapped: fmt::Debug + Send + Sync {
    /// The handle that the objects inside the memory use: for locks on Linux, for permissions on Windows. `None` where
    /// other processes may share this handle, because its locks would not tell the processes apart.
    fn handle(&self) -> Option<SystemHandle<'_>>;

    /// The identity of the object in every process: device and inode number, where the system has them.
    fn identity(&self) -> (u64, u64) {
        (0, 0)
    }
}

/// A handle of the system.
#[cfg(not(windows))]
pub type SystemHandle<'a> = std::os::fd::BorrowedFd<'a>;
/// A handle of the system.
#[cfg(windows)]
pub type SystemHandle<'a> = std::os::windows::io::BorrowedHandle<'a>;
/// A handle that its holder closes.
#[cfg(not(windows))]
pub(crate) type OwnedSystemHandle = std::os::fd::OwnedFd;
/// A handle that its holder closes.
#[cfg(windows)]
pub(crate) type OwnedSystemHandle = std::os::windows::io::OwnedHandle;
