//! A task's wait, by way of the threads that wait on behalf of tasks (`samemap_platform::internal::waiter`).

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::task::coop;

use samemap_platform::internal::Watched;
use samemap_platform::internal::waiter::{AtWaiter, Source};

use crate::Result;

/// A source, with its place at a waiter from the first wait on.
#[derive(Debug)]
pub(crate) struct Wait<S: Source> {
    // Dropped before the source.
    place: AtWaiter,
    source: Arc<S>,
}

impl<S: Source> Wait<S> {
    pub(crate) fn new(source: S) -> Self {
        Wait { place: AtWaiter::new(), source: Arc::new(source) }
    }

    pub(super) fn source(&self) -> &S {
        &self.source
    }

    /// Ready when `look` finds something; otherwise news wake the task, and it looks again. Counts against the task's
    /// budget.
    pub(crate) fn poll_for<R>(
        &mut self,
        context: &mut Context<'_>,
        mut look: impl FnMut(&S) -> Result<Option<R>>,
    ) -> Poll<Result<R>> {
        let budget = ready!(coop::poll_proceed(context));
        // The second look finds what is ready, also where the first look itself made the news; only a hostile peer can
        // make it vanish again.
        for _ in 0..2 {
            if let Some(found) = look(&self.source).transpose() {
                budget.made_progress();
                return Poll::Ready(found);
            }
            ready!(self.poll(context))?;
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Ready when there is news; else the task is woken when there is, or when there may never be any.
    pub(super) fn poll(&mut self, context: &Context<'_>) -> Poll<Result<()>> {
        let source = Arc::clone(&self.source) as Arc<dyn Watched>;
        match self.place.ask(&source, context.waker()) {
            Ok(true) => {
                self.place.ask_no_more();
                Poll::Ready(Ok(()))
            }
            Ok(false) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}
