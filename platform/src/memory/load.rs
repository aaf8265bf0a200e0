//! Loads of 64 bits that write nothing, so that read-only memory allows them.
//!
//! Rust promises this for words of up to a pointer's size. A 32-bit process gets it from the processor: on x86 a
//! `movq` of an aligned word has been one access since the Pentium, whatever the load of an `AtomicU64` is made of.

use std::sync::atomic::{AtomicU64, Ordering};

/// Whether this machine has such loads.
pub(super) const ARE_THERE: bool = size_of::<usize>() >= size_of::<u64>()
    || cfg!(all(target_arch = "x86", target_feature = "sse2", not(miri)));

/// Loads the word; writes nothing where [such loads are there](ARE_THERE).
#[inline]
pub(super) fn load(word: &AtomicU64, order: Ordering) -> u64 {
    #[cfg(all(target_arch = "x86", target_feature = "sse2", not(miri)))]
    return by_movq(word, order);
    #[cfg(not(all(target_arch = "x86", target_feature = "sse2", not(miri))))]
    word.load(order)
}

/// A load of any ordering: on this machine every load acquires, and sequentially consistent stores make the fences.
#[cfg(all(target_arch = "x86", target_feature = "sse2", not(miri)))]
#[inline]
fn by_movq(word: &AtomicU64, order: Ordering) -> u64 {
    use std::arch::asm;
    use std::arch::x86::__m128i;

    assert!(!matches!(order, Ordering::Release | Ordering::AcqRel), "a load cannot release");
    let loaded: __m128i;
    // SAFETY: it does what the load of this aligned atomic would do. Without `nomem`, `readonly` and `pure` the compiler
    // moves no other access over it.
    unsafe {
        asm!(
            "movq {loaded}, qword ptr [{word}]",
            word = in(reg) word.as_ptr(),
            loaded = out(xmm_reg) loaded,
            options(nostack, preserves_flags),
        );
    }
    // SAFETY: plain bits of one size.
    let [value, _]: [u64; 2] = unsafe { std::mem::transmute(loaded) };
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bits_come() {
        for value in [0, 1, u64::MAX, 0x0123_4567_89AB_CDEF] {
            for order in [Ordering::Relaxed, Ordering::Acquire, Ordering::SeqCst] {
                assert_eq!(load(&AtomicU64::new(value), order), value);
            }
        }
    }

    #[test]
    #[should_panic(expected = "release")]
    fn a_load_cannot_release() {
        load(&AtomicU64::new(0), Ordering::Release);
    }
}
