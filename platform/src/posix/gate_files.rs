//! The lock files of `gate_lifetime`: where they are, and what a lock on each of them means.
//!
//! | file | a lock on it |
//! | --- | --- |
//! | `NAME.gate` | exclusive: its owner is examining, making or removing the object; all others wait, not for long |
//! | `NAME.life` | shared: a holder, for as long as it holds |
//!
//! `flock(2)` locks belong to an open file description: the kernel drops one when the last descriptor of its
//! description goes, however that happens, and one description's locks do not see another's of the same process
//! as their own.
//!
//! A file that is locked may have lost its name since it was opened, so whoever has a lock looks whether the
//! name still leads to the file.

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::fs::{self, AtFlags, FlockOperation, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::errors::Context;
use super::object::{Identity, not_regular};
use super::{fork, names, user_id};
use crate::testing::reached;
use crate::{ErrorKind, NameSpace, ObjectName, Permissions, Result};

/// The one directory that every user may write to, and where nobody can remove what another made.
const SHARED_DIR: &str = "/tmp";

/// What is never followed, never waited for, and never passed on to children.
const CAREFULLY: OFlags =
    OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// The longest name of a file, on every file system that /tmp is likely to be.
const MAX_FILE_NAME: usize = 255;

// ---- where they are -----------------------------------------------------------------------------------

/// The directory of an object's lock files, and their names in it.
#[derive(Debug)]
pub(super) struct Place {
    dir: OwnedFd,
    gate: CString,
    life: CString,
}

impl Place {
    /// Opens the directory, which is made for `Local\` where it is missing.
    pub(super) fn find(name: &ObjectName, context: Context<'_>) -> Result<Place> {
        let uid = rustix::process::geteuid().as_raw();
        let shared = shared_dir(context)?;
        let dir = match name.name_space() {
            NameSpace::Global => shared,
            NameSpace::Local => own_dir(&shared, uid, context)?,
        };
        let stem = stem_of(&names::posix_name(name, uid));
        let file = |suffix: &str| CString::new(format!("{stem}{suffix}")).expect("no NUL in a POSIX name");
        Ok(Place { dir, gate: file(GATE_SUFFIX), life: file(LIFE_SUFFIX) })
    }

    /// Who made the object that the lock files stand for, without opening them; `None` where there is none.
    pub(super) fn life_owner(&self) -> Option<u32> {
        self.stat(&self.life).ok().map(|stat| stat.st_uid)
    }

    /// The same, or else who made the gate.
    pub(super) fn owner(&self) -> Option<u32> {
        self.life_owner().or_else(|| self.stat(&self.gate).ok().map(|stat| stat.st_uid))
    }

    fn stat(&self, file: &CString) -> Result<Stat, Errno> {
        fs::statat(&self.dir, file.as_c_str(), AtFlags::SYMLINK_NOFOLLOW)
    }

    fn open(&self, file: &CString) -> Result<OwnedFd, Errno> {
        // To lock needs no more than to read.
        fs::openat(&self.dir, file.as_c_str(), OFlags::RDONLY | CAREFULLY, Mode::empty())
    }

    fn make(&self, file: &CString, mode: Mode) -> Result<OwnedFd, Errno> {
        let create = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR;
        let fd = fs::openat(&self.dir, file.as_c_str(), create | CAREFULLY, mode)?;
        // Whatever the umask took away.
        fs::fchmod(&fd, mode)?;
        Ok(fd)
    }

    fn unlink(&self, file: &CString) -> Result<(), Errno> {
        match fs::unlinkat(&self.dir, file.as_c_str(), AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(()),
            answer => answer,
        }
    }
}

const GATE_SUFFIX: &str = ".gate";
const LIFE_SUFFIX: &str = ".life";

/// The POSIX name, or its digest where the suffix would make it too long. No POSIX name of ours begins as the
/// digest does.
fn stem_of(posix_name: &str) -> String {
    let stem = &posix_name[1..];
    if stem.len() + GATE_SUFFIX.len().max(LIFE_SUFFIX.len()) <= MAX_FILE_NAME {
        return stem.to_owned();
    }
    format!("samemap~{}", names::digest(stem))
}

/// Opens /tmp, in which nobody but root may be able to replace what another user made.
fn shared_dir(context: Context<'_>) -> Result<OwnedFd> {
    // Followed: on macOS it is a symbolic link, of root's.
    let dir = fs::open(SHARED_DIR, DIRECTORY, Mode::empty()).map_err(|errno| context.os(errno))?;
    let stat = fs::fstat(&dir).map_err(|errno| context.os(errno))?;
    #[allow(clippy::unnecessary_cast, reason = "the field's type differs between systems")]
    let mode = stat.st_mode as u32;
    let safe = stat.st_uid == 0 && (mode & 0o022 == 0 || mode & 0o1000 != 0);
    if safe {
        return Ok(dir);
    }
    Err(context.error(ErrorKind::Unsupported).with_detail(format!(
        "{SHARED_DIR}, where the lock files have to be, is not safe: let root own it, with mode 1777"
    )))
}

/// Opens this user's own directory there.
fn own_dir(shared: &OwnedFd, uid: u32, context: Context<'_>) -> Result<OwnedFd> {
    let name = format!("samemap.{uid}");
    let open = || fs::openat(shared, &*name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty());
    let opened = open().or_else(|errno| match errno {
        Errno::NOENT => match fs::mkdirat(shared, &*name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => open(),
            Err(errno) => Err(errno),
        },
        errno => Err(errno),
    });
    let found = match &opened {
        Ok(dir) => fs::fstat(dir),
        Err(_) => fs::statat(shared, &*name, AtFlags::SYMLINK_NOFOLLOW),
    };
    let detail = format!(
        "{SHARED_DIR}/{name}, where the lock files have to be, must be a directory of user {uid} with mode 0700; remove what lies there"
    );
    match (opened, found) {
        (_, Ok(stat)) if stat.st_uid != uid => {
            let owner = Some(user_id(stat.st_uid));
            Err(context.error(ErrorKind::UntrustedOwner { owner }).with_detail(detail))
        }
        // Others could have put files into it.
        (Ok(_), Ok(stat)) if stat.st_mode & 0o077 != 0 => {
            Err(context.error(ErrorKind::AccessDenied).with_detail(detail))
        }
        (Ok(dir), Ok(_)) => Ok(dir),
        (Err(errno), _) | (_, Err(errno)) => Err(context.os(errno).with_detail(detail)),
    }
}

/// Who may read the lock files: who may read the object. Whoever may read one can lock it, and so keep others
/// waiting, or keep dead objects from being removed.
fn file_mode(permissions: Permissions) -> Mode {
    #[allow(clippy::useless_conversion, reason = "the type differs between systems")]
    let object = u32::from(permissions.mode());
    let mut mode = Mode::RUSR | Mode::WUSR;
    mode.set(Mode::RGRP, object & 0o060 != 0);
    mode.set(Mode::ROTH, object & 0o006 != 0);
    mode
}

// ---- the gate -----------------------------------------------------------------------------------------

/// The right to examine and change an object. Going out removes the gate's own file where no object is left.
#[derive(Debug)]
pub(super) struct Gate<'a> {
    place: &'a Place,
    fd: OwnedFd,
    owner: u32,
    /// Whether it is locked, and its name leads to it.
    inside: bool,
    ticket: fork::Ticket,
}

