//! Open-file-description locks on one byte far behind the data: the kernel's record of an object's holders. The kernel
//! drops a lock when the last descriptor of its description is closed, in whatever way.
//!
//! A holder has a shared lock as long as it holds the object. A remover has an exclusive lock, which it gets only when
//! there is no holder, and removes the name under it; a living object never has one.
//!
//! `fcntl(2)`, "Open file description locks (non-POSIX)", Linux 3.15; macOS has them, too. rustix has no call for them.

use std::os::fd::BorrowedFd;

use rustix::io::Errno;

use super::kernel::{self, Lock, NONE, READ, WRITE};

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
    let mut lock = request(WRITE);
    kernel::lock(fd, libc::F_OFD_GETLK, &mut lock)?;
    Ok(match lock.l_type {
        NONE => Holders::Nobody,
        WRITE => Holders::Remover,
        _ => Holders::Some,
    })
}

/// Becomes a holder; `false` when a remover is at work.
pub(super) fn try_hold(fd: BorrowedFd<'_>) -> Result<bool, Errno> {
    attempt(fd, request(READ))
}

/// Becomes the remover; `false` when another description has a lock. Needs write access.
pub(super) fn try_remove(fd: BorrowedFd<'_>) -> Result<bool, Errno> {
    attempt(fd, request(WRITE))
}

/// Becomes the remover of an object in one file; also keeps others from [taking its name](try_take_name).
pub(super) fn try_remove_file(fd: BorrowedFd<'_>) -> Result<bool, Errno> {
    attempt(fd, Lock { l_start: NAME_BYTE, l_len: 2, ..request(WRITE) })
}

/// Gets the sole right to take the name away from a file, with or without holders; `false` when another process has it.
pub(super) fn try_take_name(fd: BorrowedFd<'_>) -> Result<bool, Errno> {
    attempt(fd, Lock { l_start: NAME_BYTE, ..request(WRITE) })
}

/// A role that one description has at a time, as a byte that it locks for writing. The kernel gives it up with the
/// description, so a taken role means that *its holder lives*.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// The holder of a claim's number.
    Claim(u32),
    /// The holder of the seat at an offset of the file.
    Seat(u64),
}

impl Role {
    fn request(self, kind: i16) -> Lock {
        let byte = match self {
            Role::Claim(number) => LIFE_BYTE + i64::from(number),
            // Offsets lie within a file, so far below this.
            Role::Seat(offset) => SEAT_BYTES.wrapping_add_unsigned(offset),
        };
        Lock { l_start: byte, ..request(kind) }
    }
}

/// Takes a role for this description; `false` when another one has it. Needs write access.
pub(super) fn try_take(fd: BorrowedFd<'_>, role: Role) -> Result<bool, Errno> {
    attempt(fd, role.request(WRITE))
}

/// Whether another description has the role. A shared lock does not count, because read access suffices for it.
pub(super) fn is_taken(fd: BorrowedFd<'_>, role: Role) -> Result<bool, Errno> {
    let mut lock = role.request(READ);
    kernel::lock(fd, libc::F_OFD_GETLK, &mut lock)?;
    Ok(lock.l_type != NONE)
}

/// Gives a role up.
pub(super) fn leave(fd: BorrowedFd<'_>, role: Role) {
    let released = kernel::lock(fd, libc::F_OFD_SETLK, &mut role.request(NONE));
    debug_assert!(released.is_ok(), "{released:?}");
}

/// Drops all locks of this description, in every process that shares it: a forked child may keep the description open
/// after our `close`.
pub(super) fn release(fd: BorrowedFd<'_>) {
    // For the whole file the kernel needs no memory to split a lock.
    let mut lock = Lock { l_start: 0, l_len: 0, ..request(NONE) };
    // An unlock fails only for a bad descriptor, and this one is borrowed.
    let released = kernel::lock(fd, libc::F_OFD_SETLK, &mut lock);
    debug_assert!(released.is_ok(), "{released:?}");
}

fn attempt(fd: BorrowedFd<'_>, mut lock: Lock) -> Result<bool, Errno> {
    match kernel::lock(fd, libc::F_OFD_SETLK, &mut lock) {
        Ok(()) => Ok(true),
        Err(Errno::AGAIN | Errno::ACCESS) => Ok(false),
        Err(errno) => Err(errno),
    }
}

fn request(kind: i16) -> Lock {
    // SAFETY: an all-zero request is a valid value; its fields are integers.
    let mut lock: Lock = unsafe { std::mem::zeroed() };
    lock.l_type = kind;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock.l_start = LIFE_BYTE;
    lock.l_len = 1;
    lock
}
