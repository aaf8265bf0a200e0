//! Doorbells: a kernel event, and a word in the region that tells whether a thread sleeps, so that no ringer calls the
//! kernel in vain.

use std::os::windows::io::BorrowedHandle;
use std::time::Duration;

use super::kernel::{reset_event, set_event};
use super::object::Object;
use super::wait::wait;
use crate::contract::context::Operation;
use crate::seam::bell::RawBell;
use crate::seam::kind::New;
use crate::seam::object::RawObject as _;
use crate::seam::place::Place;
use crate::words::Until;
use crate::words::bell::ASLEEP;
use crate::{Reset, Result, Sleepers};

#[derive(Clone)]
pub(crate) struct Bell {
    place: Place,
    event: Object,
    sleepers: Sleepers,
}

impl Bell {
    /// What its sleepers wait for.
    pub(super) fn handle(&self) -> BorrowedHandle<'_> {
        self.event.handle()
    }
}

impl RawBell for Bell {
    fn at(place: &Place, sleepers: Sleepers, operation: Operation) -> Result<Bell> {
        // A single sleeper takes the signal; of many sleepers, each must see it.
        let reset = match sleepers {
            Sleepers::One => Reset::Auto,
            Sleepers::Many => Reset::Manual,
        };
        let new = New::Event { reset, is_set: false };
        let (event, _) = Object::make_inside(place, new, &|_| Ok(()), operation)?;
        Ok(Bell { place: place.clone(), event, sleepers })
    }

    #[inline]
    fn place(&self) -> &Place {
        &self.place
    }

    fn announced(&self, seen: u32) {
        if self.sleepers == Sleepers::Many && seen != ASLEEP {
            // The first sleeper since the last ring. An earlier one that was woken just now, between its look and its
            // wait, misses that wake-up and sleeps for a slice.
            let _ = reset_event(self.event.handle());
        }
    }

    fn sleep_on_any(bells: &[&Bell], limit: Duration) {
        let handles: Vec<_> = bells.iter().map(|bell| bell.handle()).collect();
        // The caller looks again after every sleep.
        let _ = wait(&handles, Until::after(Some(limit)));
    }

    fn wake(&self) {
        // Fails only for a handle that is not open, and this is.
        let _ = set_event(self.event.handle());
    }
}
