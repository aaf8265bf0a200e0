//! Taking several words at one moment: every history of small programs is that of some order of whole calls, also when
//! a thread is killed or stopped for ever at any step.

use loom::sync::Arc;
use loom::thread;
use samemap_models::history::Call::{All, Close, Give, Open, Release, Reset, Set, SetAsleep, Stopped, Take};
use samemap_models::history::Thing::{Event, Gate, Lock, Permit};
use samemap_models::history::{Call, State};
use samemap_models::sets::World;
use samemap_models::with_interruptions;

const NOTHING: State = State { event: false, permits: 0, owner: 0, gate: false };
const EVERYTHING: State = State { event: true, permits: 1, owner: 0, gate: true };

const GATE: State = State { gate: true, ..NOTHING };

type Program = &'static [Call];

/// Runs the programs at once, the last one in this thread.
fn run(first: State, places: usize, programs: &[Program]) {
    let world = World::new(first, places);
    let (here, others) = programs.split_last().expect("there is a program");
    let start = |(index, &program): (usize, &Program)| {
        let world = Arc::clone(&world);
        thread::spawn(move || world.make(index as u32 + 1, program))
    };
    let threads: Vec<_> = others.iter().enumerate().map(start).collect();
    world.make(programs.len() as u32, here);
    for thread in threads {
        thread.join().expect("no panics");
    }
    world.is_explained();
}

/// Two threads, with few interruptions. With one place in the table each attempt revokes the one before.
fn two(first: State, one: Program, other: Program) {
    for places in [1, 4] {
        with_interruptions(3, move || run(first, places, &[one, other]));
    }
}

/// The same for longer programs.
fn two_long(first: State, one: Program, other: Program) {
    with_interruptions(2, move || run(first, 2, &[one, other]));
}

fn three(first: State, programs: [Program; 3]) {
    with_interruptions(2, move || run(first, 2, &programs));
}

#[test]
fn one_takes_all_or_none() {
    two(EVERYTHING, &[All(&[Event, Permit])], &[Take(Event)]);
    two(EVERYTHING, &[All(&[Event, Permit])], &[Take(Permit)]);
    two(EVERYTHING, &[All(&[Event, Lock])], &[Take(Lock)]);
}

#[test]
fn a_set_is_not_lost_and_does_not_count_twice() {
    two(EVERYTHING, &[All(&[Event, Permit])], &[Set, Take(Event)]);
    two(EVERYTHING, &[All(&[Event, Permit])], &[SetAsleep, Take(Event)]);
    two(NOTHING, &[All(&[Event]), Take(Event)], &[SetAsleep]);
    // A permit that is gone shows that the set comes after the taking.
    two_long(EVERYTHING, &[All(&[Event, Permit])], &[Take(Permit), SetAsleep, Take(Event)]);
    two_long(EVERYTHING, &[All(&[Event, Permit])], &[Take(Permit), Set, Take(Event)]);
    two_long(EVERYTHING, &[All(&[Event, Permit]), Take(Event)], &[SetAsleep]);
}

#[test]
fn a_reset_comes_before_or_after() {
    two(EVERYTHING, &[All(&[Event, Permit])], &[Reset, Take(Permit)]);
    two_long(EVERYTHING, &[All(&[Permit, Event])], &[Reset, Set]);
}

#[test]
fn a_release_is_refused_only_at_the_maximum() {
    two(EVERYTHING, &[All(&[Permit, Event])], &[Release]);
    two_long(NOTHING, &[All(&[Permit, Event])], &[Set, Release]);
}

#[test]
fn a_lock_is_owned_by_one() {
    two_long(EVERYTHING, &[All(&[Lock, Event]), Give], &[Take(Lock), Give]);
    two_long(EVERYTHING, &[All(&[Event, Lock]), Give], &[All(&[Lock])]);
}

#[test]
fn two_in_opposite_order() {
    two_long(EVERYTHING, &[All(&[Event, Permit])], &[All(&[Permit, Event])]);
    two_long(EVERYTHING, &[All(&[Event, Lock])], &[All(&[Lock, Permit])]);
}

#[test]
fn a_gate_was_open_at_the_moment_of_the_taking() {
    two(EVERYTHING, &[All(&[Gate, Event])], &[Close, Take(Event)]);
    two(EVERYTHING, &[All(&[Gate, Event])], &[Take(Event), Close]);
    // The two are never there at one moment.
    two(GATE, &[All(&[Gate, Event])], &[Close, Set]);
    two_long(GATE, &[All(&[Gate, Event])], &[Close, Set, Reset, Open]);
    two_long(EVERYTHING, &[All(&[Event, Gate])], &[Close, Open]);
    two_long(NOTHING, &[All(&[Event, Gate])], &[Open, Set, Close]);
}

/// A thread is stopped before its first tag, after each, after the decision, and after each settling; the other thread goes on
/// meanwhile, and finds all or none taken.
#[test]
fn a_stopped_thread_has_taken_all_or_none() {
    for steps in 0..=4 {
        let stopped: Program = Box::leak(Box::new([Stopped(&[Event, Permit], steps)]));
        two(EVERYTHING, stopped, &[Take(Permit), Take(Event)]);
        two_long(EVERYTHING, stopped, &[All(&[Permit, Event])]);
        two_long(EVERYTHING, stopped, &[Set, Release]);
        // The second of these attempts comes upon the stopped one's place in the table.
        two_long(EVERYTHING, stopped, &[All(&[Lock]), All(&[Permit, Event])]);
        two_long(EVERYTHING, stopped, &[Take(Permit), SetAsleep, Take(Event)]);
    }
}

#[test]
fn a_stopped_thread_is_in_no_others_way() {
    for steps in 1..=4 {
        let stopped: Program = Box::leak(Box::new([Stopped(&[Lock, Event], steps)]));
        three(EVERYTHING, [stopped, &[All(&[Event, Lock])], &[Take(Event)]]);
    }
}

#[test]
fn three_at_once() {
    three(EVERYTHING, [&[All(&[Event, Permit])], &[All(&[Permit, Event])], &[Set]]);
    three(EVERYTHING, [&[All(&[Event, Permit])], &[Take(Event)], &[SetAsleep]]);
    three(NOTHING, [&[All(&[Event, Permit])], &[Set], &[Release, Take(Permit)]]);
}
