//! Regions over files: what Win32's `CreateFile` and then `CreateFileMapping` make.

use crate::contract::region::Bytes;
use crate::seam::ask::Ask;
use crate::seam::kind::{Calls, calls};
use crate::seam::region::RawRegion as _;
use crate::{Disposition, FileOptions, FileSource, ObjectKind, ObjectName, Region, Result, system};

const OVER_FILE: Calls = Calls {
    create: "create the region over a file",
    create_or_open: "create or open the region over a file",
    ..calls(ObjectKind::Region)
};

/// # Regions over files
/// The bytes of a region over a file are the file's: they outlive the region and its name. Its length is the file's
/// exact length, or exactly the size asked for, not whole pages (rule C7). [`View::flush`](crate::View::flush) waits
/// until changes have reached the disk; without it the system chooses the time.
///
/// ## A file that is truncated while it is mapped
/// - On POSIX any program with write access can do that. An access to a page wholly behind the new end raises
///   **SIGBUS**, which ends the process unless it handles the signal. Bytes behind the end in the last remaining page
///   read as zeros, and writes there are lost. It is a signal, not undefined behaviour: other memory is never reached.
///   Mapping a *new* view past the new end is [`OutOfRange`](crate::ErrorKind::OutOfRange). Use files that no other
///   program truncates, or lock them.
/// - Windows refuses to truncate a file while a section of it exists (`ERROR_USER_MAPPED_FILE`, 1224). Where the medium
///   goes away (a network drive), an access to a page raises an exception (`EXCEPTION_IN_PAGE_ERROR`), which ends the
///   process.
///
/// ## Names
/// A named region over a file is an object of the name space like any other (C4, C15 to C17): it is opened by
/// [`open`](crate::Region::open), and its name goes with its last holder, while the file stays.
///
/// On POSIX the name leads openers to the file by the absolute path that it had when the region was created,
/// and they compare its device and inode number. So a region whose file is moved, replaced, or outside of an opener's
/// root directory can no longer be opened by name (an error of kind [`Os`](crate::ErrorKind::Os) that says so), while
/// its holders keep it. It can still be [handed over](Region::offer_to). The file's permissions decide which users may
/// open it.
impl Region {
    /// Makes a region without a name over a file.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an empty file without a size (Win32's
    /// `ERROR_FILE_INVALID`), for a size of zero, for a size past the end of a file that is not to be written
    /// to, and for anything but a regular file; [`AccessDenied`](crate::ErrorKind::AccessDenied);
    /// [`NotFound`](crate::ErrorKind::NotFound) where nothing lies at the path;
    /// [`OutOfMemory`](crate::ErrorKind::OutOfMemory) when the disk has no room for it to grow.
    pub fn over_file(file: impl Into<FileSource>, options: &FileOptions) -> Result<Region> {
        let bytes = Bytes::OfFile(file.into(), options);
        system::Region::nameless(bytes, "make a region over the file").map(Region)
    }

    /// Makes a region over a file, under a name that is free.
    ///
    /// # Errors
    /// Those of [`over_file`](Self::over_file) and of [`create`](crate::Region::create);
    /// [`Unsupported`](crate::ErrorKind::Unsupported) where the file has no path (it was deleted).
    pub fn create_over_file(
        name: &ObjectName,
        file: impl Into<FileSource>,
        options: &FileOptions,
    ) -> Result<Region> {
        Ok(Region::get(name, Ask::Create(Bytes::OfFile(file.into(), options)), &OVER_FILE)?.0)
    }

    /// Makes a region over a file, or opens the region with the name, and returns which of the two happened. Opening
    /// ignores the file, the size and the permissions.
    ///
    /// # Errors
    /// Those of [`create_over_file`](Self::create_over_file), but not
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists), and those of [`open`](crate::Region::open).
    pub fn create_or_open_over_file(
        name: &ObjectName,
        file: impl Into<FileSource>,
        options: &FileOptions,
    ) -> Result<(Region, Disposition)> {
        Region::get(name, Ask::CreateOrOpen(Bytes::OfFile(file.into(), options)), &OVER_FILE)
    }

    /// Whether the region's bytes are a file's.
    #[must_use]
    pub fn is_over_file(&self) -> bool {
        self.0.facts().is_over_file
    }
}
