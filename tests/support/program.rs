//! A program that runs beside its test: what it is told, what it says, and how it ends.

use std::cell::Cell;
use std::io::Write as _;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;

use samemap_platform::conformance::tools::{Watchdog, spawn};

use super::basics::DEADLINE;
use super::captured::Captured;
use super::samples::PRESS_ENTER;

/// Stands before what a part says, so that libtest's own lines do not matter.
pub const MARK: &str = "@@ ";

/// How a program ended, and what it said.
#[derive(Debug)]
pub struct Outcome {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// It ended in order and complained about nothing.
    #[track_caller]
    pub fn assert_success(&self) {
        assert!(self.status.success() && self.stderr.is_empty(), "{self:#?}");
    }

    /// It ended with status 1 and one line that says all of `words`.
    #[track_caller]
    pub fn assert_error(&self, words: &[&str]) {
        assert_eq!(self.status.code(), Some(1), "{self:#?}");
        assert_eq!(self.stderr.lines().count(), 1, "not one line: {self:#?}");
        assert!(self.stderr.ends_with('\n'), "{self:#?}");
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is missing: {self:#?}");
        }
    }
}

/// A program that runs with open input, its output read as it comes. It is ended with the test, whatever
/// happens there.
pub struct Program {
    child: Child,
    input: Option<ChildStdin>,
    output: Arc<Captured>,
    errors: Arc<Captured>,
    /// Up to where the output's lines were [heard](Program::hear).
    heard: Cell<usize>,
    command: String,
}

impl Program {
    /// Starts it and reads all that it says.
    #[track_caller]
    pub fn start(command: Command) -> Self {
        Self::start_reading(command, usize::MAX)
    }

    /// Starts it and reads so many lines of its output; then the reader is gone, as `head` would be.
    #[track_caller]
    pub fn start_reading(command: Command, lines: usize) -> Self {
        Self::start_with(command, lines, usize::MAX)
    }

    /// Starts it and reads nothing of what it complains about.
    #[track_caller]
    pub fn start_deaf(command: Command) -> Self {
        Self::start_with(command, usize::MAX, 0)
    }

    #[track_caller]
    fn start_with(command: Command, output_lines: usize, error_lines: usize) -> Self {
        let what = format!("{command:?}");
        Self::try_start(command, output_lines, error_lines).unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    /// Starts it and reads so many lines of each stream, or tells why it cannot be started.
    pub fn try_start(mut command: Command, output_lines: usize, error_lines: usize) -> std::io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = spawn(&mut command)?;
        Ok(Program {
            input: child.stdin.take(),
            output: Captured::read(child.stdout.take(), output_lines),
            errors: Captured::read(child.stderr.take(), error_lines),
            heard: Cell::new(0),
            child,
            command: format!("{command:?}"),
        })
    }

    /// Starts it and waits until its transcript is complete.
    #[track_caller]
    pub fn start_ready(command: Command) -> Self {
        let program = Self::start(command);
        program.wait_for_output(PRESS_ENTER);
        program
    }

    /// Waits until it has said `text`.
    #[track_caller]
    pub fn wait_for_output(&self, text: &str) {
        let said = self.output.wait(|said, _| contains(said, text).then_some(()));
        assert!(said.is_some(), "it has not said {text:?}: {self:?}");
    }

    /// Whether it has said `text` by now.
    pub fn has_said(&self, text: &str) -> bool {
        self.output.text().contains(text)
    }

    /// Waits for the next line that a part [says](super::part::say).
    #[track_caller]
    pub fn hear(&self) -> String {
        self.try_hear().unwrap_or_else(|| panic!("it said nothing more: {self:?}"))
    }

    /// The next line that a part says; nothing when it ends before.
    #[track_caller]
    pub fn try_hear(&self) -> Option<String> {
        let from = self.heard.get();
        let heard = self.output.wait(|said, _| line_behind_mark(&said[from..]));
        if let Some((line, end)) = heard {
            self.heard.set(from + end);
            return Some(line);
        }
        assert!(self.output.has_ended(), "it said nothing in {DEADLINE:?}: {self:?}");
        None
    }

