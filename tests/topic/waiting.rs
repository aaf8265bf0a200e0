//! Waiting: for messages, for room, and for the publisher's end.

use std::thread;

use samemap::topic;

use crate::common::*;

/// Longer than any wait may take that is woken.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn sleepers_are_woken_by_a_message_and_by_an_end() {
    let text = unique_name("asleep");
    let options = small().spin(samemap::channel::Spin::Never);
    let mut publisher = publisher(&text);
    thread::scope(|scope| {
        let subscribe = || {
            let mut subscriber = Subscriber::open(&name(&text), &options).unwrap();
            move || {
                assert_eq!(take(&mut subscriber), Ok(1));
                subscriber.wait().unwrap();
                assert_eq!(take(&mut subscriber), Err(ErrorKind::Closed));
                assert!(!subscriber.wait_timeout(Duration::from_millis(10)).unwrap(), "told once");
            }
        };
        let view = || {
            let mut viewer = Viewer::open(&name(&text), &options).unwrap();
            move || {
                assert!(viewer.wait_timeout(SOON).unwrap());
                assert_eq!(viewer.recv().unwrap().sequence, 1);
                assert_eq!(kind(viewer.recv()), ErrorKind::Closed);
                assert!(!viewer.try_wait().unwrap(), "told once");
            }
        };
        let sleepers = [scope.spawn(subscribe()), scope.spawn(subscribe())];
        let viewer = scope.spawn(view());
        thread::sleep(Duration::from_millis(20));
        publish_next(&mut publisher);
        thread::sleep(Duration::from_millis(20));
        drop(publisher);
        sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
        viewer.join().unwrap();
    });
}

#[test]
fn a_publisher_that_waits_is_woken_by_room() {
    let text = unique_name("room");
    let mut publisher = publisher(&text);
    let mut slow = subscriber(&text);
    while publisher.try_publish(&[1; 900]).unwrap() {}
    thread::scope(|scope| {
        let taking = scope.spawn(move || {
            thread::sleep(Duration::from_millis(20));
            for _ in 0..100 {
                slow.recv().unwrap();
            }
        });
        (0..100).for_each(|_| publisher.publish(&[1; 900]).unwrap());
        taking.join().unwrap();
    });
}

#[test]
fn timeouts_are_kept() {
    let text = unique_name("timeouts");
    let mut publisher = publisher(&text);
    let (mut subscriber, mut viewer) = (subscriber(&text), viewer(&text));
    let short = Duration::from_millis(120);
    for call in [0, 1, 2, 3, 4] {
        let begin = Instant::now();
        match call {
            0 => assert!(subscriber.recv_timeout(short).unwrap().is_none()),
            1 => assert!(!subscriber.wait_timeout(short).unwrap()),
            2 => assert!(viewer.recv_timeout(short).unwrap().is_none()),
            3 => assert!(viewer.recv_with_timeout(short, |_| ()).unwrap().is_none()),
            _ => {
                while publisher.try_publish(&[0; 100]).unwrap() {}
                assert!(publisher.reserve_timeout(100, short).unwrap().is_none());
            }
        }
        assert!(begin.elapsed() >= short && begin.elapsed() < SOON, "call {call}: {:?}", begin.elapsed());
    }
    assert!(subscriber.try_wait().unwrap() && viewer.try_wait().unwrap());
}

#[test]
fn several_readers_are_waited_for_at_once() {
    let [first, second] = ["any-1", "any-2"].map(unique_name);
    let mut publishers = [publisher(&first), publisher(&second)];
    let (mut subscriber, mut viewer) = (subscriber(&first), viewer(&second));
    assert_eq!(topic::try_wait_any(&[&subscriber, &viewer]).unwrap(), None);
    let begin = Instant::now();
    let short = Duration::from_millis(30);
    assert_eq!(topic::wait_any_timeout(&[&subscriber, &viewer], short).unwrap(), None);
    assert!(begin.elapsed() >= short);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(20));
            publish_next(&mut publishers[1]);
        });
        assert_eq!(topic::wait_any(&[&subscriber, &viewer]).unwrap(), 1);
    });
    publish_next(&mut publishers[0]);
    assert_eq!(topic::wait_any(&[&viewer, &subscriber]).unwrap(), 0);
    assert_eq!(topic::wait_any(&[&subscriber, &viewer]).unwrap(), 0);
    assert_eq!((take(&mut subscriber), viewer.recv().unwrap().sequence), (Ok(1), 1));
    drop(publishers);
    assert_eq!(topic::wait_any(&[&viewer]).unwrap(), 0);
    assert_eq!(kind(viewer.recv()), ErrorKind::Closed);
    assert_eq!(topic::try_wait_any(&[&viewer]).unwrap(), None, "told once");
    assert_eq!(kind(topic::wait_any(&[])), ErrorKind::InvalidArgument);
}

/// A viewer with a view of the data alone looks each millisecond, and is told of an end in order.
#[test]
fn a_viewer_of_the_data_alone_is_served_too() {
    let options = small();
    let (data_len, lobby_len) = options.bytes_needed().unwrap();
    let regions = [data_len, lobby_len].map(|len| Region::anonymous(&CreateOptions::new(len)).unwrap());
    let [data, lobby] = regions.each_ref().map(|region| region.view(.., Access::ReadWrite).unwrap());
    let mut publisher = Publisher::at(&data, &lobby, &options).unwrap();
    let read_only = regions[0].view(.., Access::ReadOnly).unwrap();
    let mut viewer = Viewer::at(&read_only, None, &options).unwrap();
    assert!(!viewer.is_woken());
    thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(Duration::from_millis(20));
            publish_next(&mut publisher);
        });
        assert_eq!(viewer.recv().unwrap().sequence, 1);
        assert_eq!(kind(viewer.recv()), ErrorKind::Closed);
    });
    assert!(viewer.recv_timeout(Duration::from_millis(5)).unwrap().is_none(), "told once");
    let mut next = Publisher::at(&data, &lobby, &options).unwrap();
    let mut subscriber = Subscriber::at(&read_only, &lobby, &options).unwrap();
    publish_next(&mut next);
    assert_eq!(viewer.recv().unwrap().sequence, 2);
    assert_eq!(take(&mut subscriber), Ok(2));
}
