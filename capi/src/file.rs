//! Regions over files.

use std::ffi::c_char;

use samemap::regions::FileOptions;
use samemap::{Region, Result};

use crate::arguments::{access, name, samemap_access_t, text};
use crate::handle::{give, give_either};
use crate::options::{Options, options, samemap_create_options_t};
use crate::region::samemap_region_t;
use crate::status::samemap_status_t;

/// How a region lies over a file. Begin with SAMEMAP_FILE_OPTIONS_INIT; NULL stands for that: reading and writing,
/// with the file's length.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct samemap_file_options_t {
    /// sizeof(samemap_file_options_t).
    pub struct_size: usize,
    /// The access to the file and the region.
    pub access: samemap_access_t,
    /// Whether the disk's blocks are had when they are written to, and not at once: a full disk then ends the
    /// process.
    pub leave_holes: bool,
    /// The region's length in bytes; with SAMEMAP_READ_WRITE a shorter file grows to it. 0 stands for the file's
    /// length.
    pub size: u64,
}

// SAFETY: numbers and a bool behind a size.
unsafe impl Options for samemap_file_options_t {}

/// # Safety
/// Both are null or lead to options.
unsafe fn read(
    file: *const samemap_file_options_t,
    sharing: *const samemap_create_options_t,
) -> Result<FileOptions> {
    // SAFETY: as the caller vouches.
    let (file, sharing) = unsafe { (options(file)?, samemap_create_options_t::sync(sharing)?) };
    let mut all = FileOptions::new(access(file.access)?)
        .permissions(sharing.asked_permissions())
        .trust(sharing.accepted().clone());
    if file.size > 0 {
        all = all.size(file.size);
    }
    Ok(if file.leave_holes { all.leave_holes() } else { all })
}

/// Makes a region without a name over the file at `path` (UTF-8). What is written to it reaches the file.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_over_file(
    path: *const c_char,
    file: *const samemap_file_options_t,
    region: *mut *mut samemap_region_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(region, || Region::over_file(text(path, "the path")?, &read(file, std::ptr::null())?)) }
}

/// Creates a region with a name over the file at `path`; the name must be free.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_create_over_file(
    name: *const c_char,
    path: *const c_char,
    file: *const samemap_file_options_t,
    options: *const samemap_create_options_t,
    region: *mut *mut samemap_region_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give(region, || {
            Region::create_over_file(&self::name(name)?, text(path, "the path")?, &read(file, options)?)
        })
    }
}

/// Opens the region with the name, or creates one over the file at `path`; `created`, which may be NULL, tells
/// which of the two happened.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_create_or_open_over_file(
    name: *const c_char,
    path: *const c_char,
    file: *const samemap_file_options_t,
    options: *const samemap_create_options_t,
    region: *mut *mut samemap_region_t,
    created: *mut bool,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give_either(region, created, || {
            let options = read(file, options)?;
            let path = text(path, "the path")?;
            Region::create_or_open_over_file(&self::name(name)?, path, &options)
        })
    }
}
