//! What a view keeps alive: the seam between mapped memory and the backend that mapped it.
//!
//! A backend gives a [`View`](super::View) its memory and a keeper of it. The keeper
//! - keeps the memory mapped, with the view's access, until it is dropped, and nothing unmaps it, remaps it or
//!   shrinks it before;
//! - keeps the object that the memory is of alive until it has unmapped (rule C13);
//! - is dropped when the last clone of the view goes, on whichever thread that happens.
//!
//! It answers two questions about the memory, for a view does not know its backend.

use std::fmt;
use std::sync::Arc;

use crate::Result;

/// What a [`View`](crate::View) keeps alive. Dropped with the last clone of the view, it unmaps the memory and then
/// lets go of the object.
pub trait Keeper: Send + Sync {
    /// Waits until `len` bytes from `start` have reached the disk that they are a file's on.
    ///
    /// The range is not empty and lies in a view with [`Access::ReadWrite`](crate::Access::ReadWrite) that this
    /// keeps. Memory that lies over no file has no disk to reach, and so nothing happens.
    ///
    /// # Errors
    /// Those of [`View::flush`](crate::View::flush), but for what concerns the range and the access.
    fn flush(&self, start: *const u8, len: usize) -> Result<()> {
        let _ = (start, len);
        Ok(())
    }

    /// Where an address of the memory lies in the system's own object: for objects inside regions, which only the
    /// system's own regions can have.
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
    /// The handle by which the objects inside the memory ask the system for what they need: locks on Linux, who may open
    /// them on Windows. Nothing where other processes may have the very same one, so that its locks do not tell whose
    /// they are.
    fn handle(&self) -> Option<SystemHandle<'_>>;

    /// What tells the object from every other one, in every process: device and inode number, where there are such.
    fn identity(&self) -> (u64, u64) {
        (0, 0)
    }
}

/// A handle of the system's.
#[cfg(not(windows))]
pub type SystemHandle<'a> = std::os::fd::BorrowedFd<'a>;
/// A handle of the system's.
#[cfg(windows)]
pub type SystemHandle<'a> = std::os::windows::io::BorrowedHandle<'a>;
/// One that its holder closes.
#[cfg(not(windows))]
pub(crate) type OwnedSystemHandle = std::os::fd::OwnedFd;
/// One that its holder closes.
#[cfg(windows)]
pub(crate) type OwnedSystemHandle = std::os::windows::io::OwnedHandle;
