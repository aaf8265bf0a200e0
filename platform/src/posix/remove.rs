//! Removes dead objects, and the remains of killed creators and removers.
//!
//! An exclusive lock on the life byte means *this object has no holder and is being removed*. Only the remover with
//! that lock takes the name away, so no living object loses its name.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{self, AtFlags, CWD, RenameFlags, Stat};
use rustix::io::Errno;

use super::belief::{Disbelief, not_regular};
use super::candidate::{Candidate, DATA, FACTS, LOCKS, Unopened};
use super::descriptor::Identity;
use super::dir::{self, GONE_PREFIX, NEW_PREFIX};
use super::kernel::mode_of;
use super::ofd_lock::{self, Holders};
use crate::testing::{Step, reached};

/// The result of an attempt to remove a dead object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// This or another remover has removed the name.
    Done,
    /// Another process has a lock.
    Contended,
    /// This user may not remove it.
    Refused(Errno),
}

impl From<Result<(), Errno>> for Removal {
    fn from(removed: Result<(), Errno>) -> Self {
        match removed {
            Ok(()) | Err(Errno::NOENT) => Removal::Done,
            Err(errno) => Removal::Refused(errno),
        }
    }
}

/// Removes the object, if it has no holder and the name still leads to it.
pub(super) fn remove_if_dead(candidate: &Candidate) -> Removal {
    if !candidate.removes() {
        return Removal::Refused(Errno::ACCESS);
    }
    match candidate.life().verified() {
        Ok(_) => remove_verified(candidate),
        Err(errno) => Removal::Refused(errno),
    }
}

/// Removes the object; the caller has just verified the description with the life byte.
pub(super) fn remove_verified(candidate: &Candidate) -> Removal {
    under_lock(candidate, try_remove(candidate), Step::RemoveLocked, || {
        reached(Step::RemoveNameChecked);
        take_the_name(candidate)
    })
}

/// Takes the name under the lock that was just tried for, if the name still leads to the object.
fn under_lock(
    candidate: &Candidate,
    locked: Result<bool, Errno>,
    step: Step,
    take: impl FnOnce() -> Removal,
) -> Removal {
    match locked {
        Ok(true) => {}
        Ok(false) => return Removal::Contended,
        Err(errno) => return Removal::Refused(errno),
    }
    reached(step);
    // Otherwise the name leads to another object, or is free.
    let removal = if candidate.has_its_name() { take() } else { Removal::Done };
    // The child of a raw clone may share the description, and would keep its lock after our close.
    ofd_lock::release(candidate.life().as_fd());
    reached(Step::RemoveReleased);
    removal
}

/// Locks out holders, removers, and processes that take a file's name.
fn try_remove(candidate: &Candidate) -> Result<bool, Errno> {
    let life = candidate.life().as_fd();
    if candidate.is_folder() { ofd_lock::try_remove(life) } else { ofd_lock::try_remove_file(life) }
}

fn take_the_name(candidate: &Candidate) -> Removal {
    if candidate.is_folder() {
        return remove_folder(candidate.path(), candidate.identity()).into();
    }
    let removed = candidate.mark_dead().and_then(|()| {
        reached(Step::RemoveMarkedDead);
        fs::unlink(candidate.path())
    });
    reached(Step::RemoveUnlinked);
    removed.into()
}

/// Moves a directory away, which frees its name in one step, and empties it there.
fn remove_folder(path: &CStr, identity: Identity) -> Result<(), Errno> {
    let gone = take_away(path, identity)?;
    reached(Step::RemoveRenamed);
    empty(&dir::open_folder(&gone)?, &gone)
}

/// Moves the file or directory with this identity away from its name. Any other one keeps the name.
fn take_away(path: &CStr, identity: Identity) -> Result<CString, Errno> {
    let gone = dir::move_away(path)?;
    if dir::stat(&gone).is_ok_and(|stat| Identity::from(&stat) == identity) {
        return Ok(gone);
    }
    fs::renameat_with(CWD, &gone, CWD, path, RenameFlags::NOREPLACE)?;
    Err(Errno::NOENT)
}

/// Removes the entries of an object's directory, and then the directory. The facts go last, because their lock keeps
/// others away.
pub(super) fn empty(folder: &OwnedFd, path: &CStr) -> Result<(), Errno> {
    for (name, step) in
        [(DATA, Step::RemoveDataUnlinked), (LOCKS, Step::RemoveLocksUnlinked), (FACTS, Step::RemoveEmptied)]
    {
        match fs::unlinkat(folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => reached(step),
            Err(errno) => return Err(errno),
        }
    }
    fs::rmdir(path)?;
    reached(Step::RemoveDirGone);
    Ok(())
}

/// Takes the name away from an object, with or without holders. Its holders keep the memory.
///
/// A file is marked as dead, as in any removal: otherwise another link could bring it back, under its name or, where
/// peers can forge its facts, under another one.
pub(super) fn take_name_from_the_living(candidate: &Candidate) -> Removal {
    if candidate.is_folder() {
        return take_link(candidate);
    }
    match candidate.mark_dead() {
        Ok(()) => remove_marked(candidate),
        Err(errno) => Removal::Refused(errno),
    }
}

