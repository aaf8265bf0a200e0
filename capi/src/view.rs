//! Views.

use std::ffi::c_void;

use samemap::View;
use samemap::regions::MapRequest;

use crate::arguments::{access, buffer, bytes, samemap_access_t};
use crate::handle::{Handle, Place, close, inside};
use crate::region::samemap_region_t;
use crate::status::{SAMEMAP_OK, border, samemap_status_t};

/// A view: a range of a region's bytes in this process's memory. It keeps the region alive.
pub struct samemap_view_t {
    _private: [u8; 0],
}

impl Handle for samemap_view_t {
    type Inside = View;
    const WHAT: &'static str = "the view";
}

/// A length up to the end of the region.
pub const SAMEMAP_TO_THE_END: u64 = u64::MAX;

/// Maps `length` bytes at `offset` of the region; any byte range will do, and SAMEMAP_TO_THE_END stands for the
/// rest. Unmap it with samemap_view_close().
///
/// Other processes may change the bytes at any time: let a mutex, atomic operations or the order of messages tell
/// when they do not.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_map(
    region: *const samemap_region_t,
    offset: u64,
    length: u64,
    access: samemap_access_t,
    view: *mut *mut samemap_view_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { samemap_region_map_at(region, offset, length, access, std::ptr::null_mut(), view) }
}

/// Maps as samemap_region_map() does, at exactly the address `base`, so that pointers in the region are good in
/// several processes. Address and offset are multiples of 64 KiB. NULL leaves the address to the system. Where the
/// address is in use, the call fails with SAMEMAP_ERROR_ADDRESS_IN_USE and changes nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_map_at(
    region: *const samemap_region_t,
    offset: u64,
    length: u64,
    access: samemap_access_t,
    base: *mut c_void,
    view: *mut *mut samemap_view_t,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (view, region) = unsafe { (Place::at(view)?, &inside(region)?.region) };
        let length = if length == SAMEMAP_TO_THE_END { region.len().saturating_sub(offset) } else { length };
        let mut request = MapRequest::new(offset, length, self::access(access)?);
        if !base.is_null() {
            request = request.at_base(base as usize);
        }
        view.give(region.map(&request)?);
        Ok(SAMEMAP_OK)
    })
}

/// Unmaps the view: pointers into it are no longer valid. Objects inside it, and newest values, keep it mapped for
/// themselves. NULL does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_view_close(view: *mut samemap_view_t) {
    // SAFETY: the caller keeps the header's rules.
    unsafe { close(view) }
}

/// The address of the view's first byte, valid until the view is closed; NULL for NULL. Writing to a read-only view
/// ends the process.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_view_data(view: *const samemap_view_t) -> *mut c_void {
    // SAFETY: the caller keeps the header's rules.
    unsafe { inside(view) }.map_or(std::ptr::null_mut(), |view| view.as_ptr().cast())
}

/// The view's length in bytes; 0 for NULL.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_view_length(view: *const samemap_view_t) -> usize {
    // SAFETY: the caller keeps the header's rules.
    unsafe { inside(view) }.map_or(0, View::len)
}

/// Writes `length` bytes at `offset` of the view to the file that the region lies over, and waits until they are
/// there. Where there is no file it does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_view_flush(
    view: *const samemap_view_t,
    offset: usize,
    length: usize,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let view = unsafe { inside(view) }?;
        view.flush(offset..offset.saturating_add(length))?;
        Ok(SAMEMAP_OK)
    })
}

/// Copies bytes out of the view, which other processes may change meanwhile.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_view_read(
    view: *const samemap_view_t,
    offset: usize,
    data: *mut c_void,
    length: usize,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        unsafe { inside(view)?.read(offset, buffer(data, length)?) }?;
        Ok(SAMEMAP_OK)
    })
}

/// Copies bytes into the view, which other processes may read meanwhile.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_view_write(
    view: *const samemap_view_t,
    offset: usize,
    data: *const c_void,
    length: usize,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        unsafe { inside(view)?.write(offset, bytes(data, length)?) }?;
        Ok(SAMEMAP_OK)
    })
}
