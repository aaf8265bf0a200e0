//! Regions over files.
//!
//! Such a region maps the file itself. One with a name is an object of the name space like any other, whose data
//! say which file it leads to; its holders keep the object as they keep any:
//!
//! | bytes | what, in little-endian order |
//! | --- | --- |
//! | 0..8 | `SMFILE` and two NULs |
//! | 8..12 | access of the creator, and so the most that an opener gets: 1 read-only, 2 read-write, 3 copy-on-write |
//! | 12..16 | length of the path, in bytes |
//! | 16..24, 24..32 | device and inode number of the file |
//! | 32..40 | length of the region, in bytes |
//! | 40..48 | zeros |
//! | 48.. | the file's absolute path, without a NUL |
//!
//! A path can come to lead elsewhere, so an opener compares device and inode number. Nothing else leads from one
//! process to another's file: a hard link would need a place on the same file system, and a descriptor of a
//! living holder (`/proc/PID/fd`) the right to trace it. Only the object's owner may write to these bytes.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{self, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::commit::{self, Shortage};
use super::errors::Context;
use super::lifetime::{self, Object, Plan};
use super::object::Identity;
use super::region::Held;
use super::{disk, fork};
use crate::file_region::Source;
use crate::testing::reached;
use crate::{
    Access, Disposition, Error, ErrorKind, FileOptions, FileSource, ObjectKind, ObjectName, OpenOptions,
    Region, Result, Trust,
};

/// An open file. A forked child gets a description of its own, so that it shares no locks (see `fork`): neither those
/// of the objects inside a region nor those of whoever opened it.
#[derive(Debug)]
pub(super) struct Description {
    file: File,
    ticket: Option<fork::Ticket>,
}

impl Description {
    /// Opens one that no other process has.
    pub(super) fn open<E>(writable: bool, open: impl Fn() -> Result<OwnedFd, E>) -> Result<Description, E> {
        let open = || {
            let fd = open()?;
            reached("file: opened");
            Ok(fd)
        };
        if !lifetime::REOPENS {
            return Ok(Description { file: File::from(open()?), ticket: None });
        }
        let (fd, ticket) = fork::register_opened_at_leisure(writable, open)?;
        Ok(Description { file: File::from(fd), ticket: Some(ticket) })
    }

    /// One of this process's own for an open file, where it may open one.
    pub(super) fn anew(fd: BorrowedFd<'_>, writable: bool) -> Result<Description, Errno> {
        Description::open(writable, || lifetime::fresh(fd, writable))
    }

    /// What is open already.
    fn given(fd: OwnedFd, writable: bool) -> Description {
        let ticket = lifetime::REOPENS.then(|| fork::register_holder(fd.as_fd(), writable));
        Description { file: File::from(fd), ticket }
    }
}

impl AsFd for Description {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for Description {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            fork::unregister(ticket);
        }
    }
}

/// A file that is mapped, or memory that has a descriptor and no name.
#[derive(Debug)]
pub(super) struct MappedFile {
    description: Description,
    /// What the caller opened, with whatever locks it carries.
    given: Option<Description>,
    may_be_shared: bool,
}

impl MappedFile {
    /// Of a description that no other process has.
    pub(super) fn own(description: Description) -> MappedFile {
        MappedFile { description, given: None, may_be_shared: false }
    }

    /// Of what the caller opened: other processes may have the same description, and its locks would be theirs.
    pub(super) fn given(fd: OwnedFd, writable: bool) -> MappedFile {
        match Description::anew(fd.as_fd(), writable) {
            Ok(description) => {
                let given = Some(Description::given(fd, writable));
                MappedFile { description, given, may_be_shared: false }
            }
            Err(_) => {
                MappedFile { description: Description::given(fd, writable), given: None, may_be_shared: true }
            }
        }
    }

    /// Of what another process opened for this one, and closed.
    pub(super) fn handed_over(fd: OwnedFd, writable: bool) -> MappedFile {
        let anew = Description::anew(fd.as_fd(), writable);
        MappedFile::own(anew.unwrap_or_else(|_| Description::given(fd, writable)))
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.description.as_fd()
    }

    /// As the caller opened it.
    fn given_file(&self) -> &File {
        &self.given.as_ref().unwrap_or(&self.description).file
    }

    /// Whether other processes may have the same description, so that a lock of it says nothing of who has it.
    #[cfg_attr(
        not(all(target_os = "linux", not(samemap_gate_lifetime))),
        allow(dead_code, reason = "for objects inside regions")
    )]
    pub(super) fn may_be_shared(&self) -> bool {
        self.may_be_shared
    }

    /// As it is mapped.
    pub(super) fn file(&self) -> &File {
        &self.description.file
    }
}

