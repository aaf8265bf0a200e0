//! Channels between processes, on every system: order and integrity, ends and deaths, places, hostile peers.
//!
//! | variable | what | default |
//! | --- | --- | --- |
//! | `SAMEMAP_CHANNEL_MESSAGES` | messages in each direction of the long stream | 40,000 |
//! | `SAMEMAP_CHANNEL_KILLS` | kills of peers, listeners, clients of listeners, and listeners of many | 24, 8, 18, 4 |
//! | `SAMEMAP_CHANNEL_HOSTILE_MS` | milliseconds of scribbling over everything | 2,000 |

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use samemap::channel::{
    Channel, ChannelOptions, Listener, MessageReader, MessageWriter, Receiver, Sender, Spin,
};
use samemap::{Access, CreateOptions, Error, ErrorKind, ObjectName, OpenOptions, Region, SharedRegion as _};
use support::{Program, assert_nothing_left, unique_name, wait_until};

/// A wait that reaches this has failed.
const PATIENCE: Duration = Duration::from_secs(30);

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).expect("a valid name")
}

fn options(capacity: usize) -> ChannelOptions {
    ChannelOptions::new().capacity(capacity).patience(PATIENCE)
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

/// Both ends, in this process.
fn pair(capacity: usize) -> (Channel, Channel) {
    let name = name(&unique_name("pair"));
    let mut listener = Channel::create(&name, &options(capacity)).expect("a free name");
    let peer = Channel::connect(&name, &options(capacity)).expect("it listens");
    assert!(listener.wait_for_peer(Some(PATIENCE)).expect("a peer"));
    (listener, peer)
}

#[track_caller]
fn kind<T: std::fmt::Debug>(answer: Result<T, Error>) -> ErrorKind {
    answer.expect_err("it must fail").kind().clone()
}

/// Runs `body` in a thread of its own; fails when it takes longer than [`PATIENCE`].
#[track_caller]
fn in_time<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, answer) = mpsc::channel();
    let thread = thread::spawn(move || drop(done.send(body())));
    match answer.recv_timeout(PATIENCE) {
        Ok(answer) => answer,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("not within {PATIENCE:?}"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(thread.join().expect_err("it said nothing"))
        }
    }
}

/// A small generator (xorshift64*), the same everywhere.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        Random(seed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

// ---- parts that this binary plays in other processes ----------------------------------------------------------------

const PART: &str = "SAMEMAP_CHANNEL_PART";

/// This binary again, in a part with its arguments.
fn part(words: &[&str]) -> Program {
    let mut command = Command::new(std::env::current_exe().expect("a program knows its path"));
    command
        .args(["--exact", "part_entry", "--ignored", "--nocapture", "--test-threads=1"])
        .env(PART, words.join("\n"));
    Program::start(command)
}

#[test]
#[ignore = "the body of this file's other processes"]
fn part_entry() {
    // Without one, a person runs the ignored tests.
    let Ok(words) = std::env::var(PART) else { return };
    // Whatever happens to the one who started it.
    thread::spawn(|| {
        thread::sleep(PATIENCE * 10);
        std::process::exit(7);
    });
    let words: Vec<&str> = words.lines().collect();
    match words[0] {
        "stream" => stream(Channel::connect(&name(words[1]), &options(0)).expect("it listens")),
        "send_and_hang" => {
            let mut channel = Channel::connect(&name(words[1]), &options(0)).expect("it listens");
            for number in 0..words[2].parse().expect("a number") {
                channel.sender().send_value::<u32>(&number).expect("room");
            }
            say("sent");
            hang();
        }
        "victim" => victim(words[1], words[2]),
        "client" => client(words[1], words[2].parse().expect("a number")),
        "listen" => {
            let mut listener = Listener::bind(&name(words[1]), &options(4096)).expect("a free name");
            say("bound");
            while let Ok(channel) = listener.accept(None) {
                serve_echo(channel.expect("no timeout"));
            }
        }
        "adopt" => {
            let region = Region::adopt("channel").expect("offered");
            echo(Channel::connect_in(&region, &options(0)).expect("it listens"));
        }
        other => panic!("no such part: {other}"),
    }
}

/// Says something that the parent waits for.
fn say(text: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "\n@ {text} @").and_then(|()| output.flush());
}

#[track_caller]
fn heard(program: &Program, text: &str) {
    program.wait_for_output(&format!("@ {text} @"));
}

fn hang() -> ! {
    loop {
        thread::park();
    }
}

/// Sends back what comes, until the peer closes.
fn echo(channel: Channel) {
    let (mut sender, mut receiver) = channel.split();
    let mut bytes = vec![0; receiver.max_message()];
    while let Ok(len) = receiver.recv_into(&mut bytes) {
        if sender.send(&bytes[..len]).is_err() {
            break;
        }
    }
}

fn serve_echo(channel: Channel) {
    thread::spawn(move || echo(channel));
}

// ---- order, exactly once, integrity ---------------------------------------------------------------------------------

/// What the messages of a stream are made of: the same in both processes, and cheap to compare with.
struct Text(Vec<u8>);

impl Text {
    fn new() -> Text {
        let mut random = Random::new(0x5a3e);
        Text((0..1 << 16).map(|_| random.next() as u8).collect())
    }

