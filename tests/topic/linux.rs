//! Stops, forks and kills at every point that matters, on Linux.

use samemap_platform::internal::testing::at_stop_points;

use crate::common::*;
use crate::support::part::Part;
use crate::support::wait_until;

pub const PARTS: [Part; 3] =
    [("dies_publishing", dies_publishing), ("dies_joining", dies_joining), ("forks", forks)];

/// Where the next kill is due: a point's name, and how often it is passed before.
static DUE: std::sync::Mutex<Option<(String, u64)>> = std::sync::Mutex::new(None);

fn die_at(arguments: &[String]) {
    *DUE.lock().unwrap() = Some((arguments[1].clone(), arguments[2].parse().unwrap()));
    at_stop_points(|point| {
        let mut due = DUE.lock().unwrap();
        let Some((name, left)) = due.as_mut() else { return };
        if name == point {
            if *left == 0 {
                // SAFETY: ends this process.
                unsafe { libc::raise(libc::SIGKILL) };
            }
            *left -= 1;
        }
    });
}

#[test]
fn a_publisher_that_is_killed_at_each_point_is_followed() {
    let text = unique_name("points");
    let mut first = publisher(&text);
    publish_next(&mut first);
    let mut keeps_up = subscriber(&text);
    drop(first);
    assert_eq!(take(&mut keeps_up), Err(ErrorKind::Closed));
    let mut next = 2;
    for point in ["topic: forgotten", "topic: about to publish", "bell: about to wake"] {
        for times in [0, 1, 30] {
            let mut dead = start("dies_publishing", &[&text, point, &times.to_string()]);
            while let Ok(sequence) = take(&mut keeps_up) {
                assert_eq!(sequence, next, "{point} {times}");
                next += 1;
            }
            assert!(!dead.wait().success());
            let mut follower = publisher(&text);
            assert_eq!(follower.newest(), next - 1);
            // What is kept is whole.
            let mut all = Subscriber::open(&name(&text), &small().history(u64::MAX)).unwrap();
            (all.position()..next).for_each(|sequence| assert_eq!(take(&mut all), Ok(sequence)));
            publish_next(&mut follower);
            assert_eq!(take(&mut keeps_up), Ok(next));
            next += 1;
            drop(follower);
            assert_eq!(take(&mut keeps_up), Err(ErrorKind::Closed));
        }
    }
}

fn dies_publishing(arguments: &[String]) {
    let mut publisher = publisher(&arguments[0]);
    die_at(arguments);
    loop {
        publish_next(&mut publisher);
        // The readers sleep now and then, so that they are woken.
        std::thread::sleep(Duration::from_micros(200));
    }
}

#[test]
fn a_subscriber_that_is_killed_while_it_joins_holds_nobody_back() {
    let text = unique_name("joining");
    let mut publisher = publisher(&text);
    (0..100).for_each(|_| publish_next(&mut publisher));
    for _ in 0..20 {
        let mut dead = start("dies_joining", &[&text, "topic: joined", "0"]);
        assert!(!dead.wait().success());
        (0..200).for_each(|_| publish_next(&mut publisher));
    }
    let all: Vec<Subscriber> = (0..8).map(|_| subscriber(&text)).collect();
    drop(all);
}

fn dies_joining(arguments: &[String]) {
    die_at(arguments);
    drop(Subscriber::open(&name(&arguments[0]), &small().history(u64::MAX)));
}

/// Here the publisher waits for ever, and then it throws the subscriber out.
#[test]
fn a_stopped_subscriber_holds_the_publisher_back_as_long_as_that_says() {
    let text = unique_name("stopped");
    let mut publisher = publisher(&text);
    let stopped = start("holds_one", &[&text]);
    stopped.expect("subscribed");
    publish_next(&mut publisher);
    stopped.expect("holding");
    stopped.signal("STOP");
    while publisher.try_publish(&[1; 700]).unwrap() {}
    assert!(!publisher.publish_timeout(&[1; 700], Duration::from_millis(300)).unwrap(), "it waits for it");
    let laggards = publisher.laggards().unwrap();
    assert_eq!((laggards.len(), laggards[0].process_id()), (1, stopped.id()));
    assert!(publisher.throw_out(&laggards[0]));
    (0..300).for_each(|_| publisher.publish(&[1; 700]).unwrap());
    // It has ended: nothing of it is left.
    stopped.kill();
    wait_until("what was pinned is free", || {
        publisher.publish(&[1; 700]).unwrap();
        let _ = publisher.try_reserve(publisher.max_message()).unwrap();
        publisher.laggards().unwrap().is_empty()
    });
}

#[test]
fn a_forked_childs_copies_do_nothing() {
    let text = unique_name("forked");
    start("forks", &[&text]).finish().assert_success();
}

fn forks(arguments: &[String]) {
    let text = &arguments[0];
    let mut both = Some((publisher(text), subscriber(text)));
    both.as_mut().unwrap().0.publish(b"one").unwrap();
    let child = linux::forked::fork(|| {
        let (mut publisher, mut subscriber) = both.take().expect("both");
        assert_eq!(kind(publisher.publish(b"two")), ErrorKind::Unsupported);
        assert_eq!(kind(subscriber.recv().map(drop)), ErrorKind::Unsupported);
        assert_eq!(kind(subscriber.wait()), ErrorKind::Unsupported);
        drop((publisher, subscriber));
        let mut viewer = Viewer::open(&name(text), &small().history(1)).unwrap();
        assert_eq!(viewer.recv().unwrap().value, b"one");
    });
    child.finish();
    let (mut publisher, mut subscriber) = both.expect("the parent's own");
    publisher.publish(b"two").unwrap();
    assert_eq!(subscriber.recv().unwrap().to_vec(), b"one");
    assert_eq!(subscriber.recv().unwrap().to_vec(), b"two");
}
