#![cfg(target_os = "linux")]
//! A process is killed, or stopped, between any two system calls with which it creates, opens, closes or
//! sweeps (C6, C16, C17): the others get the contract's answers within a second, and whoever holds the name
//! meanwhile is not harmed when it goes on.

#[path = "support/linux/mod.rs"]
mod linux;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use linux::child::{Child, Fate, Start, hear, play, say};
use linux::shm::{
    assert_no_file, assert_not_found, assert_nothing_left, assert_zeros, file_of, id_of, kind_of, name,
    plant_remains, system_name, unfinished_files_of, unique_name, view_of,
};
use samemap::catalog::{self, State};
use samemap::{
    CreateOptions, Disposition, Error, ErrorKind, ObjectName, OpenOptions, Permissions, Region, Share,
    SharedRegion as _,
};

/// C6.
const A_SECOND: Duration = Duration::from_secs(1);

/// Every stop point that there is. One that is missing here, or in the code, fails a test.
const ALL_POINTS: [&str; 15] = [
    "clear: opened",
    "close: released",
    "close: saw nobody",
    "create: committed",
    "create: file made",
    "create: held",
    "create: mode set",
    "create: published",
    "create: trailer written",
    "open: held",
    "open: opened",
    "open: saw its holders",
    "remove: locked",
    "remove: name checked",
    "remove: unlinked",
];

/// What a child does with the name, and what it finds there.
#[derive(Clone, Copy, Debug)]
struct Scenario {
    role: &'static str,
    finds: Finds,
    size: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finds {
    /// Nothing of that name.
    Nothing,
    /// What killed holders left.
    Remains,
    /// An object that the test holds.
    Life,
}

const SMALL: u64 = 4096;
/// From here on a creator looks at the name first.
const LARGE: u64 = 256 << 10;

const SCENARIOS: [Scenario; 8] = [
    Scenario { role: "create", finds: Finds::Nothing, size: SMALL },
    Scenario { role: "create", finds: Finds::Remains, size: SMALL },
    Scenario { role: "create", finds: Finds::Remains, size: LARGE },
    Scenario { role: "create", finds: Finds::Life, size: SMALL },
    Scenario { role: "open", finds: Finds::Life, size: SMALL },
    Scenario { role: "open", finds: Finds::Remains, size: SMALL },
    Scenario { role: "create_or_open", finds: Finds::Nothing, size: SMALL },
    Scenario { role: "create_or_open", finds: Finds::Life, size: SMALL },
];

/// The two ways to create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The file gets its only name when it is finished.
    Nameless,
    /// The file has a temporary name until then.
    TemporaryName,
}

#[test]
fn the_stop_points_are_the_expected_ones() {
    let _alone = alone();
    let mut seen = BTreeSet::new();
    for scenario in SCENARIOS {
        seen.extend(points_of(scenario, Way::Nameless));
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ALL_POINTS);
}

#[test]
fn killed_at_any_point_a_process_leaves_nothing_that_others_trip_over() {
    for_every_point(Way::Nameless, kill_there);
}

#[test]
fn killed_at_any_point_with_a_temporary_name_it_leaves_nothing_either() {
    for_every_point(Way::TemporaryName, kill_there);
}

#[test]
fn stopped_at_any_point_a_process_keeps_nobody_waiting_and_harms_nobody_later() {
    for_every_point(Way::Nameless, stop_there);
}

#[test]
fn stopped_at_any_point_with_a_temporary_name_it_keeps_nobody_waiting_either() {
    for_every_point(Way::TemporaryName, stop_there);
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    play(&[("create", create), ("open", open), ("create_or_open", create_or_open), ("sweep", sweep)]);
}

// ---- the child ----------------------------------------------------------------------------------------

static ARMED: AtomicBool = AtomicBool::new(false);
static REACHED: AtomicUsize = AtomicUsize::new(0);
/// At which of the points it stops, counted from 0; at none for a number that is never reached.
static STOP_AT: AtomicUsize = AtomicUsize::new(usize::MAX);