    /// Every message differs from its neighbours in where it begins, and mostly in its length.
    fn message(&self, number: u64, max: usize) -> &[u8] {
        let mut random = Random::new(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let len = match random.below(8) {
            0 => random.below(max + 1),
            1 => max - random.below(8),
            2 => 0,
            _ => random.below(max.min(64) + 1),
        };
        let start = random.below(self.0.len() - max);
        &self.0[start..start + len]
    }
}

/// One side of the long stream: sends and receives at once.
fn stream(channel: Channel) {
    let count = number("SAMEMAP_CHANNEL_MESSAGES", 40_000);
    let (sender, receiver) = channel.split();
    let sending = thread::spawn(move || send_all(sender, count));
    receive_all(receiver, count);
    sending.join().expect("no panics");
}

/// Sends in every way that there is.
fn send_all(mut sender: Sender, count: u64) {
    let (text, max) = (Text::new(), sender.max_message());
    let mut number = 0;
    while number < count {
        let message = text.message(number, max);
        match number % 7 {
            0 => sender.send(message).expect("the peer reads"),
            1 => while !sender.try_send(message).expect("the peer reads") {},
            2 => while !sender.send_timeout(message, Duration::from_millis(5)).expect("the peer reads") {},
            3 => {
                let mut slot = sender.reserve(message.len()).expect("the peer reads");
                slot.write(0, message).expect("in range");
                slot.commit();
            }
            4 => {
                // Given up, and smaller than it was reserved.
                drop(sender.reserve(max).expect("the peer reads"));
                let mut slot = sender.reserve(max).expect("the peer reads");
                slot.write(0, message).expect("in range");
                slot.commit_len(message.len()).expect("in range");
            }
            5 => loop {
                let slot = sender.reserve_timeout(message.len(), Duration::from_millis(5));
                let Some(mut slot) = slot.expect("the peer reads") else { continue };
                slot.write(0, message).expect("in range");
                slot.commit();
                break;
            },
            _ => {
                let mut batch = sender.batch();
                batch.send(message).expect("the peer reads");
                while number + 1 < count && number % 7 != 2 {
                    number += 1;
                    batch.send(text.message(number, max)).expect("the peer reads");
                }
            }
        }
        number += 1;
    }
}

/// Receives in every way that there is.
fn receive_all(mut receiver: Receiver, count: u64) {
    let (text, max) = (Text::new(), receiver.max_message());
    let mut buffer = vec![0; max];
    for number in 0..count {
        let expected = text.message(number, max);
        match number % 6 {
            0 => assert!(receiver.recv().expect("a message").to_vec() == expected, "message {number}"),
            1 => {
                let len = receiver.recv_into(&mut buffer).expect("a message");
                assert!(buffer[..len] == *expected, "message {number}");
            }
            2 => loop {
                if let Some(message) = receiver.try_recv().expect("no end") {
                    assert!(message.to_vec() == expected, "message {number}");
                    break;
                }
            },
            3 => loop {
                let message = receiver.recv_timeout(Duration::from_millis(5));
                if let Some(message) = message.expect("no end") {
                    assert!(message.to_vec() == expected, "message {number}");
                    break;
                }
            },
            4 => {
                // Forgotten twice, and still there.
                std::mem::forget(receiver.recv().expect("a message"));
                std::mem::forget(receiver.recv().expect("a message"));
                assert!(receiver.recv().expect("a message").to_vec() == expected, "message {number}");
            }
            _ => {
                assert!(receiver.wait(None).expect("a message"));
                if !expected.is_empty() {
                    let error = receiver.recv_into(&mut buffer[..expected.len() - 1]);
                    assert!(matches!(kind(error), ErrorKind::OutOfRange { .. }));
                }
                let message = receiver.recv().expect("a message");
                assert_eq!(message.len(), expected.len(), "message {number}");
                message.read(0, &mut buffer[..expected.len()]).expect("in range");
                assert!(buffer[..expected.len()] == *expected, "message {number}");
            }
        }
    }
    assert_eq!(kind(receiver.recv().map(drop)), ErrorKind::Closed, "nothing follows the last");
}

#[test]
fn streams_in_both_directions_are_exact() {
    for capacity in [256, 16 << 10] {
        let text = unique_name("stream");
        let mut channel = Channel::create(&name(&text), &options(capacity)).expect("a free name");
        let other = part(&["stream", &text]);
        assert!(channel.wait_for_peer(Some(PATIENCE)).expect("a peer"));
        stream(channel);
        assert!(other.finish().status.success());
        assert_nothing_left(&text);
    }
}

#[test]
fn every_length_passes_at_every_place() {
    let (mut here, mut there) = pair(128);
    let max = here.sender().max_message();
    assert_eq!(max, 56);
    let text: Vec<u8> = (0..max as u8).collect();
    let mut pass = |len: usize| {
        assert!(here.sender().try_send(&text[..len]).expect("open"), "the ring is empty");
        assert_eq!(there.receiver().try_recv().expect("open").expect("sent").to_vec(), text[..len]);
    };
    for len in 0..=max {
        for places in 0..16 {
            pass(len);
            // Each moves the next one on by 8 bytes.
            (0..places).for_each(|_| pass(0));
        }
    }
}

/// Nobody sees a part of a batch before all of it, unless the ring is full or the sender says so.
#[test]
fn a_batch_is_seen_together() {
    let (mut here, mut there) = pair(256);
    let mut next = || there.receiver().try_recv().unwrap().map(|message| message.to_vec());
    let mut batch = here.sender().batch();
    batch.send(b"one").unwrap();
    assert!(batch.try_send(b"two").unwrap());
    assert_eq!(next(), None);
    batch.publish();
    assert_eq!(next().unwrap(), b"one");
    batch.send(b"three").unwrap();
    assert_eq!(next().unwrap(), b"two");
    assert_eq!(next(), None);
    drop(batch);
    assert_eq!(next().unwrap(), b"three");
    assert_eq!(next(), None);
    // One that was forgotten comes with what is sent next.
    let mut batch = here.sender().batch();
    batch.send(b"four").unwrap();
    std::mem::forget(batch);
    assert_eq!(next(), None);
    here.sender().send(b"five").unwrap();
    assert_eq!(next().unwrap(), b"four");
    assert_eq!(next().unwrap(), b"five");
    let mut batch = here.sender().batch();
    while batch.try_send(&[6; 60]).unwrap() {}
    assert_eq!(next().unwrap(), [6; 60], "who is to make room must see what there is");
}

/// What the sender writes in the ring is what the receiver reads there: no copy is made on the way.
#[test]
fn a_message_is_filled_and_read_in_place() {
    let (mut here, mut there) = pair(1024);
    for round in 0..20_u8 {
        let slot = here.sender().reserve(100).unwrap();
        // SAFETY: both ends are ours, and nobody else looks at the slot.
        let bytes = unsafe { slot.bytes().as_mut_slice() }.unwrap();
        bytes.iter_mut().zip(round..).for_each(|(byte, value)| *byte = value);
        slot.commit();
        let message = there.receiver().recv().unwrap();
        // SAFETY: the sender leaves it alone until it is given back.
        let bytes = unsafe { message.bytes().as_slice() };
        assert!(bytes.iter().copied().eq(round..round + 100));
        assert_eq!(message.get::<[u8; 3]>(97).unwrap(), [round + 97, round + 98, round + 99]);
        drop(message);
        drop(here.sender().reserve(200).unwrap());
        assert!(there.receiver().try_recv().unwrap().is_none(), "a slot that is given up sends nothing");
    }
}

#[test]
fn limits_are_errors() {
    let (mut here, mut there) = pair(1024);
    let max = here.sender().max_message();
    assert_eq!((max, there.receiver().max_message()), (504, 504));
    for len in [max + 1, usize::MAX / 2] {
        assert_eq!(kind(here.sender().reserve(len).map(drop)), ErrorKind::LimitExceeded { maximum: 504 });
    }
    assert_eq!(kind(here.sender().send(&vec![0; max + 1])), ErrorKind::LimitExceeded { maximum: 504 });
    assert!(matches!(kind(here.sender().reserve(4).unwrap().commit_len(5)), ErrorKind::OutOfRange { .. }));
    assert!(matches!(
        kind(here.sender().reserve(4).unwrap().write(1, &[0; 4])),
        ErrorKind::OutOfRange { .. }
    ));
    here.sender().send(&[]).unwrap();
    here.sender().send(&vec![7; max]).unwrap();
    assert!(there.receiver().recv().unwrap().is_empty());
    assert_eq!(there.receiver().recv().unwrap().to_vec(), vec![7; max]);
    here.sender().send_value(&0x0102_0304_0506_0708_u64).unwrap();
    here.sender().send_value(&5_u32).unwrap();
    assert_eq!(there.receiver().recv_value::<u64>().unwrap(), 0x0102_0304_0506_0708);
    assert_eq!(kind(there.receiver().recv_value::<u64>()), ErrorKind::InvalidArgument, "4 bytes are none");
    assert!(there.receiver().try_recv().unwrap().is_none(), "that one is lost");
    for capacity in [0, 1, 64] {
        assert_eq!(ChannelOptions::new().capacity(capacity).max_message().unwrap(), 24);
    }
    for capacity in [(1 << 30) + 1, usize::MAX] {
        let options = ChannelOptions::new().capacity(capacity);
        assert_eq!(kind(options.max_message()), ErrorKind::InvalidArgument);
        assert_eq!(kind(options.region_len()), ErrorKind::InvalidArgument);
    }
    let for_large = ChannelOptions::new().for_messages_of(100_000);
    assert!(for_large.max_message().unwrap() >= 100_000);
}

#[test]
fn time_runs_out_in_time() {
    for spin in [Spin::Adaptive, Spin::Never, Spin::For(Duration::MAX)] {
        let name = name(&unique_name("time"));
        let options = options(256).spin(spin);
        let mut here = Channel::create(&name, &options).unwrap();
        let mut there = Channel::connect(&name, &options).unwrap();
        in_time(move || {
            let short = Duration::from_millis(10);
            let start = Instant::now();
            assert!(there.receiver().try_recv().unwrap().is_none());
            assert!(there.receiver().recv_timeout(Duration::ZERO).unwrap().is_none());
            assert!(there.receiver().recv_timeout(short).unwrap().is_none());
            assert!(!there.receiver().wait(Some(short)).unwrap());
            assert_eq!(Receiver::wait_any(&mut [there.receiver()], Some(short)).unwrap(), None);
            assert!(start.elapsed() >= short * 3);
            while here.sender().try_send(&[1; 100]).unwrap() {}
            assert!(!here.sender().send_timeout(&[2; 100], short).unwrap());
            assert!(here.sender().reserve_timeout(100, short).unwrap().is_none());
            assert!(here.sender().try_reserve(100).unwrap().is_none());
            assert_eq!(there.receiver().recv().unwrap().to_vec(), [1; 100]);
            // More time than a clock can tell is for ever.
            assert!(here.sender().send_timeout(&[3; 100], Duration::MAX).unwrap());
            assert_eq!(there.receiver().recv().unwrap().to_vec(), [1; 100], "what had no time was not sent");
            let last = there.receiver().recv_timeout(Duration::MAX).unwrap().unwrap().to_vec();
            assert_eq!(last, [3; 100]);
        });
    }
}

/// Room that comes in crumbs does not put off the end of a wait for more of it.
#[test]
fn crumbs_of_room_do_not_stretch_a_timeout() {
    let (mut here, mut there) = pair(1 << 14);
    let over = AtomicBool::new(false);
    while here.sender().try_send(&[]).unwrap() {}
    thread::scope(|scope| {
        scope.spawn(|| {
            // 5 of each 6 milliseconds' room are taken back by nobody: it just comes slowly.
            while !over.load(Ordering::Relaxed) && there.receiver().try_recv().unwrap().is_some() {
                thread::sleep(Duration::from_millis(1));
            }
        });
        let start = Instant::now();
        assert!(!here.sender().send_timeout(&[0; 8000], Duration::from_millis(50)).unwrap());
        let took = start.elapsed();
        over.store(true, Ordering::Relaxed);
        assert!(took < Duration::from_millis(800), "{took:?}; the room takes 1 s to come");
    });
}

#[test]
fn a_wait_for_any_finds_the_one_with_news() {
    let mut pairs: Vec<(Channel, Channel)> = (0..5).map(|_| pair(256)).collect();
    let (mut senders, mut receivers): (Vec<Channel>, Vec<Channel>) = pairs.drain(..).unzip();
    fn wait(receivers: &mut [Channel]) -> Option<usize> {
        let mut all: Vec<&mut Receiver> = receivers.iter_mut().map(Channel::receiver).collect();
        Receiver::wait_any(&mut all, Some(PATIENCE)).unwrap()
    }
    for round in 0..50 {
        let chosen = round * 3 % 5;
        thread::scope(|scope| {
            let sender = &mut senders[chosen];
            scope.spawn(move || sender.sender().send_value(&round).unwrap());
            assert_eq!(wait(&mut receivers), Some(chosen));
        });
        assert_eq!(receivers[chosen].receiver().recv_value::<usize>().unwrap(), round);
    }
    drop(senders.remove(3));
    assert_eq!(wait(&mut receivers), Some(3), "a close is news");
    assert_eq!(kind(Receiver::wait_any(&mut [], Some(PATIENCE))), ErrorKind::InvalidArgument);
}

#[test]
fn readers_and_writers_carry_bytes() {
    let (here, there) = pair(512);
    let text: Vec<u8> = (0..20_000_u32).flat_map(|number| format!("line {number}\n").into_bytes()).collect();
    let expected = text.clone();
    in_time(move || {
        let (sender, back) = here.split();
        let (forth, receiver) = there.split();
        let writing = thread::spawn(move || {
            let mut writer = MessageWriter::from(sender);
            assert_eq!(std::io::copy(&mut &text[..], &mut writer).unwrap(), text.len() as u64);
            writer.write_all(b"").unwrap();
            writer.flush().unwrap();
        });
        let mut reader = BufReader::with_capacity(37, MessageReader::from(receiver));
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert_eq!(line, "line 0\n");
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).unwrap();
        assert!(rest == expected[line.len()..]);
        writing.join().unwrap();
        assert_eq!(reader.read(&mut [0; 8]).unwrap(), 0, "the end stays the end");
        drop(back);
        let error = MessageWriter::from(forth).write(b"x").unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    });
}

