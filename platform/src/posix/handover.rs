//! Handing over: the descriptors of a region, and the region that the receiver makes of them. `offer` passes them to a
//! child, `courier` through a socket.
//!
//! A holder's lock belongs to an open file description. Processes that share the description (`dup`, `fork`,
//! inheritance, `SCM_RIGHTS`) share the lock, and one side's unlock would unlock both. So each process gets
//! descriptions of its own, opened anew through /proc:
//!
//! - A *child* opens and locks its own between `fork` and `exec`, while its parent still holds. So it has the region
//!   from its first instruction, even when the parent ends.
//! - A *sender* opens and locks one for the receiver. Once it is sent, the sender closes it and never unlocks it; in
//!   flight it keeps its lock.
//! - A *receiver*, and a child that adopts, opens and locks its own once more where it may. It closes the received one,
//!   which the processes in between may share.
//!
//! The descriptors are, in this order: for a named region, the description with the holder's lock and the facts, for
//! reading; the data; and, for writing, a description for the claims and seats of the objects inside, where the sender
//! has one.
//!
//! A receiver believes the facts only as an opener does (see `candidate`), and the data only if they have the inode
//! number of the facts: no sender can substitute another file.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{self, OFlags};
use rustix::io::Errno;

use super::advice::{Call, InCall as _, Of as _, Refused};
use super::descriptor::{Lockable, reopened_for};
use super::kernel;
use super::lifetime::Object;
use super::opened_file::{self, is_open_for};
use super::owner::check_owner;
use super::receiving::Arrived;
use super::record;
use super::region::{Held, MappedFile, Region};
use crate::contract::context::Context;
use crate::contract::wire::{Form, Label, not_understood};
use crate::seam::region::{Native, RawRegion as _};
use crate::{Access, Error, ErrorKind, Result, Trust};

/// The most descriptors of a region.
pub(super) const MOST_DESCRIPTORS: usize = 3;

/// Whether the first descriptor of a region holds it.
fn has_life(form: Form) -> bool {
    matches!(form, Form::Named | Form::NamedFile)
}

/// Whether a region has this number of descriptors.
pub(super) fn fits(label: Label, descriptors: usize) -> bool {
    let least = 1 + usize::from(has_life(label.form));
    descriptors == least || descriptors == least + 1 && label.access.writes_object()
}

/// One of a region's descriptors.
pub(super) struct Part<'a> {
    pub(super) fd: BorrowedFd<'a>,
    /// Whether it gets a holder's lock.
    pub(super) holds: bool,
    pub(super) access: OFlags,
}

/// The descriptors to hand over. From here on the object counts as one that other processes may write to.
pub(super) fn parts<'a>(held: &'a Held, access: Access, context: Context<'_>) -> Result<Vec<Part<'a>>> {
    if let Some(object) = held.object() {
        object.check_held_here(context)?;
    }
    open_parts(held, access).in_call(context)
}

fn open_parts(held: &Held, access: Access) -> Result<Vec<Part<'_>>, Refused> {
    let writes = access.writes_object();
    let mut parts = Vec::new();
    if let Some(object) = held.object() {
        if writes && matches!(held, Held::Named(_)) {
            object.mark_handed().of(Call::SetMode)?;
        }
        parts.push(Part {
            fd: object.life().verified().of(Call::Look)?,
            holds: true,
            access: OFlags::RDONLY,
        });
    }
    let mode = if writes { OFlags::RDWR } else { OFlags::RDONLY };
    parts.push(Part { fd: held.data().verified().of(Call::Look)?, holds: false, access: mode });
    if held.locks().is_some() && writes {
        let fd = held.locks_of_this_process().of(Call::OpenAnew)?;
        parts.push(Part { fd, holds: false, access: OFlags::WRONLY });
    }
    Ok(parts)
}

impl Part<'_> {
    /// Another description of the file, without a lock.
    pub(super) fn opened_anew(&self) -> Result<OwnedFd, Errno> {
        reopened_for(self.fd, self.access)
    }
}

/// Makes a region of the received descriptors. They belong to this process, and are registered because they may carry
/// locks.
pub(super) fn assemble(
    label: Label,
    came: Vec<Lockable>,
    trust: &Trust,
    context: Context<'_>,
) -> Result<Region> {
    if !fits(label, came.len()) {
        return Err(not_understood(context));
    }
    let mut came = came.into_iter();
    let life = if has_life(label.form) { came.next() } else { None };
    let (Some(data), locks) = (came.next(), came.next()) else { return Err(not_understood(context)) };
    let own = |data: Lockable, locks: Option<Lockable>| -> Result<_, Errno> {
        Ok((data.into_fd()?, locks.map(Lockable::into_fd).transpose()?))
    };
    match (label.form, life) {
        (Form::Anonymous | Form::File, _) => {
            check_giver(&data, trust, context)?;
            let (data, locks) = own(data, locks).of(Call::Look).in_call(context)?;
            if label.form == Form::File {
                return opened_file::received(data, locks, label.len, label.access, context);
            }
            anonymous(data, label.access, |fd, writes| MappedFile::handed_over(fd, locks, writes), context)
        }
        (Form::Named, Some(life)) => {
            named(Arrived { life, data: Some(data), locks }, label.access, trust, context)
        }
        (Form::NamedFile, Some(life)) => {
            let arrived = Arrived { life, data: None, locks: None };
            let (object, name) = Object::received(arrived, label.access, trust, context)?;
            let files = own(data, locks).of(Call::Look).in_call(context)?;
            record::join(object, files, &name, label.access, context)
        }
        _ => Err(not_understood(context)),
    }
}

