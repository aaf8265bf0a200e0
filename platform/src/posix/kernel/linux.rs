//! The calls that Linux has and other POSIX kernels have not.

use std::ffi::{CStr, CString, OsString};
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::{self, AtFlags, CWD, FallocateFlags, MemfdFlags, Mode, OFlags, SealFlags, StatFs};
use rustix::io::Errno;
use rustix::mm::MapFlags;
use rustix::net::{RecvFlags, SendFlags};
use rustix::thread::futex::{self, Flags, Wait, WaitFlags, WaitPtr, WaitvFlags, WakeOp, WakeOpCmp};
use rustix::thread::{MembarrierCommand, membarrier};
use rustix::time::{ClockId, Timespec, clock_gettime};

use super::seals::Seals;
use crate::seam::per_process::Fact;

// ---- files --------------------------------------------------------------------------------------------

/// The flags that open a directory to reach its entries, and nothing else.
pub(in crate::posix) const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY);

/// A file without a name, for writing.
pub(in crate::posix) fn nameless_file(directory: &CStr, mode: Mode) -> Result<OwnedFd, Errno> {
    fs::open(directory, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, mode)
}

/// Whether a file without a name can be given one: through /proc, which does not come and go, so it is asked once in a
/// process.
pub(in crate::posix) fn can_be_named(fd: BorrowedFd<'_>) -> bool {
    static THERE: Fact = Fact::unknown();
    THERE.get(|| fs::lstat(proc_path(fd).as_c_str()).is_ok())
}

/// Names a file without a name: by its descriptor alone (since Linux 6.10, or with CAP_DAC_READ_SEARCH), and otherwise
/// through /proc.
pub(in crate::posix) fn link_nameless(fd: BorrowedFd<'_>, path: &CStr) -> Result<(), Errno> {
    match fs::linkat(fd, c"", CWD, path, AtFlags::EMPTY_PATH) {
        Err(Errno::NOENT | Errno::INVAL) => {
            fs::linkat(CWD, proc_path(fd).as_c_str(), CWD, path, AtFlags::SYMLINK_FOLLOW)
        }
        answer => answer,
    }
}

/// A path that opens another description of an open file. Another process's descriptor of that number is no matter:
/// the path means the process that uses it.
pub(in crate::posix) fn path_to_reopen(fd: BorrowedFd<'_>) -> Result<CString, Errno> {
    Ok(proc_path(fd))
}

/// Where /proc shows an open file.
fn proc_path(fd: BorrowedFd<'_>) -> CString {
    CString::new(format!("/proc/self/fd/{}", fd.as_raw_fd())).expect("no NUL")
}

/// The path of an open file, as the kernel knows it.
pub(in crate::posix) fn path_of(fd: BorrowedFd<'_>) -> Option<PathBuf> {
    let path = fs::readlink(proc_path(fd).as_c_str(), Vec::new()).ok()?;
    Some(PathBuf::from(OsString::from_vec(path.into_bytes())))
}

/// Takes disk space, and keeps the file's length.
pub(in crate::posix) fn allocate_behind(fd: BorrowedFd<'_>, at: u64, len: u64) -> Result<(), Errno> {
    fs::fallocate(fd, FallocateFlags::KEEP_SIZE, at, len)
}

/// Waits until the file's bytes are on the disk.
pub(in crate::posix) fn flush(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    fs::fsync(fd)
}

/// File systems with locks of open file descriptions, memory that is mapped and shared, and space that can be committed:
/// statfs(2) has their numbers.
const FILE_SYSTEMS: [(u32, &str); 6] = [
    (0x0102_1994, "tmpfs"),
    (0xEF53, "ext4"),
    (0x5846_5342, "xfs"),
    (0x9123_683E, "btrfs"),
    (0xF2F5_2010, "f2fs"),
    (0x794C_7630, "overlayfs"),
];

/// Checks that a file system keeps what objects need.
///
/// # Errors
/// The name or the number of the file system, and the names of those that do.
pub(in crate::posix) fn check_file_system(system: &StatFs) -> Result<(), (String, Vec<&'static str>)> {
    let number = number_of(system);
    match FILE_SYSTEMS.iter().any(|known| known.0 == number) {
        true => Ok(()),
        false => Err((format!("0x{number:x}"), FILE_SYSTEMS.iter().map(|known| known.1).collect())),
    }
}

/// Whether a file system keeps its files in memory, so that objects of another container may lie there.
pub(in crate::posix) fn is_in_memory(system: &StatFs) -> bool {
    const TMPFS: u32 = 0x0102_1994;
    const RAMFS: u32 = 0x8584_58F6;
    matches!(number_of(system), TMPFS | RAMFS)
}

