//! A doorbell: without sleepers, with a sleeper, or without sleepers and *light*, where the sleeper makes the fences.
//!
//! The ringer stores data and then must not miss a sleeper; the sleeper announces its sleep and then must not miss
//! data. Between such a store and the load that follows, a processor needs a full fence, which costs a stream of small
//! messages more than all the rest. So the sleeper pays for both sides: while the bell is *light*, no thread sleeps and
//! the ringer makes one plain load. Before the sleeper sleeps, it has the kernel run a fence on every processor. A
//! doorbell becomes light when its sleeper asks for it, after many messages without a sleep.

use std::time::Duration;

use crate::Sleepers;
use crate::testing::reached;

/// No thread sleeps, but one may be about to: the ringer makes a fence before it looks.
pub const ALERT: u32 = 0;
/// A thread sleeps, or is about to.
pub const ASLEEP: u32 = 1;
/// No thread sleeps, and a sleeper has the kernel make the ringer's fence.
pub const LIGHT: u32 = 2;

/// The longest sleep, or so. Channels promise to notice a peer's death within 100 ms.
pub const SLICE: Duration = Duration::from_millis(80);

/// A doorbell's word, and the system calls for it.
pub trait Bell {
    /// Reads the word; a relaxed load.
    fn load(&self) -> u32;
    /// Replaces the word by `new` and returns the previous value; sequentially consistent, like every fence.
    fn swap(&self, new: u32) -> u32;
    /// Replaces the word by `new` if it is `current`; relaxed.
    fn replace(&self, current: u32, new: u32);
    /// Makes a full fence.
    fn fence(&self);
    /// Keeps the compiler from moving the following load before the preceding store. The processor may still do so,
    /// except across a [`fence_everywhere`](Self::fence_everywhere).
    fn compiler_fence(&self);
    /// Makes a full fence on every processor that runs a process that [can ring lightly](Self::can_be_light).
    fn fence_everywhere(&self);
    /// Whether this process takes part in such fences.
    fn can_be_light(&self) -> bool;
    /// A sleeper has just put [`ASLEEP`] in place of `seen`.
    fn announced(&self, seen: u32);
    /// Sleeps while the word is [`ASLEEP`] and nothing wakes it, for at most `limit`, and a [`SLICE`] or so. May wake
    /// spuriously.
    fn sleep(&self, limit: Duration);
    /// Sleeps while each word is [`ASLEEP`] and no doorbell wakes it, for at most `limit`. May wake spuriously.
    fn sleep_on_any(bells: &[&Self], limit: Duration);
    /// Wakes all its sleepers.
    fn wake(&self);
}

/// Wakes the sleepers. They see earlier stores that have at least release ordering.
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

/// Sleeps until the doorbell rings, for a slice at most, unless `changed` says that there is something already.
pub fn sleep<B: Bell>(bell: &B, sleepers: Sleepers, limit: Duration, changed: impl FnOnce() -> bool) {
    announce(&[bell]);
    if !changed() {
        bell.sleep(limit);
    } else if sleepers == Sleepers::One {
        // No other thread can be asleep. A ring that came meanwhile has stored this already.
        bell.replace(ASLEEP, ALERT);
    }
}

/// Sleeps until one of the doorbells rings, as [`sleep`] does.
pub fn sleep_on_any<B: Bell>(bells: &[&B], limit: Duration, changed: impl FnOnce() -> bool) {
    sleep_with(bells, limit, changed, |limit| B::sleep_on_any(bells, limit));
}

/// Sleeps as [`sleep_on_any`] does, by a call that also sleeps on other things.
pub fn sleep_with<B: Bell>(
    bells: &[&B],
    limit: Duration,
    changed: impl FnOnce() -> bool,
    sleep: impl FnOnce(Duration),
) {
    announce(bells);
    if !changed() {
        sleep(limit.min(SLICE));
    }
}

/// Announces a sleeper on each doorbell. A ring that misses the announcement has made its stores visible by now.
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

/// Makes ringing cheaper and the next sleep dearer: for a sleeper that has not slept for a long time.
#[inline]
pub fn relax<B: Bell>(bell: &B, sleepers: Sleepers) {
    if sleepers == Sleepers::One && bell.can_be_light() {
        bell.replace(ALERT, LIGHT);
    }
}