/// Removes a file that is marked as dead, also where another process locks it: a user with a descriptor can put a link
/// back at the name, and hold that.
pub(super) fn remove_marked(candidate: &Candidate) -> Removal {
    match remove_if_dead(candidate) {
        Removal::Contended => {
            reached(Step::RemoveContended);
            take_link(candidate)
        }
        removal => removal,
    }
}

/// Removes a second link to an object of another name, which lives on under that name. A directory has no links, and is
/// removed.
pub(super) fn take_link(candidate: &Candidate) -> Removal {
    if candidate.is_folder() {
        return remove_folder(candidate.path(), candidate.identity()).into();
    }
    // Meanwhile another process may have taken the name away, and a creator may have given it to a living object. So
    // only one process at a time looks and unlinks, which keeps removers out, too.
    let locked = ofd_lock::try_take_name(candidate.life().as_fd());
    under_lock(candidate, locked, Step::TakeLocked, || {
        reached(Step::TakeNameChecked);
        let unlinked = fs::unlink(candidate.path());
        reached(Step::TakeUnlinked);
        unlinked.into()
    })
}

fn discard(path: &CStr, is_folder: bool) -> Result<(), Errno> {
    if is_folder { empty(&dir::open_folder(path)?, path) } else { fs::unlink(path) }
}

// ---- the sweep's step ---------------------------------------------------------------------------------

/// The result of a sweep for one name.
pub(super) struct Swept {
    pub(super) removal: Removal,
    pub(super) owner: u32,
    pub(super) bytes: u64,
}

/// Removes the object with this name if it is dead; `None` where it lives or is foreign.
pub(super) fn reclaim(system_name: &str) -> Option<Swept> {
    if system_name.starts_with(NEW_PREFIX) || system_name.starts_with(GONE_PREFIX) {
        return reclaim_temporary(system_name);
    }
    let (candidate, folder) = Candidate::open(system_name).ok()?;
    reached(Step::SweepOpened);
    let (owner, bytes) = what_it_takes(&candidate, folder.as_ref())?;
    let removal = match (candidate.believed(folder.as_ref()), candidate.holders().ok()?) {
        (Ok(_) | Err(Disbelief::Forged(_)), Holders::Nobody) => {
            reached(Step::SweepSawNobody);
            remove_if_dead(&candidate)
        }
        (Err(Disbelief::Dead), _) => remove_marked(&candidate),
        (Err(Disbelief::SpareLink), _) => take_link(&candidate),
        _ => return None,
    };
    (removal != Removal::Contended).then_some(Swept { removal, owner, bytes })
}

/// The owner of a candidate, and the memory that it takes.
fn what_it_takes(candidate: &Candidate, folder: Option<&OwnedFd>) -> Option<(u32, u64)> {
    let stat = fs::fstat(candidate.life()).ok()?;
    let beside = folder.and_then(|folder| stat_in(folder, DATA)).map_or(0, |stat| stat.st_size as u64);
    Some((stat.st_uid, stat.st_size as u64 + beside))
}

fn stat_in(folder: &OwnedFd, name: &CStr) -> Option<Stat> {
    fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).ok()
}

/// Removes the remains of a killed creator or remover under a temporary name.
fn reclaim_temporary(system_name: &str) -> Option<Swept> {
    let (candidate, folder) = match Candidate::open(system_name) {
        Ok(opened) => opened,
        // Removes the directory if it is empty. The umask of its killed creator may have made it unreadable.
        Err(Unopened::Foreign("a directory", Errno::NOENT) | Unopened::Denied { .. }) => {
            return remove_empty(system_name);
        }
        Err(_) => return None,
    };
    reached(Step::SweepOpened);
    let (owner, bytes) = what_it_takes(&candidate, folder.as_ref())?;
    let removal = if system_name.starts_with(NEW_PREFIX) {
        remove_unfinished(&candidate)
    } else if candidate.holders() == Ok(Holders::Remover) {
        Removal::Contended
    } else {
        // An object without a name has no rightful holder.
        Removal::from(discard(candidate.path(), candidate.is_folder()))
    };
    match removal {
        Removal::Contended => None,
        removal => Some(Swept { removal, owner, bytes }),
    }
}

fn remove_empty(system_name: &str) -> Option<Swept> {
    let path = dir::path_of(system_name);
    let owner = dir::stat(&path).ok()?.st_uid;
    fs::rmdir(&path).ok()?;
    Some(Swept { removal: Removal::Done, owner, bytes: 0 })
}

fn remove_unfinished(candidate: &Candidate) -> Removal {
    let Ok(stat) = fs::fstat(candidate.life()) else { return Removal::Contended };
    if not_regular(mode_of(&stat)).is_some() || !candidate.removes() {
        return Removal::Contended;
    }
    let life = candidate.life().as_fd();
    if try_remove(candidate) != Ok(true) {
        return Removal::Contended;
    }
    reached(Step::RemoveLocked);
    if candidate.has_its_name() {
        reached(Step::RemoveNameChecked);
        let removal = Removal::from(discard(candidate.path(), candidate.is_folder()));
        ofd_lock::release(life);
        return removal;
    }
    // It got its name meanwhile, and this lock may have kept its last holder from removing it.
    ofd_lock::release(life);
    match candidate.name_in_facts() {
        Some(name) => reclaim(&name).map_or(Removal::Contended, |swept| swept.removal),
        None => Removal::Contended,
    }
}
