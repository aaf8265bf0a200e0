//! The Rust code that the others stand for: a relaxed atomic access for each shared byte.

use core::sync::atomic::{AtomicU8, Ordering};

/// # Safety
///
/// As for `copy_from_shared`.
pub(super) unsafe fn copy_from(src: *const u8, dst: *mut u8, len: usize) {
    for at in 0..len {
        // SAFETY: `at < len`, for which the caller vouches. Nothing is written to `src`, so
        // that its pages may be read-only: a relaxed load of this size never writes.
        unsafe {
            let byte = AtomicU8::from_ptr(src.add(at).cast_mut()).load(Ordering::Relaxed);
            dst.add(at).write(byte);
        }
    }
}

/// # Safety
///
/// As for `copy_to_shared`.
pub(super) unsafe fn copy_to(src: *const u8, dst: *mut u8, len: usize) {
    for at in 0..len {
        // SAFETY: `at < len`, for which the caller vouches.
        unsafe {
            AtomicU8::from_ptr(dst.add(at)).store(src.add(at).read(), Ordering::Relaxed);
        }
    }
}
