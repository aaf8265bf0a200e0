//! A candidate: the file or directory with a name, opened for its life byte. It is an object if its owner made it so.
//!
//! All that decides its identity and kind lies where only the owner can write. So there are two forms.
//!
//! **A file**, for an object of its owner alone: the data, followed by a page with the facts. Its mode tells whether
//! only the owner wrote the facts, because only the owner and root can set a mode:
//!
//! | mode | what it says |
//! | --- | --- |
//! | 01600 | no other process ever had it open for writing; the sticky bit is the mark, set when the file is made |
//! | 01700 | a descriptor for writing was handed to another process: the facts may be forged, so a second link is refused |
//! | 01710 | dead: a link that is put back at the name is not believed |
//!
//! No object has a mode without the mark, or with read or write bits for others: narrowing a file's mode does not close
//! it in other processes, and a numeric `chmod` removes the mark.
//!
//! **A directory**, for an object that other users may open and for a region over a file. Only its owner can create,
//! link, rename or remove its entries, and directories have no hard links.
//!
//! | in it | mode | what |
//! | --- | --- | --- |
//! | `facts` | 01644 or less | the facts, which only the owner can write; processes lock the life byte here |
//! | `data` | as shared | the mapped bytes; without locks, so that a mapping keeps none |
//! | `locks` | the write bits of `data` | claims and seats: a user with read access only can take no lock here |
//!
//! Holders lock the life byte for reading, which needs only read access to the facts. Removers lock it for
//! writing, which needs a descriptor for writing: the owner and root have one.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::advice::Call;
use super::base;
use super::belief::{
    self, Believed, DEAD, Disbelief, HANDED, PRIVATE_MODE, believe, check_data, is_unmarked, not_regular,
};
use super::descriptor::{self, Descriptor, Identity, Lockable};
use super::dir::{self, CAREFULLY};
use super::facts::{Facts, Form, TRAILER_LEN};
use super::kernel::{self, file_type, mode_of};
use super::object::{denied, foreign};
use super::ofd_lock::{self, Holders};
use crate::contract::context::Context;
use crate::testing::{Step, reached};
use crate::{Error, ErrorKind, ObjectKind};

pub(super) const FACTS: &CStr = c"facts";
pub(super) const DATA: &CStr = c"data";
pub(super) const LOCKS: &CStr = c"locks";

/// How often a name may change hands while it is opened.
const LOOKS: u32 = 1000;

/// The file or directory with a name.
#[derive(Debug)]
pub(super) struct Candidate {
    life: Lockable,
    /// Whether this process may become the remover.
    removes: bool,
    path: CString,
    system_name: String,
    /// The identity of the file or directory with the name.
    identity: Identity,
    is_folder: bool,
}

/// Why no candidate was opened.
pub(super) enum Unopened {
    /// The name is free.
    Nothing,
    /// Something that is no object.
    Foreign(&'static str, Errno),
    /// The owner does not let this user open it.
    Denied {
        owner: u32,
    },
    /// The name changed hands during the call.
    Changed,
    Os(Errno),
}

impl From<Errno> for Unopened {
    fn from(errno: Errno) -> Self {
        Unopened::Os(errno)
    }
}

impl Unopened {
    /// The error of a call that asked for this kind of object.
    pub(super) fn into_error(self, wanted: ObjectKind, context: Context<'_>) -> Error {
        match self {
            Unopened::Nothing => context.error(ErrorKind::NotFound),
            Unopened::Foreign(what, errno) => foreign(what, wanted, context).with_source(errno.into()),
            Unopened::Denied { owner } => denied(owner, context),
            Unopened::Changed => foreign("something that changes all the time", wanted, context),
            Unopened::Os(errno @ (Errno::NOENT | Errno::NOTDIR)) if !dir::exists() => {
                base::missing(errno, context)
            }
            Unopened::Os(errno) => context.os(Call::OpenObject, errno),
        }
    }
}

impl Candidate {
    /// Opens the candidate at a name, and its directory where it is one.
    pub(super) fn open(system_name: &str) -> Result<(Candidate, Option<OwnedFd>), Unopened> {
        let looks = (0..LOOKS).map(|_| Self::open_once(system_name));
        let mut settled = looks.skip_while(|opened| matches!(opened, Err(Unopened::Changed)));
        settled.next().unwrap_or(Err(Unopened::Changed))
    }

