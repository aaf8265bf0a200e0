//! Real processes that do what a rule tells them.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::support::{hex, word_for};
use super::{process, watchdog};
use crate::{Access, ObjectName};

/// Tells the test program that it is a child, and which one.
pub(super) const ROLE: &str = "SAMEMAP_CONFORMANCE_ROLE";
/// The role of a child that obeys commands.
pub(super) const PUPPET: &str = "puppet";
/// The beginning of every answer, which tells it from other output.
pub(super) const ANSWER: &str = "@samemap ";

/// How a rule starts the test program again as a child.
///
/// [`conformance_suite!`](crate::conformance_suite) makes it; there is no need to do so by hand.
#[derive(Clone, Debug)]
pub struct Harness {
    module: String,
    env: Vec<(String, String)>,
}

impl Harness {
    /// For a module that has the test `conformance_child`; give it `module_path!()`.
    #[must_use]
    pub fn new(module_path: &str) -> Self {
        // libtest names tests without the crate.
        let module = module_path.split_once("::").map_or("", |(_, rest)| rest);
        Harness { module: module.to_owned(), env: Vec::new() }
    }

    /// Sets an environment variable in every child.
    #[must_use]
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// The full name of a test in the module.
    #[must_use]
    pub fn test_name(&self, test: &str) -> String {
        if self.module.is_empty() { test.to_owned() } else { format!("{}::{test}", self.module) }
    }

    fn command(&self, role: &str) -> Command {
        let mut command = process::rerun(&self.test_name("conformance_child"));
        command.env(ROLE, role).envs(self.env.iter().map(|(key, value)| (key, value)));
        command
    }
}

/// A process of its own that holds regions and views by slot names, on command.
///
/// Dropped, it is ended and reaped.
#[derive(Debug)]
pub struct Puppet {
    child: Child,
    commands: Option<ChildStdin>,
    answers: Receiver<Result<String, String>>,
    complaints: Arc<Mutex<String>>,
    patience: Duration,
}

