//! Linux: the life of an object, from its name's appearance to its removal.
//!
//! An object is a file in /dev/shm, and a *holder* is an open file description with a shared lock on the
//! file's life byte (see `ofd_lock`). The kernel drops that lock when the holder ends, however it ends, so
//! the locks are always the truth about who lives. The rules:
//!
//! - *Create* makes the file without a name, becomes its first holder, commits the memory, writes the
//!   trailer, and links the name last. Whatever has a name is finished, and a creator that is killed or
//!   stopped leaves nothing that anybody could meet.
//! - *Open* looks before it locks: only where the kernel shows another holder's lock does it take its own.
//!   Taking the lock first would make two openers of a dead object take each other for its life. Then it
//!   checks that the name was not removed in between.
//! - An exclusive lock on a file that has a name means *nobody holds this, and I am removing it*. Only who
//!   has it may unlink, so a name is never taken from a living object: the lock is refused while anybody
//!   holds, and an opener that comes later finds the exclusive lock and answers `NotFound`.
//! - *Close* lets go of the shared lock first, and then looks whether it was the last: two holders that
//!   looked first would each see the other.
//! - Nothing waits, but a creator whose name is being removed at that very moment, and not for long.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::{self, Mode, Stat};
use rustix::io::Errno;

use super::commit::Shortage;
use super::errors::Context;
use super::fork::ProcessMark;
use super::object::{
    self, Identity, Wanted, check_owner, denied, foreign, mismatch, not_regular, remains_of_another,
};
use super::ofd_lock::{self, Holders};
use super::shm_dir::{self, Lockable, NewFile};
use super::trailer::{self, Facts, Form, TRAILER_LEN};
use super::{catalog, commit, names};
use crate::testing::reached;
use crate::{Error, ErrorKind, Found, ObjectKind, ObjectName, OpenOptions, Result, Trust};

pub(super) use super::object::{Plan, planned_len};

/// How long a creator waits for a remover that was stopped in the middle of its work (C6: an answer
/// within a second).
const REMOVER_PATIENCE: Duration = Duration::from_millis(500);

/// How often a name may change under an opener or a creator before it gives up. Each turn takes another
/// process's work, so only a hostile one can get here.
const TURNS: u32 = 10_000;

/// From this size on a creator looks at the name before it commits memory that it may not need.
const LOOK_FIRST: u64 = 256 << 10;

/// An object that this process holds.
#[derive(Debug)]
pub(super) struct Object {
    fd: Lockable,
    /// Whether the descriptor may be written to, and so lock exclusively.
    writable: bool,
    path: CString,
    identity: Identity,
    /// Length of the data in bytes.
    len: u64,
    form: Form,
    mark: ProcessMark,
}

/// What an opener finds at a name.
enum Look {
    /// A living object, held by the descriptor from now on.
    Held { fd: Lockable, writable: bool, identity: Identity, facts: Facts },
    /// Nothing that lives.
    Nothing,
}

/// What a creator whose name is taken finds there.
enum Obstacle {
    /// Nothing any more.
    Gone,
    /// A remover at work on this file.
    BeingRemoved(Identity),
}

impl Object {
    pub(super) fn create(plan: Plan<'_>) -> Result<Object> {
        let context = Context { operation: object::creating(plan.kind), name: Some(plan.name) };
        let path = path_of(plan.name);
        if first_creation_of_this_process() {
            catalog::sweep_for_a_while();
        }
        if plan.len >= LOOK_FIRST {
            clear_the_way(&path, plan, context)?;
        }
        let file = match make(plan, context) {
            // A name that is taken is the better answer, and needs no memory.
            Err(error) if matches!(error.kind(), ErrorKind::OutOfMemory { .. }) => {
                clear_the_way(&path, plan, context)?;
                catalog::sweep_all();
                make(plan, context)?
            }
            made => made?,
        };
        publish(file, path, plan, context)
    }

    pub(super) fn open(name: &ObjectName, kind: ObjectKind, options: &OpenOptions) -> Result<Object> {
        let context = Context { operation: object::opening(kind), name: Some(name) };
        let path = path_of(name);
        let wanted = Wanted { name, kind, options };
        match look(&path, wanted, context)? {
            Look::Nothing => Err(context.error(ErrorKind::NotFound)),
            Look::Held { fd, writable, identity, facts } => {
                let Facts { len, form, .. } = facts;
                Ok(Object::held(Held { fd, writable, path, identity, len, form }))
            }
        }
    }

