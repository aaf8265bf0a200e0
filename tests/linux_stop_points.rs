//! A process is killed, or stopped, between any two system calls with which it creates, opens, closes or
//! sweeps (C6, C16, C17): the others get the contract's answers within a second, and whoever holds the name
//! meanwhile is not harmed when it goes on.

#![cfg(target_os = "linux")]

#[path = "support/linux/mod.rs"]
mod linux;

use std::collections::BTreeSet;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use linux::child::{Child, Fate, Start, hear, play, say};
use linux::random::Random;
use linux::shm::{
    OtherKind, assert_no_file, assert_not_found, assert_nothing_left, assert_zeros, file_of, id_of, kind_of,
    life_lock, name, plant_remains, plant_shared_remains, system_name, unfinished_files_of, unique_name,
    view_of,
};
use samemap::catalog::{self, State};
use samemap::{
    Access, Courier, CreateOptions, Disposition, Error, ErrorKind, ObjectName, OpenOptions, Permissions,
    Region, Share, SharedRegion as _, Trust,
};
use samemap_platform::testing::Step;

/// C6.
const A_SECOND: Duration = Duration::from_secs(1);

/// The steps that are one with others: a closer asks who holds by trying for the remover's lock, and a sweep opens facts
/// as an opener does. And those of a process that takes a name from what is dead and locked: `linux_name_races`.
const NOT_HERE: [Step; 6] = [
    Step::CloseSawNobody,
    Step::SweepFactsOpened,
    Step::RemoveContended,
    Step::TakeLocked,
    Step::TakeNameChecked,
    Step::TakeUnlinked,
];

/// What a child does with the name, and what it finds there.
#[derive(Clone, Copy, Debug)]
struct Scenario {
    role: &'static str,
    finds: Finds,
    size: u64,
    form: Form,
}

/// What a creator makes, and what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A file, for one user.
    Private,
    /// A directory, for everyone.
    Shared,
}

impl Form {
    fn permissions(self) -> Permissions {
        match self {
            Form::Private => Permissions::owner_only(),
            Form::Shared => Permissions::owner_only().everyone(Share::ReadOnly),
        }
    }

