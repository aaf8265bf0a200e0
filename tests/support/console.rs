//! Console events of Windows, which std cannot send.

use std::os::windows::process::CommandExt as _;
use std::process::Command;

use samemap_platform::conformance::tools::rerun;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn GenerateConsoleCtrlEvent(event: u32, process_group: u32) -> i32;
    fn GetConsoleCP() -> u32;
}

const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
const CREATE_NO_WINDOW: u32 = 0x0800_0000;

/// The same command as a group of its own, so that an event can reach it alone.
pub fn own_group(mut command: Command) -> Command {
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
    command
}

/// This test binary's test once more, in a process with a new console that nobody sees: a test run need
/// not have one.
pub fn test_with_console(test: &str) -> Command {
    let mut command = rerun(test);
    command.env(HAS_CONSOLE, "1").creation_flags(CREATE_NO_WINDOW);
    command
}

/// Whether this is the process that [`test_with_console`] started.
pub fn is_given() -> bool {
    std::env::var_os(HAS_CONSOLE).is_some()
}

const HAS_CONSOLE: &str = "SAMEMAP_TEST_HAS_CONSOLE";

/// Ctrl-Break for one process group. False where a process without a window gets no console after all: Wine's conhost
/// gives up when it has no display. Wine 8 refuses the event then, and Wine 10 takes it and does nothing.
pub fn press_break(process_group: u32) -> bool {
    // SAFETY: takes no pointers; where there is no console, there is no code page.
    if unsafe { GetConsoleCP() } == 0 {
        return false;
    }
    const CTRL_BREAK_EVENT: u32 = 1;
    const ERROR_INVALID_HANDLE: i32 = 6;
    // SAFETY: takes no pointers; an event or group that does not exist is an error.
    if unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, process_group) } != 0 {
        return true;
    }
    let error = std::io::Error::last_os_error();
    assert_eq!(error.raw_os_error(), Some(ERROR_INVALID_HANDLE), "{error}");
    false
}
