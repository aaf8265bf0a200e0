//! How a listener's desk lies in its region.
//!
//! | bytes | what, in the machine's byte order |
//! | --- | --- |
//! | 0..8 | the mark and version of this layout |
//! | 16..20 | the permissions that the listener asked for |
//! | 24..32 | the number of the listener's gate; 0 where it has none |
//! | 64..72 | how many clients have come so far |
//! | 128..192 | the listener's seat |
//! | 256..320 | the listener's doorbell |
//! | 320..384 | the doorbell of clients without a place |
//! | 512.. | places of 512 bytes, as many as the region has room for |
//!
//! At each place:
//!
//! | bytes | what |
//! | --- | --- |
//! | 0..64 | the seat of the client that has the place |
//! | 64..128 | that client's doorbell |
//! | 128..136 | its turn, and in the two lowest bits what it wants: 0 nothing, 1 a channel, 2 it was given one |
//! | 136..144 | what the client leaves for the gate (0: it wants a channel with a name); then the number in that channel's
//! name, or 0 for one that was handed over |
//! | 192..200 | of every 64th place: a bit for it and for each of the 63 that follow, where there are news |
//! | 256..384 | the waybill: what the system writes to hand a channel over |

use std::sync::atomic::{AtomicU64, Ordering};

use samemap_platform::internal::gate::{WAYBILL_LEN, WaybillBytes};
use samemap_platform::internal::{Doorbell, Seat, Sleepers};

use super::layout::LISTENER_SEAT;
use crate::{ObjectName, Region, Result, View};

pub(super) const MARK: u64 = u64::from_le_bytes(*b"SMDESK\0\x04");
const GATE: usize = 24;
const ARRIVALS: usize = 64;
const BELL: usize = 256;
const ROOM_BELL: usize = 320;
const PLACES_AT: usize = 512;
const PLACE_LEN: usize = 512;
const PLACE_BELL: usize = 64;
const PLACE_TURN: usize = 128;
const PLACE_CHANNEL: usize = 136;
const PLACE_NEWS: usize = 192;
const PLACE_WAYBILL: usize = 256;

/// Places that share a word of news.
const GROUP: usize = u64::BITS as usize;

/// Fewer places are not worth a region.
const FEWEST: usize = 30;

const _: () = {
    assert!(LISTENER_SEAT + Seat::SIZE <= BELL && BELL + Doorbell::SIZE <= ROOM_BELL);
    assert!(ROOM_BELL + Doorbell::SIZE <= PLACES_AT);
    assert!(Seat::SIZE <= PLACE_BELL && PLACE_BELL + Doorbell::SIZE <= PLACE_TURN);
    assert!(PLACE_WAYBILL + WAYBILL_LEN <= PLACE_LEN);
};

/// Bytes of a region with places for this many clients.
pub(super) fn bytes_needed(backlog: usize) -> u64 {
    (PLACES_AT as u64).saturating_add((backlog.max(FEWEST) as u64).saturating_mul(PLACE_LEN as u64))
}

/// What a client wants, and when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn(u64);

impl Turn {
    /// The place is free, as far as its word says.
    pub(super) const NOBODYS: Turn = Turn(0);

    const PHASE: u64 = 3;
    const ASKS: u64 = 1;
    const SERVED: u64 = 2;

    /// The client with this number asks for a channel.
    fn asks(arrival: u64) -> Turn {
        Turn(arrival << 2 | Turn::ASKS)
    }

    pub(super) fn is_asking(self) -> bool {
        self.0 & Turn::PHASE == Turn::ASKS
    }

    /// The same client's, when it has its channel.
    pub(super) fn served(self) -> Turn {
        Turn(self.0 & !Turn::PHASE | Turn::SERVED)
    }

    /// Clients with smaller ones came before.
    pub(super) fn arrival(self) -> u64 {
        self.0 >> 2
    }
}

/// The desk, as the listener and its clients see it.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    view: View,
    places: usize,
    /// The listener sleeps on it.
    pub(super) bell: Doorbell,
    /// Keeps the name.
    region: Region,
}

impl Desk {
    pub(super) fn inside(view: &View, region: &Region) -> Result<Desk> {
        let places = view.len().saturating_sub(PLACES_AT) / PLACE_LEN;
        let bell = Doorbell::at(view, BELL, Sleepers::One)?;
        Ok(Desk { view: view.clone(), places, bell, region: region.clone() })
    }

    pub(super) fn region(&self) -> &Region {
        &self.region
    }

    pub(super) fn places(&self) -> usize {
        self.places
    }

    /// Whether a listener has it.
    pub(super) fn is_open(&self) -> Result<bool> {
        Seat::is_taken(&self.view, LISTENER_SEAT)
    }

    /// The word that says what the client at a place wants.
    fn turn_word(&self, place: usize) -> Result<&AtomicU64> {
        self.view.atomic_u64(seat_at(place) + PLACE_TURN)
    }

