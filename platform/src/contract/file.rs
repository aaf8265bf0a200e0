//! Regions over files: the options, and the file.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::context::Context;
use crate::{Access, Error, Permissions, Result, Trust};

/// How a region is to be made over a file.
///
/// ```
/// # use samemap_platform as samemap;
/// use samemap::regions::FileOptions;
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
    /// All of the file, with this access. No opener of the region's name gets more.
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

    /// All of the file, for reading and for private changes that the file never gets.
    pub const fn copy_on_write() -> Self {
        Self::new(Access::CopyOnWrite)
    }

    /// Exactly this many bytes from the start of the file. A shorter file grows to that size, which needs
    /// [`Access::ReadWrite`], and the disk space is reserved at once (rule C8).
    pub const fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// Reserves no disk space, neither for a file that grows nor for the holes in it. That suits a large sparse file. A
    /// first write to a hole on a full disk raises a signal (SIGBUS) or an exception, as it would without this library.
    pub const fn leave_holes(mut self) -> Self {
        self.leave_holes = true;
        self
    }

    /// The access asked for.
    #[must_use]
    pub const fn access(&self) -> Access {
        self.access
    }

    /// The size asked for, in bytes; `None` is all of the file.
    #[must_use]
    pub const fn asked_size(&self) -> Option<u64> {
        self.size
    }

    /// Whether disk space is taken only when it is needed.
    #[must_use]
    pub const fn leaves_holes(&self) -> bool {
        self.leave_holes
    }
}

permissions_and_trust!(FileOptions {
    /// Lets others open the region's *name*. The file keeps its own permissions: on POSIX an opener needs both.
    permissions,
    /// The owners whose objects are accepted when *create or open* opens.
    trust
});

impl FileOptions {
    /// The length of a region over a file of `present` bytes (rule C7).
    pub(crate) fn wanted_len(&self, present: u64, context: Context<'_>) -> Result<u64> {
        match self.size {
            None if present == 0 => Err(context.invalid(
                "the file is empty, and no size was asked for; ask for one, and the file grows to it",
            )),
            None => Ok(present),
            Some(0) => Err(context
                .invalid("a size of 0 was asked for; ask for one byte or more, or leave the size out")),
            Some(size) if size > present && !self.access.writes_object() => Err(context.invalid(
                "the file is shorter than the size that was asked for, and only Access::ReadWrite lets it grow",
            )),
            Some(size) if i64::try_from(size).is_err() => Err(context
                .out_of_memory(size, None)
                .with_detail(format!("no file can have {size} bytes; ask for less"))),
            Some(size) => Ok(size),
        }
    }
}

/// The error for something that is no regular file.
pub(crate) fn not_regular(context: Context<'_>) -> Error {
    context.invalid("it is no regular file; a region lies over a regular file")
}

/// The file that a region is made over: an open [`File`], or the path of one that exists.
///
/// A path is opened with as much access as the region asks for. Use [`std::fs::OpenOptions`] to create a
/// file. The locks of an open file live as long as the region does.
///
/// # Platform-specific behavior
/// On Linux several processes may share an open file, and then its locks do not tell them apart. So the region opens
/// the file anew for the objects inside it. Where this process may not open it, they are
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
