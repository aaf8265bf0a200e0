//! Maps sections, flushes them, and unmaps them (rules C10 to C13).

use std::fs::{File, OpenOptions as FileOpenOptions};
use std::os::windows::io::{AsHandle as _, AsRawHandle as _};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::{ffi::c_void, io};

use windows_sys::Win32::Foundation::ERROR_INVALID_ADDRESS;
use windows_sys::Win32::System::Memory::{
    FILE_MAP, FILE_MAP_COPY, FILE_MAP_READ, FILE_MAP_WRITE, FlushViewOfFile, MEMORY_MAPPED_VIEW_ADDRESS,
    MapViewOfFileEx, UnmapViewOfFile,
};

use super::calls::succeeded;
use super::error::{Attempt, from_code};
use super::machine;
use super::mapped::mapped_file_name;
use super::section::{Section, lies_over_file};
use crate::memory::{Keeper, Origin};
use crate::{Access, ErrorKind, MapRequest, MappedRange, Result, View, testing};

/// Maps the range of a request that passed `check_map_request`. `section_size` is the section's exact size.
pub(super) fn map(
    section: &Arc<Section>,
    section_size: u64,
    request: &MapRequest,
    attempt: Attempt<'_>,
) -> Result<View> {
    // The kernel needs an offset that is a multiple of its granularity: the mapping begins earlier, and the view hides
    // those bytes.
    let hidden = request.offset() % machine::allocation_granularity();
    let start = request.offset() - hidden;
    let len = usize::try_from(request.len()).map_err(|_| attempt.out_of_memory())?;
    let hidden = hidden as usize;
    let whole = len.checked_add(hidden).ok_or_else(|| attempt.out_of_memory())?;
    // A foreign section may end inside its last page, which is mapped whole. A length beyond its end is refused, but
    // zero maps all whole pages up to the end.
    let asked = if whole as u64 > section_size - start { 0 } else { whole };
    // Wine accepts a base address outside of the address space.
    if request.base().is_some_and(|base| !machine::has_addresses(base, whole)) {
        return Err(attempt.error(ErrorKind::AddressInUse));
    }
    let mapping = Mapping::new(section, start, asked, request).map_err(|cause| attempt.not_mapped(cause))?;
    // SAFETY: the mapping is longer than the hidden bytes.
    let base = unsafe { mapping.base.cast::<u8>().add(hidden) };
    let range = MappedRange { base, len, access: request.access(), keeper: Arc::new(mapping) };
    // SAFETY: the kernel mapped `hidden + len` bytes of committed memory with this access, and they stay
    // until the keeper is dropped; nothing in this backend makes references to them.
    Ok(unsafe { View::from_mapped(range) })
}

/// Mapped memory. Dropping it unmaps the memory, and then releases the section.
struct Mapping {
    base: NonNull<c_void>,
    /// Where in the section the mapping begins, in bytes.
    start: u64,
    // The name ends with the last handle, not with the last view, so a view holds a handle (C13).
    section: Arc<Section>,
}

// SAFETY: the address is only passed to UnmapViewOfFile, once, which any thread may call.
unsafe impl Send for Mapping {}
// SAFETY: a shared reference gives access to nothing.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `bytes` bytes from `start`, or to the end of the section where `bytes` is zero, with the access
    /// and at the base address that the request asks for.
    fn new(section: &Arc<Section>, start: u64, bytes: usize, request: &MapRequest) -> io::Result<Self> {
        let handle = section.as_handle().as_raw_handle();
        let base = request.base().map_or(ptr::null(), ptr::without_provenance);
        let (high, low) = ((start >> 32) as u32, start as u32);
        // SAFETY: the handle is open, and the call never replaces an existing mapping.
        let mapped = unsafe { MapViewOfFileEx(handle, flags(request.access()), high, low, bytes, base) };
        let Some(mapped) = NonNull::new(mapped.Value) else {
            return Err(io::Error::last_os_error());
        };
        testing::reached("map: mapped");
        let mapping = Mapping { base: mapped, start, section: Arc::clone(section) };
        if request.base().is_some_and(|asked| asked != mapped.addr().get()) {
            return Err(from_code(ERROR_INVALID_ADDRESS));
        }
        Ok(mapping)
    }
}

impl Keeper for Mapping {
    fn flush(&self, start: *const u8, len: usize) -> Result<()> {
        flush(&self.section, start, len)
    }

    fn origin(&self, address: *const u8) -> Option<Origin> {
        let into = address.addr() - self.base.as_ptr().addr();
        Some(Origin { object: self.section.clone(), offset: self.start + into as u64 })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let base = MEMORY_MAPPED_VIEW_ADDRESS { Value: self.base.as_ptr() };
        // SAFETY: mapped at this address by `new` and unmapped only here; the view is gone.
        unsafe { UnmapViewOfFile(base) };
        testing::reached("close: unmapped");
    }
}

/// Checks that a handle can be mapped with an access: a read-only section, or one over a read-only file, cannot be
/// mapped for writing, whatever rights the handle has.
pub(super) fn check_can_be_mapped(
    section: &Arc<Section>,
    access: Access,
    attempt: Attempt<'_>,
) -> Result<()> {
    match Mapping::new(section, 0, 1, &MapRequest::new(0, 1, access)) {
        Ok(_) => Ok(()),
        Err(cause) => Err(attempt.not_mapped(cause)),
    }
}

fn flags(access: Access) -> FILE_MAP {
    match access {
        Access::ReadOnly => FILE_MAP_READ,
        Access::ReadWrite => FILE_MAP_READ | FILE_MAP_WRITE,
        Access::CopyOnWrite => FILE_MAP_COPY,
    }
}

// ---- flushing -----------------------------------------------------------------------------------------

/// See [`View::flush`].
fn flush(section: &Section, start: *const u8, len: usize) -> Result<()> {
    let attempt = Attempt::new("flush the view", None);
    let facts = section.facts().map_err(|cause| attempt.failed(cause))?;
    if !lies_over_file(facts) {
        return Ok(());
    }
    write_back(start, len).map_err(|cause| attempt.failed(cause))?;
    testing::reached("flush: written back");
    let synced = match section.file() {
        Some(file) => file.sync_all(),
        // A section that was opened by its name leads to its file.
        None => file_behind(start).and_then(|file| file.sync_all()),
    };
    synced.map_err(|cause| {
        attempt.failed_on_file(cause).with_detail(
            "its pages were given to the system, but the file could not be told to write them to the disk; let its creator flush it",
        )
    })
}

/// Opens the file that is mapped at an address, to flush it. The kernel tells the name under which it was opened.
fn file_behind(address: *const u8) -> io::Result<File> {
    let path = mapped_file_name(address)?;
    // Windows tells a device (`\Device\HarddiskVolume1\a`), Wine a drive (`\??\C:\a`).
    let path = match path.strip_prefix(r"\??\") {
        Some(path) => format!(r"\\?\{path}"),
        None => format!(r"\\?\GLOBALROOT{path}"),
    };
    FileOpenOptions::new().read(true).write(true).open(path)
}

/// Writes changed bytes of a mapping to their file.
fn write_back(start: *const u8, len: usize) -> io::Result<()> {
    // SAFETY: the bytes belong to a mapped view; the call changes nothing in memory.
    succeeded(unsafe { FlushViewOfFile(start.cast(), len) })
}
