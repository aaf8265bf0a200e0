//! Helpers for tests that cross processes: names of one run, programs under a watchdog, and the look at
//! what is left behind.

#![allow(dead_code, reason = "every test binary uses its own part of this")]

pub mod spawn;

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use samemap::{ErrorKind, ObjectName, Region, SharedRegion};

/// The longest wait for anything. Far more than any of it takes, so that a busy machine fails no test; a
/// process that is not there by then hangs, and is ended.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// The last line of the transcripts.
pub const PRESS_ENTER: &str = "Press ENTER to clean up resources and quit\n";

/// A name that no other test, process or run has.
pub fn unique_name(label: &str) -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_nanos();
    format!("Local\\test-{label}-{}-{count}-{now}", std::process::id())
}

/// Notes that a test, or a part of one, makes no sense here.
pub fn step_aside(test: &str, reason: &str) {
    eprintln!("{test} steps aside: {reason}");
    let Some(log) = std::env::var_os("SAMEMAP_ASIDE_LOG").map(PathBuf::from) else { return };
    let file = OpenOptions::new().create(true).append(true).open(&log);
    let written = file.and_then(|mut file| file.write_all(format!("{test}: {reason}\n").as_bytes()));
    written.unwrap_or_else(|error| panic!("cannot write to {}: {error}", log.display()));
}

/// The server with its region's name.
#[cfg(feature = "cli")]
pub fn server(name: &str) -> Command {
    named(env!("CARGO_BIN_EXE_samemap-server"), name)
}

/// The client with its region's name.
#[cfg(feature = "cli")]
pub fn client(name: &str) -> Command {
    named(env!("CARGO_BIN_EXE_samemap-client"), name)
}

/// The tool with a subcommand.
#[cfg(feature = "cli")]
pub fn tool(subcommand: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_samemap"));
    command.arg(subcommand);
    command
}

fn named(program: &str, name: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(format!("--name={name}"));
    command
}

/// The same command with these arguments too.
pub fn with(mut command: Command, args: &[&str]) -> Command {
    command.args(args);
    command
}

/// What the server says, to the byte.
pub fn server_transcript(name: &str, message: &str) -> String {
    format!(
        "The file mapping ({name}) is created\nThe file view is mapped\nThis message is written to the view:\n\"{message}\"\n{PRESS_ENTER}"
    )
}

/// What the client says, to the byte.
pub fn client_transcript(name: &str, message: &str) -> String {
    format!(
        "The file mapping ({name}) is opened\nThe file view is mapped\nRead from the file mapping:\n\"{message}\"\n{PRESS_ENTER}"
    )
}

/// The message that the server writes unless told otherwise.
pub const MESSAGE: &str = "Message from the first process.";

/// The file that a Linux keeps the object in.
#[cfg(target_os = "linux")]
pub fn shm_file(name: &str) -> PathBuf {
    let posix = object_name(name).posix_name().expect("a POSIX name on Linux");
    PathBuf::from(format!("/dev/shm{posix}"))
}

fn object_name(name: &str) -> ObjectName {
    ObjectName::new(name).expect("a valid name")
}

/// Whether no living object has the name.
pub fn is_free(name: &str) -> bool {
    match Region::open(&object_name(name), &samemap::OpenOptions::read_only()) {
        Ok(_) => false,
        Err(error) if *error.kind() == ErrorKind::NotFound => true,
        Err(error) => panic!("{name}: {error:?}"),
    }
}

/// Nothing of that name exists any more, dead or alive (C17).
#[track_caller]
pub fn assert_nothing_left(name: &str) {
    // Before the open, which would reclaim it.
    #[cfg(target_os = "linux")]
    {
        let file = shm_file(name);
        assert!(file.symlink_metadata().is_err(), "{} was left behind", file.display());
    }
    assert!(is_free(name), "{name} can still be opened");
}

/// Waits until `done`, or fails with what was waited for.
#[track_caller]
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    spin_until(what, || {
        done() || {
            thread::sleep(Duration::from_millis(5));
            false
        }
    });
}

/// Like [`wait_until`], without a pause between two looks: for what must be seen at once.
#[track_caller]
pub fn spin_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !done() {
        assert!(Instant::now() < deadline, "not within {DEADLINE:?}: {what}");
    }
}

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
    fn start_with(mut command: Command, output_lines: usize, error_lines: usize) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = spawn::spawn(&mut command).unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Program {
            input: child.stdin.take(),
            output: Captured::read(child.stdout.take(), output_lines),
            errors: Captured::read(child.stderr.take(), error_lines),
            child,
            command: format!("{command:?}"),
        }
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
        if !self.output.wait(|said, _| said.contains(text)) {
            let (said, complaints) = (self.output.text(), self.errors.text());
            panic!("{} has not said {text:?}, but {said:?} and {complaints:?}", self.command);
        }
    }

    /// Whether it has said `text` by now.
    pub fn has_said(&self, text: &str) -> bool {
        self.output.text().contains(text)
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

    /// Sends it Ctrl-Break; it is a [group of its own](console::own_group). False where there is no console.
    #[cfg(windows)]
    pub fn press_break(&self) -> bool {
        console::press_break(self.id())
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().expect("a child that was not waited for");
        self.child.wait().expect("the child's end");
    }

    /// Waits for its end, with its input as it is.
    #[track_caller]
    pub fn finish(mut self) -> Outcome {
        let status = self.wait();
        // A child of its own that still holds the pipes would be a leak.
        assert!(self.output.wait(|_, ended| ended), "{}: its output is still open", self.command);
        assert!(self.errors.wait(|_, ended| ended), "{}: its errors are still open", self.command);
        Outcome { status, stdout: self.output.text(), stderr: self.errors.text() }
    }

    #[track_caller]
    fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "{} did not end within {DEADLINE:?}; it said {:?} and {:?}",
                self.command,
                self.output.text(),
                self.errors.text()
            );
            thread::sleep(Duration::from_millis(2));
        }
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

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end without input.
#[track_caller]
pub fn run(command: Command) -> Outcome {
    let mut program = Program::start(command);
    program.close_input();
    program.finish()
}