    fn plant(self, name: &ObjectName, size: u64) {
        match self {
            Form::Private => plant_remains(name, size),
            Form::Shared => plant_shared_remains(name, size),
        }
    }
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

const fn scenario(role: &'static str, finds: Finds, size: u64, form: Form) -> Scenario {
    Scenario { role, finds, size, form }
}

const SCENARIOS: [Scenario; 17] = [
    scenario("create", Finds::Nothing, SMALL, Form::Private),
    scenario("create", Finds::Remains, SMALL, Form::Private),
    scenario("create", Finds::Remains, LARGE, Form::Private),
    scenario("create", Finds::Life, SMALL, Form::Private),
    scenario("open", Finds::Life, SMALL, Form::Private),
    scenario("open", Finds::Remains, SMALL, Form::Private),
    scenario("create_or_open", Finds::Nothing, SMALL, Form::Private),
    scenario("create_or_open", Finds::Life, SMALL, Form::Private),
    scenario("hand_over", Finds::Nothing, SMALL, Form::Private),
    scenario("create", Finds::Nothing, SMALL, Form::Shared),
    scenario("create", Finds::Remains, SMALL, Form::Shared),
    scenario("create", Finds::Life, SMALL, Form::Shared),
    scenario("open", Finds::Life, SMALL, Form::Shared),
    scenario("open", Finds::Remains, SMALL, Form::Shared),
    scenario("create_or_open", Finds::Nothing, SMALL, Form::Shared),
    scenario("create_or_open", Finds::Life, SMALL, Form::Shared),
    scenario("hand_over", Finds::Nothing, SMALL, Form::Shared),
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
    for form in [Form::Private, Form::Shared] {
        seen.extend(points_of(scenario("sweep", Finds::Remains, SMALL, form), Way::Nameless));
    }
    let expected = Step::ALL.into_iter().filter(|step| !NOT_HERE.contains(step));
    assert_eq!(seen, expected.map(|step| step.name().to_owned()).collect());
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
    play(&[
        ("create", create),
        ("open", open),
        ("create_or_open", create_or_open),
        ("sweep", sweep),
        ("hand_over", hand_over),
    ]);
}

// ---- the child ----------------------------------------------------------------------------------------

static ARMED: AtomicBool = AtomicBool::new(false);
static REACHED: AtomicUsize = AtomicUsize::new(0);
/// At which of the points it stops, counted from 0; at none for a number that is never reached.
static STOP_AT: AtomicUsize = AtomicUsize::new(usize::MAX);
/// The same by its name, the first time.
static STOP_AT_NAME: Mutex<Option<String>> = Mutex::new(None);

fn at_stop_point(point: &'static str) {
    if !ARMED.load(Ordering::Relaxed) {
        return;
    }
    say(point);
    let here = REACHED.fetch_add(1, Ordering::Relaxed) == STOP_AT.load(Ordering::Relaxed);
    let named = STOP_AT_NAME.lock().expect("no panic while locked").take_if(|name| name == point);
    if here || named.is_some() {
        // SAFETY: stops this process until the parent lets it go on, or kills it.
        unsafe { libc::raise(libc::SIGSTOP) };
    }
}

/// From now on points are told of. What a process does only once, at its first creation, is over.
fn arm(arguments: &[String]) -> (ObjectName, CreateOptions) {
    drop(Region::create(&unique_name("warm-up"), &CreateOptions::new(1)).expect("a free name"));
    // Takes bits away from what is asked for below, so that the mode has to be set.
    // SAFETY: a number; nothing else in this process makes files.
    unsafe { libc::umask(0o777) };
    match arguments[2].parse() {
        Ok(at) => STOP_AT.store(at, Ordering::Relaxed),
        Err(_) => *STOP_AT_NAME.lock().expect("no panic while locked") = Some(arguments[2].clone()),
    }
    say("ready");
    hear();
    samemap_platform::testing::at_stop_points(at_stop_point);
    ARMED.store(true, Ordering::Relaxed);
    let size = arguments[1].parse().expect("a size");
    let form = if arguments[3] == "shared" { Form::Shared } else { Form::Private };
    let permissions = form.permissions();
    (name(&arguments[0]), CreateOptions::new(size).permissions(permissions))
}

/// Says what came of it, and lets go in order when it is told to.
fn tell(outcome: Result<Region, Error>) {
    match &outcome {
        Ok(region) => say(&format!("holds {}", id_of(region))),
        Err(error) => say(&format!("error {:?}", error.kind())),
    }
    hear();
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

/// Both ends of a connection in one process: what it made and sent, it holds by what it received.
fn hand_over(arguments: &[String]) {
    let (name, options) = arm(arguments);
    ARMED.store(false, Ordering::Relaxed);
    let made = Region::create(&name, &options).expect("a free name");
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    ARMED.store(true, Ordering::Relaxed);
    Courier::over(ours).send(&made, Access::ReadWrite).expect("connected");
    let received = Courier::over(theirs).receive(&Trust::default());
    ARMED.store(false, Ordering::Relaxed);
    drop(made);
    ARMED.store(true, Ordering::Relaxed);
    tell(received);
}

fn sweep(arguments: &[String]) {
    let _ = arm(arguments);
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
    start_to(scenario, way, name, &stop_at.map_or("nowhere".to_owned(), |at| at.to_string()))
}

/// `stop_at` is a number or a point's name.
fn start_to(scenario: Scenario, way: Way, name: &ObjectName, stop_at: &str) -> Child {
    let start = Start::role(scenario.role).argument(name).argument(scenario.size).argument(stop_at);
    let start = start.argument(if scenario.form == Form::Shared { "shared" } else { "private" });
    match way {
        Way::Nameless => start.start(),
        Way::TemporaryName => start.env("SAMEMAP_TEST_UNFINISHED_NAMES", "1").start(),
    }
}

/// Lays out what the child is to find: when it is ready, so that its own first sweep does not see it.
fn lay_out(scenario: Scenario, name: &ObjectName) -> Option<Region> {
    match scenario.finds {
        Finds::Nothing => None,
        Finds::Remains => {
            scenario.form.plant(name, scenario.size);
            None
        }
        Finds::Life => Some(create_marked(name, scenario.form)),
    }
}

/// Creates an object that is told from others of its name by a random number.
fn create_marked(name: &ObjectName, form: Form) -> Region {
    let options = CreateOptions::new(SMALL).permissions(form.permissions());
    let region = Region::create(name, &options).expect("a free name");
    mark(&region);
    region
}

fn mark(region: &Region) {
    let id = Random::new().next() | 1;
    view_of(region).put(0, &id).expect("in range");
}

/// The points that an undisturbed child comes by, in order.
fn points_of(scenario: Scenario, way: Way) -> Vec<String> {
    // Another program's sweep may take the remains before the child meets them, and then it meets less.
    let runs = [(); 3].map(|()| points_of_a_run(scenario, way));
    runs.into_iter().max_by_key(Vec::len).expect("three of them")
}

fn points_of_a_run(scenario: Scenario, way: Way) -> Vec<String> {
    let name = unique_name("points");
    let mut child = start(scenario, way, &name, None);
    child.expect("ready");
    let held = lay_out(scenario, &name);
    child.say("go\ndrop");
    let lines = lines_until_done(&mut child);
    drop(held);
    assert_nothing_left(&name);
    let is_point = |line: &String| Step::ALL.iter().any(|step| step.name() == line);
    lines.into_iter().filter(is_point).collect()
}

/// What a child says from here to its orderly end.
#[track_caller]
fn lines_until_done(child: &mut Child) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let line = child.hear();
        if line == "done" {
            child.finish();
            return lines;
        }
        lines.push(line);
    }
}