/// Whether the file system's server can name any owner and any mode (FUSE).
pub(in crate::posix) fn invents_owners(system: &StatFs) -> bool {
    const FUSE: u32 = 0x6573_5546;
    number_of(system) == FUSE
}

fn number_of(system: &StatFs) -> u32 {
    #[allow(clippy::unnecessary_cast, reason = "the field's type differs between processors")]
    let number = system.f_type as u32;
    number
}

// ---- locks of open file descriptions --------------------------------------------------------------------

/// The request of a lock.
pub(in crate::posix) type Lock = libc::flock64;
pub(in crate::posix) const READ: i16 = libc::F_RDLCK as i16;
pub(in crate::posix) const WRITE: i16 = libc::F_WRLCK as i16;
pub(in crate::posix) const NONE: i16 = libc::F_UNLCK as i16;

// The raw call, because a 32-bit libc's `fcntl` takes a `flock` whose offsets are too small. No call waits, so no
// signal interrupts it.
#[cfg(target_pointer_width = "64")]
const FCNTL: libc::c_long = libc::SYS_fcntl;
#[cfg(target_pointer_width = "32")]
const FCNTL: libc::c_long = libc::SYS_fcntl64;

/// One of the commands `F_OFD_SETLK` and `F_OFD_GETLK`.
pub(in crate::posix) fn lock(fd: BorrowedFd<'_>, command: i32, lock: &mut Lock) -> Result<(), Errno> {
    // SAFETY: the descriptor is borrowed, so open, and the commands used here read and write the one
    // flock64 behind the pointer.
    let result = unsafe { libc::syscall(FCNTL, fd.as_raw_fd(), command, std::ptr::from_mut(lock)) };
    if result == -1 {
        let error = std::io::Error::last_os_error();
        return Err(Errno::from_io_error(&error).unwrap_or(Errno::INVAL));
    }
    Ok(())
}

// ---- descriptors ----------------------------------------------------------------------------------------

/// The flags of a placeholder (see `fork`), which allows nothing and so needs no right.
pub(in crate::posix) const PLACEHOLDER: OFlags = OFlags::PATH.union(OFlags::CLOEXEC).union(OFlags::DIRECTORY);

/// Whether a descriptor with these flags can be a placeholder.
pub(in crate::posix) fn may_be_placeholder(flags: OFlags) -> bool {
    allows_nothing(flags)
}

/// Whether a descriptor with these flags neither reads nor writes, whatever its access mode says.
pub(in crate::posix) fn allows_nothing(flags: OFlags) -> bool {
    flags.contains(OFlags::PATH)
}

/// Puts a copy of a descriptor under a number, closed on exec. Async-signal-safe.
///
/// # Safety
/// What the number stands for may be replaced.
pub(in crate::posix) unsafe fn replace(fd: RawFd, number: RawFd) -> bool {
    // SAFETY: as the caller promises; other numbers fail.
    unsafe { libc::dup3(fd, number, libc::O_CLOEXEC) >= 0 }
}

/// The flags to send descriptors with.
pub(in crate::posix) const SEND: SendFlags = SendFlags::NOSIGNAL;

/// The flags to receive descriptors with.
pub(in crate::posix) const RECEIVE: RecvFlags = RecvFlags::CMSG_CLOEXEC.union(RecvFlags::DONTWAIT);

/// A descriptor that is ready for reading once it was written to, and another one to write to where it takes two.
/// Neither blocks.
pub(in crate::posix) fn flag() -> Result<(OwnedFd, Option<OwnedFd>), Errno> {
    Ok((eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?, None))
}

// ---- memory ---------------------------------------------------------------------------------------------

/// Maps at an address, and replaces nothing there. Kernels before 4.17 take the address for a hint.
pub(in crate::posix) const AT_ADDRESS: MapFlags = MapFlags::FIXED_NOREPLACE;

/// Memory without a name, of length zero.
pub(in crate::posix) fn nameless_memory() -> Result<OwnedFd, Errno> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match fs::memfd_create(c"samemap", flags | MemfdFlags::NOEXEC_SEAL) {
        // Before Linux 6.3.
        Err(Errno::INVAL) => fs::memfd_create(c"samemap", flags),
        made => made,
    }
}

/// Whether such memory can be committed, as files are.
pub(in crate::posix) const COMMITS_NAMELESS_MEMORY: bool = true;

/// Seals memory at its present length.
pub(in crate::posix) fn seal(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    fs::fcntl_add_seals(fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)
}

