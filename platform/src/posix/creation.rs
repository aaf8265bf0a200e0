//! Creates an object: makes it, gives it its name, and removes a dead object from the name.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::advice::{Call, InCall as _, Of as _, Refused};
use super::belief::{Believed, Disbelief};
use super::candidate::{self, Candidate, Unopened};
use super::descriptor::Identity;
use super::lifetime::{Object, Parts, TURNS};
use super::make::{self, Made, Trouble};
use super::object::{self, Plan, Wanted, foreign, mismatch, remains_of_another};
use super::ofd_lock::Holders;
use super::remove::{self, Removal};
use super::{base, dir, names, proc_locks, sweep};
use crate::contract::context::Context;
use crate::seam::ask::open_or_make;
use crate::testing::{Step, reached};
use crate::{Disposition, Error, ErrorKind, Found, OpenOptions, Result, Trust};

/// How long a creator waits for a remover that was stopped during its work (C6: an answer within a second).
const REMOVER_PATIENCE: Duration = Duration::from_millis(500);

/// From this size on a creator looks at the name before it commits memory that it may not need.
const LOOK_FIRST: u64 = 256 << 10;

impl Object {
    pub(super) fn create(plan: Plan<'_>) -> Result<Object> {
        let context = plan.context();
        base::check(plan.name, context)?;
        let system_name = names::system_name(plan.name);
        if first_creation_of_this_process() {
            sweep::for_a_while();
        }
        if plan.len >= LOOK_FIRST {
            clear_the_way(&system_name, plan, context)?;
        }
        let made = match make_object(plan, &system_name, context) {
            // A taken name is the better error, and needs no memory.
            Err(error) if matches!(error.kind(), ErrorKind::OutOfMemory { .. }) => {
                clear_the_way(&system_name, plan, context)?;
                sweep::all();
                make_object(plan, &system_name, context)?
            }
            made => made?,
        };
        publish(made, plan, context)
    }

    /// Opens the object, or creates it where there is none.
    pub(super) fn create_or_open(plan: Plan<'_>, trust: &Trust) -> Result<(Object, Disposition)> {
        let options = &OpenOptions::read_write().trust(trust.clone());
        let Plan { operation, name, kind, .. } = plan;
        open_or_make(
            plan.context(),
            || Object::open(Wanted { operation, name, kind, options }),
            // Another process created it meanwhile, and may have ended already: try again.
            || object::made(Object::create(plan)),
        )
    }
}

fn first_creation_of_this_process() -> bool {
    static DONE: AtomicBool = AtomicBool::new(false);
    !DONE.load(Ordering::Relaxed) && !DONE.swap(true, Ordering::Relaxed)
}

fn make_object(plan: Plan<'_>, system_name: &str, context: Context<'_>) -> Result<Made> {
    for _ in 0..TURNS {
        match make::make(plan, system_name) {
            Ok(made) => return Ok(made),
            Err(Trouble::Swept) => {}
            Err(Trouble::NotOfGroup(group, errno)) => return Err(not_of_group(group, errno, context)),
            Err(Trouble::Refused(refused)) => return Err(no_file(refused, plan, context)),
            Err(Trouble::Shortage(shortage)) => {
                return Err(context.short(Call::Commit, shortage, plan.asked));
            }
        }
    }
    Err(context.error(ErrorKind::TimedOut))
}

/// Gives the object its name; no other process could open it before.
fn publish(mut made: Made, plan: Plan<'_>, context: Context<'_>) -> Result<Object> {
    let system_name = made.candidate.system_name().to_owned();
    for _ in 0..TURNS {
        match made.publish() {
            Ok(()) => {
                reached(Step::CreatePublished);
                let Made { candidate, data, locks, .. } = made;
                let parts = Parts { data, locks, len: plan.len, form: plan.form() };
                return Ok(Object::held(candidate, parts));
            }
            Err(Errno::EXIST | Errno::NOTEMPTY) => {
                if let Err(error) = clear_the_way(&system_name, plan, context) {
                    made.discard();
                    return Err(error);
                }
            }
            Err(errno) if made.was_swept(errno) => made = make_object(plan, &system_name, context)?,
            Err(errno) => {
                made.discard();
                return Err(no_file(Refused { call: Call::GiveName, errno }, plan, context));
            }
        }
    }
    made.discard();
    Err(context.error(ErrorKind::TimedOut))
}

/// What a creator finds at a taken name.
enum Obstacle {
    /// The name is free by now.
    Gone,
    /// A remover works on this file.
    BeingRemoved(Identity),
}

