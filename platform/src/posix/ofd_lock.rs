//! Open-file-description locks on one byte far behind the data: the kernel's record of an object's holders. The kernel
//! drops a lock when the last descriptor of its description is closed, in whatever way.
//!
//! A holder has a shared lock as long as it holds the object. A remover has an exclusive lock, which it gets only when
//! there is no holder, and removes the name under it; a living object never has one.
//!
//! `fcntl(2)`, "Open file description locks (non-POSIX)", Linux 3.15. rustix has no call for them.

use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::Errno;

/// The byte that holders lock. Locks may lie behind the end of a file, and no file is this long.
const LIFE_BYTE: i64 = 1 << 62;

/// The byte that a process locks while it takes away the name of an object in one file. It precedes the life byte, so
/// that a remover locks both at once.
const NAME_BYTE: i64 = LIFE_BYTE - 1;

/// The byte of the seat at offset 0; those at other offsets follow, well before the life byte.
const SEAT_BYTES: i64 = 1 << 61;

/// The locks of other descriptions on the life byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holders {
    /// There is none: the object is dead.
    Nobody,
    /// At least one holder: it lives.
    Some,
    /// A remover found it dead and removes it.
    Remover,
}

/// Asks for the object's holders. Needs only read access.
pub(super) fn holders(fd: BorrowedFd<'_>) -> Result<Holders, Errno> {
    let mut lock = request(libc::F_WRLCK);
    call(fd, libc::F_OFD_GETLK, &mut lock)?;
    Ok(match i32::from(lock.l_type) {
        libc::F_UNLCK => Holders::Nobody,
        libc::F_WRLCK => Holders::Remover,
        _ => Holders::Some,
    })
}

/// Becomes a holder; `false` when a remover is at work.
pub(super) fn try_hold(fd: BorrowedFd<'_>) -> Result<bool, Errno> {
    attempt(fd, request(libc::F_RDLCK))
}

/// Becomes the remover; `false` when another description has a lock. Needs write access.
pub(super) fn try_remove(fd: BorrowedFd<'_>) -> Result<bool, Errno> {
    attempt(fd, request(libc::F_WRLCK))
}

/// Becomes the remover of an object in one file; also keeps others from [taking its name](try_take_name).
pub(super) fn try_remove_file(fd: BorrowedFd<'_>) -> Result<bool, Errno> {
    attempt(fd, libc::flock64 { l_start: NAME_BYTE, l_len: 2, ..request(libc::F_WRLCK) })
}

/// Gets the sole right to take the name away from a file, with or without holders; `false` when another process has it.
pub(super) fn try_take_name(fd: BorrowedFd<'_>) -> Result<bool, Errno> {
    attempt(fd, libc::flock64 { l_start: NAME_BYTE, ..request(libc::F_WRLCK) })
}

