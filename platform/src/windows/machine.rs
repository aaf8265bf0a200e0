//! Facts of the machine: its granularities and its free memory.

use windows_sys::Win32::System::SystemInformation::{
    GetSystemInfo, GlobalMemoryStatusEx, MEMORYSTATUSEX, SYSTEM_INFO,
};

/// The page size in bytes; regions are rounded up to it.
pub(super) fn page_size() -> u64 {
    u64::from(system_info().dwPageSize)
}

/// The granularity of view offsets in bytes: 64 KiB on every Windows so far.
pub(super) fn allocation_granularity() -> u64 {
    u64::from(system_info().dwAllocationGranularity)
}

/// `size` rounded up to whole pages. `None` when that is too large for a section, whose size is signed.
pub(super) fn whole_pages(size: u64) -> Option<u64> {
    size.checked_next_multiple_of(page_size()).filter(|&rounded| i64::try_from(rounded).is_ok())
}

/// Whether `len` bytes at `base` lie inside the address space of a process.
pub(super) fn has_addresses(base: usize, len: usize) -> bool {
    let info = system_info();
    let (lowest, highest) =
        (info.lpMinimumApplicationAddress.addr(), info.lpMaximumApplicationAddress.addr());
    base >= lowest && base.checked_add(len).is_some_and(|end| end - 1 <= highest)
}

/// The memory that can still be committed, RAM and paging file together, in bytes.
pub(super) fn commit_left() -> Option<u64> {
    let mut status =
        MEMORYSTATUSEX { dwLength: size_of::<MEMORYSTATUSEX>() as u32, ..MEMORYSTATUSEX::default() };
    // SAFETY: the struct is valid for writes, and its length is set as the call requires.
    let told = unsafe { GlobalMemoryStatusEx(&mut status) };
    (told != 0).then_some(status.ullAvailPageFile)
}

/// The number of the machine's active processors, also of those that this thread may not run on.
pub(super) fn processors() -> usize {
    system_info().dwNumberOfProcessors.max(1) as usize
}

fn system_info() -> SYSTEM_INFO {
    let mut info = SYSTEM_INFO::default();
    // SAFETY: the struct is valid for writes; the call cannot fail.
    unsafe { GetSystemInfo(&mut info) };
    info
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;

    #[test]
    fn sizes_become_whole_pages_without_overflow() {
        let page = page_size();
        assert_eq!(whole_pages(1), Some(page));
        assert_eq!(whole_pages(page), Some(page));
        assert_eq!(whole_pages(page + 1), Some(2 * page));
        assert_eq!(whole_pages(i64::MAX as u64), None);
        assert_eq!(whole_pages(u64::MAX), None);
    }

    #[test]
    fn addresses_end_somewhere() {
        let local = 0u8;
        assert!(has_addresses(ptr::from_ref(&local).addr(), 1));
        assert!(!has_addresses(1, 1));
        assert!(!has_addresses(usize::MAX - 65535, 65535));
        assert!(!has_addresses(65536, usize::MAX));
    }

    #[test]
    fn the_machine_tells_what_it_has() {
        assert_eq!(allocation_granularity() % page_size(), 0);
        assert!(commit_left().is_some_and(|left| left > 0));
        assert!(processors() >= 1);
    }
}
