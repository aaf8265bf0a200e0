//! What is taken, by which waiter, and what is told.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use samemap::sync::{Awaitable, Due, EventOptions, Readiness, Reset, SharedEvent};
use samemap::{Access, CreateOptions, ErrorKind, Event, OpenOptions, Region};

use crate::common::*;
use crate::support::part::{say, start};
use crate::support::{DEADLINE, SetAtEnd, assert_nothing_left, kind, name, unique_name};

#[test]
fn it_becomes_ready_with_each_object() {
    let (event, semaphore, timer) = (event("ready"), semaphore("ready-s"), timer("ready-t"));
    let mut readiness = Readiness::of(&[&event, &semaphore, &timer]).unwrap();
    assert!(is_ready_within(&readiness, Duration::ZERO), "it begins ready");
    assert_quiet(&mut readiness);
    event.set().unwrap();
    assert_eq!(next(&mut readiness), 0);
    assert!(!event.try_wait().unwrap(), "it was taken");
    assert_quiet(&mut readiness);
    semaphore.release(3).unwrap();
    for _ in 0..3 {
        assert_eq!(next(&mut readiness), 1);
    }
    assert_quiet(&mut readiness);
    let begun = Instant::now();
    timer.set(Due::After(SHORT)).unwrap();
    assert_eq!(next(&mut readiness), 2);
    assert!(begun.elapsed() >= SHORT);
    assert_quiet(&mut readiness);
    assert_eq!(kind(Readiness::of(&[])), ErrorKind::InvalidArgument);
}

#[test]
fn what_is_signalled_before_is_found() {
    let (one, other) = (event("before"), event("before-o"));
    other.set().unwrap();
    let mut readiness = Readiness::of(&[&one, &other]).unwrap();
    assert_eq!(next(&mut readiness), 1);
    one.set().unwrap();
    other.set().unwrap();
    let mut both = [next(&mut readiness), next(&mut readiness)];
    both.sort_unstable();
    assert_eq!(both, [0, 1]);
    assert_quiet(&mut readiness);
}

#[test]
fn a_manual_reset_event_is_there_while_it_is_set() {
    let name = name(&unique_name("manual"));
    let event = Event::create(&name, &EventOptions::new(Reset::Manual)).unwrap();
    let mut readiness = Readiness::of(&[&event]).unwrap();
    assert_quiet(&mut readiness);
    event.set().unwrap();
    for _ in 0..3 {
        assert_eq!(next(&mut readiness), 0);
    }
    assert!(event.try_wait().unwrap());
    event.reset().unwrap();
    // On Windows one is told that came before.
    let _ = readiness.try_take().unwrap();
    assert_quiet(&mut readiness);
}

/// Each signal is told once, to one of several loops, or is there at the end.
#[test]
fn no_permit_is_lost_between_loops_that_come_and_go() {
    const PERMITS: u32 = 3000;
    let semaphore = semaphore("loops");
    let over = AtomicBool::new(false);
    let taken: u32 = thread::scope(|scope| {
        let mut loops = Vec::new();
        for number in 0..3u64 {
            let (semaphore, over) = (&semaphore, &over);
            loops.push(scope.spawn(move || {
                let mut taken = 0;
                while !over.load(Ordering::Relaxed) {
                    let mut readiness = Readiness::of(&[semaphore]).unwrap();
                    for _ in 0..5 * number {
                        is_ready_within(&readiness, Duration::from_millis(2));
                        taken += u32::from(readiness.try_take().unwrap().is_some());
                    }
                }
                taken
            }));
        }
        let end = SetAtEnd(&over);
        for number in 0..PERMITS {
            semaphore.release(1).unwrap();
            if number % 10 == 0 {
                thread::sleep(Duration::from_micros(200));
            }
        }
        drop(end);
        loops.into_iter().map(|each| each.join().unwrap()).sum()
    });
    let mut left = 0;
    while semaphore.try_wait().unwrap() {
        left += 1;
    }
    assert_eq!(taken + left, PERMITS);
}

