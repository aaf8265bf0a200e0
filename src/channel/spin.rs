//! How long to look before sleeping.

use std::hint;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use super::connection::Limit;
use crate::Result;

/// How long one side of a channel looks for news before it sleeps in the kernel.
///
/// A look costs little, and finds what comes within microseconds faster than a wake-up could; but it takes a processor's
/// time, and where the peer needs this very processor it is lost.
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

/// Looks without a pause between: the quickest answer to a peer that answers at once.
const EAGER_LOOKS: u32 = 48;
/// Looks with a pause, which is 5 to 50 ns long, by the processor.
const MOST_LOOKS: u32 = 1500;
/// What is tried again now and then when looking has not paid.
const TRIAL_LOOKS: u32 = 40;
/// How many waits lie between two such trials.
const WAITS_BETWEEN_TRIALS: u32 = 32;

/// How long a look may be without asking whether the peer lives.
const SLICE: Duration = Duration::from_millis(25);

/// After how many messages without a sleep a side makes it cheap for the other one not to wake it.
const AWAKE_FOR_LONG: u32 = 64;

/// Looks for something, and learns whether that pays.
#[derive(Debug)]
pub(super) struct Spinner {
    spin: Spin,
    looks: u32,
    waits: u32,
    /// Messages since the last sleep.
    awake: u32,
}

impl Spinner {
    pub(super) fn new(spin: Spin) -> Spinner {
        let spin = if spin == Spin::Adaptive && is_single_processor() { Spin::Never } else { spin };
        Spinner { spin, looks: MOST_LOOKS / 4, waits: 0, awake: 0 }
    }

    /// Looks for a while, within the limit; `true` when `found` was. A long look asks now and then whether it `goes_on`.
    #[inline]
    pub(super) fn look(
        &mut self,
        limit: Limit,
        mut found: impl FnMut() -> bool,
        goes_on: impl Fn() -> Result<bool>,
    ) -> Result<bool> {
        match self.spin {
            Spin::Adaptive => Ok(self.look_adaptively(found)),
            Spin::Never => Ok(found()),
            Spin::For(time) => look_for(time, limit, &mut found, &goes_on),
        }
    }

    /// Counts a message; `true` once, when there were many since the last sleep.
    #[inline]
    pub(super) fn is_long_awake(&mut self) -> bool {
        self.awake = self.awake.wrapping_add(1);
        self.awake == AWAKE_FOR_LONG
    }

    /// This side is about to sleep.
    pub(super) fn sleeps(&mut self) {
        self.awake = 0;
    }

    #[inline]
    fn look_adaptively(&mut self, mut found: impl FnMut() -> bool) -> bool {
        if self.looks == 0 {
            self.waits = self.waits.wrapping_add(1);
            if self.waits % WAITS_BETWEEN_TRIALS != 0 {
                return found();
            }
            self.looks = TRIAL_LOOKS;
        }
        for look in 0..EAGER_LOOKS + self.looks {
            if found() {
                // Half as many again as it took, in the long run.
                let paid = look.saturating_sub(EAGER_LOOKS);
                self.looks = self.looks.max((paid * 3 / 2 + TRIAL_LOOKS).min(MOST_LOOKS));
                return true;
            }
            if look >= EAGER_LOOKS {
                hint::spin_loop();
            }
        }
        self.looks = if self.looks <= TRIAL_LOOKS { 0 } else { self.looks / 2 };
        false
    }
}

fn look_for(
    time: Duration,
    limit: Limit,
    found: &mut impl FnMut() -> bool,
    goes_on: &impl Fn() -> Result<bool>,
) -> Result<bool> {
    let end = Limit::after(Some(time));
    let mut slice = Limit::after(Some(SLICE));
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
            slice = Limit::after(Some(SLICE));
        }
    }
}

fn is_single_processor() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| thread::available_parallelism().is_ok_and(|count| count.get() == 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn look(spinner: &mut Spinner, found: impl FnMut() -> bool) -> bool {
        spinner.look(Limit::Never, found, || Ok(true)).unwrap()
    }

    #[test]
    fn looking_that_never_pays_is_given_up() {
        let mut spinner = Spinner { spin: Spin::Adaptive, looks: MOST_LOOKS, waits: 0, awake: 0 };
        for _ in 0..20 {
            assert!(!look(&mut spinner, || false));
        }
        let mut looks = 0;
        for _ in 0..WAITS_BETWEEN_TRIALS * 10 {
            look(&mut spinner, || {
                looks += 1;
                false
            });
        }
        assert!(looks < WAITS_BETWEEN_TRIALS * 10 + 11 * (EAGER_LOOKS + TRIAL_LOOKS), "{looks}");
    }

    #[test]
    fn looking_that_pays_is_taken_up_again() {
        let mut spinner = Spinner { spin: Spin::Adaptive, looks: 0, waits: 0, awake: 0 };
        for _ in 0..1000 {
            let mut looks = 0;
            look(&mut spinner, || {
                looks += 1;
                looks > EAGER_LOOKS + 20
            });
        }
        assert!(spinner.looks >= TRIAL_LOOKS, "{spinner:?}");
    }

    #[test]
    fn a_set_time_is_kept() {
        let mut spinner = Spinner::new(Spin::For(Duration::from_millis(2)));
        let start = Instant::now();
        assert!(!look(&mut spinner, || false));
        assert!(start.elapsed() >= Duration::from_millis(2));
        assert!(!look(&mut Spinner::new(Spin::Never), || false));
    }

    #[test]
    fn a_set_time_ends_with_the_call_and_with_the_peer() {
        let mut spinner = Spinner::new(Spin::For(Duration::MAX));
        let limit = Limit::after(Some(Duration::from_millis(2)));
        assert!(!spinner.look(limit, || false, || Ok(true)).unwrap());
        assert!(!spinner.look(Limit::Never, || false, || Ok(false)).unwrap());
    }
}
