//! Starting a process, where Wine needs patience.

use std::io;
use std::process::{Child, Command};

/// ERROR_INTERNAL_ERROR: what Wine 8 says, rarely and on a busy machine, of a child that ended before its first
/// instruction. Nothing of ours has run then.
const STILLBORN: i32 = 1359;

/// `command.spawn()`, tried anew when Wine's child was stillborn.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    for _ in 0..3 {
        match command.spawn() {
            Err(error) if cfg!(windows) && error.raw_os_error() == Some(STILLBORN) => {}
            answer => return answer,
        }
    }
    command.spawn()
}
