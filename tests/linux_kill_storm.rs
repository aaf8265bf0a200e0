//! Nine racers on one name, killed at random moments. Whoever holds the name at the same time holds the
//! same object, whatever was killed meanwhile (C5, C6, C9, C15 to C17).
//!
//! 2,000 kills by default; `SAMEMAP_KILLS=100000 cargo test --release --test linux_kill_storm` on demand.

#![cfg(target_os = "linux")]

mod support;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use samemap::catalog::{self, State};
use samemap::{Access, CreateOptions, Disposition, ErrorKind, ObjectName, OpenOptions, Region, View};
use support::Random;
use support::linux::child::{Child, Start, play, say};
use support::linux::shm::{
    assert_no_file, assert_nothing_left, id_of, kind_of, name, system_name, unfinished_files_of, unique_name,
    view_of,
};

/// More than this machine can run at once, and a few rounds more than it takes to catch two in the act.
const CLOSERS: usize = 3;
const CLOSINGS: u64 = 1000;

/// The one to be killed next, and eight others.
const RACERS: usize = 9;

#[test]
fn racers_hold_the_same_object_while_they_are_killed() {
    let kills = std::env::var("SAMEMAP_KILLS").ok().map_or(2000, |text| text.parse().expect("a number"));
    Storm { kills, unfinished_names: false }.run();
}

/// The other way to create, where a file cannot be made without a name or linked by its descriptor.
#[test]
fn racers_that_create_under_a_temporary_name_hold_the_same_object_too() {
    let kills = std::env::var("SAMEMAP_KILLS").ok().map_or(600, |text| text.parse().expect("a number"));
    Storm { kills, unfinished_names: true }.run();
}

/// Two that close in the same instant must not each take the other for the last one.
#[test]
fn holders_that_close_at_the_same_instant_leave_nothing() {
    let names = [unique_name("closing"), unique_name("board")];
    let board = Board::create(&names[1]);
    let start = || Start::role("closer").argument(&names[0]).argument(&names[1]).start();
    let mut closers: Vec<Child> = (0..CLOSERS).map(|_| start()).collect();
    for round in 0..CLOSINGS {
        let region = Region::create(&names[0], &CreateOptions::new(4096)).expect("a free name");
        board.begin(2 * round + 1, &mut closers);
        drop(region);
        board.begin(2 * round + 2, &mut closers);
        assert_no_file(&names[0]);
    }
    closers.iter_mut().for_each(Child::finish);
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    play(&[("racer", racer), ("closer", closer)]);
}

// ---- the parent ---------------------------------------------------------------------------------------

struct Storm {
    kills: usize,
    unfinished_names: bool,
}

impl Storm {
    fn run(&self) {
        let began = Instant::now();
        let raced = unique_name("storm");
        let board_name = unique_name("board");
        let board = Board::create(&board_name);
        let mut random = Random::new();
        let mut pids = Vec::new();
        let mut racers: Vec<Child> = (0..RACERS).map(|_| self.start(&raced, &board_name)).collect();
        for kill in 0..self.kills {
            let victim = &mut racers[kill % RACERS];
            // From now on it is in the middle of its work.
            victim.expect("racing");
            // No event is waited for: the moment is meant to be any.
            std::thread::sleep(Duration::from_micros(random.below(1500)));
            victim.kill();
            pids.push(victim.pid());
            racers[kill % RACERS] = self.start(&raced, &board_name);
        }
        board.counter(OVER).store(1, Ordering::SeqCst);
        racers.iter_mut().for_each(Child::finish);
        assert_nothing_left(&raced);
        self.check_unfinished(&pids);
        board.report(self.kills, began.elapsed());
        board.assert_that_it_was_a_race(self.kills as u64);
    }

    fn start(&self, raced: &ObjectName, board: &ObjectName) -> Child {
        let start = Start::role("racer").argument(raced).argument(board);
        let start =
            if self.unfinished_names { start.env("SAMEMAP_TEST_UNFINISHED_NAMES", "1") } else { start };
        start.start()
    }

