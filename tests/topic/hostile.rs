//! Peers that scribble over the memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::common::*;

/// What a scribbler aims at: the words of both regions, and some of the data.
const DATA: &[usize] =
    &[0, 8, 12, 16, 20, 24, 32, 128, 256, 384, 512, 520, 528, 536, 544, 576, 584, 592, 600, 700];
const LOBBY: &[usize] =
    &[0, 8, 16, 128, 136, 140, 256, 264, 268, 384, 392, 396, 512, 1024, 1032, 1088, 1096, 1152, 1344, 1408];
const VALUES: &[u64] = &[
    0,
    1,
    2,
    3,
    63,
    64,
    255,
    1 << 32,
    (1 << 32) | 8,
    0xffff_ffff,
    1 << 31,
    1 << 62,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

struct Rig {
    options: TopicOptions,
    data: View,
    lobby: View,
}

impl Rig {
    fn new() -> Rig {
        let options = TopicOptions::new().capacity(2048).subscribers(2).history(3);
        Rig::with(options.throw_out_after(Duration::from_millis(2)))
    }

    fn with(options: TopicOptions) -> Rig {
        let (data, lobby) = options.bytes_needed().unwrap();
        let view =
            |len| Region::anonymous(&CreateOptions::new(len)).unwrap().view(.., Access::ReadWrite).unwrap();
        Rig { options, data: view(data), lobby: view(lobby) }
    }

    fn publisher(&self) -> samemap::Result<Publisher> {
        Publisher::at(&self.data, &self.lobby, &self.options)
    }

    fn subscriber(&self) -> samemap::Result<Subscriber> {
        Subscriber::at(&self.data, &self.lobby, &self.options)
    }

    fn viewer(&self) -> samemap::Result<Viewer> {
        Viewer::at(&self.data, Some(&self.lobby), &self.options)
    }
}

fn scribble(view: &View, words: &[usize], over: &AtomicBool, seed: u64) {
    let mut random = Random::seeded(seed);
    let focus = words[random.index(words.len())];
    while !over.load(Ordering::Relaxed) {
        let at = match random.below(4) {
            0 => words[random.index(words.len())],
            1 => random.index(view.len() / 8) * 8,
            _ => focus,
        };
        let seen: u64 = view.get(at).unwrap();
        let value = match random.below(4) {
            0 => random.next(),
            1 => seen.wrapping_add(random.below(9)),
            2 => seen.wrapping_sub(random.below(300)),
            _ => VALUES[random.index(VALUES.len())],
        };
        match random.below(3) {
            0 => view.put(at, &(value as u32)),
            1 => view.put(at, &(value as u8)),
            _ => view.put(at, &value),
        }
        .unwrap();
        if random.below(8) == 0 {
            thread::sleep(Duration::from_micros(random.below(300)));
        }
    }
}

/// No call takes much longer than it should, whatever it answers.
#[track_caller]
fn in_time<T>(call: impl FnOnce() -> samemap::Result<T>) -> u64 {
    let begin = Instant::now();
    let failed = call().is_err();
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    u64::from(failed)
}

fn publish(rig: &Rig, random: &mut Random, over: &AtomicBool) -> u64 {
    let mut errors = 0;
    let short = Duration::from_millis(3);
    while !over.load(Ordering::Relaxed) {
        let Ok(mut publisher) = rig.publisher() else {
            errors += 1;
            thread::sleep(Duration::from_millis(1));
            continue;
        };
        for _ in 0..random.below(200) {
            let message = message_of(random.next());
            let message = &message[..message.len().min(publisher.max_message())];
            errors += match random.below(3) {
                0 => in_time(|| publisher.try_publish(message)),
                1 => in_time(|| publisher.publish_timeout(message, short)),
                _ => in_time(|| {
                    let Some(slot) = publisher.reserve_timeout(message.len(), short)? else { return Ok(0) };
                    slot.bytes().fill(0, message.len(), 3)?;
                    slot.commit()
                }),
            };
            let laggards = publisher.laggards().unwrap_or_default();
            if !laggards.is_empty() && random.below(4) == 0 {
                publisher.throw_out(&laggards[0]);
            }
        }
    }
    errors
}

fn receive(rig: &Rig, random: &mut Random, over: &AtomicBool) -> u64 {
    let mut errors = 0;
    let short = Duration::from_millis(3);
    while !over.load(Ordering::Relaxed) {
        let (Ok(mut subscriber), Ok(mut viewer)) = (rig.subscriber(), rig.viewer()) else {
            errors += 1;
            continue;
        };
        for _ in 0..random.below(200) {
            errors += match random.below(5) {
                0 => in_time(|| Ok(subscriber.try_recv()?.map(|message| message.to_vec()))),
                1 => in_time(|| Ok(subscriber.recv_timeout(short)?.map(|message| message.finish()))),
                2 => in_time(|| subscriber.wait_timeout(short)),
                3 => in_time(|| viewer.try_recv()),
                _ => in_time(|| viewer.recv_timeout(short)),
            };
        }
    }
    errors
}

#[test]
fn hostile_peers_do_no_harm() {
    let end = Instant::now() + Duration::from_secs(number("SAMEMAP_HOSTILE_SECONDS", 2));
    let mut random = Random::new();
    let (mut rounds, mut errors) = (0, 0);
    while Instant::now() < end {
        let rig = &Rig::new();
        let over = &AtomicBool::new(false);
        let seeds: [u64; 4] = std::array::from_fn(|_| random.next());
        errors += thread::scope(|scope| {
            scope.spawn(move || scribble(&rig.data, DATA, over, seeds[0]));
            scope.spawn(move || scribble(&rig.lobby, LOBBY, over, seeds[1]));
            let publishing = scope.spawn(move || publish(rig, &mut Random::seeded(seeds[2]), over));
            let receiving = scope.spawn(move || receive(rig, &mut Random::seeded(seeds[3]), over));
            thread::sleep(Duration::from_millis(20));
            over.store(true, Ordering::Relaxed);
            publishing.join().unwrap() + receiving.join().unwrap()
        });
        rounds += 1;
    }
    println!("{rounds} rounds, {errors} errors, no harm");
    assert!(errors > 0, "the scribblers have hit nothing");
}

/// A process that can write to the lobby alone, as other users' subscribers can, falsifies no message: a subscriber reads
/// every one of them whole, or is thrown out.
#[test]
fn a_hostile_subscriber_falsifies_nothing() {
    let end = Instant::now() + Duration::from_secs(number("SAMEMAP_HOSTILE_SECONDS", 2));
    let mut random = Random::new();
    let (mut rounds, mut read, mut thrown) = (0, 0, 0);
    while Instant::now() < end {
        let rig = &Rig::new();
        let over = &AtomicBool::new(false);
        let mut publisher = rig.publisher().unwrap();
        let mut subscriber = rig.subscriber().unwrap();
        let mut viewer = rig.viewer().unwrap();
        let seed = random.next();
        thread::scope(|scope| {
            // Not at the honest one's place, which is the first.
            scope.spawn(move || scribble(&rig.lobby, &[512, 1344, 1408, 1352, 1280], over, seed | 1));
            let _over = crate::support::SetAtEnd(over);
            for _ in 0..300 {
                let mut message = message_of(publisher.newest() + 1);
                message.truncate(publisher.max_message());
                let published = publisher.publish_timeout(&message, Duration::from_millis(20)).unwrap();
                if !published {
                    continue;
                }
                let taken = subscriber.try_recv().map(|found| {
                    found.map(|found| (found.sequence(), found.to_vec(), found.finish().is_ok()))
                });
                match taken {
                    Ok(Some((sequence, bytes, true))) => {
                        assert!(message_of(sequence).starts_with(&bytes), "torn: number {sequence}");
                        read += 1;
                    }
                    Ok(_) => {}
                    Err(error) => {
                        assert!(error.is(ErrorKind::Busy), "{error}");
                        thrown += 1;
                        drop(subscriber);
                        match rig.subscriber() {
                            Ok(again) => subscriber = again,
                            Err(_) => return,
                        }
                    }
                }
                if let Ok(Some(viewed)) = viewer.try_recv() {
                    assert!(message_of(viewed.sequence).starts_with(&viewed.value));
                }
            }
        });
        rounds += 1;
    }
    println!("{rounds} rounds, {read} read, thrown out {thrown} times");
    assert!(read > 0);
}

/// One that says again and again that it is another one, and never moves, is thrown out all the same.
#[test]
fn a_subscriber_that_changes_its_number_is_thrown_out() {
    const SINCE: usize = 1024 + 64;
    let options = TopicOptions::new().capacity(4096).subscribers(2);
    let rig = Rig::with(options.throw_out_after(Duration::from_millis(20)));
    let mut publisher = rig.publisher().unwrap();
    let _hostile = rig.subscriber().unwrap();
    let over = &AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let number = rig.lobby.atomic_u64(SINCE).unwrap();
            while !over.load(Ordering::Relaxed) {
                number.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(1));
            }
        });
        let _over = crate::support::SetAtEnd(over);
        for _ in 0..50 {
            assert!(publisher.publish_timeout(&[1; 500], DEADLINE).unwrap(), "it holds the publisher back");
        }
    });
}