// ---- creating -----------------------------------------------------------------------------------------

pub(crate) fn anonymous(source: FileSource, options: &FileOptions) -> Result<Region> {
    let context = Context { operation: "make a region over the file", name: None };
    let (file, len) = Opened::new(source, options.access(), context)?.sized(options, context)?;
    Ok(Region::of(Held::File { file, object: None }, None, len, options.access()))
}

pub(crate) fn create(name: &ObjectName, source: FileSource, options: &FileOptions) -> Result<Region> {
    let context = Context { operation: "create the region over a file", name: Some(name) };
    check_can_lead(context)?;
    // Before the file grows in vain.
    let anybodys = OpenOptions::read_only().trust(Trust::Anyone);
    if Object::open(name, ObjectKind::Region, &anybodys).is_ok() {
        return Err(context.error(ErrorKind::AlreadyExists));
    }
    create_new(name, Opened::new(source, options.access(), context)?, options, context)
}

pub(crate) fn create_or_open(
    name: &ObjectName,
    source: FileSource,
    options: &FileOptions,
) -> Result<(Region, Disposition)> {
    let context = Context { operation: "create or open the region over a file", name: Some(name) };
    check_can_lead(context)?;
    let opening = OpenOptions::new(options.access()).trust(options.accepted().clone());
    let mut file = Some(source);
    for _ in 0..TURNS {
        match super::region::open(name, &opening) {
            Err(error) if *error.kind() == ErrorKind::NotFound => {}
            opened => return Ok((opened?, Disposition::Opened)),
        }
        let opened = match file.take() {
            Some(source) => Opened::new(source, options.access(), context)?,
            None => break,
        };
        let again = opened.try_clone(context)?;
        match create_new(name, opened, options, context) {
            Err(error) if *error.kind() == ErrorKind::AlreadyExists => file = Some(again),
            created => return Ok((created?, Disposition::Created)),
        }
    }
    Err(context.error(ErrorKind::TimedOut).with_detail("the name changed hands again and again; try again"))
}

/// How often a name may change hands under a creator. Each turn is the end of somebody else's object.
const TURNS: u32 = 64;

fn create_new(
    name: &ObjectName,
    opened: Opened,
    options: &FileOptions,
    context: Context<'_>,
) -> Result<Region> {
    let path = opened.absolute_path(context)?;
    let identity = opened.identity;
    let (file, len) = opened.sized(options, context)?;
    reached("create: file ready");
    let record = Record { access: options.access(), file: identity, len, path };
    let object_len = commit::rounded_to_pages(RECORD_LEN as u64).expect("a few pages");
    let object = Object::create(Plan {
        name,
        kind: ObjectKind::Region,
        asked: object_len,
        len: object_len,
        permissions: options.asked_permissions(),
        first_bytes: &record.encoded(),
    })?;
    let held = Held::File { file, object: Some(object) };
    Ok(Region::of(held, Some(name), len, options.access()))
}

fn check_can_lead(context: Context<'_>) -> Result<()> {
    if lifetime::REOPENS {
        return Ok(());
    }
    Err(context.error(ErrorKind::Unsupported).with_detail(
        "named regions over files exist on Linux and Windows so far; make one without a name, and open the file in every process",
    ))
}

// ---- opening ------------------------------------------------------------------------------------------

/// From an object that leads to a file to the region over it.
pub(super) fn follow(object: Object, name: &ObjectName, access: Access) -> Result<Region> {
    let context = Context { operation: "open the region over a file", name: Some(name) };
    let record = Record::of(&object, context)?;
    record.check_access(access, context)?;
    let file = MappedFile::own(record.open(access, context)?);
    Ok(record.region(object, file, name, access))
}

/// The same with the file at hand, which must be the one that the object leads to.
pub(super) fn join(
    object: Object,
    fd: OwnedFd,
    name: &ObjectName,
    access: Access,
    context: Context<'_>,
) -> Result<Region> {
    let record = Record::of(&object, context)?;
    record.check_access(access, context)?;
    record.check_identity(fd.as_fd(), context)?;
    check_modes(fd.as_fd(), access, context)?;
    Ok(record.region(object, MappedFile::handed_over(fd, access.writes_object()), name, access))
}

