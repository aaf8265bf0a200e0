//! Listing and reclaiming what lies in /dev/shm (rule C17).

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::fs::Stat;

use super::candidate::{self, Candidate, Disbelief, Unopened};
use super::errors::Context;
use super::facts::Form;
use super::ofd_lock::Holders;
use super::owner::user_id;
use super::remove::{self, Removal, Swept};
use super::{dir, names, record};
use crate::contract::catalog::{Entry, Reclaimed, State};
use crate::{Error, ErrorKind, ObjectName, Result};

/// The sweep of a process's first creation may take so long, however much lies there.
const SHORT_SWEEP: Duration = Duration::from_millis(50);

pub(super) fn list() -> Result<Vec<Entry>> {
    let holders = held_files();
    let mut names = our_names("list the objects")?;
    names.sort_unstable();
    Ok(names.into_iter().filter_map(|name| entry(name, &holders)).collect())
}

pub(super) fn reclaim() -> Result<Reclaimed> {
    let mut reclaimed = Reclaimed::default();
    for name in our_names("reclaim dead objects")? {
        reclaim_one(name, &mut reclaimed);
    }
    Ok(reclaimed)
}

/// The full sweep before `OutOfMemory` is reported.
pub(super) fn sweep_all() {
    // What cannot be listed cannot be swept; the caller reports the shortage itself.
    let _ = reclaim();
}

/// The sweep of a process's first creation. It starts at a random name, so that many short-lived
/// processes together get through a long list.
pub(super) fn sweep_for_a_while() {
    let Ok(mut names) = dir::our_names() else { return };
    if names.is_empty() {
        return;
    }
    let start = std::process::id() as usize % names.len();
    names.rotate_left(start);
    let deadline = Instant::now() + SHORT_SWEEP;
    let mut reclaimed = Reclaimed::default();
    for name in names {
        if Instant::now() >= deadline {
            break;
        }
        reclaim_one(name, &mut reclaimed);
    }
}

fn our_names(operation: &'static str) -> Result<Vec<String>> {
    let context = Context { operation, name: None };
    dir::our_names().map_err(|errno| {
        if dir::exists() {
            return context.os(errno);
        }
        Error::new(ErrorKind::Unsupported, operation)
            .with_detail("this system has no /dev/shm; mount a tmpfs there")
            .with_source(errno.into())
    })
}

fn reclaim_one(file_name: String, reclaimed: &mut Reclaimed) {
    let Some(Swept { removal, owner, bytes }) = remove::reclaim(&file_name) else { return };
    let system_name = format!("/{file_name}");
    match removal {
        Removal::Refused(_) => reclaimed.refused.push((system_name, user_id(owner))),
        Removal::Done | Removal::Contended => {
            reclaimed.removed.push(system_name);
            reclaimed.bytes += bytes;
        }
    }
}

pub(super) fn data_path(name: &ObjectName) -> Option<PathBuf> {
    let data = format!("{}/data", names::system_name(name));
    let found = dir::stat(&dir::path_of(&data)).ok()?;
    candidate::not_regular(&found).is_none().then(|| PathBuf::from(dir::shown(&data)))
}

pub(super) fn take_name(name: &ObjectName) -> Result<bool> {
    let context = Context { operation: "take the name from its holders", name: Some(name) };
    let (candidate, folder) = match Candidate::open(&names::system_name(name)) {
        Ok(opened) => opened,
        Err(Unopened::Nothing) => return Ok(false),
        Err(unopened) => return Err(unopened.into_error(context)),
    };
    let removal = match candidate.believed(folder.as_ref()) {
        Err(Disbelief::Foreign(what)) => {
            return Err(super::object::foreign(what, crate::ObjectKind::Region, context));
        }
        // The object whose link it is lives on under its own name.
        Err(Disbelief::SpareLink) => remove::take_link(&candidate),
        Err(Disbelief::Dead) => remove::remove_marked(&candidate),
        Ok(_) | Err(Disbelief::Forged(_)) => remove::take_name_from_the_living(&candidate),
    };
    match removal {
        Removal::Done | Removal::Contended => Ok(true),
        Removal::Refused(errno) => Err(context
            .os(errno)
            .with_detail("only its owner, or root, may take the name away; run this as one of them")),
    }
}

