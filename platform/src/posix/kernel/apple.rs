//! macOS 14.4 and later (`os_sync_wait_on_address`). **It has never run**: it follows Apple's headers and manual pages, and
//! only its types were checked.
//!
//! What Linux has and this kernel has not:
//!
//! | Linux | here |
//! | --- | --- |
//! | /dev/shm, which all users share | a directory of the user's own, so `Global\` names need `SAMEMAP_DIR` (see `base`) |
//! | files without a name, named when they are finished | temporary names (`samemap.new.…`), which a sweep removes |
//! | /proc/self/fd, to open an open file anew | its path (`F_GETPATH`); so what has no path is not handed over |
//! | descriptors that allow nothing (`O_PATH`), as placeholders in a forked child | a descriptor of `/` for reading |
//! | memory that can be sealed | `shm_open` memory without its name, whose length the kernel lets be set once |
//! | memory committed at creation | committed by zeros in files; of nameless memory nothing is committed (C8) |
//! | one call that sets a word and wakes | two: a killed setter's waiters are woken by their slices |
//! | sleeps on several words | short sleeps on the first |
//! | fences in other processes | heavy doorbells |
//! | inotify | looks now and then |
//! | /proc/locks | a stranger's object cannot be told dead |

use std::ffi::{CStr, CString, OsString, c_void};
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::fs::{self, Mode, OFlags, StatFs};
use rustix::io::Errno;
use rustix::mm::MapFlags;
use rustix::net::{RecvFlags, SendFlags};
use rustix::shm;

use super::seals::Seals;
use crate::seam::patience::Arrivals;
use crate::seam::random::random;

fn answer(answer: i32) -> Result<(), Errno> {
    if answer >= 0 {
        return Ok(());
    }
    let error = std::io::Error::last_os_error();
    Err(Errno::from_io_error(&error).unwrap_or(Errno::INVAL))
}

// ---- files --------------------------------------------------------------------------------------------

/// The flags that open a directory to reach its entries, and nothing else.
pub(in crate::posix) const FOLDER: OFlags = OFlags::from_bits_retain(libc::O_SEARCH as _);

/// Answers that there is no such file here.
pub(in crate::posix) fn nameless_file(_directory: &CStr, _mode: Mode) -> Result<OwnedFd, Errno> {
    Err(Errno::OPNOTSUPP)
}

/// Whether a file without a name can be given one.
pub(in crate::posix) fn can_be_named(_fd: BorrowedFd<'_>) -> bool {
    false
}

/// No file is without a name, so none is given one.
pub(in crate::posix) fn link_nameless(_fd: BorrowedFd<'_>, _path: &CStr) -> Result<(), Errno> {
    Err(Errno::OPNOTSUPP)
}

/// A path that opens another description of an open file. Callers check that it leads to the same file.
pub(in crate::posix) fn path_to_reopen(fd: BorrowedFd<'_>) -> Result<CString, Errno> {
    fs::getpath(fd)
}

/// The path of an open file, as the kernel knows it.
pub(in crate::posix) fn path_of(fd: BorrowedFd<'_>) -> Option<PathBuf> {
    let path = fs::getpath(fd).ok()?;
    Some(PathBuf::from(OsString::from_vec(path.into_bytes())))
}

/// Answers that no space can be taken so; then zeros are written.
pub(in crate::posix) fn allocate_behind(_fd: BorrowedFd<'_>, _at: u64, _len: u64) -> Result<(), Errno> {
    Err(Errno::OPNOTSUPP)
}

/// Waits until the file's bytes are on the disk, which takes more than `fsync` here (`F_FULLFSYNC` in fcntl(2)).
pub(in crate::posix) fn flush(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    fs::fcntl_fullfsync(fd)
}

const FILE_SYSTEMS: [&CStr; 2] = [c"apfs", c"hfs"];

