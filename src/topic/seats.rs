//! The seats in a topic's lobby: the publisher's, and one at each place for a subscriber.

use samemap_platform::internal::Seat;

use super::layout::{PUBLISHER_SEAT, seat_of};
use crate::endpoint::seat::within_grace;
use crate::{Result, View};

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
