//! Stopped there.

use crate::common::*;

#[test]
fn stopped_at_any_point_a_process_keeps_nobody_waiting_and_harms_nobody_later() {
    for_every_point(Way::Nameless, stop_there);
}

#[test]
fn stopped_at_any_point_with_a_temporary_name_it_keeps_nobody_waiting_either() {
    for_every_point(Way::TemporaryName, stop_there);
}

/// The call that meets the stopped process first.
#[derive(Clone, Copy, Debug)]
enum First {
    Open,
    Create,
    CreateOrOpen,
}

fn stop_there(point: Point<'_>) {
    for first in [First::Open, First::Create, First::CreateOrOpen] {
        // Where the test holds an object, it lets go of it in some rounds while the child is stopped.
        let lets_go: &[bool] = if point.scenario.finds == Finds::Life { &[false, true] } else { &[false] };
        for &lets_go in lets_go {
            let mut stopped = point.reach();
            if lets_go {
                stopped.held = None;
            }
            meet(point, &mut stopped, first);
            go_on(stopped);
        }
    }
}

/// Others get the contract's answers, and at once. They hold what they got.
fn meet(point: Point<'_>, stopped: &mut Stopped, first: First) {
    let Stopped { name, held, .. } = stopped;
    let listed = within_a_second(point, "list", || state_of(name));
    // What is half made or half gone is listed as dead or not at all, and never as an object that is not ours.
    if point.child_holds() || held.is_some() {
        assert_eq!(listed, Some(State::Live), "{point:?}");
    } else {
        assert!(matches!(listed, None | Some(State::Dead | State::Live)), "{point:?}: {listed:?}");
    }
    if held.is_none() {
        *held = match first {
            First::Open => meet_by_open(point, name),
            First::Create => meet_by_create(point, name),
            First::CreateOrOpen => meet_by_create_or_open(point, name),
        };
    }
    within_a_second(point, "sweep", catalog::reclaim).expect("a sweep works");
    if let Some(held) = held {
        within_a_second(point, "the rest", || assert_untouched(name, held));
    }
}

fn meet_by_open(point: Point<'_>, name: &ObjectName) -> Option<Region> {
    let opened = within_a_second(point, "open", || Region::open(name, &OpenOptions::read_write()));
    if point.child_holds() {
        return Some(opened.expect("the stopped process holds it"));
    }
    assert_eq!(kind_of(opened), Some(ErrorKind::NotFound), "{point:?}");
    None
}

fn meet_by_create(point: Point<'_>, name: &ObjectName) -> Option<Region> {
    let options = CreateOptions::new(SMALL);
    let created = within_a_second(point, "create", || Region::create(name, &options));
    let refusal = if point.child_holds() {
        ErrorKind::AlreadyExists
    } else if point.child_removes() {
        ErrorKind::TimedOut
    } else {
        let region = assert_created(created);
        mark(&region);
        return Some(region);
    };
    assert_eq!(kind_of(created), Some(refusal), "{point:?}");
    None
}

fn meet_by_create_or_open(point: Point<'_>, name: &ObjectName) -> Option<Region> {
    let options = CreateOptions::new(SMALL);
    let answer = within_a_second(point, "create or open", || Region::create_or_open(name, &options));
    if point.child_removes() {
        assert_eq!(kind_of(answer), Some(ErrorKind::TimedOut), "{point:?}");
        return None;
    }
    let (region, disposition) = answer.unwrap_or_else(|error| panic!("{point:?}: {error:?}"));
    let expected = if point.child_holds() { Disposition::Opened } else { Disposition::Created };
    assert_eq!(disposition, expected, "{point:?}");
    if disposition == Disposition::Created {
        assert_zeros(&region);
    }
    mark(&region);
    Some(region)
}

#[track_caller]
fn within_a_second<T>(point: Point<'_>, what: &str, call: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let answer = call();
    let took = began.elapsed();
    assert!(took < A_SECOND, "{what} took {took:?} while a process was stopped at {point:?}");
    answer
}

/// The stopped process goes on and ends in order; what the test holds meanwhile is not harmed.
fn go_on(stopped: Stopped) {
    let Stopped { mut child, name, held } = stopped;
    child.signal(libc::SIGCONT);
    let lines = lines_until_done(&mut child);
    let outcome = lines.iter().find(|line| line.starts_with("holds ") || line.starts_with("error "));
    if let (Some(outcome), Some(held)) = (outcome, &held) {
        let same = format!("holds {}", id_of(held));
        let answers = [same.as_str(), "error AlreadyExists", "error NotFound"];
        assert!(answers.contains(&outcome.as_str()), "{outcome}, while {same} was the object");
    }
    if let Some(held) = &held {
        assert_untouched(&name, held);
    }
    drop(held);
    assert_nothing_left(&name);
    assert_eq!(unfinished_files_of(&[child.pid()]), Vec::<String>::new());
}
