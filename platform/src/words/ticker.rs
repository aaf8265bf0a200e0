//! Sleeps without a timer, while another thread of the process, the *ticker*, wakes all sleepers now and then.
//!
//! A sleeper says that it is asleep, and then looks whether the ticker is at work. A ticker that wants to rest says so,
//! and then looks whether a thread is asleep. With the fence in between, one of the two sees the other: either the
//! sleeper sets a timer, or the ticker does not rest yet. A sleeper that has said so and not slept yet may miss a
//! wake-up, and gets the next one.

/// Something that one thread of a process says to another one.
pub trait Flag {
    /// Whether it is so; a relaxed load.
    fn load(&self) -> bool;
    /// Says whether it is so; a relaxed store.
    fn store(&self, new: bool);
    /// Makes a full fence.
    fn fence();
}

/// Says that the caller is asleep from now on, if the ticker is at work.
#[inline]
pub fn falls_asleep<F: Flag>(asleep: &F, at_work: &F) -> bool {
    asleep.store(true);
    F::fence();
    if at_work.load() {
        return true;
    }
    asleep.store(false);
    false
}

/// Says that the ticker is not at work from now on, and tells whether it may rest: no thread is asleep.
pub fn may_rest<'a, F: Flag + 'a>(at_work: &F, mut asleep: impl Iterator<Item = &'a F>) -> bool {
    at_work.store(false);
    F::fence();
    !asleep.any(Flag::load)
}