    /// Opens, or creates where there is nothing to open; `true` when it created.
    pub(super) fn create_or_open(plan: Plan<'_>, trust: &Trust) -> Result<(Object, bool)> {
        let options = OpenOptions::read_write().trust(trust.clone());
        // Not for a time: a process that was stopped meanwhile would give up on a name that is there.
        for _ in 0..TURNS {
            match Object::open(plan.name, plan.kind, &options) {
                Err(error) if *error.kind() == ErrorKind::NotFound => {}
                opened => return Ok((opened?, false)),
            }
            match Object::create(plan) {
                // Created by somebody else meanwhile, who may be gone already: once more.
                Err(error) if *error.kind() == ErrorKind::AlreadyExists => {}
                created => return Ok((created?, true)),
            }
        }
        let context = Context { operation: object::creating(plan.kind), name: Some(plan.name) };
        Err(context.error(ErrorKind::TimedOut))
    }

    /// Becomes a holder of an object that somebody handed over, by a descriptor whose description holds it.
    pub(super) fn received(fd: OwnedFd, context: Context<'_>) -> Result<(Object, ObjectName)> {
        let stat = fs::fstat(&fd).map_err(|errno| context.os(errno))?;
        let found = match facts_of(fd.as_fd(), &stat) {
            Ok(facts) if facts.kind == ObjectKind::Region => Ok(facts),
            Ok(facts) => Err(Found::Object(facts.kind)),
            Err(what) => Err(Found::Foreign(what)),
        };
        let facts = found.map_err(|found| no_region(found, context))?;
        let name = ObjectName::read_back(&facts.name)?;
        let identity = Identity::from(&stat);
        // Another user's `Local\` names are not where ours are.
        let path = shm_dir::path_of(&names::posix_name(&name, stat.st_uid));
        let (fd, writable) = Lockable::open(|| hold_anew(fd, context))?;
        let Facts { len, form, .. } = facts;
        Ok((Object::held(Held { fd, writable, path, identity, len, form }), name))
    }

    fn held(held: Held) -> Object {
        let Held { fd, writable, path, identity, len, form } = held;
        Object { fd, writable, path, identity, len, form, mark: ProcessMark::current() }
    }

    /// Length of the data in bytes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// What the data are.
    pub(super) fn form(&self) -> Form {
        self.form
    }

    /// Reads the start of the data, as they are now.
    pub(super) fn read_start(&self, into: &mut [u8]) -> Result<(), Errno> {
        match rustix::io::pread(&self.fd, &mut *into, 0)? {
            read if read == into.len() => Ok(()),
            _ => Err(Errno::IO),
        }
    }

