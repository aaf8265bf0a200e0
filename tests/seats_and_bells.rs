//! Doorbells and seats between processes, on every system that has them: nobody sleeps through a ring, and a role
//! ends with its holder, however that ends.

#![cfg(any(target_os = "linux", windows))]

mod support;

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use samemap::{Access, CreateOptions, ErrorKind, ObjectName, OpenOptions, Region, SharedRegion as _, View};
use samemap_platform::{Doorbell, Seat, Sleepers};
#[cfg(target_os = "linux")]
#[cfg(target_os = "linux")]
use support::linux;
use support::run;
use support::{DEADLINE, Program, spin_until, unique_name};

// Where things lie in the region of a test.
const SEAT: usize = 0;
const OTHER_SEAT: usize = 64;
const BELL: usize = 128;
const OTHER_BELL: usize = 192;
const WORDS: usize = 256;
const SIZE: u64 = 4096;

const PART: &str = "SAMEMAP_TEST_PART";

// ---- seats --------------------------------------------------------------------------------------------

#[test]
fn a_seat_has_one_holder_in_one_process_too() {
    let shared = Shared::create("seat");
    let (here, again) = (shared.view(), shared.reopened());
    let seat = Seat::take(&here, SEAT).unwrap().expect("nobody sits");
    for view in [&here, &again, &shared.view()] {
        assert!(Seat::take(view, SEAT).unwrap().is_none());
        assert!(Seat::is_taken(view, SEAT).unwrap());
        assert!(!Seat::is_taken(view, OTHER_SEAT).unwrap(), "seats are taken singly");
    }
    let other = Seat::take(&again, OTHER_SEAT).unwrap().expect("another seat");
    drop(seat);
    assert!(!Seat::is_taken(&again, SEAT).unwrap() && Seat::is_taken(&here, OTHER_SEAT).unwrap());
    // The same byte of the region, at another offset of another view.
    let tail = shared.region.view(OTHER_SEAT as u64.., Access::ReadWrite).unwrap();
    assert!(Seat::take(&tail, 0).unwrap().is_none());
    drop(other);
    let seat = Seat::take(&tail, 0).unwrap().expect("it was left");
    assert!(Seat::take(&here, OTHER_SEAT).unwrap().is_none());
    drop((tail, seat));
    assert!(Seat::take(&here, OTHER_SEAT).unwrap().is_some());
}

#[test]
fn a_seat_falls_free_when_its_holder_is_killed() {
    let shared = Shared::create("killed");
    let view = shared.view();
    for killed in [true, false, true] {
        let holder = Program::start(part("holder", &shared));
        holder.wait_for_output("seated.");
        assert!(Seat::is_taken(&view, SEAT).unwrap());
        assert!(Seat::take(&view, SEAT).unwrap().is_none());
        if killed {
            holder.kill();
        } else {
            assert!(holder.end().status.success());
        }
        assert!(!Seat::is_taken(&view, SEAT).unwrap(), "killed: {killed}");
        drop(Seat::take(&view, SEAT).unwrap().expect("free at once"));
    }
}

fn holder(view: &View) {
    let _seat = Seat::take(view, SEAT).unwrap().expect("nobody sits");
    println!("seated.");
    wait_for_line();
}

/// Processes that take one seat as often as they can never sit together.
#[test]
fn a_seat_has_one_holder_among_many_processes() {
    let shared = Shared::create("musical-chairs");
    let players: Vec<_> = (0..3).map(|_| Program::start(part("player", &shared))).collect();
    for player in players {
        let player = player.finish();
        assert!(player.status.success(), "{player:#?}");
    }
    assert_eq!(shared.word(0).load(Ordering::SeqCst), 0, "nobody is left");
    assert_eq!(shared.word(1).load(Ordering::SeqCst), 3 * SITTINGS);
}

const SITTINGS: u64 = 300;

