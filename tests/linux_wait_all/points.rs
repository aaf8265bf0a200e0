//! A waiter is stopped, and perhaps killed, at each of its steps.

use crate::common::*;

/// The steps of an attempt that takes three objects: it begins, tags each, decides, and settles each.
const POINTS: usize = 8;
/// The first of them where all three are taken.
const DECIDED: usize = 4;

/// What others do first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Polls,
    Signals,
    WaitsForAll,
}

#[test]
fn a_waiter_that_is_stopped_at_any_step_delays_nobody() {
    for_each_point(|point, mut stopped, trio| {
        meet(point, trio);
        stopped.signal(libc::SIGCONT);
        if point.number < DECIDED {
            // It goes on, and finds nothing.
            assert_eq!(trio.lock(PATIENCE), Some(false), "{point:?}");
            trio.set();
            assert!(trio.release(), "{point:?}");
        }
        stopped.expect("took");
        assert_eq!(at_once(|| trio.lock(Duration::ZERO)), None, "{point:?}: it owns the mutex");
        assert!(!trio.take_event() && !trio.take_permit(), "{point:?}: it took them");
        stopped.say("give up");
        assert_eq!(trio.lock(PATIENCE), Some(false), "{point:?}");
        stopped.finish();
    });
}

#[test]
fn a_waiter_that_is_killed_at_any_step_has_taken_all_or_none() {
    for_each_point(|point, mut stopped, trio| {
        if point.is_killed_first {
            stopped.kill();
        }
        if point.number < DECIDED {
            meet(point, trio);
            stopped.end();
        } else {
            stopped.end();
            assert!(!at_once(|| trio.take_event()) && !at_once(|| trio.take_permit()), "{point:?}");
            assert_eq!(trio.lock(PATIENCE), Some(true), "{point:?}: its owner died");
        }
        assert_eq!(trio.lock(PATIENCE), Some(false), "{point:?}");
    });
}

/// What others find while the waiter stands still: all or none is taken.
fn meet(point: &Point, trio: &Trio) {
    let is_taken = point.number >= DECIDED;
    match point.first {
        First::Polls => {}
        First::Signals => {
            at_once(|| trio.set());
            assert_eq!(at_once(|| trio.release()), is_taken, "{point:?}: there is room for what was taken");
        }
        First::WaitsForAll => {
            let woken = at_once(|| try_wait_all(&trio.all())).expect("it can be tried");
            assert_eq!(woken.is_none(), is_taken, "{point:?}");
            if let Some(woken) = woken {
                assert!(!woken.abandoned(), "{point:?}");
                return;
            }
        }
    }
    // What was signalled anew is there, too.
    let is_there = !is_taken || point.first == First::Signals;
    assert_eq!(at_once(|| trio.take_event()), is_there, "{point:?}: the event");
    assert_eq!(at_once(|| trio.take_permit()), is_there, "{point:?}: the permit");
    assert!(!trio.take_event() && !trio.take_permit(), "{point:?}: that was all");
    let free = at_once(|| trio.lock(Duration::ZERO));
    assert_eq!(free, (!is_taken).then_some(false), "{point:?}: the mutex");
}

#[derive(Debug)]
struct Point {
    number: usize,
    /// Whether the objects lie inside a region.
    _inside: bool,
    first: First,
    /// Where it is killed at all.
    is_killed_first: bool,
}

fn for_each_point(check: impl Fn(&Point, Child, &Trio)) {
    let firsts = [First::Polls, First::Signals, First::WaitsForAll];
    for number in 0..POINTS {
        for (index, inside) in (0..6).map(|index| (index, index % 2 == 0)) {
            let (first, is_killed_first) = (firsts[index / 2], (number + index) % 2 == 0);
            let point = Point { number, _inside: inside, first, is_killed_first };
            let label = unique_name("points");
            let (trio, _keep) = Trio::create(&label, inside);
            trio.set();
            assert!(trio.release());
            let mut waiter = Start::role("waiter").argument(&label).argument(inside).argument(number).start();
            assert_eq!(waiter.wait_for_fate(), Fate::Stopped, "{point:?}");
            check(&point, waiter, &trio);
        }
    }
}

/// At which point it stops, the next time; counts down.
static STOPS_IN: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Stops itself at a point, and tells what it took.
pub fn waiter(arguments: &[String]) {
    let trio = Trio::open(&name(&arguments[0]), arguments[1] == "true");
    STOPS_IN.store(arguments[2].parse().expect("a number"), Ordering::SeqCst);
    samemap_platform::internal::testing::at_stop_points(|point| {
        if point.starts_with("all: ") && STOPS_IN.fetch_sub(1, Ordering::SeqCst) == 0 {
            // SAFETY: stops this process until it is told to go on, or killed.
            unsafe { libc::raise(libc::SIGSTOP) };
        }
    });
    let woken = wait_all_timeout(&trio.all(), PATIENCE).expect("they can be waited for").expect("in time");
    assert!(!woken.abandoned());
    say("took");
    hear();
    drop(woken);
}
