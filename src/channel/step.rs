//! What an attempt to connect has come to, and what it waits for.

use std::sync::atomic::{AtomicU32, Ordering};

use samemap_platform::internal::Doorbell;
use samemap_platform::internal::SharedWord;

use super::desk::{Desk, Turn};
use super::end::Channel;
use super::layout::LISTENING;

/// What a step came to.
#[derive(Debug)]
pub(crate) enum Step {
    Done(Box<Channel>),
    /// The next step is due when one of these has come, or after 80 ms.
    Sleep(Box<News>),
    /// No process rings: the next step is due in a moment.
    WaitAMoment,
}

/// What an attempt waits for.
#[derive(Clone, Debug)]
pub(crate) struct News {
    pub(super) bell: Doorbell,
    pub(super) condition: Condition,
}

#[derive(Clone, Debug)]
pub(super) enum Condition {
    /// A channel's listener is ready.
    Listener(SharedWord<AtomicU32>),
    /// A place at the desk is free.
    Room(Desk),
    /// The word at this place is another one.
    Turn(Desk, usize, Turn),
}

impl News {
    /// What is rung when they come.
    pub(crate) fn bell(&self) -> &Doorbell {
        &self.bell
    }

    pub(crate) fn has_come(&self) -> bool {
        // An error is for the next step.
        match &self.condition {
            Condition::Listener(state) => state.load(Ordering::Acquire) == LISTENING,
            Condition::Room(desk) => {
                (0..desk.places()).any(|place| desk.turn(place).is_ok_and(|turn| turn == Turn::NOBODYS))
            }
            Condition::Turn(desk, place, turn) => desk.turn(*place).map_or(true, |now| now != *turn),
        }
    }

    /// Whether these are the same.
    #[cfg(feature = "tokio")]
    pub(crate) fn are(&self, other: &News) -> bool {
        match (&self.condition, &other.condition) {
            (Condition::Listener(_), Condition::Listener(_)) | (Condition::Room(_), Condition::Room(_)) => {
                true
            }
            (Condition::Turn(_, place, turn), Condition::Turn(_, other, others)) => {
                place == other && turn == others
            }
            _ => false,
        }
    }
}
