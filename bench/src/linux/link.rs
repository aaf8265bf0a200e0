//! Messages between two processes: what every system that carries them is asked to do, and how it is timed.
//!
//! Both ends are processes of their own (see [`ends`](super::ends)), so that a system that fails or hangs is a row
//! that says so.

use std::time::{Duration, Instant};

use super::arena::Arena;

/// What both ends know of the link that they are to make.
pub struct Spec<'a> {
    /// Bytes of each message.
    pub size: usize,
    /// A region of both ends, with room for small things at [`ROOM`](super::arena::ROOM).
    pub arena: &'a Arena,
}

impl Spec<'_> {
    /// A name that nobody else has.
    pub fn unique(&self) -> String {
        self.arena.name().replace(['\\', '/'], "-")
    }
}

/// A duplex link of one system.
///
/// A wake-up is a message of no bytes: [`send`](Self::send) sets, [`receive`](Self::receive) waits.
pub trait Link: Sized {
    /// The longest message in bytes.
    const MAX: usize = usize::MAX;
    /// Makes it, and what the second end must be told to [`connect`](Self::connect); or why it cannot be had here.
    fn create(spec: &Spec<'_>) -> Result<(Self, String), String>;
    /// The second end.
    fn connect(spec: &Spec<'_>, token: &str) -> Self;
    /// At the first end, once the second one has connected.
    fn accept(&mut self) {}
    /// Sends a message.
    fn send(&mut self, message: &[u8]);
    /// Receives one into `into`, of the same length: reads it, so that nobody is fast by not looking.
    fn receive(&mut self, into: &mut [u8]);
    /// After the last message of many.
    fn flush(&mut self) {}
}

/// What two ends do with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A message there, a message back; the time is that of one way.
    PingPong,
    /// Messages one way, as fast as they go.
    Stream,
}

impl Work {
    /// As it stands on a command line.
    pub fn word(self) -> &'static str {
        match self {
            Work::PingPong => "pingpong",
            Work::Stream => "stream",
        }
    }
}

/// How many turns a first look takes.
const FIRST_LOOK: u64 = 64;

/// The first end's part: nanoseconds for one message one way.
pub fn first<L: Link>(
    work: Work,
    spec: &Spec<'_>,
    slice: Duration,
    start_second: impl FnOnce(&str),
) -> Result<f64, String> {
    let (mut link, token) = L::create(spec)?;
    start_second(&token);
    spec.arena.wait_ready();
    link.accept();
    let mut message = vec![7; spec.size];
    let mut turns = FIRST_LOOK.min(slice.as_micros() as u64).max(4);
    // Twice to see how many turns fill the time and to warm up, and once to measure.
    for part in [16, 4, 1] {
        let once = timed(work, &mut link, spec.arena, &mut message, turns);
        turns = ((slice / part).as_nanos() as f64 / once).clamp(4.0, 1e9) as u64;
    }
    let once = timed(work, &mut link, spec.arena, &mut message, turns);
    spec.arena.order_stop();
    Ok(if work == Work::PingPong { once / 2.0 } else { once })
}

/// Nanoseconds a turn.
fn timed(work: Work, link: &mut impl Link, arena: &Arena, message: &mut [u8], turns: u64) -> f64 {
    let mut answer = vec![0; message.len()];
    arena.order(turns);
    let start = Instant::now();
    match work {
        Work::PingPong => {
            for turn in 0..turns {
                stamp(message, turn);
                link.send(message);
                link.receive(&mut answer);
            }
        }
        Work::Stream => {
            for turn in 0..turns {
                stamp(message, turn);
                link.send(message);
            }
            link.flush();
        }
    }
    arena.wait_done();
    let took = start.elapsed();
    if work == Work::PingPong {
        check(&answer, turns);
    }
    took.as_nanos() as f64 / turns as f64
}

/// The second end's part, until it is told to stop.
pub fn second<L: Link>(work: Work, spec: &Spec<'_>, token: &str) {
    let mut link = L::connect(spec, token);
    let mut message = vec![0; spec.size];
    spec.arena.say_ready();
    while let Some(turns) = spec.arena.next_order() {
        for _ in 0..turns {
            link.receive(&mut message);
            if work == Work::PingPong {
                link.send(&message);
                link.flush();
            }
        }
        check(&message, turns);
        spec.arena.say_done();
    }
}

/// Each message says which it is.
#[inline]
fn stamp(message: &mut [u8], turn: u64) {
    if let Some(start) = message.first_chunk_mut() {
        *start = turn.to_le_bytes();
    }
}

/// The last message of `turns` has come, whole as far as one can see.
fn check(message: &[u8], turns: u64) {
    if let Some(start) = message.first_chunk() {
        assert_eq!(u64::from_le_bytes(*start), turns - 1, "not the message that was sent last");
    }
    if message.len() > 16 {
        assert_eq!(message[message.len() - 1], 7, "the message's end did not come");
    }
}