/// The name of a file system.
fn name_of(system: &StatFs) -> String {
    let bytes: Vec<u8> =
        system.f_fstypename.iter().map(|&byte| byte as u8).take_while(|&byte| byte != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Checks that a file system keeps what objects need.
///
/// # Errors
/// The name of the file system, and the names of those that do.
pub(in crate::posix) fn check_file_system(system: &StatFs) -> Result<(), (String, Vec<&'static str>)> {
    let found = name_of(system);
    let known: Vec<&str> = FILE_SYSTEMS.iter().filter_map(|name| name.to_str().ok()).collect();
    if known.contains(&found.as_str()) { Ok(()) } else { Err((found, known)) }
}

/// Whether a file system keeps its files in memory, so that objects of another container may lie there.
pub(in crate::posix) fn is_in_memory(_system: &StatFs) -> bool {
    false
}

/// Whether the file system's server can name any owner and any mode (FUSE).
pub(in crate::posix) fn invents_owners(system: &StatFs) -> bool {
    name_of(system).contains("fuse")
}

// ---- locks of open file descriptions --------------------------------------------------------------------

/// The request of a lock.
pub(in crate::posix) type Lock = libc::flock;
pub(in crate::posix) const READ: i16 = libc::F_RDLCK;
pub(in crate::posix) const WRITE: i16 = libc::F_WRLCK;
pub(in crate::posix) const NONE: i16 = libc::F_UNLCK;

/// One of the commands `F_OFD_SETLK` and `F_OFD_GETLK`.
pub(in crate::posix) fn lock(fd: BorrowedFd<'_>, command: i32, lock: &mut Lock) -> Result<(), Errno> {
    // SAFETY: the descriptor is borrowed, so open, and the commands used here read and write the one flock behind the
    // pointer.
    answer(unsafe { libc::fcntl(fd.as_raw_fd(), command, std::ptr::from_mut(lock)) })
}

// ---- descriptors ----------------------------------------------------------------------------------------

/// The flags of a placeholder (see `fork`).
pub(in crate::posix) const PLACEHOLDER: OFlags = OFlags::CLOEXEC.union(OFlags::DIRECTORY);

/// Whether a descriptor with these flags can be a placeholder.
pub(in crate::posix) fn may_be_placeholder(_flags: OFlags) -> bool {
    true
}

/// Whether a descriptor with these flags neither reads nor writes, whatever its access mode says.
pub(in crate::posix) fn allows_nothing(_flags: OFlags) -> bool {
    false
}

/// Puts a copy of a descriptor under a number, closed on exec. Async-signal-safe.
///
/// # Safety
/// What the number stands for may be replaced.
pub(in crate::posix) unsafe fn replace(fd: RawFd, number: RawFd) -> bool {
    // SAFETY: as the caller promises; other numbers fail. The second call changes a flag of the copy.
    unsafe { libc::dup2(fd, number) >= 0 && libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) >= 0 }
}

/// The flags to send descriptors with. std sets `SO_NOSIGPIPE` on its sockets.
pub(in crate::posix) const SEND: SendFlags = SendFlags::empty();

/// The flags to receive descriptors with. A process that execs before they are marked hands them on.
pub(in crate::posix) const RECEIVE: RecvFlags = RecvFlags::DONTWAIT;

/// A descriptor that is ready for reading once it was written to, and another one to write to where it takes two.
/// Neither blocks.
pub(in crate::posix) fn flag() -> Result<(OwnedFd, Option<OwnedFd>), Errno> {
    let pair = || -> std::io::Result<_> {
        let (awaited, written) = UnixStream::pair()?;
        awaited.set_nonblocking(true)?;
        written.set_nonblocking(true)?;
        Ok((awaited.into(), Some(written.into())))
    };
    pair().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
}

// ---- memory ---------------------------------------------------------------------------------------------

/// Maps at an address where that is free: a hint, whose answer is checked.
pub(in crate::posix) const AT_ADDRESS: MapFlags = MapFlags::empty();

/// Memory without a name, of length zero.
pub(in crate::posix) fn nameless_memory() -> Result<OwnedFd, Errno> {
    let flags = shm::OFlags::CREATE | shm::OFlags::EXCL | shm::OFlags::RDWR;
    // Names have up to 31 characters.
    let name = format!("/samemap.{:016x}", random());
    let memory = shm::open(&*name, flags, Mode::RUSR | Mode::WUSR)?;
    shm::unlink(&*name)?;
    Ok(memory)
}

/// Whether such memory can be committed, as files are.
pub(in crate::posix) const COMMITS_NAMELESS_MEMORY: bool = false;

/// The kernel lets the length of such memory be set once.
pub(in crate::posix) fn seal(_fd: BorrowedFd<'_>) -> Result<(), Errno> {
    Ok(())
}

/// Answers that received memory has no seals, because this kernel has none.
pub(in crate::posix) fn seals(_fd: BorrowedFd<'_>) -> Result<Seals, Errno> {
    Err(Errno::INVAL)
}

// ---- sleeping (os/os_sync_wait_on_address.h) --------------------------------------------------------------

/// `OS_CLOCK_MACH_ABSOLUTE_TIME` of os/clock.h.
const ABSOLUTE_TIME: libc::os_clockid_t = 32;

/// Sleeps until the word is woken, for at most `limit`; not at all when it has another value.
pub(in crate::posix) fn sleep(word: &AtomicU32, value: u32, limit: Duration) -> Result<(), Errno> {
    // The call refuses a timeout of zero.
    let nanoseconds = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX).max(1);
    // SAFETY: four mapped bytes, which the call only reads.
    answer(unsafe {
        libc::os_sync_wait_on_address_with_timeout(
            word.as_ptr().cast::<c_void>(),
            u64::from(value),
            size_of::<u32>(),
            libc::OS_SYNC_WAIT_ON_ADDRESS_SHARED,
            ABSOLUTE_TIME,
            nanoseconds,
        )
    })
}

