//! Deaths in the middle of a ring.

use super::common::*;

/// Words of the listener's doorbells, as `src/channel/layout.rs` says: the one that it receives at, and the one that it
/// sends at.
const RECEIVES_AT: usize = 1536 + 256 + 8;
const SENDS_AT: usize = 1024 + 384 + 8;

static DIES_AT: OnceLock<String> = OnceLock::new();

/// A peer that is killed at a point of its own doorbells.
pub fn dies_at(arguments: &[String]) {
    let mut channel = peer(arguments);
    let view = channel.region().view(.., Access::ReadWrite).expect("a view");
    let asleep = |at: usize| while view.atomic_u32(at).expect("in range").load(Ordering::Acquire) != 1 {};
    DIES_AT.set(arguments[2].clone()).expect("set once");
    let die = |point: &'static str| {
        if DIES_AT.get().is_some_and(|wanted| wanted == point) {
            // SAFETY: a signal to this process itself.
            unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
        }
    };
    match arguments[1].as_str() {
        "receives" => {
            samemap_platform::internal::testing::at_stop_points(die);
            drop(channel.receiver().recv());
        }
        "fills" => {
            samemap_platform::internal::testing::at_stop_points(die);
            for number in 0..u64::MAX {
                channel.sender().send_value(&number).expect("open");
            }
        }
        "sends" => {
            asleep(RECEIVES_AT);
            samemap_platform::internal::testing::at_stop_points(die);
            channel.sender().send_value(&0_u64).expect("open");
        }
        "frees" => {
            asleep(SENDS_AT);
            samemap_platform::internal::testing::at_stop_points(die);
            drop(channel.receiver().recv().expect("open"));
        }
        other => panic!("{other}"),
    }
    panic!("it was to be killed");
}

/// Between saying that one sleeps and sleeping, and between taking that back and waking the sleeper.
#[test]
fn who_is_killed_at_a_doorbell_takes_nobody_along() {
    for (what, point) in [
        ("receives", "bell: announced"),
        ("fills", "bell: announced"),
        ("sends", "bell: about to wake"),
        ("frees", "bell: about to wake"),
    ] {
        let name = unique_name("bell");
        let sleeps = options().spin(Spin::Never);
        let mut channel = Channel::create(&name, &sleeps).expect("a free name");
        let mut child = Start::role("dies_at").argument(&name).argument(what).argument(point).start();
        assert!(channel.wait_for_peer_timeout(PATIENCE).expect("a peer"));
        if what == "fills" {
            // Nobody makes room for it.
            child.wait();
        }
        let mut received = 0;
        let end = loop {
            let answer = match what {
                "frees" => channel.sender().send_timeout(&[0; 1000], PATIENCE).map(|sent| assert!(sent)),
                _ => channel.receiver().recv_timeout(PATIENCE).map(|message| {
                    let message = message.expect("a message or an end in time");
                    assert_eq!(message.value::<u64>().expect("a number"), received);
                    received += 1;
                }),
            };
            if let Err(error) = answer {
                break error.kind().clone();
            }
        };
        assert_eq!(end, ErrorKind::PeerDied, "{what}");
        let sent = [("sends", 1), ("fills", (4096 - 8) / 16)].into_iter().find(|(which, _)| *which == what);
        assert_eq!(received, sent.map_or(0, |(_, count)| count), "{what}: what was sent is read");
        let status = child.wait();
        assert_eq!(status.signal(), Some(libc::SIGKILL), "{what}: {}", child.words());
        // The next one finds a bell that says what the dead one has left there.
        assert!(!channel.try_wait_for_next_peer().expect("the seat is free"));
        let mut next = Channel::connect(&name, &sleeps).expect("it listens");
        assert!(channel.wait_for_peer_timeout(PATIENCE).expect("a peer"));
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..200_u64 {
                    assert_eq!(next.receiver().recv_value::<u64>().expect("open"), number);
                    next.sender().send_value(&number).expect("open");
                }
            });
            for number in 0..200_u64 {
                channel.sender().send_value(&number).expect("open");
                assert_eq!(channel.receiver().recv_value::<u64>().expect("open"), number);
            }
        });
        drop((channel, next));
        assert_nothing_left(&name);
    }
}
