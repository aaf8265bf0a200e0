//! The newest value, for tasks.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};

use super::waiter::Wait;
use crate::latest::Value;
use crate::latest::watch::News;
use crate::latest::{Awaited, Snapshot};
use crate::{Latest, Result};

/// A [`Latest`] for tasks: it waits without blocking the thread.
pub struct AsyncLatest<V: Value + ?Sized> {
    wait: Wait<News>,
    latest: Latest<V>,
}

/// A [`LatestBytes`](crate::latest::LatestBytes) for tasks: it waits without blocking the thread.
pub type AsyncLatestBytes = AsyncLatest<[u8]>;

impl<V: Value + ?Sized> AsyncLatest<V> {
    /// Takes over the reader.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for one of a read-only view, which cannot wait.
    pub fn new(latest: Latest<V>) -> Result<Self> {
        Ok(AsyncLatest { wait: Wait::new(latest.watch()?), latest })
    }

    /// Waits until there is a value with a number larger than `sequence`, or until the writer has ended. The future may
    /// be dropped at any time, as a runtime's own timeouts do.
    ///
    /// # Errors
    /// Those of [`Latest::read`]; [`Os`](crate::ErrorKind::Os) when no thread can be had to wait.
    pub async fn wait_newer(&mut self, sequence: u64) -> Result<Awaited<Snapshot<V::Owned>>> {
        let AsyncLatest { wait, latest } = self;
        poll_fn(|context| poll_newer(wait, sequence, context, || latest.read_if_newer(sequence))).await
    }

    /// Waits as [`wait_newer`](Self::wait_newer) does, and copies the value to `into`.
    ///
    /// # Errors
    /// Those of [`wait_newer`](Self::wait_newer).
    pub async fn wait_newer_into(&mut self, sequence: u64, into: &mut V::Owned) -> Result<Awaited<u64>> {
        let AsyncLatest { wait, latest } = self;
        poll_fn(|context| poll_newer(wait, sequence, context, || latest.read_into(sequence, into))).await
    }

    /// The reader, for what does not wait.
    #[must_use]
    pub fn get_ref(&self) -> &Latest<V> {
        &self.latest
    }

    /// The blocking reader again.
    #[must_use]
    pub fn into_inner(self) -> Latest<V> {
        self.latest
    }
}

impl<V: Value + ?Sized> fmt::Debug for AsyncLatest<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncLatest").field("latest", &self.latest).finish_non_exhaustive()
    }
}

fn poll_newer<R>(
    wait: &mut Wait<News>,
    sequence: u64,
    context: &mut Context<'_>,
    mut read: impl FnMut() -> Result<Option<R>>,
) -> Poll<Result<Awaited<R>>> {
    wait.poll_for(context, |news| {
        // Asked first: what was written before the writer ended counts.
        let is_writer_gone = news.is_writer_gone();
        if let Some(found) = read()? {
            return Ok(Some(Awaited::Newer(found)));
        }
        if is_writer_gone {
            news.set_writer_gone_told();
            return Ok(Some(Awaited::WriterGone));
        }
        news.set_seen(sequence);
        Ok(None)
    })
}
