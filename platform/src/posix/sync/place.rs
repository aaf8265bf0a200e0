//! The memory of a place: it belongs to an object whose description carries the locks of claims and seats.

use std::os::fd::BorrowedFd;
use std::sync::Arc;

use rustix::io::Errno;

use crate::contract::context::Context;
use crate::memory::{Mapped, Origin};
use crate::posix::advice::Refused;
use crate::posix::errors::words;
use crate::seam::object::Reason;
use crate::seam::place::Place;
use crate::{ErrorKind, Result};

impl From<Refused> for Reason {
    fn from(refused: Refused) -> Reason {
        let (kind, detail) = words(refused);
        Reason { detail: Some(detail.into()), cause: Some(refused.errno.into()), ..kind.into() }
    }
}

/// The descriptor for the locks of claims and seats.
pub(super) fn locks_fd(held: &Arc<dyn Mapped>) -> Result<BorrowedFd<'_>, Errno> {
    held.handle().ok_or(Errno::ACCESS)
}

/// The object of a place's memory, which this keeps alive.
pub(super) fn held_of(place: &Place, context: Context<'_>) -> Result<Arc<dyn Mapped>> {
    let Origin { object, .. } = place.origin(context)?;
    locks_of(&object, context)?;
    Ok(object)
}

/// The descriptor for the locks of claims and seats, or why there is none.
pub(super) fn locks_of<'a>(held: &'a Arc<dyn Mapped>, context: Context<'_>) -> Result<BorrowedFd<'a>> {
    held.handle().ok_or_else(|| {
        context.error(ErrorKind::Unsupported).with_detail(
            "this process may not open the region's file once more, which it needs for locks of its own; make the region from the file's path, or let a process that may open the file hand the region over",
        )
    })
}

/// Identifies a place in every process and mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PlaceKey {
    dev: u64,
    ino: u64,
    /// Where in its file the place lies, in bytes.
    pub(super) offset: u64,
}

impl PlaceKey {
    pub(super) fn of(place: &Place, held: &Arc<dyn Mapped>) -> PlaceKey {
        let (dev, ino) = held.identity();
        PlaceKey { dev, ino, offset: offset_in_file(place) }
    }

    pub(super) fn of_origin(origin: &Origin) -> PlaceKey {
        let (dev, ino) = origin.object.identity();
        PlaceKey { dev, ino, offset: origin.offset }
    }
}

/// Where in its file a place lies.
pub(super) fn offset_in_file(place: &Place) -> u64 {
    place.view().origin(place.offset()).map_or(0, |origin| origin.offset)
}
