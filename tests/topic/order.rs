//! Every message, whole and in order, to every subscriber; and what the calls answer.

use crate::common::*;

const MESSAGES: u64 = 20_000;

#[test]
fn every_message_reaches_every_process() {
    let text = unique_name("topic");
    let mut publisher = publisher(&text);
    let mut readers: Vec<Program> = (0..3).map(|_| start("subscribe", &[&text])).collect();
    readers.extend((0..2).map(|_| start("view", &[&text])));
    readers.iter().for_each(|reader| reader.expect("ready"));
    for sequence in 1..=MESSAGES {
        let message = message_of(sequence);
        match sequence % 4 {
            0 => publisher.publish(&message).unwrap(),
            1 => {
                let mut slot = publisher.reserve(message.len() + 10).unwrap();
                slot.write(0, &message).unwrap();
                assert_eq!(slot.commit_len(message.len()).unwrap(), sequence);
            }
            2 => while !publisher.try_publish(&message).unwrap() {},
            _ => assert!(publisher.publish_timeout(&message, DEADLINE).unwrap()),
        }
    }
    assert_eq!(publisher.newest(), MESSAGES);
    drop(publisher);
    for reader in readers {
        let told = reader.hear();
        println!("{told}");
        assert!(told.starts_with("read "), "{told}");
        reader.finish();
    }
    assert_no_topic(&text);
}

pub fn subscribe(arguments: &[String]) {
    let mut subscriber = subscriber(&arguments[0]);
    say("ready");
    for sequence in 1..=MESSAGES {
        assert_eq!(take(&mut subscriber), Ok(sequence));
    }
    assert_eq!(take(&mut subscriber), Err(ErrorKind::Closed));
    say("read all");
}

/// A viewer is told of all that it misses.
pub fn view(arguments: &[String]) {
    let mut viewer = viewer(&arguments[0]);
    say("ready");
    let (mut read, mut missed) = (0, 0);
    let error = loop {
        match viewer.recv() {
            Ok(viewed) => {
                check(viewed.sequence, &viewed.value);
                (read, missed) = (read + 1, missed + viewed.missed);
                assert_eq!(viewed.sequence, read + missed);
            }
            Err(error) if error.is(ErrorKind::Contended) => {}
            Err(error) => break error,
        }
    };
    assert!(error.is(ErrorKind::Closed), "{error}");
    // The last ones are kept.
    assert_eq!(read + missed, MESSAGES);
    say(&format!("read {read}, missed {missed}"));
}

#[test]
fn a_publisher_is_told_no_or_waits_its_time_when_a_subscriber_is_slow() {
    let text = unique_name("slow");
    let mut publisher = publisher(&text);
    let mut slow = subscriber(&text);
    let mut viewer = viewer(&text);
    while publisher.try_publish(&message_of(publisher.newest() + 1)).unwrap() {}
    let next = message_of(publisher.newest() + 1);
    let begin = Instant::now();
    assert!(!publisher.publish_timeout(&next, Duration::from_millis(30)).unwrap());
    assert!(begin.elapsed() >= Duration::from_millis(30));
    assert!(publisher.try_reserve(next.len()).unwrap().is_none());
    let [laggard] = publisher.laggards().unwrap()[..] else { panic!("one") };
    assert_eq!((laggard.process_id(), laggard.position()), (std::process::id(), 1));
    assert_eq!(laggard.behind(), publisher.newest());
    assert_eq!(viewer.recv().unwrap().sequence, 1, "viewers change nothing");
    let newest = publisher.newest();
    (1..=newest).for_each(|sequence| assert_eq!(take(&mut slow), Ok(sequence)));
    assert!(slow.try_recv().unwrap().is_none());
    assert!(publisher.try_publish(&next).unwrap());
    assert!(publisher.laggards().unwrap().is_empty());
    assert_eq!(take(&mut slow), Ok(newest + 1));
}

#[test]
fn history_is_as_much_as_is_kept() {
    let text = unique_name("history");
    let mut publisher = publisher(&text);
    (0..1000).for_each(|_| publish_next(&mut publisher));
    let (oldest, newest) = (publisher.oldest(), publisher.newest());
    assert!(oldest > 1 && newest == 1000);
    let begin = |history| {
        let options = small().history(history);
        let subscriber = Subscriber::open(&name(&text), &options).unwrap();
        assert_eq!(Viewer::open(&name(&text), &options).unwrap().position(), subscriber.position());
        subscriber
    };
    assert_eq!(begin(0).position(), 1001);
    assert_eq!(begin(3).position(), 998);
    let mut all = begin(u64::MAX);
    assert_eq!(all.position(), oldest);
    (oldest..=newest).for_each(|sequence| assert_eq!(take(&mut all), Ok(sequence)));
}

