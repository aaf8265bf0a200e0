//! The seam's trait for the system: users, names, the machine, and the directory of objects.

use std::io;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::advice::Call;
use super::flag::Flag;
use super::{base, catalog, kernel, loaded, names, owner, sweep, threads};
use crate::contract::catalog::{Entry, Reclaimed};
use crate::contract::context::Context;
use crate::seam::flag::RawFlag;
use crate::seam::patience::{Arrivals, look_now_and_then};
use crate::seam::system::{Counting, RawSystem};
use crate::{ObjectName, Result, UserId};

pub(crate) struct System;

impl RawSystem for System {
    fn current_user() -> UserId {
        owner::user_id(rustix::process::geteuid().as_raw())
    }

    fn processors() -> usize {
        // The kernel's list, because musl's `sysconf` counts only those that this thread may run on.
        let online = std::fs::read_to_string("/sys/devices/system/cpu/online").ok();
        online.and_then(|ranges| count_of(&ranges)).unwrap_or_else(|| {
            // SAFETY: the call takes a number, and has no preconditions.
            let count = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) };
            usize::try_from(count).unwrap_or(1).max(1)
        })
    }

    fn stay_loaded() {
        loaded::stay_loaded();
    }

    fn start_thread(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
        threads::start(name, run)
    }

    fn posix_name(name: &ObjectName) -> Option<String> {
        Some(format!("/{}", names::system_name(name)))
    }

    fn arrivals(name: &ObjectName) -> Arrivals {
        kernel::watch_arrivals(base::base().c_path(), names::system_name(name))
            .unwrap_or_else(|_| look_now_and_then())
    }

    fn wait_until_output_is_broken() -> bool {
        let output = io::stdout();
        loop {
            // No event is requested: errors and hang-ups are always reported, and a pipe without a reader is an error.
            let mut watched = [PollFd::from_borrowed_fd(output.as_fd(), PollFlags::empty())];
            match poll(&mut watched, None) {
                Ok(_) if watched[0].revents().contains(PollFlags::NVAL) => return false,
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return true,
                Err(_) => return false,
            }
        }
    }

    fn lowered_flag(context: Context<'_>) -> Result<Box<dyn RawFlag>> {
        match Flag::lowered() {
            Ok(flag) => Ok(Box::new(flag)),
            Err(errno) => Err(context.os(Call::MakeFlag, errno)),
        }
    }

    fn list(counting: Counting) -> Result<Vec<Entry>> {
        catalog::list(counting)
    }

    fn reclaim() -> Result<Reclaimed> {
        sweep::reclaim()
    }

    fn take_name(name: &ObjectName) -> Result<bool> {
        catalog::take_name(name)
    }

    fn directory() -> Option<PathBuf> {
        base::directory()
    }

    fn set_directory(path: &Path) -> Result<()> {
        base::set_directory(path)
    }

    fn data_path(name: &ObjectName) -> Option<PathBuf> {
        catalog::data_path(name)
    }
}

/// The number of entries in a list such as `0-3,6`.
fn count_of(ranges: &str) -> Option<usize> {
    let mut count = 0_usize;
    for range in ranges.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        count = count.checked_add(last.checked_sub(first)?.checked_add(1)?)?;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    use super::*;

    /// The standard library counts the processors that this thread may use.
    #[test]
    fn pinned_thread_does_not_change_the_machine() {
        let before = System::processors();
        std::thread::spawn(move || {
            let allowed = sched_getaffinity(None).unwrap();
            let first = (0..CpuSet::MAX_CPU).find(|&cpu| allowed.is_set(cpu)).unwrap();
            let mut one = CpuSet::new();
            one.set(first);
            sched_setaffinity(None, &one).unwrap();
            assert_eq!(System::processors(), before);
        })
        .join()
        .unwrap();
    }

    #[test]
    fn lists_of_processors_are_counted() {
        for (ranges, count) in [("0\n", 1), ("0-3\n", 4), ("0-3,6,8-9\n", 7)] {
            assert_eq!(count_of(ranges), Some(count), "{ranges}");
        }
        for nonsense in ["", "\n", "3-1", "a", "0-", "0,,1"] {
            assert_eq!(count_of(nonsense), None, "{nonsense}");
        }
    }
}
