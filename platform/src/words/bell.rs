//! A doorbell: nobody sleeps, somebody sleeps, or nobody sleeps and the sleeper makes the fences.
//!
//! The ringer has stored something just before, and must not miss a sleeper; the sleeper says that it sleeps, and must not
//! miss what was stored. Between a store and a load that follows it a processor needs a full fence, which costs a stream
//! of small messages more than all the rest. So the sleeper pays for both: while the bell is *light*, nobody sleeps
//! and the ringer makes one plain load; the sleeper, before it relies on being seen, has the kernel run a fence on every
//! processor. A bell becomes light when its sleeper asks for it, after many messages without a sleep.

use std::time::Duration;

use crate::Sleepers;
use crate::testing::reached;

/// Nobody sleeps, but somebody may be about to: the ringer makes a fence before it looks.
pub const ALERT: u32 = 0;
/// Somebody sleeps, or is about to.
pub const ASLEEP: u32 = 1;
/// Nobody sleeps, and a sleeper has the kernel make the ringer's fence.
pub const LIGHT: u32 = 2;

/// The longest sleep. What is built on doorbells promises to notice a death within 100 ms.
const SLICE: Duration = Duration::from_millis(80);

/// A doorbell's word, and what the system does for it.
pub trait Bell {
    /// Reads the word; this orders nothing.
    fn load(&self) -> u32;
    /// Puts `new` there and returns what was there before, in one order with every fence.
    fn swap(&self, new: u32) -> u32;
    /// Replaces `current` by `new`, if that is what it is; this orders nothing.
    fn replace(&self, current: u32, new: u32);
    /// Makes a full fence.
    fn fence(&self);
    /// Keeps the compiler from moving the load that follows before the store that comes before. The processor may do so, but
    /// for a [`fence_everywhere`](Self::fence_everywhere) that comes in between.
    fn compiler_fence(&self);
    /// Makes a full fence on every processor that runs a process which [can ring lightly](Self::can_be_light).
    fn fence_everywhere(&self);
    /// Whether this process takes part in such fences.
    fn can_be_light(&self) -> bool;
    /// A sleeper has just put [`ASLEEP`] in place of `seen`.
    fn announced(&self, seen: u32);
    /// Sleeps while the word of each is [`ASLEEP`] and none is woken, for no longer than `limit`. May end for no reason.
    fn sleep_on_any(bells: &[&Self], limit: Duration);
    /// Wakes all who sleep on it.
    fn wake(&self);
}

/// Wakes those who sleep. What was stored before, with at least release ordering, is seen by those.
#[inline]
pub fn ring<B: Bell>(bell: &B) {
    bell.compiler_fence();
    if bell.can_be_light() && bell.load() == LIGHT {
        return;
    }
    bell.fence();
    if bell.load() == ASLEEP {
        wake(bell);
    }
}

#[cold]
fn wake<B: Bell>(bell: &B) {
    if bell.swap(ALERT) == ASLEEP {
        reached("bell: about to wake");
        bell.wake();
    }
}

/// Sleeps until somebody rings, for a slice at most, unless `changed` says that there is something already.
pub fn sleep<B: Bell>(bell: &B, sleepers: Sleepers, limit: Duration, changed: impl FnOnce() -> bool) {
    announce(&[bell]);
    if !changed() {
        B::sleep_on_any(&[bell], limit.min(SLICE));
    } else if sleepers == Sleepers::One {
        // Nobody else can be asleep. A ring that came meanwhile has put it to this already.
        bell.replace(ASLEEP, ALERT);
    }
}

/// Sleeps until somebody rings one of the bells, as [`sleep`] does.
pub fn sleep_on_any<B: Bell>(bells: &[&B], limit: Duration, changed: impl FnOnce() -> bool) {
    announce(bells);
    if !changed() {
        B::sleep_on_any(bells, limit.min(SLICE));
    }
}

/// Says of each that somebody is about to sleep. What was stored before a ring that missed that is visible from now on.
fn announce<B: Bell>(bells: &[&B]) {
    let mut light = None;
    for &bell in bells {
        let seen = bell.swap(ASLEEP);
        bell.announced(seen);
        if seen == LIGHT && bell.can_be_light() {
            light = Some(bell);
        }
    }
    if let Some(bell) = light {
        bell.fence_everywhere();
    }
    if let Some(bell) = bells.first() {
        bell.fence();
    }
    reached("bell: announced");
}

/// Makes ringing cheaper, and the next sleep dearer. For a sleeper that has not slept for long.
#[inline]
pub fn relax<B: Bell>(bell: &B, sleepers: Sleepers) {
    if sleepers == Sleepers::One && bell.can_be_light() {
        bell.replace(ALERT, LIGHT);
    }
}