/// By the formulas that the options document.
#[test]
fn the_longest_message_and_what_is_kept_follow_from_the_capacity() {
    for (len, count) in [(1, 3), (64, 9), (1000, 2), (100_000, 7)] {
        let text = unique_name("formula");
        let options = TopicOptions::new().for_messages_of(len, count);
        let mut publisher = Publisher::create(&name(&text), &options).unwrap();
        assert!(publisher.max_message() >= len);
        for _ in 0..5 * count {
            publisher.publish(&vec![7; len]).unwrap();
            let mut slot = publisher.reserve(len).unwrap();
            slot.put(0, &8_u8).unwrap();
            drop(slot);
            assert!(publisher.newest() + 1 - publisher.oldest() >= (count as u64).min(publisher.newest()));
        }
        let long = vec![0; publisher.max_message() + 1];
        assert!(matches!(kind(publisher.publish(&long)), ErrorKind::TooLong { .. }));
        publisher.publish(&long[1..]).unwrap();
    }
}

#[test]
fn values_pass_and_other_lengths_are_told() {
    let text = unique_name("values");
    let mut publisher = publisher(&text);
    let (mut subscriber, mut viewer) = (subscriber(&text), viewer(&text));
    publisher.publish_value(&[1.5_f64, 2.5]).unwrap();
    assert_eq!(subscriber.recv_value::<[f64; 2]>().unwrap(), [1.5, 2.5]);
    let viewed = viewer.recv_value::<[f64; 2]>().unwrap();
    assert_eq!((viewed.sequence, viewed.missed, viewed.value), (1, 0, [1.5, 2.5]));
    publisher.publish(b"").unwrap();
    assert_eq!(kind(subscriber.recv_value::<u8>()), ErrorKind::InvalidArgument);
    assert_eq!(kind(viewer.recv_value::<u8>()), ErrorKind::InvalidArgument);
    publisher.publish(b"four").unwrap();
    assert!(matches!(kind(subscriber.recv_into(&mut [0; 3])), ErrorKind::TooLong { .. }));
    let mut into = [0; 9];
    assert_eq!(subscriber.recv_into(&mut into).unwrap(), 4, "it is still there");
    assert_eq!(&into[..4], b"four");
    assert!(subscriber.try_recv().unwrap().is_none());
    publisher.publish(b"kept").unwrap();
    let message = subscriber.recv().unwrap();
    assert!(message.sequence() == 4 && message.len() == 4 && !message.is_empty());
    assert_eq!(message.bytes().as_ptr() as usize % 64, 0);
    message.finish().unwrap();
    assert_eq!(viewer.recv().unwrap().value, b"four");
    assert_eq!(viewer.try_recv_with(|bytes| bytes.len()).unwrap().unwrap().value, 4);
    assert!(viewer.try_recv().unwrap().is_none());
}

#[test]
fn places_are_as_many_as_were_made_and_one_that_is_left_is_free() {
    let text = unique_name("places");
    let options = TopicOptions::new().capacity(4096).subscribers(2);
    let mut publisher = Publisher::create(&name(&text), &options).unwrap();
    let open = || Subscriber::open(&name(&text), &options);
    let (first, mut second) = (open().unwrap(), open().unwrap());
    assert_eq!(kind(open()), ErrorKind::Busy);
    Viewer::open(&name(&text), &options).expect("viewers need no place");
    drop(first);
    let third = open().expect("a place");
    for sequence in 1..=200 {
        publisher.publish_value(&sequence).unwrap();
        assert_eq!(second.recv_value::<u64>().unwrap(), sequence);
        if sequence == 40 {
            // Not at all in the way: it leaves what it has not read.
            break;
        }
    }
    drop(third);
    for sequence in 41..=200 {
        publisher.publish_value(&sequence).unwrap();
        assert_eq!(second.recv_value::<u64>().unwrap(), sequence);
    }
}

#[test]
fn a_topic_is_for_one_publisher_and_one_kind_of_message() {
    let text = unique_name("one");
    let first = publisher(&text);
    assert_eq!(kind(Publisher::create(&name(&text), &small())), ErrorKind::Busy);
    assert_eq!(kind(Subscriber::open(&name(&text), &small().version(2))), ErrorKind::LayoutMismatch);
    let keeper = viewer(&text);
    drop(first);
    assert_eq!(kind(Publisher::create(&name(&text), &small().subscribers(9))), ErrorKind::LayoutMismatch);
    assert_eq!(publisher(&text).newest(), 0);
    drop(keeper);
    assert_no_topic(&text);
    assert_eq!(kind(Subscriber::open(&name(&text), &small())), ErrorKind::NotFound);
    for options in [small().capacity(usize::MAX), small().subscribers(5000)] {
        assert_eq!(kind(Publisher::create(&name(&text), &options)), ErrorKind::InvalidArgument);
    }
}
