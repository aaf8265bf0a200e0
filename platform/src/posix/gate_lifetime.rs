//! Systems without open-file-description locks on shared memory (macOS, the BSDs): the life of an object,
//! kept by `flock(2)` on two files beside it.
//!
//! **This has never run on the systems that it is for.** It type-checks for them, and on Linux it can be put in
//! the place of `ofd_lifetime` by `RUSTFLAGS="--cfg samemap_gate_lifetime"`: there its own tests and the
//! conformance suite do run over it. The two must not meet in one /dev/shm, because each takes the other's objects
//! for dead or for a stranger's; `unshare -m` and a tmpfs on /dev/shm and on /tmp keep them apart.
//!
//! An object is a `shm_open` object with a `NAME.gate` and a `NAME.life` (see `gate_files`): in
//! `/tmp/samemap.UID/` for `Local\` (that directory stays), in /tmp itself for `Global\`, where no user can
//! remove another's file, and no user owns the directory. The rules:
//!
//! - Everything is examined, made and removed inside the gate, by one process at a time. So nothing half-made is
//!   met; what a killed creator left in there is found by the next who enters.
//! - A *holder* has a shared lock on the life. Who is inside the gate and gets the exclusive one knows that
//!   nobody holds the object, and removes it: the object first, then the life, then the gate.
//! - An object without its life is a stranger's, or somebody cleaned /tmp: it is refused, and not removed.
//! - A process that is stopped inside the gate makes others wait for [`PATIENCE`], and then fail.
//!
//! # What differs from Linux
//! - While a creator is stopped nobody can use *that name*; on Linux nobody would even notice.
//! - A handle dropped while the gate stays shut leaves the object behind, dead, to be reclaimed by the next create
//!   or open of the name. Nothing is reclaimed but so: the objects are not listed, there is no sweep.
//! - Something that removes old files from /tmp (macOS does so after some days) takes away the locks of living
//!   objects too. Those who hold one keep it; creating and opening are refused until the last has closed it.
//! - In a forked child the copies of the lock files become /dev/null, and the mappings stay as they are: nothing
//!   that is mapped carries a lock. A raw `fork` system call that skips `pthread_atfork` leaves the child
//!   holding what its parent held, as on Linux.
//! - Where `fchmod` refuses shared memory (macOS), permissions that the umask takes away cannot be granted:
//!   creating fails and says so. macOS cannot map shared memory copy-on-write either.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::fs::{self, Mode, RawMode, Stat};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use rustix::shm;

use super::commit::{self, Shortage};
use super::errors::Context;
use super::gate_files::{Barred, Gate, Life, Place};
use super::object::{self, Wanted, check_owner, denied, foreign, mismatch, not_regular, remains_of_another};
use super::trailer::{self, Facts, Form, TRAILER_LEN};
use super::{fork, names};
use crate::memory::copy::{copy_from_shared, copy_to_shared};
use crate::testing::reached;
use crate::{Error, ErrorKind, Found, ObjectKind, ObjectName, OpenOptions, Permissions, Result, Trust};

pub(super) use super::object::{Plan, planned_len};

/// Whether an open file can be opened anew, for a description without our locks: not without /proc.
pub(super) const REOPENS: bool = false;

/// How long anybody waits at a gate (C6: an answer within a second).
const PATIENCE: Duration = Duration::from_millis(800);

/// An object that this process holds.
#[derive(Debug)]
pub(super) struct Object {
    shm: OwnedFd,
    life: Life,
    name: ObjectName,
    /// Length of the data in bytes.
    len: u64,
    mark: fork::ProcessMark,
    ticket: fork::Ticket,
}

impl Object {
    pub(super) fn create(plan: Plan<'_>) -> Result<Object> {
        let context = Context { operation: object::creating(plan.kind), name: Some(plan.name) };
        let place = Place::find(plan.name, context)?;
        let inside = Inside::to_make(&place, plan, None, context)?;
        match inside.living(Clearing::Wholly)? {
            Some(_) => Err(obstacle(plan.kind, context)),
            None => inside.make(plan),
        }
    }

    pub(super) fn open(name: &ObjectName, kind: ObjectKind, options: &OpenOptions) -> Result<Object> {
        let context = Context { operation: object::opening(kind), name: Some(name) };
        let wanted = Wanted { name, kind, options };
        let place = Place::find(name, context)?;
        let Some(inside) = Inside::to_open(&place, wanted, context)? else {
            return Err(context.error(ErrorKind::NotFound));
        };
        match inside.living(Clearing::AsFarAsMayBe)? {
            Some(life) => take(life, wanted, context),
            None => Err(context.error(ErrorKind::NotFound)),
        }
    }

