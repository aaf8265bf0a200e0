//! The identity of a file, and the signature of a description.

use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{self, Stat};
use rustix::io::Errno;

use crate::seam::random::random;

/// The identity of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    dev: u64,
    ino: u64,
}

impl From<&Stat> for Identity {
    fn from(stat: &Stat) -> Self {
        #[allow(clippy::unnecessary_cast, reason = "the fields' types differ between processors")]
        Identity { dev: stat.st_dev as u64, ino: stat.st_ino as u64 }
    }
}

impl Identity {
    pub(super) const fn from_parts(dev: u64, ino: u64) -> Identity {
        Identity { dev, ino }
    }

    /// Device and inode number.
    pub(super) const fn parts(self) -> (u64, u64) {
        (self.dev, self.ino)
    }

    /// Whether the number is that of a descriptor of this file. Async-signal-safe.
    pub(super) fn is_open_as(self, fd: RawFd) -> bool {
        may_be_open(fd).and_then(|fd| fs::fstat(fd).ok()).is_some_and(|stat| Identity::from(&stat) == self)
    }
}

/// Borrows a number for system calls that fail where it is no descriptor's.
fn may_be_open<'a>(fd: RawFd) -> Option<BorrowedFd<'a>> {
    // SAFETY: it is not -1, and the calls change nothing.
    (fd >= 0).then(|| unsafe { BorrowedFd::borrow_raw(fd) })
}

/// Tells a description that this process opened from any other that may reuse its number: by a file position that no
/// other description has, and that this library never moves. A description that other processes share keeps its
/// position, and is recognised by its file.
///
/// The file alone is not enough. A program that closes all its descriptors and opens an object anew gets the same
/// numbers for the same files: dropping an old handle would then close the new one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) identity: Identity,
    position: Option<u64>,
}

/// The next position: in the upper half of what all common file systems support (ext4 ends at 2^44), counted from a
/// random one, so that other processes use others.
static NEXT_POSITION: AtomicU64 = AtomicU64::new(UNBEGUN);
const UNBEGUN: u64 = 0;
const LOWEST_POSITION: u64 = 1 << 43;

fn new_position() -> u64 {
    if NEXT_POSITION.load(Ordering::Relaxed) == UNBEGUN {
        let random = random() % (LOWEST_POSITION / 2);
        // Another thread may have been faster.
        let _ = NEXT_POSITION.compare_exchange(
            UNBEGUN,
            LOWEST_POSITION + random,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }
    NEXT_POSITION.fetch_add(1, Ordering::Relaxed)
}

/// Moves a forked child's positions away from its parent's. Async-signal-safe.
pub(super) fn part_positions(process: u32) {
    if NEXT_POSITION.load(Ordering::Relaxed) != UNBEGUN {
        // Beyond the range a description is recognised by its file alone.
        NEXT_POSITION.fetch_add(u64::from(process) << 16, Ordering::Relaxed);
    }
}

impl Signature {
    /// The signature of a description that other processes or the caller may share: it changes nothing.
    pub(super) fn of_file(identity: Identity) -> Signature {
        Signature { identity, position: None }
    }

    /// Writes a new signature on a description that only this process has.
    pub(super) fn sign(fd: BorrowedFd<'_>, identity: Identity) -> Signature {
        let signature = Signature { identity, position: Some(new_position()) };
        if signature.write_on(fd) { signature } else { Signature::of_file(identity) }
    }

    /// False where the file system has no such position.
    pub(super) fn write_on(self, fd: BorrowedFd<'_>) -> bool {
        let moved = |position| fs::seek(fd, fs::SeekFrom::Start(position)) == Ok(position);
        self.position.is_none_or(moved)
    }

    /// Whether the number is that of a descriptor of this description. Async-signal-safe.
    pub(super) fn is_on(self, fd: RawFd) -> bool {
        match self.position {
            // This takes a third of the time of comparing the file.
            Some(position) => may_be_open(fd).is_some_and(|fd| fs::tell(fd) == Ok(position)),
            None => self.identity.is_open_as(fd),
        }
    }
}

/// The first number that no standard stream has.
pub(super) const BEHIND_STANDARD_STREAMS: RawFd = 3;

/// Moves an open file to a number that no standard stream has.
pub(super) fn behind_standard_streams(fd: OwnedFd) -> Result<OwnedFd, Errno> {
    if fd.as_raw_fd() >= BEHIND_STANDARD_STREAMS {
        return Ok(fd);
    }
    rustix::io::fcntl_dupfd_cloexec(&fd, BEHIND_STANDARD_STREAMS).map_err(|errno| match errno {
        // The limit lies below that number (fcntl(2), F_DUPFD).
        Errno::INVAL => Errno::MFILE,
        errno => errno,
    })
}
