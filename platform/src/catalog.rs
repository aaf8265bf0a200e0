//! The name space and its directory: lists it, and reclaims dead objects (rule C17).

use std::path::{Path, PathBuf};

pub use crate::contract::catalog::{Entry, Reclaimed, State};
use crate::seam::system::{Counting, RawSystem as _};
use crate::system::System;
use crate::{ObjectName, Result};

/// Lists the objects of the name space, living and dead, sorted by system name. It changes nothing and disturbs no
/// process. It takes some microseconds for each object, whatever else on the machine holds locks; [`list_counted`] also
/// counts holders.
///
/// # Errors
/// [`Unsupported`](crate::ErrorKind::Unsupported) on Windows, where the kernel keeps the name space and
/// nothing is ever left to be reclaimed; [`Os`](crate::ErrorKind::Os).
pub fn list() -> Result<Vec<Entry>> {
    System::list(Counting::No)
}

/// Lists them, and counts the [holders](Entry::holders) of each.
///
/// # Errors
/// As for [`list`].
///
/// # Platform-specific behavior
/// Linux tells the number of holders only in its list of all locks of the machine (/proc/locks), whose reading takes
/// time that grows with the square of their number: 10 ms for 8,000, seconds for 100,000. Where it takes more than half a
/// second the holders are left uncounted.
pub fn list_counted() -> Result<Vec<Entry>> {
    System::list(Counting::Holders)
}

/// Removes the dead objects that this user may remove.
///
/// # Errors
/// As for [`list`].
pub fn reclaim() -> Result<Reclaimed> {
    System::reclaim()
}

/// Takes an object's name away while it has holders. They keep the memory and are not told. The name becomes free for
/// another object. False where no object has this name.
///
/// Every user that may open an object, even for reading only, can keep it alive without limit (rule C15). With this
/// call its owner or root can still free the name.
///
/// # Errors
/// [`AccessDenied`](crate::ErrorKind::AccessDenied) for any other user;
/// [`KindMismatch`](crate::ErrorKind::KindMismatch) where the name belongs to something that is no object;
/// [`Unsupported`](crate::ErrorKind::Unsupported) on Windows, where a name lives as long as its object.
pub fn take_name(name: &ObjectName) -> Result<bool> {
    System::take_name(name)
}

/// The file for programs in other languages to open and map, where `shm_open` does not reach it: the data of an object
/// that other users may open, or that lies in another [`directory`] than `shm_open`'s. `None` where `shm_open` reaches
/// it, or there is no such object.
///
/// # Platform-specific behavior
/// Always `None` on Windows.
#[must_use]
pub fn data_path(name: &ObjectName) -> Option<PathBuf> {
    System::data_path(name)
}

/// The directory in which this process's objects lie: /dev/shm on Linux, unless another one was asked for. `None` where
/// that directory may not be used; then the next create or open returns the error.
///
/// # Platform-specific behavior
/// Always `None` on Windows, where the kernel keeps the name space.
#[must_use]
pub fn directory() -> Option<PathBuf> {
    System::directory()
}

/// Puts this process's objects into another directory than the system's for shared memory: a separate name space for
/// containers and tests, or one with more room. The variable `SAMEMAP_DIR` does the same; this call takes precedence.
///
/// Processes share objects only if they use the same directory. It must exist and belong to this user or to root. It
/// must not be writable by others unless it is sticky, as /dev/shm is, and neither must the directories above it. Its
/// file system must be tmpfs, ext4, xfs, btrfs, f2fs or overlayfs. A disk's file system writes the memory to the disk
/// in the background.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a directory that may not be used, and where this process
/// uses another one already: choose before the first object. [`Unsupported`](crate::ErrorKind::Unsupported) on Windows.
pub fn set_directory(path: impl AsRef<Path>) -> Result<()> {
    System::set_directory(path.as_ref())
}
