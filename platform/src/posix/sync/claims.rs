//! Who owns and who initialises: numbers that the kernel takes back when their holders die.
//!
//! A claim is a random number of 30 bits, and the byte of that number behind the object's data, locked by
//! this process's description. Whether its holder lives is one `F_OFD_GETLK`, whatever PID namespaces lie
//! between. Numbers are random, so that one which a dead owner left in a lock word is not taken again by
//! somebody who lives. They come from the kernel: a generator in this process would give a forked child the very
//! numbers that it gives the parent and its other children.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

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

/// What this process has claimed.
#[derive(Default)]
struct Own {
    /// By the holder that it did it with: the kernel does not tell a description of its own locks. In the child of a raw
    /// clone, its parent's too.
    numbers: HashSet<(usize, u32)>,
    /// The claim of each holder.
    claims: HashMap<usize, Weak<Claimed>>,
}

static OWN: PerProcess<Mutex<Own>> = PerProcess::new();

fn own() -> MutexGuard<'static, Own> {
    OWN.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number that no other process has as long as this, or a clone of it, lives.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// Beside the rest, because each lock and unlock needs it.
    number: u32,
    claimed: Arc<Claimed>,
}

/// What all claims of this process with one description have in common.
#[derive(Debug)]
struct Claimed {
    number: u32,
    /// Whose holder was found dead last; zero is nobody's.
    buried: AtomicU32,
    held: Arc<dyn Mapped>,
    made: ProcessMark,
}

impl Claim {
    /// This process's claim with that description.
    pub(super) fn of(held: &Arc<dyn Mapped>) -> Result<Claim, Refused> {
        let mut own = own();
        let known = own.claims.get(&holder(held)).and_then(Weak::upgrade);
        // The child of a raw clone finds its parent's.
        if let Some(claimed) = known.filter(|claimed| claimed.made.is_current()) {
            return Ok(Claim { number: claimed.number, claimed });
        }
        let number = claim_any(held, &mut own)?;
        let (held, buried, made) = (Arc::clone(held), AtomicU32::new(0), ProcessMark::current());
        let claimed = Arc::new(Claimed { number, buried, held, made });
        own.claims.insert(holder(&claimed.held), Arc::downgrade(&claimed));
        Ok(Claim { number, claimed })
    }

    #[inline]
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Whether the holder of another number is gone. When the system does not tell, it lives.
    pub(super) fn is_dead(&self, other: u32) -> bool {
        let held = &self.claimed.held;
        let is_dead = !own().numbers.contains(&(holder(held), other))
            && matches!(locks_fd(held).and_then(|fd| ofd_lock::is_claimed(fd, other)), Ok(false));
        if is_dead {
            self.claimed.buried.store(other, Ordering::Relaxed);
        }
        is_dead
    }

    /// Whether that other one was the last to be found dead, which is worth a look at once where it owns more.
    pub(super) fn was_buried(&self, other: u32) -> bool {
        other != 0 && self.claimed.buried.load(Ordering::Relaxed) == other
    }
}

/// Claims a number that is free.
fn claim_any(held: &Arc<dyn Mapped>, own: &mut Own) -> Result<u32, Refused> {
    for _ in 0..TRIES {
        let number = random_number().of(Call::Random)? & OWNER;
        if number == 0 || own.numbers.contains(&(holder(held), number)) {
            continue;
        }
        let claimed = locks_fd(held).and_then(|fd| ofd_lock::try_claim(fd, number));
        if claimed.of(Call::Lock)? {
            own.numbers.insert((holder(held), number));
            return Ok(number);
        }
    }
    Err(Refused { call: Call::Lock, errno: Errno::DEADLK })
}

impl Drop for Claimed {
    fn drop(&mut self) {
        // A forked child's copy claims nothing.
        if !self.made.is_current() {
            return;
        }
        let mut own = own();
        if let Ok(fd) = locks_fd(&self.held) {
            ofd_lock::unclaim(fd, self.number);
        }
        let holder = holder(&self.held);
        own.numbers.remove(&(holder, self.number));
        // There may be a new one meanwhile.
        if own.claims.get(&holder).is_some_and(|claimed| claimed.strong_count() == 0) {
            own.claims.remove(&holder);
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
