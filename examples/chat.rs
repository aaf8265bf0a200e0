//! Two terminals that talk to each other, line by line, over a [`Channel`].
//!
//! ```console
//! cargo run --example chat            # in each of two terminals
//! cargo run --example chat -- NAME    # under another name than Local\Chat
//! ```
//!
//! The first one to come makes the channel, the second one connects. Either ends on the end of its input (Ctrl-D, or
//! Ctrl-Z and ENTER on Windows), on Ctrl-C, and when the other one has ended, however that happened; nothing is left
//! behind.

use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver as Events, SyncSender};
use std::thread;
use std::time::Duration;

use samemap::channel::{Receiver, Sender};
use samemap::{Channel, ChannelOptions, ErrorKind, ObjectName, Result};

/// How long a wait lasts before it is looked whether the chat is over.
const LOOK: Duration = Duration::from_millis(100);

/// How long the other one may take to make room for a line.
const PATIENCE: Duration = Duration::from_secs(1);

/// What happens in a chat.
enum Event {
    /// This end's person has typed a line.
    Typed(String),
    /// The other one has said something.
    Said(String),
    /// The other one says nothing more, and this is why.
    Gone(String),
    /// This end's person has had enough.
    Leave,
}

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_else(|| r"Local\Chat".to_owned());
    match chat(&name) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chat: {error}");
            ExitCode::FAILURE
        }
    }
}

fn chat(name: &str) -> Result<()> {
    let name = ObjectName::new(name)?;
    let (events, happened) = mpsc::sync_channel(16);
    // Before the channel is made, so that no signal can end the program with it left behind.
    listen_to_signals(events.clone());
    let mut channel = create_or_connect(&name)?;
    listen_to_person(events.clone());
    if !wait_for_other(&mut channel, &happened)? {
        return Ok(());
    }
    tell("-- connected; Ctrl-D or Ctrl-C ends");
    let (sender, receiver) = channel.split();
    let is_over = Arc::new(AtomicBool::new(false));
    let listener = thread::spawn({
        let is_over = Arc::clone(&is_over);
        move || listen_to_other(receiver, &events, &is_over)
    });
    let outcome = talk(sender, &happened);
    is_over.store(true, Ordering::Relaxed);
    drop(happened);
    listener.join().expect("the listening thread does not panic");
    outcome
}

/// Whoever comes first makes the channel.
fn create_or_connect(name: &ObjectName) -> Result<Channel> {
    loop {
        match Channel::create(name, &ChannelOptions::new()) {
            Err(error) if error.is(ErrorKind::AlreadyExists) => {}
            made => return made,
        }
        match Channel::connect(name, &ChannelOptions::new()) {
            // It has ended in between: the name is free again.
            Err(error) if error.is(ErrorKind::NotFound) => {}
            connected => return connected,
        }
    }
}

/// False when the person leaves before somebody has come. What is typed meanwhile waits in the channel.
fn wait_for_other(channel: &mut Channel, happened: &Events<Event>) -> Result<bool> {
    if !channel.try_wait_for_peer()? {
        tell("-- waiting for the other one");
    }
    while !channel.wait_for_peer_timeout(LOOK)? {
        for event in happened.try_iter() {
            match event {
                Event::Typed(line) => say(channel.sender(), &line, Duration::ZERO)?,
                _ => return Ok(false),
            }
        }
    }
    Ok(true)
}

/// Until somebody leaves.
fn talk(mut sender: Sender, happened: &Events<Event>) -> Result<()> {
    for event in happened {
        let goes_on = match event {
            Event::Typed(line) => match say(&mut sender, &line, PATIENCE) {
                Ok(()) => true,
                // The listening thread knows more, and tells it.
                Err(error) if matches!(error.kind(), ErrorKind::Closed | ErrorKind::PeerDied) => true,
                Err(error) => return Err(error),
            },
            Event::Said(line) => tell(&format!("> {}", printable(&line))),
            Event::Gone(why) => {
                tell(&format!("-- {why}"));
                false
            }
            Event::Leave => false,
        };
        if !goes_on {
            break;
        }
    }
    Ok(())
}

fn say(sender: &mut Sender, line: &str, patience: Duration) -> Result<()> {
    match sender.send_timeout(line.as_bytes(), patience) {
        Ok(true) => {}
        Ok(false) => {
            tell("-- not sent: the other one does not read");
        }
        Err(error) if matches!(error.kind(), ErrorKind::TooLong { .. }) => {
            tell("-- not sent: the line is too long");
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

fn listen_to_other(mut receiver: Receiver, events: &SyncSender<Event>, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        let event = match receiver.recv_timeout(LOOK) {
            Ok(None) => continue,
            Ok(Some(message)) => Event::Said(String::from_utf8_lossy(&message.to_vec()).into_owned()),
            Err(error) => Event::Gone(match error.kind() {
                ErrorKind::Closed => "the other one has left".to_owned(),
                ErrorKind::PeerDied => "the other one has died".to_owned(),
                _ => error.to_string(),
            }),
        };
        let is_last = matches!(event, Event::Gone(_));
        // Fails when nobody wants to know any more.
        if events.send(event).is_err() || is_last {
            return;
        }
    }
}

fn listen_to_person(events: SyncSender<Event>) {
    // Ends with the process: a read of the terminal cannot be called off.
    thread::spawn(move || {
        for line in io::stdin().lock().split(b'\n') {
            let Ok(line) = line else { break };
            let text = String::from_utf8_lossy(&line);
            let typed = Event::Typed(text.trim_end_matches('\r').to_owned());
            if events.send(typed).is_err() {
                return;
            }
        }
        let _ = events.send(Event::Leave);
    });
}

fn listen_to_signals(events: SyncSender<Event>) {
    let handler = move || drop(events.send(Event::Leave));
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("chat: Ctrl-C will end it without a word: {error}");
    }
}

/// Prints a line; false when nobody reads it.
fn tell(line: &str) -> bool {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}").and_then(|()| output.flush()).is_ok()
}

/// What would steer the terminal is escaped: the other one may be anybody.
fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}
