//! Memory that a program gets and gives back, and pages.

use std::ffi::c_void;
use std::ptr;

use super::codes::error;
use super::last_error::Address;

const ZEROED: u32 = 0x40;

/// Memory of the C library, which [`LocalFree`] takes back.
pub(super) fn allocate(bytes: usize, is_zeroed: bool) -> Result<*mut u8, u32> {
    let bytes = bytes.max(1);
    // SAFETY: the calls have no preconditions.
    let memory = unsafe { if is_zeroed { libc::calloc(1, bytes) } else { libc::malloc(bytes) } };
    if memory.is_null() { Err(error::NOT_ENOUGH_MEMORY) } else { Ok(memory.cast()) }
}

/// An address that is a multiple of `granularity`, where nothing was mapped a moment ago.
pub(super) fn free_base(len: u64, granularity: usize) -> Option<usize> {
    let room = usize::try_from(len).ok()?.checked_add(granularity)?;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: new memory where the system likes, which nobody else knows of, is mapped and unmapped.
    unsafe {
        let found = libc::mmap(ptr::null_mut(), room, libc::PROT_NONE, flags, -1, 0);
        if found == libc::MAP_FAILED {
            return None;
        }
        libc::munmap(found, room);
        Some((found as usize).next_multiple_of(granularity))
    }
}

/// The size of a page.
pub(super) fn page_size() -> usize {
    // SAFETY: the call has no preconditions.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize }
}

super::calls! {
    fn LocalAlloc(flags: u32, bytes: usize) -> Address {
        if flags & !ZEROED != 0 {
            return Err(error::NOT_SUPPORTED);
        }
        allocate(bytes, flags & ZEROED != 0)
    }

    fn LocalFree(memory: *mut c_void) -> Address {
        // SAFETY: C passes memory of `allocate`, or null.
        unsafe { libc::free(memory) };
        Ok(ptr::null_mut())
    }
}
