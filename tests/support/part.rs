//! Parts that a test binary plays in other processes: it is run again, as the ignored test `child_entry`, whose body
//! is [`play`] with the file's parts. Parent and part exchange lines of text.

use std::io::{BufRead as _, Write as _};
use std::process::Command;

use samemap_platform::conformance::tools::{PROGRAM, program, rerun};
#[cfg(not(target_os = "linux"))]
use samemap_platform::conformance::tools::{Watchdog, limit};

use super::program::{MARK, Program};

pub const PART: &str = "SAMEMAP_TEST_PART";
pub const ARGUMENTS: &str = "SAMEMAP_TEST_ARGUMENTS";
const ORPHAN: &str = "SAMEMAP_TEST_ORPHAN";
/// Between arguments, which hold names, paths and numbers.
pub const SEPARATOR: &str = "\x1f";

/// What another process can be, by name.
pub type Part = (&'static str, fn(&[String]));

/// This binary again, in a part with its arguments.
pub fn command(part: &str, arguments: &[&str]) -> Command {
    let mut command = rerun("child_entry");
    command.env(PART, part).env(ARGUMENTS, arguments.join(SEPARATOR)).env(PROGRAM, program());
    command
}

/// The same, for a part that may outlive the thread that starts it.
pub fn orphan(part: &str, arguments: &[&str]) -> Command {
    let mut command = command(part, arguments);
    command.env(ORPHAN, "1");
    command
}

/// Starts this binary in a part.
#[track_caller]
pub fn start(part: &str, arguments: &[&str]) -> Program {
    Program::start(command(part, arguments))
}

/// The body of `child_entry`: plays the part that the parent chose.
pub fn play(parts: &[Part]) {
    // Without one, a person runs the ignored tests.
    let Ok(wanted) = std::env::var(PART) else { return };
    let _end = (std::env::var_os(ORPHAN).is_none()).then(|| end_with_parent(&wanted));
    let arguments = std::env::var(ARGUMENTS).unwrap_or_default();
    let arguments: Vec<String> = arguments.split(SEPARATOR).map(str::to_owned).collect();
    let (_, body) = parts.iter().find(|(name, _)| *name == wanted).expect("a part of this file");
    body(&arguments);
}

/// The kernel ends this process with the thread that started it. No thread of ours does it here: parts fork, count
/// threads and descriptors, and filter system calls.
#[cfg(target_os = "linux")]
fn end_with_parent(_part: &str) {
    // SAFETY: a plain number is set.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
}

/// A part that was forgotten ends some time.
#[cfg(not(target_os = "linux"))]
fn end_with_parent(part: &str) -> Watchdog {
    Watchdog::with_limit(format!("the part {part}"), limit() * 10)
}

/// Says a line to the parent.
pub fn say(text: &str) {
    let mut output = std::io::stdout().lock();
    // A newline before it, behind what libtest has begun to print. A parent that is gone does not matter.
    let _ = write!(output, "\n{MARK}{text}\n").and_then(|()| output.flush());
}

/// Waits for the parent's next line; ends this process when there will be none.
pub fn hear() -> String {
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(1..) => line.trim_end().to_owned(),
        // Of a forked child nothing else may run.
        #[cfg(unix)]
        // SAFETY: ends this process at once.
        _ => unsafe { libc::_exit(3) },
        #[cfg(not(unix))]
        _ => std::process::exit(3),
    }
}

/// The parent's lines up to an empty one, or to their end.
pub fn lines() -> impl Iterator<Item = String> {
    std::io::stdin().lines().map_while(Result::ok).take_while(|line| !line.is_empty())
}
