//! The life of an object, from its name's appearance to its removal.
//!
//! A *holder* is an open file description with a shared lock on the object's life byte (see `ofd_lock`). The kernel
//! drops that lock when the holder ends, however it ends, so the locks are always the truth about who lives. The rules:
//!
//! - *Create* makes the finished object, becomes its first holder, and gives it its name last (see `make`).
//! - *Open* looks before it locks: only where the kernel shows another holder's lock does it take its own.
//!   Taking the lock first would make two openers of a dead object take each other for its life. Then it
//!   checks that what it has is still alive and still has its name.
//! - *Remove* takes an exclusive lock first (see `remove`), which is refused while anybody holds. An opener that comes
//!   later finds that lock and answers `NotFound`.
//! - *Close* lets go of the shared lock first, and then tries for the exclusive one: two holders that tried first would
//!   each be refused by the other.
//! - Nothing waits, but a creator whose name is being removed at that very moment, and not for long.
//!
//! `models/` has all of it as a model, with a hostile user in its world.

use std::ffi::CStr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::advice::{Call, Of as _, Refused};
use super::candidate::{self, Believed, Candidate, Disbelief, Unopened};
use super::descriptor::{self, Descriptor, Identity, Lockable};
use super::errors::Context;
use super::facts::{Facts, Form, RECORD_AT};
use super::fork::HolderMark;
use super::make::{self, Made, Trouble};
use super::object::{self, Plan, Wanted, denied, foreign, mismatch, remains_of_another};
use super::ofd_lock::{self, Holders};
use super::owner::{self, check_owner};
use super::remove::{self, Removal};
use super::{base, dir, names, proc_locks, sweep};
use crate::seam::ask::open_or_make;
use crate::testing::{Step, reached};
use crate::{
    Access, Disposition, Error, ErrorKind, Found, NameSpace, ObjectKind, ObjectName, OpenOptions, Result,
    Trust,
};

/// How long a creator waits for a remover that was stopped in the middle of its work (C6: an answer
/// within a second).
const REMOVER_PATIENCE: Duration = Duration::from_millis(500);

/// How often a name may change under an opener or a creator before it gives up. Each turn takes another
/// process's work, so only a hostile one can get here.
const TURNS: u32 = 10_000;

/// From this size on a creator looks at the name before it commits memory that it may not need.
const LOOK_FIRST: u64 = 256 << 10;

