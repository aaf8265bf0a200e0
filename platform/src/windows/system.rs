//! The seam's trait for the system: users and the machine.

use std::os::windows::io::AsHandle as _;
use std::time::Duration;
use std::{io, thread};

use windows_sys::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
};

use super::error::Attempt;
use super::flag::Flag;
use super::nt::{PipeState, pipe_state};
use super::user::token_user;
use super::{console, machine};
use crate::contract::context::Context;
use crate::seam::flag::RawFlag;
use crate::seam::system::{EndHandler, RawSystem};
use crate::{Result, UserId};

pub(crate) struct System;

/// How often the pipe is looked at. Windows reports no such event, and to some readers a write of no bytes looks like
/// the end of the output.
const INTERVAL: Duration = Duration::from_millis(50);

impl RawSystem for System {
    const UNSUPPORTED: &'static str = "on Windows the kernel keeps the names and reclaims an object when its last handle goes, so nothing \
         is ever left behind; to see the living objects, use the Sysinternals tools WinObj and Handle";

    /// The user. Where the system does not say, a text that matches no user.
    fn current_user() -> UserId {
        token_user().unwrap_or_else(|_| UserId::new("unknown"))
    }

    fn processors() -> usize {
        machine::processors()
    }

    fn stay_loaded() {
        let mut module = std::ptr::null_mut();
        let here = (Self::stay_loaded as fn()) as *const u16;
        // SAFETY: with this flag the name is an address in the module, and the call writes the module's handle to
        // `module`.
        unsafe {
            GetModuleHandleExW(
                GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                here,
                &raw mut module,
            );
        }
    }

    fn lowered_flag(context: Context<'_>) -> Result<Box<dyn RawFlag>> {
        match Flag::lowered() {
            Ok(flag) => Ok(Box::new(flag)),
            Err(cause) => Err(Attempt::of(context).failed(cause)),
        }
    }

    fn before_forced_end(handler: EndHandler) -> io::Result<()> {
        console::before_forced_end(handler)
    }

    fn wait_until_output_is_broken() -> bool {
        let output = io::stdout();
        while let Ok(state) = pipe_state(output.as_handle()) {
            if state == PipeState::Broken {
                return true;
            }
            thread::sleep(INTERVAL);
        }
        // Output is closed, or no pipe.
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seam::system::Counting;
    use crate::{ErrorKind, ObjectName};

    #[test]
    fn says_that_nothing_is_ever_left() {
        let name = ObjectName::new("X").expect("a valid name");
        let errors = [
            System::list(Counting::No).unwrap_err(),
            System::reclaim().unwrap_err(),
            System::take_name(&name).unwrap_err(),
        ];
        for error in errors {
            assert!(error.is(ErrorKind::Unsupported));
            assert!(error.to_string().contains("last handle"), "{error}");
        }
    }
}
