//! Objects to wait for, on Linux: state in shared memory, waits on futexes.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `object` | an object of any kind, made by name or inside a view |
//! | `claims` | numbers that say who owns, and that the kernel takes back from the dead |
//! | `futex` | sleeping on words |
//! | `lock`, `event`, `semaphore`, `timer` | what each kind does |
//! | `thread_end` | where a thread's forgotten guards are seen to |
//! | `wait` | waiting for several |
//! | `bell`, `seat` | what channels are built with: sleeping until something changes, and roles that end with their holders |
//!
//! The public types over them are in `crate::sync`, and the algorithms in `crate::words`.

mod bell;
mod claims;
mod event;
mod futex;
mod lock;
mod object;
mod seat;
mod semaphore;
mod thread_end;
mod timer;
mod wait;

pub(crate) use bell::Bell;
pub(crate) use object::Object;
pub(crate) use seat::Seat;

use std::os::fd::BorrowedFd;
use std::sync::Arc;

use rustix::fs::fstat;
use rustix::io::Errno;

use super::mapping::{Backing as _, Mapping};
use super::object::Identity;
use super::region::Held;
use crate::sync::place::Place;
use crate::sync::raw::Failure;
use crate::{Error, ErrorKind, View};

impl From<Errno> for Failure {
    #[cold]
    fn from(errno: Errno) -> Failure {
        std::io::Error::from(errno).into()
    }
}

/// The mapping of one of our own views.
fn mapping_of(view: &View) -> Option<&Mapping<Held>> {
    view.keeper().downcast_ref()
}

/// The descriptor that claims and seats are locked on.
fn locks_fd(held: &Held) -> BorrowedFd<'_> {
    held.fd()
}

/// What a place's memory belongs to, and keeps alive.
fn held_of<'a>(place: &'a Place, operation: &'static str) -> Result<&'a Arc<Held>, Error> {
    let mapping = mapping_of(place.view()).ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, operation)
            .with_detail("the view is not one of the system's own regions; use samemap::Region")
    })?;
    if mapping.backing().may_be_shared() {
        return Err(Error::new(ErrorKind::Unsupported, operation).with_detail(
            "this process may not open the file of the region anew, and what tells owners apart would be shared with whoever else has it open; make the region from its path, or let a process that may do so hand the region over",
        ));
    }
    Ok(mapping.backing())
}

/// The same place in every process, and under every mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct PlaceKey {
    dev: u64,
    ino: u64,
    /// Where in its file the place lies, in bytes.
    offset: u64,
}

impl PlaceKey {
    fn of(place: &Place, held: &Held) -> Result<PlaceKey, Errno> {
        let (dev, ino) = Identity::from(&fstat(held.fd())?).parts();
        Ok(PlaceKey { dev, ino, offset: offset_in_file(place) })
    }
}

/// Where in its file a place lies.
fn offset_in_file(place: &Place) -> u64 {
    mapping_of(place.view()).map_or(0, |mapping| mapping.offset_of(place.start()))
}
