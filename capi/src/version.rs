//! The version.

use std::ffi::c_char;

/// The version of the library that is running, such as "0.1.0": SAMEMAP_VERSION is that of the header. Programs run
/// with any library of the same SONAME that is not older than their header.
#[unsafe(no_mangle)]
pub extern "C" fn samemap_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
