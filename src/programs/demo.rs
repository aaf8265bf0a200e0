//! Both programs of the sample, as two real processes, watched and checked.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::{ErrorKind, ObjectName, OpenOptions, Region};
use clap::Args;

use super::ending;
use super::output::{self, printable};
use super::stop::Stop;
use super::{client, output::PRESS_ENTER};

/// For `samemap demo --help`.
pub(crate) const HELP: &str = "\
Runs `samemap server` and `samemap client`. Ends with status 0 only if the client
read what the server wrote, both ended in order, and nothing was left behind.
Every wait is bounded by 10 seconds.";

/// The longest wait for anything that a child owes.
const DEADLINE: Duration = Duration::from_secs(10);

/// What the demo may be asked for.
#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// Name of the region: Local\NAME, Global\NAME, or NAME for Local\NAME
    #[arg(long, default_value = super::DEFAULT_NAME)]
    name: String,
}

/// Runs the demo.
pub(crate) fn run(args: &DemoArgs) -> Result<(), Stop> {
    let mut demo = Demo::prepare(&args.name)?;
    let outcome = demo.play().and_then(|()| {
        output::line(
            "demo   | The client read the server's message, both ended in order, nothing is left behind",
        )
    });
    outcome.map_err(|stop| {
        demo.wind_up();
        match stop {
            Stop::Failed(text) => Stop::Failed(text),
            // Status 0 would say that all was right, and the demo cannot know.
            Stop::Ended => {
                Stop::Failed("nobody reads the output any more, so the demo ended early".to_owned())
            }
        }
    })
}

/// The two parts of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Server,
    Client,
}

impl Role {
    /// The subcommand that plays it, and its label in what the demo prints.
    fn word(self) -> &'static str {
        match self {
            Role::Server => "server",
            Role::Client => "client",
        }
    }
}

/// What the demo waits for, on one channel.
#[derive(Debug)]
enum Event {
    /// A line of a child's standard output.
    Said(Role, String),
    /// The end of a child's standard output.
    Silent(Role),
    /// A line of a child's standard error.
    Complained(Role, String),
    /// The end of a child's standard error.
    NoComplaints(Role),
    /// A signal, or a console close.
    Interrupted,
}

#[derive(Debug)]
struct Demo {
    name: ObjectName,
    sender: Sender<Event>,
    events: Receiver<Event>,
    players: Vec<Player>,
}

impl Demo {
    fn prepare(name: &str) -> Result<Self, Stop> {
        let name = ObjectName::new(name)?;
        let (sender, events) = mpsc::channel();
        let signal = sender.clone();
        ending::on_signal(move || {
            let _ = signal.send(Event::Interrupted);
        })?;
        Ok(Demo { name, sender, events, players: Vec::new() })
    }

    fn play(&mut self) -> Result<(), Stop> {
        for role in [Role::Server, Role::Client] {
            self.players.push(Player::start(role, &self.name)?);
            let events = self.sender.clone();
            self.player(role).listen(&events)?;
            self.follow_until(role, |player| player.said.last().is_some_and(|line| line == PRESS_ENTER))?;
        }
        self.check_text()?;
        for role in [Role::Client, Role::Server] {
            self.player(role).press_enter();
            self.follow_until(role, |player| player.silent)?;
            self.player(role).check_ending()?;
        }
        self.check_nothing_left()
    }

    /// Shows what the children say, until the one in `role` is as it should be.
    fn follow_until(&mut self, role: Role, done: impl Fn(&Player) -> bool) -> Result<(), Stop> {
        let deadline = Instant::now() + DEADLINE;
        while !done(self.player(role)) {
            if self.player(role).silent {
                let text =
                    format!("the {} ended before it had said all; see its own words above", role.word());
                return Err(Stop::Failed(text));
            }
            self.take_event(role, deadline)?;
        }
        Ok(())
    }

