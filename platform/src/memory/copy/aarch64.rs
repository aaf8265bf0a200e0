//! Advanced SIMD belongs to every `aarch64` that has the standard library.

use core::arch::asm;

use super::instructions::moves;

moves! {
    copy_1: reg t = "ldrb {t:w}, [{s}]", "strb {t:w}, [{d}]";
    copy_2: reg t = "ldrh {t:w}, [{s}]", "strh {t:w}, [{d}]";
    copy_4: reg t = "ldr {t:w}, [{s}]", "str {t:w}, [{d}]";
    copy_8: reg t = "ldr {t}, [{s}]", "str {t}, [{d}]";
    copy_16: vreg t = "ldr {t:q}, [{s}]", "str {t:q}, [{d}]";
    copy_32: vreg t, u = "ldp {t:q}, {u:q}, [{s}]", "stp {t:q}, {u:q}, [{d}]";
    copy_64: vreg t, u, v, w =
        "ldp {t:q}, {u:q}, [{s}]",
        "ldp {v:q}, {w:q}, [{s}, #32]",
        "stp {t:q}, {u:q}, [{d}]",
        "stp {v:q}, {w:q}, [{d}, #32]";
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
