//! One wait for objects, and for what waits for a peer beside them.

use std::thread;
use std::time::{Duration, Instant};

use samemap::latest::{Awaited, LatestOptions};
use samemap::sync::{
    Due, SyncOptions, WaitAny, signal_and_wait_timeout, try_wait_any, wait_all_timeout, wait_any_timeout,
};
use samemap::topic::Viewer;
use samemap::{
    Channel, ErrorKind, Latest, LatestWriter, Listener, Mutex, OpenOptions, Publisher, Subscriber, wait_any,
};

use crate::common::*;
use crate::peers::{NOTICED, pair, small, topic};
use crate::support::part::{hear, say, start};
use crate::support::{DEADLINE, kind, name, unique_name};

/// Which one ends the wait.
#[track_caller]
fn first(list: &[&dyn WaitAny]) -> usize {
    wait_any_timeout(list, DEADLINE).unwrap().expect("something within the deadline").index()
}

#[track_caller]
fn none(list: &[&dyn WaitAny]) {
    assert!(try_wait_any(list).unwrap().is_none());
    let begun = Instant::now();
    assert!(wait_any_timeout(list, SHORT).unwrap().is_none());
    assert!(begun.elapsed() >= SHORT);
}

#[test]
fn whichever_comes_ends_the_wait() {
    let text = unique_name("mixed");
    let (mut here, mut there) = pair(&format!("{text}-c"));
    let mut publisher = Publisher::create(&name(&text), &topic()).unwrap();
    let mut subscriber = Subscriber::open(&name(&text), &topic()).unwrap();
    let mut viewer = Viewer::open(&name(&text), &topic()).unwrap();
    let mut writer = LatestWriter::<u64>::create(&name(&format!("{text}-n")), &LatestOptions::new()).unwrap();
    let latest = Latest::<u64>::open(&name(&format!("{text}-n")), &LatestOptions::new()).unwrap();
    let mut listener = Listener::bind(&name(&format!("{text}-l")), &small()).unwrap();
    let (event, semaphore, timer) = (event("mixed-e"), semaphore("mixed-s"), timer("mixed-t"));
    let newer = latest.newer_than(0);
    macro_rules! list {
        () => {
            &[&event, &*here.receiver(), &semaphore, &subscriber, &viewer, &newer, &listener, &timer]
        };
    }
    none(list!());
    for pause in [Duration::ZERO, SHORT] {
        event.set().unwrap();
        assert_eq!(first(list!()), 0);
        there.sender().send(b"for the receiver").unwrap();
        assert_eq!(first(list!()), 1);
        assert_eq!(first(list!()), 1, "nothing was taken");
        assert_eq!(here.receiver().try_recv().unwrap().unwrap().to_vec(), b"for the receiver");
        semaphore.release(1).unwrap();
        assert_eq!(first(list!()), 2);
        publisher.publish(b"for both").unwrap();
        assert_eq!(first(list!()), 3);
        assert_eq!(subscriber.try_recv().unwrap().unwrap().to_vec(), b"for both");
        assert_eq!(first(list!()), 4);
        assert_eq!(viewer.try_recv().unwrap().unwrap().value, b"for both");
        timer.set(Due::After(pause)).unwrap();
        assert_eq!(first(list!()), 7);
        none(list!());
    }
    writer.write(&1).unwrap();
    assert_eq!(first(list!()), 5);
    assert_eq!(first(&[&event, &latest.newer_than(0)]), 1);
    none(&[&event, &latest.newer_than(1)]);
    let connecting = thread::spawn({
        let name = name(&format!("{text}-l"));
        move || Channel::connect(&name, &small()).unwrap()
    });
    let accepted = loop {
        assert_eq!(first(&[&event, &listener]), 1);
        if let Some(channel) = listener.try_accept().unwrap() {
            break channel;
        }
    };
    drop((connecting.join().unwrap(), accepted));
}

/// Each of them ends a wait that sleeps.
#[test]
fn sleepers_are_woken_by_each() {
    let text = unique_name("woken");
    let (mut here, mut there) = pair(&format!("{text}-c"));
    let mut publisher = Publisher::create(&name(&text), &topic()).unwrap();
    let subscriber = Subscriber::open(&name(&text), &topic()).unwrap();
    let mut writer = LatestWriter::<u64>::create(&name(&format!("{text}-n")), &LatestOptions::new()).unwrap();
    let latest = Latest::<u64>::open(&name(&format!("{text}-n")), &LatestOptions::new()).unwrap();
    let event = event("woken-e");
    let newer = latest.newer_than(0);
    let ways: [&mut (dyn FnMut() + Send); 4] = [
        &mut || event.set().unwrap(),
        &mut || there.sender().send(b"message").unwrap(),
        &mut || publisher.publish(b"message").unwrap(),
        &mut || assert_eq!(writer.write(&1).unwrap(), 1),
    ];
    for (index, signal) in ways.into_iter().enumerate() {
        let each: [&dyn WaitAny; 4] = [&event, &*here.receiver(), &subscriber, &newer];
        // What has come already stays out of the list.
        let list: Vec<&dyn WaitAny> =
            std::iter::once(each[0]).chain(each[index.max(1)..].iter().copied()).collect();
        thread::scope(|scope| {
            let begun = Instant::now();
            let waiting = scope.spawn(move || (first(&list), begun.elapsed()));
            thread::sleep(SHORT);
            signal();
            let (found, took) = waiting.join().unwrap();
            assert_eq!(found, usize::from(index > 0));
            assert!(took >= SHORT);
        });
    }
}