/// A message that was read in part is received whole by who takes the receiver back.
#[test]
fn a_reader_gives_back_what_it_has_begun() {
    let (mut here, there) = pair(512);
    here.sender().send(b"whole").unwrap();
    let mut reader = MessageReader::from(there.split().1);
    let mut two = [0; 2];
    reader.read_exact(&mut two).unwrap();
    assert_eq!(reader.into_inner().recv().unwrap().to_vec(), b"whole");
}

#[test]
fn halves_live_in_threads_and_drop_in_any_order() {
    for order in 0..24_usize {
        let text = unique_name("order");
        let mut here = Channel::create(&name(&text), &options(256)).unwrap();
        let there = Channel::connect(&name(&text), &options(256)).unwrap();
        here.sender().send(b"last").unwrap();
        let (a, b) = here.split();
        let (c, d) = there.split();
        let mut halves: Vec<Box<dyn std::any::Any>> =
            vec![Box::new(a), Box::new(b), Box::new(c), Box::new(d)];
        let mut rest = order;
        while !halves.is_empty() {
            drop(halves.remove(rest % halves.len()));
            rest /= halves.len() + 1;
        }
        assert_nothing_left(&text);
    }
}

// ---- ends -----------------------------------------------------------------------------------------------------------

#[test]
fn an_orderly_close_drains_and_then_says_closed() {
    let (mut here, there) = pair(256);
    let (mut sender, mut receiver) = there.split();
    sender.send(b"one").unwrap();
    sender.send(b"two").unwrap();
    drop(sender);
    assert_eq!(here.receiver().recv().unwrap().to_vec(), b"one");
    assert_eq!(here.receiver().try_recv().unwrap().unwrap().to_vec(), b"two");
    assert_eq!(kind(here.receiver().try_recv().map(drop)), ErrorKind::Closed);
    assert_eq!(kind(here.receiver().recv().map(drop)), ErrorKind::Closed);
    assert_eq!(kind(here.receiver().recv_timeout(Duration::ZERO).map(drop)), ErrorKind::Closed);
    assert!(here.receiver().wait(None).unwrap(), "an end is news");
    // The other direction is open still.
    here.sender().send(b"back").unwrap();
    assert_eq!(receiver.recv().unwrap().to_vec(), b"back");
    drop(receiver);
    assert_eq!(kind(here.sender().send(b"x")), ErrorKind::Closed);
    assert_eq!(kind(here.sender().reserve(1).map(drop)), ErrorKind::Closed);
}