/// One of the points of a scenario.
#[derive(Clone, Copy, Debug)]
struct Point<'a> {
    scenario: Scenario,
    way: Way,
    all: &'a [String],
    at: usize,
}

fn for_every_point(way: Way, check: fn(Point<'_>)) {
    let _alone = alone();
    // The way matters to creators only.
    let matters = |scenario: &Scenario| {
        scenario.role.starts_with("create") && scenario.size == SMALL && scenario.form == Form::Private
    };
    for scenario in SCENARIOS.into_iter().filter(|scenario| way == Way::Nameless || matters(scenario)) {
        let all = points_of(scenario, way);
        for at in 0..all.len() {
            check(Point { scenario, way, all: &all, at });
        }
    }
}

/// A child that is stopped at a point, with what it found.
struct Stopped {
    child: Child,
    name: ObjectName,
    /// The object that the test holds.
    held: Option<Region>,
}

impl Point<'_> {
    fn name(&self) -> &str {
        &self.all[self.at]
    }

    /// Brings a child to this point.
    fn reach(&self) -> Stopped {
        // Another program's sweep may take the remains before the child meets them.
        (0..200).find_map(|_| self.try_to_reach()).unwrap_or_else(|| panic!("{self:?} is never reached"))
    }

    fn try_to_reach(&self) -> Option<Stopped> {
        let name = unique_name("stop");
        let mut child = start(self.scenario, self.way, &name, Some(self.at));
        child.expect("ready");
        let held = lay_out(self.scenario, &name);
        child.say("go\ndrop");
        if child.wait_for_fate() == Fate::Ended {
            return None;
        }
        for point in &self.all[..=self.at] {
            let mut said = child.hear();
            while said.starts_with("holds ") || said.starts_with("error ") {
                said = child.hear();
            }
            if said != *point {
                return None;
            }
        }
        Some(Stopped { child, name, held })
    }

    /// Whether the stopped child itself holds the object of that name.
    fn child_holds(&self) -> bool {
        let holding = [
            Step::CreatePublished,
            Step::OpenHeld,
            Step::OpenFactsRead,
            Step::OpenNameChecked,
            Step::SendMarked,
            Step::SendOpened,
            Step::SendHeld,
            Step::SendSent,
            Step::ReceiveTaken,
            Step::ReceiveOpened,
            Step::ReceiveHeld,
        ];
        holding.iter().any(|step| step.name() == self.name())
    }

    /// Whether the stopped child has the name in its hand, to remove it.
    fn child_removes(&self) -> bool {
        let removing = [Step::RemoveLocked, Step::RemoveNameChecked, Step::RemoveMarkedDead];
        removing.iter().any(|step| step.name() == self.name())
    }
}

