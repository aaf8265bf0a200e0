//! Makes an object completely before it gets its name, so no process sees a half-made one (C6). A creator that is
//! killed or stopped leaves nothing that another process takes for an object.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{self, CWD, Gid, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::advice::{Call, Of as _, Refused};
use super::base::base;
use super::belief::{MARK, PRIVATE_MODE};
use super::candidate::{Candidate, DATA, FACTS, LOCKS};
use super::commit::{self, Shortage};
use super::descriptor::{self, Descriptor, Identity, Lockable};
use super::dir::{self, CAREFULLY};
use super::facts::{Facts, Form, RECORD_AT, TRAILER_LEN, USED};
use super::kernel::{self, mode_of};
use super::object::{Contents, Plan};
use super::{ofd_lock, remove};
use crate::testing::{Step, reached};

/// A finished object that is held and has no name yet.
pub(super) struct Made {
    pub(super) candidate: Candidate,
    pub(super) data: Option<Descriptor>,
    pub(super) locks: Option<Lockable>,
    /// Its temporary name, if it needs one.
    unfinished: Option<CString>,
}

/// Why the object could not be made.
pub(super) enum Trouble {
    /// A sweep removed it as dead before it was locked: the creator makes it again.
    Swept,
    Shortage(Shortage),
    /// A call was refused.
    Refused(Refused),
    /// This user may not give the object to that group.
    NotOfGroup(u32, Errno),
}

impl From<Refused> for Trouble {
    fn from(refused: Refused) -> Self {
        Trouble::Refused(refused)
    }
}

impl From<Shortage> for Trouble {
    fn from(shortage: Shortage) -> Self {
        Trouble::Shortage(shortage)
    }
}

/// Makes the finished object.
pub(super) fn make(plan: Plan<'_>, system_name: &str) -> Result<Made, Trouble> {
    match plan.form() {
        Form::InFront => make_file(plan, system_name),
        Form::Beside | Form::Elsewhere => make_folder(plan, system_name),
    }
}

impl Made {
    /// Gives the finished object its name in one step; the name must be free.
    pub(super) fn publish(&self) -> Result<(), Errno> {
        let path = self.candidate.path();
        match &self.unfinished {
            Some(unfinished) => fs::renameat_with(CWD, unfinished, CWD, path, RenameFlags::NOREPLACE),
            None => kernel::link_nameless(self.candidate.life().as_fd(), path),
        }
    }

    /// Whether a sweep removed the object's temporary name.
    pub(super) fn was_swept(&self, errno: Errno) -> bool {
        self.unfinished.is_some() && errno == Errno::NOENT
    }

    /// Removes the object that was not published.
    pub(super) fn discard(self) {
        let Some(path) = self.unfinished else { return };
        // No caller can handle an error here; a sweep removes the remains.
        if self.candidate.is_folder() {
            let _ = dir::open_folder(&path).and_then(|folder| remove::empty(&folder, &path));
        } else {
            let _ = fs::unlink(&path);
        }
    }
}

// ---- a file -------------------------------------------------------------------------------------------

fn make_file(plan: Plan<'_>, system_name: &str) -> Result<Made, Trouble> {
    let (life, unfinished) = new_file().of(Call::MakeFile)?;
    reached(Step::CreateFileMade);
    let candidate = Candidate::made(life, system_name, None);
    let mut made = Made { candidate, data: None, locks: None, unfinished };
    match fill_file(&made, plan) {
        Ok(data) => {
            made.data = Some(data);
            Ok(made)
        }
        Err(trouble) => {
            made.discard();
            Err(trouble)
        }
    }
}

fn fill_file(made: &Made, plan: Plan<'_>) -> Result<Descriptor, Trouble> {
    let life = made.candidate.life();
    let fd = life.as_fd();
    hold(fd, made.unfinished.is_some())?;
    if life.opened().mode & 0o7777 != PRIVATE_MODE {
        // The umask, or a default access list of the directory, may have changed the mode.
        fs::fchmod(fd, kernel::mode(PRIVATE_MODE)).of(Call::SetMode)?;
        reached(Step::CreateModeSet);
    }
    commit::commit(fd, plan.len + TRAILER_LEN)?;
    reached(Step::CreateCommitted);
    if let Contents::Begin(bytes) = plan.contents {
        write_all(fd, bytes, 0).of(Call::Write)?;
    }
    let facts = Facts::new(plan.kind, Form::InFront, plan.len, plan.name, made.candidate.system_name());
    write_all(fd, &facts.encoded(), plan.len).of(Call::Write)?;
    reached(Step::CreateTrailerWritten);
    Ok(second_description(made).of(Call::OpenAnew)?)
}

