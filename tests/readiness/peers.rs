//! What waits for a peer: receivers, senders, readers and writers of topics, newest values, listeners.

use std::thread;
use std::time::{Duration, Instant};

use samemap::channel::{Receiver, Sender};
use samemap::latest::{Awaited, LatestOptions};
use samemap::sync::Readiness;
use samemap::topic::Viewer;
use samemap::{
    Channel, ChannelOptions, ErrorKind, Latest, LatestWriter, Listener, Publisher, Subscriber, TopicOptions,
};

use crate::common::*;
use crate::support::part::{hear, say, start};
use crate::support::{DEADLINE, kind, name, unique_name};

/// What is promised is 100 ms; the rest is for a machine that is busy.
pub const NOTICED: Duration = Duration::from_millis(400);

pub fn topic() -> TopicOptions {
    TopicOptions::new().capacity(4096).subscribers(4)
}

fn receive_all(receiver: &mut Receiver) -> Vec<Vec<u8>> {
    std::iter::from_fn(|| receiver.try_recv().unwrap().map(|message| message.to_vec())).collect()
}

fn fill(sender: &mut Sender, message: &[u8]) {
    while sender.try_send(message).unwrap() {}
}

/// Both are answered, one of them perhaps several times.
#[track_caller]
fn hear_both(readiness: &mut Readiness) {
    let first = next(readiness);
    while next(readiness) == first {}
}

#[test]
fn a_receiver_is_answered_until_it_finds_nothing() {
    let (mut here, mut there) = pair(&unique_name("receiver"));
    let event = event("receiver-e");
    let mut readiness = Readiness::of(&[&event, &*here.receiver()]).unwrap();
    assert_quiet(&mut readiness);
    assert!(receive_all(here.receiver()).is_empty());
    assert_quiet(&mut readiness);
    there.sender().send(b"one").unwrap();
    assert_eq!(next(&mut readiness), 1);
    there.sender().send(b"two").unwrap();
    assert_eq!(here.receiver().try_recv().unwrap().unwrap().to_vec(), b"one");
    assert_eq!(next(&mut readiness), 1, "there is one more");
    assert_eq!(receive_all(here.receiver()), [b"two"]);
    assert_quiet(&mut readiness);
    event.set().unwrap();
    assert_eq!(next(&mut readiness), 0);
    assert_quiet(&mut readiness);
    // What was received without a word does not hide what comes then, also in the next laps of the ring.
    for round in 0..200u32 {
        there.sender().send(&round.to_ne_bytes()).unwrap();
        assert_eq!(here.receiver().recv_value::<u32>().unwrap(), round);
        there.sender().send(b"more").unwrap();
        assert_eq!(next(&mut readiness), 1, "round {round}");
        assert_eq!(receive_all(here.receiver()), [b"more"]);
        assert_eq!(readiness.try_take().unwrap(), None);
    }
    drop(there);
    assert_eq!(next(&mut readiness), 1);
    assert_eq!(kind(here.receiver().try_recv().map(|_| ())), ErrorKind::Closed);
    assert_eq!(next(&mut readiness), 1, "an end is answered for ever");
    assert!(readiness.remove(1));
    assert_quiet(&mut readiness);
}

#[test]
fn a_sender_is_answered_once_there_is_room_again() {
    let (mut here, mut there) = pair(&unique_name("sender"));
    let mut readiness = Readiness::of(&[&*here.sender()]).unwrap();
    assert_quiet(&mut readiness);
    here.sender().send(b"fits").unwrap();
    assert_quiet(&mut readiness);
    for _ in 0..20 {
        fill(here.sender(), &[7; 100]);
        assert_quiet(&mut readiness);
        assert!(!receive_all(there.receiver()).is_empty());
        assert_eq!(next(&mut readiness), 0);
        assert_quiet(&mut readiness);
        assert!(here.sender().try_send(b"again").unwrap());
    }
    drop(there);
    assert_eq!(next(&mut readiness), 0);
    assert_eq!(kind(here.sender().try_send(b"")), ErrorKind::Closed);
}

