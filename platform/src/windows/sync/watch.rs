//! Waits on behalf of tasks and event loops. The kernel has no wait that takes nothing: a thread that waits for an event
//! or a semaphore takes the signal, and keeps it for the task, or gives it back.
//!
//! A timer's signal cannot be given back. So the thread looks at timers every 10 ms, which is about as exact as they are.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::bell::Bell;
use super::object::Object;
use super::query::{event_is_manual, timer_is_signalled};
use super::wait::{Outcome, wait};
use crate::ObjectKind;
use crate::seam::object::{Failure, RawObject as _, Signal};
use crate::seam::watch::{Beside, RawWatch};
use crate::words::Until;

/// How often the timers are looked at.
const TICK: Duration = Duration::from_millis(10);

pub(crate) struct Watch {
    object: Object,
    looked_at: bool,
    /// Whether the thread took a signal that the task has not taken yet.
    has_signal: AtomicBool,
}

impl Watch {
    /// The call that gives back a signal which the thread took; `None` where the object has kept it.
    fn giving_back(&self) -> Option<Signal> {
        match self.object.kind() {
            ObjectKind::Semaphore => Some(Signal::Release(1)),
            ObjectKind::Event if !event_is_manual(self.object.handle()).unwrap_or(false) => Some(Signal::Set),
            _ => None,
        }
    }
}

impl RawWatch<Object, Bell> for Watch {
    fn begin(object: &Object) -> Self {
        // Where this user may not ask, the timer is waited for like an event, and its signal is not given back.
        let looked_at = object.kind() == ObjectKind::Timer && timer_is_signalled(object.handle()).is_ok();
        Watch { object: object.clone(), looked_at, has_signal: AtomicBool::new(false) }
    }

    fn try_take(&self) -> Result<bool, Failure> {
        if self.has_signal.swap(false, Ordering::AcqRel) {
            return Ok(true);
        }
        Ok(Object::wait_any(&[&self.object], Some(Duration::ZERO))?.is_some())
    }

    fn is_ready(&self) -> bool {
        self.has_signal.load(Ordering::Acquire)
            || self.looked_at && timer_is_signalled(self.object.handle()).unwrap_or(true)
    }

    fn sleep_on_any(bells: &[&Bell], watches: &[&Self], limit: Duration) {
        let (looked_at, waited_for): (Vec<&Self>, Vec<&Self>) =
            watches.iter().partition(|watch| watch.looked_at);
        let mut handles: Vec<_> = bells.iter().map(|bell| bell.handle()).collect();
        handles.extend(waited_for.iter().map(|watch| watch.object.handle()));
        let limit = if looked_at.is_empty() { limit } else { limit.min(TICK) };
        // The caller looks again after every sleep.
        let Ok(Outcome::Signalled(index)) = wait(&handles, Until::after(Some(limit))) else { return };
        if let Some(watch) = index.checked_sub(bells.len()).map(|index| waited_for[index]) {
            watch.object.was_taken(false);
            watch.has_signal.store(true, Ordering::Release);
        }
    }

    fn wait_any_beside(
        objects: &[&Object],
        timeout: Option<Duration>,
        news: &Beside<'_, Bell>,
    ) -> Result<Option<usize>, Failure> {
        let mut handles: Vec<_> = objects.iter().map(|object| object.handle()).collect();
        handles.extend(news.bells.iter().map(|bell| bell.handle()));
        let until = Until::after(timeout);
        loop {
            let mut slept = None;
            let has_come = news.sleep(until.left().unwrap_or(Duration::MAX), |limit| {
                slept = Some(wait(&handles, Until::after(Some(limit))));
            });
            let taken = match slept.transpose()? {
                Some(Outcome::Signalled(index)) => Some((index, false)),
                Some(Outcome::Abandoned(index)) => Some((index, true)),
                Some(Outcome::TimedOut) | None => None,
            };
            if let Some((index, died)) = taken.filter(|&(index, _)| index < objects.len()) {
                objects[index].was_taken(died);
                return Ok(Some(index));
            }
            if has_come || until.is_over() {
                return Ok(None);
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if *self.has_signal.get_mut() {
            if let Some(signal) = self.giving_back() {
                // Refused for a user that may only wait, and for a semaphore that has all its permits again.
                let _ = self.object.signal(signal);
            }
        }
    }
}
