//! Lists the directory of objects, and takes names away (rule C17).

use std::collections::HashMap;
use std::os::fd::{AsFd as _, OwnedFd};
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use rustix::fs::{self, Mode, OFlags, Stat};

use super::advice::Call;
use super::belief::{Disbelief, believe_open, not_regular};
use super::candidate::{self, Candidate, Unopened};
use super::descriptor::Identity;
use super::dir::CAREFULLY;
use super::facts::{Form, TRAILER_LEN};
use super::kernel::mode_of;
use super::ofd_lock::{self, Holders};
use super::owner::user_id;
use super::proc_locks::{File, held_files};
use super::remove::{self, Removal};
use super::sweep::our_names;
use super::{base, dir, names, record};
use crate::contract::catalog::{Entry, State};
use crate::contract::context::Context;
use crate::seam::system::Counting;
use crate::words::Until;
use crate::{ObjectName, Result};

/// How long the holders may take to count.
const PATIENCE: Duration = Duration::from_millis(500);

pub(super) fn list(counting: Counting) -> Result<Vec<Entry>> {
    let holders = match counting {
        Counting::No => None,
        Counting::Holders => held_files(Until::after(Some(PATIENCE))),
    };
    let mut names = our_names("list the objects")?;
    names.sort_unstable();
    Ok(entries(&names, holders.as_ref()))
}

/// The entries with these names, in their order. Each takes some system calls, so a long list is looked at by several
/// threads.
fn entries(names: &[String], holders: Option<&HashMap<File, u64>>) -> Vec<Entry> {
    const OF_ONE_THREAD: usize = 2000;
    const MOST_THREADS: usize = 4;
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let threads = processors.min(MOST_THREADS).min(names.len() / OF_ONE_THREAD).max(1);
    let look =
        |part: &[String]| -> Vec<Entry> { part.iter().filter_map(|name| entry(name, holders)).collect() };
    thread::scope(|scope| {
        let mut parts = names.chunks(names.len().div_ceil(threads).max(1));
        let own = parts.next().unwrap_or_default();
        let start = |part| (part, thread::Builder::new().spawn_scoped(scope, move || look(part)));
        let others: Vec<_> = parts.map(start).collect();
        let mut all = look(own);
        for (part, other) in others {
            all.extend(match other {
                Ok(other) => other.join().unwrap_or_else(|panic| resume_unwind(panic)),
                // The system starts no more threads.
                Err(_) => look(part),
            });
        }
        all
    })
}

pub(super) fn data_path(name: &ObjectName) -> Option<PathBuf> {
    let whole = names::system_name(name);
    let data = format!("{whole}/data");
    // `shm_open` reaches an object in one file, in the usual directory.
    let files = if base::base().is_usual() { vec![data] } else { vec![data, whole] };
    let is_file = |file: &&String| {
        dir::stat(&dir::path_of(file)).is_ok_and(|found| not_regular(mode_of(&found)).is_none())
    };
    files.iter().find(is_file).map(|file| base::base().path().join(file))
}

pub(super) fn take_name(name: &ObjectName) -> Result<bool> {
    let context = Context { operation: "take the name from its holders", name: Some(name) };
    let (candidate, folder) = match Candidate::open(&names::system_name(name)) {
        Ok(opened) => opened,
        Err(Unopened::Nothing) => return Ok(false),
        Err(unopened) => return Err(unopened.into_error(crate::ObjectKind::Region, context)),
    };
    let removal = match candidate.believed(folder.as_ref()) {
        Err(Disbelief::Foreign(what)) => {
            return Err(super::object::foreign(what, crate::ObjectKind::Region, context));
        }
        // The linked object lives on under its own name.
        Err(Disbelief::SpareLink) => remove::take_link(&candidate),
        Err(Disbelief::Dead) => remove::remove_marked(&candidate),
        Ok(_) | Err(Disbelief::Forged(_)) => remove::take_name_from_the_living(&candidate),
    };
    match removal {
        Removal::Done | Removal::Contended => Ok(true),
        Removal::Refused(errno) => Err(context.os(Call::TakeName, errno)),
    }
}

/// The entry with the name; `None` when it was removed meanwhile.
fn entry(file_name: &str, holders: Option<&HashMap<File, u64>>) -> Option<Entry> {
    living_file(file_name, holders).or_else(|| any_entry(file_name, holders))
}

