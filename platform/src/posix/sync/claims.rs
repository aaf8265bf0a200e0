//! Who owns and who initialises: numbers that the kernel takes back when their holders die.
//!
//! A claim is a random number of 30 bits, and the byte of that number behind the object's data, locked by
//! this process's description. Whether its holder lives is one `F_OFD_GETLK`, whatever PID namespaces lie
//! between. Numbers are random, so that one which a dead owner left in a lock word is not taken again by
//! somebody who lives.

use std::hash::{BuildHasher, RandomState};
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use rustix::io::Errno;

use crate::posix::mapping::Backing;
use crate::posix::ofd_lock;
use crate::posix::region::Held;
use crate::words::lock::OWNER;

/// A number that nobody else has as long as this lives.
#[derive(Debug)]
pub(super) struct Claim {
    number: u32,
    held: Arc<Held>,
}

impl Claim {
    pub(super) fn new(held: &Arc<Held>) -> Result<Claim, Errno> {
        loop {
            let number = RandomState::new().hash_one(held.fd_number()) as u32 & OWNER;
            if number != 0 && ofd_lock::try_claim(held.fd(), number)? {
                return Ok(Claim { number, held: Arc::clone(held) });
            }
        }
    }

    #[inline]
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Whether the holder of another number is gone. When the system does not tell, it lives.
    pub(super) fn is_dead(&self, other: u32) -> bool {
        other != self.number && matches!(ofd_lock::is_claimed(self.held.fd(), other), Ok(false))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        ofd_lock::unclaim(self.held.fd(), self.number);
    }
}

trait FdNumber {
    fn fd_number(&self) -> i32;
}

impl FdNumber for Held {
    fn fd_number(&self) -> i32 {
        let fd: BorrowedFd<'_> = self.fd();
        std::os::fd::AsRawFd::as_raw_fd(&fd)
    }
}
