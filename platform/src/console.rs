//! The system's answers about standard streams and the console, for the programs.

use std::io;

use crate::seam::system::RawSystem as _;
use crate::system::System;

/// Returns when standard output is a pipe that has lost its reader.
/// It never returns where output is no pipe or the system cannot tell, so call it in a thread of its own.
pub fn wait_until_output_is_broken() {
    // Waiting for ever does no harm: when the program ends, the kernel takes back all that it held.
    while !System::wait_until_output_is_broken() {
        std::thread::park();
    }
}

/// Calls `handler` before the system ends this process because its console is closed, its user logs off or the machine
/// stops. The process then has about five seconds to end by itself. Call it once.
///
/// # Errors
/// When the system refuses the handler, or one was set before.
///
/// # Platform-specific behavior
/// On POSIX, the handler is never called: there signals report these events, and do not end a process that handles
/// them.
pub fn before_forced_end(handler: impl Fn() + Send + Sync + 'static) -> io::Result<()> {
    System::before_forced_end(Box::new(handler))
}
