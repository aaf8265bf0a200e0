//! Wake-ups: two processes that wait for each other in turn.

use std::time::Instant;

use raw_sync::Timeout;
use raw_sync::events::{Event as RawEvent, EventImpl, EventInit, EventState};
use samemap::{EventOptions, Reset, Settable as _, SharedEvent, Waitable as _};

use super::bare;
use super::peer::{Arena, ROOM, pin, processors};
use super::report::{Report, Subject};
use super::rounds::{Plan, Times};

/// Where the two processes run.
#[derive(Clone, Copy, Debug)]
pub struct Placement {
    /// What the report calls it.
    pub name: &'static str,
    /// The first process's processor.
    pub first: Option<usize>,
    /// The second one's.
    pub second: Option<usize>,
}

/// One core, two cores, and where the system likes.
pub fn placements() -> Vec<Placement> {
    let mut placements = vec![Placement { name: "one core", first: Some(0), second: Some(0) }];
    if processors() > 1 {
        placements.push(Placement { name: "two cores", first: Some(0), second: Some(1) });
    }
    placements.push(Placement { name: "unpinned", first: None, second: None });
    placements
}

const OURS: [usize; 2] = [ROOM + 1024, ROOM + 1152];
const RAW: [usize; 2] = [ROOM + 2048, ROOM + 3072];

/// A pair of events, one each way.
enum Pair {
    Bare(Arena),
    Ours([SharedEvent; 2]),
    /// With what keeps their memory mapped.
    Raw([Box<dyn EventImpl>; 2], #[expect(dead_code, reason = "kept for its drop")] Arena),
}

impl Pair {
    fn create(arena: &Arena) {
        for at in OURS {
            SharedEvent::create(arena.view(), at, &EventOptions::new(Reset::Auto)).expect("create");
        }
        for at in RAW {
            // SAFETY: aligned room of the arena's own; raw_sync's state is in the memory, which stays.
            drop(unsafe { RawEvent::new(arena.view().as_ptr().add(at), true) }.expect("raw_sync's event"));
        }
    }

    fn open(which: &str, arena: Arena) -> Pair {
        match which {
            "bare" => Pair::Bare(arena),
            // SAFETY: the first process initialised them, and the arena is kept beside them.
            "raw" => {
                let at = |index: usize| {
                    // SAFETY: as above.
                    unsafe { RawEvent::from_existing(arena.view().as_ptr().add(RAW[index])) }.expect("open").0
                };
                Pair::Raw([at(0), at(1)], arena)
            }
            _ => Pair::Ours(OURS.map(|at| SharedEvent::open(arena.view(), at).expect("open"))),
        }
    }

    fn set(&self, index: usize) {
        match self {
            Pair::Bare(arena) => bare::set(arena.word(index)),
            Pair::Ours(events) => events[index].set().expect("set"),
            Pair::Raw(events, _) => events[index].set(EventState::Signaled).expect("set"),
        }
    }

    fn wait(&self, index: usize) {
        match self {
            Pair::Bare(arena) => bare::wait(arena.word(index)),
            Pair::Ours(events) => events[index].wait().expect("wait"),
            Pair::Raw(events, _) => events[index].wait(Timeout::Infinite).expect("wait"),
        }
    }
}

const RIVALS: [(&str, &str); 3] =
    [("bare", "bare futex"), ("ours", "samemap SharedEvent"), ("raw", "raw_sync 0.1.5 Event")];

/// All rows about wake-ups.
pub fn measure(plan: Plan, report: &mut Report) {
    for placement in placements() {
        let mut times: Vec<Times> =
            RIVALS.iter().map(|(_, system)| Times { system, sorted: Vec::new() }).collect();
        pin(placement.first);
        for _ in 0..plan.rounds.min(15) {
            for ((which, _), times) in RIVALS.iter().zip(&mut times) {
                times.sorted.push(ping_pong(which, placement, plan));
            }
        }
        pin(None);
        times.iter_mut().for_each(|times| times.sorted.sort_by(f64::total_cmp));
        let subject = Subject { bench: "wake-up ping-pong, one way", size: 0 };
        report.add_in(subject, "us", placement.name, &times);
    }
}

/// Microseconds one way.
fn ping_pong(which: &str, placement: Placement, plan: Plan) -> f64 {
    let arena = Arena::create("wake");
    Pair::create(&arena);
    let child = arena.start(&format!("pong-{which}"), placement.second);
    let pair = Pair::open(which, Arena::open(&arena.name().to_string()));
    let turns = (plan.slice.as_micros() as u32 / 8).clamp(50, 5000);
    for _ in 0..50 {
        pair.set(0);
        pair.wait(1);
    }
    let start = Instant::now();
    for _ in 0..turns {
        pair.set(0);
        pair.wait(1);
    }
    let took = start.elapsed();
    arena.say_stop();
    pair.set(0);
    arena.end(child);
    took.as_secs_f64() * 1e6 / f64::from(turns) / 2.0
}

/// The second process.
pub fn pong(which: &str, arena: Arena) {
    let pair = Pair::open(which, Arena::open(&arena.name().to_string()));
    arena.say_ready();
    loop {
        pair.wait(0);
        if arena.is_stopped() {
            return;
        }
        pair.set(1);
    }
}