#[test]
fn a_close_wakes_who_sleeps() {
    let (mut here, there) = pair(256);
    let mut there = there.split();
    while here.sender().try_send(&[0; 60]).unwrap() {}
    let (mut sender, mut receiver) = here.split();
    let sending = thread::spawn(move || kind(sender.send(&[0; 60])));
    let receiving = thread::spawn(move || kind(receiver.recv().map(drop)));
    thread::sleep(Duration::from_millis(60));
    in_time(move || {
        there.0.send(&[]).unwrap();
        drop(there);
        assert_eq!(sending.join().unwrap(), ErrorKind::Closed);
        // The message came first.
        assert!(receiving.join().is_err(), "recv gave the message");
    });
}

#[test]
fn what_a_killed_peer_sent_is_read_and_then_it_died() {
    let text = unique_name("killed");
    let mut channel = Channel::create(&name(&text), &options(4096)).unwrap();
    let mut delays = Vec::new();
    for round in 0..9 {
        let peer = part(&["send_and_hang", &text, "20"]);
        assert!(channel.wait_for_peer(Some(PATIENCE)).unwrap());
        heard(&peer, "sent");
        let (asleep, delay) = match round % 3 {
            // Dead before anybody looks.
            0 => {
                peer.kill();
                let numbers = (0..20).map(|_| channel.receiver().recv_value::<u32>().unwrap());
                assert!(numbers.eq(0..20));
                (None, None)
            }
            // Asleep for ever, in a receive or in a send.
            sleeper => {
                for number in 0..20 {
                    assert_eq!(channel.receiver().recv_value::<u32>().unwrap(), number);
                }
                let (asleep, died) = mpsc::channel();
                let delay = thread::scope(|scope| {
                    let channel = &mut channel;
                    scope.spawn(move || {
                        asleep.send(()).unwrap();
                        let end = match sleeper {
                            1 => channel.receiver().recv().map(drop),
                            _ => loop {
                                if let Err(error) = channel.sender().send(&[0; 1000]) {
                                    break Err(error);
                                }
                            },
                        };
                        assert_eq!(kind(end), ErrorKind::PeerDied);
                        asleep.send(()).unwrap();
                    });
                    died.recv().unwrap();
                    thread::sleep(Duration::from_millis(30));
                    peer.kill();
                    let start = Instant::now();
                    died.recv_timeout(PATIENCE).expect("it learns of the death");
                    start.elapsed()
                });
                (Some(sleeper), Some(delay))
            }
        };
        delays.extend(delay);
        if asleep.is_none() {
            // However shortly it waits.
            let short = channel.receiver().recv_timeout(Duration::ZERO).map(drop);
            assert_eq!(kind(short), ErrorKind::PeerDied);
            assert_eq!(kind(channel.receiver().try_recv().map(drop)), ErrorKind::PeerDied);
        }
        assert_eq!(kind(channel.receiver().recv().map(drop)), ErrorKind::PeerDied);
        assert!(!channel.wait_for_next_peer(Some(Duration::ZERO)).unwrap(), "nobody has come yet");
    }
    delays.sort();
    println!(
        "a death is told after {:?} in the median, {:?} at most",
        delays[delays.len() / 2],
        delays.last()
    );
    assert!(delays.iter().all(|delay| *delay < Duration::from_secs(1)), "{delays:?}");
    drop(channel);
    assert_nothing_left(&text);
}

#[test]
fn who_polls_shortly_learns_of_a_death() {
    let text = unique_name("polled");
    let mut channel = Channel::create(&name(&text), &options(4096)).unwrap();
    let peer = part(&["send_and_hang", &text, "0"]);
    assert!(channel.wait_for_peer(Some(PATIENCE)).unwrap());
    heard(&peer, "sent");
    assert!(channel.receiver().recv_timeout(Duration::from_millis(1)).unwrap().is_none());
    peer.kill();
    while channel.sender().try_send(&[0; 100]).unwrap() {}
    let short = Duration::from_millis(1);
    assert_eq!(kind(channel.receiver().recv_timeout(short).map(drop)), ErrorKind::PeerDied);
    assert_eq!(kind(channel.sender().send_timeout(&[0; 100], short)), ErrorKind::PeerDied);
    assert_eq!(Receiver::wait_any(&mut [channel.receiver()], Some(Duration::ZERO)).unwrap(), Some(0));
}

/// It was found out once: nobody sleeps on a bell that will not be rung.
#[test]
fn a_known_death_is_told_at_once() {
    let text = unique_name("told");
    let mut channel = Channel::create(&name(&text), &options(256)).unwrap();
    let peer = part(&["send_and_hang", &text, "0"]);
    heard(&peer, "sent");
    peer.kill();
    assert_eq!(kind(channel.receiver().recv().map(drop)), ErrorKind::PeerDied);
    while channel.sender().try_send(&[0; 100]).unwrap() {}
    in_time(move || {
        // Each of these would sleep for 80 ms.
        for _ in 0..1000 {
            assert_eq!(kind(channel.receiver().recv().map(drop)), ErrorKind::PeerDied);
            assert_eq!(kind(channel.sender().send(&[0; 100])), ErrorKind::PeerDied);
        }
    });
}

