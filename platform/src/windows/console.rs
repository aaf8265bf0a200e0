//! What the programs need to know of standard output.

use std::os::windows::io::AsHandle as _;
use std::time::Duration;
use std::{io, thread};

use super::nt::{PipeState, pipe_state};

/// How often the pipe is looked at. Windows has no way to be told, and a write of no bytes, which would show
/// it too, looks like the end of the output to some readers.
const INTERVAL: Duration = Duration::from_millis(50);

pub(crate) fn wait_until_output_is_broken() {
    let output = io::stdout();
    while let Ok(state) = pipe_state(output.as_handle()) {
        if state == PipeState::Broken {
            return;
        }
        thread::sleep(INTERVAL);
    }
    // Output is closed, or no pipe: nothing will ever be known. That does no harm, because however the
    // program ends, the kernel reclaims all that it held.
    loop {
        thread::park();
    }
}
