//! Waits for new names in the directory of objects (inotify(7)).

use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use rustix::time::Timespec;

use super::base::base;
use super::descriptor::behind_standard_streams;
use crate::seam::patience::Arrivals;
use crate::words::Until;

/// Begins to watch for this name.
pub(super) fn watch(system_name: String) -> Result<Arrivals, Errno> {
    let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    let watch = behind_standard_streams(watch)?;
    // A file is linked to its name or moved there; a directory is moved.
    let of_arrivals = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ONLYDIR;
    inotify::add_watch(&watch, base().c_path(), of_arrivals)?;
    Ok(Box::new(move |longest| {
        let until = Until::after(Some(longest));
        // Objects of other names come and go.
        while !until.is_over() && !came(&watch, &system_name) {
            let (slice, _) = until.slice(longest);
            let mut watched = [PollFd::from_borrowed_fd(watch.as_fd(), PollFlags::IN)];
            let slice_of_time = Timespec::try_from(slice).ok();
            let slept = poll(&mut watched, slice_of_time.as_ref());
            if slept.is_err_and(|errno| errno != Errno::INTR) {
                // A wait that cannot sleep does not spin.
                std::thread::sleep(slice.min(Duration::from_millis(20)));
                return;
            }
        }
    }))
}

/// Reads the events; answers whether the name may exist.
fn came(watch: &OwnedFd, system_name: &str) -> bool {
    let mut buffer = [const { MaybeUninit::uninit() }; 4096];
    let mut events = inotify::Reader::new(watch, &mut buffer);
    loop {
        match events.next() {
            Ok(event) if event.events().contains(ReadFlags::QUEUE_OVERFLOW) => return true,
            Ok(event) => {
                let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
                if name.is_none_or(|name| name == system_name) {
                    return true;
                }
            }
            Err(Errno::AGAIN) => return false,
            Err(Errno::INTR) => {}
            // A daemon that closes all descriptors closed it: the caller looks again after pauses.
            Err(_) => return false,
        }
    }
}
