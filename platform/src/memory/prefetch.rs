//! Prefetching: a hint to the processor.

use std::sync::atomic::AtomicU64;

/// Has the processor fetch a word's cache line for writing from the processor that has it, so that a later store does not
/// wait for the line. Nothing else changes, and the word may have any value.
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
