//! The tables where waits for all are decided (see `crate::words::all`), each in a file of its own.
//!
//! Every process that may change one of the objects must reach the table, because such a process settles the tags that
//! it meets. So there is one table for each owner and each set of users that may write: `.samemap.all.` and the owner's
//! id in the directory of objects for those of the owner alone, with `.g` and the group's id behind it where the group
//! may write, and with `.o` where all users may. Only the owner and root can make it. Objects with different tables are
//! not waited for together.
//!
//! A table stays when no process uses it: after the kill of a waiter it may be the only place that knows whether objects
//! are taken. It is never replaced, has no lock, and begins as zeros, so nothing about it can be half-made.
//!
//! An object notes the id of its table before it gets its first tag. A process may find another table, or none: it has
//! another directory, lives in another mount name space, or is another user to which a region was handed; or the table
//! was removed. Then it does not settle the tag, and cannot use the object before the attempt itself takes the tag off.
//!
//! An object in a file on a disk outlives its table, which goes when the machine starts anew. So an id names the start
//! of the machine in which its table was made. An object that notes a table of another start has no attempt under way,
//! and gets the table of today.

use std::ffi::CString;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rustix::fs::{self, AtFlags, CWD, FileType, Gid, Mode, OFlags, RenameFlags, Stat, Uid};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap};

use crate::ErrorKind;
use crate::contract::context::Context;
use crate::posix::commit::commit;
use crate::posix::dir::{self, CAREFULLY, NEW_PREFIX, at_random_name, path_of};
use crate::posix::fork::PerProcess;
use crate::posix::owner::effective_user;
use crate::seam::object::Reason;
use crate::seam::place::Place;
use crate::seam::random::random;
use crate::words::all::Decisions;
use crate::words::tagged::Verdict;

/// What the first bytes are when they are not zero: the version of the layout.
const VERSION: u32 = 1;

/// How many attempts a table has places for.
const PLACES: usize = 4096;

/// The file, mapped. A peer may write to all of it.
#[repr(C, align(64))]
pub(super) struct Table {
    version: AtomicU32,
    reserved: AtomicU32,
    /// A random number, not zero, behind the number of the machine's start.
    id: AtomicU64,
    last: AtomicU64,
    more: [AtomicU64; 5],
    places: [AtomicU64; PLACES],
}

const LEN: usize = 64 + 8 * PLACES;
const _: () = assert!(size_of::<Table>() == LEN);

impl Table {
    pub(super) fn decisions(&self) -> Decisions<'_, AtomicU64> {
        Decisions { last: &self.last, places: &self.places }
    }

    /// Whether the object at a place has this table.
    pub(super) fn is_noted_in(&self, place: &Place) -> bool {
        let id = self.id.load(Ordering::Relaxed);
        id != 0 && id == place.header().id.load(Ordering::Acquire)
    }

    /// Its id, which the first process chooses.
    fn id(&self) -> u64 {
        let new = u64::from(start_of_machine()) << 32 | (random() >> 32).max(1);
        self.id.compare_exchange(0, new, Ordering::AcqRel, Ordering::Acquire).err().unwrap_or(new)
    }
}

/// A number for the time since the machine started, the same in all its containers; 0 where it cannot be told.
fn start_of_machine() -> u32 {
    static NUMBER: OnceLock<u32> = OnceLock::new();
    *NUMBER.get_or_init(|| {
        let id = std::fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        // FNV-1a, which begins with another number than 0.
        let begin = if id.is_empty() { 0 } else { 0x811C_9DC5 };
        id.iter().fold(begin, |hash: u32, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    })
}

/// Whether a noted table is of another start of the machine than this one's.
fn is_bygone(noted: u64, id: u64) -> bool {
    let [noted, now] = [noted, id].map(|id| id >> 32);
    noted != 0 && now != 0 && noted != now
}

/// The users that may write to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writers {
    Owner,
    Group(u32),
    Everyone,
}

/// Which table an object has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Site {
    owner: u32,
    writers: Writers,
}

impl Site {
    fn of(stat: &Stat) -> Site {
        let mode = Mode::from_raw_mode(stat.st_mode);
        let writers = if mode.contains(Mode::WOTH) {
            Writers::Everyone
        } else if mode.contains(Mode::WGRP) {
            Writers::Group(stat.st_gid)
        } else {
            Writers::Owner
        };
        Site { owner: stat.st_uid, writers }
    }

