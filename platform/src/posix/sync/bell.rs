//! Doorbells: a word to sleep on, and fences that the kernel makes for the ringers.

use std::sync::atomic::AtomicU32;
use std::time::Duration;

use super::futex::{Expectation, sleep_on_any};
use super::making::initialise;
use super::place::held_of;
use super::ticker;
use crate::contract::context::{Context, Operation};
use crate::posix::kernel;
use crate::seam::bell::RawBell;
use crate::seam::header::Readiness;
use crate::seam::kind::New;
use crate::seam::place::Place;
use crate::words::Until;
use crate::words::bell::ASLEEP;
use crate::{Reset, Result, Sleepers};

#[derive(Clone)]
pub(crate) struct Bell {
    place: Place,
    /// Whether this process takes part in the kernel's fences.
    takes_part: bool,
}

impl Bell {
    /// The word to sleep on.
    pub(super) fn asleep(&self) -> &AtomicU32 {
        self.place.header().value()
    }
}

impl RawBell for Bell {
    fn at(place: &Place, _sleepers: Sleepers, operation: Operation) -> Result<Bell> {
        // The word of an event that is not set is that of an alert doorbell.
        let new = New::Event { reset: Reset::Auto, is_set: false };
        let context = Context { operation, name: None };
        if place.header().readiness() == Readiness::Untouched {
            // All makers write the same, and a sleeper's word stays: so none needs to be alone, as makers of other
            // objects do.
            place.header().name(new);
            place.header().finish();
        }
        // A ready one needs no look at the descriptor for locks.
        match place.header().readiness() {
            Readiness::Ready(_) => place.check(new.kind(), context)?,
            _ => _ = initialise(place, &held_of(place, context)?, new, &|_| Ok(()), context)?,
        }
        Ok(Bell { place: place.clone(), takes_part: kernel::takes_part_in_fences() })
    }

    #[inline]
    fn place(&self) -> &Place {
        &self.place
    }

    fn fence_everywhere(&self) {
        kernel::fence_everywhere();
    }

    #[inline]
    fn can_be_light(&self) -> bool {
        self.takes_part
    }

    fn sleep(&self, limit: Duration) {
        ticker::sleep(self.asleep(), ASLEEP, limit);
    }

    fn sleep_on_any(bells: &[&Bell], limit: Duration) {
        // The caller looks again after every sleep.
        if let [bell] = bells {
            let _ = kernel::sleep(bell.asleep(), ASLEEP, limit);
            return;
        }
        let words: Vec<_> =
            bells.iter().map(|bell| Expectation { word: bell.asleep(), value: ASLEEP }).collect();
        let _ = sleep_on_any(&words, Until::after(Some(limit)));
    }

    fn wake(&self) {
        kernel::wake_all(self.asleep());
    }
}
