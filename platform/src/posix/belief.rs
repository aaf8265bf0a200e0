//! When the facts at a name are believed (see `candidate` for the two forms): when the modes of the file and of its
//! directory prove that only the owner wrote them.

use std::os::fd::{AsFd as _, BorrowedFd};

use rustix::fs::{self, FileType, Stat};
use rustix::io::Errno;

use super::descriptor::{FileState, Identity, Lockable};
use super::dir;
use super::facts::{self, Facts, Form, TRAILER_LEN};
use super::kernel::{file_type, is_in_memory, mode_of};
use crate::ObjectKind;

/// The mode of an object in one file that no other process ever had open for writing.
pub(super) const PRIVATE_MODE: u32 = MARK | 0o600;
/// The owner's mark on believable facts: the sticky bit.
pub(super) const MARK: u32 = 0o1000;
/// A descriptor for writing was handed over.
pub(super) const HANDED: u32 = 0o100;
/// The mark of death.
pub(super) const DEAD: u32 = 0o010;
/// The bits that a file with facts behind its data never has.
pub(super) const OF_OTHERS: u32 = 0o066;
/// The bits that facts and their directory never have.
pub(super) const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Why the facts are not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disbelief {
    /// This library did not make it, or its mode was changed.
    Foreign(&'static str),
    /// Its remover has marked it as dead.
    Dead,
    /// It is a second link to an object of another name.
    SpareLink,
    /// It has its owner's mark, another process may write to it, and its facts are impossible.
    Forged(&'static str),
}

/// Facts that only the owner wrote.
pub(super) struct Believed {
    pub(super) facts: Facts,
    pub(super) owner: u32,
    /// Whether the file still has a name, by its link count.
    pub(super) linked: bool,
    /// Whether another process has a descriptor for writing: then only the object's name is certain.
    pub(super) may_be_forged: bool,
    dev: u64,
}

impl Believed {
    fn new(facts: Facts, stat: &Stat) -> Believed {
        let may_be_forged = facts.form == Form::InFront && mode_of(stat) & HANDED != 0;
        let dev = Identity::from(stat).parts().0;
        Believed { facts, owner: stat.st_uid, linked: stat.st_nlink > 0, may_be_forged, dev }
    }

    /// Checks that an open file is the data of these facts.
    pub(super) fn check_data(&self, data: &Lockable) -> Result<(), Errno> {
        if self.facts.form == Form::InFront {
            return Ok(());
        }
        check_data(data.identity(), data.opened(), &self.facts, self.owner)?;
        if data.identity().parts().0 == self.dev { Ok(()) } else { Err(Errno::STALE) }
    }

    /// Checks that an open file is the file for locks of these facts.
    pub(super) fn check_locks(&self, locks: &Lockable) -> Result<(), Errno> {
        let expected = match self.facts.form {
            Form::InFront => return Ok(()),
            Form::Beside | Form::Elsewhere => Identity::from_parts(self.dev, self.facts.locks),
        };
        if locks.identity() == expected { Ok(()) } else { Err(Errno::STALE) }
    }
}

impl Disbelief {
    /// What the file is, in words.
    pub(super) fn what(self) -> &'static str {
        match self {
            Disbelief::Foreign(what) | Disbelief::Forged(what) => what,
            Disbelief::Dead => "a dead object",
            Disbelief::SpareLink => "a link to another object",
        }
    }
}

/// Reads the facts of an open file, if its mode and that of its directory prove that only the owner wrote them.
///
/// The facts are read before the mode: a process that gets the file in between can forge them only after the mode has
/// changed.
pub(super) fn believe(life: &Lockable, folder: Option<&Stat>) -> Result<Believed, Disbelief> {
    believe_open(life.as_fd(), life.opened().len, folder)
}

/// Reads the facts as [`believe`] does, of a file that had this length when it was opened.
pub(super) fn believe_open(
    life: BorrowedFd<'_>,
    len: u64,
    folder: Option<&Stat>,
) -> Result<Believed, Disbelief> {
    let bytes = match folder {
        None => len.checked_sub(TRAILER_LEN).and_then(|at| read(life, at)),
        Some(_) => read(life, 0),
    };
    let stat = fs::fstat(life).map_err(|_| Disbelief::Foreign("a file that cannot be looked at"))?;
    if let Some(what) = not_regular(mode_of(&stat)) {
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
    let handed = folder.is_none() && mode_of(&stat) & HANDED != 0;
    let facts = facts.map_err(if handed { Disbelief::Forged } else { Disbelief::Foreign })?;
    if handed && facts.kind != ObjectKind::Region {
        // No other object is ever handed over.
        return Err(Disbelief::Forged("an object whose facts are damaged (its kind)"));
    }
    Ok(Believed::new(facts, &stat))
}

/// Reads the facts of a description that was handed over. A file without a name, or on a file system whose server
/// invents modes and owners (FUSE), is no object.
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
        if let Some(what) = not_regular(mode_of(&stat)) {
            return Err(Disbelief::Foreign(what));
        }
        check_modes_of_facts(&stat)?;
        Believed::new(Facts::apart(&bytes).map_err(Disbelief::Foreign)?, &stat)
    };
    if believed.linked { Ok(believed) } else { Err(Disbelief::Foreign("a file without a name")) }
}

/// On a tmpfs, also of another container, or on the file system of this process's objects.
fn lies_where_objects_do(life: &Lockable) -> Result<bool, Errno> {
    Ok(is_in_memory(&fs::fstatfs(life)?) || dir::device().is_some_and(|own| own == life.identity().parts().0))
}

fn check_modes(stat: &Stat) -> Result<(), Disbelief> {
    let foreign = |what| Err(Disbelief::Foreign(what));
    match mode_of(stat) {
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
    if mode_of(folder) & WRITABLE_BY_OTHERS != 0 || folder.st_uid != stat.st_uid {
        return Err(Disbelief::Foreign("a directory that others may write to"));
    }
    check_modes_of_facts(stat)
}

/// Checks that only the owner ever had the file `facts` open for writing. An object in one file is refused although its
/// mode is marked, too: its data would be read as facts.
pub(super) fn check_modes_of_facts(stat: &Stat) -> Result<(), Disbelief> {
    if mode_of(stat) & MARK == 0 || mode_of(stat) & WRITABLE_BY_OTHERS != 0 {
        return Err(Disbelief::Foreign("facts that others may write to"));
    }
    // A peer with a descriptor for writing can truncate the file, but not change its mode.
    if mode_of(stat) & (HANDED | DEAD) != 0 || stat.st_size as u64 > facts::LONGEST {
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
    mode_of(stat) & MARK == 0 || mode_of(stat) & OF_OTHERS != 0
}

/// What lies at the name in place of a regular file.
pub(super) fn not_regular(mode: u32) -> Option<&'static str> {
    match file_type(mode) {
        FileType::RegularFile => None,
        FileType::Fifo => Some("a FIFO"),
        FileType::Directory => Some("a directory"),
        FileType::Symlink => Some("a symbolic link"),
        FileType::Socket => Some("a socket"),
        _ => Some("a device"),
    }
}

/// Checks that an open file is the data of these facts.
pub(super) fn check_data(file: Identity, opened: FileState, facts: &Facts, owner: u32) -> Result<(), Errno> {
    let is_file = file.parts().1 == facts.data && not_regular(opened.mode).is_none();
    // A process with write access truncated it: an access to the missing bytes would raise SIGBUS.
    if is_file && opened.owner == owner && opened.len >= facts.len { Ok(()) } else { Err(Errno::STALE) }
}
