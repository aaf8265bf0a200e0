//! All points, and single cases.

use crate::common::*;

#[test]
fn the_stop_points_are_the_expected_ones() {
    let _alone = alone();
    let mut seen = BTreeSet::new();
    for scenario in SCENARIOS {
        seen.extend(points_of(scenario, Way::Nameless));
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ALL_POINTS);
}

/// A process may be stopped for longer than anybody has patience: what it asks for is answered all the same.
#[test]
fn a_create_or_open_that_was_stopped_for_long_opens_what_was_created_meanwhile() {
    let _alone = alone();
    let scenario = Scenario { role: "create_or_open", finds: Finds::Nothing, size: SMALL };
    let all = points_of(scenario, Way::Nameless);
    let at = all.iter().position(|point| point == "create: committed").expect("a known point");
    let Stopped { mut child, name, .. } = Point { scenario, way: Way::Nameless, all: &all, at }.reach();
    let held = create_marked(&name);
    // Time itself is what has to pass.
    std::thread::sleep(A_SECOND);
    child.signal(libc::SIGCONT);
    let lines = lines_until_done(&mut child);
    let opened = format!("holds {}", id_of(&held));
    assert!(lines.contains(&opened), "{lines:?} instead of {opened}");
    assert_untouched(&name, &held);
    drop(held);
    assert_nothing_left(&name);
}

/// The last holder closes in the instant in which an opener has the object, only to find it of another kind.
/// One of the two has to remove it (C17).
#[test]
fn an_opener_that_wants_another_kind_removes_what_it_kept_alive() {
    let _alone = alone();
    let scenario = Scenario { role: "open", finds: Finds::Nothing, size: SMALL };
    let name = unique_name("mutex");
    // It comes by: opened, saw its holders, held.
    let mut opener = start(scenario, Way::Nameless, &name, Some(2));
    opener.expect("ready");
    let mutex = OtherKind::hold(&name);
    opener.say("go\ndrop");
    assert_eq!(opener.wait_for_fate(), Fate::Stopped);
    assert!(!mutex.let_go_and_look(), "the opener holds it");
    opener.signal(libc::SIGCONT);
    let lines = lines_until_done(&mut opener);
    let refusal = "error KindMismatch { wanted: Region, found: Object(Mutex) }";
    assert!(lines.iter().any(|line| line == refusal), "{lines:?}");
    assert_nothing_left(&name);
}

/// A creator's file has a temporary name before it is locked. A sweep that comes in between takes it for
/// dead: the creator must notice, and not publish what it does not hold.
#[test]
fn a_creator_whose_unfinished_file_is_being_swept_makes_another() {
    let _alone = alone();
    let creates = Scenario { role: "create", finds: Finds::Nothing, size: SMALL };
    let all = points_of(creates, Way::TemporaryName);
    let (name, mut creator, mut sweeper) =
        (0..200).find_map(|_| sweep_an_unfinished_file(creates, &all)).expect("a sweep that meets the file");
    creator.signal(libc::SIGCONT);
    while creator.hear() != "holds 0" {}
    let opened = Region::open(&name, &OpenOptions::read_write()).expect("the creator holds it");
    mark(&opened);
    sweeper.signal(libc::SIGCONT);
    lines_until_done(&mut sweeper);
    assert_untouched(&name, &opened);
    creator.say("drop");
    lines_until_done(&mut creator);
    assert_untouched(&name, &opened);
    drop(opened);
    assert_nothing_left(&name);
    assert_eq!(unfinished_files_of(&[creator.pid()]), Vec::<String>::new());
}

/// A creator that has made its file and not locked it, and a sweep that has locked it and not removed it.
fn sweep_an_unfinished_file(creates: Scenario, all: &[String]) -> Option<(ObjectName, Child, Child)> {
    let name = unique_name("swept");
    let made = all.iter().position(|point| point == "create: file made").expect("a known point");
    let mut sweeper = start(Scenario { role: "sweep", ..creates }, Way::TemporaryName, &name, Some(0));
    sweeper.expect("ready");
    let mut creator = start(creates, Way::TemporaryName, &name, Some(made));
    creator.expect("ready");
    creator.say("go");
    assert_eq!(creator.wait_for_fate(), Fate::Stopped);
    sweeper.say("go");
    if sweeper.wait_for_fate() == Fate::Ended {
        return None;
    }
    let [file] = <[String; 1]>::try_from(unfinished_files_of(&[creator.pid()])).ok()?;
    // Other remains may lie about, and the sweep may have stopped at those.
    is_being_removed(&file).then_some((name, creator, sweeper))
}

/// Whether somebody has locked the file exclusively: how a remover is told from a holder.
fn is_being_removed(file: &str) -> bool {
    let file = std::fs::File::open(format!("/dev/shm/{file}")).expect("the file is still there");
    life_lock(&file, libc::F_OFD_GETLK, libc::F_RDLCK) == libc::F_WRLCK
}
