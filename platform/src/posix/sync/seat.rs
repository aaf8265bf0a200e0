//! Seats: what one process at a time holds, and the kernel takes back when that process dies.
//!
//! A seat is one byte that the holder's description keeps locked, at a place that follows from the seat's offset in
//! the file. Nothing of it lies in the memory itself, so a peer that scribbles cannot free or take it. Locks of one
//! description do not exclude one another, so which seats this process holds itself is kept beside.

use std::collections::HashSet;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::place::{Place, PlaceKey};
use crate::memory::Mapped;
use crate::posix::fork::{Generation, ProcessMark};
use rustix::io::Errno;

use crate::posix::ofd_lock;
use crate::{ErrorKind, PerProcess, Result, View};

/// A role in a region that one holder at a time has, in whatever process, and that falls free when its process dies,
/// however that happens.
///
/// It takes [`SIZE`](Self::SIZE) bytes of a read-write view at an offset that is aligned to 8 in memory; they are the
/// system's. In a forked child (without exec) the copy of a seat holds nothing.
///
/// # Platform-specific behavior
/// A lock of the kernel on Linux, a kernel object on Windows.
#[derive(Debug)]
pub struct Seat {
    key: PlaceKey,
    held: Arc<dyn Mapped>,
    /// Asked often.
    mark: Generation,
    /// Tells the copies of a raw clone, too.
    taken_by: ProcessMark,
}

/// The description that seats are taken with.
fn locks(held: &Arc<dyn Mapped>) -> Result<BorrowedFd<'_>, Errno> {
    held.handle().ok_or(Errno::ACCESS)
}

/// The seats that this process holds.
static OURS: PerProcess<Mutex<HashSet<PlaceKey>>> = PerProcess::new();

fn ours() -> MutexGuard<'static, HashSet<PlaceKey>> {
    OURS.get().lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seat {
    /// Bytes of memory that it takes.
    pub const SIZE: usize = super::header::HEADER_LEN;

    /// Takes the seat at `offset`; `None` when somebody has it, in this process or another one.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange), [`InvalidArgument`](ErrorKind::InvalidArgument) for an offset that is not
    /// aligned, [`AccessDenied`](ErrorKind::AccessDenied) when the view is not read-write.
    pub fn take(view: &View, offset: usize) -> Result<Option<Seat>> {
        let place = Place::inside(view, offset, 0)?;
        let (key, mark) = (place.key()?, Generation::current());
        let mut ours = ours();
        if ours.contains(&key) {
            return Ok(None);
        }
        let held = Arc::clone(place.held());
        let taken = locks(&held)
            .and_then(|fd| ofd_lock::try_seat(fd, key.offset()))
            .map_err(|errno| place.error(ErrorKind::Os).with_source(errno.into()))?;
        if !taken {
            return Ok(None);
        }
        ours.insert(key);
        Ok(Some(Seat { key, held, mark, taken_by: ProcessMark::current() }))
    }

    /// Whether this process holds it: not so in a child that was forked since it was taken.
    #[inline]
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.mark.is_current()
    }

    /// Whether anybody has the seat at `offset`, in this process or another one.
    ///
    /// # Errors
    /// Those of [`take`](Self::take).
    pub fn is_taken(view: &View, offset: usize) -> Result<bool> {
        let place = Place::inside(view, offset, 0)?;
        // Nobody here takes or leaves it between the two looks.
        let ours = ours();
        // First at the others', which costs those who sleep and look now and then one system call.
        let seated = locks(place.held())
            .and_then(|fd| ofd_lock::is_seated(fd, place.offset_in_file()))
            .map_err(|errno| place.error(ErrorKind::Os).with_source(errno.into()))?;
        Ok(seated || ours.contains(&place.key()?))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if !self.taken_by.is_current() {
            return;
        }
        let mut ours = ours();
        if let Ok(fd) = locks(&self.held) {
            ofd_lock::unseat(fd, self.key.offset());
        }
        ours.remove(&self.key);
    }
}