    /// The descriptor that holds the object: to be mapped, never to be unlocked or given away.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

struct Held {
    fd: Lockable,
    writable: bool,
    path: CString,
    identity: Identity,
    len: u64,
    form: Form,
}

impl Drop for Object {
    fn drop(&mut self) {
        // A forked child's copy holds nothing, and must not unlock or unlink what its parent holds.
        if !self.mark.is_current() {
            return;
        }
        let_go(self.fd.as_fd(), self.writable, &self.path, self.identity);
    }
}

/// Stops holding the object, and removes it where that was the last holder.
fn let_go(fd: BorrowedFd<'_>, writable: bool, path: &CStr, identity: Identity) {
    ofd_lock::release(fd);
    reached("close: released");
    if writable && ofd_lock::holders(fd) == Ok(Holders::Nobody) {
        reached("close: saw nobody");
        remove_if_dead(fd, path, identity);
    }
}

fn path_of(name: &ObjectName) -> CString {
    shm_dir::path_of(&names::posix_name(name, rustix::process::geteuid().as_raw()))
}

// ---- handing over -------------------------------------------------------------------------------------

/// A description of one's own, without a lock.
pub(super) fn fresh(fd: BorrowedFd<'_>, writable: bool) -> Result<OwnedFd, Errno> {
    shm_dir::reopen(fd, writable)
}

/// Makes a description a holder's, while another one holds; `false` when none does. A plain system call.
pub(super) fn hold(fd: BorrowedFd<'_>) -> Result<bool, Errno> {
    ofd_lock::try_hold(fd)
}

/// What was handed over as a named region and is none.
fn no_region(found: Found, context: Context<'_>) -> Error {
    let error = mismatch(ObjectKind::Region, found, context);
    error.with_detail(format!(
        "what arrived is {found} and no region; its sender must send a region of samemap"
    ))
}

/// Takes a lock of one's own while what was handed over still has its own, which is then closed, never unlocked.
///
/// For writing where this user may, because the last to close needs that to remove the name. Who may not open
/// the object at all keeps the description that was made for it.
fn hold_anew(fd: OwnedFd, context: Context<'_>) -> Result<(OwnedFd, bool)> {
    let opened = shm_dir::reopen(fd.as_fd(), true)
        .map(|fresh| (fresh, true))
        .or_else(|_| shm_dir::reopen(fd.as_fd(), false).map(|fresh| (fresh, false)));
    let gone = || {
        let error = context.error(ErrorKind::NotFound);
        error.with_detail("nobody held it any more when it arrived; its sender must hold it")
    };
    let (mine, writable) = match opened {
        Ok((fresh, writable)) => {
            // As for any opener: who locks what nobody holds would give a dead object a life.
            if ofd_lock::holders(fresh.as_fd()) != Ok(Holders::Some) {
                return Err(gone());
            }
            (fresh, writable)
        }
        Err(_) => {
            let flags = fs::fcntl_getfl(&fd).map_err(|errno| context.os(errno))?;
            let writable = flags & fs::OFlags::RWMODE == fs::OFlags::RDWR;
            (fd.try_clone().map_err(|error| context.error(ErrorKind::Os).with_source(error))?, writable)
        }
    };
    match ofd_lock::try_hold(mine.as_fd()) {
        Ok(true) => Ok((mine, writable)),
        Ok(false) => Err(gone()),
        Err(errno) => Err(context.os(errno)),
    }
}

fn first_creation_of_this_process() -> bool {
    static DONE: AtomicBool = AtomicBool::new(false);
    !DONE.load(Ordering::Relaxed) && !DONE.swap(true, Ordering::Relaxed)
}

// ---- creating -----------------------------------------------------------------------------------------

struct Made {
    file: NewFile,
    identity: Identity,
}

/// Makes the finished object, without its name.
fn make(plan: Plan<'_>, context: Context<'_>) -> Result<Made> {
    let mode = Mode::from_raw_mode(plan.mode());
    for _ in 0..TURNS {
        let file = NewFile::make(mode).map_err(|errno| no_file(errno, plan, context))?;
        reached("create: file made");
        match finish(&file, mode, plan) {
            Ok(Some(identity)) => return Ok(Made { file, identity }),
            Ok(None) => file.discard(),
            Err(shortage) => {
                file.discard();
                return Err(match shortage {
                    Shortage::NotEnough(left) => context.out_of_memory(plan.asked, left),
                    Shortage::Os(errno) => context.os(errno),
                });
            }
        }
    }
    Err(context.error(ErrorKind::TimedOut))
}

/// Nothing when a sweep has the file: one with a temporary name and no lock yet looks dead.
fn finish(file: &NewFile, mode: Mode, plan: Plan<'_>) -> Result<Option<Identity>, Shortage> {
    let fd = file.fd.as_fd();
    if !ofd_lock::try_hold(fd)? {
        return Ok(None);
    }
    reached("create: held");
    let stat = fs::fstat(fd)?;
    if stat.st_mode & 0o777 != mode.as_raw_mode() {
        // The umask took bits away.
        fs::fchmod(fd, mode)?;
        reached("create: mode set");
    }
    commit::commit(fd, plan.len + TRAILER_LEN)?;
    reached("create: committed");
    if !plan.first_bytes.is_empty() {
        write_all(fd, plan.first_bytes, 0)?;
    }
    write_all(fd, &trailer::encoded(plan.kind, plan.form(), plan.len, plan.name), plan.len)?;
    reached("create: trailer written");
    Ok(Some(Identity::from(&stat)))
}

fn write_all(fd: BorrowedFd<'_>, bytes: &[u8], at: u64) -> Result<(), Errno> {
    loop {
        match rustix::io::pwrite(fd, bytes, at) {
            Ok(written) if written == bytes.len() => return Ok(()),
            Ok(_) => return Err(Errno::IO),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Gives the object its name; until then nobody could know of it.
fn publish(made: Made, path: CString, plan: Plan<'_>, context: Context<'_>) -> Result<Object> {
    let Made { mut file, mut identity } = made;
    for _ in 0..TURNS {
        match file.publish(&path) {
            Ok(()) => {
                reached("create: published");
                let (len, form) = (plan.len, plan.form());
                let held = Held { fd: file.fd, writable: true, path, identity, len, form };
                return Ok(Object::held(held));
            }
            Err(Errno::EXIST) => {
                if let Err(error) = clear_the_way(&path, plan, context) {
                    file.discard();
                    return Err(error);
                }
            }
            Err(errno) if file.was_swept(errno) => Made { file, identity } = make(plan, context)?,
            Err(errno) => {
                file.discard();
                return Err(no_file(errno, plan, context));
            }
        }
    }
    file.discard();
    Err(context.error(ErrorKind::TimedOut))
}

/// Removes what is dead from the name, or says why it cannot be had.
fn clear_the_way(path: &CStr, plan: Plan<'_>, context: Context<'_>) -> Result<()> {
    let mut waiting: Option<(Identity, Instant)> = None;
    for _ in 0..TURNS {
        let Obstacle::BeingRemoved(file) = look_at_obstacle(path, plan, context)? else { return Ok(()) };
        // Each remover has the whole time: where many come and go, none of them is stuck.
        let since = match waiting {
            Some((seen, since)) if seen == file => since,
            _ => Instant::now(),
        };
        if since.elapsed() >= REMOVER_PATIENCE {
            return Err(context.error(ErrorKind::TimedOut).with_detail(
                "its last holder is about to remove the name and does not get on, as if it were stopped; let it run, or end it",
            ));
        }
        waiting = Some((file, since));
        let pause = since.elapsed().clamp(Duration::from_micros(10), Duration::from_millis(10));
        std::thread::sleep(pause);
    }
    Err(context.error(ErrorKind::TimedOut))
}

fn look_at_obstacle(path: &CStr, plan: Plan<'_>, context: Context<'_>) -> Result<Obstacle> {
    let (fd, writable) = match shm_dir::open(path) {
        Ok(opened) => opened,
        Err(Errno::NOENT) if shm_dir::exists() => return Ok(Obstacle::Gone),
        Err(errno) => {
            return Err(not_opened(path, errno, plan.kind, context)
                .unwrap_or_else(|| unreadable_obstacle(path, context)));
        }
    };
    reached("clear: opened");
    let fd = fd.as_fd();
    let holders = ofd_lock::holders(fd).map_err(|errno| context.os(errno))?;
    let stat = fs::fstat(fd).map_err(|errno| context.os(errno))?;
    if stat.st_nlink == 0 {
        return Ok(Obstacle::Gone);
    }
    let facts = facts_of(fd, &stat).map_err(|what| foreign(what, plan.kind, context))?;
    match holders {
        Holders::Some if facts.kind == plan.kind => Err(context.error(ErrorKind::AlreadyExists)),
        Holders::Some => Err(mismatch(plan.kind, Found::Object(facts.kind), context)),
        Holders::Remover => Ok(Obstacle::BeingRemoved(Identity::from(&stat))),
        Holders::Nobody => match remove_dead(fd, writable, path, Identity::from(&stat)) {
            Removal::Done => Ok(Obstacle::Gone),
            Removal::Contended => Ok(Obstacle::BeingRemoved(Identity::from(&stat))),
            Removal::Refused(errno) => Err(remains_of_another(stat.st_uid, errno, context)),
        },
    }
}

// ---- opening ------------------------------------------------------------------------------------------

/// Becomes a holder of the living object at `path`.
fn look(path: &CStr, wanted: Wanted<'_>, context: Context<'_>) -> Result<Look> {
    for _ in 0..TURNS {
        let (fd, writable) = match shm_dir::open(path) {
            Ok(opened) => opened,
            Err(Errno::NOENT) if shm_dir::exists() => return Ok(Look::Nothing),
            Err(errno) => {
                return Err(not_opened(path, errno, wanted.kind, context)
                    .unwrap_or_else(|| unreadable_object(path, wanted.options.accepted(), context)));
            }
        };
        reached("open: opened");
        let holders = ofd_lock::holders(fd.as_fd()).map_err(|errno| context.os(errno))?;
        reached("open: saw its holders");
        if holders != Holders::Some {
            return nobody_holds(fd.as_fd(), writable, path, wanted.kind, context);
        }
        if !ofd_lock::try_hold(fd.as_fd()).map_err(|errno| context.os(errno))? {
            // The last holder went in this instant: look again.
            continue;
        }
        reached("open: held");
        let stat = fs::fstat(fd.as_fd()).map_err(|errno| context.os(errno))?;
        if stat.st_nlink == 0 {
            continue;
        }
        let facts = facts_of(fd.as_fd(), &stat).map_err(|what| {
            ofd_lock::release(fd.as_fd());
            foreign(what, wanted.kind, context)
        })?;
        let identity = Identity::from(&stat);
        if let Err(error) = check(&facts, writable, &stat, wanted, context) {
            // The last holder may have seen this lock, and so left the removal to us.
            let_go(fd.as_fd(), writable, path, identity);
            return Err(error);
        }
        return Ok(Look::Held { fd, writable, identity, facts });
    }
    Err(context.error(ErrorKind::TimedOut))
}

/// Whether what lives there is what the caller wants, and may have.
fn check(facts: &Facts, writable: bool, stat: &Stat, wanted: Wanted<'_>, context: Context<'_>) -> Result<()> {
    check_owner(stat.st_uid, wanted.options.accepted(), context)?;
    if facts.name != wanted.name.to_string() {
        return Err(foreign("an object of another name, whose digest is the same", wanted.kind, context));
    }
    if facts.kind != wanted.kind {
        return Err(mismatch(wanted.kind, Found::Object(facts.kind), context));
    }
    // Of what only leads to a file, it is the file that is written to.
    if wanted.options.access().writes_object() && !writable && facts.form == Form::Memory {
        return Err(denied(stat.st_uid, context));
    }
    Ok(())
}

/// What has no holder is reclaimed in passing, if it is ours at all, and is never opened.
fn nobody_holds(
    fd: BorrowedFd<'_>,
    writable: bool,
    path: &CStr,
    wanted: ObjectKind,
    context: Context<'_>,
) -> Result<Look> {
    let stat = fs::fstat(fd).map_err(|errno| context.os(errno))?;
    facts_of(fd, &stat).map_err(|what| foreign(what, wanted, context))?;
    // Somebody else's remains, or somebody else at work: nothing to open either way.
    let _ = remove_dead(fd, writable, path, Identity::from(&stat));
    Ok(Look::Nothing)
}

/// Reads and checks the trailer of a regular file, or says what lies there instead.
pub(super) fn facts_of(fd: BorrowedFd<'_>, stat: &Stat) -> Result<Facts, &'static str> {
    if let Some(what) = not_regular(stat) {
        return Err(what);
    }
    let len = stat.st_size as u64;
    if len == 0 {
        return Err("an empty file");
    }
    let mut bytes = [0; trailer::USED];
    let at = len.checked_sub(TRAILER_LEN).ok_or("a file without samemap's trailer")?;
    match rustix::io::pread(fd, &mut bytes, at) {
        Ok(read) if read == bytes.len() => trailer::decoded(&bytes, len),
        _ => Err("a file without samemap's trailer"),
    }
}

// ---- removing -----------------------------------------------------------------------------------------

/// How an attempt to remove a dead object ended.
pub(super) enum Removal {
    /// The name is gone, by us or by somebody else.
    Done,
    /// Somebody else has a lock.
    Contended,
    /// This user may not.
    Refused(Errno),
}

/// Removes the name of the object behind `fd`, if nobody holds it and the name still leads to it.
fn remove_dead(fd: BorrowedFd<'_>, writable: bool, path: &CStr, identity: Identity) -> Removal {
    if !writable {
        return Removal::Refused(Errno::ACCESS);
    }
    remove_if_dead(fd, path, identity)
}

fn remove_if_dead(fd: BorrowedFd<'_>, path: &CStr, identity: Identity) -> Removal {
    match ofd_lock::try_remove(fd) {
        Ok(true) => {}
        Ok(false) => return Removal::Contended,
        Err(errno) => return Removal::Refused(errno),
    }
    reached("remove: locked");
    let removal = match shm_dir::stat(path) {
        Ok(stat) if Identity::from(&stat) == identity => {
            reached("remove: name checked");
            match shm_dir::unlink(path) {
                Ok(()) | Err(Errno::NOENT) => Removal::Done,
                Err(errno) => Removal::Refused(errno),
            }
        }
        // The name means something else now, or nothing: not ours to touch.
        _ => Removal::Done,
    };
    reached("remove: unlinked");
    // A forked child may share the description and keep the lock beyond our close.
    ofd_lock::release(fd);
    removal
}

/// Removes what lies at `path` if it is dead and ours: the sweep's step. Answers its size.
pub(super) fn reclaim(path: &CStr) -> Option<(Removal, Stat)> {
    let (fd, writable) = shm_dir::open(path).ok()?;
    let fd = fd.as_fd();
    if ofd_lock::holders(fd) != Ok(Holders::Nobody) {
        return None;
    }
    let stat = fs::fstat(fd).ok()?;
    let unfinished = path.to_bytes().starts_with(unfinished_path_prefix().as_bytes());
    if !unfinished && facts_of(fd, &stat).is_err() || not_regular(&stat).is_some() {
        return None;
    }
    match remove_dead(fd, writable, path, Identity::from(&stat)) {
        Removal::Contended => None,
        removal => Some((removal, stat)),
    }
}

fn unfinished_path_prefix() -> String {
    format!("{}/{}", shm_dir::DIR, shm_dir::UNFINISHED_PREFIX)
}

// ---- errors -------------------------------------------------------------------------------------------

/// Why a new file could not be made or named.
fn no_file(errno: Errno, plan: Plan<'_>, context: Context<'_>) -> Error {
    match errno {
        Errno::NOENT | Errno::NOTDIR if !shm_dir::exists() => no_shared_memory(errno, context),
        Errno::NOSPC | Errno::NOMEM | Errno::DQUOT => {
            context.out_of_memory(plan.asked, None).with_source(errno.into())
        }
        errno => context.os(errno),
    }
}

fn no_shared_memory(errno: Errno, context: Context<'_>) -> Error {
    context
        .error(ErrorKind::Unsupported)
        .with_detail(
            "this system has no /dev/shm; mount a tmpfs there (mount -t tmpfs -o mode=1777 tmpfs /dev/shm)",
        )
        .with_source(errno.into())
}

/// Why `open` failed, where that alone tells; `None` where this user may not open the thing.
fn not_opened(path: &CStr, errno: Errno, wanted: ObjectKind, context: Context<'_>) -> Option<Error> {
    if matches!(errno, Errno::NOENT | Errno::NOTDIR) {
        return Some(no_shared_memory(errno, context));
    }
    match shm_dir::stat(path).ok().as_ref().and_then(not_regular) {
        Some(what) => Some(foreign(what, wanted, context).with_source(errno.into())),
        None if matches!(errno, Errno::ACCESS | Errno::PERM) => None,
        None => Some(context.os(errno)),
    }
}

/// An object that this user may not even read: the better answer is whose it is.
fn unreadable_object(path: &CStr, trust: &Trust, context: Context<'_>) -> Error {
    match shm_dir::stat(path) {
        Ok(stat) => match check_owner(stat.st_uid, trust, context) {
            Ok(()) => denied(stat.st_uid, context).with_source(Errno::ACCESS.into()),
            Err(untrusted) => untrusted,
        },
        Err(errno) => context.os(errno),
    }
}

/// The same for a creator: whether it lives is written in /proc/locks, for all to read.
fn unreadable_obstacle(path: &CStr, context: Context<'_>) -> Error {
    match shm_dir::stat(path) {
        Ok(stat) if catalog::is_held(&stat) => context.error(ErrorKind::AlreadyExists),
        Ok(stat) => remains_of_another(stat.st_uid, Errno::ACCESS, context),
        Err(errno) => context.os(errno),
    }
}