    /// Opens, or creates where there is nothing to open; `true` when it created.
    pub(super) fn create_or_open(plan: Plan<'_>, trust: &Trust) -> Result<(Object, bool)> {
        let context = Context { operation: object::creating(plan.kind), name: Some(plan.name) };
        let options = OpenOptions::read_write().trust(trust.clone());
        let wanted = Wanted { name: plan.name, kind: plan.kind, options: &options };
        let place = Place::find(plan.name, context)?;
        let inside = Inside::to_make(&place, plan, Some(trust), context)?;
        match inside.living(Clearing::Wholly)? {
            Some(life) => Ok((take(life, wanted, context)?, false)),
            None => Ok((inside.make(plan)?, true)),
        }
    }

    /// Never: see [`REOPENS`].
    pub(super) fn received(_fd: OwnedFd, context: Context<'_>) -> Result<(Object, ObjectName)> {
        Err(context.error(ErrorKind::Unsupported).with_detail(
            "this system's named objects cannot be handed over: open it by its name, or use a region without one",
        ))
    }

    fn held(shm: OwnedFd, life: Life, name: &ObjectName, len: u64) -> Object {
        let ticket = fork::register_holder(life.as_fd(), false);
        Object { shm, life, name: name.clone(), len, mark: fork::ProcessMark::current(), ticket }
    }

    /// Length of the data in bytes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// What the data are: always the object's own here.
    pub(super) fn form(&self) -> Form {
        Form::Memory
    }

    /// Nothing needs it: no object leads to a file here.
    pub(super) fn read_start(&self, _into: &mut [u8]) -> Result<(), Errno> {
        Err(Errno::OPNOTSUPP)
    }

    /// The descriptor of the data: to be mapped. It carries no lock.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.shm.as_fd()
    }

    /// Only its owner may make the gate anew, where it was cleaned away.
    fn gate<'a>(&self, place: &'a Place) -> Result<Gate<'a>, Barred> {
        let deadline = Instant::now() + PATIENCE;
        if self.life.owner() == rustix::process::geteuid().as_raw() {
            return Gate::make(place, Permissions::owner_only(), deadline);
        }
        Gate::enter(place, deadline)
    }

    /// Removes the object if nobody else holds it.
    fn close(&self) -> Result<()> {
        let context = Context { operation: "close the object", name: Some(&self.name) };
        let place = Place::find(&self.name, context)?;
        let gate = self.gate(&place).map_err(|barred| barred_error(barred, ObjectKind::Region, context))?;
        reached("close: inside");
        let over = self.life.is_over().map_err(|errno| context.os(errno))?;
        // A life without a name was cleaned away; no other object can have been made since.
        if over && self.life.is_linked(&place) != Some(false) {
            reached("close: last");
            // Refused where the object is another user's, who finds it dead.
            let _ = remove(&place, &self.life, &posix_name(&self.name));
        }
        drop(gate);
        Ok(())
    }
}

/// A descriptor of the same description: what is given away here carries no lock.
pub(super) fn fresh(fd: BorrowedFd<'_>, _writable: bool) -> Result<OwnedFd, Errno> {
    rustix::io::fcntl_dupfd_cloexec(fd, 0)
}

/// Never: see [`REOPENS`].
pub(super) fn hold(_fd: BorrowedFd<'_>) -> Result<bool, Errno> {
    Err(Errno::OPNOTSUPP)
}

impl Drop for Object {
    fn drop(&mut self) {
        fork::unregister(self.ticket);
        // A forked child's copy holds nothing, and must not unlock or unlink what its parent holds.
        if !self.mark.is_current() {
            return;
        }
        // Whoever comes next finds it dead, where it could not be removed.
        let _ = self.close();
        self.life.release();
        reached("close: released");
    }
}

// ---- inside the gate ----------------------------------------------------------------------------------

/// The only one who is examining the object, making it, or removing it.
struct Inside<'a> {
    place: &'a Place,
    gate: Gate<'a>,
    kind: ObjectKind,
    context: Context<'a>,
}

/// What is to be done about dead remains.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clearing {
    /// They must go, or it is an error.
    Wholly,
    /// Those of others may stay: there is nothing to open either way.
    AsFarAsMayBe,
}