fn player(view: &View) {
    let (sitting, sat) = (word(view, 0), word(view, 1));
    let deadline = Instant::now() + DEADLINE;
    let mut times = 0;
    while times < SITTINGS {
        assert!(Instant::now() < deadline, "{times} times only");
        let Some(seat) = Seat::take(view, SEAT).unwrap() else {
            std::thread::yield_now();
            continue;
        };
        assert_eq!(sitting.fetch_add(1, Ordering::SeqCst), 0, "two at a time");
        sat.fetch_add(1, Ordering::SeqCst);
        assert_eq!(sitting.fetch_sub(1, Ordering::SeqCst), 1, "two at a time");
        drop(seat);
        times += 1;
    }
}

#[test]
fn seats_and_bells_want_memory_that_is_theirs() {
    let shared = Shared::create("places");
    let kinds = |view: &View, at: usize| {
        let bell = Doorbell::at(view, at, Sleepers::One).unwrap_err().kind().clone();
        assert_eq!(*Seat::take(view, at).unwrap_err().kind(), bell);
        assert_eq!(*Seat::is_taken(view, at).unwrap_err().kind(), bell);
        bell
    };
    let view = shared.view();
    assert_eq!(kinds(&view, 4), ErrorKind::InvalidArgument);
    for outside in [SIZE as usize - 56, SIZE as usize, usize::MAX - 7] {
        assert!(matches!(kinds(&view, outside), ErrorKind::OutOfRange { .. }), "{outside}");
    }
    for access in [Access::ReadOnly, Access::CopyOnWrite] {
        let view = shared.region.view(.., access).unwrap();
        assert_eq!(*Doorbell::at(&view, BELL, Sleepers::One).unwrap_err().kind(), ErrorKind::AccessDenied);
        assert_eq!(*Seat::take(&view, SEAT).unwrap_err().kind(), ErrorKind::AccessDenied);
    }
}

// ---- seats and forks ----------------------------------------------------------------------------------

#[test]
#[cfg(target_os = "linux")]
fn a_forked_childs_copy_holds_no_seat() {
    let shared = Shared::create("forked");
    let parent = run(part("forking", &shared));
    assert!(parent.status.success(), "{parent:#?}");
}

#[cfg(target_os = "linux")]
fn forking(view: &View) {
    let mut seat = Seat::take(view, SEAT).unwrap();
    assert!(seat.is_some(), "nobody sits");
    let step = word(view, 0);
    let child = linux::forked::fork(|| {
        assert!(seat.as_ref().is_some_and(|seat| !seat.is_ours()));
        assert!(Seat::is_taken(view, SEAT).unwrap() && Seat::take(view, SEAT).unwrap().is_none());
        step.store(1, Ordering::SeqCst);
        spin_until("the parent leaves", || step.load(Ordering::SeqCst) == 2);
        let own = Seat::take(view, SEAT).unwrap().expect("the parent left");
        drop(seat.take());
        assert!(own.is_ours());
        step.store(3, Ordering::SeqCst);
        spin_until("the parent looks", || step.load(Ordering::SeqCst) == 4);
    });
    spin_until("the child looks", || step.load(Ordering::SeqCst) == 1);
    assert!(seat.as_ref().is_some_and(Seat::is_ours));
    drop(seat);
    step.store(2, Ordering::SeqCst);
    spin_until("the child takes the seat", || step.load(Ordering::SeqCst) == 3);
    assert!(Seat::take(view, SEAT).unwrap().is_none(), "dropping the copy did not free it");
    step.store(4, Ordering::SeqCst);
    child.finish();
    assert!(Seat::take(view, SEAT).unwrap().is_some());
}

/// What a killed holder forked does not keep its seat.
#[test]
#[cfg(target_os = "linux")]
fn a_killed_holders_seat_is_free_while_its_forked_child_lives() {
    let shared = Shared::create("orphan");
    let view = shared.view();
    let holder = Program::start(part("orphan_maker", &shared));
    holder.wait_for_output("forked.");
    assert!(Seat::is_taken(&view, SEAT).unwrap());
    holder.kill();
    assert_eq!(shared.word(0).load(Ordering::SeqCst), 1, "the child lives");
    assert!(Seat::take(&view, SEAT).unwrap().is_some());
    shared.word(0).store(2, Ordering::SeqCst);
    spin_until("the child ends", || shared.word(0).load(Ordering::SeqCst) == 3);
}

