//! Waiting for several objects at once (rule C26).

use std::time::Duration;

use super::futex::{Expectation, sleep_on_any};
use crate::seam::object::Failure;
use crate::words::{Slept, Until};

/// A wait for one of the objects.
#[derive(Clone, Copy)]
pub(super) struct Wait {
    /// What the object remembers of the moment at which the wait began.
    pub(super) begun: u32,
    /// Whether it said that somebody sleeps.
    pub(super) announced: bool,
}

/// An object that one wait of several is for.
pub(super) trait Awaited {
    /// What it has to remember of the moment at which the wait begins.
    fn begin(&self) -> u32;

    /// Takes what can be had at once.
    fn try_take(&self, wait: Wait) -> Result<bool, Failure>;

    /// What to sleep on, after saying that somebody sleeps, and for how long at most; `None` when it may be had.
    fn announce(&self, begun: u32) -> Option<(Expectation<'_>, Option<Duration>)>;

    /// The wait is over, and took something else: a wake-up that was for one only goes to another one.
    fn pass_on(&self);
}

/// As `RawObject::wait_any` has it.
pub(super) fn wait_any<O: Awaited>(
    objects: &[&O],
    timeout: Option<Duration>,
) -> Result<Option<usize>, Failure> {
    let mut waits: Vec<Wait> =
        objects.iter().map(|object| Wait { begun: object.begin(), announced: false }).collect();
    let answer = wait(objects, &mut waits, Until::after(timeout));
    let taken = answer.as_ref().ok().copied().flatten();
    for (index, (object, wait)) in objects.iter().zip(&waits).enumerate() {
        if wait.announced && Some(index) != taken {
            object.pass_on();
        }
    }
    answer
}

fn wait<O: Awaited>(objects: &[&O], waits: &mut [Wait], until: Until) -> Result<Option<usize>, Failure> {
    loop {
        if let Some(index) = take_first(objects, waits)? {
            return Ok(Some(index));
        }
        if until == Until::Now {
            return Ok(None);
        }
        let Some((expectations, next)) = announce(objects, waits) else { continue };
        let (sleep_until, is_last) = until.or_after(next);
        if sleep_on_any(&expectations, sleep_until) == Slept::DeadlineOver && is_last {
            return take_first(objects, waits);
        }
    }
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

/// What to sleep on, and when the first timer is due; `None` when something may be had.
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
