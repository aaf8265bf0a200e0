//! Views: ranges of an object's file, mapped.

use std::ffi::c_void;
use std::os::fd::BorrowedFd;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use rustix::io::Errno;
use rustix::mm::{MapFlags, MsyncFlags, ProtFlags, mmap, msync, munmap};

use super::advice::{Call, InCall as _, Of as _, Refused};
use super::kernel::{self, AT_ADDRESS};
use super::region::Held;
use crate::contract::context::Context;
use crate::memory::{Keeper, Mapped, Origin};
use crate::testing::reached;
use crate::{Access, ErrorKind, MapRequest, MappedRange, Result, View};

/// A mapped range of whole pages. Dropping it unmaps the range, and then lets go of the object.
pub(super) struct Mapping {
    address: NonNull<c_void>,
    len: usize,
    /// Where in the file the mapping begins, in bytes.
    offset: u64,
    held: Arc<Held>,
}

impl Mapping {
    /// Waits until the contents of a range have been written to its file.
    fn write_back(&self, start: *const u8, len: usize) -> Result<(), Errno> {
        // The kernel requires the start of a page.
        let slack = start.addr() % rustix::param::page_size();
        let start = start.wrapping_sub(slack).cast_mut().cast();
        // SAFETY: a range of this mapping, which stays until it is dropped; nothing in memory changes.
        unsafe { msync(start, len + slack, MsyncFlags::SYNC) }
    }
}

impl Keeper for Mapping {
    fn flush(&self, start: *const u8, len: usize) -> Result<()> {
        if !self.held.is_file() {
            return Ok(());
        }
        let context = Context { operation: "flush the view", name: None };
        self.write_back(start, len).of(Call::Flush).in_call(context)?;
        reached("flush: written back");
        self.held.data().verified().and_then(kernel::flush).of(Call::Flush).in_call(context)
    }

    fn origin(&self, address: *const u8) -> Option<Origin> {
        let into = address.addr() - self.address.as_ptr().addr();
        let object = Arc::clone(&self.held) as Arc<dyn Mapped>;
        Some(Origin { object, offset: self.offset + into as u64 })
    }
}

// SAFETY: an address range and its length; unmapping works from any thread.
unsafe impl Send for Mapping {}
// SAFETY: nothing of it can be reached through a shared reference.
unsafe impl Sync for Mapping {}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by us, and the view that used it is gone.
        let unmapped = unsafe { munmap(self.address.as_ptr(), self.len) };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}

/// Maps a range that was checked against the region ([`check_map_request`](crate::backend::check_map_request)).
pub(super) fn map(held: &Arc<Held>, request: &MapRequest, context: Context<'_>) -> Result<View> {
    let page = rustix::param::page_size() as u64;
    let slack = request.offset() % page;
    let offset = request.offset() - slack;
    let too_large = || context.out_of_memory(request.len(), None);
    let view_len = usize::try_from(request.len()).map_err(|_| too_large())?;
    let slack = slack as usize;
    let len = view_len.checked_add(slack).ok_or_else(too_large)?;
    let pages = Pages { offset, len, access: request.access(), base: request.base() };
    let fd = held.data().verified().of(Call::Look).in_call(context)?;
    let present = rustix::fs::fstat(fd).of(Call::Look).in_call(context)?.st_size;
    check_not_truncated(present as u64, request, context)?;
    let address = map_pages(fd, pages).map_err(|errno| failure(errno, request, context))?;
    let mapping = Mapping { address, len, offset, held: Arc::clone(held) };
    // SAFETY: slack is less than the mapped length.
    let base = unsafe { address.cast::<u8>().add(slack) };
    let range = MappedRange { base, len: view_len, access: request.access(), keeper: Arc::new(mapping) };
    // SAFETY: the range is mapped with that access until the keeper is dropped, and is used nowhere else.
    Ok(unsafe { View::from_mapped(range) })
}

/// Fails when another process has truncated the file and the range lies beyond its end.
fn check_not_truncated(present: u64, request: &MapRequest, context: Context<'_>) -> Result<()> {
    let (offset, len) = (request.offset(), request.len());
    if offset.saturating_add(len) <= present {
        return Ok(());
    }
    Err(context.error(ErrorKind::OutOfRange { offset, len, region_len: present }).with_detail(format!(
        "another program cut the file to {present} bytes, and touching what lay behind them would raise SIGBUS; make the file longer again, or map less"
    )))
}

#[derive(Clone, Copy)]
struct Pages {
    offset: u64,
    len: usize,
    access: Access,
    base: Option<usize>,
}

fn map_pages(fd: BorrowedFd<'_>, pages: Pages) -> Result<NonNull<c_void>, Errno> {
    let protection =
        if pages.access.can_write() { ProtFlags::READ | ProtFlags::WRITE } else { ProtFlags::READ };
    let sharing = match pages.access {
        Access::CopyOnWrite => MapFlags::PRIVATE,
        Access::ReadOnly | Access::ReadWrite => MapFlags::SHARED,
    };
    let (hint, fixed) = match pages.base {
        // A kernel may take the address for a hint, which the check below detects.
        Some(base) => (ptr::with_exposed_provenance_mut(base), AT_ADDRESS),
        None => (ptr::null_mut(), MapFlags::empty()),
    };
    // SAFETY: a new mapping, which replaces none: either the kernel chooses the place, or it is asked not
    // to replace anything.
    let address = unsafe { mmap(hint, pages.len, protection, sharing | fixed, fd, pages.offset)? };
    if pages.base.is_some() && address != hint {
        // The kernel took the base for a hint.
        // SAFETY: the mapping was made above, and nothing uses it yet.
        let _ = unsafe { munmap(address, pages.len) };
        return Err(Errno::EXIST);
    }
    NonNull::new(address).ok_or(Errno::NOMEM)
}

fn failure(errno: Errno, request: &MapRequest, context: Context<'_>) -> crate::Error {
    match errno {
        Errno::EXIST | Errno::NOMEM | Errno::PERM | Errno::INVAL if request.base().is_some() => {
            context.error(ErrorKind::AddressInUse).with_source(errno.into())
        }
        errno => context.refused_bytes(Refused { call: Call::Map, errno }, request.len()),
    }
}
