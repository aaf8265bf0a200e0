//! How long to look before sleeping.
//!
//! A side that waits looks for a while, and learns whether looking pays; where it does not, it is tried again now and
//! then. After that the side sleeps on a doorbell, which it has made *light* if it has not slept for long (see
//! `samemap_platform::internal::words::bell`).

use std::hint;
use std::time::{Duration, Instant};

use samemap_platform::internal::words::Until;
use samemap_platform::internal::{Fact, processors};

use crate::Result;

/// How long one side of a channel looks for news before it sleeps in the kernel.
///
/// A look costs little, and finds what comes within microseconds faster than a wake-up could; but it takes a
/// processor's time, and where the peer needs this very processor it is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Spin {
    /// Up to some tens of microseconds where that has paid of late, and not at all where it has not; never on a machine
    /// with one processor.
    #[default]
    Adaptive,
    /// Sleep at once.
    Never,
    /// This long each time, whatever came of it, if the call's own time is not over before.
    For(Duration),
}

/// The longest look, in pauses, which take 5 to 50 ns each, depending on the processor. Without a pause, each look would
/// take from the other side the cache line that it is about to write to, and the answer would come later.
const MOST_LOOKS: u32 = 1500;
/// The first looks come after one pause each. Where an answer takes longer than that, cache lines travel slowly, and each
/// look that takes one away costs more than it can find.
const SOON: u32 = 12;
/// Pauses between later looks.
const LATER: u32 = 3;
/// Pauses of a brief look: more than an answer takes that comes at once.
const BRIEF_LOOK: u32 = 64;
/// Pauses beyond the number that found something before.
const SPARE_LOOKS: u32 = 40;
/// Where looking does not pay, the next trial comes after this many times as long as the last trial took: trials take
/// half a percent of a processor's time at most. A trial has the greatest length: where both sides sleep each time, it
/// must last until the other side has woken up and answered, which takes tens of microseconds.
const PAUSE_BETWEEN_TRIALS: u32 = 200;

/// How long a look may be without asking whether the peer lives.
const SLICE: Duration = Duration::from_millis(25);

/// After how many messages without a sleep a side makes its doorbell light, so that the other side's rings are cheap.
const AWAKE_FOR_LONG: u32 = 64;

/// Looks for something, and learns whether that pays.
#[derive(Debug)]
pub(crate) struct Spinner {
    spin: Spin,
    looks: u32,
    /// The time of the next trial; `None` until a trial has failed.
    next_trial: Option<Instant>,
    /// Messages since the last sleep.
    awake: u32,
}

impl Spinner {
    pub(crate) fn new(spin: Spin) -> Spinner {
        let spin = if spin == Spin::Adaptive && is_single_processor() { Spin::Never } else { spin };
        Spinner { spin, looks: MOST_LOOKS / 4, next_trial: None, awake: 0 }
    }

    /// Looks for a while, within the limit; `true` when `found` was. A long look asks now and then whether it
    /// `goes_on`.
    #[inline]
    pub(crate) fn look(
        &mut self,
        limit: Until,
        mut found: impl FnMut() -> bool,
        goes_on: impl Fn() -> Result<bool>,
    ) -> Result<bool> {
        match self.spin {
            Spin::Adaptive => Ok(self.look_adaptively(found)),
            Spin::Never => Ok(found()),
            Spin::For(time) => look_for(time, limit, &mut found, &goes_on),
        }
    }

    /// Looks for a moment, where that has paid of late: the short way to an answer that comes at once.
    #[inline]
    pub(crate) fn look_briefly(&self, found: impl FnMut() -> bool) -> bool {
        self.may_pause() && look(BRIEF_LOOK, found).is_some()
    }

    /// Leaves the other side alone for so many pauses, before looking.
    pub(crate) fn pause(&self, pauses: u32) {
        if self.may_pause() {
            (0..pauses).for_each(|_| hint::spin_loop());
        }
    }

    /// Whether the other side has a processor of its own, as far as one can see.
    #[inline]
    fn may_pause(&self) -> bool {
        self.spin != Spin::Never && self.looks > 0
    }

    /// Counts a message; `true` once, when there were many since the last sleep.
    #[inline]
    pub(crate) fn is_long_awake(&mut self) -> bool {
        self.awake = self.awake.wrapping_add(1);
        self.awake == AWAKE_FOR_LONG
    }

    /// This side is about to sleep.
    pub(crate) fn sleeps(&mut self) {
        self.awake = 0;
    }

    #[inline]
    fn look_adaptively(&mut self, found: impl FnMut() -> bool) -> bool {
        if self.looks > 0 { self.look_as_learnt(found) } else { self.look_on_trial(found) }
    }

    #[inline]
    fn look_as_learnt(&mut self, found: impl FnMut() -> bool) -> bool {
        let paid = look(self.looks, found);
        match paid {
            Some(looks) => self.learn(looks),
            None => self.looks = if self.looks <= SPARE_LOOKS { 0 } else { self.looks / 2 },
        }
        paid.is_some()
    }