/// Locks the byte of a claim for this description; `false` when another one has it. Needs write access.
///
/// A claim means that *the holder of this number lives*: the kernel drops it with the description.
pub(super) fn try_claim(fd: BorrowedFd<'_>, claim: u32) -> Result<bool, Errno> {
    match call(fd, libc::F_OFD_SETLK, &mut claim_request(libc::F_WRLCK, claim)) {
        Ok(()) => Ok(true),
        Err(Errno::AGAIN | Errno::ACCESS) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Whether another description has this claim. A shared lock does not count, because read access suffices for it.
pub(super) fn is_claimed(fd: BorrowedFd<'_>, claim: u32) -> Result<bool, Errno> {
    let mut lock = claim_request(libc::F_RDLCK, claim);
    call(fd, libc::F_OFD_GETLK, &mut lock)?;
    Ok(i32::from(lock.l_type) != libc::F_UNLCK)
}

/// Gives a claim up.
pub(super) fn unclaim(fd: BorrowedFd<'_>, claim: u32) {
    let released = call(fd, libc::F_OFD_SETLK, &mut claim_request(libc::F_UNLCK, claim));
    debug_assert!(released.is_ok(), "{released:?}");
}

/// Takes the seat at an offset of the file for this description; `false` when another description has it. Needs write
/// access.
pub(super) fn try_seat(fd: BorrowedFd<'_>, offset: u64) -> Result<bool, Errno> {
    match call(fd, libc::F_OFD_SETLK, &mut seat_request(libc::F_WRLCK, offset)) {
        Ok(()) => Ok(true),
        Err(Errno::AGAIN | Errno::ACCESS) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Whether another description has the seat; a shared lock does not count, as for a claim.
pub(super) fn is_seated(fd: BorrowedFd<'_>, offset: u64) -> Result<bool, Errno> {
    let mut lock = seat_request(libc::F_RDLCK, offset);
    call(fd, libc::F_OFD_GETLK, &mut lock)?;
    Ok(i32::from(lock.l_type) != libc::F_UNLCK)
}

/// Leaves the seat.
pub(super) fn unseat(fd: BorrowedFd<'_>, offset: u64) {
    let released = call(fd, libc::F_OFD_SETLK, &mut seat_request(libc::F_UNLCK, offset));
    debug_assert!(released.is_ok(), "{released:?}");
}

fn seat_request(kind: i32, offset: u64) -> libc::flock64 {
    // Offsets lie within a file, so far below this.
    libc::flock64 { l_start: SEAT_BYTES.wrapping_add_unsigned(offset), ..request(kind) }
}

fn claim_request(kind: i32, claim: u32) -> libc::flock64 {
    libc::flock64 { l_start: LIFE_BYTE + i64::from(claim), ..request(kind) }
}

/// Drops all locks of this description, in every process that shares it: a forked child may keep the description open
/// after our `close`.
pub(super) fn release(fd: BorrowedFd<'_>) {
    // For the whole file the kernel needs no memory to split a lock.
    let mut lock = libc::flock64 { l_start: 0, l_len: 0, ..request(libc::F_UNLCK) };
    // An unlock fails only for a bad descriptor, and this one is borrowed.
    let released = call(fd, libc::F_OFD_SETLK, &mut lock);
    debug_assert!(released.is_ok(), "{released:?}");
}

fn attempt(fd: BorrowedFd<'_>, mut lock: libc::flock64) -> Result<bool, Errno> {
    match call(fd, libc::F_OFD_SETLK, &mut lock) {
        Ok(()) => Ok(true),
        Err(Errno::AGAIN | Errno::ACCESS) => Ok(false),
        Err(errno) => Err(errno),
    }
}

fn request(kind: i32) -> libc::flock64 {
    // SAFETY: an all-zero flock64 is a valid value; its fields are integers.
    let mut lock: libc::flock64 = unsafe { std::mem::zeroed() };
    lock.l_type = kind as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock.l_start = LIFE_BYTE;
    lock.l_len = 1;
    lock
}

// The raw call, because a 32-bit libc's `fcntl` takes a `flock` whose offsets are too small. No call waits, so no
// signal interrupts it.
#[cfg(target_pointer_width = "64")]
const FCNTL: libc::c_long = libc::SYS_fcntl;
#[cfg(target_pointer_width = "32")]
const FCNTL: libc::c_long = libc::SYS_fcntl64;

fn call(fd: BorrowedFd<'_>, command: i32, lock: &mut libc::flock64) -> Result<(), Errno> {
    // SAFETY: the descriptor is borrowed, so open, and the commands used here read and write the one
    // flock64 behind the pointer.
    let result = unsafe { libc::syscall(FCNTL, fd.as_raw_fd(), command, std::ptr::from_mut(lock)) };
    if result == -1 {
        let error = std::io::Error::last_os_error();
        return Err(Errno::from_io_error(&error).unwrap_or(Errno::INVAL));
    }
    Ok(())
}
