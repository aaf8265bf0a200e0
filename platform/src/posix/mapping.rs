//! Views: ranges of an object's file, mapped.

use std::ffi::c_void;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr::{self, NonNull};
use std::sync::Arc;

use rustix::io::Errno;
use rustix::mm::{MapFlags, MsyncFlags, ProtFlags, mmap, msync, munmap};

use super::errors::Context;
use super::fork::{self, SharedMapping, Ticket};
use crate::memory::{Keeper, Mapped, Origin};
use crate::testing::reached;
use crate::{Access, ErrorKind, MapRequest, MappedRange, Result, View};

/// What a view is made of, and keeps alive.
pub(super) trait Backing: Mapped + 'static {
    /// Whether the descriptor carries a holder's lock, which private mappings must not keep in a forked
    /// child.
    fn carries_lock(&self) -> bool;
    /// The file on a disk that it is, if it is one.
    fn file(&self) -> Option<&File>;
}

/// A mapped range, whole pages. Dropping it unmaps, and then lets go of the object.
pub(super) struct Mapping<B: Backing> {
    address: NonNull<c_void>,
    len: usize,
    /// Where in the file the mapping begins, in bytes.
    offset: u64,
    ticket: Option<Ticket>,
    backing: Arc<B>,
}

impl<B: Backing> Mapping<B> {
    /// Waits until what was written to a range of the mapping has been passed on to its file.
    fn write_back(&self, start: *const u8, len: usize) -> Result<(), Errno> {
        // From the start of a page, which the kernel wants.
        let slack = start.addr() % rustix::param::page_size();
        let start = start.wrapping_sub(slack).cast_mut().cast();
        // SAFETY: a range of this mapping, which stays until it is dropped; nothing in memory changes.
        unsafe { msync(start, len + slack, MsyncFlags::SYNC) }
    }
}

impl<B: Backing> Keeper for Mapping<B> {
    fn flush(&self, start: *const u8, len: usize) -> Result<()> {
        let Some(file) = self.backing.file() else { return Ok(()) };
        let context = Context { operation: "flush the view", name: None };
        self.write_back(start, len).map_err(|errno| context.os(errno))?;
        reached("flush: written back");
        file.sync_all().map_err(|error| context.error(ErrorKind::Os).with_source(error))
    }

    fn origin(&self, address: *const u8) -> Option<Origin> {
        let into = address.addr() - self.address.as_ptr().addr();
        let object = Arc::clone(&self.backing) as Arc<dyn Mapped>;
        Some(Origin { object, offset: self.offset + into as u64 })
    }
}

// SAFETY: an address range and its length; unmapping works from any thread.
unsafe impl<B: Backing> Send for Mapping<B> {}
// SAFETY: nothing of it can be reached through a shared reference.
unsafe impl<B: Backing> Sync for Mapping<B> {}

impl<B: Backing> Drop for Mapping<B> {
    fn drop(&mut self) {
        let unmap = || {
            // SAFETY: the range was mapped by us, and the view that used it is gone.
            let unmapped = unsafe { munmap(self.address.as_ptr(), self.len) };
            debug_assert!(unmapped.is_ok(), "{unmapped:?}");
        };
        match self.ticket {
            Some(ticket) => fork::unregister_mapping(ticket, unmap),
            None => unmap(),
        }
    }
}

/// Maps a range that was checked against the region ([`check_map_request`](crate::check_map_request)).
pub(super) fn map<B: Backing>(backing: &Arc<B>, request: &MapRequest, context: Context<'_>) -> Result<View> {
    let page = rustix::param::page_size() as u64;
    let slack = request.offset() % page;
    let offset = request.offset() - slack;
    let too_large = || context.out_of_memory(request.len(), None);
    let view_len = usize::try_from(request.len()).map_err(|_| too_large())?;
    let slack = slack as usize;
    let len = view_len.checked_add(slack).ok_or_else(too_large)?;
    let pages = Pages { offset, len, access: request.access(), base: request.base() };
    let (address, ticket) = map_pages(&**backing, pages).map_err(|errno| failure(errno, request, context))?;
    let mapping = Mapping { address, len, offset, ticket, backing: Arc::clone(backing) };
    // SAFETY: slack is less than the mapped length.
    let base = unsafe { address.cast::<u8>().add(slack) };
    let range = MappedRange { base, len: view_len, access: request.access(), keeper: Arc::new(mapping) };
    // SAFETY: the range is mapped with that access until the keeper is dropped; nobody else knows it.
    Ok(unsafe { View::from_mapped(range) })
}