#[test]
fn the_first_in_the_list_comes_first() {
    let (mut here, mut there) = pair(&unique_name("order"));
    let (one, other) = (event("order-e"), event("order-o"));
    there.sender().send(b"there all the time").unwrap();
    one.set().unwrap();
    other.set().unwrap();
    assert_eq!(first(&[&one, &*here.receiver(), &other]), 0);
    assert_eq!(first(&[&one, &*here.receiver(), &other]), 1);
    assert!(other.try_wait().unwrap(), "it was not taken");
    one.set().unwrap();
    assert_eq!(first(&[&*here.receiver(), &one]), 0);
    assert!(one.try_wait().unwrap(), "it was not taken");
}

#[test]
fn a_mutex_beside_a_reader_is_owned() {
    let (mut here, _there) = pair(&unique_name("guard"));
    let text = unique_name("guard-m");
    let mutex = Mutex::create(&name(&text), &SyncOptions::new()).unwrap();
    let same = Mutex::open(&name(&text), &OpenOptions::read_write()).unwrap();
    let is_free =
        || thread::scope(|scope| scope.spawn(|| same.try_lock().unwrap().is_some()).join().unwrap());
    let woken = wait_any(&[&*here.receiver(), &mutex]).unwrap();
    assert_eq!(woken.index(), 1);
    let guard = woken.into_guard().expect("a mutex has one");
    assert!(!is_free());
    drop(guard);
    assert!(is_free());
    // While another thread owns it, and gives it up.
    thread::scope(|scope| {
        let guard = mutex.lock().unwrap();
        let waiting = scope.spawn(|| wait_any(&[&*here.receiver(), &same]).unwrap().index());
        thread::sleep(SHORT);
        drop(guard);
        assert_eq!(waiting.join().unwrap(), 1);
    });
}

/// A wait that is over passes a wake-up on: no permit is lost between waits that also wait for messages.
#[test]
fn no_permit_is_lost_beside_messages() {
    const ROUNDS: u32 = 2000;
    let semaphore = semaphore("beside");
    let pairs: Vec<_> = (0..3).map(|number| pair(&unique_name(&format!("beside-{number}")))).collect();
    let taken: u32 = thread::scope(|scope| {
        let waiting = pairs.into_iter().map(|(mut here, there)| {
            let (mut sender, receiver) = there.split();
            scope.spawn(move || {
                for number in 0..ROUNDS {
                    sender.send(&number.to_ne_bytes()).unwrap();
                }
                sender.send(b"the last").unwrap();
                drop(receiver);
                sender
            });
            let semaphore = &semaphore;
            scope.spawn(move || {
                let mut taken = 0;
                loop {
                    match first(&[semaphore, &*here.receiver()]) {
                        0 => taken += 1,
                        _ => match here.receiver().try_recv().unwrap() {
                            Some(message) if message.len() == 8 => return taken,
                            _ => {}
                        },
                    }
                }
            })
        });
        let waiting: Vec<_> = waiting.collect();
        for _ in 0..ROUNDS {
            semaphore.release(1).unwrap();
        }
        waiting.into_iter().map(|each| each.join().unwrap()).sum()
    });
    let left = std::iter::from_fn(|| semaphore.try_wait().unwrap().then_some(())).count();
    assert_eq!(taken as usize + left, ROUNDS as usize);
}

#[test]
fn killed_peers_end_the_wait() {
    for peer in 0..4 {
        let text = unique_name(&format!("ends-{peer}"));
        let mut here = Channel::create(&name(&format!("{text}-c")), &small()).unwrap();
        let child = start("is_every_peer", &[&text]);
        child.expect("ready");
        let latest = Latest::<u64>::open(&name(&format!("{text}-n")), &LatestOptions::new()).unwrap();
        let mut subscriber = Subscriber::open(&name(&format!("{text}-t")), &topic()).unwrap();
        let mut viewer = Viewer::open(&name(&format!("{text}-t")), &topic()).unwrap();
        let (event, newer) = (event("ends-e"), latest.newer_than(1));
        let waiting: [&dyn WaitAny; 4] = [&*here.receiver(), &subscriber, &viewer, &newer];
        none(&[&event, waiting[peer]]);
        let killing = thread::spawn(move || {
            thread::sleep(SHORT);
            child.kill();
            Instant::now()
        });
        assert_eq!(first(&[&event, waiting[peer]]), 1);
        let late = Instant::now().saturating_duration_since(killing.join().unwrap());
        assert!(late < NOTICED, "{late:?}");
        let told = match peer {
            0 => kind(here.receiver().try_recv().map(|_| ())),
            1 => kind(subscriber.try_recv().map(|_| ())),
            2 => kind(viewer.try_recv()),
            _ => match latest.wait_newer_timeout(1, Duration::ZERO).unwrap() {
                Some(Awaited::WriterGone) => ErrorKind::PeerDied,
                other => panic!("{other:?}"),
            },
        };
        assert_eq!(told, ErrorKind::PeerDied, "peer {peer}");
    }
}

