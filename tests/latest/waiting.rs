//! Waiting.

use crate::common::*;

const TURNS: u64 = 500;

#[test]
fn readers_and_writers_wake_each_other_in_turn() {
    let (there, back) = (unique("there"), unique("back"));
    let mut writer = LatestWriter::<u64>::create(&there, &LatestOptions::new()).unwrap();
    let mut other_side = command("answerer", &there);
    other_side.env("SAMEMAP_TEST_BACK", back.to_string());
    let other_side = Program::start(other_side);
    other_side.wait_for_output("answering.");
    let answers = Latest::<u64>::open(&back, &LatestOptions::new()).unwrap();
    for turn in 1..=TURNS {
        writer.write(&turn).unwrap();
        let answer = answers
            .wait_newer_timeout(turn - 1, DEADLINE)
            .unwrap()
            .and_then(Awaited::newer)
            .expect("an answer");
        assert_eq!((answer.sequence, answer.value), (turn, turn + 1));
    }
    let other_side = other_side.finish();
    assert!(other_side.status.success(), "{other_side:#?}");
    assert_eq!(answers.wait_newer(TURNS).unwrap(), Awaited::WriterGone);
}

pub fn answerer(arguments: &[String]) {
    let name = &name(&arguments[0]);
    let back = ObjectName::new(std::env::var("SAMEMAP_TEST_BACK").unwrap()).unwrap();
    let mut writer = LatestWriter::<u64>::create(&back, &LatestOptions::new()).unwrap();
    let questions = Latest::<u64>::open(name, &LatestOptions::new()).unwrap();
    println!("answering.");
    for turn in 1..=TURNS {
        let question = questions
            .wait_newer_timeout(turn - 1, DEADLINE)
            .unwrap()
            .and_then(Awaited::newer)
            .expect("a question");
        writer.write(&(question.value + 1)).unwrap();
    }
}

#[test]
fn a_wait_ends_with_its_time_and_with_its_writer() {
    let name = unique("gone");
    let seen = |sequence| LatestOptions::new().version(sequence);
    let mut writer = LatestBytesWriter::create(&name, 8, &seen(0)).unwrap();
    let latest = LatestBytes::open(&name, &seen(0)).unwrap();
    for timeout in [Duration::ZERO, Duration::from_millis(1), Duration::from_millis(120)] {
        let began = Instant::now();
        assert_eq!(latest.wait_newer_timeout(0, timeout).unwrap(), None);
        assert!(began.elapsed() >= timeout);
    }
    writer.write(b"last").unwrap();
    drop(writer);
    let last = latest.wait_newer(0).unwrap().newer().expect("the value, though the writer is gone");
    assert_eq!(last.value, b"last");
    assert_eq!(latest.wait_newer(1).unwrap(), Awaited::WriterGone);
    // Told once; now the wait is for the next one.
    let short = Duration::from_millis(120);
    assert_eq!(latest.wait_newer_timeout(1, short).unwrap(), None);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| latest.wait_newer_timeout(1, DEADLINE).unwrap().and_then(Awaited::newer));
        let mut writer = LatestBytesWriter::create(&name, 8, &seen(0)).unwrap();
        writer.write(b"next").unwrap();
        assert_eq!(waiter.join().unwrap(), Some(Snapshot { sequence: 2, value: b"next".to_vec() }));
    });
    let mut into = Vec::new();
    assert_eq!(latest.wait_newer_into(2, &mut into).unwrap(), Awaited::WriterGone);
}

#[test]
fn a_sleeper_learns_that_its_writer_was_killed() {
    let name = unique("killed-asleep");
    let writer = part("silent_writer", &name);
    writer.wait_for_output("silent.");
    let latest = Latest::<u64>::open(&name, &LatestOptions::new()).unwrap();
    let began = std::thread::scope(|scope| {
        let waiter = scope.spawn(|| latest.wait_newer(0).unwrap());
        // Asleep by now, or soon: it is right in any case.
        std::thread::sleep(Duration::from_millis(20));
        writer.kill();
        let began = Instant::now();
        assert_eq!(waiter.join().unwrap(), Awaited::WriterGone);
        began
    });
    assert!(began.elapsed() < DEADLINE / 10, "{:?}", began.elapsed());
}

pub fn silent_writer(arguments: &[String]) {
    let name = &name(&arguments[0]);
    let _writer = LatestWriter::<u64>::create(name, &LatestOptions::new()).unwrap();
    println!("silent.");
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// All that sleep are woken, in several processes.
#[test]
fn one_write_wakes_all_who_wait() {
    let name = unique("all");
    let mut writer = LatestWriter::<u64>::create(&name, &LatestOptions::new()).unwrap();
    let crowd: Vec<_> = (0..3).map(|_| part("follower", &name)).collect();
    crowd.iter().for_each(|follower| follower.wait_for_output("following."));
    let mut sequence = 0;
    wait_until("all have had enough", || {
        sequence = writer.write(&(sequence + 1)).unwrap();
        sequence >= FOLLOWED
    });
    for follower in crowd {
        let follower = follower.finish();
        assert!(follower.status.success(), "{follower:#?}");
    }
}

const FOLLOWED: u64 = 100;

pub fn follower(arguments: &[String]) {
    let name = &name(&arguments[0]);
    let latest = Latest::<u64>::open(name, &LatestOptions::new()).unwrap();
    println!("following.");
    let mut seen = 0;
    while seen < FOLLOWED {
        let next =
            latest.wait_newer_timeout(seen, DEADLINE).unwrap().and_then(Awaited::newer).expect("a newer one");
        assert!(next.sequence > seen && next.value == next.sequence);
        seen = next.sequence;
    }
}
