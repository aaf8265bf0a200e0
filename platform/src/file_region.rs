//! Regions over files: what Win32's `CreateFile` and then `CreateFileMapping` make.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::{Access, Disposition, ObjectName, Permissions, Region, Result, Trust, system};

/// How a region is to be made over a file.
///
/// ```
/// # use samemap_platform as samemap;
/// use samemap::FileOptions;
/// let options = FileOptions::read_write().size(1 << 20);
/// assert_eq!(options.asked_size(), Some(1 << 20));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct FileOptions {
    access: Access,
    size: Option<u64>,
    permissions: Permissions,
    trust: Trust,
    leave_holes: bool,
}

impl FileOptions {
    /// All of the file, with this access. It is the most that any opener of the region's name gets, too.
    pub const fn new(access: Access) -> Self {
        FileOptions {
            access,
            size: None,
            permissions: Permissions::owner_only(),
            trust: Trust::OwnAndSystem,
            leave_holes: false,
        }
    }

    /// All of the file, for reading.
    pub const fn read_only() -> Self {
        Self::new(Access::ReadOnly)
    }

    /// All of the file, for reading and writing.
    pub const fn read_write() -> Self {
        Self::new(Access::ReadWrite)
    }

    /// All of the file, for reading and for private changes that never reach it.
    pub const fn copy_on_write() -> Self {
        Self::new(Access::CopyOnWrite)
    }

    /// Exactly so many bytes from the start of the file. A file that is shorter grows to that size, which
    /// needs [`Access::ReadWrite`]; the disk space is taken at once (rule C8).
    pub const fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// Lets others open the region's *name*. Who may open the *file* is the file's own affair: on POSIX an
    /// opener needs both.
    pub const fn permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = permissions;
        self
    }

    /// Whose object is accepted when *create or open* opens.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Takes no disk space in advance: neither for what the file grows by, nor for holes that it has. That
    /// suits a large sparse file. When the disk is full as a hole is first written to, the process gets a
    /// signal (SIGBUS) or an exception, as it would without this library.
    pub const fn leave_holes(mut self) -> Self {
        self.leave_holes = true;
        self
    }

    /// The access asked for.
    #[must_use]
    pub const fn access(&self) -> Access {
        self.access
    }

    /// The size asked for, in bytes; nothing means all of the file.
    #[must_use]
    pub const fn asked_size(&self) -> Option<u64> {
        self.size
    }

    /// Who beside the owner may open the name.
    #[must_use]
    pub const fn asked_permissions(&self) -> Permissions {
        self.permissions
    }

    /// Whose object is accepted.
    #[must_use]
    pub const fn accepted(&self) -> &Trust {
        &self.trust
    }

    /// Whether disk space is left to be taken when it is needed.
    #[must_use]
    pub const fn leaves_holes(&self) -> bool {
        self.leave_holes
    }
}

/// The file that a region is made over: an open [`File`], or the path of one that exists.
///
/// A path is opened with as much access as the region asks for. Use [`std::fs::OpenOptions`] to create a
/// file. Whatever locks an open file carries live as long as the region does.
///
/// # Platform-specific behavior
/// On Linux an open file may be another process's too, and then says nothing of who owns a lock in it. So the region
/// opens it anew for the objects inside; where this process may not do that, they are
/// [`Unsupported`](crate::ErrorKind::Unsupported).
#[derive(Debug)]
pub struct FileSource(pub(crate) Source);

#[derive(Debug)]
pub(crate) enum Source {
    File(File),
    Path(PathBuf),
}

impl From<File> for FileSource {
    fn from(file: File) -> Self {
        FileSource(Source::File(file))
    }
}

impl From<PathBuf> for FileSource {
    fn from(path: PathBuf) -> Self {
        FileSource(Source::Path(path))
    }
}

impl From<&PathBuf> for FileSource {
    fn from(path: &PathBuf) -> Self {
        FileSource(Source::Path(path.clone()))
    }
}

