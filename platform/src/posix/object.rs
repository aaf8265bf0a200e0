//! What every lifetime on POSIX has in common: what a creator plans, what an opener wants, whose object is
//! accepted, and what is said of things that are no objects of ours.

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use super::errors::Context;
use super::trailer::Form;
use super::{commit, user_id};
use crate::{
    CreateOptions, Error, ErrorKind, Found, ObjectKind, ObjectName, OpenOptions, Permissions, Result, Trust,
};

/// Where a POSIX name is found in the file system.
const SHOWN_DIR: &str = "/dev/shm";

/// Which file a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    dev: u64,
    ino: u64,
}

impl From<&Stat> for Identity {
    fn from(stat: &Stat) -> Self {
        #[allow(clippy::unnecessary_cast, reason = "the fields' types differ between systems")]
        Identity { dev: stat.st_dev as u64, ino: stat.st_ino as u64 }
    }
}

impl Identity {
    pub(super) fn from_parts(dev: u64, ino: u64) -> Identity {
        Identity { dev, ino }
    }

    /// Device and inode number.
    pub(super) fn parts(self) -> (u64, u64) {
        (self.dev, self.ino)
    }
}

/// What a creator asks for.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a> {
    pub(super) name: &'a ObjectName,
    pub(super) kind: ObjectKind,
    /// The size that was asked for, in bytes.
    pub(super) asked: u64,
    /// Length of the data: whole pages.
    pub(super) len: u64,
    pub(super) permissions: Permissions,
    /// What the data begin with; zeros follow. A region that begins with anything leads to a file, since
    /// memory begins with zeros.
    pub(super) first_bytes: &'a [u8],
}

impl Plan<'_> {
    pub(super) fn form(&self) -> Form {
        match self.kind {
            ObjectKind::Region if !self.first_bytes.is_empty() => Form::LeadsToFile,
            _ => Form::Memory,
        }
    }

    /// The object's mode bits. What leads to a file is for nobody but its owner to write to: it is the file's own
    /// permissions that decide who may write there.
    pub(super) fn mode(&self) -> u32 {
        match self.form() {
            Form::Memory => self.permissions.mode(),
            Form::LeadsToFile => self.permissions.mode() & !0o022,
        }
    }
}

/// What an opener asks for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) name: &'a ObjectName,
    pub(super) kind: ObjectKind,
    pub(super) options: &'a OpenOptions,
}

/// What a creator is doing, for its errors.
pub(super) fn creating(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Region => "create the region",
        ObjectKind::Mutex => "create the mutex",
        ObjectKind::Event => "create the event",
        ObjectKind::Semaphore => "create the semaphore",
        ObjectKind::Timer => "create the timer",
    }
}

/// What an opener is doing, for its errors.
pub(super) fn opening(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Region => "open the region",
        ObjectKind::Mutex => "open the mutex",
        ObjectKind::Event => "open the event",
        ObjectKind::Semaphore => "open the semaphore",
        ObjectKind::Timer => "open the timer",
    }
}

/// Rounds and checks the size that a caller asks for.
pub(super) fn planned_len(options: &CreateOptions, context: Context<'_>) -> Result<u64> {
    if options.size() == 0 {
        return Err(context
            .error(ErrorKind::InvalidArgument)
            .with_detail("a size of 0 was asked for; ask for one byte or more"));
    }
    commit::rounded_to_pages(options.size()).ok_or_else(|| context.out_of_memory(options.size(), None))
}

/// What lies there in place of a regular file.
pub(super) fn not_regular(stat: &Stat) -> Option<&'static str> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => None,
        FileType::Fifo => Some("a FIFO"),
        FileType::Directory => Some("a directory"),
        FileType::Symlink => Some("a symbolic link"),
        FileType::Socket => Some("a socket"),
        _ => Some("a device"),
    }
}

/// Whether an object of this owner is accepted.
pub(super) fn check_owner(owner: u32, trust: &Trust, context: Context<'_>) -> Result<()> {
    let accepted = owner == 0
        || owner == rustix::process::geteuid().as_raw()
        || match trust {
            Trust::Anyone => true,
            Trust::User(user) => *user == user_id(owner),
            Trust::OwnAndSystem => false,
        };
    if accepted {
        return Ok(());
    }
    Err(context.error(ErrorKind::UntrustedOwner { owner: Some(user_id(owner)) }))
}

// ---- errors -------------------------------------------------------------------------------------------

pub(super) fn mismatch(wanted: ObjectKind, found: Found, context: Context<'_>) -> Error {
    context.error(ErrorKind::KindMismatch { wanted, found })
}

pub(super) fn foreign(what: &'static str, wanted: ObjectKind, context: Context<'_>) -> Error {
    let error = mismatch(wanted, Found::Foreign(what), context);
    let Some(posix) = context.name.and_then(ObjectName::posix_name) else { return error };
    error.with_detail(format!(
        "{what} that samemap did not make lies at {SHOWN_DIR}{posix}; remove it if nobody needs it, or choose another name",
    ))
}

pub(super) fn denied(owner: u32, context: Context<'_>) -> Error {
    context.error(ErrorKind::AccessDenied).with_detail(format!(
        "its owner, user {owner}, did not share it with you for what you ask; ask for less access, or the owner for wider permissions"
    ))
}

pub(super) fn remains_of_another(owner: u32, errno: Errno, context: Context<'_>) -> Error {
    context
        .error(ErrorKind::AccessDenied)
        .with_detail(format!(
            "nobody holds it, but what is left belongs to user {owner}, and only that user or root may remove it (samemap gc); choose another name until then"
        ))
        .with_source(errno.into())
}