#[test]
fn another_process_ends_the_wait() {
    let text = unique_name("across");
    let mut here = Channel::create(&name(&text), &small()).unwrap();
    let event = event("across-e");
    let child = start("signals_and_sends", &[&text, &event.name().to_string()]);
    let (mut heard, mut set) = (0, 0);
    while heard < 200 || set < 200 {
        match first(&[&event, &*here.receiver()]) {
            0 => set += 1,
            _ => heard += u32::from(here.receiver().try_recv().unwrap().is_some()),
        }
        if here.sender().try_send(b"on").is_err() {
            panic!("heard {heard}, set {set}");
        }
    }
    drop(here);
    let ended = child.finish();
    assert!(ended.status.success(), "{ended:#?}");
}

/// Sets and sends in turns, each time after it has heard something.
pub fn signals_and_sends(arguments: &[String]) {
    let mut channel = Channel::connect(&name(&arguments[0]), &small()).unwrap();
    let event = samemap::Event::open(&name(&arguments[1]), &OpenOptions::read_write()).unwrap();
    for _ in 0..200 {
        event.set().unwrap();
        channel.receiver().recv().unwrap();
        channel.sender().send(b"and").unwrap();
        channel.receiver().recv().unwrap();
    }
    say("done");
}

/// A loop that leaves out what has ended learns of all that one death has ended, and not of one by each sleep.
#[test]
fn one_death_is_told_at_once_of_many() {
    const MANY: usize = 60;
    let text = unique_name("many");
    let numbered = |number: usize| name(&format!("{text}-{number}"));
    let mut ends: Vec<_> =
        (0..MANY).map(|number| Channel::create(&numbered(number), &small()).unwrap()).collect();
    let child = start("is_many_peers", &[&text, &MANY.to_string()]);
    child.expect("ready");
    let mut subscribers: Vec<_> = (0..3).map(|_| Subscriber::open(&name(&text), &topic()).unwrap()).collect();
    child.kill();
    let killed = Instant::now();
    while !ends.is_empty() {
        let list: Vec<&dyn WaitAny> = ends
            .iter_mut()
            .map(|end| &*end.receiver() as _)
            .chain(subscribers.iter().map(|it| it as _))
            .collect();
        let index = first(&list);
        assert_eq!(kind(ends.remove(index).receiver().try_recv().map(drop)), ErrorKind::PeerDied);
    }
    while let Some(mut subscriber) = subscribers.pop() {
        assert_eq!(first(&[&subscriber]), 0);
        assert_eq!(kind(subscriber.try_recv().map(drop)), ErrorKind::PeerDied);
    }
    assert!(killed.elapsed() < NOTICED * 2, "{:?}", killed.elapsed());
}

pub fn is_many_peers(arguments: &[String]) {
    let count: usize = arguments[1].parse().unwrap();
    let numbered = |number| name(&format!("{}-{number}", arguments[0]));
    let _channels: Vec<_> =
        (0..count).map(|number| Channel::connect(&numbered(number), &small()).unwrap()).collect();
    let _publisher = Publisher::create(&name(&arguments[0]), &topic()).unwrap();
    say("ready");
    panic!("{}", hear());
}

#[test]
fn what_cannot_be_waited_for_is_refused() {
    let (mut here, mut there) = pair(&unique_name("refused"));
    let event = event("refused-e");
    assert_eq!(kind(wait_all_timeout(&[&event, &*here.receiver()], DEADLINE)), ErrorKind::InvalidArgument);
    let receiver: &dyn WaitAny = &*here.receiver();
    assert_eq!(kind(try_wait_any(&[receiver; 65])), ErrorKind::InvalidArgument);
    // A signal first, and then a wait for a message.
    assert!(signal_and_wait_timeout(&event, &*here.receiver(), SHORT).unwrap().is_none());
    assert!(event.try_wait().unwrap());
    there.sender().send(b"").unwrap();
    assert_eq!(signal_and_wait_timeout(&event, &*here.receiver(), DEADLINE).unwrap().unwrap().index(), 0);
    assert!(event.try_wait().unwrap());
}
