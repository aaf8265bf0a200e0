//! The subscribers that hold a publisher back: which of them have ended, and which have done so for too long.

use std::time::{Duration, Instant};

use samemap_platform::internal::Seat;
use samemap_platform::internal::words::topic::{Holder, Producer};

use super::layout::{Memory, seat_of};
use crate::Result;

/// How often the system is asked whether the subscribers live.
const LOOK_EACH: Duration = Duration::from_millis(20);

/// A subscriber that holds the publisher back.
#[derive(Clone, Copy, Debug)]
pub struct Laggard {
    holder: Holder,
    process_id: u32,
    behind: u64,
    is_thrown_out: bool,
}

impl Laggard {
    pub(super) fn new(holder: Holder, producer: &Producer, memory: &Memory) -> Laggard {
        let process_id = memory.signature(holder.place);
        let behind = (producer.newest() + 1).saturating_sub(holder.position);
        Laggard { holder, process_id, behind, is_thrown_out: producer.is_thrown_out(holder) }
    }

    /// The id of its process, as that process says it.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process_id
    }

    /// The number of the message that it needs next, or is lent.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.holder.position
    }

    /// How many messages it had not given back, of those that were published.
    #[must_use]
    pub fn behind(&self) -> u64 {
        self.behind
    }

    /// Whether it was thrown out, so that only a message which it may still be lent is in the way.
    #[must_use]
    pub fn is_thrown_out(&self) -> bool {
        self.is_thrown_out
    }

    pub(super) fn place(&self) -> u32 {
        self.holder.place
    }

    pub(super) fn is(&self, holder: Holder) -> bool {
        (self.holder.place, self.holder.since) == (holder.place, holder.since)
    }
}

/// What a publisher knows of the subscribers that hold it back.
#[derive(Debug)]
pub(super) struct Holders {
    throw_out_after: Option<Duration>,
    stalled: Vec<Stalled>,
    next_look: Option<Instant>,
}

/// A subscriber that holds the publisher back and does not move.
#[derive(Clone, Copy, Debug)]
struct Stalled {
    holder: Holder,
    since: Instant,
    /// How many have come at its place of which none moved on from here.
    comings: u32,
    farthest: u64,
}

/// A subscriber that comes where another one was stalled has its own time. One that says again and again that it has
/// just come has it only so many times.
const COMINGS: u32 = 4;

impl Stalled {
    fn new(holder: Holder, now: Instant) -> Stalled {
        Stalled { holder, since: now, comings: 0, farthest: holder.position }
    }

    /// The same place, as it is now.
    fn seen(self, holder: Holder, now: Instant) -> Stalled {
        if holder == self.holder {
            self
        } else if holder.position > self.farthest {
            Stalled::new(holder, now)
        } else {
            let since = if self.comings < COMINGS { now } else { self.since };
            Stalled { holder, since, comings: self.comings.saturating_add(1), ..self }
        }
    }

    /// How much of its time is left.
    fn left(&self, patience: Duration) -> Duration {
        patience.saturating_sub(self.since.elapsed())
    }
}

impl Holders {
    pub(super) fn new(throw_out_after: Option<Duration>) -> Holders {
        Holders { throw_out_after, stalled: Vec::new(), next_look: None }
    }

    /// How long the publisher may sleep, at most `longest`, before it looks again.
    pub(super) fn next_look(&self, longest: Duration) -> Duration {
        let Some(patience) = self.throw_out_after else { return longest };
        let left = self.stalled.iter().map(|stalled| stalled.left(patience)).min();
        // Not zero: one that was thrown out stays among them while it is lent a message.
        left.map_or(longest, |left| left.clamp(Duration::from_millis(1), longest))
    }

    /// Removes the subscribers that have ended, and throws out those whose time is over; true when there were any.
    pub(super) fn look_after(&mut self, producer: &mut Producer, memory: &Memory) -> Result<bool> {
        let now = Instant::now();
        let holders: Vec<Holder> = producer.holders().collect();
        let before = std::mem::take(&mut self.stalled);
        let known = |holder: Holder| before.iter().find(|known| known.holder.place == holder.place);
        let stalled =
            |holder| known(holder).map_or(Stalled::new(holder, now), |known| known.seen(holder, now));
        self.stalled = holders.into_iter().map(stalled).collect();
        let mut has_freed = self.remove_ended(now, producer, memory)?;
        for stalled in &self.stalled {
            let is_over = self.throw_out_after.is_some_and(|patience| stalled.left(patience).is_zero());
            if is_over && !producer.is_thrown_out(stalled.holder) {
                producer.throw_out(memory, stalled.holder.place);
                has_freed = true;
            }
        }
        Ok(has_freed)
    }

    fn remove_ended(&mut self, now: Instant, producer: &mut Producer, memory: &Memory) -> Result<bool> {
        if self.next_look.is_some_and(|next| now < next) {
            return Ok(false);
        }
        self.next_look = Some(now + LOOK_EACH);
        let Some(lobby) = memory.lobby() else { return Ok(false) };
        let mut has_freed = false;
        for Stalled { holder, .. } in &self.stalled {
            if !Seat::is_taken(lobby, seat_of(holder.place))? {
                producer.remove(memory, *holder);
                has_freed = true;
            }
        }
        Ok(has_freed)
    }
}