/// The entry of a living object in one file, by the fewest system calls: most entries are such. `None` for any other
/// entry.
fn living_file(file_name: &str, holders: Option<&HashMap<File, u64>>) -> Option<Entry> {
    let life = fs::open(dir::path_of(file_name), OFlags::RDONLY | CAREFULLY, Mode::empty()).ok()?;
    let stat = fs::fstat(&life).ok()?;
    let believed = believe_open(life.as_fd(), stat.st_size as u64, None).ok()?;
    let is_its_own = believed.linked && believed.facts.system_name == file_name;
    if !is_its_own || ofd_lock::holders(life.as_fd()) != Ok(Holders::Some) {
        return None;
    }
    Some(Entry {
        name: ObjectName::read_back(&believed.facts.name).ok().or_else(|| names::decoded(file_name)),
        system_name: format!("/{file_name}"),
        kind: Some(believed.facts.kind),
        size: believed.facts.len,
        owner: user_id(stat.st_uid),
        holders: holders.map(|holders| counted(holders, &stat)),
        state: State::Live,
    })
}

/// The holders of a living object. The list of locks is older than the look at the object.
fn counted(holders: &HashMap<File, u64>, life: &Stat) -> u64 {
    holders.get(&File::of(life)).copied().unwrap_or(0).max(1)
}

fn any_entry(file_name: &str, holders: Option<&HashMap<File, u64>>) -> Option<Entry> {
    /// How often the name may change hands during the call.
    const LOOKS: u32 = 5;
    let path = dir::path_of(file_name);
    let mut seen = None;
    for _ in 0..LOOKS {
        let stat = dir::stat(&path).ok()?;
        seen = look_at(file_name, &stat, holders);
        // An object that is being removed is looked at again.
        if dir::stat(&path).is_ok_and(|now| Identity::from(&now) == Identity::from(&stat)) {
            return seen;
        }
    }
    seen.filter(|entry| entry.state == State::Live)
}

fn look_at(file_name: &str, stat: &Stat, holders: Option<&HashMap<File, u64>>) -> Option<Entry> {
    let life = candidate::life_stat(file_name).unwrap_or(*stat);
    let mut entry = Entry {
        name: names::decoded(file_name),
        system_name: format!("/{file_name}"),
        kind: None,
        size: len_from_outside(file_name, stat),
        owner: user_id(stat.st_uid),
        // Every user may count the holders, also of an object that it may not open.
        holders: holders.and_then(|holders| holders.get(&File::of(&life)).copied()),
        state: State::Unreadable,
    };
    match Candidate::open(file_name) {
        Ok((candidate, folder)) => look_inside(&mut entry, &candidate, folder.as_ref(), file_name)?,
        Err(Unopened::Nothing) => return None,
        Err(Unopened::Foreign(what, _)) => {
            entry.name = None;
            entry.size = life.st_size as u64;
            entry.state = State::Foreign(what.to_owned());
        }
        Err(_) => {}
    }
    if entry.state == State::Live {
        entry.holders = holders.map(|holders| counted(holders, &life));
    }
    Some(entry)
}

/// The size of an object that this user may not open, equal to the one in its facts. The size of a region over a file
/// stays unknown.
fn len_from_outside(file_name: &str, stat: &Stat) -> u64 {
    let data = dir::path_of(&format!("{file_name}/data"));
    match dir::stat(&data) {
        Ok(data) => data.st_size as u64,
        Err(_) if not_regular(mode_of(stat)).is_some() => 0,
        Err(_) => (stat.st_size as u64).saturating_sub(TRAILER_LEN),
    }
}

/// Fills in the object's facts; `None` when it was removed meanwhile.
fn look_inside(
    entry: &mut Entry,
    candidate: &Candidate,
    folder: Option<&OwnedFd>,
    file_name: &str,
) -> Option<()> {
    let held = candidate.holders().ok()?;
    entry.state = if held == Holders::Some { State::Live } else { State::Dead };
    match candidate.believed(folder) {
        Ok(believed) if !believed.linked => return None,
        Ok(believed) => {
            let facts = believed.facts;
            entry.name = ObjectName::read_back(&facts.name).ok().or(entry.name.take());
            entry.kind = Some(facts.kind);
            entry.size = match facts.form {
                Form::InFront | Form::Beside => facts.len,
                Form::Elsewhere => record::recorded_len(candidate.life()).unwrap_or(facts.len),
            };
        }
        Err(_) if is_temporary(file_name) => entry.name = None,
        Err(Disbelief::Dead) => (entry.name, entry.state) = (None, State::Dead),
        Err(disbelief) => {
            (entry.name, entry.state) = (None, State::Foreign(disbelief.what().to_owned()));
            entry.size = candidate.life().opened().len;
        }
    }
    if entry.state != State::Live {
        entry.holders = Some(0);
    }
    Some(())
}

fn is_temporary(file_name: &str) -> bool {
    file_name.starts_with(dir::NEW_PREFIX) || file_name.starts_with(dir::GONE_PREFIX)
}
