//! Order, each message exactly once, integrity; limits and timeouts.

use crate::common::*;

/// What the messages of a stream are made of: the same in both processes, and cheap to compare with.
struct Text(Vec<u8>);

impl Text {
    fn new() -> Text {
        let mut random = Random::seeded(0x5a3e);
        Text((0..1 << 16).map(|_| random.next() as u8).collect())
    }

    /// Every message differs from its neighbours in where it begins, and mostly in its length.
    fn message(&self, number: u64, max: usize) -> &[u8] {
        let mut random = Random::seeded(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let len = match random.below(8) {
            0 => random.index(max + 1),
            1 => max - random.index(8),
            2 => 0,
            _ => random.index(max.min(64) + 1),
        };
        let start = random.index(self.0.len() - max);
        &self.0[start..start + len]
    }
}

pub fn stream_part(arguments: &[String]) {
    stream(connected(arguments));
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
                receiver.wait().expect("a message");
                if !expected.is_empty() {
                    let error = receiver.recv_into(&mut buffer[..expected.len() - 1]);
                    assert!(matches!(kind(error), ErrorKind::TooLong { .. }));
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
        let other = start("stream", &[&text]);
        assert!(channel.wait_for_peer_timeout(PATIENCE).expect("a peer"));
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
        let refused = kind(here.sender().reserve(len).map(drop));
        assert_eq!(refused, ErrorKind::TooLong { len: len as u64, maximum: 504 });
    }
    assert_eq!(kind(here.sender().send(&vec![0; max + 1])), ErrorKind::TooLong { len: 505, maximum: 504 });
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

/// A channel whose messages go one way pays for one ring.
#[test]
fn each_direction_has_a_capacity_of_its_own() {
    let options = options(1 << 16).send_capacity(1 << 12).receive_capacity(0);
    assert_eq!(options.region_len().unwrap(), 4096 + (1 << 12) + 64);
    assert_eq!(options.max_message().unwrap(), 24);
    let name = name(&unique_name("capacities"));
    let mut here = Channel::create(&name, &options).unwrap();
    let mut there = Channel::connect(&name, &ChannelOptions::new()).unwrap();
    assert_eq!((here.sender().max_message(), here.receiver().max_message()), (2040, 24));
    assert_eq!((there.sender().max_message(), there.receiver().max_message()), (24, 2040));
    for round in 0..100_u8 {
        here.sender().send(&[round; 2040]).unwrap();
        there.sender().send(&[round; 24]).unwrap();
        assert_eq!(there.receiver().recv().unwrap().to_vec(), [round; 2040]);
        assert_eq!(here.receiver().recv().unwrap().to_vec(), [round; 24]);
    }
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
            assert!(!there.receiver().wait_timeout(short).unwrap());
            assert_eq!(Receiver::wait_any_timeout(&mut [there.receiver()], short).unwrap(), None);
            assert!(start.elapsed() >= short * 3);
            while here.sender().try_send(&[1; 100]).unwrap() {}
            assert!(!here.sender().send_timeout(&[2; 100], short).unwrap());
            assert!(here.sender().reserve_timeout(100, short).unwrap().is_none());
            assert!(here.sender().try_reserve(100).unwrap().is_none());
            assert_eq!(there.receiver().recv().unwrap().to_vec(), [1; 100]);
            // More time than a clock can tell is for ever.
            assert!(here.sender().send_timeout(&[3; 90], Duration::MAX).unwrap());
            assert_eq!(there.receiver().recv().unwrap().to_vec(), [1; 100], "what had no time was not sent");
            let last = there.receiver().recv_timeout(Duration::MAX).unwrap().unwrap().to_vec();
            assert_eq!(last, [3; 90]);
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
        Receiver::wait_any_timeout(&mut all, PATIENCE).unwrap()
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
    assert_eq!(kind(Receiver::wait_any_timeout(&mut [], PATIENCE)), ErrorKind::InvalidArgument);
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

/// A message that was read in part is received whole by the caller that takes the receiver back.
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