#[test]
fn readers_of_a_topic_hear_of_messages_and_ends() {
    let text = unique_name("topic");
    let mut publisher = Publisher::create(&name(&text), &topic()).unwrap();
    let mut subscriber = Subscriber::open(&name(&text), &topic()).unwrap();
    let mut viewer = Viewer::open(&name(&text), &topic()).unwrap();
    let mut readiness = Readiness::of(&[&subscriber, &viewer]).unwrap();
    let mut look = |subscriber: &mut Subscriber| {
        let subscribed = std::iter::from_fn(|| subscriber.try_recv().unwrap().map(|it| it.to_vec())).count();
        (subscribed, std::iter::from_fn(|| viewer.try_recv().unwrap()).count())
    };
    assert_quiet(&mut readiness);
    assert_eq!(look(&mut subscriber), (0, 0));
    assert_quiet(&mut readiness);
    for round in 1..50u32 {
        publisher.publish_value(&round).unwrap();
        hear_both(&mut readiness);
        publisher.publish_value(&round).unwrap();
        assert_eq!(look(&mut subscriber), (2, 2), "round {round}");
        assert_eq!(readiness.try_take().unwrap(), None);
    }
    drop(publisher);
    hear_both(&mut readiness);
    assert_eq!(kind(subscriber.try_recv().map(|_| ())), ErrorKind::Closed);
    assert_eq!(kind(viewer.try_recv()), ErrorKind::Closed);
    // Both wait for the next one.
    let in_vain = |subscriber: &mut Subscriber, viewer: &mut Viewer| {
        assert!(subscriber.try_recv().unwrap().is_none() && viewer.try_recv().unwrap().is_none());
    };
    in_vain(&mut subscriber, &mut viewer);
    assert_quiet(&mut readiness);
    let mut publisher = Publisher::create(&name(&text), &topic()).unwrap();
    publisher.publish(b"the next one's").unwrap();
    next(&mut readiness);
    assert_eq!(subscriber.try_recv().unwrap().unwrap().to_vec(), b"the next one's");
}

#[test]
fn a_publisher_is_answered_once_there_is_room_again() {
    let text = unique_name("room");
    let mut publisher = Publisher::create(&name(&text), &topic()).unwrap();
    let mut subscriber = Subscriber::open(&name(&text), &topic()).unwrap();
    let mut readiness = Readiness::of(&[&publisher]).unwrap();
    assert_quiet(&mut readiness);
    for _ in 0..20 {
        while publisher.try_publish(&[1; 300]).unwrap() {}
        assert_eq!(readiness.try_take().unwrap(), None);
        while subscriber.try_recv().unwrap().is_some() {}
        assert_eq!(next(&mut readiness), 0);
        assert!(publisher.try_publish(&[1; 300]).unwrap());
        assert_quiet(&mut readiness);
    }
    // A subscriber that ends makes room, too.
    while publisher.try_publish(&[1; 300]).unwrap() {}
    drop(subscriber);
    assert_eq!(next(&mut readiness), 0);
}

#[test]
fn a_newest_value_is_answered_once() {
    let text = unique_name("newest");
    let mut writer = LatestWriter::<u64>::create(&name(&text), &LatestOptions::new()).unwrap();
    writer.write(&1).unwrap();
    let latest = Latest::<u64>::open(&name(&text), &LatestOptions::new()).unwrap();
    let seen = latest.read().unwrap().unwrap().sequence;
    let mut readiness = Readiness::of(&[&latest.newer_than(seen)]).unwrap();
    assert_quiet(&mut readiness);
    for value in 2..50 {
        writer.write(&value).unwrap();
        assert_eq!(next(&mut readiness), 0);
        assert_eq!(readiness.try_take().unwrap(), None, "once");
        assert_eq!(latest.read().unwrap().unwrap().value, value);
    }
    assert_quiet(&mut readiness);
    let before = latest.newest().unwrap();
    drop(writer);
    assert_eq!(next(&mut readiness), 0);
    assert!(matches!(latest.wait_newer_timeout(before, Duration::ZERO), Ok(Some(Awaited::WriterGone))));
    assert_quiet(&mut readiness);
    // A reader of what it has not read is told at once.
    assert_eq!(next(&mut Readiness::of(&[&latest.newer_than(0)]).unwrap()), 0);
}

#[test]
fn a_listener_is_answered_while_clients_come() {
    const CLIENTS: usize = 30;
    let text = unique_name("listener");
    let mut listener = Listener::bind(&name(&text), &small()).unwrap();
    let mut readiness = Readiness::of(&[&listener]).unwrap();
    assert_quiet(&mut readiness);
    assert!(listener.try_accept().unwrap().is_none());
    assert_quiet(&mut readiness);
    let clients = thread::spawn(move || {
        (0..CLIENTS).map(|_| Channel::connect(&name(&text), &small()).unwrap()).collect::<Vec<_>>()
    });
    let mut channels = Vec::new();
    while channels.len() < CLIENTS {
        assert_eq!(next(&mut readiness), 0);
        // One at a time: a loop may take no more than one.
        channels.extend(listener.try_accept().unwrap());
    }
    let mut clients = clients.join().unwrap();
    clients[CLIENTS - 1].sender().send(b"here").unwrap();
    let arrived = channels.iter_mut().filter_map(|channel| channel.receiver().try_recv().unwrap()).count();
    assert_eq!(arrived, 1);
    while listener.try_accept().unwrap().is_some() {}
    assert_eq!(readiness.try_take().unwrap(), None);
}

