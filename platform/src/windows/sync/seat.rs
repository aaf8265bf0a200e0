//! Seats: a seat is taken while a kernel object exists whose name is made from a random id in the region. Only the
//! holder keeps a handle of it, which the kernel closes when the process ends.

use std::os::windows::io::OwnedHandle;
use std::time::Duration;

use super::inside::{Arrival, id_of, id_or_new};

use crate::contract::context::Operation;
use crate::seam::kind::New;
use crate::seam::place::Place;
use crate::seam::seat::RawSeat;
use crate::windows::calls::Created;
use crate::{ObjectKind, Reset, Result};

/// How often a process that finds the seat taken looks again, each millisecond: a process that only asks has a handle
/// for an instant.
const LOOKS: u32 = 5;

const WHAT: &str = "seat";

pub(crate) struct Seat {
    _handle: OwnedHandle,
}

impl RawSeat for Seat {
    fn take(place: &Place, operation: Operation) -> Result<Option<Seat>> {
        let id = id_or_new(place.header());
        let arrival = Arrival::new(place, ObjectKind::Event, operation)?;
        for look in 0..LOOKS {
            match arrival.named(id, WHAT, New::Event { reset: Reset::Auto, is_set: false })? {
                Created::New(handle) => return Ok(Some(Seat { _handle: handle })),
                Created::Existing(handle) => drop(handle),
            }
            if look + 1 < LOOKS {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        Ok(None)
    }

    fn is_taken(place: &Place, operation: Operation) -> Result<bool> {
        let arrival = Arrival::new(place, ObjectKind::Event, operation)?;
        match id_of(place.header()) {
            Some(id) => arrival.exists(id, WHAT, ObjectKind::Event),
            None => Ok(false),
        }
    }
}