    /// Waits for the next line, of a program that is no part.
    #[track_caller]
    pub fn line(&self) -> String {
        let from = self.heard.get();
        let line = self.output.wait(|said, _| {
            said[from..]
                .split_inclusive(|&byte| byte == b'\n')
                .next()
                .filter(|line| line.ends_with(b"\n"))
                .map(<[u8]>::to_vec)
        });
        let line = line.unwrap_or_else(|| panic!("it said no more lines: {self:?}"));
        self.heard.set(from + line.len());
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }

    /// Waits for a line, which must be this one.
    #[track_caller]
    pub fn expect(&self, line: &str) {
        let heard = self.hear();
        assert_eq!(heard, line, "it said something else: {self:?}");
    }

    /// What it has complained about; all of it once it has ended.
    pub fn complaints(&self) -> String {
        self.errors.text()
    }

    /// Says a line to it.
    pub fn say(&mut self, line: &str) {
        self.type_in(&format!("{line}\n"));
    }

    /// Types `text`.
    pub fn type_in(&mut self, text: &str) {
        let input = self.input.as_mut().expect("the input is open");
        // A program that is gone already does not read: what it did is told by its outcome.
        let _ = input.write_all(text.as_bytes()).and_then(|()| input.flush());
    }

    /// Ends its input.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// A handle of the process, with every right.
    #[cfg(windows)]
    pub fn handle(&self) -> std::os::windows::io::OwnedHandle {
        use std::os::windows::io::AsHandle as _;
        self.child.as_handle().try_clone_to_owned().expect("room for a handle")
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, by its name without SIG.
    #[cfg(unix)]
    pub fn signal(&self, signal: &str) {
        // The shell's own `kill` is there on every system.
        let script = format!("kill -s {signal} {}", self.id());
        let status = Command::new("sh").args(["-c", &script]).status().expect("a shell");
        assert!(status.success(), "{script}");
    }

    /// Sends it Ctrl-Break; it is a [group of its own](super::console::own_group). False where there is no console.
    #[cfg(windows)]
    pub fn press_break(&self) -> bool {
        super::console::press_break(self.id())
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().expect("a child that was not waited for");
        self.wait();
    }

    /// Whether it has ended by now.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child of ours").is_some()
    }

    /// Waits for its end, under a watchdog.
    pub fn wait(&mut self) -> ExitStatus {
        let _watchdog = Watchdog::with_limit(format!("the end of {}", self.command), DEADLINE);
        self.child.wait().expect("a child of ours")
    }

    /// Waits for its end, with its input as it is.
    #[track_caller]
    pub fn finish(mut self) -> Outcome {
        let status = self.wait();
        for stream in [&self.output, &self.errors] {
            // A child of its own that still holds the pipes would be a leak.
            let ended = stream.wait(|_, ended| ended.then_some(()));
            assert!(ended.is_some(), "a pipe is still open: {self:?}");
        }
        Outcome { status, stdout: self.output.text(), stderr: self.errors.text() }
    }

    /// Ends its input and waits for its end.
    #[track_caller]
    pub fn end_of_input(mut self) -> Outcome {
        self.close_input();
        self.finish()
    }

    /// Presses ENTER and waits for its end.
    #[track_caller]
    pub fn end(mut self) -> Outcome {
        self.type_in("\n");
        self.finish()
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (said, complaints) = (self.output.text(), self.errors.text());
        write!(f, "{} said {said:?} and complained {complaints:?}", self.command)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end without input.
#[track_caller]
pub fn run(command: Command) -> Outcome {
    Program::start(command).end_of_input()
}

fn contains(said: &[u8], text: &str) -> bool {
    said.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The first whole line that begins with the mark, without it, and where it ends.
fn line_behind_mark(said: &[u8]) -> Option<(String, usize)> {
    let mut start = 0;
    while let Some(len) = said[start..].iter().position(|&byte| byte == b'\n') {
        let line = String::from_utf8_lossy(&said[start..start + len]);
        start += len + 1;
        if let Some(words) = line.strip_prefix(MARK) {
            return Some((words.trim_end().to_owned(), start));
        }
    }
    None
}