/// An object that this process holds.
#[derive(Debug)]
pub(super) struct Object {
    candidate: Candidate,
    /// What is mapped; none where the data are a file elsewhere.
    data: Option<Descriptor>,
    /// For claims and seats, where the life's own description does not serve.
    locks: Option<Lockable>,
    /// Length of the data in bytes.
    len: u64,
    form: Form,
    holder: HolderMark,
}

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
            // A name that is taken is the better answer, and needs no memory.
            Err(error) if matches!(error.kind(), ErrorKind::OutOfMemory { .. }) => {
                clear_the_way(&system_name, plan, context)?;
                sweep::all();
                make_object(plan, &system_name, context)?
            }
            made => made?,
        };
        publish(made, plan, context)
    }

    pub(super) fn open(wanted: Wanted<'_>) -> Result<Object> {
        let context = Context { operation: wanted.operation, name: Some(wanted.name) };
        look(wanted, context)?.ok_or_else(|| context.error(ErrorKind::NotFound))
    }

    /// Opens, or creates where there is nothing to open.
    pub(super) fn create_or_open(plan: Plan<'_>, trust: &Trust) -> Result<(Object, Disposition)> {
        let options = &OpenOptions::read_write().trust(trust.clone());
        let Plan { operation, name, kind, .. } = plan;
        open_or_make(
            plan.context(),
            || Object::open(Wanted { operation, name, kind, options }),
            // Created by another process meanwhile, which may be gone already: once more.
            || object::made(Object::create(plan)),
        )
    }

    /// Length of the data in bytes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Where the data are.
    pub(super) fn form(&self) -> Form {
        self.form
    }

    /// What is mapped, if the object has data of its own. It carries no lock.
    pub(super) fn data(&self) -> Option<&Descriptor> {
        self.data.as_ref()
    }

    /// The description that carries this process's lock on the life byte.
    pub(super) fn life(&self) -> &Lockable {
        self.candidate.life()
    }

    /// The description for claims and seats, if this user may take any.
    pub(super) fn locks(&self) -> Option<&Lockable> {
        let in_one_file = || (self.form == Form::InFront && self.candidate.removes()).then(|| self.life());
        self.locks.as_ref().or_else(in_one_file)
    }

    /// Whether this process holds it, and does not only have a copy of its parent's handle.
    pub(super) fn is_held_here(&self) -> bool {
        self.holder.is_of_this_generation()
    }

    /// Reads the record of a region over a file. Only the object's owner writes there.
    pub(super) fn read_record(&self, into: &mut [u8]) -> Result<usize, Errno> {
        rustix::io::pread(self.candidate.life().verified()?, into, RECORD_AT)
    }

    /// Says that another process is about to get a descriptor of the data for writing.
    pub(super) fn mark_handed(&self) -> Result<(), Errno> {
        self.candidate.mark_handed()?;
        reached(Step::SendMarked);
        Ok(())
    }

    /// Whether the name still leads to this object.
    pub(super) fn has_its_name(&self) -> bool {
        self.candidate.has_its_name()
    }

    /// In a forked child: becomes a holder in its own right, as long as another process holds the object.
    pub(super) fn hold_again(&self, context: Context<'_>) -> Result<()> {
        if self.holder.is_current() {
            return Ok(());
        }
        let (found, _) =
            Candidate::open(self.candidate.system_name()).map_err(|unopened| self.gone(unopened, context))?;
        if found.identity() != self.candidate.identity() {
            return Err(self.gone(Unopened::Nothing, context));
        }
        let life = self.life();
        let life = life.of_this_process(|| Ok(found.into_life()));
        let life = life.map_err(|errno| context.os(Call::Look, errno))?;
        // As for any opener: a lock on what nobody holds would give a dead object a life.
        let alive = ofd_lock::holders(life) == Ok(Holders::Some);
        if !alive || !ofd_lock::try_hold(life).map_err(|errno| context.os(Call::Lock, errno))? {
            return Err(self.gone(Unopened::Nothing, context));
        }
        if !self.has_its_name() {
            ofd_lock::release(life);
            return Err(self.gone(Unopened::Nothing, context));
        }
        self.holder.set_current();
        Ok(())
    }

    /// Refuses what only a holder can do.
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
        match (&self.locks, &self.data) {
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
        // A forked child's copy holds nothing, and must not unlock or unlink what its parent holds.
        if self.holder.is_current() {
            let_go(&self.candidate);
        }
    }
}

/// Stops holding the object, and removes it where that was the last holder.
fn let_go(candidate: &Candidate) {
    // Where the number means something else by now, the kernel has done it.
    let Ok(life) = candidate.life().verified() else { return };
    ofd_lock::release(life);
    reached(Step::CloseReleased);
    if candidate.removes() {
        remove::remove_verified(candidate, life);
    }
    candidate.life().closes_now();
}

fn first_creation_of_this_process() -> bool {
    static DONE: AtomicBool = AtomicBool::new(false);
    !DONE.load(Ordering::Relaxed) && !DONE.swap(true, Ordering::Relaxed)
}

// ---- creating -----------------------------------------------------------------------------------------

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

