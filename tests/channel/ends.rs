//! Ends in order, and the death of a peer.

use crate::common::*;

/// Sends so many numbers and then does nothing, until it is killed.
pub fn send_and_hang(arguments: &[String]) {
    let mut channel = connected(arguments);
    for number in 0..arguments[1].parse().expect("a number") {
        channel.sender().send_value::<u32>(&number).expect("room");
    }
    say("sent");
    hang();
}

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
    here.receiver().wait().expect("an end is news");
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
        let peer = start("send_and_hang", &[&text, "20"]);
        assert!(channel.wait_for_peer_timeout(PATIENCE).unwrap());
        peer.expect("sent");
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
        assert!(!channel.try_wait_for_next_peer().unwrap(), "nobody has come yet");
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
    let peer = start("send_and_hang", &[&text, "0"]);
    assert!(channel.wait_for_peer_timeout(PATIENCE).unwrap());
    peer.expect("sent");
    assert!(channel.receiver().recv_timeout(Duration::from_millis(1)).unwrap().is_none());
    peer.kill();
    while channel.sender().try_send(&[0; 100]).unwrap() {}
    let short = Duration::from_millis(1);
    assert_eq!(kind(channel.receiver().recv_timeout(short).map(drop)), ErrorKind::PeerDied);
    assert_eq!(kind(channel.sender().send_timeout(&[0; 100], short)), ErrorKind::PeerDied);
    assert_eq!(Receiver::try_wait_any(&mut [channel.receiver()]).unwrap(), Some(0));
}

/// It was found out once: nobody sleeps on a bell that will not be rung.
#[test]
fn a_known_death_is_told_at_once() {
    let text = unique_name("told");
    let mut channel = Channel::create(&name(&text), &options(256)).unwrap();
    let peer = start("send_and_hang", &[&text, "0"]);
    peer.expect("sent");
    peer.kill();
    assert_eq!(kind(channel.receiver().recv().map(drop)), ErrorKind::PeerDied);
    while channel.sender().try_send(&[0; 100]).unwrap_or(false) {}
    in_time(move || {
        // Each of these would sleep for 80 ms.
        for _ in 0..1000 {
            assert_eq!(kind(channel.receiver().recv().map(drop)), ErrorKind::PeerDied);
            assert_eq!(kind(channel.sender().send(&[0; 100])), ErrorKind::PeerDied);
            assert_eq!(kind(channel.sender().try_send(&[0; 100])), ErrorKind::PeerDied);
        }
    });
}

/// With a spin that never ends, too.
#[test]
fn who_spins_for_ever_learns_of_a_death() {
    let text = unique_name("spun");
    let options = options(4096).spin(Spin::For(Duration::MAX));
    let mut channel = Channel::create(&name(&text), &options).unwrap();
    let peer = start("send_and_hang", &[&text, "0"]);
    peer.expect("sent");
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
        let peer = start("send_and_hang", &[&text, "1"]);
        assert_eq!(channel.receiver().recv_value::<u32>().unwrap(), 0);
        peer.kill();
        assert_eq!(kind(channel.receiver().recv().map(drop)), ErrorKind::PeerDied);
        assert!(!channel.try_wait_for_next_peer().unwrap());
    }
}

/// A listener that is told `Closed` can turn to the next peer at once, though the one before is still on its way out.
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
    assert!(channel.wait_for_peer_timeout(PATIENCE).unwrap());
    for number in 0..200_u32 {
        assert_eq!(channel.receiver().recv_value::<u32>().unwrap(), number);
        channel.sender().send_value(&number).unwrap();
        assert_eq!(kind(channel.receiver().recv().map(drop)), ErrorKind::Closed);
        if number < 199 {
            assert!(channel.wait_for_next_peer_timeout(PATIENCE).unwrap(), "{number}");
        }
    }
    peers.join().unwrap();
}
