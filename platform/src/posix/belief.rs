//! When the facts of what lies at a name are believed (see `candidate` for the two forms): where its mode, and that of the
//! directory that it lies in, say that they are the owner's word.

use std::os::fd::{AsFd as _, BorrowedFd};

use rustix::fs::{self, FileType, Stat};
use rustix::io::Errno;

use super::descriptor::{Identity, Lockable};
use super::dir;
use super::facts::{self, Facts, Form, TRAILER_LEN};
use crate::ObjectKind;

/// The mode of an object in one file that nobody else ever had to write to.
pub(super) const PRIVATE_MODE: u32 = MARK | 0o600;
/// The owner's mark on facts: the sticky bit.
pub(super) const MARK: u32 = 0o1000;
/// A descriptor for writing was handed over.
pub(super) const HANDED: u32 = 0o100;
/// The mark of death.
pub(super) const DEAD: u32 = 0o010;
/// The bits that no file with facts behind its data has.
pub(super) const OF_OTHERS: u32 = 0o066;
/// The bits that neither facts nor their directory have.
pub(super) const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Why the facts are not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disbelief {
    /// Samemap did not make it, or not so.
    Foreign(&'static str),
    /// Its remover has marked it.
    Dead,
    /// It is an object of another name, to which somebody has linked it.
    SpareLink,
    /// It is an object by its owner's mark, which another process was given to write to, and what its facts say cannot
    /// be so.
    Forged(&'static str),
}

/// Facts that are the owner's word.
pub(super) struct Believed {
    pub(super) facts: Facts,
    pub(super) owner: u32,
    /// Whether a name leads to it still, as far as the file itself tells.
    pub(super) linked: bool,
    /// Whether another process was given the file to write to: the owner's word is then only that the object has this
    /// name.
    pub(super) may_be_forged: bool,
    dev: u64,
}

impl Believed {
    fn new(facts: Facts, stat: &Stat) -> Believed {
        let may_be_forged = facts.form == Form::InFront && stat.st_mode & HANDED != 0;
        let dev = Identity::from(stat).parts().0;
        Believed { facts, owner: stat.st_uid, linked: stat.st_nlink > 0, may_be_forged, dev }
    }

    /// Whether an open file is the data that the facts speak of.
    pub(super) fn check_data(&self, fd: BorrowedFd<'_>) -> Result<(), Errno> {
        if self.facts.form == Form::InFront {
            return Ok(());
        }
        check_data(fd, &self.facts, self.owner)?;
        if Identity::from(&fs::fstat(fd)?).parts().0 == self.dev { Ok(()) } else { Err(Errno::STALE) }
    }

    /// Whether an open file is the one for locks that the facts speak of.
    pub(super) fn check_locks(&self, locks: &Lockable) -> Result<(), Errno> {
        let expected = match self.facts.form {
            Form::InFront => return Ok(()),
            Form::Beside | Form::Elsewhere => Identity::from_parts(self.dev, self.facts.locks),
        };
        if locks.identity() == expected { Ok(()) } else { Err(Errno::STALE) }
    }
}

impl Disbelief {
    /// What it is then.
    pub(super) fn what(self) -> &'static str {
        match self {
            Disbelief::Foreign(what) | Disbelief::Forged(what) => what,
            Disbelief::Dead => "a dead object",
            Disbelief::SpareLink => "a link to another object",
        }
    }
}

/// Reads the facts of an open file, where its mode, and that of the directory it lies in, say that they are the
/// owner's word.
///
/// The facts are read before the mode is looked at: a file that is handed to another process in between is forged at
/// the earliest after its mode has said so.
pub(super) fn believe(life: &Lockable, folder: Option<&Stat>) -> Result<Believed, Disbelief> {
    let bytes = match folder {
        None => life.opened().len.checked_sub(TRAILER_LEN).and_then(|at| read(life.as_fd(), at)),
        Some(_) => read(life.as_fd(), 0),
    };
    let stat = fs::fstat(life).map_err(|_| Disbelief::Foreign("a file that cannot be looked at"))?;
    if let Some(what) = not_regular(&stat) {
        return Err(Disbelief::Foreign(what));
    }
    match folder {
        None => check_modes(&stat)?,
        Some(folder) => check_modes_apart(&stat, folder)?,
    }
    let facts = match (bytes, folder) {
        (Some(bytes), None) => Facts::of_trailer(&bytes, stat.st_size as u64),
        (Some(bytes), Some(_)) => Facts::apart(&bytes),
        (None, _) => Err("a file without samemap's facts"),
    };
    let handed = folder.is_none() && stat.st_mode & HANDED != 0;
    let facts = facts.map_err(if handed { Disbelief::Forged } else { Disbelief::Foreign })?;
    if handed && facts.kind != ObjectKind::Region {
        // Nothing else is ever handed over.
        return Err(Disbelief::Forged("an object whose facts are damaged (its kind)"));
    }
    Ok(Believed::new(facts, &stat))
}

/// The same of a description that was handed over. A file that has no name, or lies where modes and owners are what a
/// server says (FUSE), poses as an object.
pub(super) fn believe_received(life: &Lockable, in_front: bool) -> Result<Believed, Disbelief> {
    let unknown = Disbelief::Foreign("a file that cannot be looked at");
    if !lies_where_objects_do(life).map_err(|_| unknown)? {
        return Err(Disbelief::Foreign("a file where no objects lie"));
    }
    let believed = if in_front {
        believe(life, None)?
    } else {
        let bytes = read(life.as_fd(), 0).ok_or(Disbelief::Foreign("a file without samemap's facts"))?;
        let stat = fs::fstat(life).map_err(|_| unknown)?;
        if let Some(what) = not_regular(&stat) {
            return Err(Disbelief::Foreign(what));
        }
        check_modes_of_facts(&stat)?;
        Believed::new(Facts::apart(&bytes).map_err(Disbelief::Foreign)?, &stat)
    };
    if believed.linked { Ok(believed) } else { Err(Disbelief::Foreign("a file without a name")) }
}

/// On a tmpfs, also of another container, or wherever this process's own objects are.
fn lies_where_objects_do(life: &Lockable) -> Result<bool, Errno> {
    const TMPFS: u32 = 0x0102_1994;
    const RAMFS: u32 = 0x8584_58F6;
    #[allow(clippy::unnecessary_cast, reason = "the field's type differs between processors")]
    let system = fs::fstatfs(life)?.f_type as u32;
    Ok(system == TMPFS
        || system == RAMFS
        || dir::device().is_some_and(|own| own == life.identity().parts().0))
}

fn check_modes(stat: &Stat) -> Result<(), Disbelief> {
    let foreign = |what| Err(Disbelief::Foreign(what));
    match stat.st_mode {
        _ if is_unmarked(stat) && stat.st_size == 0 => foreign("an empty file"),
        _ if is_unmarked(stat) => foreign("a file without samemap's mark"),
        mode if mode & DEAD != 0 => Err(Disbelief::Dead),
        mode if mode & HANDED != 0 && stat.st_nlink > 1 => {
            Err(Disbelief::Forged("an object that a second name leads to"))
        }
        _ => Ok(()),
    }
}

fn check_modes_apart(stat: &Stat, folder: &Stat) -> Result<(), Disbelief> {
    if folder.st_mode & WRITABLE_BY_OTHERS != 0 || folder.st_uid != stat.st_uid {
        return Err(Disbelief::Foreign("a directory that others may write to"));
    }
    check_modes_of_facts(stat)
}

/// Whether nobody but the owner ever had `facts` to write to. An object in one file passes for none, though its mode is
/// marked too: its data would be read as facts.
pub(super) fn check_modes_of_facts(stat: &Stat) -> Result<(), Disbelief> {
    if stat.st_mode & MARK == 0 || stat.st_mode & WRITABLE_BY_OTHERS != 0 {
        return Err(Disbelief::Foreign("facts that others may write to"));
    }
    // A peer that it was handed to can truncate the file, and not take its mode back.
    if stat.st_mode & (HANDED | DEAD) != 0 || stat.st_size as u64 > facts::LONGEST {
        return Err(Disbelief::Foreign("data in place of facts"));
    }
    Ok(())
}

pub(super) fn read(fd: BorrowedFd<'_>, at: u64) -> Option<[u8; facts::USED]> {
    let mut bytes = [0; facts::USED];
    let read = rustix::io::pread(fd, &mut bytes, at).ok()?;
    (read == bytes.len()).then_some(bytes)
}

pub(super) fn is_unmarked(stat: &Stat) -> bool {
    stat.st_mode & MARK == 0 || stat.st_mode & OF_OTHERS != 0
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

/// Whether an open file is the data that the facts speak of.
pub(super) fn check_data(fd: BorrowedFd<'_>, facts: &Facts, owner: u32) -> Result<(), Errno> {
    let stat = fs::fstat(fd)?;
    let same = stat.st_ino == facts.data && stat.st_uid == owner && not_regular(&stat).is_none();
    // Somebody who may write to it truncated it: touching what is gone would raise SIGBUS.
    if same && stat.st_size as u64 >= facts.len { Ok(()) } else { Err(Errno::STALE) }
}
