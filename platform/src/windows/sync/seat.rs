//! Seats: what one process at a time holds, and the kernel takes back when that process dies.
//!
//! A seat is taken while a kernel object exists whose name is made from a random id in the region. Its holder has the
//! one handle that lasts; the kernel closes that with the process.

use std::os::windows::io::OwnedHandle;
use std::time::Duration;

use super::event::{self, new_event};
use super::header::HEADER_LEN;
use super::object::Created;
use super::place::{Arrival, Place, random_id};
use super::shared_event::RECIPE;
use crate::{Result, View};

/// How often, a millisecond apart, who finds the seat taken looks again: who asks whether it is taken has a handle for
/// an instant.
const LOOKS: u32 = 5;

const WHAT: &str = "seat";

/// A role in a region that one holder at a time has, in whatever process, and that falls free when its process dies,
/// however that happens.
///
/// It takes [`SIZE`](Self::SIZE) bytes of a read-write view at an offset that is aligned to 8 in memory; they are the
/// system's.
///
/// # Platform-specific behavior
/// A lock of the kernel on Linux, a kernel object on Windows. On Linux a forked child's
/// copy of a seat holds nothing.
#[derive(Debug)]
pub struct Seat {
    _handle: OwnedHandle,
}

impl Seat {
    /// Bytes of memory that it takes.
    pub const SIZE: usize = HEADER_LEN;

    /// Takes the seat at `offset`; `None` when somebody has it, in this process or another one.
    ///
    /// # Errors
    /// [`OutOfRange`](crate::ErrorKind::OutOfRange), [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an offset
    /// that is not aligned, [`AccessDenied`](crate::ErrorKind::AccessDenied) when the view is not read-write.
    pub fn take(view: &View, offset: usize) -> Result<Option<Seat>> {
        let place = Place::inside(view, offset, 0)?;
        let id = place.header().id_or(random_id());
        let arrival = Arrival::new(&place, &RECIPE, "take the seat in the region");
        for look in 0..LOOKS {
            match arrival.named(id, WHAT, &event::CLASS, &|order| new_event(order, 0))? {
                Created::New(handle) => return Ok(Some(Seat { _handle: handle })),
                Created::Existing(handle) => drop(handle),
            }
            if look + 1 < LOOKS {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        Ok(None)
    }

    /// Whether this process holds it: always so here.
    #[inline]
    #[must_use]
    pub fn is_ours(&self) -> bool {
        true
    }

    /// Whether anybody has the seat at `offset`, in this process or another one.
    ///
    /// # Errors
    /// Those of [`take`](Self::take).
    pub fn is_taken(view: &View, offset: usize) -> Result<bool> {
        let place = Place::inside(view, offset, 0)?;
        let Some(id) = place.header().id() else { return Ok(false) };
        Arrival::new(&place, &RECIPE, "look at the seat in the region").exists(id, WHAT, &event::CLASS)
    }
}