impl<'a> Inside<'a> {
    /// Enters to create. `trust` is that of *create or open*.
    fn to_make(
        place: &'a Place,
        plan: Plan<'_>,
        trust: Option<&Trust>,
        context: Context<'a>,
    ) -> Result<Inside<'a>> {
        let patience = trust.map_or(PATIENCE, |trust| patience_with(place, trust, context));
        let gate =
            Gate::make(place, plan.permissions, Instant::now() + patience).map_err(|barred| {
                match (barred, trust) {
                    (Barred::Os(Errno::ACCESS), None) => unreadable_obstacle(place, context),
                    (barred, None) => barred_error(barred, plan.kind, context),
                    (barred, Some(trust)) => untrusted_or_barred(place, trust, barred, plan.kind, context),
                }
            })?;
        Ok(Inside { place, gate, kind: plan.kind, context })
    }

    /// Enters to open; `None` where there is nothing.
    fn to_open(place: &'a Place, wanted: Wanted<'_>, context: Context<'a>) -> Result<Option<Inside<'a>>> {
        let trust = wanted.options.accepted();
        let deadline = Instant::now() + patience_with(place, trust, context);
        loop {
            let entered = match Gate::enter(place, deadline) {
                Err(Barred::Missing) if place.life_owner().is_none() => {
                    if open_shm(&context_name(context), shm::OFlags::RDONLY).err() == Some(Errno::NOENT) {
                        return Ok(None);
                    }
                    // A stranger's, or one that is just being made: that shows inside only.
                    Gate::make(place, Permissions::owner_only(), deadline)
                }
                // Both were removed, between the two looks; or somebody cleaned /tmp half.
                Err(Barred::Missing) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_micros(100));
                    continue;
                }
                entered => entered,
            };
            let gate =
                entered.map_err(|barred| untrusted_or_barred(place, trust, barred, wanted.kind, context))?;
            return Ok(Some(Inside { place, gate, kind: wanted.kind, context }));
        }
    }

    /// The life of the object, if somebody else holds it; if not, what is left is removed.
    fn living(&self, clearing: Clearing) -> Result<Option<Life>> {
        let opened = Life::open(self.place);
        let Some(life) = opened.map_err(|barred| barred_error(barred, self.kind, self.context))? else {
            refuse_stranger(self.kind, self.context)?;
            return Ok(None);
        };
        reached("life: opened");
        if !life.is_over().map_err(|errno| self.context.os(errno))? {
            return Ok(Some(life));
        }
        reached("life: over");
        let cleared = self.clear(&life);
        life.release();
        match cleared {
            Err(error) if clearing == Clearing::Wholly || *error.kind() != ErrorKind::AccessDenied => {
                Err(error)
            }
            _ => Ok(None),
        }
    }

    /// Removes a dead object, after a look whether it is one of ours.
    fn clear(&self, life: &Life) -> Result<()> {
        let uid = rustix::process::geteuid().as_raw();
        let remains = |errno| remains_of_another(life.owner(), errno, self.context);
        if uid != 0 && uid != life.owner() {
            return Err(remains(Errno::ACCESS));
        }
        let posix_name = context_name(self.context);
        match open_shm(&posix_name, shm::OFlags::RDONLY) {
            Ok(fd) => self.check_remains(fd.as_fd(), life)?,
            Err(Errno::NOENT) => {}
            Err(errno) => return Err(no_shm(errno, self.kind, self.context)),
        }
        remove(self.place, life, &posix_name).map_err(remains)
    }

    fn check_remains(&self, fd: BorrowedFd<'_>, life: &Life) -> Result<()> {
        let stat = fs::fstat(fd).map_err(|errno| self.context.os(errno))?;
        let what = if let Some(what) = not_regular(&stat) {
            what
        } else if stat.st_uid != life.owner() {
            "an object of another user"
        } else if !life.is_finished() {
            // A creator was killed here; the object may have any size yet.
            return Ok(());
        } else {
            match facts_of(fd, &stat) {
                Ok(_) => return Ok(()),
                Err(what) => what,
            }
        };
        Err(foreign(what, self.kind, self.context))
    }

    /// Makes an object and holds it.
    fn make(&self, plan: Plan<'_>) -> Result<Object> {
        let context = self.context;
        let too_large = || context.out_of_memory(plan.asked, None);
        let file_len = file_len_of(plan.len).ok_or_else(too_large)?;
        self.gate.admit(plan.permissions).map_err(|errno| context.os(errno))?;
        let life = Life::make(self.place, plan.permissions).map_err(|errno| context.os(errno))?;
        reached("create: held");
        match make_shm(plan, file_len, &life, context) {
            Ok(shm) => Ok(Object::held(shm, life, plan.name, plan.len)),
            Err(error) => {
                let _ = life.remove(self.place);
                life.release();
                Err(error)
            }
        }
    }
}

