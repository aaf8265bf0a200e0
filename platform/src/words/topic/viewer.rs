//! The side of a viewer: it only reads, delays nobody, and may miss messages.

use std::sync::atomic::Ordering::{Acquire, Relaxed};

use super::terms::{Extent, LAST, Shape, TRIES, TopicMemory, Word};

/// The result of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading<R> {
    /// There is none yet.
    Nothing,
    /// This one, whole.
    Message {
        /// Its number.
        sequence: u64,
        /// How many were missed before it.
        missed: u64,
        /// The result of `copy`.
        copied: R,
    },
    /// The publisher was faster each time.
    Contended,
    /// The words contradict each other.
    Damaged,
}

/// A viewer's side.
#[derive(Clone, Debug)]
pub struct Viewer {
    shape: Shape,
    /// The next message to read.
    next: u64,
}

impl Viewer {
    /// Begins with the next message, or with up to `history` of those that are kept.
    pub fn begin(memory: &impl TopicMemory, shape: Shape, history: u64) -> Viewer {
        let newest = memory.load(Word::Newest, Acquire);
        let oldest = memory.load(Word::Oldest, Acquire);
        let end = newest.saturating_add(1);
        // `oldest` is read later, and may lie beyond.
        Viewer { shape, next: end.saturating_sub(history).max(oldest.min(end)) }
    }

    /// Reads the next message that is kept; `copy` reads it at the given place, and may read it torn.
    #[inline]
    pub fn read<R>(
        &mut self,
        memory: &impl TopicMemory,
        mut copy: impl FnMut(u64, Extent) -> R,
    ) -> Reading<R> {
        let mut sequence = self.next;
        for _ in 0..TRIES {
            let newest = memory.load(Word::Newest, Acquire);
            if newest < self.next {
                return if newest.saturating_add(1) < self.next {
                    Reading::Damaged
                } else {
                    Reading::Nothing
                };
            }
            if newest > LAST {
                return Reading::Damaged;
            }
            let oldest = memory.load(Word::Oldest, Acquire);
            if oldest > sequence {
                // Overtaken. The first one that is kept would be next to go.
                sequence = oldest + newest.saturating_sub(oldest) / 2;
            }
            if sequence > newest {
                // None is kept while a long one is written.
                return Reading::Nothing;
            }
            let entry = memory.load(Word::Entry(self.shape.slot(sequence)), Relaxed);
            let extent = Extent::unpack(entry, self.shape);
            let copied = extent.map(|extent| copy(sequence, extent));
            // If anything of a later message was read, this load sees that its own is not kept any more.
            memory.fence(Acquire);
            if memory.load(Word::Oldest, Relaxed) <= sequence {
                let Some(copied) = copied else { return Reading::Damaged };
                let missed = sequence - self.next;
                self.next = sequence + 1;
                return Reading::Message { sequence, missed, copied };
            }
        }
        Reading::Contended
    }

    /// Whether there may be a message to read.
    #[inline]
    pub fn has_news(&self, memory: &impl TopicMemory) -> bool {
        let newest = memory.load(Word::Newest, Acquire);
        // None is kept while a long one is written.
        newest >= self.next && memory.load(Word::Oldest, Acquire) <= newest
            || newest.saturating_add(1) < self.next
    }

    /// The number of the next message to read.
    #[inline]
    #[must_use]
    pub fn position(&self) -> u64 {
        self.next
    }
}