// ---- killed there -------------------------------------------------------------------------------------

/// Whatever call comes first after the kill has to cope, so each does once.
fn kill_there(point: Point<'_>) {
    let first: [fn(&ObjectName); 5] = [
        assert_not_found,
        |name| drop(assert_created(Region::create(name, &CreateOptions::new(SMALL)))),
        |name| {
            let (region, disposition) =
                Region::create_or_open(name, &CreateOptions::new(SMALL)).expect("a free name");
            assert_eq!(disposition, Disposition::Created);
            drop(assert_created(Ok(region)));
        },
        |name| assert_ne!(state_of(name), Some(State::Live)),
        |_| drop(catalog::reclaim().expect("a sweep works")),
    ];
    for first in first {
        let Stopped { mut child, name, held } = point.reach();
        child.kill();
        match held {
            Some(held) => assert_untouched(&name, &held),
            None => first(&name),
        }
        assert_no_traces(point, &name, child.pid());
    }
}

#[track_caller]
fn assert_created(created: Result<Region, Error>) -> Region {
    let region = created.expect("the name is free");
    assert_zeros(&region);
    region
}

/// After a kill: the name works as any other, and is left as empty.
#[track_caller]
fn assert_no_traces(point: Point<'_>, name: &ObjectName, pid: i32) {
    assert_not_found(name);
    drop(assert_created(Region::create(name, &CreateOptions::new(SMALL))));
    assert_no_file(name);
    if point.way == Way::TemporaryName || point.scenario.form == Form::Shared {
        catalog::reclaim().expect("a sweep works");
    }
    assert_eq!(unfinished_files_of(&[pid]), Vec::<String>::new(), "{point:?}");
}

/// The object that the test holds is the one that its name leads to.
#[track_caller]
fn assert_untouched(name: &ObjectName, held: &Region) {
    let again = Region::open(name, &OpenOptions::read_write()).expect("it is held");
    assert_eq!(id_of(&again), id_of(held), "the name leads elsewhere");
    drop(again);
    let created = Region::create(name, &CreateOptions::new(SMALL));
    assert_eq!(kind_of(created), Some(ErrorKind::AlreadyExists));
    assert_eq!(state_of(name), Some(State::Live));
    let swept = catalog::reclaim().expect("a sweep works");
    assert!(!swept.removed.contains(&system_name(name)), "a living object was swept");
    assert!(file_of(name).exists());
}

/// How the name is listed, if it is.
fn state_of(name: &ObjectName) -> Option<State> {
    let listed = catalog::list().expect("listing works");
    listed.into_iter().find(|entry| entry.system_name == system_name(name)).map(|entry| entry.state)
}

// ---- stopped there ------------------------------------------------------------------------------------

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
    within_a_second(point, "list", catalog::list).expect("listing works");
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

// ---- single cases -------------------------------------------------------------------------------------

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

// ---- a sweep meets an unfinished file -----------------------------------------------------------------

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