    fn take_event(&mut self, role: Role, deadline: Instant) -> Result<(), Stop> {
        match self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Event::Interrupted) => Err(Stop::Failed("interrupted; run it again".to_owned())),
            Ok(event) => self.note(event),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(Stop::Failed(format!(
                "the {} did not go on within {} s; the machine may be too busy: try again",
                role.word(),
                DEADLINE.as_secs()
            ))),
        }
    }

    fn note(&mut self, event: Event) -> Result<(), Stop> {
        match event {
            Event::Said(role, line) => {
                let shown = output::line(&format!("{} | {}", role.word(), printable(&line)));
                self.player(role).said.push(line);
                shown?;
            }
            Event::Silent(role) => self.player(role).silent = true,
            Event::Complained(role, line) => output::complaint(&format!("{} | {line}", role.word())),
            Event::NoComplaints(role) => self.player(role).no_complaints = true,
            Event::Interrupted => {}
        }
        Ok(())
    }

    /// A role is asked for only after its player was started.
    fn player(&mut self, role: Role) -> &mut Player {
        let place = self.players.iter().position(|player| player.role == role);
        &mut self.players[place.expect("only a started player has events")]
    }

    /// The client must have read the very text that the server wrote.
    fn check_text(&mut self) -> Result<(), Stop> {
        let said = &self.player(Role::Client).said;
        let read = said.iter().skip_while(|line| *line != client::READ).nth(1);
        if read.is_some_and(|line| *line == format!("\"{}\"", super::DEFAULT_MESSAGE)) {
            return Ok(());
        }
        Err(Stop::Failed(format!(
            "the client read {} and the server wrote \"{}\"; please report it",
            read.map_or("nothing", String::as_str),
            super::DEFAULT_MESSAGE
        )))
    }

    fn check_nothing_left(&self) -> Result<(), Stop> {
        match Region::open(&self.name, &OpenOptions::read_only()) {
            Err(error) if error.is(ErrorKind::NotFound) => Ok(()),
            Err(error) => Err(error.into()),
            Ok(_) => Err(Stop::Failed(format!(
                "the region {} is still there after both programs ended; does another program hold it?",
                self.name
            ))),
        }
    }

    /// After a failure: ends both children, in order where they still can, and shows their last words.
    fn wind_up(&mut self) {
        // The client first, as in a demo that went well.
        for player in self.players.iter_mut().rev() {
            player.end();
        }
        // They are gone, so what they said is on its way.
        let deadline = Instant::now() + Duration::from_secs(1);
        while self.players.iter().any(|player| !player.no_complaints) {
            match self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                // A closed output is no news here.
                Ok(event) => drop(self.note(event)),
                Err(_) => return,
            }
        }
    }
}

/// A child process, and what it has done so far.
#[derive(Debug)]
struct Player {
    role: Role,
    child: Child,
    input: Option<ChildStdin>,
    said: Vec<String>,
    silent: bool,
    no_complaints: bool,
}

impl Player {
    /// Starts this very program in a role: `cargo run` builds only the program that it runs.
    fn start(role: Role, name: &ObjectName) -> Result<Self, Stop> {
        let cannot = |error| Stop::Failed(format!("cannot start the {}: {error}; try again", role.word()));
        let mut child = Command::new(std::env::current_exe().map_err(cannot)?)
            .arg(role.word())
            .arg(format!("--name={name}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(cannot)?;
        let input = child.stdin.take();
        Ok(Player { role, child, input, said: Vec::new(), silent: false, no_complaints: false })
    }

    /// Makes events of what the child says.
    fn listen(&mut self, events: &Sender<Event>) -> Result<(), Stop> {
        let role = self.role;
        forward(self.child.stdout.take(), events, move |line| {
            line.map_or(Event::Silent(role), |line| Event::Said(role, line))
        })?;
        forward(self.child.stderr.take(), events, move |line| {
            line.map_or(Event::NoComplaints(role), |line| Event::Complained(role, line))
        })
    }

    /// The end of the input counts as ENTER.
    fn press_enter(&mut self) {
        self.input = None;
    }

    fn check_ending(&mut self) -> Result<(), Stop> {
        let problem = match self.wait_for_end() {
            Some(status) if status.success() => return Ok(()),
            Some(status) => format!("ended with {status}"),
            None => format!("did not end within {} s after ENTER", DEADLINE.as_secs()),
        };
        Err(Stop::Failed(format!("the {} {problem}; see its own words above", self.role.word())))
    }

    fn wait_for_end(&mut self) -> Option<ExitStatus> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(2)),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// Ends the child in order, or by force when it does not listen.
    fn end(&mut self) {
        self.press_enter();
        if self.wait_for_end().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// A demo that stops in the middle leaves no child behind.
impl Drop for Player {
    fn drop(&mut self) {
        self.end();
    }
}

/// Sends every line of `stream` as an event, and `None` made into one at its end.
fn forward<S: Read + Send + 'static>(
    stream: Option<S>,
    events: &Sender<Event>,
    as_event: impl Fn(Option<String>) -> Event + Send + 'static,
) -> Result<(), Stop> {
    let events = events.clone();
    ending::in_background(move || {
        for line in stream.into_iter().flat_map(|stream| BufReader::new(stream).split(b'\n')) {
            let Ok(line) = line else { break };
            let _ = events.send(as_event(Some(String::from_utf8_lossy(&line).into_owned())));
        }
        let _ = events.send(as_event(None));
    })
}