    fn open_once(system_name: &str) -> Result<(Candidate, Option<OwnedFd>), Unopened> {
        let path = dir::path_of(system_name);
        let open = |access| Lockable::open(|| fs::open(&path, access | CAREFULLY, Mode::empty()));
        let (life, removes) = match open(OFlags::RDWR) {
            Ok(life) => (life, true),
            Err(Errno::ISDIR) => return Self::open_folder(system_name, path),
            // A read-only mount: the candidate can be read.
            Err(Errno::ROFS) => match open(OFlags::RDONLY) {
                Ok(life) => (life, false),
                Err(errno) => return Err(unopened(&path, errno)),
            },
            Err(errno) => return Err(unopened(&path, errno)),
        };
        reached(Step::OpenOpened);
        let (identity, system_name) = (life.identity(), system_name.to_owned());
        Ok((Candidate { life, removes, path, system_name, identity, is_folder: false }, None))
    }

    fn open_folder(system_name: &str, path: CString) -> Result<(Candidate, Option<OwnedFd>), Unopened> {
        let folder = dir::open_folder(&path).map_err(|errno| match errno {
            Errno::NOTDIR if dir::exists() => Unopened::Changed,
            errno => unopened(&path, errno),
        })?;
        reached(Step::OpenOpened);
        let stat = fs::fstat(&folder)?;
        let (life, removes) = match open_facts(folder.as_fd()) {
            Ok(opened) => opened,
            // A remover has moved the directory away and empties it.
            Err(Errno::NOENT) if !has_name(&path, Identity::from(&stat)) => return Err(Unopened::Changed),
            Err(errno @ Errno::NOENT) => return Err(Unopened::Foreign("a directory", errno)),
            Err(Errno::ACCESS | Errno::PERM) => return Err(Unopened::Denied { owner: stat.st_uid }),
            Err(errno) => {
                let stat = fs::statat(&folder, FACTS, AtFlags::SYMLINK_NOFOLLOW).ok();
                let strange = stat.and_then(|stat| not_regular(mode_of(&stat)));
                return Err(strange.map_or(errno.into(), |what| Unopened::Foreign(what, errno)));
            }
        };
        reached(Step::OpenFactsOpened);
        let (identity, system_name) = (Identity::from(&stat), system_name.to_owned());
        Ok((Candidate { life, removes, path, system_name, identity, is_folder: true }, Some(folder)))
    }

    /// A candidate that was just made, and will get this name.
    pub(super) fn made(life: Lockable, system_name: &str, folder: Option<Identity>) -> Candidate {
        let identity = folder.unwrap_or(life.identity());
        let (path, system_name) = (dir::path_of(system_name), system_name.to_owned());
        Candidate { life, removes: true, path, system_name, identity, is_folder: folder.is_some() }
    }

    /// A candidate that was handed over.
    pub(super) fn received(life: Lockable, removes: bool, believed: &Believed) -> Candidate {
        let is_folder = believed.facts.form != Form::InFront;
        let system_name = believed.facts.system_name.clone();
        let path = dir::path_of(&system_name);
        // A name that leads to other facts by now keeps them.
        let folder = || leads_to(&system_name, life.identity()).then(|| dir::stat(&path).ok()).flatten();
        let identity = match is_folder {
            true => folder().map_or(life.identity(), |stat| Identity::from(&stat)),
            false => life.identity(),
        };
        Candidate { life, removes, path, system_name, identity, is_folder }
    }

    /// Whether the candidate that was handed over is the object of its facts: facts that may be forged count only for
    /// the name that leads to them.
    pub(super) fn is_what_it_says(&self, believed: &Believed) -> bool {
        let only_name = || fs::fstat(&self.life).is_ok_and(|stat| stat.st_nlink == 1);
        !believed.may_be_forged || self.has_its_name() && only_name()
    }

