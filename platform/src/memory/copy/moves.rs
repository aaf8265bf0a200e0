//! The choice by size, for the machines that have their own moves of 1 to 64 bytes.
//!
//! A short range is covered by two moves, one from its start and one up to its end, which overlap
//! where the length is between two powers of two. That takes neither a loop nor a tail, and folds
//! into the bare moves where the length is a constant.

use super::machine;

// `asm!` accesses both sides alike, so the code does not need to know which one is shared.
pub(super) use copy as copy_from;
pub(super) use copy as copy_to;

/// # Safety
///
/// As for `copy_from_shared` or for `copy_to_shared`.
#[inline]
pub(super) unsafe fn copy(src: *const u8, dst: *mut u8, len: usize) {
    // SAFETY: The caller vouches for `len` bytes, and each arm has at least the width of its
    // moves, or what the long copy demands.
    unsafe {
        if len > 16 {
            if len > 128 {
                machine::copy_long(src, dst, len);
            } else if len > 64 {
                copy_ends(machine::copy_64, 64, src, dst, len);
            } else if len > 32 {
                copy_ends(machine::copy_32, 32, src, dst, len);
            } else {
                copy_ends(machine::copy_16, 16, src, dst, len);
            }
        } else if len == 8 {
            // A word is the most frequent small copy, and needs one move.
            machine::copy_8(src, dst);
        } else if len > 8 {
            copy_ends(machine::copy_8, 8, src, dst, len);
        } else if len == 4 {
            machine::copy_4(src, dst);
        } else if len > 4 {
            copy_ends(machine::copy_4, 4, src, dst, len);
        } else if len >= 2 {
            copy_ends(machine::copy_2, 2, src, dst, len);
        } else if len == 1 {
            machine::copy_1(src, dst);
        }
    }
}

/// # Safety
///
/// As for `copy`, with `width <= len`, and `one` copies `width` bytes.
#[inline(always)]
unsafe fn copy_ends(
    one: unsafe fn(*const u8, *mut u8),
    width: usize,
    src: *const u8,
    dst: *mut u8,
    len: usize,
) {
    // SAFETY: `width <= len`, so both ends are within the range that the caller vouches for.
    unsafe {
        one(src, dst);
        one(src.add(len - width), dst.add(len - width));
    }
}
