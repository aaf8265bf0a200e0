//! File descriptors of ours.
//!
//! None of them is 0, 1 or 2: a process that runs with a standard stream closed would print into an object. And each is
//! looked at before it is unlocked, replaced or closed: a daemon that closes every descriptor it has may have opened
//! something else under the number since.

use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd, RawFd};

use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{self, OFlags, Stat};
use rustix::io::Errno;

use super::fork::{self, Registry, Ticket};

/// Which file a descriptor or a name leads to.
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
        if fd < 0 {
            return false;
        }
        // SAFETY: only asked about, by a system call that fails where the number is no descriptor's.
        let stat = fs::fstat(unsafe { BorrowedFd::borrow_raw(fd) });
        stat.is_ok_and(|stat| Identity::from(&stat) == self)
    }
}

/// The first number that no standard stream has.
pub(super) const BEHIND_STANDARD_STREAMS: RawFd = 3;

/// The same open file, under a number that no standard stream has.
pub(super) fn behind_standard_streams(fd: OwnedFd) -> Result<OwnedFd, Errno> {
    if fd.as_raw_fd() >= BEHIND_STANDARD_STREAMS {
        return Ok(fd);
    }
    rustix::io::fcntl_dupfd_cloexec(&fd, BEHIND_STANDARD_STREAMS)
}

/// A descriptor that carries no lock: what is mapped.
#[derive(Debug)]
pub(super) struct Descriptor {
    fd: ManuallyDrop<OwnedFd>,
    identity: Identity,
    /// Of the file, when it was opened.
    len: u64,
    /// Whether it was looked at a moment ago, and is about to be closed.
    closes_now: AtomicBool,
}

impl Descriptor {
    pub(super) fn new(fd: OwnedFd) -> Result<Descriptor, Errno> {
        let fd = behind_standard_streams(fd)?;
        let stat = fs::fstat(&fd)?;
        let (identity, len) = (Identity::from(&stat), stat.st_size as u64);
        Ok(Descriptor { fd: ManuallyDrop::new(fd), identity, len, closes_now: AtomicBool::new(false) })
    }

    /// The descriptor and what it leads to, if the number still means what it did.
    pub(super) fn verified_stat(&self) -> Result<(BorrowedFd<'_>, Stat), Errno> {
        let stat = fs::fstat(self)?;
        if Identity::from(&stat) == self.identity { Ok((self.as_fd(), stat)) } else { Err(Errno::BADF) }
    }

    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    /// The descriptor, if the number still means what it did.
    pub(super) fn verified(&self) -> Result<BorrowedFd<'_>, Errno> {
        if self.is_ours() { Ok(self.fd.as_fd()) } else { Err(Errno::BADF) }
    }

    fn is_ours(&self) -> bool {
        self.identity.is_open_as(self.fd.as_raw_fd())
    }

    /// Another description of the same file.
    pub(super) fn reopened(&self, writable: bool) -> Result<OwnedFd, Errno> {
        reopened(self.verified()?, writable)
    }
}

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        let number = self.fd.as_raw_fd();
        if *self.closes_now.get_mut() || self.is_ours() || fork::is_placeholder(number) {
            // SAFETY: dropped once, here.
            unsafe { ManuallyDrop::drop(&mut self.fd) };
        }
    }
}

/// A descriptor that carries a lock, or may come to carry one: in a forked child it is replaced before `fork` returns,
/// so the child shares no lock with its parent. It is never mapped, since a mapping would keep the description, and with
/// it the lock, in the child.
#[derive(Debug)]
pub(super) struct Lockable {
    descriptor: Descriptor,
    ticket: Ticket,
}

impl Lockable {
    /// Opens it while no fork can come in between.
    pub(super) fn open(open: impl FnOnce() -> Result<OwnedFd, Errno>) -> Result<Lockable, Errno> {
        let mut registry = fork::held_off();
        Lockable::registered(open()?, &mut registry)
    }

    /// Of what was opened since forks are held off.
    pub(super) fn registered(fd: OwnedFd, held_off: &mut Registry) -> Result<Lockable, Errno> {
        let descriptor = Descriptor::new(fd)?;
        let ticket = held_off.insert(descriptor.fd.as_raw_fd(), descriptor.identity);
        Ok(Lockable { descriptor, ticket })
    }

