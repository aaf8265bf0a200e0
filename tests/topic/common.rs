//! What the tests of topics share.

pub use std::time::{Duration, Instant};

pub use samemap::topic::{Publisher, Subscriber, TopicOptions, Viewer};
pub use samemap::{Access, CreateOptions, ErrorKind, Region, View};

#[cfg(target_os = "linux")]
pub use crate::support::linux;
pub use crate::support::part::{say, start};
pub use crate::support::{DEADLINE, Program, Random, assert_nothing_left, kind, name, number, unique_name};

/// Small enough that publishers come round in no time.
pub fn small() -> TopicOptions {
    TopicOptions::new().capacity(16 << 10).subscribers(8)
}

pub fn publisher(text: &str) -> Publisher {
    Publisher::create(&name(text), &small()).expect("no other publisher")
}

pub fn subscriber(text: &str) -> Subscriber {
    Subscriber::open(&name(text), &small()).expect("a place")
}

pub fn viewer(text: &str) -> Viewer {
    Viewer::open(&name(text), &small()).expect("the topic")
}

/// Neither region is there any more.
#[track_caller]
pub fn assert_no_topic(text: &str) {
    assert_nothing_left(text);
    assert_nothing_left(&format!("{text}.lobby"));
}

/// What message number `sequence` is: no two neighbours have a byte in common.
pub fn message_of(sequence: u64) -> Vec<u8> {
    let len = (sequence.wrapping_mul(2_654_435_761) >> 7) as usize % 900;
    vec![(sequence % 251) as u8; len]
}

#[track_caller]
pub fn check(sequence: u64, bytes: &[u8]) {
    assert!(bytes == message_of(sequence), "torn: number {sequence}, {bytes:?}");
}

pub fn publish_next(publisher: &mut Publisher) {
    publisher.publish(&message_of(publisher.newest() + 1)).unwrap();
}

/// The number of the next message, which must be whole.
#[track_caller]
pub fn take(subscriber: &mut Subscriber) -> Result<u64, ErrorKind> {
    match subscriber.recv_timeout(DEADLINE) {
        Ok(message) => {
            let message = message.expect("a message within the deadline");
            check(message.sequence(), &message.to_vec());
            Ok(message.sequence())
        }
        Err(error) => Err(error.kind().clone()),
    }
}