/// Why the gate was not entered.
pub(super) enum Barred {
    /// There is none.
    Missing,
    /// Somebody is inside and does not come out, as if he were stopped.
    TimedOut,
    /// Something that is no gate.
    Foreign(&'static str),
    /// Another user left it, without an object.
    Remains(u32),
    Os(Errno),
}

impl From<Errno> for Barred {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::LOOP | Errno::MLINK => Barred::Foreign("a symbolic link"),
            errno => Barred::Os(errno),
        }
    }
}

impl<'a> Gate<'a> {
    /// Enters the gate of what is there.
    pub(super) fn enter(place: &'a Place, deadline: Instant) -> Result<Gate<'a>, Barred> {
        loop {
            let fd = match place.open(&place.gate) {
                Err(Errno::NOENT) => return Err(Barred::Missing),
                opened => opened?,
            };
            if let Some(gate) = Self::lock(place, fd, deadline)? {
                return Ok(gate);
            }
        }
    }

    /// Enters the gate of what is there or is to be made.
    pub(super) fn make(
        place: &'a Place,
        permissions: Permissions,
        deadline: Instant,
    ) -> Result<Gate<'a>, Barred> {
        let uid = rustix::process::geteuid().as_raw();
        loop {
            let gate = match Self::enter(place, deadline) {
                Err(Barred::Missing) => match place.make(&place.gate, file_mode(permissions)) {
                    Err(Errno::EXIST) => continue,
                    made => Self::lock(place, made?, deadline)?,
                },
                entered => Some(entered?),
            };
            match gate {
                Some(gate) if gate.owner != uid && place.life_owner().is_none() => gate.replace()?,
                Some(gate) => return Ok(gate),
                None => {}
            }
        }
    }