fn entry(file_name: String, holders: &HashMap<File, u64>) -> Option<Entry> {
    let stat = dir::stat(&dir::path_of(&file_name)).ok()?;
    let life = candidate::life_stat(&file_name).unwrap_or(stat);
    let mut entry = Entry {
        name: names::decoded(&file_name),
        system_name: format!("/{file_name}"),
        kind: None,
        size: life.st_size as u64,
        owner: user_id(stat.st_uid),
        holders: holders.get(&File::of(&life)).copied(),
        state: State::Unreadable,
    };
    match Candidate::open(&file_name) {
        Ok((candidate, folder)) => look_inside(&mut entry, &candidate, folder.as_ref(), &file_name)?,
        Err(Unopened::Nothing) => return None,
        Err(Unopened::Foreign(what, _)) => {
            entry.name = None;
            entry.state = State::Foreign(what.to_owned());
        }
        Err(_) => {}
    }
    Some(entry)
}

/// Fills in what the object itself tells; `None` when it was removed meanwhile.
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
        Err(disbelief) => (entry.name, entry.state) = (None, State::Foreign(disbelief.what().to_owned())),
    }
    // The list of locks was read before the object was looked at.
    let seen = entry.holders.unwrap_or(0);
    entry.holders = match entry.state {
        State::Live => Some(seen.max(1)),
        _ => Some(0),
    };
    Some(())
}

fn is_temporary(file_name: &str) -> bool {
    file_name.starts_with(dir::NEW_PREFIX) || file_name.starts_with(dir::GONE_PREFIX)
}

/// A file as /proc/locks names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct File {
    major: u32,
    minor: u32,
    ino: u64,
}

impl File {
    fn of(stat: &Stat) -> File {
        let dev = stat.st_dev;
        File { major: rustix::fs::major(dev), minor: rustix::fs::minor(dev), ino: stat.st_ino }
    }
}

/// Whether anybody holds a file that we may not open: /proc/locks tells everybody.
///
/// What it does not show it is asked for again: it is read piece by piece, and an entry is passed over where one before it
/// goes meanwhile, whoever's that was.
pub(super) fn is_held(stat: &Stat) -> bool {
    const LOOKS: usize = 5;
    (0..LOOKS).any(|_| held_files().contains_key(&File::of(stat)))
}

/// How many holders every file has, from /proc/locks (proc_locks(5)); empty where there is none.
fn held_files() -> HashMap<File, u64> {
    let text = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let mut holders = HashMap::new();
    for file in text.lines().filter_map(held_file) {
        *holders.entry(file).or_insert(0) += 1;
    }
    holders
}

/// A line such as `3: OFDLCK ADVISORY  READ -1 00:1a:42 4611686018427387904 4611686018427387904`.
fn held_file(line: &str) -> Option<File> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [_, "OFDLCK", _, "READ", _, file, ..] = fields[..] else { return None };
    let mut parts = file.split(':');
    let major = u32::from_str_radix(parts.next()?, 16).ok()?;
    let minor = u32::from_str_radix(parts.next()?, 16).ok()?;
    Some(File { major, minor, ino: parts.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_proc_locks_are_understood() {
        let line = "3: OFDLCK ADVISORY  READ -1 00:1a:42 4611686018427387904 4611686018427387904";
        assert_eq!(held_file(line), Some(File { major: 0, minor: 26, ino: 42 }));
        assert_eq!(held_file("1: POSIX  ADVISORY  WRITE 3568 fd:00:2531452 0 EOF"), None);
        assert_eq!(held_file("1: -> OFDLCK ADVISORY  READ"), None);
        assert_eq!(held_file(""), None);
    }
}
