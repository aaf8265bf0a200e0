//! What the programs need to know of their standard streams, and only the system can tell.

/// Returns when nobody can read standard output any more: the pipe it leads to has lost its reader.
/// Where output goes elsewhere, or the system cannot tell, it never returns: give it a thread.
pub fn wait_until_output_is_broken() {
    crate::system::console::wait_until_output_is_broken();
}