    /// What came from another process and is to be mapped, or registered elsewhere.
    pub(super) fn into_fd(self) -> Result<OwnedFd, Errno> {
        rustix::io::fcntl_dupfd_cloexec(self.verified()?, BEHIND_STANDARD_STREAMS)
    }

    pub(super) fn identity(&self) -> Identity {
        self.descriptor.identity
    }

    /// Length of the file in bytes when it was opened.
    pub(super) fn opened_len(&self) -> u64 {
        self.descriptor.len
    }

    /// The descriptor, if the number still means what it did.
    pub(super) fn verified(&self) -> Result<BorrowedFd<'_>, Errno> {
        self.descriptor.verified()
    }

    /// Says that it was just verified and goes at once, so that it need not be looked at once more.
    pub(super) fn closes_now(&self) {
        self.descriptor.closes_now.store(true, Ordering::Relaxed);
    }

    /// Puts another description of the same file under this number, in a forked child that wants to hold in its own
    /// right.
    pub(super) fn replace(&self, open: impl FnOnce() -> Result<OwnedFd, Errno>) -> Result<(), Errno> {
        let _held_off = fork::held_off();
        let number = self.descriptor.fd.as_raw_fd();
        if !self.descriptor.is_ours() && !fork::is_placeholder(number) {
            return Err(Errno::BADF);
        }
        let fresh = open()?;
        // SAFETY: two descriptors of this process, of which the second is ours to replace.
        if unsafe { libc::dup3(fresh.as_raw_fd(), number, libc::O_CLOEXEC) } < 0 {
            return Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::BADF));
        }
        Ok(())
    }
}

impl AsFd for Lockable {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Drop for Lockable {
    fn drop(&mut self) {
        // What was locked for good was unlocked before, so a fork may come before the close.
        fork::held_off().remove(self.ticket);
    }
}

/// Opens another description of an open file, which shares no lock with it, through /proc.
pub(super) fn reopened(fd: BorrowedFd<'_>, writable: bool) -> Result<OwnedFd, Errno> {
    let access = if writable { OFlags::RDWR } else { OFlags::RDONLY };
    let flags = access | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let fd = fs::open(proc_path(fd).as_c_str(), flags, fs::Mode::empty())?;
    behind_standard_streams(fd)
}

/// The same, for writing only, which takes no right to read.
pub(super) fn reopened_for_writing(fd: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    fs::open(proc_path(fd).as_c_str(), flags, fs::Mode::empty()).and_then(behind_standard_streams)
}

/// Where /proc shows an open file.
pub(super) fn proc_path(fd: BorrowedFd<'_>) -> std::ffi::CString {
    std::ffi::CString::new(format!("/proc/self/fd/{}", fd.as_raw_fd())).expect("no NUL")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::FromRawFd as _;

    fn file() -> Descriptor {
        Descriptor::new(fs::open("/proc/self/exe", OFlags::RDONLY, fs::Mode::empty()).unwrap()).unwrap()
    }

    #[test]
    fn a_number_that_means_something_else_is_left_alone() {
        let ours = file();
        let number = ours.as_fd().as_raw_fd();
        let null = fs::open("/dev/null", OFlags::RDWR, fs::Mode::empty()).unwrap();
        // SAFETY: both are descriptors of this test's own.
        assert!(unsafe { libc::dup3(null.as_raw_fd(), number, libc::O_CLOEXEC) } >= 0);
        assert_eq!(ours.verified().unwrap_err(), Errno::BADF);
        drop(ours);
        let null = Identity::from(&fs::fstat(&null).unwrap());
        assert!(null.is_open_as(number), "the drop closed what is not ours");
        // SAFETY: opened above, and nobody else's.
        drop(unsafe { OwnedFd::from_raw_fd(number) });
    }

    #[test]
    fn another_description_has_the_same_file() {
        let ours = file();
        let again = Descriptor::new(ours.reopened(false).unwrap()).unwrap();
        assert_eq!(again.identity(), ours.identity());
    }
}