    pub(super) fn turn(&self, place: usize) -> Result<Turn> {
        Ok(Turn(self.turn_word(place)?.load(Ordering::Acquire)))
    }

    pub(super) fn set_turn(&self, place: usize, turn: Turn) -> Result<()> {
        self.turn_word(place)?.store(turn.0, Ordering::Release);
        Ok(())
    }

    /// Replaces what a place says, if it still says `seen`.
    pub(super) fn replace_turn(&self, place: usize, seen: Turn, new: Turn) -> Result<bool> {
        let answer =
            self.turn_word(place)?.compare_exchange(seen.0, new.0, Ordering::AcqRel, Ordering::Relaxed);
        Ok(answer.is_ok())
    }

    /// The next turn.
    pub(super) fn next_turn(&self) -> Result<Turn> {
        Ok(Turn::asks(self.view.atomic_u64(ARRIVALS)?.fetch_add(1, Ordering::Relaxed)))
    }

    /// The number of the listener's gate.
    pub(super) fn gate(&self) -> Result<&AtomicU64> {
        self.view.atomic_u64(GATE)
    }

    pub(super) fn waybill(&self, place: usize) -> Result<WaybillBytes> {
        let mut waybill = [0; WAYBILL_LEN];
        self.view.read(seat_at(place) + PLACE_WAYBILL, &mut waybill)?;
        Ok(waybill)
    }

    pub(super) fn set_waybill(&self, place: usize, waybill: &WaybillBytes) -> Result<()> {
        self.view.write(seat_at(place) + PLACE_WAYBILL, waybill)
    }

    /// What the client at a place leaves for the gate, then the number of the channel that was made for it.
    pub(super) fn channel(&self, place: usize) -> Result<&AtomicU64> {
        self.view.atomic_u64(seat_at(place) + PLACE_CHANNEL)
    }

    /// Clients without a place sleep on it.
    pub(super) fn room_bell(&self) -> Result<Doorbell> {
        Doorbell::at(&self.view, ROOM_BELL, Sleepers::Many)
    }

    /// The doorbell of the client at a place.
    pub(super) fn bell_at(&self, place: usize) -> Result<Doorbell> {
        Doorbell::at(&self.view, seat_at(place) + PLACE_BELL, Sleepers::One)
    }

    pub(super) fn take_seat(&self, place: usize) -> Result<Option<Seat>> {
        Seat::take(&self.view, seat_at(place))
    }

    pub(super) fn is_occupied(&self, place: usize) -> Result<bool> {
        Seat::is_taken(&self.view, seat_at(place))
    }

    /// Tells the listener that there are news at a place.
    pub(super) fn tell(&self, place: usize) -> Result<()> {
        self.news_word(place / GROUP)?.fetch_or(1 << (place % GROUP), Ordering::AcqRel);
        self.bell.ring();
        Ok(())
    }

    /// Whether there are news at any place.
    pub(super) fn has_news(&self) -> bool {
        // One that fails to look fails again, and says why.
        self.groups()
            .any(|group| self.news_word(group).map_or(true, |word| word.load(Ordering::Acquire) != 0))
    }

    /// Takes the news of all places: calls `at` for each.
    pub(super) fn take_news(&self, mut at: impl FnMut(usize) -> Result<()>) -> Result<()> {
        for group in self.groups() {
            let word = self.news_word(group)?;
            if word.load(Ordering::Relaxed) == 0 {
                continue;
            }
            let mut bits = word.swap(0, Ordering::AcqRel);
            while bits != 0 {
                let place = group * GROUP + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                // Behind the last one there is a peer's rubbish only.
                if place < self.places {
                    at(place)?;
                }
            }
        }
        Ok(())
    }

    /// How many are at the desk.
    pub(super) fn waiting(&self) -> usize {
        let is_in_use = |place: &usize| self.turn(*place).is_ok_and(|turn| turn != Turn::NOBODYS);
        (0..self.places).filter(is_in_use).count()
    }

    /// Wipes the words of clients that have ended.
    pub(super) fn clear(&self) -> Result<()> {
        for place in 0..self.places {
            let turn = self.turn(place)?;
            if turn != Turn::NOBODYS && !self.is_occupied(place)? {
                self.replace_turn(place, turn, Turn::NOBODYS)?;
            }
        }
        Ok(())
    }

    fn groups(&self) -> std::ops::Range<usize> {
        0..self.places.div_ceil(GROUP)
    }

    fn news_word(&self, group: usize) -> Result<&AtomicU64> {
        self.view.atomic_u64(seat_at(group * GROUP) + PLACE_NEWS)
    }
}

fn seat_at(place: usize) -> usize {
    PLACES_AT + place * PLACE_LEN
}

/// The name of a connection's region.
pub(super) fn channel_name(listener: &ObjectName, number: u64) -> Result<ObjectName> {
    ObjectName::new(format!("{listener}.{number:016x}"))
}