/// A region without a name over an open file that somebody handed over.
pub(super) fn received(fd: OwnedFd, len: u64, access: Access, context: Context<'_>) -> Result<Region> {
    check_fit(fd.as_fd(), access, context)?;
    if len == 0 || i64::try_from(len).is_err() {
        return Err(context.error(ErrorKind::InvalidArgument).with_detail("its size makes no sense"));
    }
    let file = MappedFile::handed_over(fd, access.writes_object());
    let held = Held::File { file, object: None };
    Ok(Region::of(held, None, len, access))
}

/// What an object that leads to a file says of it.
#[derive(Debug, PartialEq, Eq)]
struct Record {
    access: Access,
    file: Identity,
    len: u64,
    path: PathBuf,
}

const MAGIC: &[u8; 8] = b"SMFILE\0\0";
const PATH_AT: usize = 48;
/// PATH_MAX of Linux, which counts a NUL. A longer path cannot be opened in one call.
const MAX_PATH: usize = 4096;
const RECORD_LEN: usize = PATH_AT + MAX_PATH;

impl Record {
    fn of(object: &Object, context: Context<'_>) -> Result<Record> {
        let mut bytes = vec![0; RECORD_LEN];
        object.read_start(&mut bytes).map_err(|errno| context.os(errno))?;
        Record::decoded(&bytes).ok_or_else(|| {
            context.error(ErrorKind::Damaged).with_detail(
                "what it says of its file makes no sense: something wrote over it; end its holders",
            )
        })
    }

    fn encoded(&self) -> Vec<u8> {
        let path = self.path.as_os_str().as_bytes();
        let (dev, ino) = self.file.parts();
        let mut bytes = Vec::with_capacity(PATH_AT + path.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&code_of(self.access).to_le_bytes());
        bytes.extend_from_slice(&(path.len() as u32).to_le_bytes());
        for word in [dev, ino, self.len, 0] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.extend_from_slice(path);
        bytes
    }

    /// Nothing where the bytes make no sense.
    fn decoded(bytes: &[u8]) -> Option<Record> {
        let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let long = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let path = bytes.get(PATH_AT..PATH_AT.checked_add(word(12)? as usize)?)?;
        let len = long(32)?;
        let good = bytes.starts_with(MAGIC)
            && path.starts_with(b"/")
            && !path.contains(&0)
            && len > 0
            && i64::try_from(len).is_ok();
        good.then_some(Record {
            access: access_of(word(8)?)?,
            file: Identity::from_parts(long(16)?, long(24)?),
            len,
            path: PathBuf::from(OsStr::from_bytes(path)),
        })
    }

    fn check_access(&self, access: Access, context: Context<'_>) -> Result<()> {
        if self.access.allows(access) {
            return Ok(());
        }
        Err(context.error(ErrorKind::AccessDenied).with_detail(format!(
            "its creator mapped the file {} and {access} was asked for; ask for less, or let the creator map it read-write",
            self.access
        )))
    }

    fn open(&self, access: Access, context: Context<'_>) -> Result<Description> {
        let open = || open_file(&self.path, access, OFlags::NOFOLLOW);
        let opened = Description::open(access.writes_object(), open).map_err(|errno| match errno {
            Errno::ACCESS | Errno::PERM | Errno::ROFS => context.os(errno).with_detail(format!(
                "the file {} does not let this user in for what was asked; widen its own permissions, or ask for less",
                self.path.display()
            )),
            errno => self.astray(context).with_source(errno.into()),
        })?;
        self.check_identity(opened.as_fd(), context)?;
        Ok(opened)
    }

    fn check_identity(&self, fd: BorrowedFd<'_>, context: Context<'_>) -> Result<()> {
        let stat = fs::fstat(fd).map_err(|errno| context.os(errno))?;
        if Identity::from(&stat) != self.file || !is_regular(&stat) {
            return Err(self.astray(context).with_source(Errno::STALE.into()));
        }
        Ok(())
    }

    /// The path leads elsewhere, or nowhere.
    fn astray(&self, context: Context<'_>) -> Error {
        context.error(ErrorKind::Os).with_detail(format!(
            "it lies over the file {}, and that path does not lead to the file any more, or not from here; move the file back, or take the region over from a holder by handle",
            self.path.display()
        ))
    }

    fn region(&self, object: Object, file: MappedFile, name: &ObjectName, access: Access) -> Region {
        Region::of(Held::File { file, object: Some(object) }, Some(name), self.len, access)
    }
}

/// The length of the region that an object leads to, for those who list it.
#[cfg(target_os = "linux")]
#[cfg_attr(samemap_gate_lifetime, expect(dead_code, reason = "objects are not listed there"))]
pub(super) fn recorded_len(object: BorrowedFd<'_>) -> Option<u64> {
    let mut bytes = vec![0; RECORD_LEN];
    let read = rustix::io::pread(object, &mut bytes, 0).ok()?;
    Record::decoded(&bytes[..read]).map(|record| record.len)
}

