//! Scenarios, ways and points.

pub use std::collections::BTreeSet;
pub use std::os::unix::net::UnixStream;
pub use std::path::Path;
pub use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
pub use std::sync::{Mutex, MutexGuard, PoisonError};
pub use std::time::{Duration, Instant};

pub use crate::support::Random;
pub use crate::support::linux::child::{Child, Fate, Start, hear, say};
pub use crate::support::linux::shm::{
    OtherKind, assert_no_file, assert_not_found, assert_nothing_left, assert_zeros, file_of, id_of, kind_of,
    life_lock, name, plant_remains, plant_shared_remains, system_name, unfinished_files_of, unique_name,
    view_of,
};
pub use samemap::catalog::{self, State};
pub use samemap::regions::Courier;
pub use samemap::traits::SharedRegion as _;
pub use samemap::{
    Access, CreateOptions, Disposition, Error, ErrorKind, ObjectName, OpenOptions, Permissions, Region,
    Share, Trust,
};
pub use samemap_platform::internal::testing::Step;

/// C6.
pub const A_SECOND: Duration = Duration::from_secs(1);

/// The steps that are one with others: a closer asks who holds by trying for the remover's lock, and a sweep opens facts
/// as an opener does. And those of a process that takes a name from what is dead and locked: `races`.
pub const NOT_HERE: [Step; 6] = [
    Step::CloseSawNobody,
    Step::SweepFactsOpened,
    Step::RemoveContended,
    Step::TakeLocked,
    Step::TakeNameChecked,
    Step::TakeUnlinked,
];

/// What a child does with the name, and what it finds there.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    pub role: &'static str,
    pub finds: Finds,
    pub size: u64,
    pub form: Form,
}

/// What a creator makes, and what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A file, for one user.
    Private,
    /// A directory, for everyone.
    Shared,
}

impl Form {
    pub fn permissions(self) -> Permissions {
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
pub enum Finds {
    /// Nothing of that name.
    Nothing,
    /// What killed holders left.
    Remains,
    /// An object that the test holds.
    Life,
}

pub const SMALL: u64 = 4096;
/// From here on a creator looks at the name first.
pub const LARGE: u64 = 256 << 10;

pub const fn scenario(role: &'static str, finds: Finds, size: u64, form: Form) -> Scenario {
    Scenario { role, finds, size, form }
}

pub const SCENARIOS: [Scenario; 17] = [
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
pub enum Way {
    /// The file gets its only name when it is finished.
    Nameless,
    /// The file has a temporary name until then.
    TemporaryName,
}

/// One at a time: the first creation of a child sweeps, and would take the remains that another test has
/// laid out.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn start(scenario: Scenario, way: Way, name: &ObjectName, stop_at: Option<usize>) -> Child {
    start_to(scenario, way, name, &stop_at.map_or("nowhere".to_owned(), |at| at.to_string()))
}

/// `stop_at` is a number or a point's name.
pub fn start_to(scenario: Scenario, way: Way, name: &ObjectName, stop_at: &str) -> Child {
    let start = Start::role(scenario.role).argument(name).argument(scenario.size).argument(stop_at);
    let start = start.argument(if scenario.form == Form::Shared { "shared" } else { "private" });
    match way {
        Way::Nameless => start.start(),
        Way::TemporaryName => start.env("SAMEMAP_TEST_UNFINISHED_NAMES", "1").start(),
    }
}

/// Lays out what the child is to find: when it is ready, so that its own first sweep does not see it.
pub fn lay_out(scenario: Scenario, name: &ObjectName) -> Option<Region> {
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
pub fn create_marked(name: &ObjectName, form: Form) -> Region {
    let options = CreateOptions::new(SMALL).permissions(form.permissions());
    let region = Region::create(name, &options).expect("a free name");
    mark(&region);
    region
}

pub fn mark(region: &Region) {
    let id = Random::new().next() | 1;
    view_of(region).put(0, &id).expect("in range");
}

/// The points that an undisturbed child comes by, in order.
pub fn points_of(scenario: Scenario, way: Way) -> Vec<String> {
    // Another program's sweep may take the remains before the child meets them, and then it meets less.
    let runs = [(); 3].map(|()| points_of_a_run(scenario, way));
    runs.into_iter().max_by_key(Vec::len).expect("three of them")
}

pub fn points_of_a_run(scenario: Scenario, way: Way) -> Vec<String> {
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
pub fn lines_until_done(child: &mut Child) -> Vec<String> {
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
pub struct Point<'a> {
    pub scenario: Scenario,
    pub way: Way,
    pub all: &'a [String],
    pub at: usize,
}

pub fn for_every_point(way: Way, check: fn(Point<'_>)) {
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
pub struct Stopped {
    pub child: Child,
    pub name: ObjectName,
    /// The object that the test holds.
    pub held: Option<Region>,
}

impl Point<'_> {
    pub fn name(&self) -> &str {
        &self.all[self.at]
    }

    /// Brings a child to this point.
    pub fn reach(&self) -> Stopped {
        // Another program's sweep may take the remains before the child meets them.
        (0..200).find_map(|_| self.try_to_reach()).unwrap_or_else(|| panic!("{self:?} is never reached"))
    }

    pub fn try_to_reach(&self) -> Option<Stopped> {
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
    pub fn child_holds(&self) -> bool {
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
    pub fn child_removes(&self) -> bool {
        let removing = [Step::RemoveLocked, Step::RemoveNameChecked, Step::RemoveMarkedDead];
        removing.iter().any(|step| step.name() == self.name())
    }
}

#[track_caller]
pub fn assert_created(created: Result<Region, Error>) -> Region {
    let region = created.expect("the name is free");
    assert_zeros(&region);
    region
}

/// The object that the test holds is the one that its name leads to.
#[track_caller]
pub fn assert_untouched(name: &ObjectName, held: &Region) {
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
pub fn state_of(name: &ObjectName) -> Option<State> {
    let listed = catalog::list().expect("listing works");
    listed.into_iter().find(|entry| entry.system_name == system_name(name)).map(|entry| entry.state)
}
