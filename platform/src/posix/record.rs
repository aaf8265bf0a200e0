//! The record of a named region over a file, in its object's facts (see `facts`):
//!
//! | bytes | what, in little-endian order |
//! | --- | --- |
//! | 0..8 | `SMFILE` and two NULs |
//! | 8..12 | access of the creator, which is the most that an opener gets: 1 read-only, 2 read-write, 3 copy-on-write |
//! | 12..16 | length of the path, in bytes |
//! | 16..24, 24..32 | device and inode number of the file |
//! | 32..40 | length of the region, in bytes |
//! | 40..48 | zeros |
//! | 48.. | the file's absolute path, without a NUL |
//!
//! A path can change its file, so an opener compares device and inode number. Only a path leads other processes to the
//! file: a hard link would need a place on its file system, and a living holder's descriptor (`/proc/PID/fd`) the right
//! to trace that holder. Only the object's owner may write to these bytes, whatever the region's permissions.

use std::ffi::OsStr;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use rustix::fs::{self, OFlags};
use rustix::io::Errno;

use super::advice::{Call, InCall as _, Of as _};
use super::descriptor::{Identity, Lockable};
use super::facts::{Form, RECORD_AT, RECORD_LEN};
use super::kernel::mode_of;
use super::lifetime::Object;
use super::object::Wanted;
use super::opened_file::{MAX_PATH, check_modes, is_regular, open_file};
use super::region::{Held, MappedFile, Region};
use crate::contract::context::Context;
use crate::contract::wire::{access_of, code_of, long, word};
use crate::{Access, Error, ErrorKind, ObjectKind, ObjectName, OpenOptions, Result};

/// Opens the region with the name.
pub(super) fn open(name: &ObjectName, options: &OpenOptions, context: Context<'_>) -> Result<Region> {
    let (operation, kind) = (context.operation, ObjectKind::Region);
    let object = Object::open(Wanted { operation, name, kind, options })?;
    opened(object, name, options.access(), context)
}

/// The region of an object that was opened or made.
pub(super) fn opened(
    object: Object,
    name: &ObjectName,
    access: Access,
    context: Context<'_>,
) -> Result<Region> {
    match object.form() {
        Form::InFront | Form::Beside => Ok(Region::named(object, name, access)),
        Form::Elsewhere => follow(object, name, access, context),
    }
}

/// The region over the file that an object leads to.
fn follow(object: Object, name: &ObjectName, access: Access, context: Context<'_>) -> Result<Region> {
    let record = Record::of(&object, context)?;
    record.check_access(access, context)?;
    let opened = record.open(access, context)?;
    record.check_creator_is_let_in(&object, opened.as_fd(), access, context)?;
    let file = MappedFile::own(opened, access.writes_object()).of(Call::Look).in_call(context)?;
    Ok(record.region(object, file, name, access))
}

/// The region over this file, which must be the one that the object leads to.
pub(super) fn join(
    object: Object,
    (fd, locks): (OwnedFd, Option<OwnedFd>),
    name: &ObjectName,
    access: Access,
    context: Context<'_>,
) -> Result<Region> {
    let record = Record::of(&object, context)?;
    record.check_access(access, context)?;
    record.check_identity(fd.as_fd(), context)?;
    check_modes(fd.as_fd(), access, context)?;
    let file = MappedFile::handed_over(fd, locks, access.writes_object()).of(Call::Look).in_call(context)?;
    Ok(record.region(object, file, name, access))
}

/// The record of a file in an object's facts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) access: Access,
    pub(super) file: Identity,
    pub(super) len: u64,
    pub(super) path: PathBuf,
}

const MAGIC: &[u8; 8] = b"SMFILE\0\0";
const PATH_AT: usize = 48;
const _: () = assert!(PATH_AT + MAX_PATH == RECORD_LEN);

impl Record {
    fn of(object: &Object, context: Context<'_>) -> Result<Record> {
        let mut bytes = vec![0; RECORD_LEN];
        let read = object.read_record(&mut bytes).of(Call::Read).in_call(context)?;
        Record::decoded(&bytes[..read]).ok_or_else(|| {
            context.error(ErrorKind::Damaged).with_detail(
                "what it says of its file is not valid, because something wrote over it; end the programs that hold it, and create it anew",
            )
        })
    }

    pub(super) fn encoded(&self) -> Vec<u8> {
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

    /// Reads a record; `None` for invalid bytes.
    fn decoded(bytes: &[u8]) -> Option<Record> {
        let (head, path) = bytes.split_at_checked(PATH_AT)?;
        let path = path.get(..word(head, 12) as usize)?;
        let len = long(head, 32);
        let good = bytes.starts_with(MAGIC)
            && path.starts_with(b"/")
            && !path.contains(&0)
            && len > 0
            && i64::try_from(len).is_ok();
        good.then_some(Record {
            access: access_of(word(head, 8))?,
            file: Identity::from_parts(long(head, 16), long(head, 24)),
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

    fn open(&self, access: Access, context: Context<'_>) -> Result<OwnedFd> {
        let opened = open_file(&self.path, access, OFlags::NOFOLLOW).map_err(|errno| match errno {
            Errno::NOENT | Errno::NOTDIR | Errno::ISDIR | Errno::NXIO | Errno::NODEV | Errno::LOOP => {
                self.astray(context).with_source(errno.into())
            }
            errno => context.refused_file(Call::OpenFile, errno, &self.path),
        })?;
        self.check_identity(opened.as_fd(), context)?;
        Ok(opened)
    }

    fn check_identity(&self, fd: BorrowedFd<'_>, context: Context<'_>) -> Result<()> {
        let stat = fs::fstat(fd).of(Call::Look).in_call(context)?;
        if Identity::from(&stat) != self.file || !is_regular(&stat) {
            return Err(self.astray(context).with_source(Errno::STALE.into()));
        }
        Ok(())
    }

    /// Whether the object's owner may open the file itself, as far as the file's mode tells: otherwise a trusted owner
    /// could make others open files with rights that it does not have.
    fn check_creator_is_let_in(
        &self,
        object: &Object,
        fd: BorrowedFd<'_>,
        access: Access,
        context: Context<'_>,
    ) -> Result<()> {
        let file = fs::fstat(fd).of(Call::Look).in_call(context)?;
        let owner = fs::fstat(object.life()).of(Call::Look).in_call(context)?.st_uid;
        let needed = if access.writes_object() { 0o6 } else { 0o4 };
        // The group's bits also bound access lists.
        let to_others = (mode_of(&file) >> 3 | mode_of(&file)) & needed;
        if owner == 0 || owner == file.st_uid || to_others == needed {
            return Ok(());
        }
        Err(context.error(ErrorKind::AccessDenied).with_detail(format!(
            "it lies over the file {}, which the region's own creator, user {owner}, may not open for that; have the file's owner share the file with that user",
            self.path.display()
        )))
    }

    /// The error for a path that leads to another file, or to none.
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

/// The length of the region that an object leads to, for lists.
pub(super) fn recorded_len(life: &Lockable) -> Option<u64> {
    let mut bytes = vec![0; RECORD_LEN];
    let read = rustix::io::pread(life, &mut bytes, RECORD_AT).ok()?;
    Record::decoded(&bytes[..read]).map(|record| record.len)
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
