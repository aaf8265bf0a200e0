//! A library that a program loads, uses and closes: what `tests/linux_plugin.rs` does with it.

use std::ffi::{CStr, c_char};

use samemap_platform::sync::SyncOptions;
use samemap_platform::{CreateOptions, Mutex, ObjectName, Region};

/// Locks a mutex and gives it up. 0 where that worked.
///
/// # Safety
/// `name` points to a text that ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plugin_locks(name: *const c_char) -> i32 {
    // SAFETY: the caller's.
    let Some(name) = (unsafe { name_of(name) }) else { return 1 };
    let locked =
        Mutex::create_or_open(&name, &SyncOptions::new()).and_then(|(mutex, _)| mutex.lock().map(drop));
    i32::from(locked.is_err())
}

/// Makes a region and lets it go. 0 where that worked.
///
/// # Safety
/// `name` points to a text that ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plugin_shares(name: *const c_char) -> i32 {
    // SAFETY: the caller's.
    let Some(name) = (unsafe { name_of(name) }) else { return 1 };
    i32::from(Region::create(&name, &CreateOptions::new(4096)).is_err())
}

/// # Safety
/// `name` points to a text that ends in NUL.
unsafe fn name_of(name: *const c_char) -> Option<ObjectName> {
    // SAFETY: the caller's.
    let name = unsafe { CStr::from_ptr(name) };
    ObjectName::new(name.to_str().ok()?).ok()
}
