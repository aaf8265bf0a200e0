//! Who owns and who initialises: numbers that the kernel takes back when their holders die.
//!
//! A claim is a random number of 30 bits, and the byte of that number behind the object's data, locked by
//! this process's description. Whether its holder lives is one `F_OFD_GETLK`, whatever PID namespaces lie
//! between. Numbers are random, so that one which a dead owner left in a lock word is not taken again by
//! somebody who lives. They come from the kernel: a generator in this process would give a forked child the very
//! numbers that it gives the parent and its other children.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

use super::place::locks_fd;
use crate::memory::Mapped;
use crate::posix::advice::{Call, Of as _, Refused};
use crate::posix::fork::{PerProcess, ProcessMark};
use crate::posix::ofd_lock;
use crate::words::lock::OWNER;

/// How many numbers are tried: one in a thousand million is taken, unless somebody who may write to the object
/// locks them all.
const TRIES: u32 = 100;

/// What this process has claimed, by the holder that it did it with: the kernel does not tell a description of
/// its own locks.
static OWN: PerProcess<Mutex<HashSet<(usize, u32)>>> = PerProcess::new();

fn own() -> MutexGuard<'static, HashSet<(usize, u32)>> {
    OWN.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number that nobody else has as long as this lives.
#[derive(Debug)]
pub(super) struct Claim {
    number: u32,
    held: Arc<dyn Mapped>,
    made: ProcessMark,
}

impl Claim {
    pub(super) fn new(held: &Arc<dyn Mapped>) -> Result<Claim, Refused> {
        for _ in 0..TRIES {
            let number = random_number().of(Call::Random)? & OWNER;
            // Known before the kernel has it, so that nobody takes it for dead.
            if number == 0 || !own().insert((holder(held), number)) {
                continue;
            }
            let claimed = locks_fd(held).and_then(|fd| ofd_lock::try_claim(fd, number));
            if claimed == Ok(true) {
                return Ok(Claim { number, held: Arc::clone(held), made: ProcessMark::current() });
            }
            own().remove(&(holder(held), number));
            claimed.of(Call::Lock)?;
        }
        Err(Refused { call: Call::Lock, errno: Errno::DEADLK })
    }

    #[inline]
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Whether the holder of another number is gone. When the system does not tell, it lives.
    pub(super) fn is_dead(&self, other: u32) -> bool {
        !own().contains(&(holder(&self.held), other))
            && matches!(locks_fd(&self.held).and_then(|fd| ofd_lock::is_claimed(fd, other)), Ok(false))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // A forked child's copy claims nothing.
        if self.made.is_current() {
            if let Ok(fd) = locks_fd(&self.held) {
                ofd_lock::unclaim(fd, self.number);
            }
            own().remove(&(holder(&self.held), self.number));
        }
    }
}

/// Stands for a description: as long as a claim on it lives, so does what has it.
fn holder(held: &Arc<dyn Mapped>) -> usize {
    Arc::as_ptr(held).cast::<()>().addr()
}

fn random_number() -> Result<u32, Errno> {
    let mut bytes = [0; 4];
    match getrandom(&mut bytes, GetRandomFlags::empty())? {
        4 => Ok(u32::from_ne_bytes(bytes)),
        // It gives up to 256 bytes at once.
        _ => Err(Errno::IO),
    }
}
