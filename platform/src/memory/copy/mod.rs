//! Copies between private memory and memory that other threads and processes may read and write meanwhile.
//!
//! # Guarantees
//!
//! After [`copy_from_shared`] each private byte holds *some* value that was stored in its shared
//! byte: no byte is invented, but the copy may mix old and new bytes (torn). The mirror
//! image holds for [`copy_to_shared`] and [`fill_shared`]. A shared byte may be read or written
//! more than once, with the same value when written, and in any order within the call. No order
//! against other accesses is promised: a publisher of data uses the fences and atomics of its
//! protocol around the copy. In particular no non-temporal store is left pending, so a release
//! store after a copy publishes it.
//!
//! # Why this is sound
//!
//! A plain read or `copy_nonoverlapping` that races with a write is undefined behaviour in Rust,
//! also where another process writes, so a plain access to shared memory is never made here.
//!
//! On `x86_64`, `aarch64` and `x86` the accesses are inside `asm!`. The compiler may not look into
//! a block, only take from its operands and options what it may do; none here claims `nomem`,
//! `readonly` or `pure`, so it must be expected to read and write all memory that its pointers
//! reach, and is neither dropped, nor repeated, nor moved over such accesses. Such a block is
//! allowed to do what some Rust code could have done in its place, and this code is: for each byte
//! one or more relaxed loads of an `AtomicU8` on the shared side and plain writes on the private
//! side, or the mirror image. The instructions keep to that, because on these machines a race is
//! no fault and every byte of an access of any width is read or written whole.
//!
//! Elsewhere, and under Miri, that Rust code itself runs. It copies byte by byte on purpose: Rust defines no race
//! between atomics of different sizes, and two copies by words would be such a race where their words overlap in part.
//!
//! For the same reason callers owe one thing: within this process, no Rust atomic
//! wider than a byte races with a copy on the same bytes. Other processes are outside of the
//! abstract machine; whatever they store appears here as stores of bytes.

cfg_if::cfg_if! {
    if #[cfg(all(not(miri), target_arch = "x86_64", target_pointer_width = "64"))] {
        mod instructions;
        mod moves;
        mod x86_64;
        use {moves as imp, x86_64 as machine};
    } else if #[cfg(all(not(miri), target_arch = "aarch64", target_pointer_width = "64"))] {
        mod aarch64;
        mod instructions;
        mod moves;
        use {aarch64 as machine, moves as imp};
    } else if #[cfg(all(not(miri), target_arch = "x86"))] {
        mod x86;
        use x86 as imp;
    } else {
        mod bytes;
        use bytes as imp;
    }
}
#[cfg(test)]
mod tests;

/// Copies `len` bytes out of shared memory.
///
/// # Safety
///
/// `src` must be valid for reads of `len` bytes during the whole call. Other processes may modify them meanwhile; this
/// process only through this module or through atomics of one byte. So it must not come from a reference to plain
/// bytes, which would promise that they do not change. `dst` must be valid for writes of `len` bytes, private to the
/// caller, and not overlap `src`.
#[inline]
pub unsafe fn copy_from_shared(src: *const u8, dst: *mut u8, len: usize) {
    // SAFETY: The contract of this function is the one of the implementation.
    unsafe { imp::copy_from(src, dst, len) }
}

/// Copies `len` bytes into shared memory.
///
/// # Safety
///
/// `dst` must be valid for writes of `len` bytes during the whole call. Other processes may read or modify them
/// meanwhile; this process only through this module or through atomics of one byte. `src` must be valid for reads of
/// `len` bytes, not be written to meanwhile, and not overlap `dst`.
#[inline]
pub unsafe fn copy_to_shared(src: *const u8, dst: *mut u8, len: usize) {
    // SAFETY: The contract of this function is the one of the implementation.
    unsafe { imp::copy_to(src, dst, len) }
}

/// Sets `len` bytes of shared memory to `byte`, by copies of a block of such bytes.
///
/// # Safety
///
/// `dst` must be valid for writes of `len` bytes during the whole call. Other processes may read or modify them
/// meanwhile; this process only through this module or through atomics of one byte.
pub unsafe fn fill_shared(dst: *mut u8, byte: u8, len: usize) {
    let block = [byte; 256];
    for at in (0..len).step_by(block.len()) {
        let piece = block.len().min(len - at);
        // SAFETY: `at + piece <= len`, for which the caller vouches; the block is private.
        unsafe { copy_to_shared(block.as_ptr(), dst.add(at), piece) };
    }
}
