//! Memory that is there when creation returns (rule C8): an error now in place of SIGBUS later.

use std::os::fd::BorrowedFd;

use rustix::fs::{FallocateFlags, fallocate, fstat, fstatvfs, ftruncate};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

/// A signal interrupts `fallocate`, which then gives all of its progress back (on tmpfs, in kernels that do not
/// wait for a fatal one). A piece of this size takes about 30 ms.
const PIECE: u64 = 64 << 20;
/// What surely fits between two signals.
const SMALLEST_PIECE: u64 = 64 << 10;
/// From this size on it is worth asking first, so that a request that must fail does not take
/// what others need while it does.
const LARGE: u64 = 1 << 20;
/// From this size on the machine's memory is asked too: /dev/shm may be larger than what is free,
/// and then it is not an error that ends the attempt, but the out-of-memory killer.
const HUGE: u64 = 64 << 20;

/// Why memory could not be committed.
pub(super) enum Shortage {
    /// So many bytes are left there, which was asked first.
    NoRoom(u64),
    /// So many bytes are left in the machine.
    Machine(u64),
    /// This process may make no longer file (`ulimit -f`).
    FileLimit(u64),
    /// The call failed; so many bytes are left there, where that was the reason and the system tells.
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
    // Room for a trailer, and an off_t must hold it all.
    let with_trailer = rounded.checked_add(super::facts::TRAILER_LEN)?;
    i64::try_from(with_trailer).is_ok().then_some(rounded)
}

/// `ulimit -f` would end the process by SIGXFSZ, so it is asked before the file grows.
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

/// Whether the file system, or a filter of system calls, has no `fallocate` at all.
pub(super) fn cannot_allocate(errno: Errno) -> bool {
    matches!(errno, Errno::OPNOTSUPP | Errno::NOSYS)
}

/// Takes the space by writing, where the system cannot do it otherwise.
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

/// After a failure: gives back what was taken behind `len`, unless somebody else made the file longer than what we
/// left it at meanwhile.
pub(super) fn cut_back(fd: BorrowedFd<'_>, left_at: u64, len: u64) {
    if fstat(fd).is_ok_and(|stat| stat.st_size as u64 == left_at) {
        let _ = ftruncate(fd, len);
    }
}

/// Allocates a range piece by piece, given as offset and length; the more signals come, the smaller ones, so that
/// a process with a busy timer gets on.
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

/// With what is left, where the errno does not tell.
pub(super) fn with_room_left(fd: BorrowedFd<'_>, errno: Errno) -> Shortage {
    Shortage::Os(errno, if errno == Errno::NOSPC { free_bytes(fd) } else { None })
}

/// What the file system has left; `None` for one without a limit (a memfd's, or tmpfs `size=0`).
fn free_bytes(fd: BorrowedFd<'_>) -> Option<u64> {
    let system = fstatvfs(fd).ok().filter(|system| system.f_blocks > 0)?;
    system.f_bavail.checked_mul(system.f_frsize)
}

/// Memory that can be had without pushing others out, and swap: `MemAvailable` and `SwapFree` of
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
            // A signal comes before more than this is done.
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