pub(super) fn code_of(access: Access) -> u32 {
    match access {
        Access::ReadOnly => 1,
        Access::ReadWrite => 2,
        Access::CopyOnWrite => 3,
    }
}

pub(super) fn access_of(code: u32) -> Option<Access> {
    [Access::ReadOnly, Access::ReadWrite, Access::CopyOnWrite].into_iter().find(|&a| code_of(a) == code)
}

// ---- the file -----------------------------------------------------------------------------------------

/// A regular file, open for what the caller wants.
struct Opened {
    file: MappedFile,
    stat: Stat,
    identity: Identity,
    /// As the caller spelled it.
    path: Option<PathBuf>,
}

impl Opened {
    fn new(source: FileSource, access: Access, context: Context<'_>) -> Result<Opened> {
        let writable = access.writes_object();
        let (file, stat, path) = match source.0 {
            Source::File(file) => {
                let stat = check_fit(file.as_fd(), access, context)?;
                (MappedFile::given(file.into(), writable), stat, None)
            }
            Source::Path(path) => {
                let opened = Description::open(writable, || open_file(&path, access, OFlags::empty()));
                let opened = opened.map_err(|errno| not_opened(errno, &path, context))?;
                let stat = check_fit(opened.as_fd(), access, context)?;
                (MappedFile::own(opened), stat, Some(path))
            }
        };
        Ok(Opened { file, identity: Identity::from(&stat), stat, path })
    }

    fn try_clone(&self, context: Context<'_>) -> Result<FileSource> {
        match &self.path {
            Some(path) => Ok(FileSource::from(path)),
            None => match self.file.given_file().try_clone() {
                Ok(file) => Ok(FileSource::from(file)),
                Err(error) => Err(context.error(ErrorKind::Os).with_source(error)),
            },
        }
    }

    /// Gives the file the size that was asked for; answers the region's.
    fn sized(self, options: &FileOptions, context: Context<'_>) -> Result<(MappedFile, u64)> {
        let present = self.stat.st_size as u64;
        let len = wanted_len(present, options, context)?;
        if options.access().writes_object() {
            let holes = options.leaves_holes();
            disk::make_room(self.file.fd(), &self.stat, len, holes)
                .map_err(|shortage| no_room(shortage, len, context))?;
        }
        Ok((self.file, len))
    }

