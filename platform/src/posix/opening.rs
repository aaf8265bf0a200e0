//! Opens an object: looks for its holders, becomes one, and checks its facts.

use std::os::fd::OwnedFd;

use rustix::io::Errno;

use super::advice::{Call, InCall as _, Of as _, Refused};
use super::belief::{Believed, Disbelief};
use super::candidate::{self, Candidate, Unopened};
use super::facts::Form;
use super::lifetime::{Object, Parts, TURNS, let_go};
use super::object::{Wanted, denied, foreign, mismatch};
use super::ofd_lock::Holders;
use super::owner::check_owner;
use super::{base, dir, names, remove};
use crate::contract::context::Context;
use crate::testing::{Step, reached};
use crate::{Error, ErrorKind, Found, NameSpace, ObjectKind, Result};

impl Object {
    pub(super) fn open(wanted: Wanted<'_>) -> Result<Object> {
        let context = Context { operation: wanted.operation, name: Some(wanted.name) };
        look(wanted, context)?.ok_or_else(|| context.error(ErrorKind::NotFound))
    }
}

/// Becomes a holder of the living object with the name; `None` where there is none.
fn look(wanted: Wanted<'_>, context: Context<'_>) -> Result<Option<Object>> {
    base::check(wanted.name, context)?;
    let system_name = names::system_name(wanted.name);
    for _ in 0..TURNS {
        let (candidate, folder) = match Candidate::open(&system_name) {
            Ok(opened) => opened,
            Err(Unopened::Nothing) => return Ok(None),
            Err(Unopened::Denied { owner }) => return Err(unreadable_object(owner, wanted, context)),
            Err(unopened) => return Err(unopened.into_error(wanted.kind, context)),
        };
        let holders = candidate.holders().of(Call::Lock).in_call(context)?;
        reached(Step::OpenSawHolders);
        if holders != Holders::Some {
            return nobody_holds(&candidate, folder.as_ref(), wanted.kind, context);
        }
        if !candidate.try_hold().of(Call::Lock).in_call(context)? {
            // The last holder has just let go: look again.
            continue;
        }
        reached(Step::OpenHeld);
        let believed = candidate.believed(folder.as_ref()).map_err(|disbelief| {
            // This process may not remove it.
            candidate.release();
            disbelieved(disbelief, wanted.kind, context)
        })?;
        reached(Step::OpenFactsRead);
        // The lock may have kept the last holder from removing the object; then this process removes it.
        match join(&candidate, folder.as_ref(), believed, wanted, context) {
            Ok(Some(parts)) => return Ok(Some(Object::held(candidate, parts))),
            Ok(None) => let_go(&candidate),
            Err(error) => {
                let_go(&candidate);
                return Err(error);
            }
        }
    }
    Err(context.error(ErrorKind::TimedOut))
}

/// Checks that the locked object is the one that the caller wants and may have; `None` where it lost its name
/// meanwhile.
fn join(
    candidate: &Candidate,
    folder: Option<&OwnedFd>,
    believed: Believed,
    wanted: Wanted<'_>,
    context: Context<'_>,
) -> Result<Option<Parts>> {
    if !believed.linked || candidate.is_folder() && !candidate.has_its_name() {
        return Ok(None);
    }
    reached(Step::OpenNameChecked);
    check(&believed, wanted, context)?;
    let writes = wanted.options.access().writes_object();
    let opened = open_parts(candidate, folder, believed, writes);
    if opened.is_err() && candidate.is_folder() && !candidate.has_its_name() {
        // Its name was taken away, and its directory is being emptied.
        return Ok(None);
    }
    opened.map(Some).map_err(|refused| match refused.errno {
        Errno::ACCESS | Errno::PERM => denied(dir::owner_of(candidate.path()), context),
        // The owner's files are missing or replaced.
        Errno::STALE | Errno::NOENT | Errno::ISDIR | Errno::NXIO | Errno::NODEV | Errno::LOOP => context.error(ErrorKind::Damaged).with_detail(
            "its data are shorter than its owner made them, or were replaced; end the programs that hold it, and create it anew",
        ),
        _ => context.refused(refused),
    })
}

fn disbelieved(disbelief: Disbelief, wanted: ObjectKind, context: Context<'_>) -> Error {
    match disbelief {
        Disbelief::Foreign(what) => foreign(what, wanted, context),
        Disbelief::SpareLink => foreign("a link to an object of another name", wanted, context),
        Disbelief::Dead => context.error(ErrorKind::NotFound),
        Disbelief::Forged(what) => context.error(ErrorKind::Damaged).with_detail(format!(
            "{what}, which a program did that had it for writing; end the programs that hold it, or take its name away (samemap gc --force)"
        )),
    }
}

fn check(believed: &Believed, wanted: Wanted<'_>, context: Context<'_>) -> Result<()> {
    let local = wanted.name.name_space() == NameSpace::Local;
    check_owner(believed.owner, local, wanted.options.accepted(), context)?;
    if believed.facts.name != wanted.name.to_string() {
        return Err(foreign("an object of another name, whose digest is the same", wanted.kind, context));
    }
    if believed.facts.kind != wanted.kind {
        return Err(mismatch(wanted.kind, Found::Object(believed.facts.kind), context));
    }
    Ok(())
}

fn open_parts(
    candidate: &Candidate,
    folder: Option<&OwnedFd>,
    believed: Believed,
    writes: bool,
) -> Result<Parts, Refused> {
    let Believed { facts, owner, .. } = believed;
    let (data, locks) = match (facts.form, folder) {
        (Form::InFront, _) => (Some(candidate.second_description(writes).of(Call::OpenAnew)?), None),
        (Form::Beside, Some(folder)) => {
            let data = candidate::open_data(folder, &facts, owner, writes).of(Call::OpenObject)?;
            let locks = || candidate::open_locks(folder, &facts).of(Call::OpenObject);
            (Some(data), if writes { locks()? } else { None })
        }
        _ => (None, None),
    };
    Ok(Parts { data, locks, len: facts.len, form: facts.form })
}

/// An object without holders is never opened. It is removed in passing, if this library made it.
fn nobody_holds(
    candidate: &Candidate,
    folder: Option<&OwnedFd>,
    wanted: ObjectKind,
    context: Context<'_>,
) -> Result<Option<Object>> {
    match candidate.believed(folder) {
        Err(disbelief @ (Disbelief::Foreign(_) | Disbelief::SpareLink)) => {
            Err(disbelieved(disbelief, wanted, context))
        }
        Ok(_) | Err(Disbelief::Forged(_) | Disbelief::Dead) => {
            // It may belong to another user, or a remover may work on it: in either case there is nothing to open.
            let _ = remove::remove_if_dead(candidate);
            Ok(None)
        }
    }
}

/// The error for an object that this user may not read: an untrusted owner is the better answer.
fn unreadable_object(owner: u32, wanted: Wanted<'_>, context: Context<'_>) -> Error {
    let local = wanted.name.name_space() == NameSpace::Local;
    match check_owner(owner, local, wanted.options.accepted(), context) {
        Ok(()) => denied(owner, context).with_source(Errno::ACCESS.into()),
        Err(untrusted) => untrusted,
    }
}