/// Gives the object its name; until then nobody could know of it.
fn publish(mut made: Made, plan: Plan<'_>, context: Context<'_>) -> Result<Object> {
    let system_name = made.candidate.system_name().to_owned();
    for _ in 0..TURNS {
        match made.publish() {
            Ok(()) => {
                reached(Step::CreatePublished);
                let Made { candidate, data, locks, .. } = made;
                let (len, form, holder) = (plan.len, plan.form(), candidate.life().process().clone());
                return Ok(Object { candidate, data, locks, len, form, holder });
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

/// What a creator whose name is taken finds there.
enum Obstacle {
    /// Nothing any more.
    Gone,
    /// A remover at work on this file.
    BeingRemoved(Identity),
}

/// Removes what is dead from the name, or says why it cannot be had.
fn clear_the_way(system_name: &str, plan: Plan<'_>, context: Context<'_>) -> Result<()> {
    let mut waiting: Option<(Identity, Instant)> = None;
    for _ in 0..TURNS {
        let Obstacle::BeingRemoved(file) = look_at_obstacle(system_name, plan, context)? else {
            return Ok(());
        };
        // Each remover has the whole time: where many come and go, none of them is stuck.
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
        Err(unopened) => return Err(not_opened(unopened, plan.kind, context)),
    };
    reached(Step::ClearOpened);
    let holders = candidate.holders().map_err(|errno| context.os(Call::Lock, errno))?;
    reached(Step::ClearSawHolders);
    let believed = candidate.believed(folder.as_ref());
    reached(Step::ClearFactsRead);
    let facts = match believed {
        Ok(Believed { linked: false, .. }) => return Ok(Obstacle::Gone),
        // An opener may hold what a remover has just moved away.
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
            Err(remains_of_another(owner_of(candidate.path()), errno, context))
        }
        Removal::Refused(errno) => Err(context.os(Call::TakeName, errno)),
    }
}

fn owner_of(path: &CStr) -> u32 {
    dir::stat(path).map_or(u32::MAX, |stat| stat.st_uid)
}

// ---- opening ------------------------------------------------------------------------------------------

/// Becomes a holder of the living object that has the name; nothing where there is none.
fn look(wanted: Wanted<'_>, context: Context<'_>) -> Result<Option<Object>> {
    base::check(wanted.name, context)?;
    let system_name = names::system_name(wanted.name);
    for _ in 0..TURNS {
        let (candidate, folder) = match Candidate::open(&system_name) {
            Ok(opened) => opened,
            Err(Unopened::Nothing) => return Ok(None),
            Err(Unopened::Denied { owner }) => return Err(unreadable_object(owner, wanted, context)),
            Err(unopened) => return Err(not_opened(unopened, wanted.kind, context)),
        };
        let holders = candidate.holders().map_err(|errno| context.os(Call::Lock, errno))?;
        reached(Step::OpenSawHolders);
        if holders != Holders::Some {
            return nobody_holds(&candidate, folder.as_ref(), wanted.kind, context);
        }
        if !candidate.try_hold().map_err(|errno| context.os(Call::Lock, errno))? {
            // The last holder went in this instant: look again.
            continue;
        }
        reached(Step::OpenHeld);
        let believed = candidate.believed(folder.as_ref()).map_err(|disbelief| {
            // Not ours to remove.
            candidate.release();
            disbelieved(disbelief, wanted.kind, context)
        })?;
        reached(Step::OpenFactsRead);
        // The lock may have kept the last holder from the removal: then it is left to us.
        match join(&candidate, folder.as_ref(), believed, wanted, context) {
            Ok(Some(joined)) => return Ok(Some(joined.of(candidate))),
            Ok(None) => let_go(&candidate),
            Err(error) => {
                let_go(&candidate);
                return Err(error);
            }
        }
    }
    Err(context.error(ErrorKind::TimedOut))
}

/// What an opener has beside the lock.
struct Joined {
    data: Option<Descriptor>,
    locks: Option<Lockable>,
    facts: Facts,
}

impl Joined {
    fn of(self, candidate: Candidate) -> Object {
        let Joined { data, locks, facts: Facts { len, form, .. } } = self;
        let holder = candidate.life().process().clone();
        Object { candidate, data, locks, len, form, holder }
    }
}

/// Whether what was locked is what the caller wants, and may have; nothing where it lost its name meanwhile.
fn join(
    candidate: &Candidate,
    folder: Option<&OwnedFd>,
    believed: Believed,
    wanted: Wanted<'_>,
    context: Context<'_>,
) -> Result<Option<Joined>> {
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
        Errno::ACCESS | Errno::PERM => denied(owner_of(candidate.path()), context),
        // Not the files that its owner made, or none.
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
) -> Result<Joined, Refused> {
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
    Ok(Joined { data, locks, facts })
}

/// What has no holder is reclaimed in passing, if it is ours at all, and is never opened.
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
            // Another user's remains, or a remover at work: nothing to open either way.
            let _ = remove::remove_if_dead(candidate);
            Ok(None)
        }
    }
}

