//! Commits memory before creation returns (rule C8): an error now in place of SIGBUS later.

use std::os::fd::BorrowedFd;

use rustix::fs::{FallocateFlags, fallocate, fstat, fstatvfs, ftruncate};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use super::kernel;

/// A signal interrupts `fallocate`, and on tmpfs the kernel then takes back all that the call has allocated. A piece of
/// this size takes about 30 ms.
const PIECE: u64 = 64 << 20;
/// A piece that surely finishes between two signals.
const SMALLEST_PIECE: u64 = 64 << 10;
/// From this size on the free space is asked for first, so that a request that must fail does not take memory that
/// other processes need.
const LARGE: u64 = 1 << 20;
/// From this size on the machine's free memory is asked for, too: /dev/shm may be larger than that, and then the
/// out-of-memory killer would end the attempt.
const HUGE: u64 = 64 << 20;

/// Why memory could not be committed.
pub(super) enum Shortage {
    /// The file system has only this many bytes left.
    NoRoom(u64),
    /// The machine has only this many bytes left.
    Machine(u64),
    /// This process may not make longer files (`ulimit -f`).
    FileLimit(u64),
    /// The call failed. The number is the bytes left, where that was the reason and the system tells.
    Os(Errno, Option<u64>),
}

impl From<Errno> for Shortage {
    fn from(errno: Errno) -> Self {
        Shortage::Os(errno, None)
    }
}

/// Rounds a size up to whole pages; `None` when it is too large for any file.
pub(super) fn rounded_to_pages(size: u64) -> Option<u64> {
    let page = rustix::param::page_size() as u64;
    let rounded = size.checked_next_multiple_of(page)?;
    // An off_t must hold the length with the trailer.
    let with_trailer = rounded.checked_add(super::facts::TRAILER_LEN)?;
    i64::try_from(with_trailer).is_ok().then_some(rounded)
}

/// `ulimit -f` would end the process by SIGXFSZ, so the limit is checked before the file grows.
pub(super) fn check_file_limit(file_len: u64) -> Result<(), Shortage> {
    match getrlimit(Resource::Fsize).current {
        Some(limit) if file_len > limit => Err(Shortage::FileLimit(limit)),
        _ => Ok(()),
    }
}

/// Allocates every page of a new file of `file_len` bytes.
pub(super) fn commit(fd: BorrowedFd<'_>, file_len: u64) -> Result<(), Shortage> {
    check_file_limit(file_len)?;
    if file_len >= LARGE {
        check_room(fd, file_len)?;
    }
    let committed = in_pieces(0, file_len, |at, len| fallocate(fd, FallocateFlags::empty(), at, len));
    let committed = match committed {
        Err(errno) if cannot_allocate(errno) => write_zeros(fd, 0, file_len),
        committed => committed,
    };
    committed.map_err(|errno| with_room_left(fd, errno))
}

/// Gives new memory without a name its length, committed where the kernel can.
pub(super) fn commit_nameless(fd: BorrowedFd<'_>, len: u64) -> Result<(), Shortage> {
    if kernel::COMMITS_NAMELESS_MEMORY {
        return commit(fd, len);
    }
    ftruncate(fd, len).map_err(Shortage::from)
}

/// Whether the file system, or a filter of system calls, has no `fallocate`.
pub(super) fn cannot_allocate(errno: Errno) -> bool {
    matches!(errno, Errno::OPNOTSUPP | Errno::NOSYS)
}

/// Takes the space by writing zeros, where the system cannot allocate it.
pub(super) fn write_zeros(fd: BorrowedFd<'_>, from: u64, to: u64) -> Result<(), Errno> {
    let zeros = vec![0; 1 << 20];
    let mut at = from;
    while at < to {
        let piece = (to - at).min(zeros.len() as u64) as usize;
        match rustix::io::pwrite(fd, &zeros[..piece], at) {
            Ok(written) if written > 0 => at += written as u64,
            Err(Errno::INTR) => {}
            failed => {
                cut_back(fd, at, from);
                return Err(failed.err().unwrap_or(Errno::NOSPC));
            }
        }
    }
    Ok(())
}

/// After a failure: gives the space behind `len` back, unless another process has made the file longer meanwhile.
pub(super) fn cut_back(fd: BorrowedFd<'_>, left_at: u64, len: u64) {
    if fstat(fd).is_ok_and(|stat| stat.st_size as u64 == left_at) {
        let _ = ftruncate(fd, len);
    }
}

/// Allocates a range, given as offset and length, in pieces. Signals make the pieces smaller, so that a process with a
/// busy timer makes progress.
pub(super) fn in_pieces(
    from: u64,
    to: u64,
    allocate: impl Fn(u64, u64) -> Result<(), Errno>,
) -> Result<(), Errno> {
    let (mut at, mut largest) = (from, PIECE);
    while at < to {
        let len = largest.min(to - at);
        match allocate(at, len) {
            Ok(()) => at += len,
            Err(Errno::INTR) => largest = (len / 2).max(SMALLEST_PIECE),
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

fn check_room(fd: BorrowedFd<'_>, file_len: u64) -> Result<(), Shortage> {
    if let Some(left) = free_bytes(fd).filter(|&left| left < file_len) {
        return Err(Shortage::NoRoom(left));
    }
    if file_len >= HUGE {
        if let Some(left) = available_memory().filter(|&left| left < file_len) {
            return Err(Shortage::Machine(left));
        }
    }
    Ok(())
}

/// Adds the bytes left to an error.
pub(super) fn with_room_left(fd: BorrowedFd<'_>, errno: Errno) -> Shortage {
    Shortage::Os(errno, if errno == Errno::NOSPC { free_bytes(fd) } else { None })
}

/// The free bytes of the file system; `None` for one without a limit (a memfd's, or tmpfs `size=0`).
fn free_bytes(fd: BorrowedFd<'_>) -> Option<u64> {
    let system = fstatvfs(fd).ok().filter(|system| system.f_blocks > 0)?;
    system.f_bavail.checked_mul(system.f_frsize)
}

/// Memory that is free without swapping, and free swap: `MemAvailable` and `SwapFree` of
/// `/proc/meminfo` (proc_meminfo(5)).
fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kibibytes = |field: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(field))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    };
    let free = kibibytes("MemAvailable:")?.checked_add(kibibytes("SwapFree:").unwrap_or(0))?;
    free.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn signals_make_the_pieces_smaller() {
        let (from, to) = (4096, (100 << 20) + 7);
        let done = RefCell::new(Vec::new());
        in_pieces(from, to, |at, len| {
            // A signal comes before a larger piece is done.
            if len > 1 << 20 {
                return Err(Errno::INTR);
            }
            done.borrow_mut().push((at, len));
            Ok(())
        })
        .expect("it gets on");
        let ends = done.into_inner().iter().fold(from, |end, &(at, len)| {
            assert_eq!(at, end);
            at + len
        });
        assert_eq!(ends, to);
        assert_eq!(in_pieces(0, 1, |_, _| Err(Errno::NOSPC)), Err(Errno::NOSPC));
        in_pieces(5, 5, |_, _| panic!("there is nothing to do")).expect("nothing");
    }
}
