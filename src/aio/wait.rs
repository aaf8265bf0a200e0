//! Waiting for objects, for tasks.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::task::coop;

use samemap_platform::internal::Watched;
use samemap_platform::internal::waiter::AtWaiter;
use samemap_platform::sync::Awaitable;

use crate::{Error, ErrorKind, Result};

/// Waits until the object is signalled, and takes the signal, as its `wait` does, without blocking the thread.
///
/// The future may be dropped at any time, as a runtime's own timeouts do: then it has taken nothing, or gives back what
/// it took. It does nothing before it is polled.
///
/// # Errors
/// Those of the object's `wait`; [`Os`](ErrorKind::Os) when no thread can be had to wait.
///
/// # Platform-specific behavior
/// As for [`Readiness`](crate::sync::Readiness).
pub async fn wait(object: &dyn Awaitable) -> Result<()> {
    wait_any(&[object]).await.map(|_| ())
}

/// Waits until one of the objects is signalled, takes that signal only, and returns its index: of several, the one that
/// stands first in the list. There may be any number of them.
///
/// # Errors
/// Those of [`wait`]; [`InvalidArgument`](ErrorKind::InvalidArgument) for none.
pub async fn wait_any(objects: &[&dyn Awaitable]) -> Result<usize> {
    if objects.is_empty() {
        let error = Error::new(ErrorKind::InvalidArgument, "wait for any of the objects");
        return Err(error.with_detail("no objects were given; give one or more"));
    }
    let begin = |object: &&dyn Awaitable| Ok(Waiting { place: AtWaiter::new(), watched: object.watched()? });
    let mut waits = objects.iter().map(begin).collect::<Result<Vec<_>>>()?;
    poll_fn(|context| poll_any(&mut waits, context)).await
}

struct Waiting {
    // Dropped before what is watched.
    place: AtWaiter,
    watched: Arc<dyn Watched>,
}

fn poll_any(waits: &mut [Waiting], context: &mut Context<'_>) -> Poll<Result<usize>> {
    let budget = ready!(coop::poll_proceed(context));
    // The second look finds what came during the first; another waiter may be faster.
    for _ in 0..2 {
        if let Some(answer) = take_first(waits).transpose() {
            budget.made_progress();
            return Poll::Ready(answer);
        }
        let mut is_ready = false;
        for Waiting { place, watched } in &mut *waits {
            is_ready |= place.ask(watched, context.waker())?;
        }
        if !is_ready {
            return Poll::Pending;
        }
    }
    context.waker().wake_by_ref();
    Poll::Pending
}

fn take_first(waits: &[Waiting]) -> Result<Option<usize>> {
    for (index, waiting) in waits.iter().enumerate() {
        if waiting.watched.try_take()? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}