/// With a spin that never ends, too.
#[test]
fn who_spins_for_ever_learns_of_a_death() {
    let text = unique_name("spun");
    let options = options(4096).spin(Spin::For(Duration::MAX));
    let mut channel = Channel::create(&name(&text), &options).unwrap();
    let peer = part(&["send_and_hang", &text, "0"]);
    heard(&peer, "sent");
    peer.kill();
    in_time(move || assert_eq!(kind(channel.receiver().recv().map(drop)), ErrorKind::PeerDied));
}

/// A listener that receives before anybody has come waits for the first to come.
#[test]
fn nobody_has_died_who_has_not_come() {
    let text = unique_name("early");
    let mut channel = Channel::create(&name(&text), &options(256)).unwrap();
    let short = Duration::from_millis(80);
    for _ in 0..2 {
        assert!(channel.receiver().recv_timeout(short).unwrap().is_none());
        while channel.sender().try_send(&[0; 50]).unwrap() {}
        assert!(!channel.sender().send_timeout(&[0; 50], short).unwrap());
        let peer = part(&["send_and_hang", &text, "1"]);
        assert_eq!(channel.receiver().recv_value::<u32>().unwrap(), 0);
        peer.kill();
        assert_eq!(kind(channel.receiver().recv().map(drop)), ErrorKind::PeerDied);
        assert!(!channel.wait_for_next_peer(Some(Duration::ZERO)).unwrap());
    }
}

/// Who hears `Closed` can turn to the next peer at once, though the one before is still on its way out.
#[test]
fn the_next_peer_follows_at_once() {
    let text = unique_name("next");
    let mut channel = Channel::create(&name(&text), &options(256)).unwrap();
    let peers = {
        let name = name(&text);
        thread::spawn(move || {
            for number in 0..200_u32 {
                let mut peer = Channel::connect(&name, &options(256)).unwrap();
                peer.sender().send_value(&number).unwrap();
                assert_eq!(peer.receiver().recv_value::<u32>().unwrap(), number);
            }
        })
    };
    assert!(channel.wait_for_peer(Some(PATIENCE)).unwrap());
    for number in 0..200_u32 {
        assert_eq!(channel.receiver().recv_value::<u32>().unwrap(), number);
        channel.sender().send_value(&number).unwrap();
        assert_eq!(kind(channel.receiver().recv().map(drop)), ErrorKind::Closed);
        if number < 199 {
            assert!(channel.wait_for_next_peer(Some(PATIENCE)).unwrap(), "{number}");
        }
    }
    peers.join().unwrap();
}

/// A peer that does one thing for ever, to be killed at it.
fn victim(what: &str, text: &str) {
    let name = name(text);
    let small = options(256);
    match what {
        "connecting" => loop {
            let channel = Channel::connect(&name, &small.clone().patience(Duration::from_millis(20)));
            drop(channel);
        },
        "sending" => {
            let mut channel = Channel::connect(&name, &small).unwrap();
            let mut number = 0_u64;
            while channel.sender().send(&vec![number as u8; (number % 100) as usize]).is_ok() {
                number += 1;
            }
        }
        "slots" => {
            let mut channel = Channel::connect(&name, &small).unwrap();
            for number in 0_u64.. {
                let Ok(mut slot) = channel.sender().reserve((number % 100) as usize) else { break };
                let bytes = vec![number as u8; slot.len()];
                slot.write(0, &bytes).unwrap();
                slot.commit();
            }
        }
        "batches" => {
            let mut channel = Channel::connect(&name, &small).unwrap();
            let mut number = 0_u64;
            loop {
                let mut batch = channel.sender().batch();
                for _ in 0..5 {
                    if batch.send(&vec![number as u8; (number % 100) as usize]).is_err() {
                        return;
                    }
                    number += 1;
                }
            }
        }
        "receiving" => {
            let mut channel = Channel::connect(&name, &small).unwrap();
            while channel.receiver().recv().is_ok() {}
        }
        "asleep" => {
            let mut channel = Channel::connect(&name, &small.spin(Spin::Never)).unwrap();
            drop(channel.receiver().recv().map(drop));
        }
        "listening" => {
            let mut channel = Channel::create(&name, &small).unwrap();
            say("made");
            loop {
                if channel.wait_for_peer(Some(PATIENCE)).unwrap() {
                    while channel.receiver().recv().is_ok() && channel.sender().send(b"answer").is_ok() {}
                    let _ = channel.wait_for_next_peer(None);
                }
            }
        }
        other => panic!("{other}"),
    }
}

/// Serves a peer until it is dead, and checks what comes whole.
fn serve_victim(channel: &mut Channel, what: &str) -> ErrorKind {
    let mut number = 0_u64;
    loop {
        if what == "receiving" {
            if let Err(error) = channel.sender().send(&[1; 60]) {
                return error.kind().clone();
            }
            continue;
        }
        match channel.receiver().recv() {
            Ok(message) => {
                assert_eq!(message.to_vec(), vec![number as u8; (number % 100) as usize], "{what} {number}");
                number += 1;
            }
            Err(error) => return error.kind().clone(),
        }
    }
}

#[test]
fn peers_are_killed_at_random() {
    let text = unique_name("victims");
    let mut channel = Channel::create(&name(&text), &options(256)).unwrap();
    let mut random = Random::new(u64::from(std::process::id()));
    for round in 0..number("SAMEMAP_CHANNEL_KILLS", 24) {
        let what = ["connecting", "sending", "slots", "batches", "receiving", "asleep"][random.below(6)];
        let victim = part(&["victim", what, &text]);
        assert!(channel.wait_for_peer(Some(PATIENCE)).unwrap(), "round {round}: {what}");
        let delay = Duration::from_micros(random.below(4000) as u64);
        let end = thread::scope(|scope| {
            scope.spawn(move || {
                thread::sleep(delay);
                victim.kill();
            });
            serve_victim(&mut channel, what)
        });
        assert!(
            end == ErrorKind::PeerDied || what == "connecting" && end == ErrorKind::Closed,
            "{what} {end:?}"
        );
        // It takes the next one, and all is well.
        let mut peer = turn_to_a_new_peer(&mut channel, &text);
        peer.sender().send(b"well").unwrap();
        assert_eq!(channel.receiver().recv().unwrap().to_vec(), b"well");
        channel.sender().send(b"indeed").unwrap();
        assert_eq!(peer.receiver().recv().unwrap().to_vec(), b"indeed");
        drop(peer);
        assert_eq!(kind(channel.receiver().recv().map(drop)), ErrorKind::Closed);
        assert!(!channel.wait_for_next_peer(Some(Duration::ZERO)).unwrap());
    }
    drop(channel);
    assert_nothing_left(&text);
}