    fn check_unfinished(&self, pids: &[i32]) {
        if self.unfinished_names {
            catalog::reclaim().expect("a sweep works");
        }
        // An id that is in use again is another process's, which may be at work.
        let is_in_use = |pid: &i32| std::path::Path::new(&format!("/proc/{pid}")).exists();
        let ended: Vec<i32> = pids.iter().copied().filter(|pid| !is_in_use(pid)).collect();
        let left = unfinished_files_of(&ended);
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

// ---- what all of them see -----------------------------------------------------------------------------

/// The number of the phase, for those who close at once.
const PHASE: usize = 0;
/// How many of them have done what the phase asks for.
const DONE: usize = 1;

const OVER: usize = 0;
const CREATED: usize = 1;
const OPENED: usize = 2;
const NOT_FOUND: usize = 3;
const ALREADY_EXISTS: usize = 4;
const TIMED_OUT: usize = 5;
const LISTED: usize = 6;
const RECLAIMED: usize = 7;
const COUNTERS: usize = 8;

/// Counters that racers and parent share, under a name that the parent holds.
struct Board(View);

impl Board {
    fn create(name: &ObjectName) -> Board {
        Board(view_of(&Region::create(name, &CreateOptions::new(4096)).expect("a free name")))
    }

    fn open(name: &ObjectName) -> Board {
        Board(view_of(&Region::open(name, &OpenOptions::read_write()).expect("the parent holds it")))
    }

    fn counter(&self, which: usize) -> &AtomicU64 {
        self.0.atomic_u64(8 * which).expect("in range and aligned")
    }

    fn count(&self, which: usize) {
        self.counter(which).fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self, which: usize) -> u64 {
        self.counter(which).load(Ordering::SeqCst)
    }

    /// Begins a phase, and waits until all have done what it asks for.
    fn begin(&self, phase: u64, closers: &mut [Child]) {
        self.counter(DONE).store(0, Ordering::SeqCst);
        self.counter(PHASE).store(phase, Ordering::SeqCst);
        while self.get(DONE) < closers.len() as u64 {
            let failed = closers.iter_mut().find_map(Child::failure);
            assert_eq!(failed, None);
            std::thread::yield_now();
        }
    }

    fn await_phase(&self, phase: u64) {
        while self.get(PHASE) < phase {
            std::thread::yield_now();
        }
    }

    fn report(&self, kills: usize, took: Duration) {
        let [_, created, opened, not_found, exists, timed_out, listed, reclaimed]: [u64; COUNTERS] =
            std::array::from_fn(|which| self.get(which));
        println!(
            "{kills} kills in {took:.1?}: {created} created, {opened} opened, {not_found} not found, {exists} existed, {timed_out} timed out, {listed} listed, {reclaimed} swept"
        );
    }

    fn assert_that_it_was_a_race(&self, kills: u64) {
        for which in [CREATED, OPENED, NOT_FOUND, ALREADY_EXISTS, LISTED, RECLAIMED] {
            assert!(self.get(which) >= kills / 10, "counter {which} stands at {}", self.get(which));
        }
        // A creator gives up only on a remover that does not get on, and none of them was stopped. A busy
        // machine may do the same to a few.
        assert!(self.get(TIMED_OUT) <= kills / 100, "{} creators timed out", self.get(TIMED_OUT));
    }
}

// ---- a closer -----------------------------------------------------------------------------------------

/// Opens and closes in step with others: in odd phases and in even ones.
fn closer(arguments: &[String]) {
    let (name, board) = (name(&arguments[0]), Board::open(&name(&arguments[1])));
    for round in 0..CLOSINGS {
        board.await_phase(2 * round + 1);
        let region = Region::open(&name, &OpenOptions::read_write()).expect("the parent holds it");
        board.count(DONE);
        board.await_phase(2 * round + 2);
        drop(region);
        board.count(DONE);
    }
}

// ---- a racer ------------------------------------------------------------------------------------------

struct Racer {
    name: ObjectName,
    board: Board,
    random: Random,
}

fn racer(arguments: &[String]) {
    let board = Board::open(&name(&arguments[1]));
    let mut racer = Racer { name: name(&arguments[0]), board, random: Random::new() };
    racer.turn();
    say("racing");
    while racer.board.get(OVER) == 0 {
        racer.turn();
    }
    // The last of these closes in order, and so leaves nothing, whatever the killed ones left.
    let last = Region::create_or_open(&racer.name, &CreateOptions::new(1));
    drop(last.expect("nobody is killed any more"));
}

impl Racer {
    fn turn(&mut self) {
        match self.random.below(16) {
            0 => drop(self.list()),
            1 => drop(self.reclaim()),
            _ => {
                if let Some(region) = self.take() {
                    self.hold(region);
                }
            }
        }
        // Away for long enough that the object often dies: with nine at it, it would live for ever.
        std::thread::sleep(Duration::from_micros(self.random.below(4000)));
    }

    /// Creates or opens, as it comes.
    fn take(&mut self) -> Option<Region> {
        // The larger one takes the way through the look at the name before anything is made.
        let size = if self.random.below(16) == 0 { 256 << 10 } else { 4096 };
        let options = CreateOptions::new(size);
        let taken = match self.random.below(3) {
            0 => Region::create(&self.name, &options).map(|region| (region, Disposition::Created)),
            1 => Region::open(&self.name, &OpenOptions::read_write())
                .map(|region| (region, Disposition::Opened)),
            _ => Region::create_or_open(&self.name, &options),
        };
        let (counter, region) = match taken {
            Ok((region, Disposition::Created)) => (CREATED, Some(region)),
            Ok((region, Disposition::Opened)) => (OPENED, Some(region)),
            Err(error) => match error.kind() {
                ErrorKind::NotFound => (NOT_FOUND, None),
                ErrorKind::AlreadyExists => (ALREADY_EXISTS, None),
                ErrorKind::TimedOut => (TIMED_OUT, None),
                _ => panic!("{error:?}"),
            },
        };
        self.board.count(counter);
        region
    }

    /// Holds an object for a while: all who hold it see the same.
    fn hold(&mut self, region: Region) {
        let view = view_of(&region);
        let id = self.claim(&view);
        for _ in 0..self.random.below(3) {
            self.check_the_name(id);
        }
        self.check_contents(&view, id);
        if self.random.below(2) == 0 {
            drop(region);
        }
        // Else the view goes first.
    }

    /// The number of the object: the first who comes writes one, all others find it.
    fn claim(&mut self, view: &View) -> u64 {
        let mine = u64::from(std::process::id()) << 32 | (self.random.next() & 0xFFFF_FFFF) | 1;
        let word = view.atomic_u64(0).expect("in range and aligned");
        let id =
            word.compare_exchange(0, mine, Ordering::SeqCst, Ordering::SeqCst).map_or_else(|id| id, |_| mine);
        self.check_contents(view, id);
        let elsewhere = view.len() / 512 * self.random.below(512) as usize;
        view.atomic_u64(elsewhere).expect("in range and aligned").store(id, Ordering::SeqCst);
        id
    }

    /// Only what holders of this very object wrote: a new one read as zeros.
    fn check_contents(&self, view: &View, id: u64) {
        // All of a page; of more than that, some of every page.
        let step = view.len() / 512;
        for at in (0..view.len()).step_by(step) {
            let word = view.atomic_u64_reader(at).expect("in range and aligned").load(Ordering::SeqCst);
            assert!(word == id || word == 0 && at > 0, "{word:#x} at {at} of object {id:#x}");
        }
    }

    /// While this process holds the object, the name leads to it and nowhere else.
    fn check_the_name(&mut self, id: u64) {
        match self.random.below(8) {
            0 => self.check_that_it_is_listed(),
            1 => {
                let removed = self.reclaim();
                assert!(!removed.contains(&system_name(&self.name)), "a living object was swept");
            }
            2 => {
                let created = Region::create(&self.name, &CreateOptions::new(4096));
                assert_eq!(kind_of(created), Some(ErrorKind::AlreadyExists), "created beside {id:#x}");
            }
            _ => {}
        }
        let access = if self.random.below(2) == 0 { Access::ReadOnly } else { Access::ReadWrite };
        let again = Region::open(&self.name, &OpenOptions::new(access));
        let again = again.unwrap_or_else(|error| panic!("{error:?}, but this process holds {id:#x}"));
        assert_eq!(id_of(&again), id, "another object has the name of one that is held");
    }

    fn check_that_it_is_listed(&self) {
        let mine = self.list().into_iter().find(|entry| entry.system_name == system_name(&self.name));
        let mine = mine.expect("a held object is listed");
        assert_eq!(mine.state, State::Live);
        assert_eq!(mine.name.as_ref(), Some(&self.name));
        assert!(mine.holders.is_some_and(|holders| holders >= 1), "{mine:?}");
    }

    fn list(&self) -> Vec<catalog::Entry> {
        self.board.count(LISTED);
        catalog::list_counted().expect("listing works among racers")
    }

    fn reclaim(&self) -> Vec<String> {
        self.board.count(RECLAIMED);
        catalog::reclaim().expect("a sweep works among racers").removed
    }
}