/// The seals of memory.
///
/// # Errors
/// `INVAL` for what is no memory.
pub(in crate::posix) fn seals(fd: BorrowedFd<'_>) -> Result<Seals, Errno> {
    let seals = fs::fcntl_get_seals(fd)?;
    let against_writing = seals.intersects(SealFlags::WRITE | SealFlags::FUTURE_WRITE);
    Ok(Seals { against_shrinking: seals.contains(SealFlags::SHRINK), against_writing })
}

// ---- sleeping (futex(2), and futex_waitv of Linux 5.16) ---------------------------------------------------

/// Sleeps until the word is woken, for at most `limit`; not at all when it has another value.
pub(in crate::posix) fn sleep(word: &AtomicU32, value: u32, limit: Duration) -> Result<(), Errno> {
    futex::wait(word, Flags::empty(), value, Some(&timespec(limit)))
}

/// Sleeps until the word is woken, or a signal comes; not at all when it has another value.
pub(in crate::posix) fn sleep_until_woken(word: &AtomicU32, value: u32) -> Result<(), Errno> {
    futex::wait(word, Flags::empty(), value, None)
}

/// Sleeps until one of the words is woken, for at most `limit`; not at all when one has another value.
///
/// # Errors
/// Also `NOSYS`, or `PERM` of a filter of system calls, where the kernel has no such call.
pub(in crate::posix) fn sleep_on_any(
    words: &mut dyn Iterator<Item = (&AtomicU32, u32)>,
    limit: Duration,
) -> Result<(), Errno> {
    let waits: Vec<Wait> = words
        .map(|(word, value)| {
            let mut wait = Wait::new();
            wait.val = u64::from(value);
            wait.uaddr = WaitPtr::new(word.as_ptr().cast());
            wait.flags = WaitFlags::SIZE_U32;
            wait
        })
        .collect();
    // The call takes a point in time, not a duration.
    let now = clock_gettime(ClockId::Monotonic);
    let end = Duration::new(now.tv_sec as u64, now.tv_nsec as u32) + limit;
    futex::waitv(&waits, WaitvFlags::empty(), Some(&timespec(end)), ClockId::Monotonic).map(|_| ())
}

/// Wakes one sleeper.
pub(in crate::posix) fn wake_one(word: &AtomicU32) {
    // Fails only for memory that is not mapped, and this is.
    let _ = futex::wake(word, Flags::empty(), 1);
}

/// Wakes all sleepers.
pub(in crate::posix) fn wake_all(word: &AtomicU32) {
    let _ = futex::wake(word, Flags::empty(), i32::MAX as u32);
}

/// Wakes all sleepers on the word at an address, where it may be no more.
pub(in crate::posix) fn wake_all_at(address: *mut u32) {
    // SAFETY: the call reads and writes no memory, and fails where none is mapped.
    unsafe { libc::syscall(libc::SYS_futex, address, libc::FUTEX_WAKE, i32::MAX) };
}

/// Stores `new` and wakes one sleeper, in one step.
pub(in crate::posix) fn set_and_wake_one(word: &AtomicU32, new: u16) {
    // Fails only for memory that is not mapped, and this is. The call wakes no second word.
    let (one, none) = (1, 0);
    let _ = futex::wake_op(word, Flags::empty(), one, none, word, WakeOp::Set, WakeOpCmp::Eq, new, 0);
}

fn timespec(duration: Duration) -> Timespec {
    // It fits: the duration is a second, or the uptime.
    Timespec { tv_sec: duration.as_secs() as _, tv_nsec: duration.subsec_nanos() as _ }
}

// ---- fences (membarrier(2), `GLOBAL_EXPEDITED`, Linux 4.16) -------------------------------------------------

/// Makes a fence in every process that takes part.
pub(in crate::posix) fn fence_everywhere() {
    let _ = membarrier(MembarrierCommand::GlobalExpedited);
}

/// Registers this process once for the fences that others request.
pub(in crate::posix) fn takes_part_in_fences() -> bool {
    static ANSWER: Fact = Fact::unknown();
    ANSWER.get(|| membarrier(MembarrierCommand::RegisterGlobalExpedited).is_ok())
}

// ---- the process ----------------------------------------------------------------------------------------

/// Fills the bytes with random ones.
pub(in crate::posix) fn fill_randomly(bytes: &mut [u8]) -> Result<(), Errno> {
    use rustix::rand::{GetRandomFlags, getrandom};
    // The call returns up to 256 bytes whole.
    match getrandom(&mut *bytes, GetRandomFlags::empty())? == bytes.len() {
        true => Ok(()),
        false => Err(Errno::IO),
    }
}

/// Whether the environment comes from a user with fewer rights: `getauxval(3)`.
pub(in crate::posix) fn runs_with_more_rights() -> bool {
    // SAFETY: reads a number that the kernel left for this process.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}
