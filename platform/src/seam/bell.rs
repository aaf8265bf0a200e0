//! What a backend owes for doorbells.

use std::sync::atomic::{AtomicU32, Ordering, compiler_fence, fence};
use std::time::Duration;

use super::place::Place;
use crate::contract::context::Operation;
use crate::words::bell::{Bell, SLICE};
use crate::{Result, Sleepers};

/// A doorbell at a place that was zero before its first use: its sleeping and waking. The word does the rest of a
/// [`Bell`].
pub(crate) trait RawBell: Clone + Send + Sync {
    /// Opens the doorbell at the place, or makes it.
    fn at(place: &Place, sleepers: Sleepers, operation: Operation) -> Result<Self>;

    /// Where its header lies, which has its word.
    fn place(&self) -> &Place;

    /// See [`Bell::sleep`].
    fn sleep(&self, limit: Duration) {
        Self::sleep_on_any(&[self], limit.min(SLICE));
    }

    /// See [`Bell::sleep_on_any`].
    fn sleep_on_any(bells: &[&Self], limit: Duration);

    /// See [`Bell::wake`].
    fn wake(&self);

    /// See [`Bell::announced`].
    fn announced(&self, _seen: u32) {}

    /// See [`Bell::can_be_light`].
    #[inline]
    fn can_be_light(&self) -> bool {
        false
    }

    /// See [`Bell::fence_everywhere`].
    fn fence_everywhere(&self) {}
}

#[inline]
fn word_of(bell: &impl RawBell) -> &AtomicU32 {
    bell.place().header().value()
}

impl<B: RawBell> Bell for B {
    #[inline]
    fn load(&self) -> u32 {
        word_of(self).load(Ordering::Relaxed)
    }

    #[inline]
    fn swap(&self, new: u32) -> u32 {
        word_of(self).swap(new, Ordering::SeqCst)
    }

    #[inline]
    fn replace(&self, current: u32, new: u32) {
        let _ = word_of(self).compare_exchange(current, new, Ordering::Relaxed, Ordering::Relaxed);
    }

    #[inline]
    fn fence(&self) {
        fence(Ordering::SeqCst);
    }

    #[inline]
    fn compiler_fence(&self) {
        compiler_fence(Ordering::SeqCst);
    }

    fn fence_everywhere(&self) {
        RawBell::fence_everywhere(self);
    }

    #[inline]
    fn can_be_light(&self) -> bool {
        RawBell::can_be_light(self)
    }

    fn announced(&self, seen: u32) {
        RawBell::announced(self, seen);
    }

    fn sleep(&self, limit: Duration) {
        RawBell::sleep(self, limit);
    }

    fn sleep_on_any(bells: &[&B], limit: Duration) {
        RawBell::sleep_on_any(bells, limit);
    }

    fn wake(&self) {
        RawBell::wake(self);
    }
}
