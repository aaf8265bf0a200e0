//! Claims: numbers of owners and makers, which the kernel takes back when their holders die.
//!
//! A claim is a random number of 30 bits, and the byte of that number behind the object's data, locked by
//! this process's description. One `F_OFD_GETLK` tells whether its holder lives, also across PID namespaces. Numbers
//! are random, so that a living process is unlikely to get one that a dead owner left in a lock's word. They come from
//! the kernel: a generator in this process would give a forked child the same numbers as its parent and siblings.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustix::io::Errno;

use super::place::locks_fd;
use crate::memory::Mapped;
use crate::posix::advice::{Call, Of as _, Refused};
use crate::posix::fork::{HolderMark, PerProcess};
use crate::posix::kernel;
use crate::posix::ofd_lock::{self, Role};
use crate::words::lock::{OWNER, UNKNOWN};

/// How many numbers are tried. Hardly any number is taken, unless a process with write access locks them all.
const TRIES: u32 = 100;

/// The claims of this process.
#[derive(Default)]
struct Own {
    /// The claimed numbers, with the description of each: the kernel does not show a description its own locks. In the
    /// child of a raw clone they include the parent's.
    numbers: HashSet<(usize, u32)>,
    /// The claim of each description.
    claims: HashMap<usize, Weak<Claimed>>,
}

static OWN: PerProcess<Mutex<Own>> = PerProcess::new();

fn own() -> MutexGuard<'static, Own> {
    OWN.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number that no other process has while this claim or a clone of it lives.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// Kept here, because each lock and unlock needs it.
    number: u32,
    claimed: Arc<Claimed>,
}

/// The shared part of this process's claims with one description.
#[derive(Debug)]
struct Claimed {
    number: u32,
    /// The claim whose holder was last found dead; zero for none.
    known_dead: AtomicU32,
    held: Arc<dyn Mapped>,
    made: HolderMark,
}

impl Claim {
    /// This process's claim with this description.
    pub(super) fn of(held: &Arc<dyn Mapped>) -> Result<Claim, Refused> {
        let mut own = own();
        let known = own.claims.get(&holder(held)).and_then(Weak::upgrade);
        // The child of a raw clone finds its parent's claim.
        if let Some(claimed) = known.filter(|claimed| claimed.made.is_current()) {
            return Ok(Claim { number: claimed.number, claimed });
        }
        let number = claim_any(held, &mut own)?;
        let (held, known_dead, made) = (Arc::clone(held), AtomicU32::new(0), HolderMark::current());
        let claimed = Arc::new(Claimed { number, known_dead, held, made });
        own.claims.insert(holder(&claimed.held), Arc::downgrade(&claimed));
        Ok(Claim { number, claimed })
    }

    #[inline]
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Whether the holder of another number is dead. It counts as living when the system does not tell.
    pub(super) fn is_dead(&self, other: u32) -> bool {
        let held = &self.claimed.held;
        let is_dead = other != UNKNOWN
            && !own().numbers.contains(&(holder(held), other))
            && matches!(locks_fd(held).and_then(|fd| ofd_lock::is_taken(fd, Role::Claim(other))), Ok(false));
        if is_dead {
            self.claimed.known_dead.store(other, Ordering::Relaxed);
        }
        is_dead
    }

    /// Whether that holder was the last one found dead: its other locks can then be taken without a wait.
    pub(super) fn is_known_dead(&self, other: u32) -> bool {
        other != 0 && self.claimed.known_dead.load(Ordering::Relaxed) == other
    }
}

/// Claims a free number.
fn claim_any(held: &Arc<dyn Mapped>, own: &mut Own) -> Result<u32, Refused> {
    for _ in 0..TRIES {
        let number = random_number().of(Call::Random)? & OWNER;
        if number == 0 || number == UNKNOWN || own.numbers.contains(&(holder(held), number)) {
            continue;
        }
        let claimed = locks_fd(held).and_then(|fd| ofd_lock::try_take(fd, Role::Claim(number)));
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
            ofd_lock::leave(fd, Role::Claim(self.number));
        }
        let holder = holder(&self.held);
        own.numbers.remove(&(holder, self.number));
        // There may be a new claim meanwhile.
        if own.claims.get(&holder).is_some_and(|claimed| claimed.strong_count() == 0) {
            own.claims.remove(&holder);
        }
    }
}

/// Identifies a description, which lives as long as a claim on it.
fn holder(held: &Arc<dyn Mapped>) -> usize {
    Arc::as_ptr(held).cast::<()>().addr()
}

fn random_number() -> Result<u32, Errno> {
    let mut bytes = [0; 4];
    kernel::fill_randomly(&mut bytes)?;
    Ok(u32::from_ne_bytes(bytes))
}
