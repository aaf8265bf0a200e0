//! Connecting, to whatever lies under a name: a channel that waits for its one peer, or a listener's desk.
//!
//! An attempt goes on in steps, none of which waits: between them a thread sleeps, or a task, on the doorbell that the
//! last step named. After 80 ms at most there is another step, which sees whether the listener lives.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use samemap_platform::internal::Seat;
use samemap_platform::internal::words::Until;

use super::desk;
use super::end::Channel;
use super::layout::{self, Control};
use super::meet::{CONNECT, meet, nobody_listens, whole_view};
use super::options::ChannelOptions;
use super::step::Step;
use super::visit::Visit;
use crate::endpoint::wait::MOMENT;
use crate::{Error, ErrorKind, ObjectName, OpenOptions, Region, Result, View};

impl Channel {
    /// Connects to the channel, or to the [`Listener`](super::Listener), of that name.
    ///
    /// For at most [`patience`](ChannelOptions::patience) it waits its turn, asleep.
    ///
    /// # Errors
    /// Those of [`Region::open`]; [`NotFound`](ErrorKind::NotFound) when the listener has ended;
    /// [`TimedOut`](ErrorKind::TimedOut) when a [`Listener`](super::Listener) has not accepted in time: the text says
    /// how many wait; [`Busy`](ErrorKind::Busy) when a channel has a peer, or when its listener is busy with the last
    /// peer for too long; [`Damaged`](ErrorKind::Damaged) when the region holds neither.
    pub fn connect(name: &ObjectName, options: &ChannelOptions) -> Result<Channel> {
        Attempt::at(name, options)?.finish()
    }

    /// Connects to the channel in a region.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    pub fn connect_in(region: &Region, options: &ChannelOptions) -> Result<Channel> {
        Attempt::inside(region.clone(), options)?.finish()
    }
}

/// An attempt to connect.
#[derive(Debug)]
pub(crate) struct Attempt {
    region: Region,
    view: View,
    options: ChannelOptions,
    limit: Until,
    stage: Stage,
}

/// What was found under the name.
#[derive(Debug)]
enum Stage {
    /// Nothing yet.
    Unmade,
    /// A channel.
    Channel(Box<Control>),
    /// A desk.
    Desk(Box<Visit>),
}

impl Attempt {
    /// Opens what lies under a name.
    pub(crate) fn at(name: &ObjectName, options: &ChannelOptions) -> Result<Attempt> {
        let open = OpenOptions::read_write().trust(options.trust.clone());
        Attempt::inside(Region::open(name, &open)?, options)
    }

    fn inside(region: Region, options: &ChannelOptions) -> Result<Attempt> {
        let view = whole_view(&region)?;
        let (options, limit) = (options.clone(), Until::after(Some(options.patience)));
        Ok(Attempt { region, view, options, limit, stage: Stage::Unmade })
    }

    fn finish(mut self) -> Result<Channel> {
        loop {
            match self.step()? {
                Step::Done(channel) => return Ok(*channel),
                Step::WaitAMoment => thread::sleep(MOMENT),
                Step::Sleep(news) => {
                    news.bell().sleep(self.limit.left().unwrap_or(Duration::MAX), || news.has_come());
                }
            }
        }
    }

    /// Does what can be done without waiting.
    pub(crate) fn step(&mut self) -> Result<Step> {
        match self.try_step() {
            // On Windows clients open the listener's doorbells one after another. In a crowd that takes longer than one
            // opener waits for another.
            Err(error) if error.is(ErrorKind::TimedOut) && !self.limit.is_over() => Ok(Step::WaitAMoment),
            step => step,
        }
    }

    fn try_step(&mut self) -> Result<Step> {
        if matches!(self.stage, Stage::Unmade) {
            self.find_out()?;
        }
        match &mut self.stage {
            Stage::Unmade => Ok(Step::WaitAMoment),
            Stage::Channel(control) => meet(&self.region, &self.view, control, self.limit, &self.options),
            Stage::Desk(visit) => visit.step(self.limit, &self.options),
        }
    }

    /// Finds out what lies there, and writes nothing.
    fn find_out(&mut self) -> Result<()> {
        self.stage = match self.view.atomic_u64(layout::MARK_AT)?.load(Ordering::Acquire) {
            layout::MARK => Stage::Channel(Box::new(Control::at(&self.view)?)),
            desk::MARK => Stage::Desk(Box::new(Visit::to(&self.region, &self.view)?)),
            0 if !self.limit.is_over() => Stage::Unmade,
            0 => {
                let is_being_made = Seat::is_taken(&self.view, layout::LISTENER_SEAT)?;
                return Err(if is_being_made {
                    Error::new(ErrorKind::Busy, CONNECT)
                } else {
                    nobody_listens()
                });
            }
            _ => return Err(layout::damaged(CONNECT)),
        };
        Ok(())
    }
}
