//! Waits for several objects at once (rule C26).

use std::time::Duration;

use super::bell::Bell;
use super::futex::{Expectation, sleep_on_any};
use crate::seam::object::Failure;
use crate::seam::watch::Beside;
use crate::words::bell::ASLEEP;
use crate::words::{Slept, Until};

/// A wait for one of the objects.
#[derive(Clone, Copy)]
pub(super) struct Wait {
    /// The object's value from the beginning of the wait.
    pub(super) begun: u32,
    /// Whether the wait was announced to the object.
    pub(super) announced: bool,
}

/// One of the objects of a wait for several.
pub(super) trait Awaited {
    /// The value to remember from the beginning of the wait.
    fn begin(&self) -> u32;

    /// Tries to take the signal or the ownership.
    fn try_take(&self, wait: Wait) -> Result<bool, Failure>;

    /// Announces a sleeper: the value to sleep on and the longest time, or `None` when the object may be signalled.
    fn announce(&self, begun: u32) -> Option<(Expectation<'_>, Option<Duration>)>;

    /// Passes a wake-up on to another waiter, because the wait ended without this object.
    fn pass_on(&self);
}

/// See `RawObject::wait_any`, and `RawWatch::wait_any_beside` for the news.
pub(super) fn wait_any<O: Awaited>(
    objects: &[&O],
    timeout: Option<Duration>,
    news: Option<&Beside<'_, Bell>>,
) -> Result<Option<usize>, Failure> {
    let mut waits: Vec<Wait> =
        objects.iter().map(|object| Wait { begun: object.begin(), announced: false }).collect();
    let answer = wait(objects, &mut waits, Until::after(timeout), news);
    let taken = answer.as_ref().ok().copied().flatten();
    for (index, (object, wait)) in objects.iter().zip(&waits).enumerate() {
        if wait.announced && Some(index) != taken {
            object.pass_on();
        }
    }
    answer
}

fn wait<O: Awaited>(
    objects: &[&O],
    waits: &mut [Wait],
    until: Until,
    news: Option<&Beside<'_, Bell>>,
) -> Result<Option<usize>, Failure> {
    loop {
        if let Some(index) = take_first(objects, waits)? {
            return Ok(Some(index));
        }
        if until == Until::Now {
            return Ok(None);
        }
        let Some((expectations, next)) = announce(objects, waits) else { continue };
        let (sleep_until, is_last) = until.or_after(next);
        let is_over = match news {
            Some(news) => sleep_beside(news, expectations, sleep_until) || until.is_over(),
            None => sleep_on_any(&expectations, sleep_until) == Slept::DeadlineOver && is_last,
        };
        if is_over {
            return take_first(objects, waits);
        }
    }
}

/// Sleeps on the objects and on the doorbells; whether there is news.
fn sleep_beside<'a>(news: &Beside<'a, Bell>, mut expectations: Vec<Expectation<'a>>, until: Until) -> bool {
    expectations.extend(news.bells.iter().map(|bell| Expectation { word: bell.asleep(), value: ASLEEP }));
    news.sleep(until.left().unwrap_or(Duration::MAX), |limit| {
        // The caller looks again after every sleep.
        let _ = sleep_on_any(&expectations, Until::after(Some(limit)));
    })
}

fn take_first<O: Awaited>(objects: &[&O], waits: &[Wait]) -> Result<Option<usize>, Failure> {
    for (index, (object, &wait)) in objects.iter().zip(waits).enumerate() {
        match object.try_take(wait) {
            Ok(false) => {}
            Ok(true) => return Ok(Some(index)),
            Err(mut failure) => {
                failure.0.index = Some(index);
                return Err(failure);
            }
        }
    }
    Ok(None)
}

/// The values to sleep on and the time until the first timer is due, or `None` when an object may be signalled.
fn announce<'a, O: Awaited>(
    objects: &[&'a O],
    waits: &mut [Wait],
) -> Option<(Vec<Expectation<'a>>, Option<Duration>)> {
    let mut expectations = Vec::with_capacity(objects.len());
    let mut next: Option<Duration> = None;
    for (&object, wait) in objects.iter().zip(waits) {
        let (expectation, due) = object.announce(wait.begun)?;
        wait.announced = true;
        expectations.push(expectation);
        next = next.into_iter().chain(due).min();
    }
    Some((expectations, next))
}
