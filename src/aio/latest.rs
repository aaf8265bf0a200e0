//! The newest value, for tasks.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use samemap_platform::bytemuck::Pod;
use tokio::task::coop;

use super::Wait;
use crate::latest::watch::News;
use crate::{Awaited, Latest, LatestBytes, Result, Snapshot};

/// A [`Latest`] whose waits are a task's.
#[derive(Debug)]
pub struct AsyncLatest<T: Pod> {
    wait: Wait<News>,
    latest: Latest<T>,
}

impl<T: Pod> AsyncLatest<T> {
    /// Takes it over.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for one of a read-only view, which cannot wait.
    pub fn new(latest: Latest<T>) -> Result<Self> {
        Ok(AsyncLatest { wait: Wait::new(latest.watch()?), latest })
    }

    /// Waits until there is a value with a number larger than `sequence`, or until the writer has ended: never
    /// [`TimedOut`](Awaited::TimedOut). May be dropped at any time, as by a runtime's own timeouts.
    ///
    /// # Errors
    /// Those of [`Latest::read`]; [`Os`](crate::ErrorKind::Os) when no thread can be had to wait.
    pub async fn wait_newer(&mut self, sequence: u64) -> Result<Awaited<Snapshot<T>>> {
        let AsyncLatest { wait, latest } = self;
        poll_fn(|context| poll_newer(wait, sequence, context, || latest.read_if_newer(sequence))).await
    }

    /// Waits as [`wait_newer`](Self::wait_newer) does, and copies the value to `into`.
    ///
    /// # Errors
    /// Those of [`wait_newer`](Self::wait_newer).
    pub async fn wait_newer_into(&mut self, sequence: u64, into: &mut T) -> Result<Awaited<u64>> {
        let AsyncLatest { wait, latest } = self;
        poll_fn(|context| poll_newer(wait, sequence, context, || latest.read_into(sequence, into))).await
    }

    /// The reader, for what does not wait.
    #[must_use]
    pub fn get_ref(&self) -> &Latest<T> {
        &self.latest
    }

    /// The blocking reader again.
    #[must_use]
    pub fn into_inner(self) -> Latest<T> {
        self.latest
    }
}

/// A [`LatestBytes`] whose waits are a task's.
#[derive(Debug)]
pub struct AsyncLatestBytes {
    wait: Wait<News>,
    latest: LatestBytes,
}

impl AsyncLatestBytes {
    /// Takes it over.
    ///
    /// # Errors
    /// Those of [`AsyncLatest::new`].
    pub fn new(latest: LatestBytes) -> Result<Self> {
        Ok(AsyncLatestBytes { wait: Wait::new(latest.watch()?), latest })
    }

    /// Waits as [`AsyncLatest::wait_newer`] does.
    ///
    /// # Errors
    /// Those of [`AsyncLatest::wait_newer`].
    pub async fn wait_newer(&mut self, sequence: u64) -> Result<Awaited<Snapshot<Vec<u8>>>> {
        let AsyncLatestBytes { wait, latest } = self;
        poll_fn(|context| poll_newer(wait, sequence, context, || latest.read_if_newer(sequence))).await
    }

    /// Waits as [`wait_newer`](Self::wait_newer) does, and replaces what is in `into`.
    ///
    /// # Errors
    /// Those of [`wait_newer`](Self::wait_newer).
    pub async fn wait_newer_into(&mut self, sequence: u64, into: &mut Vec<u8>) -> Result<Awaited<u64>> {
        let AsyncLatestBytes { wait, latest } = self;
        poll_fn(|context| poll_newer(wait, sequence, context, || latest.read_into(sequence, into))).await
    }

    /// The reader, for what does not wait.
    #[must_use]
    pub fn get_ref(&self) -> &LatestBytes {
        &self.latest
    }

    /// The blocking reader again.
    #[must_use]
    pub fn into_inner(self) -> LatestBytes {
        self.latest
    }
}

fn poll_newer<R>(
    wait: &mut Wait<News>,
    sequence: u64,
    context: &mut Context<'_>,
    mut read: impl FnMut() -> Result<Option<R>>,
) -> Poll<Result<Awaited<R>>> {
    let budget = ready!(coop::poll_proceed(context));
    // What is ready comes at the second look; only a peer that plays tricks makes it vanish again.
    for _ in 0..2 {
        // Asked first: what was written before the writer ended counts.
        let is_writer_gone = wait.source().is_writer_gone();
        let answer = match read().transpose() {
            None if is_writer_gone => {
                wait.source().set_writer_gone_told();
                Some(Ok(Awaited::WriterGone))
            }
            found => found.map(|found| found.map(Awaited::Newer)),
        };
        if let Some(answer) = answer {
            budget.made_progress();
            return Poll::Ready(answer);
        }
        wait.source().set_seen(sequence);
        ready!(wait.poll(context))?;
    }
    context.waker().wake_by_ref();
    Poll::Pending
}