    /// Looking has not paid of late.
    #[cold]
    fn look_on_trial(&mut self, mut found: impl FnMut() -> bool) -> bool {
        let start = Instant::now();
        if self.next_trial.is_some_and(|next| start < next) {
            return found();
        }
        let paid = look(MOST_LOOKS, found);
        match paid {
            Some(looks) => self.learn(looks),
            None => self.next_trial = Some(start + start.elapsed() * (PAUSE_BETWEEN_TRIALS + 1)),
        }
        paid.is_some()
    }

    /// Remembers half as many looks again as it took.
    fn learn(&mut self, looks: u32) {
        self.looks = self.looks.max((looks * 3 / 2 + SPARE_LOOKS).min(MOST_LOOKS));
    }
}

/// Looks for so many pauses at most; the answer is how many of them passed before the look that found something.
#[inline]
fn look(most: u32, mut found: impl FnMut() -> bool) -> Option<u32> {
    let mut paused = 0;
    while paused < most {
        if found() {
            return Some(paused);
        }
        let pauses = if paused < SOON { 1 } else { LATER };
        (0..pauses).for_each(|_| hint::spin_loop());
        paused += pauses;
    }
    None
}

fn look_for(
    time: Duration,
    limit: Until,
    found: &mut impl FnMut() -> bool,
    goes_on: &impl Fn() -> Result<bool>,
) -> Result<bool> {
    let end = Until::after(Some(time));
    let mut slice = Until::after(Some(SLICE));
    loop {
        for _ in 0..16 {
            if found() {
                return Ok(true);
            }
            hint::spin_loop();
        }
        if end.is_over() || limit.is_over() {
            return Ok(false);
        }
        if slice.is_over() {
            if !goes_on()? {
                return Ok(false);
            }
            slice = Until::after(Some(SLICE));
        }
    }
}

/// Whether the machine has one processor only. It does not matter on which of them this thread may run: the peer may be
/// on another one.
fn is_single_processor() -> bool {
    static ANSWER: Fact = Fact::unknown();
    ANSWER.get(|| processors() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks_for(spinner: &mut Spinner, found: impl FnMut() -> bool) -> bool {
        spinner.look(Until::Forever, found, || Ok(true)).unwrap()
    }

    fn adaptive(looks: u32) -> Spinner {
        Spinner { spin: Spin::Adaptive, looks, next_trial: None, awake: 0 }
    }

    #[test]
    fn looking_that_never_pays_is_given_up() {
        let mut spinner = adaptive(MOST_LOOKS);
        for _ in 0..20 {
            assert!(!looks_for(&mut spinner, || false));
        }
        let next = spinner.next_trial.expect("a trial did not pay");
        let mut looks = 0;
        while Instant::now() < next {
            let before = looks;
            looks_for(&mut spinner, || {
                looks += 1;
                false
            });
            assert!(looks == before + 1 || Instant::now() >= next, "it looked {} times", looks - before);
        }
    }

    #[test]
    fn looking_that_pays_is_taken_up_again() {
        let mut spinner = adaptive(0);
        let mut looks = 0;
        assert!(looks_for(&mut spinner, || {
            looks += 1;
            looks > MOST_LOOKS / LATER / 2
        }));
        assert!(spinner.looks > MOST_LOOKS / 2, "{spinner:?}");
    }

    #[test]
    fn what_pays_is_kept_in_mind() {
        let mut spinner = adaptive(SPARE_LOOKS);
        for _ in 0..3 {
            let mut looks = 0;
            assert!(looks_for(&mut spinner, || {
                looks += 1;
                looks > 20
            }));
        }
        let paused = SOON + (20 - SOON) * LATER;
        assert_eq!(spinner.looks, paused * 3 / 2 + SPARE_LOOKS);
    }

    #[test]
    fn a_brief_look_is_short_and_only_where_looking_pays() {
        let mut looks = 0;
        let mut found_at = |last| {
            looks += 1;
            looks > last
        };
        assert!(adaptive(SPARE_LOOKS).look_briefly(|| found_at(5)));
        assert!(!adaptive(MOST_LOOKS).look_briefly(|| found_at(5 + MOST_LOOKS)));
        assert!(looks < 5 + MOST_LOOKS / 2, "it looked {looks} times");
        assert!(!adaptive(0).look_briefly(|| true));
        assert!(!Spinner::new(Spin::Never).look_briefly(|| true));
    }

    #[test]
    fn a_set_time_is_kept() {
        let mut spinner = Spinner::new(Spin::For(Duration::from_millis(2)));
        let start = Instant::now();
        assert!(!looks_for(&mut spinner, || false));
        assert!(start.elapsed() >= Duration::from_millis(2));
        assert!(!looks_for(&mut Spinner::new(Spin::Never), || false));
    }

    #[test]
    fn a_set_time_ends_with_the_call_and_with_the_peer() {
        let mut spinner = Spinner::new(Spin::For(Duration::MAX));
        let limit = Until::after(Some(Duration::from_millis(2)));
        assert!(!spinner.look(limit, || false, || Ok(true)).unwrap());
        assert!(!spinner.look(Until::Forever, || false, || Ok(false)).unwrap());
    }
}
