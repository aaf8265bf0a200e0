//! What a killed listener leaves: clients that still try to connect keep it alive, no process owns it, and the next
//! listener takes it over.
//!
//! Three things tell it from an object in use: it is this user's own, it holds what the next listener would make, and
//! the listener's seat in it is free. Taking that seat decides between several that come.

use std::sync::atomic::Ordering;

use samemap_platform::internal::Seat;

use super::layout::{LISTENER_SEAT, MARK_AT, PERMISSIONS_AT};
use super::options::ChannelOptions;
use crate::endpoint::seat;
use crate::{Access, CreateOptions, Error, ErrorKind, ObjectName, OpenOptions, Region, Result, Trust, View};

/// How often a name is tried that is taken and free in turns.
const ATTEMPTS: usize = 16;

/// Where a listener is to be.
#[derive(Debug)]
pub(super) enum Found {
    /// A region that is new.
    New(Region),
    /// What another one has left.
    Left(Left),
}

/// A listener's region, of which this process has the seat now.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) region: Region,
    pub(super) view: View,
    pub(super) seat: Seat,
}

/// Makes a region of `bytes` bytes under a name that is free, or takes over what was left there and bears this mark.
pub(super) fn make(name: &ObjectName, bytes: u64, mark: u64, options: &ChannelOptions) -> Result<Found> {
    let create = CreateOptions::new(bytes).permissions(options.permissions);
    let mut attempts = 0..ATTEMPTS;
    loop {
        let taken = match Region::create(name, &create) {
            Err(error) if error.is(ErrorKind::AlreadyExists) => error,
            region => return region.map(Found::New),
        };
        match take_over(name, mark, options) {
            Ok(Some(left)) => return Ok(Found::Left(left)),
            // It has just gone.
            Err(error) if error.is(ErrorKind::NotFound) && attempts.next().is_some() => {}
            Err(error) if error.is(ErrorKind::AlreadyExists) => {
                return Err(error.with_name(name.to_string()));
            }
            _ => return Err(taken),
        }
    }
}

fn take_over(name: &ObjectName, mark: u64, options: &ChannelOptions) -> Result<Option<Left>> {
    let region = Region::open(name, &OpenOptions::read_write().trust(Trust::Own))?;
    let view = region.view(.., Access::ReadWrite)?;
    // Read before anything is written: it may be something else.
    if view.len() < LISTENER_SEAT + Seat::SIZE || view.atomic_u64(MARK_AT)?.load(Ordering::Acquire) != mark {
        return Ok(None);
    }
    let Some(seat) = seat::take(&view, LISTENER_SEAT)? else { return Ok(None) };
    // A peer that writes over this keeps others out, as it can in any case; it lets no process in.
    if view.atomic_u32(PERMISSIONS_AT)?.load(Ordering::Relaxed) != options.permissions.mode() {
        return Err(taken(
            "clients that try to connect keep what the last listener left, which had other permissions; take the same ones, or wait until they have given up",
        ));
    }
    Ok(Some(Left { region, view, seat }))
}

/// Why what was left cannot be taken over.
#[cold]
pub(super) fn taken(detail: &'static str) -> Error {
    Error::new(ErrorKind::AlreadyExists, "listen under a name that was left").with_detail(detail)
}