#[cfg(target_os = "linux")]
fn orphan_maker(view: &View) {
    let _seat = Seat::take(view, SEAT).unwrap().expect("nobody sits");
    let step = word(view, 0);
    let _child = linux::forked::fork(|| {
        step.store(1, Ordering::SeqCst);
        spin_until("the test is done", || step.load(Ordering::SeqCst) == 2);
        step.store(3, Ordering::SeqCst);
    });
    spin_until("the child lives", || step.load(Ordering::SeqCst) == 1);
    println!("forked.");
    wait_for_line();
}

// ---- doorbells ----------------------------------------------------------------------------------------

const ROUNDS: u64 = 1500;

/// Two processes wake each other in turn. A lost ring would cost a slice of 80 ms: of all of them, most of the
/// rounds would; a machine that stands still now and then costs a few.
#[test]
fn rings_reach_a_sleeper_in_another_process() {
    let shared = Shared::create("ping");
    let view = shared.view();
    let echo = Program::start(part("echo", &shared));
    let there = Doorbell::at(&view, BELL, Sleepers::One).unwrap();
    let back = Doorbell::at(&view, OTHER_BELL, Sleepers::One).unwrap();
    let (ping, pong) = (shared.word(0), shared.word(1));
    let mut slow = 0;
    for round in 1..=ROUNDS {
        ping.store(round, Ordering::Release);
        there.ring();
        slow += sleep_until(&back, || pong.load(Ordering::Acquire) == round);
        if round % 3 == 0 {
            back.relax();
        }
    }
    let echo = echo.finish();
    assert!(echo.status.success(), "{echo:#?}");
    assert!(slow < ROUNDS / 10, "{slow} of {ROUNDS} sleeps lasted for their whole slice");
}

fn echo(view: &View) {
    let there = Doorbell::at(view, BELL, Sleepers::One).unwrap();
    let back = Doorbell::at(view, OTHER_BELL, Sleepers::One).unwrap();
    let (ping, pong) = (word(view, 0), word(view, 1));
    for round in 1..=ROUNDS {
        sleep_until(&there, || ping.load(Ordering::Acquire) == round);
        if round % 2 == 0 {
            there.relax();
        }
        pong.store(round, Ordering::Release);
        back.ring();
    }
}

const CROWD: usize = 3;
const CROWD_ROUNDS: u64 = 300;

/// One ring wakes all who sleep.
#[test]
fn a_ring_reaches_many_sleepers() {
    let shared = Shared::create("crowd");
    let view = shared.view();
    let crowd: Vec<_> = (0..CROWD)
        .map(|index| {
            let mut command = part("listener", &shared);
            command.env("SAMEMAP_TEST_INDEX", index.to_string());
            Program::start(command)
        })
        .collect();
    let bell = Doorbell::at(&view, BELL, Sleepers::Many).unwrap();
    let began = Instant::now();
    for round in 1..=CROWD_ROUNDS {
        shared.word(0).store(round, Ordering::Release);
        bell.ring();
        for index in 1..=CROWD {
            let heard = || shared.word(index).load(Ordering::Acquire) == round;
            spin_until("a listener hears", || {
                heard() || {
                    std::thread::yield_now();
                    false
                }
            });
        }
    }
    for listener in crowd {
        let listener = listener.finish();
        assert!(listener.status.success(), "{listener:#?}");
    }
    // With every ring lost, each round lasts for a slice.
    let most = Duration::from_millis(80) * CROWD_ROUNDS as u32 / 2;
    assert!(began.elapsed() < most, "{:?} of {most:?}", began.elapsed());
}

fn listener(view: &View) {
    let index: usize = std::env::var("SAMEMAP_TEST_INDEX").unwrap().parse().unwrap();
    let bell = Doorbell::at(view, BELL, Sleepers::Many).unwrap();
    for round in 1..=CROWD_ROUNDS {
        sleep_until(&bell, || word(view, 0).load(Ordering::Acquire) >= round);
        word(view, 1 + index).store(round, Ordering::Release);
    }
}