/// The check of the owner comes before any wait (C20).
fn patience_with(place: &Place, trust: &Trust, context: Context<'_>) -> Duration {
    let trusted = place.owner().is_none_or(|owner| check_owner(owner, trust, context).is_ok());
    if trusted { PATIENCE } else { Duration::ZERO }
}

/// Removes an object's name, and last its life: as long as that is there, whoever enters goes on with this.
fn remove(place: &Place, life: &Life, posix_name: &str) -> Result<(), Errno> {
    match shm::unlink(posix_name) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => return Err(errno),
    }
    reached("remove: unlinked");
    life.remove(place)?;
    reached("remove: life unlinked");
    Ok(())
}

/// Becomes a holder of what lives.
fn take(life: Life, wanted: Wanted<'_>, context: Context<'_>) -> Result<Object> {
    if !life.try_hold().map_err(|errno| context.os(errno))? {
        // Only who locks it outside of the gate can get here.
        return Err(barred_error(Barred::TimedOut, wanted.kind, context));
    }
    reached("open: held");
    match check(&life, wanted, context) {
        Ok((shm, len)) => Ok(Object::held(shm, life, wanted.name, len)),
        Err(error) => {
            life.release();
            Err(error)
        }
    }
}

/// Whether what lives there is what the caller wants, and may have.
fn check(life: &Life, wanted: Wanted<'_>, context: Context<'_>) -> Result<(OwnedFd, u64)> {
    let trust = wanted.options.accepted();
    check_owner(life.owner(), trust, context)?;
    let access =
        if wanted.options.access().writes_object() { shm::OFlags::RDWR } else { shm::OFlags::RDONLY };
    let shm = match open_shm(&context_name(context), access) {
        Ok(shm) => shm,
        Err(errno @ (Errno::ACCESS | Errno::PERM)) => {
            return Err(denied(life.owner(), context).with_source(errno.into()));
        }
        // Unlinked by a stranger.
        Err(Errno::NOENT) => return Err(context.error(ErrorKind::NotFound)),
        Err(errno) => return Err(no_shm(errno, wanted.kind, context)),
    };
    reached("open: opened");
    let stat = fs::fstat(&shm).map_err(|errno| context.os(errno))?;
    // Before its bytes are looked at: who does not own it honestly could shorten it meanwhile.
    check_owner(stat.st_uid, trust, context)?;
    let facts = facts_of(shm.as_fd(), &stat).map_err(|what| foreign(what, wanted.kind, context))?;
    if facts.name != wanted.name.to_string() {
        return Err(foreign("an object of another name, whose digest is the same", wanted.kind, context));
    }
    if facts.kind != wanted.kind {
        return Err(mismatch(wanted.kind, Found::Object(facts.kind), context));
    }
    Ok((shm, facts.len))
}

/// Why a name with a living object cannot be had.
fn obstacle(wanted: ObjectKind, context: Context<'_>) -> Error {
    match kind_there(context) {
        Some(Ok(found)) if found != wanted => mismatch(wanted, Found::Object(found), context),
        Some(Err(what)) => foreign(what, wanted, context),
        _ => context.error(ErrorKind::AlreadyExists),
    }
}

