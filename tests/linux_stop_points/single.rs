//! All points, and single cases.

use crate::common::*;

#[test]
fn the_stop_points_are_the_expected_ones() {
    let _alone = alone();
    let mut seen = BTreeSet::new();
    for scenario in SCENARIOS {
        seen.extend(points_of(scenario, Way::Nameless));
    }
    for form in [Form::Private, Form::Shared] {
        seen.extend(points_of(scenario("sweep", Finds::Remains, SMALL, form), Way::Nameless));
    }
    let expected = Step::ALL.iter().copied().filter(|step| !NOT_HERE.contains(step));
    assert_eq!(seen, expected.map(|step| step.name().to_owned()).collect());
}

/// A process may be stopped for longer than anybody has patience: what it asks for is answered all the same.
#[test]
fn a_create_or_open_that_was_stopped_for_long_opens_what_was_created_meanwhile() {
    let _alone = alone();
    let scenario = scenario("create_or_open", Finds::Nothing, SMALL, Form::Private);
    let all = points_of(scenario, Way::Nameless);
    let at = all.iter().position(|point| point == "create: committed").expect("a known point");
    let Stopped { mut child, name, .. } = Point { scenario, way: Way::Nameless, all: &all, at }.reach();
    let held = create_marked(&name, Form::Private);
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
    let scenario = scenario("open", Finds::Nothing, SMALL, Form::Private);
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
    creator_and_sweep(Form::Private, Step::CreateFileMade);
}

#[test]
fn a_creator_whose_unfinished_directory_is_being_swept_makes_another() {
    creator_and_sweep(Form::Shared, Step::CreateFactsMade);
}

fn creator_and_sweep(form: Form, made: Step) {
    let _alone = alone();
    let creates = scenario("create", Finds::Nothing, SMALL, form);
    let (name, mut creator, mut sweeper) =
        (0..200).find_map(|_| sweep_what_is_unfinished(creates, made)).expect("a sweep that meets it");
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

/// A creator that has made what it locks and not locked it, and a sweep that has locked it and not removed it.
fn sweep_what_is_unfinished(creates: Scenario, made: Step) -> Option<(ObjectName, Child, Child)> {
    let name = unique_name("swept");
    let sweeps = Scenario { role: "sweep", ..creates };
    let mut sweeper = start_to(sweeps, Way::TemporaryName, &name, Step::RemoveLocked.name());
    sweeper.expect("ready");
    let mut creator = start_to(creates, Way::TemporaryName, &name, made.name());
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
    let path = Path::new("/dev/shm").join(file);
    let path = if path.is_dir() { path.join("facts") } else { path };
    let file = std::fs::File::open(path).expect("it is still there");
    life_lock(&file, libc::F_OFD_GETLK, libc::F_RDLCK) == libc::F_WRLCK
}