impl Puppet {
    /// Starts one and waits until it is ready.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(harness: &Harness) -> Self {
        Self::start_by(harness, |_| {})
    }

    /// Starts one by a command that was prepared.
    pub(super) fn start_by(harness: &Harness, prepare: impl FnOnce(&mut Command)) -> Self {
        let mut command = harness.command(PUPPET);
        prepare(&mut command);
        let mut puppet = Self::spawn(command).expect("the test program starts again");
        puppet.ask("ping").expect("a puppet is ready at once");
        puppet
    }

    /// Its process id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Starts one as another user, where this user may do that.
    #[cfg(unix)]
    pub(super) fn start_as(harness: &Harness, uid: u32) -> std::io::Result<Self> {
        use std::os::unix::process::CommandExt as _;
        let mut command = harness.command(PUPPET);
        command.uid(uid).gid(uid).current_dir("/");
        let mut puppet = Self::spawn(command)?;
        puppet.ask("ping").map_err(std::io::Error::other)?;
        Ok(puppet)
    }

    /// Starts a process that runs one rule and answers with its outcome.
    pub(super) fn run_rule(harness: &Harness, rule: &str) -> Self {
        let command = harness.command(&format!("rule:{rule}"));
        let mut runner = Self::spawn(command).expect("the test program starts again");
        // Its own watchdog ends it earlier, unless the process hangs as a whole.
        runner.patience = watchdog::limit() + Duration::from_secs(30);
        runner
    }

    fn spawn(mut command: Command) -> std::io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = process::spawn(&mut command)?;
        let (sender, answers) = mpsc::channel();
        let output = BufReader::new(child.stdout.take().expect("stdout is piped"));
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some(answer) = line.strip_prefix(ANSWER).and_then(parse_answer) {
                    // The puppet was dropped.
                    let _ = sender.send(answer);
                }
            }
        });
        let complaints = Arc::new(Mutex::new(String::new()));
        collect(child.stderr.take().expect("stderr is piped"), Arc::clone(&complaints));
        let commands = child.stdin.take();
        let patience = watchdog::limit() / 2;
        Ok(Puppet { child, commands, answers, complaints, patience })
    }

    /// Tells it to do something, and waits for its answer.
    ///
    /// # Errors
    /// What the puppet could not do: the error's kind, a blank, the error's text.
    ///
    /// # Panics
    /// When it died, or gives no answer in half of the time that a rule may take.
    pub fn ask(&mut self, command: &str) -> Result<String, String> {
        self.tell(command);
        self.answer()
    }

    /// Tells it to do something, without waiting.
    ///
    /// # Panics
    /// When it was told to end before.
    pub fn tell(&mut self, command: &str) {
        let commands = self.commands.as_mut().expect("the puppet takes commands");
        // The wait for the answer notices that a puppet died.
        let _ = writeln!(commands, "{command}").and_then(|()| commands.flush());
    }

    /// Waits for the answer to what it was [told](Self::tell).
    ///
    /// # Errors
    /// # Panics
    /// As for [`ask`](Self::ask).
    pub fn answer(&mut self) -> Result<String, String> {
        match self.answers.recv_timeout(self.patience) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => panic!("a puppet gave no answer in time"),
            Err(RecvTimeoutError::Disconnected) => self.died(),
        }
    }

    /// The answer, when there is one already.
    pub(super) fn answer_if_ready(&mut self) -> Option<Result<String, String>> {
        match self.answers.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => self.died(),
        }
    }

    /// Waits for an answer or for the end, whichever comes first.
    pub(super) fn answer_or_end(&mut self) -> Result<Result<String, String>, ExitStatus> {
        match self.answers.recv_timeout(self.patience) {
            Ok(answer) => Ok(answer),
            Err(RecvTimeoutError::Disconnected) => Err(self.wait()),
            Err(RecvTimeoutError::Timeout) => Err(self.kill()),
        }
    }

    #[cold]
    fn died(&mut self) -> ! {
        let status = self.wait();
        let complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        panic!("a puppet died where an answer was expected: {status}; it said: {}", complaints.trim());
    }

    /// Kills it: SIGKILL, or TerminateProcess. Returns when it is gone.
    ///
    /// # Panics
    /// When the system cannot kill it.
    pub fn kill(&mut self) -> ExitStatus {
        self.child.kill().expect("a puppet can be killed");
        self.wait()
    }

    /// Tells it to end in a certain way (`quit`, `exit`, `abort`, `panic`, or `kill`), and waits until it
    /// is gone.
    ///
    /// # Panics
    /// When the system cannot tell how it ended.
    pub fn end(&mut self, how: &str) -> ExitStatus {
        if how == "kill" {
            return self.kill();
        }
        self.tell(how);
        self.wait()
    }

    fn wait(&mut self) -> ExitStatus {
        // Closed first: end of input ends a puppet.
        self.commands = None;
        let _watchdog = watchdog::Watchdog::start("the end of a puppet");
        self.child.wait().expect("a puppet can be waited for")
    }

    /// Creates a region in `slot`; returns its length.
    pub(super) fn create(&mut self, slot: &str, size: u64, name: &ObjectName) -> u64 {
        length(self.ask(&format!("create {slot} {size} owner {}", hex(&name))))
    }

    /// Opens a region in `slot`; returns its length.
    pub(super) fn open(&mut self, slot: &str, access: Access, name: &ObjectName) -> u64 {
        length(self.try_open(slot, access, name))
    }

    /// Opens a region in `slot`, or tells why not.
    pub(super) fn try_open(
        &mut self,
        slot: &str,
        access: Access,
        name: &ObjectName,
    ) -> Result<String, String> {
        self.ask(&format!("open {slot} {} own {}", word_for(access), hex(&name)))
    }

    /// Starts one that has opened a region for reading and writing, in slot `region`, with a view of all of it in slot
    /// `view`.
    #[track_caller]
    pub(super) fn opener(harness: &Harness, name: &ObjectName) -> Self {
        let mut puppet = Self::start(harness);
        puppet.open("region", Access::ReadWrite, name);
        puppet.view("view", "region", Access::ReadWrite);
        puppet
    }

    /// Maps all of the region in slot `region` as a view in slot `view`.
    pub(super) fn view(&mut self, view: &str, region: &str, access: Access) {
        self.expect(&format!("view {view} {region} 0 all {}", word_for(access)));
    }

    /// Asks for something that has to work.
    #[track_caller]
    pub(super) fn expect(&mut self, command: &str) -> String {
        self.ask(command).unwrap_or_else(|error| panic!("a puppet told to {}: {error}", verb(command)))
    }
}

impl Drop for Puppet {
    /// Ends it in order, so that it leaves nothing behind. It is killed when it does not end, and when its rule failed.
    fn drop(&mut self) {
        self.commands = None;
        let mut ended = false;
        while !ended && !thread::panicking() {
            match self.answers.recv_timeout(self.patience) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => ended = true,
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
        if !ended {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// Without the slots and the name, which only the puppet understands.
fn verb(command: &str) -> &str {
    command.split(' ').next().unwrap_or(command)
}

#[track_caller]
fn length(answer: Result<String, String>) -> u64 {
    let text = answer.unwrap_or_else(|error| panic!("a puppet failed: {error}"));
    text.parse().expect("a length")
}

fn parse_answer(line: &str) -> Option<Result<String, String>> {
    let (verdict, text) = line.split_once(' ').unwrap_or((line, ""));
    match verdict {
        "ok" => Some(Ok(text.to_owned())),
        "err" => Some(Err(text.to_owned())),
        _ => None,
    }
}

/// Keeps the standard error of a puppet, for the message when it dies.
fn collect(mut from: impl Read + Send + 'static, into: Arc<Mutex<String>>) {
    thread::spawn(move || {
        let mut bytes = [0; 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            let text = String::from_utf8_lossy(&bytes[..count]);
            into.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
        }
    });
}