/// Makes a region of memory without a name, whose descriptors its sender has given away.
pub(super) fn assemble_for_good(
    label: Label,
    came: Vec<Lockable>,
    trust: &Trust,
    context: Context<'_>,
) -> Result<Region> {
    let (Form::Anonymous, 2) = (label.form, came.len()) else {
        return assemble(label, came, trust, context);
    };
    let mut came = came.into_iter();
    let (Some(data), locks) = (came.next(), came.next()) else { return Err(not_understood(context)) };
    check_giver(&data, trust, context)?;
    let data = data.into_fd().of(Call::Look).in_call(context)?;
    anonymous(data, label.access, |fd, _| MappedFile::given_away(fd, locks), context)
}

/// Checks the owner of memory or a file without a name, which has no other facts. A FUSE server can invent the owner,
/// so its files are refused.
fn check_giver(fd: &Lockable, trust: &Trust, context: Context<'_>) -> Result<()> {
    let stat = fs::fstat(fd).of(Call::Look).in_call(context)?;
    let system = fs::fstatfs(fd).of(Call::Look).in_call(context)?;
    if kernel::invents_owners(&system) && *trust != Trust::Anyone {
        return Err(context.error(ErrorKind::UntrustedOwner { owner: None }).with_detail(
            "it lies on a FUSE file system, whose server can name any owner; accept anybody's (Trust::Anyone), or have it copied to another file system",
        ));
    }
    check_owner(stat.st_uid, false, trust, context)
}

fn named(arrived: Arrived, access: Access, trust: &Trust, context: Context<'_>) -> Result<Region> {
    let (object, name) = Object::received(arrived, access, trust, context)?;
    let context = Context { name: Some(&name), ..context };
    let Some(data) = object.data() else { return Err(not_understood(context)) };
    if !is_open_for(data.as_fd(), access, context)? {
        return Err(not_enough(context));
    }
    Ok(Region::named(object, &name, access))
}

/// Received memory without a name. It must be sealed against shrinking, or an access could raise SIGBUS.
fn anonymous(
    fd: OwnedFd,
    access: Access,
    own: impl FnOnce(OwnedFd, bool) -> Result<MappedFile, Errno>,
    context: Context<'_>,
) -> Result<Region> {
    let stat = fs::fstat(&fd).of(Call::Look).in_call(context)?;
    if !is_open_for(fd.as_fd(), access, context)? {
        return Err(not_enough(context));
    }
    check_seals(fd.as_fd(), access, context)?;
    let len = stat.st_size as u64;
    if len == 0 {
        return Err(context.invalid("it has no bytes; give it a size"));
    }
    let memory = own(fd, access.writes_object()).of(Call::Look).in_call(context)?;
    Ok(Region::of(Held::Anonymous(memory), None, len, access))
}

fn check_seals(fd: BorrowedFd<'_>, access: Access, context: Context<'_>) -> Result<()> {
    let invalid = |detail: &str| Err(context.invalid(detail));
    let seals = match kernel::seals(fd) {
        Ok(seals) => seals,
        Err(Errno::INVAL) => {
            return invalid("it is not memory of memfd_create; for a file, use Region::over_file");
        }
        Err(errno) => return Err(context.os(Call::Seal, errno)),
    };
    if !seals.against_shrinking {
        return invalid(
            "it is not sealed against shrinking, so another process could cut it short, and touching it would raise SIGBUS; add the seal F_SEAL_SHRINK",
        );
    }
    if access.writes_object() && seals.against_writing {
        let error = context.error(ErrorKind::AccessDenied);
        return Err(error.with_detail("it is sealed against writing; ask for Access::ReadOnly"));
    }
    Ok(())
}

fn not_enough(context: Context<'_>) -> Error {
    context.error(ErrorKind::AccessDenied).with_detail(
        "the descriptor is not open for as much as was asked; ask for less, or open it with more",
    )
}

impl Native for Region {
    fn to_handle(&self, context: Context<'_>) -> Result<OwnedFd> {
        let parts = parts(self.held(), self.facts().access, context)?;
        let data = parts.iter().find(|part| !part.holds).expect("every region has data");
        data.opened_anew().of(Call::OpenAnew).in_call(context)
    }

    fn from_handle(fd: OwnedFd, access: Access, context: Context<'_>) -> Result<Region> {
        anonymous(fd, access, MappedFile::given, context)
    }
}