#[test]
fn a_dropped_one_leaves_its_signal_to_others() {
    for round in 0..50u64 {
        let event = event("dropped");
        let mut readiness = Readiness::of(&[&event]).unwrap();
        assert_eq!(readiness.try_take().unwrap(), None);
        event.set().unwrap();
        thread::sleep(Duration::from_micros(100 * (round % 20)));
        drop(readiness);
        assert!(event.wait_timeout(DEADLINE).unwrap(), "round {round}");
        assert!(!event.try_wait().unwrap());
    }
}

#[test]
fn a_thousand_objects_are_one_descriptor() {
    const COUNT: usize = 1000;
    let region = Region::anonymous(&CreateOptions::new(64 * COUNT as u64)).unwrap();
    let view = region.view(.., Access::ReadWrite).unwrap();
    let options = EventOptions::new(Reset::Auto);
    let events: Vec<_> =
        (0..COUNT).map(|index| SharedEvent::create(&view, 64 * index, &options).unwrap()).collect();
    let all: Vec<&dyn Awaitable> = events.iter().map(|event| event as &dyn Awaitable).collect();
    let mut readiness = Readiness::of(&all).unwrap();
    assert_quiet(&mut readiness);
    for index in (0..COUNT).step_by(61) {
        events[index].set().unwrap();
        assert_eq!(next(&mut readiness), index);
    }
    events.iter().for_each(|event| event.set().unwrap());
    let mut told: Vec<usize> = (0..COUNT).map(|_| next(&mut readiness)).collect();
    told.sort_unstable();
    assert!(told.into_iter().eq(0..COUNT));
    assert_quiet(&mut readiness);
}

#[test]
fn nothing_is_held_when_it_is_gone() {
    let text = unique_name("gone");
    let event = Event::create(&name(&text), &EventOptions::new(Reset::Auto)).unwrap();
    let mut readiness = Readiness::of(&[&event]).unwrap();
    drop(event);
    assert!(Event::open(&name(&text), &OpenOptions::read_write()).is_ok(), "it holds the object");
    assert_quiet(&mut readiness);
    drop(readiness);
    assert_nothing_left(&text);
}

#[test]
fn a_killed_loop_leaves_the_signals_to_others() {
    let event = event("killed");
    for _ in 0..10 {
        let child = start("waits_with_a_loop", &[&event.name().to_string()]);
        child.expect("waits");
        child.kill();
        event.set().unwrap();
        assert!(event.wait_timeout(DEADLINE).unwrap());
    }
}

/// Waits until it is killed.
pub fn waits_with_a_loop(arguments: &[String]) {
    let event = Event::open(&name(&arguments[0]), &OpenOptions::read_write()).unwrap();
    let mut readiness = Readiness::of(&[&event, &event]).unwrap();
    assert_quiet(&mut readiness);
    say("waits");
    panic!("{} was signalled", next(&mut readiness));
}

#[test]
fn objects_come_and_go() {
    let (one, other, third) = (event("come"), semaphore("come-o"), event("come-t"));
    let mut readiness = Readiness::new().unwrap();
    assert_quiet(&mut readiness);
    assert_eq!(readiness.add(&one).unwrap(), 0);
    assert!(is_ready_within(&readiness, Duration::ZERO), "the loop looks at what was added");
    assert_quiet(&mut readiness);
    assert_eq!(readiness.add(&other).unwrap(), 1);
    assert_quiet(&mut readiness);
    one.set().unwrap();
    other.release(1).unwrap();
    let mut both = [next(&mut readiness), next(&mut readiness)];
    both.sort_unstable();
    assert_eq!(both, [0, 1]);
    assert_quiet(&mut readiness);
    assert!(readiness.remove(0) && !readiness.remove(0) && !readiness.remove(9));
    one.set().unwrap();
    assert_quiet(&mut readiness);
    assert!(one.try_wait().unwrap(), "nothing was taken from what was removed");
    assert_eq!(readiness.add(&third).unwrap(), 0, "the lowest free index");
    assert_quiet(&mut readiness);
    third.set().unwrap();
    assert_eq!(next(&mut readiness), 0);
    assert_quiet(&mut readiness);
}
