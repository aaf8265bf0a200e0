//! Peers that scribble over the memory.

use crate::common::*;

/// What a scribbler aims at, in the region of a channel with rings of 256 bytes: the words, and some of the data.
#[rustfmt::skip]
const TARGETS: &[usize] = &[
    0, 8, 12, 20, 128, 144, 256, 272, 384, 392, 396, 400, 512, 520, 1024, 1032, 1152, 1280, 1288, 1344, 1408,
    1416, 1536, 1544, 1664, 1792, 1800, 1856, 1920, 1928, 4096, 4104, 4112, 4200, 4344, 4352, 4360, 4368,
    4400, 4600,
];

#[rustfmt::skip]
const VALUES: &[u64] = &[
    0, 1, 2, 3, 7, 8, 16, 24, 56, 64, 255, 256, 257, 1 << 32, (1 << 32) | 8, (2 << 32) | 8,
    (2 << 32) | 248, (1 << 32) | 0xffff_ffff, 0xffff_ffff, 1 << 31, 1 << 62, 1 << 63, u64::MAX,
    u64::MAX - 7,
];

/// Writes rubbish where it hurts, until it is told to stop.
fn scribble(region: &Region, over: &AtomicBool, seed: u64) {
    let view = region.view(.., Access::ReadWrite).expect("a view");
    let mut random = Random::seeded(seed);
    let focus = TARGETS[random.index(TARGETS.len())];
    while !over.load(Ordering::Relaxed) {
        let at = match random.below(4) {
            0 => TARGETS[random.index(TARGETS.len())],
            1 => random.index(view.len() / 8) * 8,
            _ => focus,
        } % (view.len() - 8);
        let seen: u64 = view.get(at).expect("in range");
        let value = match random.below(4) {
            0 => random.next(),
            1 => seen.wrapping_add(8),
            2 => seen.wrapping_sub(random.below(300)),
            _ => VALUES[random.index(VALUES.len())],
        };
        match random.below(3) {
            0 => view.put(at, &(value as u32)),
            1 => view.put(at, &(value as u8)),
            _ => view.put(at, &value),
        }
        .expect("in range");
        if random.below(8) == 0 {
            thread::sleep(Duration::from_micros(random.below(300)));
        }
    }
}

/// Uses an end in every way with short timeouts, whatever comes of it. None may take much longer than it should.
fn use_end(channel: &mut Channel, random: &mut Random, over: &AtomicBool) -> u64 {
    const LIMIT: Duration = Duration::from_secs(5);
    let (short, mut errors) = (Duration::from_millis(2), 0);
    let mut buffer = vec![0; channel.receiver().max_message()];
    while !over.load(Ordering::Relaxed) {
        let start = Instant::now();
        let len = random.index(buffer.len() + 1);
        let what = random.below(10);
        let answer = match what {
            0 => channel.sender().try_send(&buffer[..len]).map(drop),
            1 => channel.sender().send_timeout(&buffer[..len], short).map(drop),
            2 => channel.sender().reserve_timeout(len, short).and_then(|slot| {
                let Some(mut slot) = slot else { return Ok(()) };
                slot.put(0, &7_u8).or_else(|_| slot.write(0, &[]))?;
                slot.commit_len(len / 2)
            }),
            3 => {
                let mut batch = channel.sender().batch();
                (0..5).try_for_each(|_| batch.try_send(&buffer[..len]).map(drop))
            }
            4 => channel.receiver().try_recv().map(|message| drop(message.map(|message| message.to_vec()))),
            5 => channel.receiver().recv_timeout(short).map(std::mem::forget),
            6 => channel.receiver().recv_timeout(short).and_then(|message| {
                message.map_or(Ok(0), |message| message.take_into(&mut buffer)).map(drop)
            }),
            7 => channel.receiver().wait_timeout(short).map(drop),
            8 => Receiver::wait_any_timeout(&mut [channel.receiver()], short).map(drop),
            _ => channel.wait_for_peer_timeout(short).map(drop),
        };
        errors += u64::from(answer.is_err());
        assert!(start.elapsed() < LIMIT, "call {what} took {:?}", start.elapsed());
    }
    errors
}

#[test]
fn a_hostile_peer_does_no_harm() {
    let end = Instant::now() + Duration::from_millis(number("SAMEMAP_CHANNEL_HOSTILE_MS", 2000));
    let mut random = Random::new();
    let (mut rounds, mut errors) = (0, 0);
    while Instant::now() < end {
        let text = unique_name("hostile");
        let short = options(256).patience(Duration::from_millis(5));
        let mut here = Channel::create(&name(&text), &short).unwrap();
        let mut there = Channel::connect(&name(&text), &short).unwrap();
        let region = here.region().clone();
        let (over, seeds) = (AtomicBool::new(false), [random.next(), random.next(), random.next()]);
        errors += thread::scope(|scope| {
            scope.spawn(|| scribble(&region, &over, seeds[0]));
            let there = scope.spawn(|| use_end(&mut there, &mut Random::seeded(seeds[1]), &over));
            let here = scope.spawn(|| use_end(&mut here, &mut Random::seeded(seeds[2]), &over));
            thread::sleep(Duration::from_millis(15));
            over.store(true, Ordering::Relaxed);
            here.join().unwrap() + there.join().unwrap()
        });
        rounds += 1;
        let again = AtomicBool::new(false);
        thread::scope(|scope| {
            // Ends and arrivals meet rubbish, too.
            scope.spawn(|| scribble(&region, &again, seeds[1]));
            drop(there);
            drop(here.wait_for_next_peer_timeout(Duration::from_millis(2)));
            drop(Channel::connect(&name(&text), &short));
            drop(Channel::create_in(&region, &short));
            drop(here);
            drop(Channel::connect(&name(&text), &short));
            drop(Channel::create_in(&region, &short));
            again.store(true, Ordering::Relaxed);
        });
        drop(region);
        assert_nothing_left(&text);
    }
    println!("{rounds} rounds, {errors} errors, no harm");
    assert!(errors > 0, "the scribbler has hit nothing");
}

#[test]
fn a_hostile_desk_does_no_harm() {
    let end = Instant::now() + Duration::from_millis(number("SAMEMAP_CHANNEL_HOSTILE_MS", 2000) / 2);
    let mut random = Random::new();
    while Instant::now() < end {
        let text = unique_name("hostile-desk");
        let short = options(256).patience(Duration::from_millis(5));
        let mut listener = Listener::bind(&name(&text), &short).unwrap();
        let desk = Region::open(&name(&text), &OpenOptions::read_write()).unwrap();
        let (over, seed) = (AtomicBool::new(false), random.next());
        thread::scope(|scope| {
            scope.spawn(|| scribble(&desk, &over, seed));
            // Always at it: asks without a seat.
            scope.spawn(|| {
                let view = desk.view(.., Access::ReadWrite).unwrap();
                while !over.load(Ordering::Relaxed) {
                    let place = 512 + 512 * (seed as usize % 14);
                    view.atomic_u32(place + 128).unwrap().store(1, Ordering::Relaxed);
                }
            });
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    drop(Channel::connect(&name(&text), &short));
                }
            });
            for _ in 0..5 {
                let start = Instant::now();
                drop(listener.accept_timeout(Duration::from_millis(3)));
                assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
            }
            over.store(true, Ordering::Relaxed);
        });
    }
}