impl From<&Path> for FileSource {
    fn from(path: &Path) -> Self {
        FileSource(Source::Path(path.to_owned()))
    }
}

impl From<&str> for FileSource {
    fn from(path: &str) -> Self {
        FileSource(Source::Path(path.into()))
    }
}

/// # Regions over files
/// Such a region's bytes are a file's: they outlive the region, and its name. Its length is the file's exact
/// length, or exactly the size asked for, not whole pages (rule C7). [`View::flush`](crate::View::flush) says
/// when changes have reached the disk; without it the system writes them when it sees fit.
///
/// ## A file that somebody truncates while it is mapped
/// - On POSIX nothing keeps another program from that. Touching a page that lies wholly behind the new end
///   raises **SIGBUS**, which ends the process unless it handles the signal; bytes behind the end in the last
///   page that is left read as zeros, and what is written there is lost. It is a signal, not undefined
///   behaviour: no bytes of anything else are ever reached. Mapping a *new* view past the new end is
///   [`OutOfRange`](crate::ErrorKind::OutOfRange). Use files that nobody else truncates, or lock them.
/// - Windows refuses to truncate a file while a section of it exists (`ERROR_USER_MAPPED_FILE`, 1224). Where
///   the medium goes away (a network drive), touching a page raises an exception (`EXCEPTION_IN_PAGE_ERROR`),
///   which ends the process.
///
/// ## Names
/// A named region over a file is an object of the name space like any other (C4, C15 to C17): it is opened by
/// [`open`](crate::SharedRegion::open), and its name goes with its last holder, while the file stays.
///
/// On POSIX the name leads openers to the file by the absolute path that it had when the region was created,
/// and they check by device and inode number that it is the same file. So a file that is moved or replaced, or
/// cannot be seen from an opener's root directory, can no longer be opened by the region's name (an error of
/// kind [`Os`](crate::ErrorKind::Os) that says so), while those who hold it go on. It can still be
/// [handed over](Region::offer_to). Its own permissions decide who may open it.
impl Region {
    /// Makes a region without a name over a file.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an empty file without a size (Win32's
    /// `ERROR_FILE_INVALID`), for a size of zero, for a size past the end of a file that is not to be written
    /// to, and for what is no regular file; [`AccessDenied`](crate::ErrorKind::AccessDenied);
    /// [`NotFound`](crate::ErrorKind::NotFound) where nothing lies at the path;
    /// [`OutOfMemory`](crate::ErrorKind::OutOfMemory) when the disk has no room for it to grow.
    pub fn over_file(file: impl Into<FileSource>, options: &FileOptions) -> Result<Region> {
        system::file::anonymous(file.into(), options)
    }

    /// Makes a region over a file, under a name that is free.
    ///
    /// # Errors
    /// Those of [`over_file`](Self::over_file) and of [`create`](crate::SharedRegion::create);
    /// [`Unsupported`](crate::ErrorKind::Unsupported) where the file has no path (it was deleted).
    pub fn create_over_file(
        name: &ObjectName,
        file: impl Into<FileSource>,
        options: &FileOptions,
    ) -> Result<Region> {
        system::file::create(name, file.into(), options)
    }

    /// Makes a region over a file, or opens what region has the name, and says which of the two happened. When
    /// it opens, the file, the size and the permissions are ignored: the file is not even looked at.
    ///
    /// # Errors
    /// Those of [`create_over_file`](Self::create_over_file), but not
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists), and those of [`open`](crate::SharedRegion::open).
    pub fn create_or_open_over_file(
        name: &ObjectName,
        file: impl Into<FileSource>,
        options: &FileOptions,
    ) -> Result<(Region, Disposition)> {
        system::file::create_or_open(name, file.into(), options)
    }

    /// Whether the region's bytes are a file's.
    #[must_use]
    pub fn is_over_file(&self) -> bool {
        system::file::is_over_file(self)
    }
}