/// The kind of the object that lives there, where this user may look without danger.
fn kind_there(context: Context<'_>) -> Option<Result<ObjectKind, &'static str>> {
    let shm = open_shm(&context_name(context), shm::OFlags::RDONLY).ok()?;
    let stat = fs::fstat(&shm).ok()?;
    check_owner(stat.st_uid, &Trust::OwnAndSystem, context).ok()?;
    Some(facts_of(shm.as_fd(), &stat).map(|facts| facts.kind))
}

/// Refuses what has the object's name and no life.
fn refuse_stranger(wanted: ObjectKind, context: Context<'_>) -> Result<()> {
    let shm = match open_shm(&context_name(context), shm::OFlags::RDONLY) {
        Ok(shm) => shm,
        Err(Errno::NOENT) => return Ok(()),
        Err(errno) => return Err(no_shm(errno, wanted, context)),
    };
    let stat = fs::fstat(&shm).map_err(|errno| context.os(errno))?;
    let known = check_owner(stat.st_uid, &Trust::OwnAndSystem, context).is_ok();
    let what = match not_regular(&stat) {
        Some(what) => what,
        None if known => facts_of(shm.as_fd(), &stat).err().unwrap_or(WITHOUT_LIFE),
        None => WITHOUT_LIFE,
    };
    Err(foreign(what, wanted, context))
}

const WITHOUT_LIFE: &str = "an object without its lock files (something cleaned /tmp?)";

// ---- shared memory ------------------------------------------------------------------------------------

/// Opens a shared memory object, without waiting for what is none where that is possible.
fn open_shm(posix_name: &str, access: shm::OFlags) -> Result<OwnedFd, Errno> {
    // Elsewhere `shm_open` refuses flags that POSIX does not give it.
    #[cfg(target_os = "linux")]
    let access = access | shm::OFlags::from_bits_retain(libc::O_NONBLOCK as _);
    shm::open(posix_name, access, Mode::empty())
}

/// Makes the finished object, inside the gate.
fn make_shm(plan: Plan<'_>, file_len: u64, life: &Life, context: Context<'_>) -> Result<OwnedFd> {
    let posix_name = context_name(context);
    let mode = Mode::from_raw_mode(plan.mode() as RawMode);
    let create = shm::OFlags::CREATE | shm::OFlags::EXCL | shm::OFlags::RDWR;
    let shm = shm::open(&*posix_name, create, mode).map_err(|errno| match errno {
        // A stranger's, since the look.
        Errno::EXIST => foreign(WITHOUT_LIFE, plan.kind, context),
        Errno::NOSPC | Errno::NOMEM | Errno::DQUOT => {
            context.out_of_memory(plan.asked, None).with_source(errno.into())
        }
        errno => context.os(errno),
    })?;
    reached("create: made");
    finish(shm.as_fd(), mode, plan, file_len, life, context).inspect_err(|_| {
        let _ = shm::unlink(&*posix_name);
    })?;
    Ok(shm)
}

fn finish(
    shm: BorrowedFd<'_>,
    mode: Mode,
    plan: Plan<'_>,
    file_len: u64,
    life: &Life,
    context: Context<'_>,
) -> Result<()> {
    grant(shm, mode, context)?;
    commit::commit(shm, file_len).map_err(|shortage| match shortage {
        Shortage::NotEnough(left) => context.out_of_memory(plan.asked, left),
        Shortage::Os(errno) => context.os(errno),
    })?;
    reached("create: committed");
    let trailer = trailer::encoded(plan.kind, plan.form(), plan.len, plan.name);
    let page = TrailerPage::map(shm, plan.len, ProtFlags::READ | ProtFlags::WRITE)
        .map_err(|errno| context.os(errno))?;
    page.write(&trailer);
    reached("create: trailer written");
    life.finish().map_err(|errno| context.os(errno))?;
    reached("create: finished");
    Ok(())
}

/// Gives back the permissions that the umask took away.
fn grant(shm: BorrowedFd<'_>, mode: Mode, context: Context<'_>) -> Result<()> {
    let stat = fs::fstat(shm).map_err(|errno| context.os(errno))?;
    if stat.st_mode & 0o777 == mode.as_raw_mode() {
        return Ok(());
    }
    fs::fchmod(shm, mode).map_err(|errno| {
        context
            .error(ErrorKind::Unsupported)
            .with_detail("the umask takes away permissions that were asked for, and this system cannot give them back; set a umask that leaves them")
            .with_source(errno.into())
    })
}

/// How much room the trailer takes: whole pages, so that it can be mapped alone. Some systems round the size of
/// shared memory up to pages anyway.
fn trailer_room() -> u64 {
    TRAILER_LEN.next_multiple_of(rustix::param::page_size() as u64)
}

fn file_len_of(len: u64) -> Option<u64> {
    len.checked_add(trailer_room()).filter(|&len| i64::try_from(len).is_ok())
}

/// Reads and checks the trailer, or says what lies there instead.
fn facts_of(shm: BorrowedFd<'_>, stat: &Stat) -> Result<Facts, &'static str> {
    const NO_TRAILER: &str = "a file without samemap's trailer";
    if let Some(what) = not_regular(stat) {
        return Err(what);
    }
    let file_len = stat.st_size as u64;
    if file_len == 0 {
        return Err("an empty file");
    }
    let page = rustix::param::page_size() as u64;
    // Pages that are not all there would end this process by SIGBUS.
    let len = file_len.checked_sub(trailer_room()).filter(|len| len % page == 0).ok_or(NO_TRAILER)?;
    let bytes = TrailerPage::map(shm, len, ProtFlags::READ).map_err(|_| NO_TRAILER)?.read();
    // The trailer speaks of the layout in which it has no more room than it needs.
    trailer::decoded(&bytes, len + TRAILER_LEN)
}

/// The trailer, mapped for a moment: not every system can read shared memory by `pread`.
struct TrailerPage {
    address: *mut u8,
    len: usize,
}

impl TrailerPage {
    fn map(shm: BorrowedFd<'_>, at: u64, protection: ProtFlags) -> Result<TrailerPage, Errno> {
        let len = trailer_room() as usize;
        // SAFETY: a new mapping where the kernel likes, which replaces none.
        let address = unsafe { mmap(std::ptr::null_mut(), len, protection, MapFlags::SHARED, shm, at)? };
        Ok(TrailerPage { address: address.cast(), len })
    }

    fn read(&self) -> [u8; trailer::USED] {
        let mut bytes = [0; trailer::USED];
        // SAFETY: the mapping is longer than `USED`, readable, and lives; `bytes` is ours and as long.
        unsafe { copy_from_shared(self.address, bytes.as_mut_ptr(), bytes.len()) };
        bytes
    }

    /// Of a page that was mapped for writing.
    fn write(&self, trailer: &[u8; trailer::USED]) {
        // SAFETY: the mapping is longer than `USED`, writable as the caller mapped it, and lives.
        unsafe { copy_to_shared(trailer.as_ptr(), self.address, trailer.len()) };
    }
}

impl Drop for TrailerPage {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by us, and nothing points into it any more.
        let unmapped = unsafe { munmap(self.address.cast(), self.len) };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}

// ---- errors -------------------------------------------------------------------------------------------

fn posix_name(name: &ObjectName) -> String {
    names::posix_name(name, rustix::process::geteuid().as_raw())
}

fn context_name(context: Context<'_>) -> String {
    context.name.map(posix_name).expect("every operation here is about a name")
}

/// Why `shm_open` failed for what is there.
fn no_shm(errno: Errno, wanted: ObjectKind, context: Context<'_>) -> Error {
    let what = match errno {
        Errno::LOOP | Errno::MLINK => "a symbolic link",
        Errno::ISDIR => "a directory",
        Errno::NXIO => "a socket",
        errno => return context.os(errno),
    };
    foreign(what, wanted, context).with_source(errno.into())
}

fn barred_error(barred: Barred, wanted: ObjectKind, context: Context<'_>) -> Error {
    match barred {
        Barred::Missing => context
            .error(ErrorKind::NotFound)
            .with_detail("its lock files in /tmp are gone, as if something had cleaned there; end its holders"),
        Barred::TimedOut => context.error(ErrorKind::TimedOut).with_detail(
            "another process is creating, opening or closing it and does not get on, as if it were stopped; let it run, or end it",
        ),
        Barred::Foreign(what) => mismatch(wanted, Found::Foreign(what), context).with_detail(format!(
            "{what} that samemap did not make lies in the place of its lock file in /tmp; remove it, or choose another name"
        )),
        Barred::Remains(owner) => remains_of_another(owner, Errno::ACCESS, context),
        Barred::Os(errno) => context.os(errno),
    }
}

/// The better answer is whose it is.
fn untrusted_or_barred(
    place: &Place,
    trust: &Trust,
    barred: Barred,
    wanted: ObjectKind,
    context: Context<'_>,
) -> Error {
    let owner = place.owner();
    match (owner.map(|owner| check_owner(owner, trust, context)), &barred) {
        (Some(Err(untrusted)), Barred::TimedOut | Barred::Os(Errno::ACCESS)) => untrusted,
        (Some(Ok(())), Barred::Os(errno @ Errno::ACCESS)) => {
            denied(owner.unwrap_or_default(), context).with_source((*errno).into())
        }
        _ => barred_error(barred, wanted, context),
    }
}

/// An object whose lock files this user may not open: whether it lives cannot be told.
fn unreadable_obstacle(place: &Place, context: Context<'_>) -> Error {
    let error = context.error(ErrorKind::AlreadyExists).with_source(Errno::ACCESS.into());
    let Some(owner) = place.owner() else { return error };
    error.with_detail(format!(
        "the name is taken by an object, or what is left of one, that user {owner} does not share with you; choose another name"
    ))
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// What a child does, and what it finds there.
    #[derive(Clone, Copy, Debug)]
    enum Scenario {
        /// Creates, and is the last to close.
        CreateAnew,
        /// Opens what the test holds, and closes.
        OpenLiving,
        /// Creates over what a killed creator left.
        CreateOverRemains,
        /// Opens what a killed creator left.
        OpenRemains,
    }

    const SCENARIOS: [Scenario; 4] =
        [Scenario::CreateAnew, Scenario::OpenLiving, Scenario::CreateOverRemains, Scenario::OpenRemains];

    /// The points that a child still passes before it gets its signal.
    static POINTS_LEFT: AtomicUsize = AtomicUsize::new(usize::MAX);
    static SIGNAL: AtomicUsize = AtomicUsize::new(0);

    fn at_stop_point(_: &'static str) {
        if POINTS_LEFT.fetch_sub(1, Ordering::Relaxed) == 0 {
            // SAFETY: a signal to this process itself.
            unsafe { libc::raise(SIGNAL.load(Ordering::Relaxed) as i32) };
        }
    }

    fn plan(name: &ObjectName) -> Plan<'_> {
        let options = crate::CreateOptions::new(1);
        let context = Context { operation: "test", name: Some(name) };
        let len = planned_len(&options, context).unwrap();
        let permissions = Permissions::owner_only();
        Plan { name, kind: ObjectKind::Region, asked: len, len, permissions, first_bytes: &[] }
    }

    fn create(name: &ObjectName) -> Result<Object> {
        Object::create(plan(name))
    }

    fn open(name: &ObjectName) -> Result<Object> {
        Object::open(name, ObjectKind::Region, &OpenOptions::read_write())
    }

    /// Runs `body` in a forked child, which gets `signal` at its stop point number `point`.
    fn fork_with(point: usize, signal: i32, body: impl FnOnce() -> bool) -> i32 {
        // SAFETY: the child runs what needs no other thread, and ends without unwinding into the harness.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0);
        if pid == 0 {
            POINTS_LEFT.store(point, Ordering::Relaxed);
            SIGNAL.store(signal as usize, Ordering::Relaxed);
            crate::testing::at_stop_points(at_stop_point);
            let good = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(false);
            // SAFETY: ends the child without the parent's exit handlers.
            unsafe { libc::_exit(i32::from(!good)) };
        }
        pid
    }

    fn wait(pid: i32) -> i32 {
        let mut status = 0;
        // SAFETY: a child of ours; the status is written to a live variable.
        assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, libc::WUNTRACED) }, pid);
        status
    }

    fn act(scenario: Scenario, name: &ObjectName) -> bool {
        match scenario {
            Scenario::CreateAnew | Scenario::CreateOverRemains => create(name).is_ok(),
            Scenario::OpenLiving => open(name).is_ok(),
            Scenario::OpenRemains => open(name).is_err_and(|error| *error.kind() == ErrorKind::NotFound),
        }
    }

    fn leave_remains(name: &ObjectName) {
        let pid = fork_with(usize::MAX, 0, || {
            std::mem::forget(create(name).unwrap());
            true
        });
        assert_eq!(wait(pid), 0);
    }

    fn prepare(scenario: Scenario, name: &ObjectName) -> Option<Object> {
        match scenario {
            Scenario::CreateAnew => {}
            Scenario::OpenLiving => return Some(create(name).unwrap()),
            Scenario::CreateOverRemains | Scenario::OpenRemains => leave_remains(name),
        }
        None
    }

    fn assert_nothing_left(name: &ObjectName) {
        let place = Place::find(name, Context { operation: "test", name: Some(name) }).unwrap();
        assert_eq!(place.owner(), None, "a lock file was left");
        let there = open_shm(&posix_name(name), shm::OFlags::RDONLY);
        assert_eq!(there.err(), Some(Errno::NOENT));
    }

    fn for_every_point(signal: i32, check: impl Fn(Scenario, &ObjectName, i32)) {
        for scenario in SCENARIOS {
            for point in 0.. {
                assert!(point < 100, "{scenario:?} has no end");
                let text = format!("gate-{signal}-{scenario:?}-{point}-{}", std::process::id());
                let name = ObjectName::new(text).unwrap();
                let held = prepare(scenario, &name);
                let pid = fork_with(point, signal, || act(scenario, &name));
                let status = wait(pid);
                if libc::WIFEXITED(status) {
                    assert_eq!(libc::WEXITSTATUS(status), 0, "{scenario:?} failed");
                    assert!(point > 3, "{scenario:?} has no stop points");
                    drop(held);
                    assert_nothing_left(&name);
                    break;
                }
                check(scenario, &name, pid);
                if held.is_some() {
                    assert!(open(&name).is_ok(), "{scenario:?} at {point} took away what is held");
                }
                drop(held);
                if let Err(error) = open(&name) {
                    assert_eq!(*error.kind(), ErrorKind::NotFound, "{scenario:?} at {point}: {error:?}");
                }
                drop(create(&name).unwrap());
                assert_nothing_left(&name);
            }
        }
    }

    #[test]
    fn killed_at_any_point_a_process_leaves_nothing_that_others_trip_over() {
        for_every_point(libc::SIGKILL, |_, _, _| {});
    }

    #[test]
    fn stopped_at_any_point_it_makes_nobody_wait_for_long_and_harms_nobody_later() {
        for_every_point(libc::SIGSTOP, |scenario, name, pid| {
            let began = Instant::now();
            let got = Object::create_or_open(plan(name), &Trust::OwnAndSystem);
            let took = began.elapsed();
            assert!(took < Duration::from_millis(1500), "{scenario:?}: {took:?}");
            // SAFETY: a signal to a child that was not reaped.
            unsafe { libc::kill(pid, libc::SIGCONT) };
            let status = wait(pid);
            assert!(libc::WIFEXITED(status));
            match got {
                // A child that meant to create was late, or found another at its name.
                Ok(_) => assert!(open(name).is_ok(), "what is held was taken away"),
                Err(error) => assert_eq!(*error.kind(), ErrorKind::TimedOut),
            }
        });
    }

    #[test]
    fn a_forked_child_holds_nothing() {
        let name = ObjectName::new(format!("gate-fork-{}", std::process::id())).unwrap();
        let object = create(&name).unwrap();
        let child = fork_with(usize::MAX, 0, || {
            // SAFETY: stops this process until its parent lets it go on.
            unsafe { libc::raise(libc::SIGSTOP) };
            true
        });
        assert!(libc::WIFSTOPPED(wait(child)));
        drop(object);
        assert_eq!(open(&name).map(drop).unwrap_err().kind(), &ErrorKind::NotFound);
        assert_nothing_left(&name);
        // SAFETY: a signal to a child that was not reaped.
        unsafe { libc::kill(child, libc::SIGKILL) };
        wait(child);
    }

    #[test]
    fn a_forked_childs_copy_outlives_a_killed_parent_and_holds_nothing() {
        let name = ObjectName::new(format!("gate-orphan-{}", std::process::id())).unwrap();
        let parent = fork_with(usize::MAX, 0, || {
            let object = create(&name).unwrap();
            // SAFETY: as in `fork_with`; the grandchild only sleeps.
            if unsafe { libc::fork() } == 0 {
                std::thread::sleep(Duration::from_secs(3));
                // SAFETY: ends the grandchild only.
                unsafe { libc::_exit(0) };
            }
            std::mem::forget(object);
            true
        });
        assert_eq!(wait(parent), 0);
        assert_eq!(open(&name).map(drop).unwrap_err().kind(), &ErrorKind::NotFound);
        assert_nothing_left(&name);
    }

    #[test]
    fn what_was_cleaned_from_tmp_is_refused_and_goes_with_its_last_holder() {
        let name = ObjectName::new(format!("gate-cleaned-{}", std::process::id())).unwrap();
        let place = Place::find(&name, Context { operation: "test", name: Some(&name) }).unwrap();
        let object = create(&name).unwrap();
        object.life.remove(&place).unwrap();
        assert!(matches!(create(&name).map(drop).unwrap_err().kind(), ErrorKind::KindMismatch { .. }));
        assert!(matches!(open(&name).map(drop).unwrap_err().kind(), ErrorKind::KindMismatch { .. }));
        drop(object);
        assert_nothing_left(&name);
    }
}
