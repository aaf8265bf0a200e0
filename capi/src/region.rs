//! Regions.

use std::ffi::{CString, c_char};

use samemap::{ObjectName, Region};

use crate::arguments::{access_number, name, place, samemap_access_t};
use crate::handle::{Handle, close, give, give_either, inside, with};
use crate::options::{samemap_create_options_t, samemap_open_options_t};
use crate::status::{SAMEMAP_OK, border, done, samemap_status_t};

/// A region: shared memory that lives while any process has a handle or a view of it. Its handle may be used by
/// several threads at once.
pub struct samemap_region_t {
    _private: [u8; 0],
}

/// A region and, for C, its name.
pub(crate) struct OpenRegion {
    pub(crate) region: Region,
    name: Option<CString>,
}

impl Handle for samemap_region_t {
    type Inside = OpenRegion;
    const WHAT: &'static str = "the region";
}

impl From<Region> for OpenRegion {
    fn from(region: Region) -> Self {
        let name = region.name().map(text_of);
        OpenRegion { region, name }
    }
}

/// A name as C reads it.
pub(crate) fn text_of(name: &ObjectName) -> CString {
    CString::new(name.to_string()).unwrap_or_default()
}

/// Creates a region of `size` bytes, rounded up to whole pages, whose bytes are zero; the name must be free. Close it
/// with samemap_region_close().
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_create(
    name: *const c_char,
    size: u64,
    options: *const samemap_create_options_t,
    region: *mut *mut samemap_region_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give(region, || Region::create(&self::name(name)?, &samemap_create_options_t::region(options, size)?))
    }
}

/// Opens the region with the name, or creates one of `size` bytes; `created`, which may be NULL, tells which of the
/// two happened.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_create_or_open(
    name: *const c_char,
    size: u64,
    options: *const samemap_create_options_t,
    region: *mut *mut samemap_region_t,
    created: *mut bool,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give_either(region, created, || {
            let options = samemap_create_options_t::region(options, size)?;
            Region::create_or_open(&self::name(name)?, &options)
        })
    }
}

/// Opens the region with the name.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_open(
    name: *const c_char,
    options: *const samemap_open_options_t,
    region: *mut *mut samemap_region_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(region, || Region::open(&self::name(name)?, &samemap_open_options_t::read(options)?)) }
}

/// Creates a region without a name, to be handed to other processes.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_anonymous(
    size: u64,
    options: *const samemap_create_options_t,
    region: *mut *mut samemap_region_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(region, || Region::anonymous(&samemap_create_options_t::region(options, size)?)) }
}

/// Closes the handle; views of the region stay. NULL does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_close(region: *mut samemap_region_t) {
    // SAFETY: the caller keeps the header's rules.
    unsafe { close(region) }
}

/// Gives the region's length in bytes, which never changes: whole pages, or a file's exact length.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_length(
    region: *const samemap_region_t,
    length: *mut u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (region, length) = unsafe { (inside(region)?, place(length, "the length")?) };
        *length = region.region.len();
        Ok(SAMEMAP_OK)
    })
}

/// Gives the access that the region is held with.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_access(
    region: *const samemap_region_t,
    access: *mut samemap_access_t,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (region, access) = unsafe { (inside(region)?, place(access, "the access")?) };
        *access = access_number(region.region.access());
        Ok(SAMEMAP_OK)
    })
}

/// The region's name, such as "Local\\frames", valid until the handle is closed; NULL for a region without a name,
/// and for NULL.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_name(region: *const samemap_region_t) -> *const c_char {
    // SAFETY: the caller keeps the header's rules.
    let region = unsafe { inside(region) };
    region.ok().and_then(|region| region.name.as_ref()).map_or(std::ptr::null(), |name| name.as_ptr())
}

/// Makes a forked child (without exec) hold the region, which the child otherwise sees and does not keep alive. In
/// other processes it does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_hold_again(region: *const samemap_region_t) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { with(region, |open| open.region.hold_again().map(done)) }
}