    fn path(self) -> CString {
        let whose = match self.writers {
            Writers::Owner => String::new(),
            Writers::Group(group) => format!(".g{group}"),
            Writers::Everyone => ".o".to_owned(),
        };
        path_of(&format!(".samemap.all.{}{whose}", self.owner))
    }

    fn mode(self) -> Mode {
        let owner = Mode::RUSR | Mode::WUSR;
        let group = Mode::RGRP | Mode::WGRP;
        match self.writers {
            Writers::Owner => owner,
            Writers::Group(_) => owner | group,
            Writers::Everyone => owner | group | Mode::ROTH | Mode::WOTH,
        }
    }
}

/// The tables that this process has mapped, which stay so.
static MAPPED: PerProcess<Mutex<Vec<Known>>> = PerProcess::new();

type Known = (Site, u64, &'static Table);

fn mapped(is_it: impl Fn(Site, u64) -> bool) -> Option<(u64, &'static Table)> {
    let mapped = MAPPED.get().lock().unwrap_or_else(PoisonError::into_inner);
    mapped.iter().find(|&&(site, id, _)| is_it(site, id)).map(|&(_, id, table)| (id, table))
}

/// The verdict on an attempt whose tag lies on the object at a place. Sleeps for a moment when it cannot be had.
#[cold]
pub(super) fn verdict(place: &Place, tag: u32) -> Verdict {
    // An object without a table has no tag, unless a peer forged it.
    let id = place.header().id.load(Ordering::Acquire);
    if id == 0 {
        return Verdict::Aborted;
    }
    let known = mapped(|_, known| known == id).map(|(_, table)| table);
    match known.map_or_else(|| found(place, Making::Never), Ok) {
        Ok(table) => table.decisions().verdict(tag),
        Err(_) => {
            std::thread::sleep(Duration::from_millis(1));
            Verdict::OutOfReach
        }
    }
}

/// The table of the object at a place, which is noted in the object.
pub(super) fn table_of(place: &Place) -> Result<&'static Table, Reason> {
    let id = place.header().id.load(Ordering::Acquire);
    match mapped(|_, known| known == id) {
        Some((_, table)) => Ok(table),
        None => found(place, Making::WhereMissing),
    }
}

/// Whether a missing table is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Making {
    WhereMissing,
    Never,
}

#[cold]
fn found(place: &Place, making: Making) -> Result<&'static Table, Reason> {
    let site = site_of(place)?;
    let (id, table) = match mapped(|known, _| known == site) {
        Some(known) => known,
        None => map(site, making)?,
    };
    let noted = &place.header().id;
    let chosen = match making {
        Making::Never => noted.load(Ordering::Acquire),
        Making::WhereMissing => note(noted, id),
    };
    if chosen == id { Ok(table) } else { Err(out_of_reach(ELSEWHERE)) }
}

/// Notes a table in an object that has none, or one of an earlier start of the machine. Returns what is noted.
fn note(noted: &AtomicU64, id: u64) -> u64 {
    let mut seen = noted.load(Ordering::Acquire);
    while seen == 0 || is_bygone(seen, id) {
        match noted.compare_exchange(seen, id, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return id,
            Err(now) => seen = now,
        }
    }
    seen
}

const ELSEWHERE: &str = "the table for waits for all, which this object names, is not in this directory of objects; let all programs use one directory (SAMEMAP_DIR, or one /dev/shm), or, where the file .samemap.all.* was removed while they ran, end them all and make the objects anew";
const NOT_OURS: &str = "only the owner of these objects can make the table that such waits need, and has not done so; let a process of the owner wait for all of them once";
const IN_THE_WAY: &str = "something else lies where such waits keep their table, a file .samemap.all.* in the directory of objects; remove it while no program uses it";

fn out_of_reach(detail: &'static str) -> Reason {
    Reason { detail: Some(detail.into()), ..ErrorKind::Unsupported.into() }
}

fn site_of(place: &Place) -> Result<Site, Reason> {
    const NO_LOCKS: &str =
        "this process may not open the region's file once more; let one that may wait for the objects";
    let context = Context { operation: "wait for all of the objects", name: None };
    let origin = place.origin(context).map_err(|_| out_of_reach(NO_LOCKS))?;
    let fd = origin.object.handle().ok_or_else(|| out_of_reach(NO_LOCKS))?;
    let stat = fs::fstat(fd).map_err(refused)?;
    let site = Site::of(&stat);
    // Memory without a name is reached by those alone that it is handed to, whatever its mode says: a memfd's says that
    // all users may write.
    let is_nameless = stat.st_nlink == 0 && !dir::has_device_of(&stat);
    Ok(if is_nameless { Site { writers: Writers::Owner, ..site } } else { site })
}

