//! The seats in a topic's lobby: the publisher's, and one at each place for a subscriber.

use std::thread;
use std::time::{Duration, Instant};

use samemap_platform::sync::Seat;

use super::layout::{PUBLISHER_SEAT, seat_of};
use crate::{Result, View};

/// How long a free seat may seem taken: on Windows a process that looks at a seat has it for an instant.
const GRACE: Duration = Duration::from_millis(20);

/// The publisher's seat; `None` while another publisher has it.
pub(super) fn take_publishers(lobby: &View) -> Result<Option<Seat>> {
    within_grace(|| Seat::take(lobby, PUBLISHER_SEAT))
}

/// A free place, and its seat; `None` when all of them are taken.
pub(super) fn take_place(lobby: &View, places: u32) -> Result<Option<(u32, Seat)>> {
    within_grace(|| {
        for place in 0..places {
            if let Some(seat) = Seat::take(lobby, seat_of(place))? {
                return Ok(Some((place, seat)));
            }
        }
        Ok(None)
    })
}

fn within_grace<T>(mut take: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    let begin = Instant::now();
    loop {
        let taken = take()?;
        if taken.is_some() || begin.elapsed() >= GRACE {
            return Ok(taken);
        }
        thread::sleep(Duration::from_millis(1));
    }
}