/// Removes a dead object from the name, or answers why the name stays taken.
fn clear_the_way(system_name: &str, plan: Plan<'_>, context: Context<'_>) -> Result<()> {
    let mut waiting: Option<(Identity, Instant)> = None;
    for _ in 0..TURNS {
        let Obstacle::BeingRemoved(file) = look_at_obstacle(system_name, plan, context)? else {
            return Ok(());
        };
        // Each remover gets the whole time: among many removers, none is stuck.
        let since = match waiting {
            Some((seen, since)) if seen == file => since,
            _ => Instant::now(),
        };
        if since.elapsed() >= REMOVER_PATIENCE {
            return Err(context.error(ErrorKind::TimedOut).with_detail(
                "its last holder has begun to remove the name and is stuck, as a stopped process is; let it run (kill -CONT), or end it",
            ));
        }
        waiting = Some((file, since));
        let pause = since.elapsed().clamp(Duration::from_micros(10), Duration::from_millis(10));
        std::thread::sleep(pause);
    }
    Err(context.error(ErrorKind::TimedOut))
}

fn look_at_obstacle(system_name: &str, plan: Plan<'_>, context: Context<'_>) -> Result<Obstacle> {
    let (candidate, folder) = match Candidate::open(system_name) {
        Ok(opened) => opened,
        Err(Unopened::Nothing) => return Ok(Obstacle::Gone),
        Err(Unopened::Denied { .. }) => return Err(unreadable_obstacle(system_name, context)),
        Err(unopened) => return Err(unopened.into_error(plan.kind, context)),
    };
    reached(Step::ClearOpened);
    let holders = candidate.holders().of(Call::Lock).in_call(context)?;
    reached(Step::ClearSawHolders);
    let believed = candidate.believed(folder.as_ref());
    reached(Step::ClearFactsRead);
    let facts = match believed {
        Ok(Believed { linked: false, .. }) => return Ok(Obstacle::Gone),
        // An opener may hold a directory that a remover has just moved away.
        Ok(_) if candidate.is_folder() && !candidate.has_its_name() => return Ok(Obstacle::Gone),
        Ok(Believed { facts, .. }) => facts,
        Err(Disbelief::Foreign(what)) => return Err(foreign(what, plan.kind, context)),
        Err(Disbelief::SpareLink) => {
            return cleared(remove::take_link(&candidate), &candidate, context);
        }
        Err(Disbelief::Forged(_)) if holders == Holders::Some => {
            return Err(context.error(ErrorKind::AlreadyExists));
        }
        Err(Disbelief::Dead) => {
            return cleared(remove::remove_marked(&candidate), &candidate, context);
        }
        Err(Disbelief::Forged(_)) => return cleared(remove::remove_if_dead(&candidate), &candidate, context),
    };
    match holders {
        Holders::Some if facts.kind == plan.kind => Err(context.error(ErrorKind::AlreadyExists)),
        Holders::Some => Err(mismatch(plan.kind, Found::Object(facts.kind), context)),
        Holders::Remover => Ok(Obstacle::BeingRemoved(candidate.identity())),
        Holders::Nobody => cleared(remove::remove_if_dead(&candidate), &candidate, context),
    }
}

fn cleared(removal: Removal, candidate: &Candidate, context: Context<'_>) -> Result<Obstacle> {
    match removal {
        Removal::Done => Ok(Obstacle::Gone),
        Removal::Contended => Ok(Obstacle::BeingRemoved(candidate.identity())),
        Removal::Refused(errno @ (Errno::ACCESS | Errno::PERM)) => {
            Err(remains_of_another(dir::owner_of(candidate.path()), errno, context))
        }
        Removal::Refused(errno) => Err(context.os(Call::TakeName, errno)),
    }
}

/// The error for a new file that could not be made or named.
fn no_file(refused: Refused, plan: Plan<'_>, context: Context<'_>) -> Error {
    match refused.errno {
        errno @ (Errno::NOENT | Errno::NOTDIR) if !dir::exists() => base::missing(errno, context),
        _ => context.refused_bytes(refused, plan.asked),
    }
}

fn not_of_group(group: u32, errno: Errno, context: Context<'_>) -> Error {
    let error = context.os(Call::SetMode, errno);
    match errno {
        Errno::PERM | Errno::INVAL => error.with_detail(format!(
            "it cannot be given to group {group}: this user is not in it, or there is no such group here; name a group of this user's"
        )),
        _ => error,
    }
}

/// The error for a creator whose name leads to an unreadable object. Every user can read in /proc/locks whether it
/// lives.
fn unreadable_obstacle(system_name: &str, context: Context<'_>) -> Error {
    match candidate::life_stat(system_name) {
        Ok(stat) => match proc_locks::is_held(&stat) {
            Some(true) => context.error(ErrorKind::AlreadyExists),
            Some(false) => remains_of_another(stat.st_uid, Errno::ACCESS, context),
            None => context.error(ErrorKind::AccessDenied).with_detail(format!(
                "something of user {} has the name, and whether anybody holds it cannot be told, for this user may not open it and /proc/locks is not to be read here; choose another name, or ask that user",
                stat.st_uid
            )),
        },
        Err(errno) => context.os(Call::OpenObject, errno),
    }
}
