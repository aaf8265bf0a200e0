//! The library's file descriptors.
//!
//! None of them keeps the number 0, 1 or 2: a process with a closed standard stream would print into an object. The
//! kernel gives out the lowest number, so such a descriptor is copied to a higher number and closed at once. Each
//! descriptor is checked before it is unlocked, replaced or closed: a daemon that closes all its descriptors may have
//! reused the number.

use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{self, OFlags};
use rustix::io::Errno;

use super::fork::{self, HolderMark, Registry, Ticket};
use super::kernel::{self, mode_of};
use super::signature::Signature;
pub(super) use super::signature::{BEHIND_STANDARD_STREAMS, Identity, behind_standard_streams};

/// The state of a file when it was opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileState {
    /// The length in bytes.
    pub(super) len: u64,
    /// The type and the permissions: `st_mode`.
    pub(super) mode: u32,
    /// The user id of the owner.
    pub(super) owner: u32,
}

/// A descriptor without a lock, for mapping.
#[derive(Debug)]
pub(super) struct Descriptor {
    fd: ManuallyDrop<OwnedFd>,
    signature: Signature,
    /// The file's state when it was opened.
    opened: FileState,
    /// Whether it was just verified, and is about to be closed.
    closes_now: AtomicBool,
}

impl Descriptor {
    /// For a description that only this process has.
    pub(super) fn new(fd: OwnedFd) -> Result<Descriptor, Errno> {
        Descriptor::signed(fd, Signature::sign)
    }

    /// For a description that another process or the caller may share.
    pub(super) fn shared(fd: OwnedFd) -> Result<Descriptor, Errno> {
        Descriptor::signed(fd, |_, identity| Signature::of_file(identity))
    }

    fn signed(
        fd: OwnedFd,
        signature: impl FnOnce(BorrowedFd<'_>, Identity) -> Signature,
    ) -> Result<Descriptor, Errno> {
        let fd = behind_standard_streams(fd)?;
        let stat = fs::fstat(&fd)?;
        let signature = signature(fd.as_fd(), Identity::from(&stat));
        let opened = FileState { len: stat.st_size as u64, mode: mode_of(&stat), owner: stat.st_uid };
        let (fd, closes_now) = (ManuallyDrop::new(fd), AtomicBool::new(false));
        Ok(Descriptor { fd, signature, opened, closes_now })
    }

    pub(super) fn identity(&self) -> Identity {
        self.signature.identity
    }

    /// The state of the file when it was opened.
    pub(super) fn opened(&self) -> FileState {
        self.opened
    }

    /// The descriptor, if its number was not reused.
    pub(super) fn verified(&self) -> Result<BorrowedFd<'_>, Errno> {
        if self.is_ours() { Ok(self.fd.as_fd()) } else { Err(Errno::BADF) }
    }

    fn is_ours(&self) -> bool {
        self.signature.is_on(self.fd.as_raw_fd())
    }

    /// Whether a fork left the description to the parent, and a placeholder has its number.
    fn is_left(&self) -> bool {
        fork::is_placeholder(self.fd.as_raw_fd())
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
        if *self.closes_now.get_mut() || self.is_ours() || self.is_left() {
            // SAFETY: dropped once, here.
            unsafe { ManuallyDrop::drop(&mut self.fd) };
        }
    }
}

/// A descriptor that carries a lock or may get one. In a forked child it is replaced before `fork` returns, so the
/// child shares no lock with its parent. It is never mapped, because a mapping would keep the description and its lock
/// in the child.
#[derive(Debug)]
pub(super) struct Lockable {
    descriptor: Descriptor,
    ticket: Ticket,
    /// The process that opened it.
    process: HolderMark,
}

impl Lockable {
    /// Opens a description that only this process has, and holds forks off meanwhile.
    pub(super) fn open(open: impl FnOnce() -> Result<OwnedFd, Errno>) -> Result<Lockable, Errno> {
        let mut held_off = fork::held_off();
        Ok(Lockable::registered(Descriptor::new(open()?)?, &mut held_off))
    }

    /// For a description that another process may share. It arrived while forks were held off.
    pub(super) fn arrived(fd: OwnedFd, held_off: &mut Registry) -> Result<Lockable, Errno> {
        Ok(Lockable::registered(Descriptor::shared(fd)?, held_off))
    }

    fn registered(descriptor: Descriptor, held_off: &mut Registry) -> Lockable {
        let ticket = held_off.insert(descriptor.fd.as_raw_fd(), descriptor.signature);
        Lockable { descriptor, ticket, process: HolderMark::current() }
    }

