//! Child processes: this test binary run again in a role of the test's own.
//!
//! A test file lists its roles in an ignored test `child_entry`, which does nothing unless it was started
//! from here. Parent and child exchange lines of text. Every child is under a watchdog, and is ended and
//! reaped with the value that stands for it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::FromRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use super::{sandbox, watchdog};

const ROLE: &str = "SAMEMAP_TEST_ROLE";
const ARGUMENTS: &str = "SAMEMAP_TEST_ARGUMENTS";
const BINARY: &str = "SAMEMAP_TEST_BINARY";
/// Between arguments, which hold names and numbers.
const SEPARATOR: char = '\x1f';
/// Stands before what a role says, so that libtest's own lines do not matter.
const MARK: &str = "@@ ";

/// What a child can be, by name.
pub type Role = (&'static str, fn(&[String]));

/// The body of `child_entry`: plays the role that the parent chose.
pub fn play(roles: &[Role]) {
    // Without one, a person runs the ignored tests.
    let Ok(wanted) = std::env::var(ROLE) else { return };
    // SAFETY: a plain number is set; the child goes when the test that started it does.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    let arguments = std::env::var(ARGUMENTS).unwrap_or_default();
    let arguments: Vec<String> = arguments.split(SEPARATOR).map(str::to_owned).collect();
    let (_, body) = roles.iter().find(|(name, _)| *name == wanted).expect("a role of this file");
    body(&arguments);
}

/// Says a line to the parent.
pub fn say(text: &str) {
    let mut output = std::io::stdout().lock();
    // The parent is gone or ended us: nobody is left to be told.
    let _ = write!(output, "\n{MARK}{text}\n").and_then(|()| output.flush());
}

/// Waits for the parent's next line; ends this process when there will be none.
pub fn hear() -> String {
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(1..) => line.trim_end().to_owned(),
        // SAFETY: ends this process at once, also a forked one.
        _ => unsafe { libc::_exit(3) },
    }
}

/// The path of this test binary, also where /proc was taken away.
pub fn binary() -> PathBuf {
    std::env::var_os(BINARY)
        .map_or_else(|| std::env::current_exe().expect("a program knows its path"), PathBuf::from)
}

/// A child to be started.
pub struct Start {
    command: Command,
    arguments: Vec<String>,
    what: String,
}

