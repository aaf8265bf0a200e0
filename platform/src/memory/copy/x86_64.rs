//! SSE2 belongs to every `x86_64`; AVX2 is asked for at run time, where a copy is long enough.

use core::arch::asm;
use core::arch::x86_64::{__cpuid, _mm256_zeroupper};
use core::sync::atomic::{AtomicU8, Ordering};
use std::arch::is_x86_feature_detected;

use super::instructions::moves;

/// The length from which a fast `rep movsb` is preferred. Its start-up no longer counts then, and beyond the second
/// cache it saves reading the lines that it overwrites.
const REP_MIN: usize = 256 << 10;

moves! {
    copy_1: reg_byte t = "mov {t}, byte ptr [{s}]", "mov byte ptr [{d}], {t}";
    copy_2: reg t = "movzx {t:e}, word ptr [{s}]", "mov word ptr [{d}], {t:x}";
    copy_4: reg t = "mov {t:e}, dword ptr [{s}]", "mov dword ptr [{d}], {t:e}";
    copy_8: reg t = "mov {t}, qword ptr [{s}]", "mov qword ptr [{d}], {t}";
    copy_16: xmm_reg t = "movdqu {t}, xmmword ptr [{s}]", "movdqu xmmword ptr [{d}], {t}";
    copy_32: xmm_reg t, u =
        "movdqu {t}, xmmword ptr [{s}]",
        "movdqu {u}, xmmword ptr [{s} + 16]",
        "movdqu xmmword ptr [{d}], {t}",
        "movdqu xmmword ptr [{d} + 16], {u}";
    copy_64: xmm_reg t, u, v, w =
        "movdqu {t}, xmmword ptr [{s}]",
        "movdqu {u}, xmmword ptr [{s} + 16]",
        "movdqu {v}, xmmword ptr [{s} + 32]",
        "movdqu {w}, xmmword ptr [{s} + 48]",
        "movdqu xmmword ptr [{d}], {t}",
        "movdqu xmmword ptr [{d} + 16], {u}",
        "movdqu xmmword ptr [{d} + 32], {v}",
        "movdqu xmmword ptr [{d} + 48], {w}";
}

/// # Safety
///
/// `len` bytes, more than 128, are valid on both sides.
#[inline(never)]
pub(super) unsafe fn copy_long(src: *const u8, dst: *mut u8, len: usize) {
    let has = FEATURES.load(Ordering::Relaxed);
    // SAFETY: This function's contract is that of the call, and AVX2 is used only where it was found.
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

/// A function of its own, so that the caller has no registers to save.
///
/// # Safety
///
/// As for `copy_long`.
#[cold]
#[inline(never)]
unsafe fn copy_first(src: *const u8, dst: *mut u8, len: usize) {
    detect();
    // SAFETY: This function's contract is that of the call.
    unsafe { copy_long(src, dst, len) }
}

/// Whether the stores trail the loads closely in the low 12 bits of the address, which is all that the processor
/// compares at first. `rep movsb` then falls to a byte at a time, 30 times slower on some machines.
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
