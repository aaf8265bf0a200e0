//! What the tests of channels share.

pub use std::io::{BufRead as _, BufReader, Read as _, Write as _};
pub use std::sync::atomic::{AtomicBool, Ordering};
pub use std::sync::mpsc;
pub use std::thread;
pub use std::time::{Duration, Instant};

pub use samemap::channel::{
    Channel, ChannelOptions, Listener, MessageReader, MessageWriter, Receiver, Sender, Spin,
};
pub use samemap::traits::SharedRegion as _;
pub use samemap::{Access, CreateOptions, Error, ErrorKind, OpenOptions, Region};

pub use crate::support::part::{say, start};
pub use crate::support::{
    Program, Random, Watchdog, assert_nothing_left, kind, name, number, part, unique_name, wait_until,
};

/// A wait that reaches this has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub fn options(capacity: usize) -> ChannelOptions {
    ChannelOptions::new().capacity(capacity).patience(PATIENCE)
}

/// Both ends, in this process.
pub fn pair(capacity: usize) -> (Channel, Channel) {
    let name = name(&unique_name("pair"));
    let mut listener = Channel::create(&name, &options(capacity)).expect("a free name");
    let peer = Channel::connect(&name, &options(capacity)).expect("it listens");
    assert!(listener.wait_for_peer_timeout(PATIENCE).expect("a peer"));
    (listener, peer)
}

/// The peer of a channel, in a part of its own.
pub fn connected(arguments: &[String]) -> Channel {
    Channel::connect(&name(&arguments[0]), &options(0)).expect("it listens")
}

/// Runs `body` under a watchdog.
pub fn in_time<T>(body: impl FnOnce() -> T) -> T {
    let _watchdog = Watchdog::with_limit("what is to end in time", PATIENCE);
    body()
}

pub fn hang() -> ! {
    loop {
        thread::park();
    }
}

/// Sends back what comes, until the peer closes.
pub fn echo(channel: Channel) {
    let (mut sender, mut receiver) = channel.split();
    let mut bytes = vec![0; receiver.max_message()];
    while let Ok(len) = receiver.recv_into(&mut bytes) {
        if sender.send(&bytes[..len]).is_err() {
            break;
        }
    }
}

pub fn serve_echo(channel: Channel) {
    thread::spawn(move || echo(channel));
}

/// The peer before is dead: another one, in this process.
pub fn turn_to_a_new_peer(channel: &mut Channel, text: &str) -> Channel {
    let name = name(text);
    let connecting = thread::spawn(move || Channel::connect(&name, &options(256)).unwrap());
    assert!(channel.wait_for_next_peer_timeout(PATIENCE).unwrap());
    connecting.join().unwrap()
}
