//! What the waiters of [`aio`](crate::aio) watch on behalf of a topic's tasks.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use samemap_platform::internal::Doorbell;
use samemap_platform::internal::waiter::Source;
use samemap_platform::internal::words::topic::{Holder, TopicMemory as _, Word};

use super::layout::Memory;
use super::reader::{Reader, never_woken};
use crate::Result;

/// A topic, as the task of a reader waits for it.
#[derive(Debug)]
pub(crate) struct TopicNews {
    reader: Reader,
    bell: Doorbell,
    /// The place of a subscriber, and the one that was thrown out of it before.
    place: Option<(u32, u64)>,
    /// The first message that the task has not seen.
    next: AtomicU64,
    /// A publisher was found dead, and the task does not know yet.
    publisher_died: AtomicBool,
}

impl TopicNews {
    pub(super) fn new(reader: &Reader, place: Option<u32>) -> Result<TopicNews> {
        let bell = reader.bell().cloned().ok_or_else(never_woken)?;
        let place = place.map(|place| (place, thrown_out_of(&reader.memory, place)));
        let (next, publisher_died) = (AtomicU64::new(0), AtomicBool::new(false));
        Ok(TopicNews { reader: reader.same(), bell, place, next, publisher_died })
    }

    /// From now on messages from this one on are news.
    pub(crate) fn set_next(&self, next: u64) {
        self.next.store(next, Ordering::Release);
    }

    /// Whether a publisher was found dead since this was asked last.
    pub(crate) fn take_publisher_died(&self) -> bool {
        self.publisher_died.swap(false, Ordering::AcqRel)
    }

    fn has_message(&self) -> bool {
        let memory = &self.reader.memory;
        let newest = memory.load(Word::Newest, Ordering::Acquire);
        // For a viewer there is none while a long one is written.
        let is_kept = || self.place.is_some() || memory.load(Word::Oldest, Ordering::Acquire) <= newest;
        newest >= self.next.load(Ordering::Acquire) && is_kept()
    }
}

impl Source for TopicNews {
    fn bell(&self) -> &Doorbell {
        &self.bell
    }

    fn is_ready(&self) -> bool {
        let is_thrown_out =
            self.place.is_some_and(|(place, before)| thrown_out_of(&self.reader.memory, place) != before);
        // The task's next call returns the error.
        let has_ended = || self.reader.has_ended(false).map_or(true, |ended| ended.is_some());
        self.has_message() || is_thrown_out || has_ended() || self.publisher_died.load(Ordering::Acquire)
    }

    fn is_over(&self) -> bool {
        let died = self.reader.has_ended(true).map_or(true, |ended| ended.is_some());
        self.publisher_died.fetch_or(died, Ordering::AcqRel) || died
    }
}

fn thrown_out_of(memory: &Memory, place: u32) -> u64 {
    memory.load(Word::Thrown(place), Ordering::Acquire)
}

/// A topic, as the task of a publisher waits for room.
#[derive(Debug)]
pub(crate) struct RoomNews {
    memory: Memory,
    bell: Doorbell,
    /// The subscribers that held it back when the task looked.
    holders: Mutex<Vec<Holder>>,
}

impl RoomNews {
    pub(super) fn new(memory: &Memory, bell: &Doorbell) -> RoomNews {
        RoomNews { memory: memory.clone(), bell: bell.clone(), holders: Mutex::default() }
    }

    /// From now on it is news when one of these moves.
    pub(crate) fn set_holders(&self, holders: impl Iterator<Item = Holder>) {
        let mut own = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        own.clear();
        own.extend(holders);
    }
}

impl Source for RoomNews {
    fn bell(&self) -> &Doorbell {
        &self.bell
    }

    fn is_ready(&self) -> bool {
        let holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        holders.iter().any(|holder| holder.has_moved(&self.memory))
    }

    /// Always: the task looks itself whether the subscribers live, and whether their time is over.
    fn is_over(&self) -> bool {
        true
    }
}
