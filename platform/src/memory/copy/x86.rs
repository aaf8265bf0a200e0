//! On 32 bits the string instructions suffice: more code is not worth a few cycles of their start-up.

use core::arch::asm;

// `asm!` accesses both sides alike, so the code does not need to know which one is shared.
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