/// Becomes the first holder, if no sweep has removed the file.
fn hold(fd: BorrowedFd<'_>, has_name: bool) -> Result<(), Trouble> {
    if !ofd_lock::try_hold(fd).of(Call::Lock)? {
        return Err(Trouble::Swept);
    }
    reached(Step::CreateHeld);
    if has_name && fs::fstat(fd).of(Call::Look)?.st_nlink == 0 {
        return Err(Trouble::Swept);
    }
    reached(Step::CreateHoldChecked);
    Ok(())
}

/// A second description of the new file, for mapping: a mapped description must carry no lock.
fn second_description(made: &Made) -> Result<Descriptor, Errno> {
    let life = made.candidate.life();
    let again = Descriptor::new(match &made.unfinished {
        None => descriptor::reopened(life.as_fd(), true)?,
        Some(path) => fs::open(path, OFlags::RDWR | CAREFULLY, Mode::empty())?,
    })?;
    if again.identity() == life.identity() { Ok(again) } else { Err(Errno::STALE) }
}

/// A new file, without a name where the system supports that.
fn new_file() -> Result<(Lockable, Option<CString>), Errno> {
    let mode = kernel::mode(PRIVATE_MODE);
    match Lockable::open(|| kernel::nameless_file(base().c_path(), mode)) {
        // Without /proc and without the right to link a bare descriptor, the file could not get a name.
        Ok(fd) if can_be_named(&fd) => Ok((fd, None)),
        Ok(_) | Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => new_named_file(mode),
        Err(errno) => Err(errno),
    }
}

fn new_named_file(mode: Mode) -> Result<(Lockable, Option<CString>), Errno> {
    let create = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | CAREFULLY;
    let (fd, path) =
        dir::at_random_name(dir::NEW_PREFIX, |path| Lockable::open(|| fs::open(path, create, mode)))?;
    Ok((fd, Some(path)))
}

#[cfg(feature = "testing")]
fn can_be_named(fd: &Lockable) -> bool {
    std::env::var_os("SAMEMAP_TEST_UNFINISHED_NAMES").is_none() && kernel::can_be_named(fd.as_fd())
}

#[cfg(not(feature = "testing"))]
fn can_be_named(fd: &Lockable) -> bool {
    kernel::can_be_named(fd.as_fd())
}

fn write_all(fd: BorrowedFd<'_>, mut bytes: &[u8], mut at: u64) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::pwrite(fd, bytes, at) {
            Ok(0) => return Err(Errno::NOSPC),
            // A full disk or the process's limit may end a write early: the next write returns the error.
            Ok(written) => (bytes, at) = (&bytes[written..], at + written as u64),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

// ---- a directory --------------------------------------------------------------------------------------

fn make_folder(plan: Plan<'_>, system_name: &str) -> Result<Made, Trouble> {
    let ((), path) =
        dir::at_random_name(dir::NEW_PREFIX, |path| fs::mkdir(path, Mode::RWXU)).of(Call::MakeFile)?;
    reached(Step::CreateDirMade);
    let (candidate, folder) = match new_life(&path, system_name) {
        Ok(new) => new,
        Err(trouble) => {
            let _ = fs::rmdir(&path);
            return Err(swept_or(trouble));
        }
    };
    let mut made = Made { candidate, data: None, locks: None, unfinished: Some(path) };
    match fill_folder(&mut made, &folder, plan) {
        Ok(()) => Ok(made),
        Err(trouble) => {
            made.discard();
            Err(swept_or(trouble))
        }
    }
}

/// A missing temporary name means that a sweep removed it.
fn swept_or(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Refused(Refused { errno: Errno::NOENT, .. }) => Trouble::Swept,
        trouble => trouble,
    }
}