/// What a stream has brought so far, read by a thread.
#[derive(Default)]
struct Captured {
    state: Mutex<(Vec<u8>, bool)>,
    changed: Condvar,
}

impl Captured {
    fn read<S: Read + Send + 'static>(stream: Option<S>, lines: usize) -> Arc<Self> {
        let captured = Arc::new(Captured::default());
        if lines == 0 {
            // Gone before the program has so much as started.
            drop(stream);
            captured.change(|state| state.1 = true);
            return captured;
        }
        let shared = Arc::clone(&captured);
        let mut stream = stream.expect("a pipe");
        thread::spawn(move || {
            let mut left = lines;
            let mut byte = [0];
            while left > 0 && matches!(stream.read(&mut byte), Ok(1)) {
                shared.change(|state| state.0.push(byte[0]));
                left -= usize::from(byte[0] == b'\n');
            }
            // The reader is gone before anybody learns that it is.
            drop(stream);
            shared.change(|state| state.1 = true);
        });
        captured
    }

    fn change(&self, change: impl FnOnce(&mut (Vec<u8>, bool))) {
        change(&mut self.state.lock().expect("no panic while locked"));
        self.changed.notify_all();
    }

    /// Waits until `done` with the text so far and whether it ended; false at its end or the deadline.
    fn wait(&self, done: impl Fn(&str, bool) -> bool) -> bool {
        let deadline = Instant::now() + DEADLINE;
        let mut state = self.state.lock().expect("no panic while locked");
        loop {
            if done(&String::from_utf8_lossy(&state.0), state.1) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if state.1 || left.is_zero() {
                return false;
            }
            state = self.changed.wait_timeout(state, left).expect("no panic while locked").0;
        }
    }

    fn text(&self) -> String {
        String::from_utf8(self.state.lock().expect("no panic while locked").0.clone()).expect("UTF-8")
    }
}

/// Something on a name that is no region.
pub mod foreign {
    /// A directory where the object's file would lie. Removed with the value.
    #[cfg(target_os = "linux")]
    pub struct Squatter(std::path::PathBuf);

    #[cfg(target_os = "linux")]
    impl Squatter {
        pub fn on(name: &str) -> Option<Self> {
            let path = super::shm_file(name);
            std::fs::create_dir(&path).expect("a free name in /dev/shm");
            Some(Squatter(path))
        }

        /// It was neither removed nor changed.
        pub fn is_untouched(&self) -> bool {
            self.0.is_dir()
        }
    }

    #[cfg(target_os = "linux")]
    impl Drop for Squatter {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir(&self.0);
        }
    }

    /// An event of that name, until this process ends.
    #[cfg(windows)]
    pub struct Squatter;

    #[cfg(windows)]
    impl Squatter {
        pub fn on(name: &str) -> Option<Self> {
            use std::ffi::c_void;

            #[link(name = "kernel32")]
            unsafe extern "system" {
                fn CreateEventW(
                    attributes: *const c_void,
                    manual_reset: i32,
                    initial_state: i32,
                    name: *const u16,
                ) -> *mut c_void;
            }

            let wide: Vec<u16> = name.encode_utf16().chain([0]).collect();
            // SAFETY: no attributes, and a name that ends with a NUL and outlives the call.
            let event = unsafe { CreateEventW(std::ptr::null(), 1, 0, wide.as_ptr()) };
            assert!(!event.is_null(), "{}", std::io::Error::last_os_error());
            Some(Squatter)
        }

        pub fn is_untouched(&self) -> bool {
            true
        }
    }

    /// This system shows no files of its shared memory.
    #[cfg(not(any(target_os = "linux", windows)))]
    pub struct Squatter;

    #[cfg(not(any(target_os = "linux", windows)))]
    impl Squatter {
        pub fn on(_name: &str) -> Option<Self> {
            None
        }

        pub fn is_untouched(&self) -> bool {
            true
        }
    }
}

/// Console events, which std cannot send.
#[cfg(windows)]
pub mod console {
    use std::os::windows::process::CommandExt as _;
    use std::process::Command;

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GenerateConsoleCtrlEvent(event: u32, process_group: u32) -> i32;
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
        let mut command = Command::new(std::env::current_exe().expect("the test's own path"));
        command.args(["--exact", test, "--nocapture"]).env(HAS_CONSOLE, "1").creation_flags(CREATE_NO_WINDOW);
        command
    }

    /// Whether this is the process that [`test_with_console`] started.
    pub fn is_given() -> bool {
        std::env::var_os(HAS_CONSOLE).is_some()
    }

    const HAS_CONSOLE: &str = "SAMEMAP_TEST_HAS_CONSOLE";

    /// Ctrl-Break for one process group. False where a process without a window gets no console after all:
    /// Wine's conhost gives up when it has no display.
    pub(super) fn press_break(process_group: u32) -> bool {
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
}