impl Start {
    /// This binary, in a role.
    pub fn role(role: &str) -> Start {
        let mut command = Command::new(binary());
        command
            .args(["--exact", "child_entry", "--ignored", "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .env(BINARY, binary());
        Start { command, arguments: Vec::new(), what: role.to_owned() }
    }

    /// Another program, under the same watchdog.
    pub fn program(path: impl AsRef<Path>) -> Start {
        let path = path.as_ref();
        let what = path.display().to_string();
        Start { command: Command::new(path), arguments: Vec::new(), what }
    }

    /// An argument: of the role, or of the program.
    #[must_use]
    pub fn argument(mut self, argument: impl ToString) -> Start {
        self.arguments.push(argument.to_string());
        self
    }

    #[must_use]
    pub fn env(mut self, key: &str, value: &str) -> Start {
        self.command.env(key, value);
        self
    }

    /// Has another program run this binary in a role: its arguments end with [`binary`] and what
    /// [`role`](Start::role) gives it.
    #[must_use]
    pub fn plays(mut self, role: &str, arguments: &[&str]) -> Start {
        self.command.args(std::mem::take(&mut self.arguments)).env(ROLE, role).env(BINARY, binary());
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// In name spaces of its own, where it may mount what it likes without anybody noticing.
    #[must_use]
    pub fn sandboxed(mut self) -> Start {
        sandbox::prepare(&mut self.command);
        self
    }

    /// As the root of a container that this user started.
    #[must_use]
    pub fn contained(mut self, uid: u32) -> Start {
        sandbox::contain(&mut self.command, uid);
        self
    }

    /// As this user, from its first instruction.
    #[must_use]
    pub fn of_user(mut self, uid: u32) -> Start {
        self.command.uid(uid).gid(uid);
        self
    }

    pub fn start(self) -> Child {
        let what = self.what.clone();
        self.try_start().unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    pub fn try_start(mut self) -> std::io::Result<Child> {
        let complaints = memory_file();
        if self.command.get_envs().any(|(key, _)| key == ROLE) {
            self.command.env(ARGUMENTS, self.arguments.join(&SEPARATOR.to_string()));
        } else {
            self.command.args(&self.arguments);
        }
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(complaints.try_clone().expect("a descriptor"))
            // What it forks is ended with it.
            .process_group(0);
        let mut process = self.command.spawn()?;
        watchdog::guard(process.id() as i32);
        let input = process.stdin.take().expect("stdin is piped");
        let lines = BufReader::new(process.stdout.take().expect("stdout is piped"));
        Ok(Child { process, input, lines, complaints, what: self.what, ended: None })
    }
}

/// A file that is nowhere, for what a child complains about: unlike a pipe it is never full.
fn memory_file() -> File {
    // SAFETY: a literal name; the descriptor is checked and owned by nobody else.
    unsafe {
        let fd = libc::memfd_create(c"complaints".as_ptr(), libc::MFD_CLOEXEC);
        assert!(fd >= 0, "{}", std::io::Error::last_os_error());
        File::from_raw_fd(fd)
    }
}

/// A child that runs, or that ended and can still be asked what it said.
pub struct Child {
    process: std::process::Child,
    /// Open beyond the child's end: what it forked may still listen.
    input: ChildStdin,
    lines: BufReader<ChildStdout>,
    complaints: File,
    what: String,
    ended: Option<ExitStatus>,
}

/// What a child came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Running,
    Stopped,
    Ended,
}

impl Child {
    pub fn pid(&self) -> i32 {
        self.process.id() as i32
    }

    /// Waits for the next line that the child says.
    #[track_caller]
    pub fn hear(&mut self) -> String {
        self.try_hear().unwrap_or_else(|| panic!("{} ended and said nothing: {}", self.what, self.words()))
    }

    /// The next line that the child says; nothing when it ends before.
    pub fn try_hear(&mut self) -> Option<String> {
        watchdog::pat(self.pid());
        let mut line = String::new();
        while self.lines.read_line(&mut line).expect("a pipe to read") > 0 {
            if let Some(said) = line.strip_prefix(MARK) {
                return Some(said.trim_end().to_owned());
            }
            line.clear();
        }
        None
    }

    /// Waits for a line, which must be this one.
    #[track_caller]
    pub fn expect(&mut self, line: &str) {
        let heard = self.hear();
        assert_eq!(heard, line, "{} said something else: {}", self.what, self.words());
    }

    /// Says a line to the child.
    pub fn say(&mut self, text: &str) {
        // One that is gone is noticed where its answer is missed.
        let _ = writeln!(self.input, "{text}").and_then(|()| self.input.flush());
    }

    /// All that it writes to its output until it closes it.
    pub fn output(&mut self) -> String {
        let mut text = String::new();
        self.lines.read_to_string(&mut text).expect("text");
        text
    }

    pub fn signal(&self, signal: i32) {
        assert!(self.ended.is_none(), "{} is gone already", self.what);
        // SAFETY: a signal to a child that was not reaped.
        unsafe { libc::kill(self.pid(), signal) };
    }

    /// Waits until it stops or ends.
    #[track_caller]
    pub fn wait_for_fate(&mut self) -> Fate {
        self.wait_state(libc::WEXITED | libc::WSTOPPED)
    }

    fn wait_state(&mut self, states: i32) -> Fate {
        if self.ended.is_some() {
            return Fate::Ended;
        }
        if states & libc::WNOHANG == 0 {
            watchdog::pat(self.pid());
        }
        // SAFETY: an all-zero siginfo_t is valid, and waitid fills it; WNOWAIT leaves the child to be reaped
        // by its owner, so that its number stays its own.
        let info = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let id = self.process.id();
            while libc::waitid(libc::P_PID, id, &raw mut info, states | libc::WNOWAIT) != 0 {
                let error = std::io::Error::last_os_error();
                assert!(error.kind() == std::io::ErrorKind::Interrupted, "{error}");
            }
            info
        };
        match info.si_code {
            libc::CLD_STOPPED => Fate::Stopped,
            // Asked without waiting, and nothing happened.
            0 => Fate::Running,
            _ => {
                self.reap();
                Fate::Ended
            }
        }
    }

    /// What it complained about, if it has failed by now; does not wait.
    pub fn failure(&mut self) -> Option<String> {
        self.wait_state(libc::WEXITED | libc::WNOHANG);
        let failed = self.ended.is_some_and(|status| !status.success());
        failed.then(|| self.words())
    }

    fn reap(&mut self) {
        let in_time = watchdog::release(self.pid());
        let status = self.process.wait().expect("a child of ours");
        self.ended = Some(status);
        assert!(in_time || std::thread::panicking(), "{} took too long: {}", self.what, self.words());
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        self.wait_state(libc::WEXITED);
        self.ended.expect("it ended")
    }

    /// Waits for its end, which must be an orderly one.
    #[track_caller]
    pub fn finish(&mut self) {
        let status = self.wait();
        assert!(status.success(), "{} ended with {status}: {}", self.what, self.words());
    }

    /// Kills it where it is, which must be before it ends by itself; returns when it is gone.
    #[track_caller]
    pub fn kill(&mut self) {
        self.signal(libc::SIGKILL);
        let status = self.wait();
        let killed = status.signal() == Some(libc::SIGKILL);
        assert!(killed, "{} had ended before it was killed, with {status}: {}", self.what, self.words());
    }

    /// Kills it, running or stopped, whether or not it ended by itself.
    pub fn end(&mut self) {
        if self.ended.is_none() {
            self.signal(libc::SIGKILL);
            self.wait();
        }
    }

    /// What it complained about.
    pub fn words(&self) -> String {
        let len = self.complaints.metadata().expect("a file in memory").len();
        let mut bytes = vec![0; len as usize];
        // The child may still write: its place in the file is not moved.
        self.complaints.read_exact_at(&mut bytes, 0).expect("a file in memory");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.ended.is_none() {
            // SAFETY: the group that the child leads, which was not reaped.
            unsafe { libc::kill(-self.pid(), libc::SIGKILL) };
            watchdog::release(self.pid());
            let _ = self.process.wait();
        }
    }
}
