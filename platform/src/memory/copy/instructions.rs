//! Builds a move from a machine's instructions.

/// Makes the moves of a machine from their instructions, from `{s}` to `{d}` through registers of
/// one class.
///
/// A function named `copy_N` demands that `N` bytes are valid on both sides. It is `inline(always)` because it consists
/// of few instructions.
macro_rules! moves {
    ($($name:ident: $class:ident $($register:ident),+ = $($instruction:literal),+;)+) => {
        $(
            /// # Safety
            ///
            /// The number of bytes in its name is valid on both sides.
            #[inline(always)]
            pub(super) unsafe fn $name(src: *const u8, dst: *mut u8) {
                // SAFETY: Accesses only the bytes that the caller vouches for.
                unsafe {
                    core::arch::asm!(
                        $($instruction,)+
                        $($register = out($class) _,)+
                        s = in(reg) src, d = in(reg) dst,
                        options(nostack, preserves_flags),
                    );
                }
            }
        )+
    };
}
pub(super) use moves;
