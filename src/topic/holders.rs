//! The subscribers that hold a publisher back: which of them have ended, and which have done so for too long.

use std::time::{Duration, Instant};

use samemap_platform::sync::Seat;
use samemap_platform::words::topic::{Holder, Producer};

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
    /// Each with the time since when it has not moved.
    stalled: Vec<(Holder, Instant)>,
    next_look: Option<Instant>,
}

impl Holders {
    pub(super) fn new(throw_out_after: Option<Duration>) -> Holders {
        Holders { throw_out_after, stalled: Vec::new(), next_look: None }
    }

    /// How long the publisher may sleep, at most `longest`, before it looks again.
    pub(super) fn next_look(&self, longest: Duration) -> Duration {
        let Some(patience) = self.throw_out_after else { return longest };
        let left = self.stalled.iter().map(|(_, since)| patience.saturating_sub(since.elapsed())).min();
        // Not zero: one that was thrown out stays among them while it is lent a message.
        left.map_or(longest, |left| left.clamp(Duration::from_millis(1), longest))
    }

    /// Removes the subscribers that have ended, and throws out those whose time is over; true when there were any.
    pub(super) fn look_after(&mut self, producer: &mut Producer, memory: &Memory) -> Result<bool> {
        let now = Instant::now();
        let holders: Vec<Holder> = producer.holders().collect();
        let before = std::mem::take(&mut self.stalled);
        let since = |holder: &Holder| {
            before.iter().find(|(known, _)| known == holder).map_or(now, |&(_, since)| since)
        };
        self.stalled = holders.iter().map(|holder| (*holder, since(holder))).collect();
        let mut has_freed = self.bury_the_dead(now, producer, memory)?;
        for (holder, since) in &self.stalled {
            let is_over = self.throw_out_after.is_some_and(|patience| now - *since >= patience);
            if is_over && !producer.is_thrown_out(*holder) {
                producer.throw_out(memory, holder.place);
                has_freed = true;
            }
        }
        Ok(has_freed)
    }

    fn bury_the_dead(&mut self, now: Instant, producer: &mut Producer, memory: &Memory) -> Result<bool> {
        if self.next_look.is_some_and(|next| now < next) {
            return Ok(false);
        }
        self.next_look = Some(now + LOOK_EACH);
        let Some(lobby) = memory.lobby() else { return Ok(false) };
        let mut has_freed = false;
        for (holder, _) in &self.stalled {
            if !Seat::is_taken(lobby, seat_of(holder.place))? {
                producer.remove(memory, *holder);
                has_freed = true;
            }
        }
        Ok(has_freed)
    }
}