/// Makes the facts first, because their lock tells that the directory is in use.
fn new_life(path: &CStr, system_name: &str) -> Result<(Candidate, OwnedFd), Trouble> {
    let folder = dir::open_folder(path).of(Call::MakeFile)?;
    let stat = fs::fstat(&folder).of(Call::Look)?;
    let identity = Identity::from(&stat);
    if mode_of(&stat) & 0o700 != 0o700 {
        // The umask may have changed the mode. No other user can have added entries, because this user made the
        // directory.
        fs::chmod(path, Mode::RWXU).of(Call::SetMode)?;
        reached(Step::CreateModeSet);
    }
    let life = Lockable::open(|| new_in(&folder, FACTS, OFlags::RDWR)).of(Call::MakeFile)?;
    reached(Step::CreateFactsMade);
    Ok((Candidate::made(life, system_name, Some(identity)), folder))
}

/// A new file that no other user may open yet.
fn new_in(folder: &OwnedFd, name: &CStr, access: OFlags) -> Result<OwnedFd, Errno> {
    let flags = OFlags::CREATE | OFlags::EXCL | access | CAREFULLY;
    fs::openat(folder, name, flags, Mode::RUSR | Mode::WUSR)
}

fn fill_folder(made: &mut Made, folder: &OwnedFd, plan: Plan<'_>) -> Result<(), Trouble> {
    hold(made.candidate.life().as_fd(), true)?;
    let mut facts = Facts::new(plan.kind, plan.form(), plan.len, plan.name, made.candidate.system_name());
    if plan.form() == Form::Beside {
        let data = new_in(folder, DATA, OFlags::RDWR).and_then(Descriptor::new).of(Call::MakeFile)?;
        reached(Step::CreateDataMade);
        let locks = Lockable::open(|| new_in(folder, LOCKS, OFlags::WRONLY)).of(Call::MakeFile)?;
        reached(Step::CreateLocksMade);
        commit::commit(data.as_fd(), plan.len)?;
        reached(Step::CreateCommitted);
        (facts.data, facts.locks) = (data.identity().parts().1, locks.identity().parts().1);
        (made.data, made.locks) = (Some(data), Some(locks));
    }
    write_contents(made, &facts, plan)?;
    reached(Step::CreateFactsWritten);
    if let Some(group) = plan.permissions.named_group() {
        give_to_group(made, group).map_err(|errno| Trouble::NotOfGroup(group, errno))?;
    }
    widen(made, plan).of(Call::SetMode)?;
    reached(Step::CreateWidened);
    Ok(())
}

fn write_contents(made: &Made, facts: &Facts, plan: Plan<'_>) -> Result<(), Trouble> {
    let life = made.candidate.life().as_fd();
    commit::check_file_limit(RECORD_AT + USED as u64)?;
    write_all(life, &facts.encoded(), 0).of(Call::Write)?;
    match (plan.contents, &made.data) {
        (Contents::LeadTo(record), _) => {
            commit::check_file_limit(RECORD_AT + record.len() as u64)?;
            write_all(life, record, RECORD_AT).of(Call::Write)?;
        }
        (Contents::Begin(bytes), Some(data)) => write_all(data.as_fd(), bytes, 0).of(Call::Write)?,
        _ => {}
    }
    Ok(())
}

/// Gives the files to a group, before other users may open them. The kernel refuses a group that this user is not in.
fn give_to_group(made: &Made, group: u32) -> Result<(), Errno> {
    // The number that means none.
    if group == u32::MAX {
        return Err(Errno::INVAL);
    }
    let group = Some(Gid::from_raw(group));
    if let Some(data) = &made.data {
        fs::fchown(data, None, group)?;
    }
    if let Some(locks) = &made.locks {
        fs::fchown(locks, None, group)?;
    }
    fs::fchown(made.candidate.life(), None, group)?;
    match &made.unfinished {
        Some(path) => fs::chown(path, None, group),
        None => Ok(()),
    }
}

/// Sets the final modes, as the last step. Every user may search the directory, so that every user can learn whether it
/// is in use.
fn widen(made: &Made, plan: Plan<'_>) -> Result<(), Errno> {
    let shared = plan.permissions.mode();
    if let Some(data) = &made.data {
        fs::fchmod(data, kernel::mode(shared))?;
    }
    if let Some(locks) = &made.locks {
        fs::fchmod(locks, kernel::mode(shared & 0o222))?;
    }
    fs::fchmod(made.candidate.life(), kernel::mode(MARK | shared & 0o644))?;
    if let Some(path) = &made.unfinished {
        fs::chmod(path, kernel::mode(0o711 | shared & 0o044))?;
    }
    Ok(())
}