    /// Gives up a descriptor from another process, to be mapped or registered elsewhere.
    pub(super) fn into_fd(self) -> Result<OwnedFd, Errno> {
        rustix::io::fcntl_dupfd_cloexec(self.verified()?, BEHIND_STANDARD_STREAMS)
    }

    pub(super) fn identity(&self) -> Identity {
        self.descriptor.identity()
    }

    /// The file's state when it was opened.
    pub(super) fn opened(&self) -> FileState {
        self.descriptor.opened()
    }

    /// The mark of the process that opened it.
    pub(super) fn process(&self) -> &HolderMark {
        &self.process
    }

    /// The descriptor, if its number was not reused.
    pub(super) fn verified(&self) -> Result<BorrowedFd<'_>, Errno> {
        self.descriptor.verified()
    }

    /// The descriptor was just verified: its drop does not verify it again.
    pub(super) fn closes_now(&self) {
        self.descriptor.closes_now.store(true, Ordering::Relaxed);
    }

    /// The verified descriptor; in a forked child that of a description of its own, which `open` makes at the first
    /// use.
    pub(super) fn of_this_process(
        &self,
        open: impl FnOnce() -> Result<Lockable, Errno>,
    ) -> Result<BorrowedFd<'_>, Errno> {
        if !self.process.is_current() {
            self.take_over(open()?)?;
        }
        self.verified()
    }

    /// In a forked child: puts another description of the file under the number that its placeholder keeps.
    pub(super) fn take_over(&self, mut other: Lockable) -> Result<(), Errno> {
        let held_off = fork::held_off();
        if self.process.is_current() {
            // Another thread was faster.
            drop(held_off);
            return Ok(());
        }
        let (ours, number) = (&self.descriptor, self.descriptor.fd.as_raw_fd());
        let refused = if !ours.is_ours() && !ours.is_left() {
            Some(Errno::BADF)
        } else if other.identity() != self.identity() || !ours.signature.write_on(other.as_fd()) {
            Some(Errno::STALE)
        } else {
            other.descriptor.signature = ours.signature;
            // SAFETY: two descriptors of this process; the second may be replaced.
            let replaced = unsafe { kernel::replace(other.as_fd().as_raw_fd(), number) };
            (!replaced).then_some(Errno::MFILE)
        };
        if refused.is_none() {
            self.process.set_current();
        }
        // The drop of `other` takes this lock.
        drop(held_off);
        refused.map_or(Ok(()), Err)
    }
}

impl AsFd for Lockable {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Drop for Lockable {
    fn drop(&mut self) {
        // Its lock is gone by now, so a fork may come before the close.
        fork::held_off().remove(self.ticket);
    }
}

/// Opens another description of an open file. It shares no lock with the first.
pub(super) fn reopened(fd: BorrowedFd<'_>, writable: bool) -> Result<OwnedFd, Errno> {
    reopened_for(fd, if writable { OFlags::RDWR } else { OFlags::RDONLY })
}

/// Opens another description with this access; for writing only, it needs no right to read.
pub(super) fn reopened_for(fd: BorrowedFd<'_>, access: OFlags) -> Result<OwnedFd, Errno> {
    let flags = access | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let path = kernel::path_to_reopen(fd)?;
    fs::open(path.as_c_str(), flags, fs::Mode::empty()).and_then(behind_standard_streams)
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
        // SAFETY: opened above, and owned by nothing else.
        drop(unsafe { OwnedFd::from_raw_fd(number) });
    }

    #[test]
    fn another_description_of_the_same_file_under_the_number_is_left_alone() {
        let ours = file();
        let number = ours.as_fd().as_raw_fd();
        let again = ours.reopened(false).unwrap();
        // SAFETY: both are descriptors of this test's own.
        assert!(unsafe { libc::dup3(again.as_raw_fd(), number, libc::O_CLOEXEC) } >= 0);
        assert_eq!(ours.verified().unwrap_err(), Errno::BADF);
        let identity = ours.identity();
        drop(ours);
        assert!(identity.is_open_as(number), "the drop closed what is not ours");
        // SAFETY: opened above, and owned by nothing else.
        drop(unsafe { OwnedFd::from_raw_fd(number) });
    }

    #[test]
    fn a_shared_description_is_left_as_it_is() {
        let file = std::fs::File::open("/proc/self/exe").unwrap();
        let shared = Descriptor::shared(file.try_clone().unwrap().into()).unwrap();
        assert_eq!(std::io::Seek::stream_position(&mut &file).unwrap(), 0);
        assert!(shared.verified().is_ok());
    }

    #[test]
    fn another_description_has_the_same_file() {
        let ours = file();
        let again = Descriptor::new(ours.reopened(false).unwrap()).unwrap();
        assert_eq!(again.identity(), ours.identity());
    }
}