    /// The description with the holder's lock. It is never mapped, and unlocked only to let go.
    pub(super) fn life(&self) -> &Lockable {
        &self.life
    }

    pub(super) fn into_life(self) -> Lockable {
        self.life
    }

    pub(super) fn holders(&self) -> Result<Holders, Errno> {
        ofd_lock::holders(self.life.as_fd())
    }

    /// Becomes a holder; false when a remover is at work.
    pub(super) fn try_hold(&self) -> Result<bool, Errno> {
        ofd_lock::try_hold(self.life.as_fd())
    }

    /// Lets go of the object. Does nothing when the descriptor's number was reused: then the kernel has dropped the
    /// lock.
    pub(super) fn release(&self) {
        if let Ok(fd) = self.life.verified() {
            ofd_lock::release(fd);
        }
    }

    /// Whether the name still leads to this candidate.
    pub(super) fn has_its_name(&self) -> bool {
        has_name(&self.path, self.identity)
    }

    /// Reads the facts, if only the owner wrote them.
    pub(super) fn believed(&self, folder: Option<&OwnedFd>) -> Result<Believed, Disbelief> {
        let folder = match folder {
            Some(folder) => Some(fs::fstat(folder).map_err(|_| Disbelief::Foreign("a directory"))?),
            None => None,
        };
        let believed = believe(&self.life, folder.as_ref())?;
        if believed.facts.system_name != self.system_name {
            let forged = Disbelief::Forged("an object whose facts are damaged (its system name)");
            return Err(if believed.may_be_forged { forged } else { Disbelief::SpareLink });
        }
        Ok(believed)
    }

    /// The name in the facts, believed or not, if it is an object's.
    pub(super) fn name_in_facts(&self) -> Option<String> {
        let at = match self.is_folder {
            true => 0,
            false => (fs::fstat(&self.life).ok()?.st_size as u64).checked_sub(TRAILER_LEN)?,
        };
        let facts = Facts::decoded(&belief::read(self.life.as_fd(), at)?).ok()?;
        let temporary =
            [dir::NEW_PREFIX, dir::GONE_PREFIX].iter().any(|it| facts.system_name.starts_with(it));
        (!temporary && facts.system_name != self.system_name).then_some(facts.system_name)
    }

    pub(super) fn path(&self) -> &CStr {
        &self.path
    }

    pub(super) fn system_name(&self) -> &str {
        &self.system_name
    }

    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    pub(super) fn is_folder(&self) -> bool {
        self.is_folder
    }

    pub(super) fn removes(&self) -> bool {
        self.removes
    }

    /// A second description of an object in one file, for mapping: a mapped description must carry no lock.
    pub(super) fn second_description(&self, writes: bool) -> Result<Descriptor, Errno> {
        // Opening by the name takes half the time of /proc.
        match self.opened_by_name(writes).and_then(Descriptor::new) {
            Ok(descriptor) if descriptor.identity() == self.identity => Ok(descriptor),
            _ => Descriptor::new(descriptor::reopened(self.life.as_fd(), writes)?),
        }
    }

    /// Opens the file that has the name now.
    pub(super) fn opened_by_name(&self, writes: bool) -> Result<OwnedFd, Errno> {
        let access = if writes { OFlags::RDWR } else { OFlags::RDONLY };
        fs::open(&self.path, access | CAREFULLY, Mode::empty())
    }

    /// Marks, for good, that another process gets a descriptor for writing to a file that contains its facts.
    pub(super) fn mark_handed(&self) -> Result<(), Errno> {
        if self.is_folder {
            return Ok(());
        }
        let life = self.life.verified()?;
        if mode_of(&fs::fstat(life)?) & HANDED != 0 {
            return Ok(());
        }
        fs::fchmod(life, kernel::mode(PRIVATE_MODE | HANDED))
    }

