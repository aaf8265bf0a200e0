//! Connecting, for tasks.

use std::task::{Context, Poll, ready};

use tokio::task::coop;

use samemap_platform::internal::waiter::Source;
use samemap_platform::internal::{Doorbell, Sleepers};

use super::waiter::Wait;
use crate::channel::connect::Attempt;
use crate::channel::step::{News, Step};
use crate::{Access, Channel, ChannelOptions, CreateOptions, ObjectName, Region, Result};

/// An attempt to connect, for tasks.
#[derive(Debug)]
pub(super) struct Connecting {
    waits: Waits,
    attempt: Attempt,
}

/// What the task waits for.
#[derive(Debug)]
enum Waits {
    Nothing,
    News(Wait<News>),
    Moment(Wait<Moment>),
}

impl Connecting {
    pub(super) fn new(name: &ObjectName, options: &ChannelOptions) -> Result<Self> {
        Ok(Connecting { waits: Waits::Nothing, attempt: Attempt::at(name, options)? })
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Channel>> {
        let budget = ready!(coop::poll_proceed(context));
        // Each step brings news of another kind; only a hostile peer makes many of one kind.
        for _ in 0..4 {
            match self.attempt.step() {
                Ok(Step::Done(channel)) => {
                    budget.made_progress();
                    return Poll::Ready(Ok(*channel));
                }
                Ok(Step::Sleep(news)) => self.wait_for(*news),
                Ok(Step::WaitAMoment) => self.wait_a_moment()?,
                Err(error) => {
                    budget.made_progress();
                    return Poll::Ready(Err(error));
                }
            }
            ready!(match &mut self.waits {
                Waits::Nothing => Poll::Ready(Ok(())),
                Waits::News(wait) => wait.poll(context),
                Waits::Moment(wait) => wait.poll(context),
            })?;
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// A wait that goes on keeps its place at the waiter.
    fn wait_for(&mut self, news: News) {
        match &self.waits {
            Waits::News(wait) if wait.source().are(&news) => {}
            _ => self.waits = Waits::News(Wait::new(news)),
        }
    }

    fn wait_a_moment(&mut self) -> Result<()> {
        if !matches!(self.waits, Waits::Moment(_)) {
            self.waits = Waits::Moment(Wait::new(Moment::new()?));
        }
        Ok(())
    }
}

impl Source for News {
    fn bell(&self) -> &Doorbell {
        self.bell()
    }

    fn is_ready(&self) -> bool {
        self.has_come()
    }

    /// The next step sees whether there is a listener, and whether time is left.
    fn is_over(&self) -> bool {
        true
    }
}

/// A time that comes without a doorbell.
#[derive(Debug)]
struct Moment(Doorbell);

impl Moment {
    fn new() -> Result<Self> {
        let region = Region::anonymous(&CreateOptions::new(Doorbell::SIZE as u64))?;
        let view = region.view(.., Access::ReadWrite)?;
        Ok(Moment(Doorbell::at(&view, 0, Sleepers::One)?))
    }
}

impl Source for Moment {
    fn bell(&self) -> &Doorbell {
        &self.0
    }

    fn is_ready(&self) -> bool {
        false
    }

    fn is_over(&self) -> bool {
        true
    }
}
