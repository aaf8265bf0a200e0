//! Reads the holders of files in /proc/locks, which every user may do (proc_locks(5)).

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::os::fd::AsFd as _;

use rustix::fs::{self, Stat};
use rustix::io::Errno;

use super::descriptor::Lockable;
use super::kernel;
use super::ofd_lock;
use crate::words::Until;

/// A file as /proc/locks identifies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct File {
    major: u32,
    minor: u32,
    ino: u64,
}

impl File {
    pub(super) fn of(stat: &Stat) -> File {
        let dev = stat.st_dev;
        File { major: rustix::fs::major(dev), minor: rustix::fs::minor(dev), ino: stat.st_ino }
    }
}

/// Whether a file that this user may not open has a holder; `None` where the system does not say.
pub(super) fn is_held(stat: &Stat) -> Option<bool> {
    if is_listed(File::of(stat))? { Some(true) } else { shows_locks().then_some(false) }
}

/// Whether the list has an entry for the file; `None` where there is no list.
///
/// A missing entry is looked for again: the list is read in pieces, and an entry is skipped when an earlier one of any
/// process is removed meanwhile.
fn is_listed(file: File) -> Option<bool> {
    const LOOKS: usize = 5;
    for _ in 0..LOOKS {
        if held_files(Until::Forever)?.contains_key(&file) {
            return Some(true);
        }
    }
    Some(false)
}

/// The number of holders of every file; `None` where /proc has no such list, as with `ProcSubset=pid`, and where it is
/// not read by the end of the time: the kernel walks the whole list anew for each page of it.
pub(super) fn held_files(until: Until) -> Option<HashMap<File, u64>> {
    let mut list = BufReader::with_capacity(1 << 16, std::fs::File::open("/proc/locks").ok()?);
    let (mut holders, mut line) = (HashMap::new(), String::new());
    while list.read_line(&mut line).ok()? > 0 {
        if let Some(file) = held_file(&line) {
            *holders.entry(file).or_insert(0) += 1;
        }
        line.clear();
        if until.is_over() {
            return None;
        }
    }
    Some(holders)
}

/// Whether the list shows a lock that certainly exists: an empty file may replace the list.
fn shows_locks() -> bool {
    let probe = || {
        let file = Lockable::open(kernel::nameless_memory)?;
        Ok::<_, Errno>((ofd_lock::try_hold(file.as_fd())?, File::of(&fs::fstat(&file)?), file))
    };
    let Ok((true, file, _held)) = probe() else { return false };
    is_listed(file) == Some(true)
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
    fn a_lock_that_is_there_is_shown() {
        assert!(shows_locks());
    }

    #[test]
    fn lines_of_proc_locks_are_understood() {
        let line = "3: OFDLCK ADVISORY  READ -1 00:1a:42 4611686018427387904 4611686018427387904";
        assert_eq!(held_file(line), Some(File { major: 0, minor: 26, ino: 42 }));
        assert_eq!(held_file("1: POSIX  ADVISORY  WRITE 3568 fd:00:2531452 0 EOF"), None);
        assert_eq!(held_file("1: -> OFDLCK ADVISORY  READ"), None);
        assert_eq!(held_file(""), None);
    }
}
