//! Becomes a holder of an object that was handed over.

use std::os::fd::AsFd as _;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::advice::Call;
use super::belief::{self, Believed};
use super::candidate::Candidate;
use super::descriptor::{self, Descriptor, Lockable};
use super::facts::Facts;
use super::lifetime::{Object, Parts};
use super::names;
use super::object::mismatch;
use super::ofd_lock::{self, Holders};
use super::owner::{self, check_owner};
use crate::contract::context::Context;
use crate::testing::{Step, reached};
use crate::{Access, Error, ErrorKind, Found, ObjectKind, ObjectName, Result, Trust};

/// The received descriptors of an object.
pub(super) struct Arrived {
    /// Its description holds the object, and its file has the facts.
    pub(super) life: Lockable,
    pub(super) data: Option<Lockable>,
    pub(super) locks: Option<Lockable>,
}

impl Object {
    /// Becomes a holder of a received object.
    pub(super) fn received(
        arrived: Arrived,
        access: Access,
        trust: &Trust,
        context: Context<'_>,
    ) -> Result<(Object, ObjectName)> {
        let Arrived { life, data, locks } = arrived;
        let in_front = data.as_ref().is_some_and(|data| data.identity() == life.identity());
        let believed = belief::believe_received(&life, in_front)
            .map_err(|disbelief| no_region(Found::Foreign(disbelief.what()), context))?;
        if believed.facts.kind != ObjectKind::Region {
            return Err(no_region(Found::Object(believed.facts.kind), context));
        }
        check_owner(believed.owner, false, trust, context)?;
        let name = ObjectName::read_back(&believed.facts.name)?;
        if believed.facts.system_name != names::system_name_of(&name, owner::local_names_of(believed.owner)) {
            return Err(no_region(Found::Foreign("an object of another user's name"), context));
        }
        let (life, removes) = hold_anew(life, context)?;
        let candidate = Candidate::received(life, removes, &believed);
        if !candidate.is_what_it_says(&believed) {
            return Err(no_region(Found::Foreign("an object whose name leads elsewhere"), context));
        }
        let writes = access.writes_object();
        let received = received_parts(&believed, data, locks, writes).map_err(|errno| match errno {
            Errno::STALE => no_region(Found::Foreign("an object with the data of another"), context),
            errno => context.os(Call::Look, errno),
        });
        let (data, locks) = received?;
        let Facts { len, form, .. } = believed.facts;
        Ok((Object::held(candidate, Parts { data, locks, len, form }), name))
    }
}

/// The data and the file for locks, if they are those of the facts.
fn received_parts(
    believed: &Believed,
    data: Option<Lockable>,
    locks: Option<Lockable>,
    writes: bool,
) -> Result<(Option<Descriptor>, Option<Lockable>), Errno> {
    let Some(data) = data else { return Ok((None, None)) };
    believed.check_data(&data)?;
    let data = match descriptor::reopened(data.as_fd(), writes) {
        Ok(fresh) => Descriptor::new(fresh)?,
        Err(_) => Descriptor::shared(data.into_fd()?)?,
    };
    let Some(locks) = locks else { return Ok((Some(data), None)) };
    believed.check_locks(&locks)?;
    // Where this user may not open another description, the received one serves.
    let own = Lockable::open(|| descriptor::reopened_for(locks.as_fd(), OFlags::WRONLY)).unwrap_or(locks);
    Ok((Some(data), Some(own)))
}

/// The error for a received object that is no named region.
fn no_region(found: Found, context: Context<'_>) -> Error {
    let error = mismatch(ObjectKind::Region, found, context);
    error.with_detail(format!(
        "what arrived is {found} and no region; let the sender send a region of samemap"
    ))
}

/// Takes a lock of its own while the received description still has one. That description is then closed, never
/// unlocked.
///
/// It opens the file for writing where this user may, because the last holder needs that to remove the name. A user
/// that may not open the file keeps the received description.
fn hold_anew(came: Lockable, context: Context<'_>) -> Result<(Lockable, bool)> {
    let gone = || {
        let error = context.error(ErrorKind::NotFound);
        error.with_detail(
            "no program held it any more when it arrived; keep the region open in its sender until then",
        )
    };
    let opened = |writable| Lockable::open(|| descriptor::reopened(came.as_fd(), writable));
    let (mine, removes, fresh) = match (opened(true), opened(false)) {
        (Ok(mine), _) => (mine, true, true),
        (_, Ok(mine)) => (mine, false, true),
        _ => (came, false, false),
    };
    reached(Step::ReceiveOpened);
    // As for any opener: a lock without another holder would revive a dead object.
    if fresh && ofd_lock::holders(mine.as_fd()) != Ok(Holders::Some) {
        return Err(gone());
    }
    match ofd_lock::try_hold(mine.as_fd()) {
        Ok(true) => {
            reached(Step::ReceiveHeld);
            Ok((mine, removes))
        }
        Ok(false) => Err(gone()),
        Err(errno) => Err(context.os(Call::Lock, errno)),
    }
}
