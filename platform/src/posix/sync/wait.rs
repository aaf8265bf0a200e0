//! Waiting for several objects at once (rule C26).

use std::time::Duration;

use super::futex::{Expectation, sleep_on_any};
use super::object::Object;
use crate::sync::raw::Failure;
use crate::words::{Slept, Until};

/// A wait for one of the objects.
#[derive(Clone, Copy)]
struct Wait {
    /// What the object remembers of the moment at which the wait began.
    begun: u32,
    /// Whether it said that somebody sleeps.
    announced: bool,
}

impl Object {
    fn begin(&self) -> Wait {
        let begun = match self {
            Object::Event(event) => event.begin(),
            Object::Mutex(_) | Object::Semaphore(_) | Object::Timer(_) => 0,
        };
        Wait { begun, announced: false }
    }

    /// Takes what can be had at once.
    fn try_take(&self, wait: Wait) -> Result<bool, Failure> {
        match self {
            Object::Mutex(lock) if wait.announced => lock.try_take_after_sleep(),
            Object::Mutex(lock) => lock.take(Some(Duration::ZERO)),
            Object::Event(event) => Ok(event.try_take(wait.begun)?),
            Object::Semaphore(semaphore) => Ok(semaphore.try_take()?),
            Object::Timer(timer) => Ok(timer.try_take()?),
        }
    }

    /// What to sleep on, after saying that somebody sleeps, and for how long at most; `None` when it may be had.
    fn announce(&self, begun: u32) -> Option<(Expectation<'_>, Option<Duration>)> {
        match self {
            Object::Mutex(lock) => Some((lock.announce()?, None)),
            Object::Event(event) => Some((event.announce(begun)?, None)),
            Object::Semaphore(semaphore) => Some((semaphore.announce()?, None)),
            Object::Timer(timer) => timer.announce(),
        }
    }
}

/// As `RawObject::wait_any` has it.
pub(super) fn wait_any(objects: &[&Object], timeout: Option<Duration>) -> Result<Option<usize>, Failure> {
    let mut waits: Vec<Wait> = objects.iter().map(|object| object.begin()).collect();
    let answer = wait(objects, &mut waits, Until::after(timeout));
    let taken = answer.as_ref().ok().copied().flatten();
    for (index, (object, wait)) in objects.iter().zip(&waits).enumerate() {
        // A wake-up that was for one only goes to another one.
        if let (Object::Mutex(lock), true, true) = (object, wait.announced, Some(index) != taken) {
            lock.pass_on();
        }
    }
    answer
}

fn wait(objects: &[&Object], waits: &mut [Wait], until: Until) -> Result<Option<usize>, Failure> {
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

fn take_first(objects: &[&Object], waits: &[Wait]) -> Result<Option<usize>, Failure> {
    for (index, (object, &wait)) in objects.iter().zip(waits).enumerate() {
        if object.try_take(wait).map_err(|failure| Failure { index: Some(index), ..failure })? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// What to sleep on, and when the first timer is due; `None` when something may be had.
fn announce<'a>(
    objects: &[&'a Object],
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
