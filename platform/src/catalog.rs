//! What lies in the name space, and where: listing it, and reclaiming what dead holders left (rule C17).

use std::path::{Path, PathBuf};

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
/// that others than its owner are let in to, or that lies in another [`directory`] than `shm_open`'s. Nothing where
/// `shm_open` reaches it, or there is no such object.
///
/// # Platform-specific behavior
/// Always nothing on Windows.
#[must_use]
pub fn data_path(name: &ObjectName) -> Option<PathBuf> {
    System::data_path(name)
}

/// The directory in which this process's objects lie: /dev/shm on Linux, unless another one was asked for. Nothing where
/// the one that was asked for may not be used, which the next create or open says.
///
/// # Platform-specific behavior
/// Always nothing on Windows, where the kernel keeps the name space.
#[must_use]
pub fn directory() -> Option<PathBuf> {
    System::directory()
}

/// Has this process's objects lie in another directory than the system's own for shared memory: a name space apart, for
/// containers and tests, or with more room. The variable `SAMEMAP_DIR` does the same; this call comes before it.
///
/// Processes meet only where they use the same directory. It must be there, belong to this user or to root, and let
/// nobody else take away what lies in it: not writable by others, or sticky, as /dev/shm is; the same holds for the
/// directories above it. Its file system is tmpfs, ext4, xfs, btrfs, f2fs or overlayfs. On a disk, memory is written back
/// to it in the background.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a directory that may not be used, and where this process
/// uses another one already: choose before the first object. [`Unsupported`](crate::ErrorKind::Unsupported) on Windows.
pub fn set_directory(path: impl AsRef<Path>) -> Result<()> {
    System::set_directory(path.as_ref())
}