/// The seat and the ends of a channel go with it, though a loop still watches it.
#[test]
fn a_channel_that_is_watched_ends_all_the_same() {
    let text = unique_name("watched");
    let mut here = Channel::create(&name(&text), &small()).unwrap();
    for _ in 0..5 {
        let mut there = Channel::connect(&name(&text), &small()).unwrap();
        assert!(here.wait_for_peer_timeout(DEADLINE).unwrap());
        let mut readiness = Readiness::of(&[&*there.receiver()]).unwrap();
        readiness.add(&*there.sender()).unwrap();
        assert_quiet(&mut readiness);
        assert!(receive_all(there.receiver()).is_empty());
        assert_quiet(&mut readiness);
        drop(there);
        assert_eq!(kind(here.receiver().recv().map(|_| ())), ErrorKind::Closed);
        let connecting = thread::spawn({
            let text = text.clone();
            move || Channel::connect(&name(&text), &small()).unwrap()
        });
        assert!(here.wait_for_next_peer_timeout(DEADLINE).unwrap());
        drop(connecting.join().unwrap());
        drop(readiness);
        // The next round's peer.
        let _ = here.try_wait_for_next_peer();
    }
}

/// The next peer of a channel is heard as the one before was, though positions begin anew.
#[test]
fn the_next_peer_is_heard_too() {
    let text = unique_name("next");
    let mut here = Channel::create(&name(&text), &small()).unwrap();
    let mut readiness = Readiness::of(&[&*here.receiver()]).unwrap();
    readiness.add(&*here.sender()).unwrap();
    for round in 0..3 {
        let name = name(&text);
        let connecting = thread::spawn(move || Channel::connect(&name, &small()).unwrap());
        let has_come = match round {
            0 => here.wait_for_peer_timeout(DEADLINE),
            _ => here.wait_for_next_peer_timeout(DEADLINE),
        };
        assert!(has_come.unwrap());
        let mut there = connecting.join().unwrap();
        assert!(here.receiver().try_recv().unwrap().is_none());
        assert_quiet(&mut readiness);
        there.sender().send(b"hello").unwrap();
        assert_eq!(next(&mut readiness), 0);
        assert_eq!(receive_all(here.receiver()), [b"hello"]);
        fill(here.sender(), &[7; 100]);
        assert_quiet(&mut readiness);
        assert!(!receive_all(there.receiver()).is_empty());
        assert_eq!(next(&mut readiness), 1);
        assert_quiet(&mut readiness);
        drop(there);
        hear_both(&mut readiness);
        assert_eq!(kind(here.receiver().try_recv().map(|_| ())), ErrorKind::Closed);
    }
}

/// A killed peer is noticed in time by a loop that only makes `try_` calls, and told as one that died.
#[test]
fn killed_peers_are_told() {
    for round in 0..3 {
        let text = unique_name(&format!("killed-{round}"));
        let mut here = Channel::create(&name(&format!("{text}-c")), &small()).unwrap();
        let child = start("is_every_peer", &[&text]);
        child.expect("ready");
        let options = LatestOptions::new();
        let latest = Latest::<u64>::open(&name(&format!("{text}-n")), &options).unwrap();
        let mut subscriber = Subscriber::open(&name(&format!("{text}-t")), &topic()).unwrap();
        let mut viewer = Viewer::open(&name(&format!("{text}-t")), &topic()).unwrap();
        let newer = latest.newer_than(1);
        let mut readiness = Readiness::of(&[&*here.receiver(), &subscriber, &viewer, &newer]).unwrap();
        let mut told = [false; 4];
        let mut look = |index: usize| match index {
            0 => here.receiver().try_recv().map(|it| it.is_some()),
            1 => subscriber.try_recv().map(|it| it.is_some()),
            2 => viewer.try_recv().map(|it| it.is_some()),
            _ => latest.wait_newer_timeout(1, Duration::ZERO).and_then(|awaited| match awaited {
                Some(Awaited::WriterGone) => Err(samemap::Error::new(ErrorKind::PeerDied, "test")),
                other => Ok(other.is_some()),
            }),
        };
        while let Some(index) = readiness.try_take().unwrap() {
            assert!(look(index).is_ok());
        }
        child.kill();
        let killed = Instant::now();
        while told != [true; 4] {
            let index = next(&mut readiness);
            assert!(killed.elapsed() < NOTICED, "{told:?} after {:?}", killed.elapsed());
            if told[index] && index == 0 {
                assert!(readiness.remove(0));
            } else if let Err(error) = look(index) {
                assert!(error.is(ErrorKind::PeerDied), "{error}");
                told[index] = true;
            }
        }
    }
}

