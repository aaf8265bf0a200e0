//! Child processes of a Linux test: parts and other programs that are stopped, killed and sent signals. Each leads a
//! group, and is ended and reaped with it and with the value that stands for it.

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use samemap_platform::conformance::tools::Watchdog;

pub use super::super::part::{hear, play, say};
use super::super::program::Program;
use super::super::{DEADLINE, lacks, part};
use super::sandbox;

/// The path of this test binary, also where /proc was taken away.
pub fn binary() -> PathBuf {
    samemap_platform::conformance::tools::program()
}

/// A child to be started.
pub struct Start {
    command: Command,
    arguments: Vec<String>,
    /// Whether the arguments are the part's, or the program's.
    is_part: bool,
}

impl Start {
    /// This binary, in a role.
    pub fn role(role: &str) -> Start {
        Start { command: part::command(role, &[]), arguments: Vec::new(), is_part: true }
    }

    /// A copy of this binary, in a role.
    pub fn copy(path: &Path, role: &str) -> Start {
        Start::program(path).takes_over(&part::command(role, &[]))
    }

    /// Another program.
    pub fn program(path: impl AsRef<Path>) -> Start {
        Start { command: Command::new(path.as_ref()), arguments: Vec::new(), is_part: false }
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

    /// Has another program run this binary in a role.
    #[must_use]
    pub fn plays(mut self, role: &str, arguments: &[&str]) -> Start {
        let part = part::command(role, arguments);
        self.arguments.push(part.get_program().to_string_lossy().into_owned());
        self.takes_over(&part)
    }

    /// The arguments and the environment of a part.
    fn takes_over(mut self, part: &Command) -> Start {
        self.arguments.extend(part.get_args().map(|argument| argument.to_string_lossy().into_owned()));
        self.command.envs(part.get_envs().filter_map(|(key, value)| Some((key, value?))));
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

    #[track_caller]
    pub fn start(self) -> Child {
        let what = format!("{:?}", self.command);
        self.try_start().unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    pub fn try_start(mut self) -> std::io::Result<Child> {
        if self.is_part {
            self.command.env(part::ARGUMENTS, self.arguments.join(part::SEPARATOR));
        } else {
            self.command.args(&self.arguments);
        }
        // What it forks is ended with it.
        self.command.process_group(0);
        Ok(Child { program: Program::try_start(self.command, usize::MAX, usize::MAX)?, ended: None })
    }
}

/// Has a child that may mount play a role to its good end; steps aside where this user cannot have one.
#[track_caller]
pub fn play_sandboxed(test: &str, start: Start) {
    match start.sandboxed().try_start() {
        Ok(mut child) => child.finish(),
        Err(error) => lacks(test, &format!("needs name spaces of its own (unshare): {error}")),
    }
}

/// A child that runs, or that ended and can still be asked what it said.
pub struct Child {
    program: Program,
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
        self.program.id() as i32
    }

    /// Waits for the next line that the child says.
    #[track_caller]
    pub fn hear(&mut self) -> String {
        self.program.hear()
    }

    /// The next line that the child says; nothing when it ends before.
    #[track_caller]
    pub fn try_hear(&mut self) -> Option<String> {
        self.program.try_hear()
    }

    /// Waits for a line, which must be this one.
    #[track_caller]
    pub fn expect(&mut self, line: &str) {
        self.program.expect(line);
    }

    /// Says a line to the child.
    pub fn say(&mut self, text: &str) {
        self.program.say(text);
    }

    pub fn signal(&self, signal: i32) {
        assert!(self.ended.is_none(), "it is gone already: {:?}", self.program);
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
        let _watchdog = Watchdog::with_limit(format!("the fate of {:?}", self.program), DEADLINE);
        // SAFETY: an all-zero siginfo_t is valid, and waitid fills it; WNOWAIT leaves the child to be reaped
        // by its owner, so that its number stays its own.
        let info = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let id = self.program.id();
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
                self.ended = Some(self.program.wait());
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
        assert!(status.success(), "it ended with {status}: {:?}", self.program);
    }

    /// Kills it where it is, which must be before it ends by itself; returns when it is gone.
    #[track_caller]
    pub fn kill(&mut self) {
        self.signal(libc::SIGKILL);
        let status = self.wait();
        let killed = status.signal() == Some(libc::SIGKILL);
        assert!(killed, "it had ended before it was killed, with {status}: {:?}", self.program);
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
        self.program.complaints()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.ended.is_none() {
            // SAFETY: the group that the child leads, which was not reaped.
            unsafe { libc::kill(-self.pid(), libc::SIGKILL) };
        }
    }
}
