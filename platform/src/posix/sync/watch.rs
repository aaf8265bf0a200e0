//! Waits on behalf of tasks and event loops. A sleep takes nothing: it ends when the word is no longer what its
//! announcement left there.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::bell::Bell;
use super::futex::{Expectation, sleep_on_any};
use super::object::Object;
use super::wait::{self, Awaited as _, Wait};
use crate::seam::object::Failure;
use crate::seam::watch::{Beside, RawWatch};
use crate::words::Until;
use crate::words::bell::ASLEEP;

pub(crate) struct Watch {
    object: Object,
    /// The object's value from the beginning of the wait.
    begun: AtomicU32,
}

impl Watch {
    fn begun(&self) -> u32 {
        self.begun.load(Ordering::Relaxed)
    }
}

impl RawWatch<Object, Bell> for Watch {
    fn begin(object: &Object) -> Self {
        Watch { object: object.clone(), begun: AtomicU32::new(object.begin()) }
    }

    fn try_take(&self) -> Result<bool, Failure> {
        let took = self.object.try_take(Wait { begun: self.begun(), announced: false })?;
        if took {
            self.begun.store(self.object.begin(), Ordering::Relaxed);
        }
        Ok(took)
    }

    fn is_ready(&self) -> bool {
        self.object.announce(self.begun()).is_none()
    }

    fn sleep_on_any(bells: &[&Bell], watches: &[&Self], limit: Duration) {
        let mut expectations = Vec::with_capacity(bells.len() + watches.len());
        expectations.extend(bells.iter().map(|bell| Expectation { word: bell.asleep(), value: ASLEEP }));
        let mut until = Until::after(Some(limit));
        for watch in watches {
            let Some((expectation, due)) = watch.object.announce(watch.begun()) else { return };
            expectations.push(expectation);
            until = until.or_after(due).0;
        }
        // The caller looks again after every sleep.
        let _ = sleep_on_any(&expectations, until);
        // A task takes the signal when its executor lets it, if ever: a thread that waits for the same object may be
        // faster.
        for watch in watches {
            watch.object.pass_on();
        }
    }

    fn wait_any_beside(
        objects: &[&Object],
        timeout: Option<Duration>,
        news: &Beside<'_, Bell>,
    ) -> Result<Option<usize>, Failure> {
        wait::wait_any(objects, timeout, Some(news))
    }
}
