//! Descriptors for event loops: ready for reading while they are raised.

use std::os::fd::{AsFd as _, BorrowedFd};

use rustix::io::Errno;

use super::descriptor::Descriptor;
use super::kernel;
use crate::seam::flag::RawFlag;

pub(super) struct Flag {
    awaited: Descriptor,
    /// Where it takes another descriptor to raise the flag.
    written: Option<Descriptor>,
}

impl Flag {
    pub(super) fn lowered() -> Result<Flag, Errno> {
        let (awaited, written) = kernel::flag()?;
        let written = written.map(Descriptor::shared).transpose()?;
        Ok(Flag { awaited: Descriptor::shared(awaited)?, written })
    }
}

impl RawFlag for Flag {
    fn raise(&self) {
        // A daemon may have closed the descriptor, and its number may be a file's by now.
        let Ok(fd) = self.written.as_ref().unwrap_or(&self.awaited).verified() else { return };
        // Fails only for a flag that is raised already, whose counter or buffer is full.
        let _ = rustix::io::write(fd, &1u64.to_ne_bytes());
    }

    fn lower(&self) {
        let Ok(fd) = self.awaited.verified() else { return };
        let mut bytes = [0; 8];
        while rustix::io::read(fd, &mut bytes).is_ok_and(|count| count > 0) {}
    }

    fn handle(&self) -> BorrowedFd<'_> {
        self.awaited.as_fd()
    }
}
