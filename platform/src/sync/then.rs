//! A signal and a wait in one call.

use std::time::Duration;
use std::{fmt, mem};

use bytemuck::Pod;

use super::event::Event;
use super::inside::{SharedEvent, SharedMutexGuard, SharedSemaphore};
use super::mutex::MutexGuard;
use super::semaphore::Semaphore;
use super::target::{Sealed, WaitAny};
use super::wait::Woken;
use crate::contract::context::{Context, Operation};
use crate::seam::object::{Failure, RawObject as _, Signal, Took};
use crate::system::Object;
use crate::{ObjectName, Result};

const CALL: Operation = "signal one object and wait for another";

/// What [`signal_and_wait`] signals: an event, which it sets, a semaphore, to which it gives one permit, or a mutex,
/// which it gives up. It is made from a reference to the event or semaphore, or from the mutex's guard.
pub struct SignalFirst<'a> {
    object: &'a Object,
    name: Option<&'a ObjectName>,
    signal: Signal,
    /// A guard that is dropped with this, unless its mutex was given up.
    guard: Option<MutexGuard<'a>>,
}

impl fmt::Debug for SignalFirst<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalFirst").field("name", &self.name).field("signal", &self.signal).finish()
    }
}

macro_rules! first {
    ($($object:ident: $signal:expr),*) => {$(
        impl<'a> From<&'a $object> for SignalFirst<'a> {
            fn from(object: &'a $object) -> Self {
                SignalFirst {
                    object: object.object(),
                    name: Sealed::name(object),
                    signal: $signal,
                    guard: None,
                }
            }
        }
    )*};
}

first!(
    Event: Signal::Set,
    SharedEvent: Signal::Set,
    Semaphore: Signal::Release(1),
    SharedSemaphore: Signal::Release(1)
);

impl<'a> From<MutexGuard<'a>> for SignalFirst<'a> {
    fn from(guard: MutexGuard<'a>) -> Self {
        SignalFirst { object: guard.object(), name: None, signal: Signal::GiveUp, guard: Some(guard) }
    }
}

impl<'a, T: Pod> From<SharedMutexGuard<'a, T>> for SignalFirst<'a> {
    fn from(guard: SharedMutexGuard<'a, T>) -> Self {
        guard.into_guard().into()
    }
}

/// Signals one object and then waits for another one, as Win32's `SignalObjectAndWait` does. The answer has the index 0,
/// and the guard if it waited for a mutex.
///
/// ```
/// # use samemap_platform as samemap;
/// use samemap::{Event, ObjectName, sync::{EventOptions, Reset, signal_and_wait}};
///
/// # fn main() -> samemap::Result<()> {
/// # let unique = |what: &str| ObjectName::new(format!(r"Local\signal-and-wait-{what}-{}", std::process::id()));
/// let request = Event::create(&unique("request")?, &EventOptions::new(Reset::Auto))?;
/// let answer = Event::create(&unique("answer")?, &EventOptions::new(Reset::Auto))?;
/// std::thread::scope(|scope| {
///     scope.spawn(|| request.wait().and_then(|()| answer.set()));
///     signal_and_wait(&request, &answer).map(|_| ())
/// })
/// # }
/// ```
///
/// # Errors
/// When the first object cannot be signalled, for instance
/// [`LimitExceeded`](crate::ErrorKind::LimitExceeded) for a semaphore with all its permits; then it does not wait. And
/// the errors of a wait for the second one; then the first one stays signalled.
///
/// # Platform-specific behavior
/// It is not one step for others. On Linux the wait begins after the signal, so between the two another thread may take
/// the second object. Windows begins both under one lock of its dispatcher, but promises no more; an object inside a
/// region is signalled first there, too. No signal is lost on either: what is signalled after the call began, and stays
/// so, ends it.
pub fn signal_and_wait<'a>(first: impl Into<SignalFirst<'a>>, second: &'a dyn WaitAny) -> Result<Woken<'a>> {
    if let Some(woken) = within(first.into(), second, None)? {
        return Ok(woken);
    }
    super::wait::wait_any(&[second])
}

/// Signals and waits as [`signal_and_wait`] does, but waits for at most `timeout`; `None` when time ran out. Then
/// nothing was taken, and the first object was signalled all the same. A timeout of zero polls the second object.
///
/// # Errors
/// Those of [`signal_and_wait`].
pub fn signal_and_wait_timeout<'a>(
    first: impl Into<SignalFirst<'a>>,
    second: &'a dyn WaitAny,
    timeout: Duration,
) -> Result<Option<Woken<'a>>> {
    within(first.into(), second, Some(timeout))
}

fn within<'a>(
    first: SignalFirst<'a>,
    second: &'a dyn WaitAny,
    timeout: Option<Duration>,
) -> Result<Option<Woken<'a>>> {
    // The call gives its mutex up.
    mem::forget(first.guard);
    let Some(object) = second.wait_target().object() else {
        let failed = |failure: Failure| failure.in_call(Context { operation: CALL, name: first.name });
        first.object.signal(first.signal).map_err(failed)?;
        return super::wait::wait_any_within(&[second], timeout);
    };
    match first.object.signal_and_wait(first.signal, object.raw(), timeout) {
        Ok(Took::Signal) => Ok(Some(Woken::of(0, second))),
        Ok(Took::Nothing) => Ok(None),
        Err(failure) => {
            let name = if failure.0.index == Some(0) { first.name } else { object.name() };
            Err(failure.in_call(Context { operation: CALL, name }))
        }
    }
}