// ---- handed over --------------------------------------------------------------------------------------

/// The descriptors of an object that were handed over.
pub(super) struct Arrived {
    /// Its description holds the object, and its file has the facts.
    pub(super) life: Lockable,
    pub(super) data: Option<Lockable>,
    pub(super) locks: Option<Lockable>,
}

impl Object {
    /// Becomes a holder of an object that somebody handed over.
    pub(super) fn received(
        arrived: Arrived,
        access: Access,
        trust: &Trust,
        context: Context<'_>,
    ) -> Result<(Object, ObjectName)> {
        let Arrived { life, data, locks } = arrived;
        let in_front = data.as_ref().is_some_and(|data| data.identity() == life.identity());
        let believed = candidate::believe_received(&life, in_front)
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
        Ok((Joined { data, locks, facts: believed.facts }.of(candidate), name))
    }
}

/// The data and the file for locks, if they are those that the facts name.
fn received_parts(
    believed: &Believed,
    data: Option<Lockable>,
    locks: Option<Lockable>,
    writes: bool,
) -> Result<(Option<Descriptor>, Option<Lockable>), Errno> {
    let Some(data) = data else { return Ok((None, None)) };
    believed.check_data(data.as_fd())?;
    let data = match descriptor::reopened(data.as_fd(), writes) {
        Ok(fresh) => Descriptor::new(fresh)?,
        Err(_) => Descriptor::shared(data.into_fd()?)?,
    };
    let Some(locks) = locks else { return Ok((Some(data), None)) };
    believed.check_locks(&locks)?;
    // One that was made for this process serves where this user may not open another.
    let own = Lockable::open(|| descriptor::reopened_for_writing(locks.as_fd())).unwrap_or(locks);
    Ok((Some(data), Some(own)))
}

/// What was handed over as a named region and is none.
fn no_region(found: Found, context: Context<'_>) -> Error {
    let error = mismatch(ObjectKind::Region, found, context);
    error.with_detail(format!("what arrived is {found} and no region; let the sender send a region"))
}

/// Takes a lock of one's own while what was handed over still has its own, which is then closed, never unlocked.
///
/// For writing where this user may, because the last to close needs that to remove the name. A user that may not open
/// the file at all keeps the description that was made for it.
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
    // As for any opener: a lock on what nobody holds would give a dead object a life.
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

// ---- errors -------------------------------------------------------------------------------------------

/// Why a new file could not be made or named.
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

fn not_opened(unopened: Unopened, wanted: ObjectKind, context: Context<'_>) -> Error {
    match unopened {
        Unopened::Foreign(what, errno) => foreign(what, wanted, context).with_source(errno.into()),
        Unopened::Changed => foreign("something that changes all the time", wanted, context),
        Unopened::Os(errno @ (Errno::NOENT | Errno::NOTDIR)) if !dir::exists() => {
            base::missing(errno, context)
        }
        unopened => unopened.into_error(context),
    }
}

/// An object that this user may not even look at: the better answer is whose it is.
fn unreadable_object(owner: u32, wanted: Wanted<'_>, context: Context<'_>) -> Error {
    let local = wanted.name.name_space() == NameSpace::Local;
    match check_owner(owner, local, wanted.options.accepted(), context) {
        Ok(()) => denied(owner, context).with_source(Errno::ACCESS.into()),
        Err(untrusted) => untrusted,
    }
}

/// The same for a creator: whether it lives is written in /proc/locks, for all to read.
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