#[test]
fn a_sleep_ends_with_any_of_several_bells_and_by_itself() {
    let shared = Shared::create("any");
    let view = shared.view();
    let bells = [BELL, OTHER_BELL].map(|at| Doorbell::at(&view, at, Sleepers::One).unwrap());
    let both = [&bells[0], &bells[1]];
    let mut asked = false;
    Doorbell::sleep_on_any(&both, Duration::MAX, || {
        asked = true;
        true
    })
    .unwrap();
    assert!(asked, "it looks before it sleeps");
    let began = Instant::now();
    Doorbell::sleep_on_any(&both, Duration::MAX, || false).unwrap();
    bells[0].sleep(Duration::MAX, || false);
    assert!(began.elapsed() < DEADLINE);
    for round in 0..20 {
        let (changed, bell) = (&AtomicU64::new(0), &bells[round % 2]);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                changed.store(1, Ordering::Release);
                bell.ring();
            });
            let deadline = Instant::now() + DEADLINE;
            while changed.load(Ordering::Acquire) == 0 {
                assert!(Instant::now() < deadline);
                Doorbell::sleep_on_any(&both, DEADLINE, || changed.load(Ordering::Acquire) == 1).unwrap();
            }
        });
    }
    assert_eq!(
        *Doorbell::sleep_on_any(&[], Duration::ZERO, || false).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
}

/// A process that may make no system call, but to end, rings.
#[test]
#[cfg(target_os = "linux")]
fn ringing_where_nobody_sleeps_calls_no_system() {
    let shared = Shared::create("quiet");
    let view = shared.view();
    let ringer = run(part("ringer", &shared));
    assert!(ringer.status.success(), "{ringer:#?}");
    // One for each of the two bells.
    assert_eq!(shared.word(0).load(Ordering::SeqCst), 2);
    // And one where somebody is said to sleep does call it: the filter of this test works.
    let bell = Doorbell::at(&view, BELL, Sleepers::One).unwrap();
    bell.sleep(Duration::from_millis(1), || false);
    let ringer = run(part("ringer", &shared));
    assert!(!ringer.status.success(), "{ringer:#?}");
    assert_eq!(shared.word(0).load(Ordering::SeqCst), 2);
}

#[cfg(target_os = "linux")]
fn ringer(view: &View) {
    let one = Doorbell::at(view, BELL, Sleepers::One).unwrap();
    let many = Doorbell::at(view, OTHER_BELL, Sleepers::Many).unwrap();
    let done = word(view, 0);
    forbid_system_calls();
    for bell in [&one, &many] {
        for _ in 0..1000 {
            bell.ring();
        }
        done.fetch_add(1, Ordering::SeqCst);
    }
    // SAFETY: ends this process; no memory is touched.
    unsafe { libc::syscall(libc::SYS_exit_group, 0) };
}

/// From now on this thread's system calls kill its process, but for `exit_group`.
#[cfg(target_os = "linux")]
fn forbid_system_calls() {
    let statement = |code: u32, jt, jf, k: u32| libc::sock_filter { code: code as u16, jt, jf, k };
    let mut filter = [
        // The number of the call is the first field of what the filter is given.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, libc::SYS_exit_group as u32),
        statement(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
        statement(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_KILL_PROCESS),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the first call takes numbers; the second reads the filter, which lives.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program), 0);
    }
}

// ---- damage -------------------------------------------------------------------------------------------

