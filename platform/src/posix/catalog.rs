//! Listing and reclaiming what lies in /dev/shm (rule C17).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rustix::fs::Stat;

use super::errors::Context;
use super::lifetime::{self, Removal};
use super::object::not_regular;
use super::ofd_lock::{self, Holders};
use super::trailer::Form;
use super::{file, names, shm_dir, user_id};
use crate::catalog::{Entry, Reclaimed, State};
use crate::{Error, ErrorKind, ObjectName, Result};

/// The sweep of a process's first creation may take so long, however much lies there.
const SHORT_SWEEP: Duration = Duration::from_millis(50);

pub(crate) fn list() -> Result<Vec<Entry>> {
    let holders = held_files();
    let mut names = our_names("list the objects")?;
    names.sort_unstable();
    Ok(names.into_iter().filter_map(|name| entry(name, &holders)).collect())
}

pub(crate) fn reclaim() -> Result<Reclaimed> {
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
    let Ok(mut names) = shm_dir::our_names() else { return };
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
    shm_dir::our_names().map_err(|errno| {
        if shm_dir::exists() {
            return context.os(errno);
        }
        Error::new(ErrorKind::Unsupported, operation)
            .with_detail("this system has no /dev/shm; mount a tmpfs there")
            .with_source(errno.into())
    })
}

fn reclaim_one(file_name: String, reclaimed: &mut Reclaimed) {
    let system_name = format!("/{file_name}");
    let Some((removal, stat)) = lifetime::reclaim(&shm_dir::path_of(&system_name)) else { return };
    match removal {
        Removal::Refused(_) => reclaimed.refused.push((system_name, user_id(stat.st_uid))),
        Removal::Done | Removal::Contended => {
            reclaimed.removed.push(system_name);
            reclaimed.bytes += stat.st_size as u64;
        }
    }
}

fn entry(file_name: String, holders: &HashMap<File, u64>) -> Option<Entry> {
    let system_name = format!("/{file_name}");
    let path = shm_dir::path_of(&system_name);
    let stat = shm_dir::stat(&path).ok()?;
    let mut entry = Entry {
        name: names::decoded(&file_name),
        system_name,
        kind: None,
        size: stat.st_size as u64,
        owner: user_id(stat.st_uid),
        holders: holders.get(&File::of(&stat)).copied(),
        state: State::Unreadable,
    };
    if let Some(what) = not_regular(&stat) {
        entry.name = None;
        entry.state = State::Foreign(what.to_owned());
        return Some(entry);
    }
    if let Ok((fd, _)) = shm_dir::open(&path) {
        look_inside(&mut entry, std::os::fd::AsFd::as_fd(&fd), &file_name)?;
    }
    Some(entry)
}

/// Fills in what the file itself tells; `None` when it was removed meanwhile.
fn look_inside(entry: &mut Entry, fd: std::os::fd::BorrowedFd<'_>, file_name: &str) -> Option<()> {
    let held = ofd_lock::holders(fd).ok()?;
    let stat = rustix::fs::fstat(fd).ok().filter(|stat| stat.st_nlink > 0)?;
    entry.state = if held == Holders::Some { State::Live } else { State::Dead };
    match lifetime::facts_of(fd, &stat) {
        Ok(facts) => {
            entry.name = ObjectName::read_back(&facts.name).ok().or(entry.name.take());
            entry.kind = Some(facts.kind);
            entry.size = match facts.form {
                Form::Memory => facts.len,
                Form::LeadsToFile => file::recorded_len(fd).unwrap_or(facts.len),
            };
        }
        Err(_) if file_name.starts_with(shm_dir::UNFINISHED_PREFIX) => entry.name = None,
        Err(what) => {
            entry.name = None;
            entry.state = State::Foreign(what.to_owned());
        }
    }
    // The list of locks was read before the file was looked at.
    let seen = entry.holders.unwrap_or(0);
    entry.holders = match entry.state {
        State::Live => Some(seen.max(1)),
        _ => Some(0),
    };
    Some(())
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
pub(super) fn is_held(stat: &Stat) -> bool {
    held_files().contains_key(&File::of(stat))
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