    /// Locks the gate behind `fd`; `None` when it was removed meanwhile.
    fn lock(place: &'a Place, fd: OwnedFd, deadline: Instant) -> Result<Option<Gate<'a>>, Barred> {
        let stat = fs::fstat(&fd)?;
        if let Some(what) = not_regular(&stat) {
            return Err(Barred::Foreign(what));
        }
        reached("gate: opened");
        // In a forked child the copy must not keep the gate shut.
        let ticket = fork::register_holder(fd.as_fd(), false);
        let mut gate = Gate { place, fd, owner: stat.st_uid, inside: false, ticket };
        if !gate.lock_before(deadline)? {
            return Err(Barred::TimedOut);
        }
        reached("gate: locked");
        let there = place.stat(&place.gate).map(|there| Identity::from(&there));
        gate.inside = there == Ok(Identity::from(&stat));
        Ok(gate.inside.then_some(gate))
    }

    /// Polls: a blocking `flock` has no bound, and a process that is stopped inside would stop all others.
    fn lock_before(&self, deadline: Instant) -> Result<bool, Errno> {
        let mut pause = Duration::from_micros(20);
        while !try_lock(&self.fd, FlockOperation::NonBlockingLockExclusive)? {
            if Instant::now() >= deadline {
                return Ok(false);
            }
            std::thread::sleep(pause);
            // Short, because whoever sleeps loses against those who come anew.
            pause = (pause * 2).min(Duration::from_micros(400));
        }
        Ok(true)
    }

    /// Gives way to a gate of this user's own: its owner could remove one under our feet.
    fn replace(mut self) -> Result<(), Barred> {
        self.place.unlink(&self.place.gate).map_err(|_| Barred::Remains(self.owner))?;
        // From now on the name may lead to somebody else's.
        self.inside = false;
        Ok(())
    }

    /// Lets those in whom a new object is shared with.
    pub(super) fn admit(&self, permissions: Permissions) -> Result<(), Errno> {
        fs::fchmod(&self.fd, file_mode(permissions))
    }
}

impl Drop for Gate<'_> {
    fn drop(&mut self) {
        fork::unregister(self.ticket);
        if self.inside && self.place.life_owner().is_none() {
            reached("gate: about to be removed");
            // Refused where another user made it, who has to remove it.
            let _ = self.place.unlink(&self.place.gate);
            reached("gate: removed");
        }
        unlock(&self.fd);
    }
}

// ---- the life -----------------------------------------------------------------------------------------

/// The file whose lock says that somebody holds the object. It is touched only inside the gate.
///
/// It is empty until the object is finished: what a killed creator left is told from a stranger's by that.
#[derive(Debug)]
pub(super) struct Life {
    fd: OwnedFd,
    identity: Identity,
    owner: u32,
    finished: bool,
}

impl Life {
    /// Opens what is there, without a lock.
    pub(super) fn open(place: &Place) -> Result<Option<Life>, Barred> {
        let fd = match place.open(&place.life) {
            Err(Errno::NOENT) => return Ok(None),
            opened => opened?,
        };
        let stat = fs::fstat(&fd)?;
        match not_regular(&stat) {
            Some(what) => Err(Barred::Foreign(what)),
            None => Ok(Some(Life::of(fd, &stat))),
        }
    }

    /// Makes it, and holds it.
    pub(super) fn make(place: &Place, permissions: Permissions) -> Result<Life, Errno> {
        let fd = place.make(&place.life, file_mode(permissions))?;
        reached("life: made");
        let held = fs::fstat(&fd).and_then(|stat| {
            let life = Life::of(fd, &stat);
            // Nobody locks it outside of the gate, but who wants to make trouble.
            if life.try_hold()? { Ok(life) } else { Err(Errno::WOULDBLOCK) }
        });
        if held.is_err() {
            let _ = place.unlink(&place.life);
        }
        held
    }

    fn of(fd: OwnedFd, stat: &Stat) -> Life {
        Life { fd, identity: stat.into(), owner: stat.st_uid, finished: stat.st_size > 0 }
    }

    /// Says that the object is finished.
    pub(super) fn finish(&self) -> Result<(), Errno> {
        match rustix::io::retry_on_intr(|| rustix::io::pwrite(&self.fd, b"1", 0))? {
            1 => Ok(()),
            _ => Err(Errno::IO),
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    /// Who made the object.
    pub(super) fn owner(&self) -> u32 {
        self.owner
    }

    /// Becomes a holder.
    pub(super) fn try_hold(&self) -> Result<bool, Errno> {
        try_lock(&self.fd, FlockOperation::NonBlockingLockShared)
    }

    /// Whether nobody holds the object, but for this description, which then does no more.
    pub(super) fn is_over(&self) -> Result<bool, Errno> {
        let over = try_lock(&self.fd, FlockOperation::NonBlockingLockExclusive);
        // A refused conversion loses the shared lock on some systems and keeps it on others.
        if over != Ok(true) {
            self.release();
        }
        over
    }

    /// Whether the name leads to this file (`Some(true)`), or to another, or to nothing (`None`).
    pub(super) fn is_linked(&self, place: &Place) -> Option<bool> {
        let there = place.stat(&place.life).ok()?;
        Some(Identity::from(&there) == self.identity)
    }

    pub(super) fn remove(&self, place: &Place) -> Result<(), Errno> {
        place.unlink(&place.life)
    }

    /// Holds no more, whatever forked children share the description.
    pub(super) fn release(&self) {
        unlock(&self.fd);
    }
}

impl AsFd for Life {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn try_lock(fd: &OwnedFd, operation: FlockOperation) -> Result<bool, Errno> {
    match rustix::io::retry_on_intr(|| fs::flock(fd, operation)) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno),
    }
}

fn unlock(fd: &OwnedFd) {
    // It fails only for a bad descriptor, and this one is ours.
    let unlocked = fs::flock(fd, FlockOperation::Unlock);
    debug_assert!(unlocked.is_ok(), "{unlocked:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_leave_room_for_the_suffix() {
        assert_eq!(stem_of("/samemap.7.a"), "samemap.7.a");
        let long = format!("/samemap.7.{}", "x".repeat(244));
        assert_eq!(stem_of(&long).len(), "samemap~".len() + 64);
    }
}
