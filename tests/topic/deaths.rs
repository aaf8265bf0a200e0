//! Publishers and subscribers that are killed.

use crate::common::*;

/// What a wait may take that a death ends: 100 ms, and what a busy machine adds.
const TOLD_WITHIN: Duration = Duration::from_millis(1000);

fn kills() -> u64 {
    number("SAMEMAP_KILLS", 30)
}

/// Publishers are killed at any moment. What they published is there, whole, and the next publisher goes on behind it.
#[test]
fn a_killed_publisher_leaves_every_message_that_is_kept() {
    let text = unique_name("killed-publishers");
    let mut first = publisher(&text);
    publish_next(&mut first);
    let mut keeps_up = subscriber(&text);
    let mut may_miss = viewer(&text);
    drop(first);
    assert_eq!(take(&mut keeps_up), Err(ErrorKind::Closed));
    assert_eq!(kind(may_miss.recv()), ErrorKind::Closed);
    let mut random = Random::new();
    let mut next = 2;
    for round in 0..kills() {
        let mortal = start("mortal_publisher", &[&text]);
        mortal.expect("publishing");
        let moment = Instant::now() + Duration::from_micros(random.below(3000));
        while Instant::now() < moment {
            if keeps_up.try_recv().unwrap().is_some() {
                next += 1;
            }
        }
        mortal.kill();
        loop {
            match take(&mut keeps_up) {
                Ok(sequence) => {
                    assert_eq!(sequence, next, "round {round}");
                    next += 1;
                }
                Err(kind) => {
                    assert_eq!(kind, ErrorKind::PeerDied);
                    break;
                }
            }
        }
        let end = loop {
            match may_miss.recv() {
                Ok(viewed) => check(viewed.sequence, &viewed.value),
                Err(error) if error.is(ErrorKind::Contended) => {}
                Err(error) => break error,
            }
        };
        assert!(end.is(ErrorKind::PeerDied), "{end}");
        assert!(
            end.to_string().contains("ended without closing"),
            "the text tells a kill from an end: {end}"
        );
        assert_eq!(may_miss.position(), next);
        let mut all = Subscriber::open(&name(&text), &small().history(u64::MAX)).unwrap();
        for sequence in all.position()..next {
            assert_eq!(take(&mut all), Ok(sequence), "what is kept is whole");
        }
    }
    assert!(next > kills(), "each published");
    assert_eq!(publisher(&text).newest(), next - 1);
}

pub fn mortal_publisher(arguments: &[String]) {
    let mut publisher = publisher(&arguments[0]);
    publish_next(&mut publisher);
    say("publishing");
    loop {
        publish_next(&mut publisher);
    }
}

/// Subscribers are killed at any moment, many while they are lent a message. The publisher goes on, and so do the others.
#[test]
fn a_killed_subscriber_holds_nobody_back() {
    let text = unique_name("killed-subscribers");
    let mut publisher = publisher(&text);
    let mut keeps_up = subscriber(&text);
    let mut random = Random::new();
    let mut longest = Duration::ZERO;
    for _ in 0..kills() {
        let mortals = ["receives", "holds", "joins"].map(|what| start("mortal_subscriber", &[&text, what]));
        mortals.iter().for_each(|mortal| mortal.expect("subscribed"));
        let moment = Instant::now() + Duration::from_micros(random.below(3000));
        while Instant::now() < moment {
            if publisher.try_publish(&message_of(publisher.newest() + 1)).unwrap() {
                assert_eq!(take(&mut keeps_up), Ok(publisher.newest()));
            }
        }
        mortals.into_iter().for_each(Program::kill);
        for _ in 0..100 {
            let begin = Instant::now();
            publish_next(&mut publisher);
            longest = longest.max(begin.elapsed());
            assert_eq!(take(&mut keeps_up), Ok(publisher.newest()));
        }
    }
    println!("a publisher waited {longest:?} at most");
    assert!(longest < TOLD_WITHIN, "{longest:?}");
    // Each place is free again.
    let others: Vec<Subscriber> = (0..7).map(|_| subscriber(&text)).collect();
    drop(others);
    drop((publisher, keeps_up));
    assert_no_topic(&text);
}

/// A publisher that only tries gets through, too.
#[test]
fn a_killed_subscriber_holds_a_publisher_back_that_only_tries_no_longer() {
    let text = unique_name("tries");
    let mut publisher = publisher(&text);
    let mortal = start("mortal_subscriber", &[&text, "holds"]);
    mortal.expect("subscribed");
    while publisher.try_publish(&[1; 500]).unwrap() {}
    mortal.kill();
    let begin = Instant::now();
    while !publisher.try_publish(&[1; 500]).unwrap() {
        assert!(begin.elapsed() < TOLD_WITHIN, "it is still refused");
    }
    println!("{:?}", begin.elapsed());
}

pub fn mortal_subscriber(arguments: &[String]) {
    let (text, what) = (&arguments[0], arguments[1].as_str());
    let mut subscriber = Some(subscriber(text));
    say("subscribed");
    loop {
        match what {
            "receives" => take(subscriber.as_mut().expect("one")).map(drop).unwrap_or(()),
            "holds" => {
                let message = subscriber.as_mut().expect("one").recv();
                std::thread::sleep(DEADLINE);
                drop(message);
            }
            _ => {
                drop(subscriber.take());
                subscriber = Subscriber::open(&name(text), &small().history(5)).ok();
            }
        }
    }
}

/// A subscriber is thrown out while it is lent a message: the message stays, and the subscriber is told.
#[test]
fn a_thrown_out_subscriber_keeps_what_it_is_lent_and_is_told() {
    let text = unique_name("thrown");
    let options = small().throw_out_after(Duration::from_millis(50));
    for by_policy in [true, false] {
        let options = if by_policy { &options } else { &small() };
        let mut publisher = Publisher::create(&name(&text), options).unwrap();
        let mut holder = start("holds_one", &[&text]);
        holder.expect("subscribed");
        publish_next(&mut publisher);
        holder.expect("holding");
        while publisher.try_publish(&message_of(publisher.newest() + 1)).unwrap() {}
        let laggards = publisher.laggards().unwrap();
        assert_eq!(laggards.len(), 1);
        assert_eq!((laggards[0].process_id(), laggards[0].is_thrown_out()), (holder.id(), false));
        if !by_policy {
            assert!(publisher.throw_out(&laggards[0]));
        }
        for _ in 0..500 {
            publish_next(&mut publisher);
        }
        // A message goes round what is pinned; one of the greatest length would not fit twice beside it.
        let _ = publisher.try_reserve(publisher.max_message()).unwrap();
        assert!(publisher.laggards().unwrap()[0].is_thrown_out());
        assert!(publisher.throw_out(&laggards[0]), "it holds a message still");
        // The next publisher knows of it, too.
        drop(publisher);
        let mut publisher = Publisher::create(&name(&text), options).unwrap();
        (0..500).for_each(|_| publish_next(&mut publisher));
        holder.say("look");
        holder.expect("whole, and thrown out");
        holder.finish();
        (0..100).for_each(|_| publish_next(&mut publisher));
        assert!(publisher.laggards().unwrap().is_empty());
    }
    assert_no_topic(&text);
}

pub fn holds_one(arguments: &[String]) {
    let mut subscriber = subscriber(&arguments[0]);
    say("subscribed");
    let message = subscriber.recv().unwrap();
    say("holding");
    crate::support::part::hear();
    check(message.sequence(), &message.to_vec());
    message.finish().unwrap();
    assert_eq!(take(&mut subscriber), Err(ErrorKind::Busy));
    say("whole, and thrown out");
}
