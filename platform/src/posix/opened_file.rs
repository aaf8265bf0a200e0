//! The files that regions lie over.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{self, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::advice::{Call, InCall as _, Of as _};
use super::descriptor::{Identity, behind_standard_streams};
use super::disk;
use super::kernel::{self, file_type, mode_of};
use super::region::{Held, MappedFile, Region};
use crate::contract::context::Context;
use crate::contract::file::{Source, not_regular};
use crate::{Access, ErrorKind, FileOptions, FileSource, Result};

/// A region without a name, over an open file that was handed over.
pub(super) fn received(
    fd: OwnedFd,
    locks: Option<OwnedFd>,
    len: u64,
    access: Access,
    context: Context<'_>,
) -> Result<Region> {
    check_fit(fd.as_fd(), access, context)?;
    if len == 0 || i64::try_from(len).is_err() {
        return Err(context.invalid(
            "the size that came with it is not valid; let its sender use the same version of samemap",
        ));
    }
    let file = MappedFile::handed_over(fd, locks, access.writes_object()).of(Call::Look).in_call(context)?;
    Ok(Region::of(Held::File { file, object: None }, None, len, access))
}

/// PATH_MAX of Linux, which counts a NUL. A longer path cannot be opened in one call.
pub(super) const MAX_PATH: usize = 4096;

/// A regular file, open with the access that the caller asks for.
pub(super) struct OpenFile {
    file: MappedFile,
    stat: Stat,
    pub(super) identity: Identity,
    /// The path as the caller spelled it.
    path: Option<PathBuf>,
}

impl OpenFile {
    pub(super) fn new(source: FileSource, access: Access, context: Context<'_>) -> Result<OpenFile> {
        let writable = access.writes_object();
        let (file, stat, path) = match source.0 {
            Source::File(file) => {
                let stat = check_fit(file.as_fd(), access, context)?;
                let given = MappedFile::given(file.into(), writable).of(Call::Look).in_call(context)?;
                (given, stat, None)
            }
            Source::Path(path) => {
                let opened = open_file(&path, access, OFlags::empty())
                    .map_err(|errno| context.refused_file(Call::OpenFile, errno, &path))?;
                let stat = check_fit(opened.as_fd(), access, context)?;
                let file = MappedFile::own(opened, writable).of(Call::Look).in_call(context)?;
                (file, stat, Some(path))
            }
        };
        Ok(OpenFile { file, identity: Identity::from(&stat), stat, path })
    }

    pub(super) fn try_clone(&self, context: Context<'_>) -> Result<FileSource> {
        match &self.path {
            Some(path) => Ok(FileSource::from(path)),
            None => match self.file.clone_of_given() {
                Ok(file) => Ok(FileSource::from(file)),
                Err(error) => Err(context.error(ErrorKind::Os).with_source(error)),
            },
        }
    }

    /// Gives the file the size asked for, and returns the region's length.
    pub(super) fn sized(self, options: &FileOptions, context: Context<'_>) -> Result<(MappedFile, u64)> {
        let present = self.stat.st_size as u64;
        let len = options.wanted_len(present, context)?;
        if options.access().writes_object() {
            let holes = options.leaves_holes();
            disk::make_room(self.file.data().as_fd(), &self.stat, len, holes)
                .map_err(|shortage| context.short(Call::GrowFile, shortage, len))?;
        }
        Ok((self.file, len))
    }

    /// The path that other processes open the file by.
    pub(super) fn absolute_path(&self, context: Context<'_>) -> Result<PathBuf> {
        let path = match &self.path {
            Some(path) => std::fs::canonicalize(path).ok(),
            None => kernel::path_of(self.file.data().as_fd()),
        };
        let path = path.filter(|path| {
            path.is_absolute()
                && path.as_os_str().len() < MAX_PATH
                && fs::stat(path).is_ok_and(|stat| Identity::from(&stat) == self.identity)
        });
        path.ok_or_else(|| {
            context.error(ErrorKind::Unsupported).with_detail(
                "no path leads to the file (was it deleted?), so a name could lead nobody there; make the region without a name, and hand it over",
            )
        })
    }
}

pub(super) fn open_file(path: &Path, access: Access, more: OFlags) -> Result<OwnedFd, Errno> {
    let mode = if access.writes_object() { OFlags::RDWR } else { OFlags::RDONLY };
    // NONBLOCK: a FIFO must not make the caller wait.
    fs::open(path, mode | more | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY, Mode::empty())
        .and_then(behind_standard_streams)
}

pub(super) fn is_regular(stat: &Stat) -> bool {
    file_type(mode_of(stat)) == FileType::RegularFile
}

/// Checks that a region can lie over the open file, and returns the file's state.
fn check_fit(fd: BorrowedFd<'_>, access: Access, context: Context<'_>) -> Result<Stat> {
    let stat = fs::fstat(fd).of(Call::Look).in_call(context)?;
    if !is_regular(&stat) {
        return Err(not_regular(context));
    }
    check_modes(fd, access, context)?;
    Ok(stat)
}

/// Whether a descriptor is open for this access.
pub(super) fn is_open_for(fd: BorrowedFd<'_>, access: Access, context: Context<'_>) -> Result<bool> {
    let flags = fs::fcntl_getfl(fd).of(Call::Look).in_call(context)?;
    let mode = flags & OFlags::RWMODE;
    let enough = mode == OFlags::RDWR || (mode == OFlags::RDONLY && !access.writes_object());
    Ok(enough && !kernel::allows_nothing(flags))
}

pub(super) fn check_modes(fd: BorrowedFd<'_>, access: Access, context: Context<'_>) -> Result<()> {
    if is_open_for(fd, access, context)? {
        return Ok(());
    }
    let needed = if access.writes_object() { "reading and writing" } else { "reading" };
    Err(context
        .error(ErrorKind::AccessDenied)
        .with_detail(format!("the file was not opened for {needed}, which {access} needs; open it so")))
}
