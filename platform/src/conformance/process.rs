//! Starting this program again.

use std::io;
use std::path::PathBuf;
use std::process::{Child, Command};

/// The variable with the program to start in place of this one: another build of it, or its path where the system does
/// not tell that.
pub const PROGRAM: &str = "SAMEMAP_TEST_PROGRAM";

/// The path of the program that [`rerun`] starts.
///
/// # Panics
/// When the system does not tell it.
#[must_use]
pub fn program() -> PathBuf {
    std::env::var_os(PROGRAM)
        .map_or_else(|| std::env::current_exe().expect("a program knows its path"), PathBuf::from)
}

/// This program again, as the body of one of its tests and of no other, also of an ignored one. What the test prints
/// is not captured.
///
/// # Panics
/// When the system does not tell this program's path.
#[must_use]
pub fn rerun(test: &str) -> Command {
    let mut command = Command::new(program());
    command.args(["--exact", test, "--include-ignored", "--nocapture", "--test-threads=1"]);
    command
}

/// `command.spawn()`, tried anew when Wine says `ERROR_INTERNAL_ERROR`: Wine 8 does, rarely and on a busy machine, of a
/// child that ended before its first instruction.
///
/// # Errors
/// What the system says.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    const ERROR_INTERNAL_ERROR: i32 = 1359;
    for _ in 0..3 {
        match command.spawn() {
            Err(error) if cfg!(windows) && error.raw_os_error() == Some(ERROR_INTERNAL_ERROR) => {}
            answer => return answer,
        }
    }
    command.spawn()
}
