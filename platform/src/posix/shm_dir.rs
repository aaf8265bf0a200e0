//! The folder in which `shm_open` keeps its objects on Linux. glibc and musl agree on it; going there
//! ourselves is what lets an object appear under its name only when it is finished.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{self, AtFlags, CWD, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;

use super::fork::{self, Ticket};
use super::names;

/// Where the objects are.
pub(super) const DIR: &str = "/dev/shm";
const DIR_C: &CStr = c"/dev/shm";

/// Names under which an object is made where it cannot be made without one. No object of the name space
/// is called so, because no user id begins with a letter other than `global`'s.
pub(super) const UNFINISHED_PREFIX: &str = "samemap.new.";

/// An object's path.
pub(super) fn path_of(posix_name: &str) -> CString {
    CString::new(format!("{DIR}{posix_name}")).expect("a POSIX name holds no NUL")
}

/// What is never followed, never waited for, and never passed on to children.
const CAREFULLY: OFlags =
    OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

/// A descriptor that carries a lock, or may come to carry one. A forked child's copy of it carries none.
#[derive(Debug)]
pub(super) struct Lockable {
    fd: OwnedFd,
    ticket: Ticket,
}

impl Lockable {
    pub(super) fn open<E>(open: impl FnOnce() -> Result<(OwnedFd, bool), E>) -> Result<(Lockable, bool), E> {
        let (fd, writable, ticket) = fork::register_opened(open)?;
        Ok((Lockable { fd, ticket }, writable))
    }
}

impl AsFd for Lockable {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Lockable {
    fn drop(&mut self) {
        // A lock that matters to anybody was released before, so a fork may come before the close.
        fork::unregister(self.ticket);
    }
}

/// Opens what lies at `path`, for writing if this user may; the lock of a remover needs that, whatever
/// the caller wants to do with the bytes.
pub(super) fn open(path: &CStr) -> Result<(Lockable, bool), Errno> {
    Lockable::open(|| open_for_writing_or_reading(path))
}

fn open_for_writing_or_reading(path: &CStr) -> Result<(OwnedFd, bool), Errno> {
    match fs::open(path, OFlags::RDWR | CAREFULLY, Mode::empty()) {
        Ok(fd) => Ok((fd, true)),
        Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) => {
            fs::open(path, OFlags::RDONLY | CAREFULLY, Mode::empty()).map(|fd| (fd, false))
        }
        Err(errno) => Err(errno),
    }
}

/// Opens a new description of an open file: what is mapped or given away must not carry our lock.
pub(super) fn reopen(fd: BorrowedFd<'_>, writable: bool) -> Result<OwnedFd, Errno> {
    let access = if writable { OFlags::RDWR } else { OFlags::RDONLY };
    fs::open(proc_path(fd).as_c_str(), access | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty())
}

fn proc_path(fd: BorrowedFd<'_>) -> CString {
    CString::new(format!("/proc/self/fd/{}", fd.as_raw_fd())).expect("no NUL")
}

/// What lies at `path`, without following it.
pub(super) fn stat(path: &CStr) -> Result<Stat, Errno> {
    fs::lstat(path)
}

/// Removes a name.
pub(super) fn unlink(path: &CStr) -> Result<(), Errno> {
    fs::unlink(path)
}

/// Whether there is a folder for shared memory at all.
pub(super) fn exists() -> bool {
    fs::stat(DIR_C).is_ok_and(|stat| fs::FileType::from_raw_mode(stat.st_mode).is_dir())
}

/// A new file in the folder, without a name where the system can do that.
pub(super) struct NewFile {
    pub(super) fd: Lockable,
    /// The name that it was made under, when it needed one.
    unfinished: Option<CString>,
}

impl NewFile {
    pub(super) fn make(mode: Mode) -> Result<NewFile, Errno> {
        let nameless = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        match Lockable::open(|| Ok((fs::open(DIR_C, nameless, mode)?, true))) {
            // Without /proc, and without the right to link a bare descriptor, it could not be named.
            Ok((fd, _)) if can_be_named(&fd) => Ok(NewFile { fd, unfinished: None }),
            Ok(_) | Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => Self::make_named(mode),
            Err(errno) => Err(errno),
        }
    }

    fn make_named(mode: Mode) -> Result<NewFile, Errno> {
        let create = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR;
        for attempt in 0..100 {
            let path = unfinished_path(attempt);
            match Lockable::open(|| Ok((fs::open(&path, create | CAREFULLY, mode)?, true))) {
                Ok((fd, _)) => return Ok(NewFile { fd, unfinished: Some(path) }),
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno),
            }
        }
        Err(Errno::EXIST)
    }

    /// Gives the finished file its name, which must be free, at one stroke.
    pub(super) fn publish(&self, path: &CStr) -> Result<(), Errno> {
        match &self.unfinished {
            Some(unfinished) => fs::renameat_with(CWD, unfinished, CWD, path, RenameFlags::NOREPLACE),
            None => link(&self.fd, path),
        }
    }

    /// Whether somebody's sweep took it for a dead one, between its making and its lock.
    pub(super) fn was_swept(&self, errno: Errno) -> bool {
        self.unfinished.is_some() && errno == Errno::NOENT
    }

    /// Gives up the name that it was made under.
    pub(super) fn discard(self) {
        if let Some(path) = self.unfinished {
            // Nobody else can be told: what is left is swept like anything dead.
            let _ = fs::unlink(path);
        }
    }
}

/// Linux 6.10 and later, or CAP_DAC_READ_SEARCH: by the descriptor alone. Otherwise through /proc.
fn link(fd: &Lockable, path: &CStr) -> Result<(), Errno> {
    match fs::linkat(fd, c"", CWD, path, AtFlags::EMPTY_PATH) {
        Err(Errno::NOENT | Errno::INVAL) => {
            let from = proc_path(fd.as_fd());
            fs::linkat(CWD, from.as_c_str(), CWD, path, AtFlags::SYMLINK_FOLLOW)
        }
        answer => answer,
    }
}

#[cfg(feature = "testing")]
fn can_be_named(fd: &Lockable) -> bool {
    std::env::var_os("SAMEMAP_TEST_UNFINISHED_NAMES").is_none() && proc_is_there(fd)
}

#[cfg(not(feature = "testing"))]
fn can_be_named(fd: &Lockable) -> bool {
    proc_is_there(fd)
}

/// Asked once a process: /proc does not come and go.
fn proc_is_there(fd: &Lockable) -> bool {
    static THERE: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *THERE.get_or_init(|| fs::lstat(proc_path(fd.as_fd()).as_c_str()).is_ok())
}

fn unfinished_path(attempt: u32) -> CString {
    use std::hash::{BuildHasher, Hasher};
    // std's hasher keys are random a process; this needs to be unlikely to clash, not secret.
    let mut hasher = std::hash::RandomState::new().build_hasher();
    hasher.write_u32(attempt);
    let name = format!("/{UNFINISHED_PREFIX}{}.{:016x}", std::process::id(), hasher.finish());
    path_of(&name)
}

/// The names in the folder that could be ours, and their inode numbers.
pub(super) fn our_names() -> Result<Vec<String>, Errno> {
    let entries =
        std::fs::read_dir(DIR).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    Ok(names.filter(|name| name.starts_with(names::PREFIX)).collect())
}