fn at_stop_point(point: &'static str) {
    if !ARMED.load(Ordering::Relaxed) {
        return;
    }
    say(point);
    if REACHED.fetch_add(1, Ordering::Relaxed) == STOP_AT.load(Ordering::Relaxed) {
        // SAFETY: stops this process until the parent lets it go on, or kills it.
        unsafe { libc::raise(libc::SIGSTOP) };
    }
}

/// From now on points are told of. What a process does only once, at its first creation, is over.
fn arm(arguments: &[String]) -> (ObjectName, CreateOptions) {
    drop(Region::create(&unique_name("warm-up"), &CreateOptions::new(1)).expect("a free name"));
    // Takes bits away from what is asked for below, so that the mode has to be set.
    // SAFETY: a number; nothing else in this process makes files.
    unsafe { libc::umask(0o077) };
    STOP_AT.store(arguments[2].parse().unwrap_or(usize::MAX), Ordering::Relaxed);
    say("ready");
    hear();
    samemap_platform::testing::at_stop_points(at_stop_point);
    ARMED.store(true, Ordering::Relaxed);
    let size = arguments[1].parse().expect("a size");
    let permissions = Permissions::owner_only().everyone(Share::ReadOnly);
    (name(&arguments[0]), CreateOptions::new(size).permissions(permissions))
}

/// Says what came of it, and lets go in order.
fn tell(outcome: Result<Region, Error>) {
    match &outcome {
        Ok(region) => say(&format!("holds {}", id_of(region))),
        Err(error) => say(&format!("error {:?}", error.kind())),
    }
    drop(outcome);
    say("done");
}

fn create(arguments: &[String]) {
    let (name, options) = arm(arguments);
    tell(Region::create(&name, &options));
}

fn create_or_open(arguments: &[String]) {
    let (name, options) = arm(arguments);
    tell(Region::create_or_open(&name, &options).map(|(region, _)| region));
}

fn open(arguments: &[String]) {
    let (name, _) = arm(arguments);
    tell(Region::open(&name, &OpenOptions::read_write()));
}

fn sweep(arguments: &[String]) {
    arm(arguments);
    catalog::reclaim().expect("a sweep works");
    say("done");
}

// ---- the parent ---------------------------------------------------------------------------------------

/// One at a time: the first creation of a child sweeps, and would take the remains that another test has
/// laid out.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start(scenario: Scenario, way: Way, name: &ObjectName, stop_at: Option<usize>) -> Child {
    let stop_at = stop_at.map_or("nowhere".to_owned(), |at| at.to_string());
    let start = Start::role(scenario.role).argument(name).argument(scenario.size).argument(stop_at);
    match way {
        Way::Nameless => start.start(),
        Way::TemporaryName => start.env("SAMEMAP_TEST_UNFINISHED_NAMES", "1").start(),
    }
}

/// What a child meets: laid out when it is ready, so that its own sweep does not see it.
struct Stage {
    name: ObjectName,
    held: Option<Region>,
}

impl Stage {
    fn set(scenario: Scenario) -> Stage {
        let name = unique_name("stop");
        let mut held = None;
        match scenario.finds {
            Finds::Nothing => {}
            Finds::Remains => plant_remains(&name, scenario.size),
            Finds::Life => held = Some(create_marked(&name)),
        }
        Stage { name, held }
    }
}

/// Creates an object that is told from others of its name by a random number.
fn create_marked(name: &ObjectName) -> Region {
    let region = Region::create(name, &CreateOptions::new(SMALL)).expect("a free name");
    mark(&region);
    region
}

fn mark(region: &Region) {
    let id = linux::random::Random::new().next() | 1;
    view_of(region).put(0, &id).expect("in range");
}

/// The points that an undisturbed child comes by, in order.
fn points_of(scenario: Scenario, way: Way) -> Vec<String> {
    let stage = Stage::set(Scenario { finds: Finds::Nothing, ..scenario });
    drop(stage.held);
    let mut child = start(scenario, way, &stage.name, None);
    child.expect("ready");
    let held = lay_out(scenario, &stage.name);
    child.say("go");
    let mut points = Vec::new();
    loop {
        match child.hear() {
            line if line == "done" => break,
            line if line.starts_with("holds ") || line.starts_with("error ") => {}
            point => points.push(point),
        }
    }
    child.finish();
    drop(held);
    assert_nothing_left(&stage.name);
    points
}