#[derive(Clone, Copy)]
struct Pages {
    offset: u64,
    len: usize,
    access: Access,
    base: Option<usize>,
}

fn map_pages(backing: &impl Backing, pages: Pages) -> Result<(NonNull<c_void>, Option<Ticket>), Errno> {
    let fd = backing.as_fd();
    if !backing.carries_lock() {
        return Ok((map_descriptor(fd, pages)?, None));
    }
    if pages.access == Access::CopyOnWrite {
        // A private mapping cannot be made anew in a forked child without losing what was written to it,
        // so it is given a description without a lock from the start.
        let address = match without_lock(fd) {
            Ok(fresh) => map_descriptor(fresh.as_fd(), pages),
            Err(_) => map_descriptor(fd, pages),
        }?;
        return Ok((address, None));
    }
    let map = || {
        let address = map_descriptor(fd, pages)?;
        Ok((address, shared_mapping(fd, address, pages)))
    };
    let (address, ticket) = fork::register_mapping(map)?;
    Ok((address, Some(ticket)))
}

fn shared_mapping(fd: BorrowedFd<'_>, address: NonNull<c_void>, pages: Pages) -> SharedMapping {
    SharedMapping {
        address: address.as_ptr().expose_provenance(),
        len: pages.len,
        offset: pages.offset,
        writable: pages.access.can_write(),
        fd: fd.as_raw_fd(),
    }
}

#[cfg(all(target_os = "linux", not(samemap_gate_lifetime)))]
fn without_lock(fd: BorrowedFd<'_>) -> Result<std::os::fd::OwnedFd, Errno> {
    super::shm_dir::reopen(fd, false)
}

/// What `gate_lifetime` gives to be mapped carries no lock.
#[cfg(not(all(target_os = "linux", not(samemap_gate_lifetime))))]
fn without_lock(_fd: BorrowedFd<'_>) -> Result<std::os::fd::OwnedFd, Errno> {
    Err(Errno::OPNOTSUPP)
}

fn map_descriptor(fd: BorrowedFd<'_>, pages: Pages) -> Result<NonNull<c_void>, Errno> {
    let protection =
        if pages.access.can_write() { ProtFlags::READ | ProtFlags::WRITE } else { ProtFlags::READ };
    let sharing = match pages.access {
        Access::CopyOnWrite => MapFlags::PRIVATE,
        Access::ReadOnly | Access::ReadWrite => MapFlags::SHARED,
    };
    let (hint, fixed) = match pages.base {
        Some(base) => (ptr::with_exposed_provenance_mut(base), not_replacing()),
        None => (ptr::null_mut(), MapFlags::empty()),
    };
    // SAFETY: a new mapping, which replaces none: either the kernel chooses the place, or it is asked not
    // to replace anything.
    let address = unsafe { mmap(hint, pages.len, protection, sharing | fixed, fd, pages.offset)? };
    if pages.base.is_some() && address != hint {
        // A kernel that took the base for a hint.
        // SAFETY: the mapping was made two lines above and nobody has seen it.
        let _ = unsafe { munmap(address, pages.len) };
        return Err(Errno::EXIST);
    }
    NonNull::new(address).ok_or(Errno::NOMEM)
}

/// Linux 4.17; older kernels take the address for a hint, which is found out.
#[cfg(target_os = "linux")]
fn not_replacing() -> MapFlags {
    MapFlags::FIXED_NOREPLACE
}

/// A hint, whose outcome is checked.
#[cfg(not(target_os = "linux"))]
fn not_replacing() -> MapFlags {
    MapFlags::empty()
}

fn failure(errno: Errno, request: &MapRequest, context: Context<'_>) -> crate::Error {
    match errno {
        Errno::NOMEM if request.base().is_none() => context
            .out_of_memory(request.len(), None)
            .with_detail(format!(
                "the address space of this process has no room for {} bytes; map less, or raise its limit (ulimit -v)",
                request.len()
            ))
            .with_source(errno.into()),
        Errno::EXIST | Errno::NOMEM | Errno::PERM | Errno::INVAL if request.base().is_some() => {
            context.error(ErrorKind::AddressInUse).with_source(errno.into())
        }
        errno => context.os(errno),
    }
}