/// The peer before is dead: another one, in this process.
fn turn_to_a_new_peer(channel: &mut Channel, text: &str) -> Channel {
    let name = name(text);
    let connecting = thread::spawn(move || Channel::connect(&name, &options(256)).unwrap());
    assert!(channel.wait_for_next_peer(Some(PATIENCE)).unwrap());
    connecting.join().unwrap()
}

#[test]
fn listeners_are_killed_at_random() {
    let mut random = Random::new(u64::from(std::process::id()) + 1);
    for _ in 0..number("SAMEMAP_CHANNEL_KILLS", 8) {
        let text = unique_name("killed-listener");
        let listener = part(&["victim", "listening", &text]);
        heard(&listener, "made");
        let delay = Duration::from_micros(random.below(3000) as u64);
        let killing = thread::spawn(move || {
            thread::sleep(delay);
            listener.kill();
        });
        let impatient = options(256).patience(Duration::from_millis(300));
        let end = loop {
            match Channel::connect(&name(&text), &impatient) {
                Ok(mut channel) => loop {
                    let answer = channel.sender().send(b"question");
                    if let Err(error) = answer.and_then(|()| channel.receiver().recv().map(drop)) {
                        assert_eq!(*error.kind(), ErrorKind::PeerDied);
                        break;
                    }
                    if random.below(20) == 0 {
                        break;
                    }
                },
                Err(error) => match error.kind() {
                    // It has not turned from the last peer.
                    ErrorKind::Busy => {}
                    kind => break kind.clone(),
                },
            }
        };
        assert_eq!(end, ErrorKind::NotFound);
        killing.join().unwrap();
        let mut again = Channel::create(&name(&text), &options(256)).expect("the name is free");
        assert!(!again.wait_for_peer(Some(Duration::ZERO)).unwrap());
        drop(again);
        assert_nothing_left(&text);
    }
}

// ---- places ---------------------------------------------------------------------------------------------------------

#[test]
fn a_second_peer_is_refused() {
    let text = unique_name("busy");
    let channel = Channel::create(&name(&text), &options(256)).unwrap();
    let first = Channel::connect(&name(&text), &options(256)).unwrap();
    // At once, however patient it is.
    assert_eq!(
        kind(in_time({
            let name = name(&text);
            move || Channel::connect(&name, &options(256).patience(Duration::MAX))
        })),
        ErrorKind::Busy
    );
    assert_eq!(kind(Channel::create(&name(&text), &options(256))), ErrorKind::AlreadyExists);
    assert_eq!(kind(Channel::create_in(channel.region(), &options(256))), ErrorKind::Busy);
    let mut channel = channel;
    assert_eq!(kind(channel.wait_for_next_peer(None)), ErrorKind::Busy);
    drop(first);
    let impatient = options(256).patience(Duration::from_millis(20));
    assert_eq!(kind(Channel::connect(&name(&text), &impatient)), ErrorKind::Busy, "it has not turned yet");
    let mut next = turn_to_a_new_peer(&mut channel, &text);
    assert_eq!(kind(next.wait_for_next_peer(None)), ErrorKind::Unsupported);
    assert!(next.wait_for_peer(None).unwrap());
    drop(channel);
    assert_eq!(
        kind(Channel::connect(&name(&text), &options(256))),
        ErrorKind::NotFound,
        "only a peer is left"
    );
    drop(next);
    assert_eq!(kind(Channel::connect(&name(&text), &options(256))), ErrorKind::NotFound);
    assert_nothing_left(&text);
}

#[test]
fn one_of_many_that_connect_together_is_let_in() {
    let text = unique_name("race");
    for _ in 0..20 {
        let channel = Channel::create(&name(&text), &options(256)).unwrap();
        let answers: Vec<_> = thread::scope(|scope| {
            let connect = || Channel::connect(&name(&text), &options(256));
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(connect)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
        let refused = |answer: &Result<Channel, Error>| match answer {
            Ok(_) => true,
            Err(error) => *error.kind() == ErrorKind::Busy,
        };
        assert!(answers.iter().all(refused), "{answers:?}");
        drop((channel, answers));
    }
    assert_nothing_left(&text);
}

#[test]
fn who_connects_waits_for_a_listener_that_is_being_made() {
    let name = name(&unique_name("unready"));
    let region = Region::create(&name, &CreateOptions::new(options(256).region_len().unwrap())).unwrap();
    let impatient = options(256).patience(Duration::from_millis(20));
    assert_eq!(kind(Channel::connect(&name, &impatient)), ErrorKind::NotFound);
    let connecting = {
        let name = name.clone();
        thread::spawn(move || Channel::connect(&name, &options(256)))
    };
    thread::sleep(Duration::from_millis(20));
    let mut channel = Channel::create_in(&region, &options(256)).unwrap();
    let mut peer = in_time(move || connecting.join().unwrap()).unwrap();
    assert!(channel.wait_for_peer(Some(PATIENCE)).unwrap());
    peer.sender().send(b"x").unwrap();
    assert_eq!(channel.receiver().recv().unwrap().to_vec(), b"x");
    drop((channel, peer));
    assert_eq!(kind(Channel::create_in(&region, &options(256))), ErrorKind::AlreadyExists);
}

/// A region that is something else is refused, and not a byte of it is changed.
#[test]
fn what_is_no_channel_is_left_alone() {
    for fill in [0, 0x55] {
        let name = name(&unique_name("foreign"));
        let region = Region::create(&name, &CreateOptions::new(8192)).unwrap();
        let view = region.view(.., Access::ReadWrite).unwrap();
        view.write(0, &[fill; 8192]).unwrap();
        let impatient = options(256).patience(Duration::from_millis(20));
        let wanted = if fill == 0 { ErrorKind::NotFound } else { ErrorKind::Damaged };
        assert_eq!(kind(Channel::connect(&name, &impatient)), wanted);
        assert_eq!(kind(Listener::connect(&name, &impatient)), wanted);
        let mut bytes = [1; 8192];
        view.read(0, &mut bytes).unwrap();
        assert_eq!(bytes, [fill; 8192]);
    }
    let small = Region::anonymous(&CreateOptions::new(1)).unwrap();
    assert!(matches!(kind(Channel::create_in(&small, &options(1 << 16))), ErrorKind::OutOfRange { .. }));
    assert_eq!(kind(Channel::connect_in(&small, &options(64))), ErrorKind::Damaged);
    let channel_name = name(&unique_name("reader"));
    let _channel = Channel::create(&channel_name, &options(256)).unwrap();
    let reader = Region::open(&channel_name, &OpenOptions::read_only()).unwrap();
    assert_eq!(kind(Channel::connect_in(&reader, &options(256))), ErrorKind::AccessDenied);
}

#[test]
fn an_anonymous_region_goes_to_a_child() {
    let region =
        Region::anonymous(&CreateOptions::new(options(4096).region_len().unwrap() + 70_000)).unwrap();
    let mut channel = Channel::create_in(&region, &options(4096)).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "part_entry", "--ignored", "--nocapture", "--test-threads=1"])
        .env(PART, "adopt");
    let offer = region.offer_to(&mut command, "channel", Access::ReadWrite).expect("offered");
    let child = Program::start(command);
    assert!(channel.wait_for_peer(Some(PATIENCE)).unwrap());
    drop(offer);
    for number in 0..1000_u64 {
        channel.sender().send_value(&number).unwrap();
        assert_eq!(channel.receiver().recv_value::<u64>().unwrap(), number);
    }
    drop(channel);
    assert!(child.finish().status.success());
}

