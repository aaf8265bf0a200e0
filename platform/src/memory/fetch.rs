//! A hint to the processor.

use std::sync::atomic::AtomicU64;

/// Has the processor fetch a word's cache line for writing, from whichever other processor has it: a store that comes
/// later does not wait for it then. Nothing else changes, and the word may be anything.
#[inline]
pub(super) fn for_writing(word: &AtomicU64) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: no access, but a hint. A processor that does not have the instruction does nothing there.
    unsafe {
        std::arch::asm!("prefetchw [{0}]", in(reg) word.as_ptr(), options(nostack, preserves_flags, readonly));
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: no access, but a hint.
    unsafe {
        std::arch::asm!("prfm pstl1keep, [{0}]", in(reg) word.as_ptr(), options(nostack, preserves_flags, readonly));
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = word;
}
