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

#[cfg(not(windows))]
use std::os::fd::AsFd as AsSystem;
#[cfg(windows)]
use std::os::windows::io::AsHandle as AsSystem;

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

/// An object of the system that memory is mapped from, by the handle that it is held with.
pub trait Mapped: AsSystem + fmt::Debug + Send + Sync {
    /// Whether other processes may have the very same handle, so that a lock of it does not tell its owner.
    fn may_be_shared(&self) -> bool {
        false
    }
}