// ---- listeners ------------------------------------------------------------------------------------------------------

/// Connects again and again, and has its words sent back.
fn client(text: &str, rounds: u64) {
    for round in 0..rounds {
        let mut channel = Listener::connect(&name(text), &options(4096)).expect("it is accepted");
        for number in 0..20 {
            channel.sender().send_value(&[round, number]).expect("open");
            assert_eq!(channel.receiver().recv_value::<[u64; 2]>().expect("answered"), [round, number]);
        }
    }
}

#[test]
fn a_listener_takes_many_at_once() {
    let text = unique_name("desk");
    let mut listener = Listener::bind(&name(&text), &options(4096)).unwrap();
    assert_eq!(kind(Listener::bind(&name(&text), &options(4096))), ErrorKind::AlreadyExists);
    assert!(listener.accept(Some(Duration::ZERO)).unwrap().is_none());
    assert!(listener.accept(Some(Duration::from_millis(20))).unwrap().is_none());
    let processes: Vec<Program> = (0..3).map(|_| part(&["client", &text, "10"])).collect();
    // More at a time than there are places.
    let threads: Vec<_> = (0..30)
        .map(|_| {
            let text = text.clone();
            thread::spawn(move || client(&text, 3))
        })
        .collect();
    for number in 0..3 * 10 + 30 * 3 {
        let channel = listener.accept(Some(PATIENCE)).unwrap();
        serve_echo(channel.unwrap_or_else(|| panic!("only {number} came")));
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    for process in processes {
        assert!(process.finish().status.success());
    }
    assert!(listener.accept(Some(Duration::ZERO)).unwrap().is_none(), "those were all");
    drop(listener);
    assert_eq!(kind(Listener::connect(&name(&text), &options(4096))), ErrorKind::NotFound);
    assert_nothing_left(&text);
}

#[test]
fn a_listener_that_ends_is_told_from_one_that_is_busy() {
    let text = unique_name("desk-ends");
    let impatient = options(4096).patience(Duration::from_millis(30));
    let listener = Listener::bind(&name(&text), &options(4096)).unwrap();
    assert_eq!(kind(Listener::connect(&name(&text), &impatient)), ErrorKind::TimedOut, "nobody accepts");
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let name = name(&text);
            thread::spawn(move || kind(Listener::connect(&name, &options(4096))))
        })
        .collect();
    thread::sleep(Duration::from_millis(30));
    drop(listener);
    for thread in waiting {
        assert_eq!(in_time(move || thread.join().unwrap()), ErrorKind::NotFound);
    }
    assert_nothing_left(&text);
}

/// Clients that give up or are killed leave their places to others, and no region.
#[test]
fn clients_are_killed_at_random() {
    let text = unique_name("desk-kills");
    let mut listener = Listener::bind(&name(&text), &options(4096)).unwrap();
    let mut random = Random::new(u64::from(std::process::id()) + 2);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let listening = scope.spawn(|| {
            let mut accepted = 0;
            while !over.load(Ordering::Relaxed) {
                if let Some(channel) = listener.accept(Some(Duration::from_millis(20))).unwrap() {
                    accepted += 1;
                    serve_echo(channel);
                }
            }
            accepted
        });
        for _ in 0..number("SAMEMAP_CHANNEL_KILLS", 18).div_ceil(3) {
            let clients: Vec<Program> = (0..3).map(|_| part(&["client", &text, "1000000"])).collect();
            for client in clients {
                thread::sleep(Duration::from_micros(random.below(20_000) as u64));
                client.kill();
            }
            // Whoever comes then is served.
            client(&text, 2);
        }
        over.store(true, Ordering::Relaxed);
        assert!(listening.join().unwrap() >= 2);
    });
    drop(listener);
    assert_nothing_left(&text);
    wait_until("no connection's region is left", || regions_of(&text).is_empty());
}

#[test]
fn a_killed_listeners_name_is_free() {
    let mut random = Random::new(u64::from(std::process::id()) + 3);
    for _ in 0..number("SAMEMAP_CHANNEL_KILLS", 4) {
        let text = unique_name("desk-killed");
        let listener = part(&["listen", &text]);
        heard(&listener, "bound");
        let clients: Vec<_> = (0..4)
            .map(|_| {
                let name = name(&text);
                thread::spawn(move || {
                    loop {
                        match Listener::connect(&name, &options(4096)) {
                            Ok(mut channel) => {
                                let answer = channel
                                    .sender()
                                    .send(b"x")
                                    .and_then(|()| channel.receiver().recv_into(&mut [0; 1]));
                                if let Err(error) = answer {
                                    return error.kind().clone();
                                }
                            }
                            Err(error) => return error.kind().clone(),
                        }
                    }
                })
            })
            .collect();
        thread::sleep(Duration::from_micros(random.below(30_000) as u64));
        listener.kill();
        for client in clients {
            let end = in_time(move || client.join().unwrap());
            assert!(matches!(end, ErrorKind::NotFound | ErrorKind::PeerDied), "{end:?}");
        }
        drop(Listener::bind(&name(&text), &options(4096)).expect("the name is free"));
        assert_nothing_left(&text);
        if !regions_of(&text).is_empty() {
            // What the listener alone has held is dead (C17), and goes with the next sweep.
            samemap::catalog::reclaim().expect("a sweep");
        }
        assert_eq!(regions_of(&text), [""; 0]);
    }
}

