//! Torn messages, which nobody sees.

use crate::common::*;

/// A process that publishes as fast as it can, beside readers that look at every byte.
#[test]
fn no_reader_sees_a_torn_message() {
    let seconds = number("SAMEMAP_TORN_SECONDS", 3);
    let text = unique_name("torn");
    let writer = start("publish", &[&text]);
    writer.expect("publishing");
    let deadline = Instant::now() + Duration::from_secs(seconds);
    std::thread::scope(|scope| {
        let viewers: Vec<_> = (0..2).map(|_| scope.spawn(|| view_until(&text, deadline))).collect();
        // It comes and goes, and the publisher waits for it only while it is there.
        let coming = scope.spawn(|| come_and_go(&text, deadline));
        for viewer in viewers {
            let (read, missed, newest) = viewer.join().unwrap();
            println!("viewed {read}, missed {missed}, of {newest}");
            assert!(read > 1000, "{read} of {newest}");
        }
        println!("subscribed {} times", coming.join().unwrap());
    });
    writer.kill();
    drop(publisher(&text));
    assert_no_topic(&text);
}

fn view_until(text: &str, deadline: Instant) -> (u64, u64, u64) {
    let mut viewer = viewer(text);
    let begun = viewer.position();
    let (mut read, mut missed, mut newest) = (0, 0, 0);
    let mut bytes = Vec::new();
    while Instant::now() < deadline {
        match viewer.recv_into(&mut bytes) {
            Ok(viewed) => {
                check(viewed.sequence, &bytes);
                assert!(viewed.sequence > newest);
                (read, missed, newest) = (read + 1, missed + viewed.missed, viewed.sequence);
                assert_eq!(begun + read + missed, newest + 1, "each is read or told to be missed");
            }
            Err(error) => assert!(error.is(ErrorKind::Contended), "{error}"),
        }
    }
    (read, missed, newest)
}

fn come_and_go(text: &str, deadline: Instant) -> u64 {
    let mut random = Random::new();
    let mut times = 0;
    while Instant::now() < deadline {
        let options = small().history(random.below(40));
        let mut subscriber = match Subscriber::open(&name(text), &options) {
            Ok(subscriber) => subscriber,
            Err(error) if error.is(ErrorKind::Contended) => continue,
            Err(error) => panic!("{error}"),
        };
        let first = subscriber.position();
        for sequence in first..first + random.below(300) {
            assert_eq!(take(&mut subscriber), Ok(sequence));
        }
        times += 1;
    }
    times
}

pub fn publish(arguments: &[String]) {
    let mut publisher = publisher(&arguments[0]);
    say("publishing");
    loop {
        publish_next(&mut publisher);
    }
}
