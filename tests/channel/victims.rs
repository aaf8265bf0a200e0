//! Peers and listeners that are killed at random moments.

use crate::common::*;

/// A peer that does one thing for ever, to be killed at it.
pub fn victim(arguments: &[String]) {
    let (what, name) = (arguments[0].as_str(), name(&arguments[1]));
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
                if channel.wait_for_peer_timeout(PATIENCE).unwrap() {
                    while channel.receiver().recv().is_ok() && channel.sender().send(b"answer").is_ok() {}
                    let _ = channel.wait_for_next_peer();
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
    let mut random = Random::new();
    for round in 0..number("SAMEMAP_CHANNEL_KILLS", 24) {
        let what = ["connecting", "sending", "slots", "batches", "receiving", "asleep"][random.index(6)];
        let victim = start("victim", &[what, &text]);
        assert!(channel.wait_for_peer_timeout(PATIENCE).unwrap(), "round {round}: {what}");
        let delay = Duration::from_micros(random.below(4000));
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
        assert!(!channel.try_wait_for_next_peer().unwrap());
    }
    drop(channel);
    assert_nothing_left(&text);
}

#[test]
fn listeners_are_killed_at_random() {
    let mut random = Random::new();
    for _ in 0..number("SAMEMAP_CHANNEL_KILLS", 8) {
        let text = unique_name("killed-listener");
        let listener = start("victim", &["listening", &text]);
        listener.expect("made");
        let delay = Duration::from_micros(random.below(3000));
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
                        assert!(error.is(ErrorKind::PeerDied));
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
        assert!(!again.try_wait_for_peer().unwrap());
        drop(again);
        assert_nothing_left(&text);
    }
}
