//! Facts of a section, read from mapped memory.

use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle as _, BorrowedHandle};

use windows_sys::Win32::System::Memory::{
    FILE_MAP_READ, MEM_IMAGE, MEM_RESERVE, MEMORY_BASIC_INFORMATION, MEMORY_MAPPED_VIEW_ADDRESS,
    MapViewOfFile, SEC_FILE, SEC_IMAGE, SEC_RESERVE, UnmapViewOfFile, VirtualQuery,
};
use windows_sys::Win32::System::ProcessStatus::K32GetMappedFileNameW;
use windows_sys::Win32::System::Threading::GetCurrentProcess;

use super::nt::SectionFacts;

/// The facts of a section, read from a mapping of all of it. The size is in whole pages, because the mapping does not
/// tell the exact end.
pub(super) fn facts(section: BorrowedHandle<'_>) -> io::Result<SectionFacts> {
    const WHOLE: usize = 0;
    // SAFETY: the handle is open, and the system chooses the address.
    let base = unsafe { MapViewOfFile(section.as_raw_handle(), FILE_MAP_READ, 0, 0, WHOLE) };
    if base.Value.is_null() {
        return Err(io::Error::last_os_error());
    }
    let facts = facts_of_mapping(base.Value);
    // SAFETY: mapped above, and not used elsewhere.
    unsafe { UnmapViewOfFile(MEMORY_MAPPED_VIEW_ADDRESS { Value: base.Value }) };
    Ok(facts)
}

fn facts_of_mapping(base: *mut c_void) -> SectionFacts {
    let (mut size, mut attributes) = (0, 0);
    while let Some(pages) =
        pages_at(base.wrapping_byte_add(size)).filter(|pages| pages.AllocationBase == base)
    {
        attributes |= if pages.Type == MEM_IMAGE { SEC_IMAGE } else { 0 };
        attributes |= if pages.State == MEM_RESERVE { SEC_RESERVE } else { 0 };
        size += pages.RegionSize;
    }
    attributes |= if mapped_file_name(base.cast()).is_ok() { SEC_FILE } else { 0 };
    SectionFacts { attributes, size: size as u64 }
}

/// The run of like pages that begins at an address.
fn pages_at(address: *const c_void) -> Option<MEMORY_BASIC_INFORMATION> {
    let mut pages = MEMORY_BASIC_INFORMATION::default();
    // SAFETY: the struct is valid for writes of its size; the address is only looked up.
    let told = unsafe { VirtualQuery(address, &mut pages, size_of_val(&pages)) };
    (told != 0 && pages.RegionSize != 0).then_some(pages)
}

/// The kernel's name of the file that is mapped at an address, such as `\Device\HarddiskVolume1\a\b`.
pub(super) fn mapped_file_name(address: *const u8) -> io::Result<String> {
    let mut units = vec![0u16; 32 * 1024];
    // SAFETY: this process's pseudo handle, an address that is only looked up, and a buffer that is valid for writes of
    // its length.
    let len = unsafe {
        K32GetMappedFileNameW(GetCurrentProcess(), address.cast(), units.as_mut_ptr(), units.len() as u32)
    };
    if len == 0 {
        return Err(io::Error::last_os_error());
    }
    String::from_utf16(&units[..(len as usize).min(units.len())])
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
}
