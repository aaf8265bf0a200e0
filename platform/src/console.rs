//! What the programs need to know of their standard streams and their console, and only the system can tell.

use std::io;

use crate::seam::system::RawSystem as _;
use crate::system::System;

/// Returns when nobody can read standard output any more: the pipe it leads to has lost its reader.
/// Where output goes elsewhere, or the system cannot tell, it never returns: give it a thread.
pub fn wait_until_output_is_broken() {
    // Where it is not known that does no harm: however the program ends, the kernel takes back all that it held.
    while !System::wait_until_output_is_broken() {
        std::thread::park();
    }
}

/// Has `handler` called before the system ends this process because its console is closed, its user logs off or the
/// machine stops, and gives the process the time that the system grants, about five seconds, to end by itself. To be
/// called once.
///
/// # Errors
/// When the system does not let handlers be set, or one was.
///
/// # Platform-specific behavior
/// On POSIX, where signals say all this and end nothing that handles them, the handler is never called.
pub fn before_forced_end(handler: impl Fn() + Send + Sync + 'static) -> io::Result<()> {
    System::before_forced_end(Box::new(handler))
}
