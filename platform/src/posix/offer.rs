//! Hands regions to a child that is about to start.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::Arc;

use rustix::fs::{self, OFlags};
use rustix::io::{Errno, FdFlags};

use super::advice::{Call, InCall as _, Of as _};
use super::descriptor::{BEHIND_STANDARD_STREAMS, Descriptor, Identity, Lockable};
use super::fork;
use super::handover::{self, Part, fits};
use super::kernel::{self, runs_with_more_rights};
use super::ofd_lock;
use super::region::{Held, Region};
use crate::contract::context::Context;
use crate::contract::wire::{self, Label, not_understood};
use crate::seam::region::{Kept, Offered};
use crate::{Access, ErrorKind, Result, Trust};

/// A file that the child opens anew to have a description of its own. The child uses the same number, which is not that
/// of a standard stream.
struct Slot {
    /// Without a lock, so that children that only fork keep none.
    fd: Descriptor,
    path: CString,
    flags: i32,
    holds: bool,
    // Keeps the object held until the child has its own lock.
    _held: Arc<Held>,
}

impl Slot {
    fn new(part: &Part<'_>, held: &Arc<Held>) -> Result<Slot, Errno> {
        let fd = Descriptor::new(part.opened_anew()?)?;
        let path = kernel::path_to_reopen(fd.as_fd())?;
        let flags = (part.access | OFlags::CLOEXEC | OFlags::NONBLOCK).bits() as i32;
        Ok(Slot { fd, path, flags, holds: part.holds, _held: Arc::clone(held) })
    }

    /// In the child, before exec: async-signal-safe calls only.
    fn in_child(&self) -> io::Result<()> {
        // The parent may have closed all its descriptors since the offer was made.
        self.fd.verified()?;
        // SAFETY: the path ends in NUL.
        let fresh = unsafe { libc::open(self.path.as_ptr(), self.flags) };
        check(fresh)?;
        if self.holds {
            // SAFETY: opened just now.
            let fd = unsafe { BorrowedFd::borrow_raw(fresh) };
            if !ofd_lock::try_hold(fd)? {
                return Err(io::Error::from_raw_os_error(libc::EAGAIN));
            }
        }
        // The copy has the number that the child expects, and stays open on exec; `fresh` is closed on exec.
        // SAFETY: the slot's descriptor is this process's copy, and nothing else uses it.
        check(unsafe { libc::dup2(fresh, self.fd.as_fd().as_raw_fd()) })
    }
}

fn check(answer: i32) -> io::Result<()> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

impl Offered for Region {
    fn offer(&self, command: &mut Command, access: Access, context: Context<'_>) -> Result<(String, Kept)> {
        let parts = handover::parts(self.held(), access, context)?;
        let label = Label::of(&self.facts, access);
        let mut numbers = vec![u64::from(label.form.code()), u64::from(wire::code_of(access)), label.len];
        let mut slots = Vec::new();
        for part in parts {
            let slot = Slot::new(&part, self.held()).of(Call::OpenAnew).in_call(context)?;
            let (dev, ino) = slot.fd.identity().parts();
            numbers.extend([slot.fd.as_fd().as_raw_fd() as u64, dev, ino]);
            slots.push(slot);
        }
        // SAFETY: between fork and exec the closure makes system calls only, with numbers and texts that were made
        // before: no allocation, no lock.
        unsafe { command.pre_exec(move || slots.iter().try_for_each(Slot::in_child)) };
        // The command keeps the descriptors.
        Ok((wire::to_text(&numbers), Box::new(())))
    }

    fn adopt(offer: &str, context: Context<'_>) -> Result<Region> {
        if runs_with_more_rights() {
            return Err(context.error(ErrorKind::AccessDenied).with_detail(
                "this program runs with more rights than the user that started it (set-user-id, file capabilities), so its environment is not believed; have the region sent (Courier)",
            ));
        }
        let Some((label, claims)) = claims_of(offer) else { return Err(not_understood(context)) };
        let mut came = Vec::new();
        for claim in &claims {
            came.push(claim.copy(label.access, context)?);
        }
        // The parent could have started any program in place of this one, so its owner is not checked.
        let region = handover::assemble(label, came, &Trust::Anyone, context)?;
        // Closed last, so that a failed adoption can be repeated.
        claims.into_iter().for_each(Claim::close);
        Ok(region)
    }
}

// ---- in the child -------------------------------------------------------------------------------------

/// A descriptor that the parent passed on, and the file that it must lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Claim {
    fd: RawFd,
    file: Identity,
}

impl Claim {
    fn from_numbers(numbers: &[u64]) -> Option<Claim> {
        let &[fd, dev, ino] = numbers else { return None };
        Some(Claim { fd: fd.try_into().ok()?, file: Identity::from_parts(dev, ino) })
    }

    /// A copy of the descriptor, if it is still the one that was passed on: this process's children inherit the
    /// variable, too, and may have reused the number.
    fn copy(self, access: Access, context: Context<'_>) -> Result<Lockable> {
        let gone = || {
            context.error(ErrorKind::NotFound).with_detail(
                "the offer was made to another process, was adopted already, or was closed by other code in this one; adopt it once, before descriptors are closed",
            )
        };
        let fd = self.passed_on(access).ok_or_else(gone)?;
        let mut held_off = fork::held_off();
        let copy = rustix::io::fcntl_dupfd_cloexec(fd, BEHIND_STANDARD_STREAMS);
        copy.and_then(|copy| Lockable::arrived(copy, &mut held_off)).of(Call::Look).in_call(context)
    }

