//! Waits for new names in the directory of objects (inotify(7)).

use std::ffi::{CStr, OsStr};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use rustix::time::Timespec;

use crate::posix::signature::behind_standard_streams;
use crate::seam::patience::Arrivals;
use crate::words::Until;

/// Begins to watch a directory for this name.
pub(in crate::posix) fn watch(directory: &CStr, system_name: String) -> Result<Arrivals, Errno> {
    let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    let watch = behind_standard_streams(watch)?;
    // A file is linked to its name or moved there; a directory is moved.
    let of_arrivals = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ONLYDIR;
    inotify::add_watch(&watch, directory, of_arrivals)?;
    Ok(Box::new(move |longest| wait(&watch, &system_name, longest)))
}

/// Sleeps until the name may exist, for at most the given time.
fn wait(watch: &OwnedFd, system_name: &str, longest: Duration) {
    let until = Until::after(Some(longest));
    // Objects of other names come and go.
    while !until.is_over() {
        let (slice, _) = until.slice(longest);
        match came(watch, system_name) {
            Ok(true) => return,
            Ok(false) => sleep(watch, slice),
            // A daemon that closes all descriptors closed the watch, which then reports nothing more.
            Err(_) => return std::thread::sleep(slice.min(Duration::from_millis(20))),
        }
    }
}

/// Sleeps until there are events. A wait that cannot sleep so does not spin.
fn sleep(watch: &OwnedFd, slice: Duration) {
    let mut watched = [PollFd::from_borrowed_fd(watch.as_fd(), PollFlags::IN)];
    let slept = poll(&mut watched, Timespec::try_from(slice).ok().as_ref());
    if slept.is_err_and(|errno| errno != Errno::INTR) {
        std::thread::sleep(slice.min(Duration::from_millis(20)));
    }
}

/// Reads the events; answers whether the name may exist.
fn came(watch: &OwnedFd, system_name: &str) -> Result<bool, Errno> {
    let mut buffer = [const { MaybeUninit::uninit() }; 4096];
    let mut events = inotify::Reader::new(watch, &mut buffer);
    loop {
        match events.next() {
            Ok(event) if event.events().contains(ReadFlags::QUEUE_OVERFLOW) => return Ok(true),
            Ok(event) => {
                let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
                if name.is_none_or(|name| name == system_name) {
                    return Ok(true);
                }
            }
            Err(Errno::AGAIN) => return Ok(false),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd as _;
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_watch_that_something_else_has_replaced_is_no_wait_that_spins() {
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).unwrap();
        let null = std::fs::File::open("/dev/null").unwrap();
        // SAFETY: both are descriptors of this test's own.
        assert!(unsafe { libc::dup3(null.as_raw_fd(), watch.as_raw_fd(), libc::O_CLOEXEC) } >= 0);
        let began = Instant::now();
        wait(&watch, "samemap.0.x", Duration::from_secs(60));
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}