    /// Marks a file as dead, for good, because another link of it may be put back at the name. It is always done: a
    /// link can be made at any moment before the name is removed.
    pub(super) fn mark_dead(&self) -> Result<(), Errno> {
        fs::fchmod(&self.life, kernel::mode(PRIVATE_MODE | HANDED | DEAD))
    }
}

fn has_name(path: &CStr, identity: Identity) -> bool {
    dir::stat(path).is_ok_and(|stat| Identity::from(&stat) == identity)
}

/// The state of the file with the life byte: at the name, or in the directory of that name. Needs no right to open it.
pub(super) fn life_stat(system_name: &str) -> Result<Stat, Errno> {
    let stat = dir::stat(&dir::path_of(system_name))?;
    match file_type(mode_of(&stat)) {
        FileType::Directory => dir::stat(&dir::path_of(&format!("{system_name}/facts"))),
        _ => Ok(stat),
    }
}

/// Whether opening a regular file never fails with this number.
fn is_of_strangers(errno: Errno) -> bool {
    matches!(errno, Errno::LOOP | Errno::ISDIR | Errno::NXIO | Errno::NODEV)
}

fn unopened(path: &CStr, errno: Errno) -> Unopened {
    match errno {
        Errno::NOENT if dir::exists() => Unopened::Nothing,
        Errno::NOENT | Errno::NOTDIR => Unopened::Os(errno),
        errno => match dir::stat(path) {
            Ok(stat) => match (not_regular(mode_of(&stat)), errno) {
                (Some("a directory"), Errno::ACCESS | Errno::PERM) => Unopened::Denied { owner: stat.st_uid },
                (Some(what), _) => Unopened::Foreign(what, errno),
                (None, Errno::ACCESS | Errno::PERM) if is_unmarked(&stat) => {
                    Unopened::Foreign("a file without samemap's mark", errno)
                }
                (None, Errno::ACCESS | Errno::PERM) => Unopened::Denied { owner: stat.st_uid },
                (None, errno) if is_of_strangers(errno) => Unopened::Changed,
                (None, errno) => Unopened::Os(errno),
            },
            Err(Errno::NOENT) if is_of_strangers(errno) && dir::exists() => Unopened::Changed,
            Err(_) => Unopened::Os(errno),
        },
    }
}

/// Opens the facts for writing where this user may, because a remover's lock needs that.
fn open_facts(folder: BorrowedFd<'_>) -> Result<(Lockable, bool), Errno> {
    let open = |access| Lockable::open(|| fs::openat(folder, FACTS, access | CAREFULLY, Mode::empty()));
    match open(OFlags::RDWR) {
        Ok(life) => Ok((life, true)),
        Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) => open(OFlags::RDONLY).map(|life| (life, false)),
        Err(errno) => Err(errno),
    }
}

fn leads_to(system_name: &str, life: Identity) -> bool {
    life_stat(system_name).is_ok_and(|stat| Identity::from(&stat) == life)
}

// ---- data and locks -----------------------------------------------------------------------------------

/// Opens the data beside the facts.
pub(super) fn open_data(
    folder: &OwnedFd,
    facts: &Facts,
    owner: u32,
    writes: bool,
) -> Result<Descriptor, Errno> {
    let access = if writes { OFlags::RDWR } else { OFlags::RDONLY };
    let data = Descriptor::new(fs::openat(folder, DATA, access | CAREFULLY, Mode::empty())?)?;
    check_data(data.identity(), data.opened(), facts, owner)?;
    Ok(data)
}

/// Opens the file for claims and seats; `None` when this user may not take any.
pub(super) fn open_locks(folder: &OwnedFd, facts: &Facts) -> Result<Option<Lockable>, Errno> {
    match Lockable::open(|| new_locks(folder)) {
        Ok(locks) if locks.identity().parts().1 == facts.locks => Ok(Some(locks)),
        Ok(_) => Err(Errno::STALE),
        Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// A description of the file for claims and seats.
pub(super) fn new_locks(folder: &OwnedFd) -> Result<OwnedFd, Errno> {
    fs::openat(folder, LOCKS, OFlags::WRONLY | CAREFULLY, Mode::empty())
}