    /// The descriptor, if it can be the offered one.
    fn passed_on(&self, access: Access) -> Option<BorrowedFd<'_>> {
        // A standard stream is never an offered descriptor.
        if self.fd < BEHIND_STANDARD_STREAMS || !self.file.is_open_as(self.fd) {
            return None;
        }
        // SAFETY: it is open, as just checked, and nothing closes it meanwhile.
        let fd = unsafe { BorrowedFd::borrow_raw(self.fd) };
        // This library's descriptors are close-on-exec; one that was passed on cannot be.
        let passed_on = rustix::io::fcntl_getfd(fd).is_ok_and(|flags| !flags.contains(FdFlags::CLOEXEC));
        let flags = fs::fcntl_getfl(fd).ok()?;
        let for_writing = flags & OFlags::RWMODE != OFlags::RDONLY;
        let offered = flags.contains(OFlags::NONBLOCK) && (access.writes_object() || !for_writing);
        (passed_on && offered).then_some(fd)
    }

    fn close(self) {
        if self.file.is_open_as(self.fd) {
            // SAFETY: it was passed to this process for this adoption, which is complete.
            drop(unsafe { OwnedFd::from_raw_fd(self.fd) });
        }
    }
}

fn claims_of(offer: &str) -> Option<(Label, Vec<Claim>)> {
    let numbers = wire::numbers_in(offer)?;
    let (&[form, access, len], claims) = numbers.split_first_chunk::<3>()?;
    let label = Label::from_codes(form.try_into().ok()?, access.try_into().ok()?, len)?;
    let claims = claims.chunks(3).map(Claim::from_numbers).collect::<Option<Vec<Claim>>>()?;
    let is_new = |at: usize| claims[..at].iter().all(|other| other.fd != claims[at].fd);
    (fits(label, claims.len()) && (0..claims.len()).all(is_new)).then_some((label, claims))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: Context<'_> = Context { operation: "try", name: None };

    #[test]
    fn offers_read_back() {
        let claim = |fd, dev, ino| Claim { fd, file: Identity::from_parts(dev, ino) };
        let (two, third) = ([claim(3, 4, 5), claim(6, 7, 8)], claim(9, 10, 11));
        let (label, claims) = claims_of("1:4:2:100:3:4:5:6:7:8").unwrap();
        assert_eq!((label.access, label.len, &claims[..]), (Access::ReadWrite, 100, &two[..]));
        let (_, claims) = claims_of("1:4:2:100:3:4:5:6:7:8:9:10:11").unwrap();
        assert_eq!((&claims[..2], claims[2]), (&two[..], third));
    }

    #[test]
    fn nothing_in_the_environment_is_believed() {
        for text in [
            "",
            ":",
            "1",
            "1:1:1:1",
            "2:1:1:1:3:4:5:6:7:8",
            "1:9:1:1:3:4:5:6:7:8",
            "1:1:9:1:3:4:5:6:7:8",
            "1:1:1:x:3:4:5:6:7:8",
            "1:1:1:1:3:4:5:6:7",
            "1:1:1:1:3:4:5",
            "1:1:1:1:3:4:5:6:7:8:9:10:11",
            "1:1:2:1:3:4:5:6:7:8:3:10:11",
            "1:4:1:1:3:4:5:3:7:8",
            "1:1:1:1:-3:4:5:6:7:8",
            "1:1:1:1:4294967299:4:5:6:7:8",
        ] {
            assert_eq!(claims_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_claim_takes_only_what_was_offered() {
        let open = |access: OFlags| {
            Descriptor::new(fs::open("/proc/self/exe", access | OFlags::CLOEXEC, fs::Mode::empty()).unwrap())
                .unwrap()
        };
        let ours = open(OFlags::RDONLY | OFlags::NONBLOCK);
        let claim = Claim { fd: ours.as_fd().as_raw_fd(), file: ours.identity() };
        let kind_of = |claim: Claim| claim.copy(Access::ReadOnly, CONTEXT).unwrap_err().kind().clone();
        assert_eq!(kind_of(claim), ErrorKind::NotFound, "closed on exec");
        for fd in [-1, 0, 1, 2, i32::MAX] {
            assert_eq!(kind_of(Claim { fd, ..claim }), ErrorKind::NotFound);
        }
        rustix::io::fcntl_setfd(&ours, FdFlags::empty()).expect("open");
        assert_eq!(kind_of(Claim { file: Identity::from_parts(1, 1), ..claim }), ErrorKind::NotFound);
        let other = open(OFlags::RDONLY);
        rustix::io::fcntl_setfd(&other, FdFlags::empty()).expect("open");
        let other = Claim { fd: other.as_fd().as_raw_fd(), file: other.identity() };
        assert_eq!(kind_of(other), ErrorKind::NotFound, "an open file that nobody offered");
        drop(claim.copy(Access::ReadOnly, CONTEXT).expect("offered"));
        drop(claim.copy(Access::ReadOnly, CONTEXT).expect("once more, since nothing came of it"));
        std::mem::forget(ours);
        claim.close();
        assert_eq!(kind_of(claim), ErrorKind::NotFound, "done");
    }
}
