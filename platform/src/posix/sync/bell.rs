//! Doorbells: a word to sleep on, and fences that the kernel makes for the ringers (membarrier(2),
//! `GLOBAL_EXPEDITED`, Linux 4.16).

use std::sync::atomic::AtomicU32;
use std::time::Duration;

use rustix::thread::{MembarrierCommand, futex, membarrier};

use super::futex::{Expectation, sleep_on_any, timespec};
use super::object::initialise;
use super::place::held_of;
use crate::contract::context::{Context, Operation};
use crate::seam::bell::RawBell;
use crate::seam::header::Readiness;
use crate::seam::kind::New;
use crate::seam::per_process::Fact;
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
        initialise(place, &held_of(place, context)?, new, &|_| Ok(()), context)?;
        Ok(Bell { place: place.clone(), takes_part: takes_part_in_fences() })
    }

    #[inline]
    fn word(&self) -> &AtomicU32 {
        &self.place.header().word
    }

    fn fence_everywhere(&self) {
        let _ = membarrier(MembarrierCommand::GlobalExpedited);
    }

    #[inline]
    fn can_be_light(&self) -> bool {
        self.takes_part
    }

    fn sleep_on_any(bells: &[&Bell], limit: Duration) {
        // The caller looks again after every sleep.
        if let [bell] = bells {
            let _ = futex::wait(bell.word(), futex::Flags::empty(), ASLEEP, Some(&timespec(limit)));
            return;
        }
        let words: Vec<_> =
            bells.iter().map(|bell| Expectation { word: bell.word(), value: ASLEEP }).collect();
        let _ = sleep_on_any(&words, Until::after(Some(limit)));
    }

    fn wake(&self) {
        // Fails only for memory that is not mapped, and this is.
        let _ = futex::wake(self.word(), futex::Flags::empty(), i32::MAX as u32);
    }
}

/// Registers this process once for the fences that sleepers request.
fn takes_part_in_fences() -> bool {
    static ANSWER: Fact = Fact::unknown();
    ANSWER.get(|| membarrier(MembarrierCommand::RegisterGlobalExpedited).is_ok())
}
