//! Seats: bytes that the holder's description keeps locked. The seat's offset in the file gives its byte.
//!
//! Nothing of a seat lies in the memory, so a peer that overwrites it can neither free nor take the seat. Locks of one
//! description do not exclude each other, so a process keeps a set of its own seats.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::place::{PlaceKey, locks_fd, locks_of};
use crate::Result;
use crate::contract::context::{Context, Operation};
use crate::memory::{Mapped, Origin};
use crate::posix::advice::{Call, InCall as _, Of as _};
use crate::posix::fork::{HolderMark, PerProcess};
use crate::posix::ofd_lock::{self, Role};
use crate::seam::place::Place;
use crate::seam::seat::RawSeat;

pub(crate) struct Seat {
    key: PlaceKey,
    held: Arc<dyn Mapped>,
    taken_by: HolderMark,
}

/// The seats that this process holds.
static OURS: PerProcess<Mutex<HashSet<PlaceKey>>> = PerProcess::new();

fn ours() -> MutexGuard<'static, HashSet<PlaceKey>> {
    OURS.get().lock().unwrap_or_else(PoisonError::into_inner)
}

impl RawSeat for Seat {
    fn take(place: &Place, operation: Operation) -> Result<Option<Seat>> {
        let context = Context { operation, name: None };
        let Origin { object: held, .. } = place.origin(context)?;
        let key = PlaceKey::of(place, &held);
        let mut ours = ours();
        let is_free = |fd| ofd_lock::try_take(fd, Role::Seat(key.offset)).of(Call::Lock).in_call(context);
        if ours.contains(&key) || !is_free(locks_of(&held, context)?)? {
            return Ok(None);
        }
        ours.insert(key);
        Ok(Some(Seat { key, held, taken_by: HolderMark::current() }))
    }

    fn is_taken(place: &Place, operation: Operation) -> Result<bool> {
        let context = Context { operation, name: None };
        let Origin { object: held, offset } = place.origin(context)?;
        // No thread of this process takes or leaves the seat between the two looks.
        let ours = ours();
        // Other processes' seats come first: callers that poll then pay one system call.
        let is_others = ofd_lock::is_taken(locks_of(&held, context)?, Role::Seat(offset));
        Ok(is_others.of(Call::Lock).in_call(context)? || ours.contains(&PlaceKey::of(place, &held)))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if !self.taken_by.is_current() {
            return;
        }
        let mut ours = ours();
        if let Ok(fd) = locks_fd(&self.held) {
            ofd_lock::leave(fd, Role::Seat(self.key.offset));
        }
        ours.remove(&self.key);
    }
}
