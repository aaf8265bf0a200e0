//! What the memory of a place belongs to: an object of ours, whose description claims and seats are locked on.

use std::os::fd::BorrowedFd;
use std::sync::Arc;

use rustix::fs::fstat;
use rustix::io::Errno;

use crate::posix::mapping::{Backing as _, Mapping};
use crate::posix::object::Identity;
use crate::posix::region::Held;
use crate::sync::place::Place;
use crate::sync::raw::Reason;
use crate::{Error, ErrorKind, View};

impl From<Errno> for Reason {
    fn from(errno: Errno) -> Reason {
        std::io::Error::from(errno).into()
    }
}

/// The mapping of one of our own views.
fn mapping_of(view: &View) -> Option<&Mapping<Held>> {
    view.keeper().downcast_ref()
}

/// The descriptor that claims and seats are locked on.
pub(super) fn locks_fd(held: &Held) -> BorrowedFd<'_> {
    held.fd()
}

/// What a place's memory belongs to, and keeps alive.
pub(super) fn held_of<'a>(place: &'a Place, operation: &'static str) -> Result<&'a Arc<Held>, Error> {
    let mapping = mapping_of(place.view()).ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, operation)
            .with_detail("the view is not one of the system's own regions; use samemap::Region")
    })?;
    if mapping.backing().may_be_shared() {
        return Err(Error::new(ErrorKind::Unsupported, operation).with_detail(
            "this process may not open the file of the region anew, and what tells owners apart would be shared with the other processes that have it open; make the region from its path, or let a process that may do so hand the region over",
        ));
    }
    Ok(mapping.backing())
}

/// The same place in every process, and under every mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PlaceKey {
    dev: u64,
    ino: u64,
    /// Where in its file the place lies, in bytes.
    pub(super) offset: u64,
}

impl PlaceKey {
    pub(super) fn of(place: &Place, held: &Held) -> Result<PlaceKey, Errno> {
        let (dev, ino) = Identity::from(&fstat(held.fd())?).parts();
        Ok(PlaceKey { dev, ino, offset: offset_in_file(place) })
    }
}

/// Where in its file a place lies.
pub(super) fn offset_in_file(place: &Place) -> u64 {
    mapping_of(place.view()).map_or(0, |mapping| mapping.offset_of(place.start()))
}