fn refused(errno: Errno) -> Reason {
    Reason { cause: Some(errno.into()), ..out_of_reach("the table that such waits need cannot be opened") }
}

/// Maps the table and remembers it.
fn map(site: Site, making: Making) -> Result<(u64, &'static Table), Reason> {
    let file = open(site, making)?;
    check(file.as_fd(), site)?;
    // SAFETY: a new mapping at a place that the kernel chooses. It is never unmapped, so the reference stays valid, and
    // the table is made of atomics.
    let table: &'static Table = unsafe {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        let start = mmap(ptr::null_mut(), LEN, protection, MapFlags::SHARED, &file, 0).map_err(refused)?;
        &*start.cast::<Table>()
    };
    let version = table.version.compare_exchange(0, VERSION, Ordering::AcqRel, Ordering::Acquire);
    if !matches!(version, Ok(_) | Err(VERSION)) {
        return Err(out_of_reach(IN_THE_WAY));
    }
    let id = table.id();
    MAPPED.get().lock().unwrap_or_else(PoisonError::into_inner).push((site, id, table));
    Ok((id, table))
}

fn open(site: Site, making: Making) -> Result<OwnedFd, Reason> {
    const ATTEMPTS: u32 = 100;
    let path = site.path();
    for _ in 0..ATTEMPTS {
        match fs::open(&path, OFlags::RDWR | CAREFULLY, Mode::empty()) {
            Ok(file) => return Ok(file),
            Err(Errno::NOENT) if making == Making::Never => return Err(out_of_reach(ELSEWHERE)),
            Err(Errno::NOENT) => make(site)?,
            Err(errno) => return Err(refused(errno)),
        }
    }
    Err(out_of_reach(IN_THE_WAY))
}

/// Nobody but the owner may have made it, and nobody but the objects' writers may write to it. Another user may have
/// linked a file of the owner's there: one with another name, or another mode, is no table.
fn check(file: BorrowedFd<'_>, site: Site) -> Result<(), Reason> {
    let stat = fs::fstat(file).map_err(refused)?;
    let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    let is_made_here = stat.st_nlink == 1 && Mode::from_raw_mode(stat.st_mode) == site.mode();
    if is_file && is_made_here && Site::of(&stat) == site && stat.st_size as usize >= LEN {
        Ok(())
    } else {
        Err(out_of_reach(IN_THE_WAY))
    }
}

/// Makes the file, unless another process is faster.
fn make(site: Site) -> Result<(), Reason> {
    if site.owner != effective_user() && effective_user() != 0 {
        return Err(out_of_reach(NOT_OURS));
    }
    // What a killed process leaves under such a name is removed like an unfinished object.
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | CAREFULLY;
    let made = at_random_name(NEW_PREFIX, |path| fs::open(path, flags, Mode::RUSR | Mode::WUSR));
    let (file, unfinished) = made.map_err(refused)?;
    let finished = fill(&file, site).and_then(|()| {
        match fs::renameat_with(CWD, &unfinished, CWD, site.path(), RenameFlags::NOREPLACE) {
            // Another process made it, or swept this one away.
            Ok(()) | Err(Errno::EXIST | Errno::NOENT) => Ok(()),
            Err(errno) => Err(refused(errno)),
        }
    });
    let _ = fs::unlinkat(CWD, &unfinished, AtFlags::empty());
    finished
}

fn fill(file: &OwnedFd, site: Site) -> Result<(), Reason> {
    const FULL: &str = "there is no room for the table that such waits need; free some memory";
    commit(file.as_fd(), LEN as u64).map_err(|_| out_of_reach(FULL))?;
    let group = match site.writers {
        Writers::Group(group) => Some(Gid::from_raw(group)),
        Writers::Owner | Writers::Everyone => None,
    };
    let owner = (site.owner != effective_user()).then(|| Uid::from_raw(site.owner));
    if owner.is_some() || group.is_some() {
        fs::fchown(file, owner, group).map_err(refused)?;
    }
    fs::fchmod(file, site.mode()).map_err(refused)
}
