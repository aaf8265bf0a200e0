//! What lies in the name space: listing it, and reclaiming what dead holders left (rule C17).

use std::path::PathBuf;

pub use crate::contract::catalog::{Entry, Reclaimed, State};
use crate::seam::system::RawSystem as _;
use crate::system::System;
use crate::{ObjectName, Result};

/// Lists the objects of the name space, living and dead, sorted by system name. It changes nothing and
/// disturbs nobody.
///
/// # Errors
/// [`Unsupported`](crate::ErrorKind::Unsupported) on Windows, where the kernel keeps the name space and
/// nothing is ever left to be reclaimed; [`Os`](crate::ErrorKind::Os).
pub fn list() -> Result<Vec<Entry>> {
    System::list()
}

/// Removes what dead holders left, all of it that this user may remove.
///
/// # Errors
/// As for [`list`].
pub fn reclaim() -> Result<Reclaimed> {
    System::reclaim()
}

/// Takes an object's name away from holders that do not let go of it. They keep the memory, and know nothing of it; the
/// name is free, and the next object of this name is another one. False where there is nothing of this name.
///
/// Every user that an object lets in, if only to read, can keep it alive for as long as it likes (rule C15); this is how
/// its owner, or root, ends it in spite of that.
///
/// # Errors
/// [`AccessDenied`](crate::ErrorKind::AccessDenied) for any other user;
/// [`KindMismatch`](crate::ErrorKind::KindMismatch) where something lies on the name that is no object;
/// [`Unsupported`](crate::ErrorKind::Unsupported) on Windows, where a name lives as long as its object.
pub fn take_name(name: &ObjectName) -> Result<bool> {
    System::take_name(name)
}

/// The file that a program in another language opens and maps, where `shm_open` does not reach it: the data of an object
/// that others than its owner are let in to. Nothing where the object is for its owner alone, or there is none.
///
/// # Platform-specific behavior
/// Always nothing on Windows.
#[must_use]
pub fn data_path(name: &ObjectName) -> Option<PathBuf> {
    System::data_path(name)
}
