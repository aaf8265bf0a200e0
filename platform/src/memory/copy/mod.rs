//! Copies between private memory and memory that anybody may be writing or reading meanwhile.
//!
//! # What is promised
//!
//! After [`copy_from_shared`] each private byte holds *some* value that was stored in its shared
//! byte: bytes are never invented, but the whole may be a mix of old and new (torn). The mirror
//! image holds for [`copy_to_shared`] and [`fill_shared`]. A shared byte may be read or written
//! more than once, with the same value when written, and in any order within the call. No order
//! against other accesses is promised: whoever publishes data uses the fences and atomics of the
//! protocol around the copy. In particular no non-temporal store is left pending, so a release
//! store after a copy publishes it.
//!
//! # Why this is sound
//!
//! A plain read or `copy_nonoverlapping` that races with a write is undefined behaviour in Rust,
//! whoever the writer is, so a plain access to shared memory is never made here.
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
//! Elsewhere, and under Miri, that very Rust code is what runs. It stays with bytes on purpose:
//! Rust defines no race between atomics of different sizes, and two copies of which one begins in
//! the middle of a word of the other would be just that.
//!
//! For the same reason one thing is assumed of the callers: within this process, no Rust atomic
//! wider than a byte races with a copy on the same bytes. Other processes are outside of the
//! abstract machine; whatever they store appears here as stores of bytes.

/// Copies `len` bytes out of shared memory.
///
/// # Safety
///
/// `src` must be valid for reads of `len` bytes during the whole call; anybody may modify them
/// meanwhile, but within this process only through this module or through atomics of one byte. So
/// it must not come from a reference to plain bytes, which would promise that nobody does. `dst`
/// must be valid for writes of `len` bytes, private to the caller, and not overlap `src`.
#[inline]
pub unsafe fn copy_from_shared(src: *const u8, dst: *mut u8, len: usize) {
    // SAFETY: The contract of this function is the one of the implementation.
    unsafe { imp::copy_from(src, dst, len) }
}

/// Copies `len` bytes into shared memory.
///
/// # Safety
///
/// `dst` must be valid for writes of `len` bytes during the whole call; anybody may read or modify
/// them meanwhile, but within this process only through this module or through atomics of one
/// byte. `src` must be valid for reads of `len` bytes, not be written to by anybody meanwhile, and
/// not overlap `dst`.
#[inline]
pub unsafe fn copy_to_shared(src: *const u8, dst: *mut u8, len: usize) {
    // SAFETY: The contract of this function is the one of the implementation.
    unsafe { imp::copy_to(src, dst, len) }
}

/// Sets `len` bytes of shared memory to `byte`.
///
/// # Safety
///
/// `dst` must be valid for writes of `len` bytes during the whole call; anybody may read or modify
/// them meanwhile, but within this process only through this module or through atomics of one
/// byte.
#[inline]
pub unsafe fn fill_shared(dst: *mut u8, byte: u8, len: usize) {
    // SAFETY: The contract of this function is the one of the implementation.
    unsafe { imp::fill(dst, byte, len) }
}

#[cfg(all(
    not(miri),
    target_pointer_width = "64",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
use by_size as imp;

/// The choice by size, for the machines that have their own moves of 1 to 64 bytes.
///
/// A short range is covered by two moves, one from its start and one up to its end, which overlap
/// where the length is between two powers of two. That takes neither a loop nor a tail, and folds
/// into the bare moves where the length is a constant.
#[cfg(all(not(miri), target_pointer_width = "64", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod by_size {
    #[cfg(target_arch = "aarch64")]
    use super::aarch64 as machine;
    #[cfg(target_arch = "x86_64")]
    use super::x86_64 as machine;

    // The machine accesses both sides in `asm!`, so it need not know which one is shared.
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
                // A word needs one move, and words are what is copied one by one.
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

    /// # Safety
    ///
    /// As for `fill_shared`.
    #[inline]
    pub(super) unsafe fn fill(dst: *mut u8, byte: u8, len: usize) {
        let word = u64::from_ne_bytes([byte; 8]);
        let vector = machine::splat(byte);
        // SAFETY: The caller vouches for `len` bytes, and each arm has at least the width of its
        // stores, or what the long fill demands.
        unsafe {
            if len > 16 {
                if len > 128 {
                    machine::fill_long(dst, byte, len);
                } else if len > 64 {
                    fill_ends(machine::fill_64, 64, dst, vector, len);
                } else if len > 32 {
                    fill_ends(machine::fill_32, 32, dst, vector, len);
                } else {
                    fill_ends(machine::fill_16, 16, dst, vector, len);
                }
            } else if len >= 8 {
                fill_ends(machine::fill_8, 8, dst, word, len);
            } else if len >= 4 {
                fill_ends(machine::fill_4, 4, dst, word, len);
            } else if len >= 2 {
                fill_ends(machine::fill_2, 2, dst, word, len);
            } else if len == 1 {
                machine::fill_1(dst, word);
            }
        }
    }

    /// # Safety
    ///
    /// As for `fill`, with `width <= len`, and `one` fills `width` bytes.
    #[inline(always)]
    unsafe fn fill_ends<P: Copy>(
        one: unsafe fn(*mut u8, P),
        width: usize,
        dst: *mut u8,
        pattern: P,
        len: usize,
    ) {
        // SAFETY: `width <= len`, so both ends are within the range that the caller vouches for.
        unsafe {
            one(dst, pattern);
            one(dst.add(len - width), pattern);
        }
    }
}