/// Sleeps until the word is woken, or a signal comes; not at all when it has another value.
pub(in crate::posix) fn sleep_until_woken(word: &AtomicU32, value: u32) -> Result<(), Errno> {
    let (address, shared) = (word.as_ptr().cast::<c_void>(), libc::OS_SYNC_WAIT_ON_ADDRESS_SHARED);
    // SAFETY: four mapped bytes, which the call only reads.
    answer(unsafe { libc::os_sync_wait_on_address(address, u64::from(value), size_of::<u32>(), shared) })
}

/// Answers that there is no such call.
pub(in crate::posix) fn sleep_on_any(
    _words: &mut dyn Iterator<Item = (&AtomicU32, u32)>,
    _limit: Duration,
) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}

/// Wakes one sleeper.
pub(in crate::posix) fn wake_one(word: &AtomicU32) {
    let (address, shared) = (word.as_ptr().cast::<c_void>(), libc::OS_SYNC_WAKE_BY_ADDRESS_SHARED);
    // SAFETY: four mapped bytes, which the call does not touch. It fails when no thread sleeps.
    let _ = unsafe { libc::os_sync_wake_by_address_any(address, size_of::<u32>(), shared) };
}

/// Wakes all sleepers.
pub(in crate::posix) fn wake_all(word: &AtomicU32) {
    wake_all_at(word.as_ptr());
}

/// Wakes all sleepers on the word at an address, where it may be no more.
pub(in crate::posix) fn wake_all_at(address: *mut u32) {
    let (address, shared) = (address.cast::<c_void>(), libc::OS_SYNC_WAKE_BY_ADDRESS_SHARED);
    // SAFETY: as above; it fails, too, where no memory is mapped.
    let _ = unsafe { libc::os_sync_wake_by_address_all(address, size_of::<u32>(), shared) };
}

/// Stores `new` and wakes one sleeper, in two steps.
pub(in crate::posix) fn set_and_wake_one(word: &AtomicU32, new: u16) {
    word.store(u32::from(new), Ordering::Release);
    wake_one(word);
}

// ---- fences ---------------------------------------------------------------------------------------------

/// There are none, and no process takes part.
pub(in crate::posix) fn fence_everywhere() {}

/// Whether this process takes part in fences that others request.
pub(in crate::posix) fn takes_part_in_fences() -> bool {
    false
}

// ---- the process ----------------------------------------------------------------------------------------

/// Answers that the kernel does not report names in this way.
pub(in crate::posix) fn watch_arrivals(_directory: &CStr, _system_name: String) -> Result<Arrivals, Errno> {
    Err(Errno::NOSYS)
}

/// Fills up to 256 bytes with random ones.
pub(in crate::posix) fn fill_randomly(bytes: &mut [u8]) -> Result<(), Errno> {
    // SAFETY: writes to these bytes.
    answer(unsafe { libc::getentropy(bytes.as_mut_ptr().cast::<c_void>(), bytes.len()) })
}

/// Whether the environment comes from a user with fewer rights: `issetugid(2)`.
pub(in crate::posix) fn runs_with_more_rights() -> bool {
    // SAFETY: reads a number that the kernel keeps for this process.
    unsafe { libc::issetugid() != 0 }
}
