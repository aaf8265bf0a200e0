//! How long to look before sleeping.

use std::hint;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

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
    /// At least this long each time, whatever came of it.
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

/// Looks for something, and learns whether that pays.
#[derive(Debug)]
pub(super) struct Spinner {
    spin: Spin,
    looks: u32,
    waits: u32,
}

impl Spinner {
    pub(super) fn new(spin: Spin) -> Spinner {
        let spin = if spin == Spin::Adaptive && is_single_processor() { Spin::Never } else { spin };
        Spinner { spin, looks: MOST_LOOKS / 4, waits: 0 }
    }

    /// Looks for a while; `true` when `found` was.
    #[inline]
    pub(super) fn look(&mut self, mut found: impl FnMut() -> bool) -> bool {
        match self.spin {
            Spin::Adaptive => self.look_adaptively(found),
            Spin::Never => found(),
            Spin::For(time) => look_for(time, &mut found),
        }
    }

    #[inline]
    fn look_adaptively(&mut self, mut found: impl FnMut() -> bool) -> bool {
        if self.looks == 0 {
            self.waits += 1;
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

fn look_for(time: Duration, found: &mut impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        for _ in 0..16 {
            if found() {
                return true;
            }
            hint::spin_loop();
        }
        if start.elapsed() >= time {
            return false;
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

    #[test]
    fn looking_that_never_pays_is_given_up() {
        let mut spinner = Spinner { spin: Spin::Adaptive, looks: MOST_LOOKS, waits: 0 };
        for _ in 0..20 {
            assert!(!spinner.look(|| false));
        }
        let mut looks = 0;
        for _ in 0..WAITS_BETWEEN_TRIALS * 10 {
            spinner.look(|| {
                looks += 1;
                false
            });
        }
        assert!(looks < WAITS_BETWEEN_TRIALS * 10 + 11 * (EAGER_LOOKS + TRIAL_LOOKS), "{looks}");
    }

    #[test]
    fn looking_that_pays_is_taken_up_again() {
        let mut spinner = Spinner { spin: Spin::Adaptive, looks: 0, waits: 0 };
        for _ in 0..1000 {
            let mut looks = 0;
            spinner.look(|| {
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
        assert!(!spinner.look(|| false));
        assert!(start.elapsed() >= Duration::from_millis(2));
        assert!(!Spinner::new(Spin::Never).look(|| false));
    }
}