/// A peer that writes over all of it, before and meanwhile, brings errors at most, and no long sleep.
#[test]
fn scribbled_bytes_bring_errors_only() {
    let shared = Shared::create("scribbled");
    let view = shared.view();
    let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ u64::from(std::process::id()));
    let deadline = Instant::now() + Duration::from_secs(3);
    let (mut bells, mut refusals) = (0, 0);
    while Instant::now() < deadline && bells + refusals < 200 {
        view.fill(0, WORDS, 0).unwrap();
        let seat = Seat::take(&view, SEAT).unwrap();
        let bell = Doorbell::at(&view, BELL, Sleepers::Many);
        random.scribble(&view, 0, WORDS);
        if let Ok(bell) = bell {
            bell.ring();
            bell.sleep(Duration::from_millis(1), || false);
            bell.relax();
            let _ = Doorbell::sleep_on_any(&[&bell], Duration::from_millis(1), || false);
            random.scribble(&view, BELL, 64);
            bell.sleep(Duration::from_millis(1), || true);
            bell.ring();
        }
        let began = Instant::now();
        // A word that says that somebody makes it right now is believed for a while.
        match Doorbell::at(&view, BELL, Sleepers::One) {
            Ok(_) => bells += 1,
            Err(_) => refusals += 1,
        }
        assert!(began.elapsed() < DEADLINE / 2);
        let _ = Seat::is_taken(&view, SEAT);
        let _ = Seat::take(&view, SEAT);
        drop(seat);
    }
    assert!(refusals > 0, "{bells} bells");
    view.fill(0, WORDS, 0).unwrap();
    assert!(Seat::take(&view, SEAT).unwrap().is_some());
    assert!(Doorbell::at(&view, BELL, Sleepers::One).is_ok());
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// All of it, or one byte.
    fn scribble(&mut self, view: &View, at: usize, len: usize) {
        if self.next() % 2 == 0 {
            (0..len).for_each(|index| view.put(at + index, &(self.next() as u8)).unwrap());
        } else {
            let byte = self.next() as u8;
            view.put(at + self.next() as usize % len, &byte).unwrap();
        }
    }
}

// ---- the parts ----------------------------------------------------------------------------------------

/// The region of one test.
struct Shared {
    name: String,
    region: Region,
    view: View,
}

impl Shared {
    fn create(label: &str) -> Shared {
        let name = unique_name(label);
        let region = Region::create(&object(&name), &CreateOptions::new(SIZE)).unwrap();
        let view = region.view(.., Access::ReadWrite).unwrap();
        Shared { name, region, view }
    }

    fn view(&self) -> View {
        self.region.view(.., Access::ReadWrite).unwrap()
    }

    /// A view of the same, through another handle.
    fn reopened(&self) -> View {
        opened(&self.name)
    }

    fn word(&self, index: usize) -> &AtomicU64 {
        word(&self.view, index)
    }
}

fn object(name: &str) -> ObjectName {
    ObjectName::new(name).unwrap()
}

fn opened(name: &str) -> View {
    let region = Region::open(&object(name), &OpenOptions::read_write()).unwrap();
    region.view(.., Access::ReadWrite).unwrap()
}

/// A word on a line of its own.
fn word(view: &View, index: usize) -> &AtomicU64 {
    view.atomic_u64(WORDS + 64 * index).unwrap()
}

/// Sleeps until `done`, and tells how many of the sleeps lasted for their whole slice.
fn sleep_until(bell: &Doorbell, done: impl Fn() -> bool) -> u64 {
    let deadline = Instant::now() + DEADLINE;
    let mut slow = 0;
    while !done() {
        let began = Instant::now();
        assert!(began < deadline, "not within {DEADLINE:?}");
        bell.sleep(DEADLINE, &done);
        slow += u64::from(began.elapsed() >= Duration::from_millis(49));
    }
    slow
}

fn wait_for_line() {
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// This program again, in a part, with the test's region.
fn part(part: &str, shared: &Shared) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child_entry", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(PART, format!("{part}\n{}", shared.name));
    command
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    let Ok(text) = std::env::var(PART) else { return };
    let (part, name) = text.split_once('\n').unwrap();
    let view = opened(name);
    match part {
        "holder" => holder(&view),
        "player" => player(&view),
        "echo" => echo(&view),
        "listener" => listener(&view),
        #[cfg(target_os = "linux")]
        "forking" => forking(&view),
        #[cfg(target_os = "linux")]
        "orphan_maker" => orphan_maker(&view),
        #[cfg(target_os = "linux")]
        "ringer" => ringer(&view),
        other => panic!("no such part: {other}"),
    }
}
