//! Descriptors for event loops: ready for reading while they are raised.

use std::os::fd::{AsFd, BorrowedFd};

use super::advice::Call;
use super::descriptor::Descriptor;
use super::kernel;
use crate::Result;
use crate::contract::context::Context;
use crate::seam::flag::RawFlag;

#[derive(Debug)]
pub(crate) struct Flag {
    awaited: Descriptor,
    /// Where it takes another descriptor to raise the flag.
    written: Option<Descriptor>,
}

impl RawFlag for Flag {
    fn new(context: Context<'_>) -> Result<Self> {
        let make = || {
            let (awaited, written) = kernel::flag()?;
            Ok(Flag {
                awaited: Descriptor::shared(awaited)?,
                written: written.map(Descriptor::shared).transpose()?,
            })
        };
        make().map_err(|errno| context.os(Call::MakeFlag, errno))
    }

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
}

impl AsFd for Flag {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.awaited.as_fd()
    }
}
