//! What the programs need to know of their standard streams, and only the system can tell.

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
