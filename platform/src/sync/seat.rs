//! Seats: one process holds a seat at a time, and the kernel frees it when that process dies.

use std::fmt;

use crate::seam::header::HEADER_LEN;
use crate::seam::per_process::Forks as _;
use crate::seam::place::Place;
use crate::seam::seat::RawSeat as _;
use crate::{Result, View, system};

/// A role in a region that one holder has at a time, in any process. It becomes free when the holder's process ends in
/// any way.
///
/// It takes [`SIZE`](Self::SIZE) bytes of a read-write view at an offset that is aligned to 8 in memory; the system
/// uses them. In a forked child (without exec) the copy of a seat holds nothing.
///
/// # Platform-specific behavior
/// A lock of the kernel on Linux, a kernel object on Windows; other systems have none yet.
pub struct Seat {
    _taken: system::Seat,
    /// The number of forks before this process took it.
    forks: u32,
}

impl Seat {
    /// The bytes of memory that it takes.
    pub const SIZE: usize = HEADER_LEN;

    /// Takes the seat at `offset`; `None` when this process or another one has it.
    ///
    /// # Errors
    /// [`OutOfRange`](crate::ErrorKind::OutOfRange), [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an offset
    /// that is not aligned, [`AccessDenied`](crate::ErrorKind::AccessDenied) when the view is not read-write.
    pub fn take(view: &View, offset: usize) -> Result<Option<Seat>> {
        const OPERATION: &str = "take the seat";
        let place = Place::inside(view, offset, 0, OPERATION)?;
        let taken = system::Seat::take(&place, OPERATION)?;
        Ok(taken.map(|taken| Seat { _taken: taken, forks: system::Forks::count() }))
    }

    /// Whether this process holds it. A child forked since does not.
    #[inline]
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.forks == system::Forks::count()
    }

    /// Whether this process or another one has the seat at `offset`.
    ///
    /// # Errors
    /// Those of [`take`](Self::take).
    pub fn is_taken(view: &View, offset: usize) -> Result<bool> {
        const OPERATION: &str = "look at the seat";
        system::Seat::is_taken(&Place::inside(view, offset, 0, OPERATION)?, OPERATION)
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").finish_non_exhaustive()
    }
}