/// SSE2 belongs to every `x86_64`; AVX2 is asked for at run time, where a copy is long enough.
///
/// The short moves are `inline(always)` because each is the few instructions that it names.
/// Functions named `copy_N` and `fill_N` demand `N` valid bytes, as the functions of the module
/// `copy` do. The short fills take the byte repeated, in a word or in a vector.
#[cfg(all(not(miri), target_pointer_width = "64", target_arch = "x86_64"))]
mod x86_64 {
    use core::arch::asm;
    use core::arch::x86_64::{__cpuid, __m128i, _mm256_zeroupper};
    use core::mem::transmute;
    use core::sync::atomic::{AtomicU8, Ordering};
    use std::arch::is_x86_feature_detected;

    /// From here on `rep movsb` is preferred where it is fast: by then its start-up does not
    /// count, and the range is about to leave the second cache, from where on it pays that it does
    /// not read the lines that it overwrites.
    const REP_MIN: usize = 256 << 10;

    /// # Safety
    ///
    /// 1 byte is valid on both sides.
    #[inline(always)]
    pub(super) unsafe fn copy_1(src: *const u8, dst: *mut u8) {
        // SAFETY: Accesses only the byte that the caller vouches for.
        unsafe {
            asm!(
                "mov {t}, byte ptr [{s}]",
                "mov byte ptr [{d}], {t}",
                t = out(reg_byte) _, s = in(reg) src, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 2 bytes are valid on both sides.
    #[inline(always)]
    pub(super) unsafe fn copy_2(src: *const u8, dst: *mut u8) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "movzx {t:e}, word ptr [{s}]",
                "mov word ptr [{d}], {t:x}",
                t = out(reg) _, s = in(reg) src, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 4 bytes are valid on both sides.
    #[inline(always)]
    pub(super) unsafe fn copy_4(src: *const u8, dst: *mut u8) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "mov {t:e}, dword ptr [{s}]",
                "mov dword ptr [{d}], {t:e}",
                t = out(reg) _, s = in(reg) src, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 8 bytes are valid on both sides.
    #[inline(always)]
    pub(super) unsafe fn copy_8(src: *const u8, dst: *mut u8) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "mov {t}, qword ptr [{s}]",
                "mov qword ptr [{d}], {t}",
                t = out(reg) _, s = in(reg) src, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 16 bytes are valid on both sides.
    #[inline(always)]
    pub(super) unsafe fn copy_16(src: *const u8, dst: *mut u8) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "movdqu {t}, xmmword ptr [{s}]",
                "movdqu xmmword ptr [{d}], {t}",
                t = out(xmm_reg) _, s = in(reg) src, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 32 bytes are valid on both sides.
    #[inline(always)]
    pub(super) unsafe fn copy_32(src: *const u8, dst: *mut u8) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "movdqu {t}, xmmword ptr [{s}]",
                "movdqu {u}, xmmword ptr [{s} + 16]",
                "movdqu xmmword ptr [{d}], {t}",
                "movdqu xmmword ptr [{d} + 16], {u}",
                t = out(xmm_reg) _, u = out(xmm_reg) _, s = in(reg) src, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 64 bytes are valid on both sides.
    #[inline(always)]
    pub(super) unsafe fn copy_64(src: *const u8, dst: *mut u8) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "movdqu {t}, xmmword ptr [{s}]",
                "movdqu {u}, xmmword ptr [{s} + 16]",
                "movdqu {v}, xmmword ptr [{s} + 32]",
                "movdqu {w}, xmmword ptr [{s} + 48]",
                "movdqu xmmword ptr [{d}], {t}",
                "movdqu xmmword ptr [{d} + 16], {u}",
                "movdqu xmmword ptr [{d} + 32], {v}",
                "movdqu xmmword ptr [{d} + 48], {w}",
                t = out(xmm_reg) _, u = out(xmm_reg) _, v = out(xmm_reg) _, w = out(xmm_reg) _,
                s = in(reg) src, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// `len` bytes, more than 128, are valid on both sides.
    #[inline(never)]
    pub(super) unsafe fn copy_long(src: *const u8, dst: *mut u8, len: usize) {
        let has = FEATURES.load(Ordering::Relaxed);
        // SAFETY: The caller vouches for the same, and AVX2 is used only where it was found.
        unsafe {
            if has == UNKNOWN {
                copy_first(src, dst, len);
            } else if len >= REP_MIN && has & FAST_REP != 0 && !aliases(src, dst) {
                copy_rep(src, dst, len);
            } else if has & AVX2 != 0 {
                copy_avx2(src, dst, len);
            } else {
                copy_sse2(src, dst, len);
            }
        }
    }

    /// Apart from `copy_long`, so that this has no registers to save.
    ///
    /// # Safety
    ///
    /// As for `copy_long`.
    #[cold]
    #[inline(never)]
    unsafe fn copy_first(src: *const u8, dst: *mut u8, len: usize) {
        detect();
        // SAFETY: The caller vouches for the same.
        unsafe { copy_long(src, dst, len) }
    }

    /// Whether the stores trail the loads closely in the low 12 bits of the address, which is all
    /// that the machine compares at first. `rep movsb` then falls to a byte at a time, 30 times
    /// slower on some machines.
    fn aliases(src: *const u8, dst: *mut u8) -> bool {
        let ahead = dst.addr().wrapping_sub(src.addr()) % 4096;
        (1..512).contains(&ahead)
    }

    /// How many bytes to skip so that `dst` comes to a line of 64 bytes: 1 to 64.
    fn to_line(dst: *mut u8) -> usize {
        64 - dst.addr() % 64
    }

    /// # Safety
    ///
    /// `len` bytes, at least 64, are valid on both sides.
    pub(super) unsafe fn copy_rep(src: *const u8, dst: *mut u8, len: usize) {
        let skip = to_line(dst);
        // SAFETY: `skip <= 64 <= len`, so all is within what the caller vouches for. The ABI
        // guarantees that the direction flag is clear.
        unsafe {
            copy_64(src, dst);
            asm!(
                "rep movsb",
                inout("rcx") len - skip => _,
                inout("rsi") src.add(skip) => _,
                inout("rdi") dst.add(skip) => _,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// `len` bytes, at least 128, are valid on both sides, and the machine has AVX2.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn copy_avx2(src: *const u8, dst: *mut u8, len: usize) {
        if len <= 256 {
            // SAFETY: The range has at least the 128 bytes of each end.
            unsafe {
                copy_128(src, dst);
                copy_128(src.add(len - 128), dst.add(len - 128));
                _mm256_zeroupper();
            }
            return;
        }
        let skip = to_line(dst);
        // SAFETY: The loop runs while more than 128 bytes are left, and the ends are within the
        // range because it has 128 bytes. Clearing the upper halves spares the SSE code around a
        // penalty.
        unsafe {
            copy_64(src, dst);
            asm!(
                "cmp {d}, {last}",
                "jae 3f",
                ".p2align 5",
                "2:",
                "vmovdqu ymm0, ymmword ptr [{s}]",
                "vmovdqu ymm1, ymmword ptr [{s} + 32]",
                "vmovdqu ymm2, ymmword ptr [{s} + 64]",
                "vmovdqu ymm3, ymmword ptr [{s} + 96]",
                "vmovdqa ymmword ptr [{d}], ymm0",
                "vmovdqa ymmword ptr [{d} + 32], ymm1",
                "vmovdqa ymmword ptr [{d} + 64], ymm2",
                "vmovdqa ymmword ptr [{d} + 96], ymm3",
                "sub {s}, -128",
                "sub {d}, -128",
                "cmp {d}, {last}",
                "jb 2b",
                "3:",
                s = inout(reg) src.add(skip) => _,
                d = inout(reg) dst.add(skip) => _,
                last = in(reg) dst.add(len - 128),
                out("ymm0") _, out("ymm1") _, out("ymm2") _, out("ymm3") _,
                options(nostack),
            );
            copy_128(src.add(len - 128), dst.add(len - 128));
            _mm256_zeroupper();
        }
    }

    /// # Safety
    ///
    /// 128 bytes are valid on both sides, and the machine has AVX2. The caller clears the upper
    /// halves of the registers.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn copy_128(src: *const u8, dst: *mut u8) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "vmovdqu {t}, ymmword ptr [{s}]",
                "vmovdqu {u}, ymmword ptr [{s} + 32]",
                "vmovdqu {v}, ymmword ptr [{s} + 64]",
                "vmovdqu {w}, ymmword ptr [{s} + 96]",
                "vmovdqu ymmword ptr [{d}], {t}",
                "vmovdqu ymmword ptr [{d} + 32], {u}",
                "vmovdqu ymmword ptr [{d} + 64], {v}",
                "vmovdqu ymmword ptr [{d} + 96], {w}",
                t = out(ymm_reg) _, u = out(ymm_reg) _, v = out(ymm_reg) _, w = out(ymm_reg) _,
                s = in(reg) src, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// `len` bytes, at least 128, are valid on both sides.
    pub(super) unsafe fn copy_sse2(src: *const u8, dst: *mut u8, len: usize) {
        let skip = to_line(dst);
        // SAFETY: The loop runs while more than 64 bytes are left, and the ends are within
        // the range because it has 64 bytes.
        unsafe {
            copy_64(src, dst);
            asm!(
                "cmp {d}, {last}",
                "jae 3f",
                ".p2align 5",
                "2:",
                "movdqu xmm0, xmmword ptr [{s}]",
                "movdqu xmm1, xmmword ptr [{s} + 16]",
                "movdqu xmm2, xmmword ptr [{s} + 32]",
                "movdqu xmm3, xmmword ptr [{s} + 48]",
                "movdqa xmmword ptr [{d}], xmm0",
                "movdqa xmmword ptr [{d} + 16], xmm1",
                "movdqa xmmword ptr [{d} + 32], xmm2",
                "movdqa xmmword ptr [{d} + 48], xmm3",
                "add {s}, 64",
                "add {d}, 64",
                "cmp {d}, {last}",
                "jb 2b",
                "3:",
                s = inout(reg) src.add(skip) => _,
                d = inout(reg) dst.add(skip) => _,
                last = in(reg) dst.add(len - 64),
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
                options(nostack),
            );
            copy_64(src.add(len - 64), dst.add(len - 64));
        }
    }

    /// The byte in all places of a vector.
    #[inline(always)]
    pub(super) fn splat(byte: u8) -> __m128i {
        // SAFETY: Any 16 bytes are a vector.
        unsafe { transmute::<[u8; 16], __m128i>([byte; 16]) }
    }

    /// # Safety
    ///
    /// 1 byte is valid.
    #[inline(always)]
    pub(super) unsafe fn fill_1(dst: *mut u8, pattern: u64) {
        // SAFETY: Accesses only the byte that the caller vouches for.
        unsafe {
            asm!(
                "mov byte ptr [{d}], {p}",
                p = in(reg_byte) pattern as u8, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 2 bytes are valid.
    #[inline(always)]
    pub(super) unsafe fn fill_2(dst: *mut u8, pattern: u64) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "mov word ptr [{d}], {p:x}",
                p = in(reg) pattern, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 4 bytes are valid.
    #[inline(always)]
    pub(super) unsafe fn fill_4(dst: *mut u8, pattern: u64) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "mov dword ptr [{d}], {p:e}",
                p = in(reg) pattern, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 8 bytes are valid.
    #[inline(always)]
    pub(super) unsafe fn fill_8(dst: *mut u8, pattern: u64) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "mov qword ptr [{d}], {p}",
                p = in(reg) pattern, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 16 bytes are valid.
    #[inline(always)]
    pub(super) unsafe fn fill_16(dst: *mut u8, pattern: __m128i) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "movdqu xmmword ptr [{d}], {p}",
                p = in(xmm_reg) pattern, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 32 bytes are valid.
    #[inline(always)]
    pub(super) unsafe fn fill_32(dst: *mut u8, pattern: __m128i) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "movdqu xmmword ptr [{d}], {p}",
                "movdqu xmmword ptr [{d} + 16], {p}",
                p = in(xmm_reg) pattern, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 64 bytes are valid.
    #[inline(always)]
    pub(super) unsafe fn fill_64(dst: *mut u8, pattern: __m128i) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "movdqu xmmword ptr [{d}], {p}",
                "movdqu xmmword ptr [{d} + 16], {p}",
                "movdqu xmmword ptr [{d} + 32], {p}",
                "movdqu xmmword ptr [{d} + 48], {p}",
                p = in(xmm_reg) pattern, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// `len` bytes, more than 128, are valid.
    #[inline(never)]
    pub(super) unsafe fn fill_long(dst: *mut u8, byte: u8, len: usize) {
        let has = FEATURES.load(Ordering::Relaxed);
        // SAFETY: The caller vouches for the same, and AVX2 is used only where it was found.
        unsafe {
            if has == UNKNOWN {
                fill_first(dst, byte, len);
            } else if has & AVX2 != 0 {
                fill_avx2(dst, byte, len);
            } else {
                fill_sse2(dst, byte, len);
            }
        }
    }

    /// As `copy_first`.
    ///
    /// # Safety
    ///
    /// As for `fill_long`.
    #[cold]
    #[inline(never)]
    unsafe fn fill_first(dst: *mut u8, byte: u8, len: usize) {
        detect();
        // SAFETY: The caller vouches for the same.
        unsafe { fill_long(dst, byte, len) }
    }

    /// # Safety
    ///
    /// `len` bytes, at least 128, are valid, and the machine has AVX2.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn fill_avx2(dst: *mut u8, byte: u8, len: usize) {
        let skip = to_line(dst);
        // SAFETY: As in `copy_avx2`.
        unsafe {
            asm!(
                "vmovd xmm0, {b:e}",
                "vpbroadcastb ymm0, xmm0",
                "vmovdqu ymmword ptr [{first}], ymm0",
                "vmovdqu ymmword ptr [{first} + 32], ymm0",
                "cmp {d}, {last}",
                "jae 3f",
                ".p2align 5",
                "2:",
                "vmovdqa ymmword ptr [{d}], ymm0",
                "vmovdqa ymmword ptr [{d} + 32], ymm0",
                "vmovdqa ymmword ptr [{d} + 64], ymm0",
                "vmovdqa ymmword ptr [{d} + 96], ymm0",
                "sub {d}, -128",
                "cmp {d}, {last}",
                "jb 2b",
                "3:",
                "vmovdqu ymmword ptr [{last}], ymm0",
                "vmovdqu ymmword ptr [{last} + 32], ymm0",
                "vmovdqu ymmword ptr [{last} + 64], ymm0",
                "vmovdqu ymmword ptr [{last} + 96], ymm0",
                b = in(reg) u32::from(byte),
                first = in(reg) dst,
                d = inout(reg) dst.add(skip) => _,
                last = in(reg) dst.add(len - 128),
                out("ymm0") _,
                options(nostack),
            );
            _mm256_zeroupper();
        }
    }

    /// # Safety
    ///
    /// `len` bytes, at least 128, are valid.
    pub(super) unsafe fn fill_sse2(dst: *mut u8, byte: u8, len: usize) {
        let pattern = splat(byte);
        let skip = to_line(dst);
        // SAFETY: As in `copy_sse2`.
        unsafe {
            fill_64(dst, pattern);
            asm!(
                "cmp {d}, {last}",
                "jae 3f",
                ".p2align 5",
                "2:",
                "movdqa xmmword ptr [{d}], {p}",
                "movdqa xmmword ptr [{d} + 16], {p}",
                "movdqa xmmword ptr [{d} + 32], {p}",
                "movdqa xmmword ptr [{d} + 48], {p}",
                "add {d}, 64",
                "cmp {d}, {last}",
                "jb 2b",
                "3:",
                p = in(xmm_reg) pattern,
                d = inout(reg) dst.add(skip) => _,
                last = in(reg) dst.add(len - 64),
                options(nostack),
            );
            fill_64(dst.add(len - 64), pattern);
        }
    }

    /// What `detect` found, asked of the machine once.
    static FEATURES: AtomicU8 = AtomicU8::new(UNKNOWN);
    const UNKNOWN: u8 = 0;
    const KNOWN: u8 = 1;
    const AVX2: u8 = 2;
    const FAST_REP: u8 = 4;

    fn detect() {
        let avx2 = if is_x86_feature_detected!("avx2") { AVX2 } else { 0 };
        let rep = if is_x86_feature_detected!("ermsb") && is_intel() { FAST_REP } else { 0 };
        FEATURES.store(KNOWN | avx2 | rep, Ordering::Relaxed);
    }

    /// AMD announces a fast `rep movsb` too, but there it is at best as fast as the AVX2 loop.
    #[allow(unused_unsafe)] // `__cpuid` has become safe after the oldest supported compiler
    fn is_intel() -> bool {
        // SAFETY: Every `x86_64` has CPUID.
        let id = unsafe { __cpuid(0) };
        [id.ebx, id.edx, id.ecx].map(u32::to_le_bytes).as_flattened() == b"GenuineIntel"
    }
}

/// Advanced SIMD belongs to every `aarch64` that has the standard library.
///
/// Functions named `copy_N` and `fill_N` demand `N` valid bytes, as the functions of the module
/// `copy` do. The short fills take the byte repeated, in a word or in a vector.
#[cfg(all(not(miri), target_pointer_width = "64", target_arch = "aarch64"))]
mod aarch64 {
    use core::arch::aarch64::uint8x16_t;
    use core::arch::asm;
    use core::mem::transmute;

    /// # Safety
    ///
    /// 1 byte is valid on both sides.
    #[inline(always)]
    pub(super) unsafe fn copy_1(src: *const u8, dst: *mut u8) {
        // SAFETY: Accesses only the byte that the caller vouches for.
        unsafe {
            asm!(
                "ldrb {t:w}, [{s}]",
                "strb {t:w}, [{d}]",
                t = out(reg) _, s = in(reg) src, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 2 bytes are valid on both sides.
    #[inline(always)]
    pub(super) unsafe fn copy_2(src: *const u8, dst: *mut u8) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "ldrh {t:w}, [{s}]",
                "strh {t:w}, [{d}]",
                t = out(reg) _, s = in(reg) src, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 4 bytes are valid on both sides.
    #[inline(always)]
    pub(super) unsafe fn copy_4(src: *const u8, dst: *mut u8) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "ldr {t:w}, [{s}]",
                "str {t:w}, [{d}]",
                t = out(reg) _, s = in(reg) src, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 8 bytes are valid on both sides.
    #[inline(always)]
    pub(super) unsafe fn copy_8(src: *const u8, dst: *mut u8) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "ldr {t}, [{s}]",
                "str {t}, [{d}]",
                t = out(reg) _, s = in(reg) src, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 16 bytes are valid on both sides.
    #[inline(always)]
    pub(super) unsafe fn copy_16(src: *const u8, dst: *mut u8) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "ldr {t:q}, [{s}]",
                "str {t:q}, [{d}]",
                t = out(vreg) _, s = in(reg) src, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 32 bytes are valid on both sides.
    #[inline(always)]
    pub(super) unsafe fn copy_32(src: *const u8, dst: *mut u8) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "ldp {t:q}, {u:q}, [{s}]",
                "stp {t:q}, {u:q}, [{d}]",
                t = out(vreg) _, u = out(vreg) _, s = in(reg) src, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 64 bytes are valid on both sides.
    #[inline(always)]
    pub(super) unsafe fn copy_64(src: *const u8, dst: *mut u8) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "ldp {t:q}, {u:q}, [{s}]",
                "ldp {v:q}, {w:q}, [{s}, #32]",
                "stp {t:q}, {u:q}, [{d}]",
                "stp {v:q}, {w:q}, [{d}, #32]",
                t = out(vreg) _, u = out(vreg) _, v = out(vreg) _, w = out(vreg) _,
                s = in(reg) src, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// How many bytes to skip so that `dst` comes to a line of 64 bytes: 1 to 64.
    fn to_line(dst: *mut u8) -> usize {
        64 - dst.addr() % 64
    }

    /// # Safety
    ///
    /// `len` bytes, at least 64, are valid on both sides.
    #[inline(never)]
    pub(super) unsafe fn copy_long(src: *const u8, dst: *mut u8, len: usize) {
        let skip = to_line(dst);
        // SAFETY: The loop runs while more than 64 bytes are left, and the ends are within
        // the range because it has 64 bytes.
        unsafe {
            copy_64(src, dst);
            asm!(
                "cmp {d}, {last}",
                "b.hs 3f",
                "2:",
                "ldp q0, q1, [{s}]",
                "ldp q2, q3, [{s}, #32]",
                "stp q0, q1, [{d}]",
                "stp q2, q3, [{d}, #32]",
                "add {s}, {s}, #64",
                "add {d}, {d}, #64",
                "cmp {d}, {last}",
                "b.lo 2b",
                "3:",
                s = inout(reg) src.add(skip) => _,
                d = inout(reg) dst.add(skip) => _,
                last = in(reg) dst.add(len - 64),
                out("v0") _, out("v1") _, out("v2") _, out("v3") _,
                options(nostack),
            );
            copy_64(src.add(len - 64), dst.add(len - 64));
        }
    }

    /// The byte in all places of a vector.
    #[inline(always)]
    pub(super) fn splat(byte: u8) -> uint8x16_t {
        // SAFETY: Any 16 bytes are a vector.
        unsafe { transmute::<[u8; 16], uint8x16_t>([byte; 16]) }
    }

    /// # Safety
    ///
    /// 1 byte is valid.
    #[inline(always)]
    pub(super) unsafe fn fill_1(dst: *mut u8, pattern: u64) {
        // SAFETY: Accesses only the byte that the caller vouches for.
        unsafe {
            asm!(
                "strb {p:w}, [{d}]",
                p = in(reg) pattern, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 2 bytes are valid.
    #[inline(always)]
    pub(super) unsafe fn fill_2(dst: *mut u8, pattern: u64) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "strh {p:w}, [{d}]",
                p = in(reg) pattern, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 4 bytes are valid.
    #[inline(always)]
    pub(super) unsafe fn fill_4(dst: *mut u8, pattern: u64) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "str {p:w}, [{d}]",
                p = in(reg) pattern, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 8 bytes are valid.
    #[inline(always)]
    pub(super) unsafe fn fill_8(dst: *mut u8, pattern: u64) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "str {p}, [{d}]",
                p = in(reg) pattern, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 16 bytes are valid.
    #[inline(always)]
    pub(super) unsafe fn fill_16(dst: *mut u8, pattern: uint8x16_t) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "str {p:q}, [{d}]",
                p = in(vreg) pattern, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 32 bytes are valid.
    #[inline(always)]
    pub(super) unsafe fn fill_32(dst: *mut u8, pattern: uint8x16_t) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "stp {p:q}, {p:q}, [{d}]",
                p = in(vreg) pattern, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// 64 bytes are valid.
    #[inline(always)]
    pub(super) unsafe fn fill_64(dst: *mut u8, pattern: uint8x16_t) {
        // SAFETY: Accesses only the bytes that the caller vouches for.
        unsafe {
            asm!(
                "stp {p:q}, {p:q}, [{d}]",
                "stp {p:q}, {p:q}, [{d}, #32]",
                p = in(vreg) pattern, d = in(reg) dst,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// `len` bytes, at least 64, are valid.
    #[inline(never)]
    pub(super) unsafe fn fill_long(dst: *mut u8, byte: u8, len: usize) {
        let pattern = splat(byte);
        let skip = to_line(dst);
        // SAFETY: As in `copy_long`.
        unsafe {
            fill_64(dst, pattern);
            asm!(
                "cmp {d}, {last}",
                "b.hs 3f",
                "2:",
                "stp {p:q}, {p:q}, [{d}]",
                "stp {p:q}, {p:q}, [{d}, #32]",
                "add {d}, {d}, #64",
                "cmp {d}, {last}",
                "b.lo 2b",
                "3:",
                p = in(vreg) pattern,
                d = inout(reg) dst.add(skip) => _,
                last = in(reg) dst.add(len - 64),
                options(nostack),
            );
            fill_64(dst.add(len - 64), pattern);
        }
    }
}

/// The string instructions do on 32 bits, where a few cycles of start-up are not worth code.
#[cfg(all(not(miri), target_arch = "x86"))]
mod imp {
    use core::arch::asm;

    // Both sides are accessed in `asm!`, so it need not be known which one is shared.
    pub(super) use copy as copy_from;
    pub(super) use copy as copy_to;

    /// # Safety
    ///
    /// As for `copy_from_shared` or for `copy_to_shared`.
    #[inline]
    pub(super) unsafe fn copy(src: *const u8, dst: *mut u8, len: usize) {
        // SAFETY: Accesses only the `len` bytes that the caller vouches for. The ABI guarantees
        // that the direction flag is clear. `esi` may not be an operand, because the compiler may
        // need it as a base; it gets its value back.
        unsafe {
            asm!(
                "xchg esi, {s}",
                "rep movsb",
                "xchg esi, {s}",
                s = inout(reg) src => _,
                inout("ecx") len => _,
                inout("edi") dst => _,
                options(nostack, preserves_flags),
            );
        }
    }

    /// # Safety
    ///
    /// As for `fill_shared`.
    #[inline]
    pub(super) unsafe fn fill(dst: *mut u8, byte: u8, len: usize) {
        // SAFETY: As in `copy`.
        unsafe {
            asm!(
                "rep stosb",
                in("al") byte,
                inout("ecx") len => _,
                inout("edi") dst => _,
                options(nostack, preserves_flags),
            );
        }
    }
}

/// The Rust code that the others stand for: a relaxed atomic access for each shared byte.
#[cfg(any(
    miri,
    not(any(
        target_arch = "x86",
        all(target_pointer_width = "64", any(target_arch = "x86_64", target_arch = "aarch64"))
    ))
))]
mod imp {
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

    /// # Safety
    ///
    /// As for `fill_shared`.
    pub(super) unsafe fn fill(dst: *mut u8, byte: u8, len: usize) {
        for at in 0..len {
            // SAFETY: `at < len`, for which the caller vouches.
            unsafe { AtomicU8::from_ptr(dst.add(at)).store(byte, Ordering::Relaxed) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{copy_from_shared, copy_to_shared, fill_shared};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    type CopyFn = unsafe fn(*const u8, *mut u8, usize);
    type FillFn = unsafe fn(*mut u8, u8, usize);

    // Around the range on both sides, which must stay as they were.
    const GUARD: usize = 64;
    // Miri takes bytes one at a time and has nothing to find in the long lengths.
    const LENS: usize = if cfg!(miri) { 40 } else { 1100 };
    const OFFSETS: usize = if cfg!(miri) { 3 } else { 16 };
    const BIG: [usize; 8] =
        [4095, 4096, 4097, 65_535, (256 << 10) - 1, 256 << 10, (1 << 20) + 13, (4 << 20) + 100];

    /// Bytes that differ from their neighbours and are neither 0 nor 0xee.
    fn pattern(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i % 199 + 1) as u8).collect()
    }

    fn check_copy(copy: CopyFn, src: &mut [u8], dst: &mut [u8], from: usize, to: usize, len: usize) {
        dst[..GUARD + to + len + GUARD].fill(0xee);
        // SAFETY: Both slices have room for the offset and the length.
        unsafe { copy(src[from..].as_mut_ptr(), dst[GUARD + to..].as_mut_ptr(), len) };
        let (before, rest) = dst.split_at(GUARD + to);
        assert!(before.iter().all(|&b| b == 0xee), "before {from} {to} {len}");
        assert!(rest[..len] == src[from..from + len], "within {from} {to} {len}");
        assert!(rest[len..len + GUARD].iter().all(|&b| b == 0xee), "after {from} {to} {len}");
    }

    fn check_fill(fill: FillFn, dst: &mut [u8], to: usize, len: usize) {
        dst[..GUARD + to + len + GUARD].fill(0xee);
        // SAFETY: The slice has room for the offset and the length.
        unsafe { fill(dst[GUARD + to..].as_mut_ptr(), 0xa5, len) };
        let (before, rest) = dst.split_at(GUARD + to);
        assert!(before.iter().all(|&b| b == 0xee), "before {to} {len}");
        assert!(rest[..len].iter().all(|&b| b == 0xa5), "within {to} {len}");
        assert!(rest[len..len + GUARD].iter().all(|&b| b == 0xee), "after {to} {len}");
    }

    fn check_lengths(copy: CopyFn, shortest: usize) {
        let mut src = pattern(LENS + OFFSETS);
        let mut dst = vec![0; LENS + OFFSETS + 2 * GUARD];
        for len in shortest..=LENS {
            for offset in 0..OFFSETS {
                check_copy(copy, &mut src, &mut dst, offset, 0, len);
                check_copy(copy, &mut src, &mut dst, 0, offset, len);
                check_copy(copy, &mut src, &mut dst, offset, (offset * 7) % OFFSETS, len);
            }
        }
    }

    fn check_big(copy: CopyFn) {
        let most = BIG[BIG.len() - 1];
        let mut src = pattern(most + OFFSETS);
        let mut dst = vec![0; most + OFFSETS + 2 * GUARD];
        for len in BIG {
            for (from, to) in [(0, 0), (1, 0), (0, 3), (13, 7)] {
                check_copy(copy, &mut src, &mut dst, from, to, len);
            }
        }
    }

    fn check_fills(fill: FillFn, shortest: usize) {
        let mut dst = vec![0; (1 << 20) + OFFSETS + 2 * GUARD];
        for to in 0..OFFSETS {
            for len in shortest..=LENS {
                check_fill(fill, &mut dst, to, len);
            }
        }
        if !cfg!(miri) {
            check_fill(fill, &mut dst, 5, 1 << 20);
        }
    }

    #[test]
    fn all_short_lengths_and_offsets_out_of_shared_memory() {
        check_lengths(copy_from_shared, 0);
    }

    #[test]
    fn all_short_lengths_and_offsets_into_shared_memory() {
        check_lengths(copy_to_shared, 0);
    }

    #[test]
    fn all_short_lengths_and_offsets_of_fills() {
        check_fills(fill_shared, 0);
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes too long")]
    fn big_copies() {
        check_big(copy_from_shared);
        check_big(copy_to_shared);
    }

    #[test]
    fn nothing_is_touched_for_no_bytes() {
        let nowhere = std::ptr::without_provenance_mut::<u8>(1);
        // SAFETY: Any pointer is valid for no bytes.
        unsafe {
            copy_from_shared(nowhere, nowhere, 0);
            copy_to_shared(nowhere, nowhere, 0);
            fill_shared(nowhere, 0, 0);
        }
    }

    /// The ways that this machine would not take by itself.
    #[test]
    #[cfg(all(not(miri), target_pointer_width = "64", target_arch = "x86_64"))]
    fn every_way_of_long_copies() {
        use super::x86_64::{copy_avx2, copy_rep, copy_sse2, fill_avx2, fill_sse2};
        let mut copies: Vec<CopyFn> = vec![copy_rep, copy_sse2];
        let mut fills: Vec<FillFn> = vec![fill_sse2];
        if std::arch::is_x86_feature_detected!("avx2") {
            copies.push(|src, dst, len| {
                // SAFETY: AVX2 has been found, and the caller vouches for the rest.
                unsafe { copy_avx2(src, dst, len) }
            });
            fills.push(|dst, byte, len| {
                // SAFETY: AVX2 has been found, and the caller vouches for the rest.
                unsafe { fill_avx2(dst, byte, len) }
            });
        }
        for copy in copies {
            check_lengths(copy, 129);
            check_big(copy);
        }
        for fill in fills {
            check_fills(fill, 129);
        }
    }

    /// Memory that both threads reach.
    struct Shared(*mut u8);
    // SAFETY: The threads access the memory through the copies only, which may race.
    unsafe impl Sync for Shared {}

    impl Shared {
        fn at(&self) -> *mut u8 {
            self.0
        }
    }

    const OLD: u8 = 0x55;
    const NEW: u8 = 0xaa;

    /// Calls `read` many times while another thread writes one of two bytes all over the memory.
    fn race(len: usize, read: impl Fn(&Shared)) {
        let mut memory = vec![OLD; len];
        let shared = Shared(memory.as_mut_ptr());
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let patterns = [vec![NEW; len], vec![OLD; len]];
                while !stop.load(Ordering::Relaxed) {
                    // SAFETY: The memory has `len` bytes and outlives the thread.
                    unsafe {
                        copy_to_shared(patterns[0].as_ptr(), shared.at(), len);
                        copy_to_shared(patterns[1].as_ptr(), shared.at(), len);
                        fill_shared(shared.at(), NEW, len);
                    }
                }
            });
            for _ in 0..if cfg!(miri) { 5 } else { 2000 } {
                read(&shared);
            }
            stop.store(true, Ordering::Relaxed);
        });
    }

    #[test]
    fn a_racing_writer_tears_but_invents_no_byte() {
        for len in [1, 7, 8, 33, 100, if cfg!(miri) { 129 } else { 5000 }] {
            race(len, |shared| {
                let mut copy = vec![0; len];
                // SAFETY: The memory has `len` bytes and outlives the threads.
                unsafe { copy_from_shared(shared.at(), copy.as_mut_ptr(), len) };
                assert!(copy.iter().all(|&b| b == OLD || b == NEW), "{len}: {copy:x?}");
            });
        }
    }

    #[test]
    fn two_racing_writers_leave_what_one_of_them_wrote() {
        for len in [3, 64, if cfg!(miri) { 129 } else { 5000 }] {
            race(len, |shared| {
                let mut copy = vec![0; len];
                // SAFETY: The memory has `len` bytes and outlives the threads.
                unsafe {
                    copy_to_shared(vec![OLD; len].as_ptr(), shared.at(), len);
                    copy_from_shared(shared.at(), copy.as_mut_ptr(), len);
                }
                assert!(copy.iter().all(|&b| b == OLD || b == NEW), "{len}: {copy:x?}");
            });
        }
    }
}
