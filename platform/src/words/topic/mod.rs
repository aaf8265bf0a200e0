//! A topic: every message of one publisher for many readers, in one ring. The algorithm is generic over a trait, so the
//! same code runs on shared memory and in a model checker.
//!
//! Messages have numbers, from 1. A message takes whole lines of the ring and is never split; an index says for
//! each number where it lies. The publisher writes a message and its entry, and then the word `newest`: that one store
//! publishes it. Before it writes over a message it moves `oldest` beyond that one.
//!
//! Readers are of two kinds.
//! - A *subscriber* has a place, with a word that says which message it needs next. What a place needs is not written
//!   over. It registers its position first, and then looks at `oldest`, while the publisher moves `oldest` first, and
//!   then looks at the places: one of the two sees the other.
//! - A *viewer* has none. It copies, and then looks at `oldest`: when that has not passed its message, the copy is whole.
//!
//! The publisher can throw a subscriber out: it says so, and then looks at the place. The subscriber moves its position,
//! and then looks whether it was thrown out. So the message at the position that the publisher finds is the only one
//! that may still be lent, and it stays *pinned*: messages go round it, until the subscriber lets go.
//!
//! The publisher alone writes `newest`, `oldest`, the index and its verdicts; it keeps its own account of them, and
//! checks the words of the places against that. Readers check what the publisher writes against the ring's shape and
//! their own positions. Whatever the words say, a call ends, and what it answers lies inside the ring.

mod publisher;
mod subscriber;
mod terms;
mod viewer;

pub use self::publisher::{Holder, Producer, Room};
pub use self::subscriber::{Consumer, Fault, Message};
pub use self::terms::{Extent, LINE, Shape, TopicMemory, Word};
pub use self::viewer::{Reading, Viewer};
pub use super::Damaged;

#[cfg(test)]
mod tests;
