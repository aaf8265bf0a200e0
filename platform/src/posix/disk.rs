//! Takes disk space for files that regions lie over, before any process writes there (rule C8).

use std::os::fd::BorrowedFd;

use rustix::fs::{self, Stat};
use rustix::io::Errno;

use super::commit::{self, Shortage};
use super::kernel::allocate_behind;

/// Makes a file at least `len` bytes long and, unless holes may stay, takes disk space for all of them.
///
/// The file never gets shorter, and keeps its length on failure.
pub(super) fn make_room(
    fd: BorrowedFd<'_>,
    stat: &Stat,
    len: u64,
    holes_may_stay: bool,
) -> Result<(), Shortage> {
    let present = stat.st_size as u64;
    if len > present {
        commit::check_file_limit(len)?;
    }
    if holes_may_stay {
        return if len > present { lengthen(fd, len) } else { Ok(()) };
    }
    let from = if has_holes(stat) { 0 } else { present };
    if from >= len {
        return Ok(());
    }
    fill(fd, from, present, len).map_err(|errno| commit::with_room_left(fd, errno))
}

/// Whether the file has fewer blocks than bytes. On a compressing file system it may have, too, which does no harm.
fn has_holes(stat: &Stat) -> bool {
    #[allow(clippy::unnecessary_cast, reason = "the fields' types differ between systems")]
    let (blocks, len) = (stat.st_blocks as u64, stat.st_size as u64);
    blocks.saturating_mul(512) < len
}

fn fill(fd: BorrowedFd<'_>, from: u64, present: u64, len: u64) -> Result<(), Errno> {
    use rustix::fs::{FallocateFlags, fallocate};
    // The length is set last, so that no process sees the file half grown.
    let filled =
        commit::in_pieces(from, len, |at, len| allocate_behind(fd, at, len)).and_then(|()| {
            match len > present {
                true => uninterrupted(|| fallocate(fd, FallocateFlags::empty(), len - 1, 1)),
                false => Ok(()),
            }
        });
    match filled {
        // A file system that cannot allocate.
        Err(errno) if commit::cannot_allocate(errno) => commit::write_zeros(fd, present, len),
        Err(errno) => {
            commit::cut_back(fd, present, present);
            Err(errno)
        }
        Ok(()) => Ok(()),
    }
}

/// Repeats the call when a signal interrupts it.
fn uninterrupted(mut call: impl FnMut() -> Result<(), Errno>) -> Result<(), Errno> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            answer => return answer,
        }
    }
}

/// Makes the file longer and takes no more than a block. It avoids `ftruncate` where possible, which would cut a file
/// that another process makes longer meanwhile.
fn lengthen(fd: BorrowedFd<'_>, len: u64) -> Result<(), Shortage> {
    match uninterrupted(|| fs::fallocate(fd, fs::FallocateFlags::empty(), len - 1, 1)) {
        Err(errno) if commit::cannot_allocate(errno) => {}
        done => return done.map_err(Shortage::from),
    }
    if (fs::fstat(fd)?.st_size as u64) < len {
        uninterrupted(|| fs::ftruncate(fd, len))?;
    }
    Ok(())
}