    /// The path that other processes open the file by.
    fn absolute_path(&self, context: Context<'_>) -> Result<PathBuf> {
        let path = match &self.path {
            Some(path) => std::fs::canonicalize(path).ok(),
            None => path_behind(self.file.fd()),
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

/// The path of an open file, as the kernel knows it.
fn path_behind(fd: BorrowedFd<'_>) -> Option<PathBuf> {
    use std::os::fd::AsRawFd as _;
    let link = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let path = fs::readlink(link, Vec::new()).ok()?;
    Some(PathBuf::from(std::ffi::OsString::from_vec(path.into_bytes())))
}

fn open_file(path: &Path, access: Access, more: OFlags) -> Result<OwnedFd, Errno> {
    let mode = if access.writes_object() { OFlags::RDWR } else { OFlags::RDONLY };
    // A FIFO must not make anybody wait.
    fs::open(path, mode | more | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY, Mode::empty())
}

fn wanted_len(present: u64, options: &FileOptions, context: Context<'_>) -> Result<u64> {
    let invalid = |detail| Err(context.error(ErrorKind::InvalidArgument).with_detail(detail));
    match options.asked_size() {
        None if present == 0 => {
            invalid("the file is empty, and no size was asked for; ask for one, and the file grows to it")
        }
        None => Ok(present),
        Some(0) => invalid("a size of 0 was asked for; ask for one byte or more, or leave the size out"),
        Some(size) if size > present && !options.access().writes_object() => invalid(
            "the file is shorter than the size that was asked for, and only Access::ReadWrite lets it grow",
        ),
        Some(size) if i64::try_from(size).is_err() => Err(context.out_of_memory(size, None)),
        Some(size) => Ok(size),
    }
}

fn is_regular(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

fn check_regular(stat: &Stat, context: Context<'_>) -> Result<()> {
    if is_regular(stat) {
        return Ok(());
    }
    Err(context
        .error(ErrorKind::InvalidArgument)
        .with_detail("it is no regular file; a region lies over a regular file"))
}

/// Whether a region can lie over what is open there; answers what it is.
fn check_fit(fd: BorrowedFd<'_>, access: Access, context: Context<'_>) -> Result<Stat> {
    let stat = fs::fstat(fd).map_err(|errno| context.os(errno))?;
    check_regular(&stat, context)?;
    check_modes(fd, access, context)?;
    Ok(stat)
}

/// Whether the file is open for what will be done with it.
fn check_modes(fd: BorrowedFd<'_>, access: Access, context: Context<'_>) -> Result<()> {
    let flags = fs::fcntl_getfl(fd).map_err(|errno| context.os(errno))?;
    let mode = flags & OFlags::RWMODE;
    let enough = mode == OFlags::RDWR || (mode == OFlags::RDONLY && !access.writes_object());
    if enough && !flags.contains(path_only()) {
        return Ok(());
    }
    let needed = if access.writes_object() { "reading and writing" } else { "reading" };
    Err(context
        .error(ErrorKind::AccessDenied)
        .with_detail(format!("the file was not opened for {needed}, which {access} needs; open it so")))
}

#[cfg(target_os = "linux")]
fn path_only() -> OFlags {
    OFlags::PATH
}

/// A bit that no descriptor has.
#[cfg(not(target_os = "linux"))]
fn path_only() -> OFlags {
    OFlags::CREATE
}

// ---- errors -------------------------------------------------------------------------------------------

fn not_opened(errno: Errno, path: &Path, context: Context<'_>) -> Error {
    let error = match errno {
        Errno::NOENT => context.error(ErrorKind::NotFound).with_source(errno.into()),
        errno => context.os(errno),
    };
    let path = path.display();
    match errno {
        Errno::NOENT => error.with_detail(format!("there is no file {path}; create it first")),
        Errno::ACCESS | Errno::PERM | Errno::ROFS => error.with_detail(format!(
            "the file {path} does not let this user in for what was asked; widen its permissions, or ask for less"
        )),
        _ => error,
    }
}

fn no_room(shortage: Shortage, len: u64, context: Context<'_>) -> Error {
    match shortage {
        Shortage::NotEnough(left) => {
            let left =
                left.map_or_else(String::new, |left| format!(" and its file system has room for {left}"));
            let available = None;
            context.error(ErrorKind::OutOfMemory { requested: len, available }).with_detail(format!(
                "the file would have {len} bytes{left}; free some, ask for less, or raise the limit (ulimit -f, quota)"
            ))
        }
        Shortage::Os(errno) => context.os(errno),
    }
}

/// The range of a request lies behind what is left of a file that somebody truncated.
pub(super) fn check_not_truncated(
    file: &MappedFile,
    request: &crate::MapRequest,
    context: Context<'_>,
) -> Result<()> {
    let present = fs::fstat(file.fd()).map_err(|errno| context.os(errno))?.st_size as u64;
    let (offset, len) = (request.offset(), request.len());
    if offset.saturating_add(len) <= present {
        return Ok(());
    }
    Err(context.error(ErrorKind::OutOfRange { offset, len, region_len: present }).with_detail(format!(
        "somebody truncated the file to {present} bytes, and touching what lies behind would raise SIGBUS; make it longer again, or map less"
    )))
}

pub(crate) fn is_over_file(region: &Region) -> bool {
    matches!(&**region.held(), Held::File { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            access: Access::CopyOnWrite,
            file: Identity::from_parts(u64::MAX, 7),
            len: 12345,
            path: PathBuf::from("/tmp/a file"),
        }
    }

    #[test]
    fn records_read_back() {
        let bytes = record().encoded();
        assert_eq!(Record::decoded(&bytes), Some(record()));
        let mut padded = bytes;
        padded.resize(RECORD_LEN, 0);
        assert_eq!(Record::decoded(&padded), Some(record()));
    }

    #[test]
    fn no_byte_of_a_record_is_believed() {
        let mut good = record().encoded();
        good.resize(RECORD_LEN, 0);
        for at in 0..PATH_AT + 16 {
            for value in [0, 1, 0x2F, 0x7F, 0x80, 0xFF] {
                let mut bytes = good.clone();
                bytes[at] = value;
                if let Some(record) = Record::decoded(&bytes) {
                    assert!(record.path.is_absolute() && record.len > 0 && i64::try_from(record.len).is_ok());
                }
            }
        }
        for len in 0..good.len() {
            let _ = Record::decoded(&good[..len]);
        }
        assert_eq!(Record::decoded(&[0; RECORD_LEN]), None);
        assert_eq!(Record::decoded(&[0xFF; RECORD_LEN]), None);
    }
}
