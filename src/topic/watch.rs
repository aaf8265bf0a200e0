//! What waits for a topic on behalf of tasks and event loops: readers for messages, the publisher for room.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use samemap_platform::internal::Doorbell;
use samemap_platform::internal::waiter::Source;
use samemap_platform::internal::words::topic::{Holder, TopicMemory as _, Word};

use super::layout::Memory;
use super::reader::{Reader, never_woken};
use crate::Result;
use crate::endpoint::readiness::{Readable, WouldBlock, Writable};

/// A topic, as a reader waits for it.
#[derive(Debug)]
pub(crate) struct TopicNews {
    reader: Reader,
    bell: Doorbell,
    /// The place of a subscriber, and the one that was thrown out of it before.
    place: Option<(u32, u64)>,
    readable: Readable,
}

impl TopicNews {
    pub(super) fn new(reader: &Reader, place: Option<u32>) -> Result<TopicNews> {
        let bell = reader.bell().cloned().ok_or_else(never_woken)?;
        let place = place.map(|place| (place, thrown_out_of(&reader.memory, place)));
        Ok(TopicNews { reader: reader.same(), bell, place, readable: Readable::after(&reader.would_block) })
    }

    fn has_message(&self, next: u64) -> bool {
        let memory = &self.reader.memory;
        let newest = memory.load(Word::Newest, Ordering::Acquire);
        // For a viewer there is none while a long one is written.
        newest >= next && (self.place.is_some() || memory.load(Word::Oldest, Ordering::Acquire) <= newest)
    }

    fn is_thrown_out(&self) -> bool {
        self.place.is_some_and(|(place, before)| thrown_out_of(&self.reader.memory, place) != before)
    }

    /// A failed look counts: the reader's next call returns the error.
    fn has_ended(&self, asking: bool) -> bool {
        self.reader.has_ended(asking).map_or(true, |ended| ended.is_some())
    }
}

impl Source for TopicNews {
    fn bell(&self) -> &Doorbell {
        &self.bell
    }

    fn is_ready(&self) -> bool {
        self.readable.is_ready(|next| self.has_message(next) || self.is_thrown_out() || self.has_ended(false))
    }

    fn is_over(&self) -> bool {
        let has_ended = self.has_ended(true);
        if has_ended {
            self.readable.found();
        }
        has_ended
    }
}

fn thrown_out_of(memory: &Memory, place: u32) -> u64 {
    memory.load(Word::Thrown(place), Ordering::Acquire)
}

/// The calls of a publisher that found no room, and the subscribers that held it back then.
#[derive(Debug, Default)]
pub(super) struct Refused {
    would_block: Arc<WouldBlock>,
    holders: Mutex<Vec<Holder>>,
}

impl Refused {
    /// A call found no room. The subscribers are noted while something waits on the publisher's behalf.
    pub(super) fn note<H: Iterator<Item = Holder>>(self: &Arc<Self>, holders: impl FnOnce() -> H) {
        if Arc::strong_count(self) > 1 {
            self.set_holders(holders());
        }
        self.would_block.note(0);
    }

    pub(super) fn set_holders(&self, holders: impl Iterator<Item = Holder>) {
        let mut own = self.lock();
        own.clear();
        own.extend(holders);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Holder>> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A topic, as a publisher waits for room.
#[derive(Debug)]
pub(crate) struct RoomNews {
    memory: Memory,
    bell: Doorbell,
    refused: Arc<Refused>,
    writable: Writable,
}

impl RoomNews {
    pub(super) fn new(memory: &Memory, bell: &Doorbell, refused: &Arc<Refused>) -> RoomNews {
        RoomNews {
            memory: memory.clone(),
            bell: bell.clone(),
            refused: Arc::clone(refused),
            writable: Writable::after(&refused.would_block),
        }
    }

    fn has_moved(&self) -> bool {
        self.refused.lock().iter().any(|holder| holder.has_moved(&self.memory))
    }
}

impl Source for RoomNews {
    fn bell(&self) -> &Doorbell {
        &self.bell
    }

    fn is_ready(&self) -> bool {
        self.writable.is_ready(|_| self.has_moved())
    }

    /// While it waits: the publisher's next call looks whether the subscribers live, and whether their time is over.
    fn is_over(&self) -> bool {
        self.writable.look_again()
    }

    fn tell(&self) -> bool {
        self.writable.report(|_| self.has_moved())
    }
}