/// One that holds a peer's end of everything until it is killed.
pub fn is_every_peer(arguments: &[String]) {
    let of = |letter: &str| name(&format!("{}-{letter}", arguments[0]));
    let _channel = Channel::connect(&of("c"), &small()).unwrap();
    let mut writer = LatestWriter::<u64>::create(&of("n"), &LatestOptions::new()).unwrap();
    writer.write(&1).unwrap();
    let _publisher = Publisher::create(&of("t"), &topic()).unwrap();
    say("ready");
    panic!("{}", hear());
}

/// A full sender, and a publisher that a subscriber holds back, learn that those were killed.
#[test]
fn killed_readers_are_told() {
    let text = unique_name("killed-readers");
    let mut here = Channel::create(&name(&format!("{text}-c")), &small()).unwrap();
    let mut publisher = Publisher::create(&name(&format!("{text}-t")), &topic()).unwrap();
    let child = start("reads_nothing", &[&text]);
    child.expect("ready");
    let mut readiness = Readiness::of(&[&*here.sender(), &publisher]).unwrap();
    fill(here.sender(), &[1; 100]);
    while publisher.try_publish(&[1; 300]).unwrap() {}
    child.kill();
    let killed = Instant::now();
    let mut left = vec![0, 1];
    while !left.is_empty() {
        let index = next(&mut readiness);
        assert!(killed.elapsed() < NOTICED, "{left:?} after {:?}", killed.elapsed());
        match index {
            0 if kind_of(here.sender().try_send(&[1; 100])) == Some(ErrorKind::PeerDied) => {
                left.retain(|&it| it != 0)
            }
            1 if publisher.try_publish(&[1; 300]).unwrap() => left.retain(|&it| it != 1),
            _ => {}
        }
        if !left.contains(&0) {
            readiness.remove(0);
        }
    }
}

fn kind_of<T>(answer: samemap::Result<T>) -> Option<ErrorKind> {
    answer.err().map(|error| error.kind().clone())
}

pub fn reads_nothing(arguments: &[String]) {
    let of = |letter: &str| name(&format!("{}-{letter}", arguments[0]));
    let _channel = Channel::connect(&of("c"), &small()).unwrap();
    let _subscriber = Subscriber::open(&of("t"), &topic()).unwrap();
    say("ready");
    panic!("{}", hear());
}

/// No message is missed by a loop, whichever moment it comes in.
#[test]
fn no_message_is_slept_over() {
    const MESSAGES: u32 = 5000;
    let (mut here, there) = pair(&unique_name("slept"));
    let (mut sender, _receiver) = there.split();
    let mut readiness = Readiness::of(&[&*here.receiver()]).unwrap();
    let sending = thread::spawn(move || {
        for number in 0..MESSAGES {
            sender.send(&number.to_ne_bytes()).unwrap();
            if number % 7 == 0 {
                thread::sleep(Duration::from_micros(u64::from(number % 11) * 30));
            }
        }
        (sender, _receiver)
    });
    let mut heard = 0;
    while heard < MESSAGES {
        assert_eq!(next(&mut readiness), 0);
        if let Some(message) = here.receiver().try_recv().unwrap() {
            assert_eq!(message.value::<u32>().unwrap(), heard);
            drop(message);
            heard += 1;
        }
    }
    let _both = sending.join().unwrap();
}

pub fn small() -> ChannelOptions {
    ChannelOptions::new().capacity(512).patience(DEADLINE)
}

pub fn pair(text: &str) -> (Channel, Channel) {
    let mut here = Channel::create(&name(text), &small()).unwrap();
    let there = Channel::connect(&name(text), &small()).unwrap();
    assert!(here.wait_for_peer_timeout(DEADLINE).unwrap());
    (here, there)
}
