//! Seats: bytes that the holder's description keeps locked. The seat's offset in the file gives its byte.
//!
//! Nothing of a seat lies in the memory, so a peer that overwrites it can neither free nor take the seat. Locks of one
//! description do not exclude each other, so a process keeps a set of its own seats.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

use super::place::{PlaceKey, locks_fd, locks_of};
use crate::Result;
use crate::contract::context::{Context, Operation};
use crate::memory::{Mapped, Origin};
use crate::posix::advice::Call;
use crate::posix::fork::{Generation, PerProcess, ProcessMark};
use crate::posix::ofd_lock;
use crate::seam::place::Place;
use crate::seam::seat::RawSeat;

pub(crate) struct Seat {
    key: PlaceKey,
    held: Arc<dyn Mapped>,
    /// For `is_ours`, which is called often.
    mark: Generation,
    /// Also recognises the copies of a raw clone.
    taken_by: ProcessMark,
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
        let (key, mark) = (PlaceKey::of(place, &held), Generation::current());
        let mut ours = ours();
        let had = ours.contains(&key)
            || !locked(ofd_lock::try_seat(locks_of(&held, context)?, key.offset), context)?;
        if had {
            return Ok(None);
        }
        ours.insert(key);
        Ok(Some(Seat { key, held, mark, taken_by: ProcessMark::current() }))
    }

    #[inline]
    fn is_ours(&self) -> bool {
        self.mark.is_current()
    }

    fn is_taken(place: &Place, operation: Operation) -> Result<bool> {
        let context = Context { operation, name: None };
        let Origin { object: held, offset } = place.origin(context)?;
        // No thread of this process takes or leaves the seat between the two looks.
        let ours = ours();
        // Other processes' seats come first: callers that poll then pay one system call.
        Ok(locked(ofd_lock::is_seated(locks_of(&held, context)?, offset), context)?
            || ours.contains(&PlaceKey::of(place, &held)))
    }
}

fn locked(answer: Result<bool, Errno>, context: Context<'_>) -> Result<bool> {
    answer.map_err(|errno| context.os(Call::Lock, errno))
}

impl Drop for Seat {
    fn drop(&mut self) {
        if !self.taken_by.is_current() {
            return;
        }
        let mut ours = ours();
        if let Ok(fd) = locks_fd(&self.held) {
            ofd_lock::unseat(fd, self.key.offset);
        }
        ours.remove(&self.key);
    }
}
