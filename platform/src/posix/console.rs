//! What the programs need to know of standard output.

use std::io;
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};

pub(crate) fn wait_until_output_is_broken() {
    let output = io::stdout();
    loop {
        // No event is asked for: errors and hang-ups are always told, and a pipe without a reader is one.
        let mut watched = [PollFd::from_borrowed_fd(output.as_fd(), PollFlags::empty())];
        match poll(&mut watched, None) {
            Ok(_) if watched[0].revents().contains(PollFlags::NVAL) => break,
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return,
            Err(_) => break,
        }
    }
    // Output is closed, or this system cannot poll it: nothing will ever be known.
    loop {
        std::thread::park();
    }
}