/// The files of a listener's connections: what a name with a random number has left. Only Linux shows them.
fn regions_of(listener: &str) -> Vec<String> {
    let Ok(files) = std::fs::read_dir("/dev/shm") else { return Vec::new() };
    let label = listener.trim_start_matches(r"Local\");
    let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    names.filter(|name| name.contains(label)).collect()
}

// ---- hostile peers --------------------------------------------------------------------------------------------------

/// What a scribbler aims at, in the region of a channel with rings of 256 bytes: the words, and some of the data.
#[rustfmt::skip]
const TARGETS: &[usize] = &[
    0, 8, 12, 128, 144, 256, 272, 384, 392, 396, 400, 512, 520, 1024, 1032, 1152, 1280, 1288, 1344, 1408,
    1416, 1536, 1544, 1664, 1792, 1800, 1856, 1920, 1928, 4096, 4104, 4112, 4200, 4344, 4352, 4360, 4368,
    4400, 4600,
];

#[rustfmt::skip]
const VALUES: &[u64] = &[
    0, 1, 2, 3, 7, 8, 16, 24, 56, 64, 255, 256, 257, 1 << 32, (1 << 32) | 8, (2 << 32) | 8,
    (2 << 32) | 248, (1 << 32) | 0xffff_ffff, 0xffff_ffff, 1 << 31, 1 << 62, 1 << 63, u64::MAX,
    u64::MAX - 7,
];

/// Writes rubbish where it hurts, until it is told to stop.
fn scribble(region: &Region, over: &AtomicBool, seed: u64) {
    let view = region.view(.., Access::ReadWrite).expect("a view");
    let mut random = Random::new(seed);
    let focus = TARGETS[random.below(TARGETS.len())];
    while !over.load(Ordering::Relaxed) {
        let at = match random.below(4) {
            0 => TARGETS[random.below(TARGETS.len())],
            1 => random.below(view.len() / 8) * 8,
            _ => focus,
        } % (view.len() - 8);
        let seen: u64 = view.get(at).expect("in range");
        let value = match random.below(4) {
            0 => random.next(),
            1 => seen.wrapping_add(8),
            2 => seen.wrapping_sub(random.below(300) as u64),
            _ => VALUES[random.below(VALUES.len())],
        };
        match random.below(3) {
            0 => view.put(at, &(value as u32)),
            1 => view.put(at, &(value as u8)),
            _ => view.put(at, &value),
        }
        .expect("in range");
        if random.below(8) == 0 {
            thread::sleep(Duration::from_micros(random.below(300) as u64));
        }
    }
}

/// Uses an end in every way with short timeouts, whatever comes of it. None may take much longer than it should.
fn use_end(channel: &mut Channel, random: &mut Random, over: &AtomicBool) -> u64 {
    const LIMIT: Duration = Duration::from_secs(5);
    let (short, mut errors) = (Duration::from_millis(2), 0);
    let mut buffer = vec![0; channel.receiver().max_message()];
    while !over.load(Ordering::Relaxed) {
        let start = Instant::now();
        let len = random.below(buffer.len() + 1);
        let what = random.below(10);
        let answer = match what {
            0 => channel.sender().try_send(&buffer[..len]).map(drop),
            1 => channel.sender().send_timeout(&buffer[..len], short).map(drop),
            2 => channel.sender().reserve_timeout(len, short).and_then(|slot| {
                let Some(mut slot) = slot else { return Ok(()) };
                slot.put(0, &7_u8).or_else(|_| slot.write(0, &[]))?;
                slot.commit_len(len / 2)
            }),
            3 => {
                let mut batch = channel.sender().batch();
                (0..5).try_for_each(|_| batch.try_send(&buffer[..len]).map(drop))
            }
            4 => channel.receiver().try_recv().map(|message| drop(message.map(|message| message.to_vec()))),
            5 => channel.receiver().recv_timeout(short).map(std::mem::forget),
            6 => channel.receiver().recv_timeout(short).and_then(|message| {
                message.map_or(Ok(0), |message| message.take_into(&mut buffer)).map(drop)
            }),
            7 => channel.receiver().wait(Some(short)).map(drop),
            8 => Receiver::wait_any(&mut [channel.receiver()], Some(short)).map(drop),
            _ => channel.wait_for_peer(Some(short)).map(drop),
        };
        errors += u64::from(answer.is_err());
        assert!(start.elapsed() < LIMIT, "call {what} took {:?}", start.elapsed());
    }
    errors
}

#[test]
fn a_hostile_peer_does_no_harm() {
    let end = Instant::now() + Duration::from_millis(number("SAMEMAP_CHANNEL_HOSTILE_MS", 2000));
    let mut random = Random::new(u64::from(std::process::id()) + 4);
    let (mut rounds, mut errors) = (0, 0);
    while Instant::now() < end {
        let text = unique_name("hostile");
        let short = options(256).patience(Duration::from_millis(5));
        let mut here = Channel::create(&name(&text), &short).unwrap();
        let mut there = Channel::connect(&name(&text), &short).unwrap();
        let region = here.region().clone();
        let (over, seeds) = (AtomicBool::new(false), [random.next(), random.next(), random.next()]);
        errors += thread::scope(|scope| {
            scope.spawn(|| scribble(&region, &over, seeds[0]));
            let there = scope.spawn(|| use_end(&mut there, &mut Random::new(seeds[1]), &over));
            let here = scope.spawn(|| use_end(&mut here, &mut Random::new(seeds[2]), &over));
            thread::sleep(Duration::from_millis(15));
            over.store(true, Ordering::Relaxed);
            here.join().unwrap() + there.join().unwrap()
        });
        rounds += 1;
        let again = AtomicBool::new(false);
        thread::scope(|scope| {
            // Ends and arrivals meet rubbish, too.
            scope.spawn(|| scribble(&region, &again, seeds[1]));
            drop(there);
            drop(here.wait_for_next_peer(Some(Duration::from_millis(2))));
            drop(Channel::connect(&name(&text), &short));
            drop(Channel::create_in(&region, &short));
            drop(here);
            drop(Channel::connect(&name(&text), &short));
            drop(Channel::create_in(&region, &short));
            again.store(true, Ordering::Relaxed);
        });
        drop(region);
        assert_nothing_left(&text);
    }
    println!("{rounds} rounds, {errors} errors, no harm");
    assert!(errors > 0, "the scribbler has hit nothing");
}

#[test]
fn a_hostile_desk_does_no_harm() {
    let end = Instant::now() + Duration::from_millis(number("SAMEMAP_CHANNEL_HOSTILE_MS", 2000) / 2);
    let mut random = Random::new(u64::from(std::process::id()) + 5);
    while Instant::now() < end {
        let text = unique_name("hostile-desk");
        let short = options(256).patience(Duration::from_millis(5));
        let mut listener = Listener::bind(&name(&text), &short).unwrap();
        let desk = Region::open(&name(&text), &OpenOptions::read_write()).unwrap();
        let (over, seed) = (AtomicBool::new(false), random.next());
        thread::scope(|scope| {
            scope.spawn(|| scribble(&desk, &over, seed));
            // Always at it: asks without a seat.
            scope.spawn(|| {
                let view = desk.view(.., Access::ReadWrite).unwrap();
                while !over.load(Ordering::Relaxed) {
                    let place = 512 + 256 * (seed as usize % 14);
                    view.atomic_u32(place + 128).unwrap().store(1, Ordering::Relaxed);
                }
            });
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    drop(Listener::connect(&name(&text), &short));
                }
            });
            for _ in 0..5 {
                let start = Instant::now();
                drop(listener.accept(Some(Duration::from_millis(3))));
                assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
            }
            over.store(true, Ordering::Relaxed);
        });
    }
}
