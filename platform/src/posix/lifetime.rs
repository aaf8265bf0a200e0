//! The life of an object, from its name's appearance to its removal.
//!
//! A *holder* is an open file description with a shared lock on the object's life byte (see `ofd_lock`). The kernel
//! drops that lock when the holder ends in any way, so the locks always tell which objects live. The rules:
//!
//! - *Create* makes the finished object, becomes its first holder, and gives it its name last (see `creation` and `make`).
//! - *Open* (see `opening`) looks before it locks: it takes a lock only where the kernel shows another holder's lock.
//!   If it locked first, two openers of a dead object would take each other for holders. Then it checks that the object
//!   still lives and still has its name.
//! - *Remove* takes an exclusive lock first (see `remove`), which the kernel refuses while there is a holder. A later
//!   opener finds that lock and answers `NotFound`.
//! - *Close* drops the shared lock first, and then tries to take the exclusive one: two holders that tried first would
//!   refuse each other.
//! - No call waits, except a creator whose name is being removed, and for a short time.
//!
//! `models/` has a model of the whole lifetime, with a hostile user.

use rustix::io::Errno;

use super::advice::{Call, InCall as _, Of as _};
use super::candidate::{self, Candidate, Unopened};
use super::descriptor::{Descriptor, Lockable};
use super::facts::{Form, RECORD_AT};
use super::fork::HolderMark;
use super::object::denied;
use super::ofd_lock::{self, Holders};
use super::{dir, remove};
use crate::contract::context::Context;
use crate::testing::{Step, reached};
use crate::{Error, ErrorKind, Result};

/// How often a name may change hands before an opener or a creator gives up. Each change is another process's work, so
/// only a hostile one reaches this bound.
pub(super) const TURNS: u32 = 10_000;

/// An object that this process holds.
#[derive(Debug)]
pub(super) struct Object {
    candidate: Candidate,
    parts: Parts,
    holder: HolderMark,
}

/// A holder's descriptions beside the one with its lock, and the facts of its data.
#[derive(Debug)]
pub(super) struct Parts {
    /// The description for mappings; none where the data are a file elsewhere.
    pub(super) data: Option<Descriptor>,
    /// The description for claims and seats, where the one with the life byte does not serve.
    pub(super) locks: Option<Lockable>,
    /// Length of the data in bytes.
    pub(super) len: u64,
    pub(super) form: Form,
}

impl Object {
    /// An object that this process has just become a holder of.
    pub(super) fn held(candidate: Candidate, parts: Parts) -> Object {
        let holder = candidate.life().process().clone();
        Object { candidate, parts, holder }
    }

    /// Length of the data in bytes.
    pub(super) fn len(&self) -> u64 {
        self.parts.len
    }

    /// Where the data lie.
    pub(super) fn form(&self) -> Form {
        self.parts.form
    }

    /// The description for mappings, if the object has data of its own. It carries no lock.
    pub(super) fn data(&self) -> Option<&Descriptor> {
        self.parts.data.as_ref()
    }

    /// The description that carries this process's lock on the life byte.
    pub(super) fn life(&self) -> &Lockable {
        self.candidate.life()
    }

    /// The description for claims and seats, if this user may take any.
    pub(super) fn locks(&self) -> Option<&Lockable> {
        let in_one_file =
            || (self.parts.form == Form::InFront && self.candidate.removes()).then(|| self.life());
        self.parts.locks.as_ref().or_else(in_one_file)
    }

    /// Whether this process holds the object; a forked child with a copy of its parent's handle does not.
    pub(super) fn is_held_here(&self) -> bool {
        self.holder.is_of_this_generation()
    }

    /// Reads the record of a region over a file. Only the object's owner writes there.
    pub(super) fn read_record(&self, into: &mut [u8]) -> Result<usize, Errno> {
        rustix::io::pread(self.candidate.life().verified()?, into, RECORD_AT)
    }

    /// Marks that another process gets a descriptor of the data for writing.
    pub(super) fn mark_handed(&self) -> Result<(), Errno> {
        self.candidate.mark_handed()?;
        reached(Step::SendMarked);
        Ok(())
    }

    /// Whether the name still leads to this object.
    pub(super) fn has_its_name(&self) -> bool {
        self.candidate.has_its_name()
    }

    /// In a forked child: becomes a holder, if another process still holds the object.
    pub(super) fn hold_again(&self, context: Context<'_>) -> Result<()> {
        if self.holder.is_current() {
            return Ok(());
        }
        let (found, _) =
            Candidate::open(self.candidate.system_name()).map_err(|unopened| self.gone(unopened, context))?;
        if found.identity() != self.candidate.identity() {
            return Err(self.gone(Unopened::Nothing, context));
        }
        let life = self.life().of_this_process(|| Ok(found.into_life())).of(Call::Look).in_call(context)?;
        // As for any opener: a lock without another holder would revive a dead object.
        let alive = ofd_lock::holders(life) == Ok(Holders::Some);
        if !alive || !ofd_lock::try_hold(life).of(Call::Lock).in_call(context)? {
            return Err(self.gone(Unopened::Nothing, context));
        }
        if !self.has_its_name() {
            ofd_lock::release(life);
            return Err(self.gone(Unopened::Nothing, context));
        }
        self.holder.set_current();
        Ok(())
    }

    /// Fails in a process that does not hold the object.
    pub(super) fn check_held_here(&self, context: Context<'_>) -> Result<()> {
        if self.is_held_here() {
            return Ok(());
        }
        Err(context.error(ErrorKind::AccessDenied).with_detail(
            "this process was forked after it opened the region, and holds nothing; call Region::hold_again first",
        ))
    }

    /// In a forked child: a description for claims and seats.
    pub(super) fn locks_anew(&self) -> Result<Lockable, Errno> {
        match (&self.parts.locks, &self.parts.data) {
            (None, Some(data)) => {
                Lockable::open(|| data.reopened(true).or_else(|_| self.candidate.opened_by_name(true)))
            }
            _ => {
                let folder = dir::open_folder(self.candidate.path())?;
                Lockable::open(|| candidate::new_locks(&folder))
            }
        }
    }

    fn gone(&self, unopened: Unopened, context: Context<'_>) -> Error {
        match unopened {
            Unopened::Os(errno) => context.os(Call::OpenObject, errno),
            Unopened::Denied { owner } => denied(owner, context),
            _ => context
                .error(ErrorKind::NotFound)
                .with_detail("its last holder ended, or its name was removed; call hold_again in the child before the parent closes the region"),
        }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // A forked child's copy holds nothing, and must not unlock or unlink its parent's object.
        if self.holder.is_current() {
            let_go(&self.candidate);
        }
    }
}

/// Lets go of the object, and removes it if this was the last holder.
pub(super) fn let_go(candidate: &Candidate) {
    // Where the number was reused, the kernel has dropped the lock.
    let Ok(life) = candidate.life().verified() else { return };
    ofd_lock::release(life);
    reached(Step::CloseReleased);
    if candidate.removes() {
        remove::remove_verified(candidate);
    }
    candidate.life().closes_now();
}
