//! Handles belong to the process that made them (C15): a forked child keeps the bytes and holds nothing,
//! and a child that runs another program gets nothing at all (C18).

#![cfg(all(target_os = "linux", not(samemap_gate_lifetime)))]

mod support;

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use samemap::{
    Access, Courier, CreateOptions, ErrorKind, MapRequest, ObjectName, OpenOptions, Region,
    SharedRegion as _, View,
};
use support::linux::child::{Child, Start, hear, play, say};
use support::linux::forked::{Forked, fork, raw_fork};
use support::linux::shm::{
    assert_not_found, assert_nothing_left, id_of, kind_of, name, unique_name, view_of,
};

const MARK: u64 = 0x5A3E_3A9A;

#[test]
fn child_drops_its_copies_while_the_parent_holds() {
    let (name, mut parent) = started("child_drops_first");
    parent.expect("the child dropped its copies");
    assert_held(&name);
    parent.say("end");
    parent.finish();
    assert_nothing_left(&name);
}

#[test]
fn child_outlives_the_parents_drop_and_reads_on() {
    let (name, mut parent) = started("child_outlives_drop");
    parent.expect("the parent dropped its own");
    assert_nothing_left(&name);
    // The name is as good as new, and what the child reads is still the old object.
    let new = Region::create(&name, &CreateOptions::new(4096)).expect("the name is free");
    parent.say("look");
    parent.expect("the child still reads");
    parent.finish();
    assert_eq!(id_of(&new), 0, "the child wrote to another object");
    drop(new);
    assert_nothing_left(&name);
}

#[test]
fn child_outlives_a_killed_parent_and_holds_nothing() {
    let (name, mut parent) = started("child_outlives_kill");
    parent.expect("the child reads");
    assert_held(&name);
    parent.kill();
    assert_not_found(&name);
    parent.say("look");
    parent.expect("the child still reads");
    assert_nothing_left(&name);
}

#[test]
fn child_with_copy_on_write_views_outlives_a_killed_parent() {
    let (name, mut parent) = started("private_views");
    parent.expect("the child reads");
    parent.kill();
    assert_not_found(&name);
    parent.say("look");
    parent.expect("the child still reads");
    assert_nothing_left(&name);
}

/// Nothing is told of such a fork; the child is known by its number.
#[test]
fn child_of_a_raw_clone_neither_unlocks_nor_unlinks() {
    let (name, mut parent) = started("raw_clone");
    parent.expect("the child dropped its copies");
    assert_held(&name);
    parent.say("end");
    parent.finish();
    assert_nothing_left(&name);
}

#[test]
fn child_may_make_regions_of_its_own() {
    let (name, mut parent) = started("child_creates");
    parent.expect("the child holds its own");
    assert_held(&name);
    parent.say("end");
    parent.finish();
    assert_nothing_left(&name);
}

/// A fork may come at any moment of another thread's calls: also then the child holds nothing.
#[test]
fn child_that_is_forked_in_the_middle_of_a_call_holds_nothing() {
    for point in [
        "create: held",
        "create: published",
        "open: held",
        "close: saw nobody",
        "remove: locked",
        "send: held",
    ] {
        let name = unique_name("fork-within");
        let others = (point == "open: held").then(|| create_marked(&name));
        let mut parent = Start::role("forks_within").argument(&name).argument(point).start();
        parent.expect("forked");
        parent.kill();
        drop(others);
        let opened = Region::open(&name, &OpenOptions::read_only());
        assert_eq!(kind_of(opened), Some(ErrorKind::NotFound), "a child forked at {point} holds the object");
        let created = Region::create(&name, &CreateOptions::new(4096));
        drop(created.unwrap_or_else(|error| panic!("a child forked at {point} keeps the name: {error:?}")));
        assert_nothing_left(&name);
    }
}

/// A forked child makes its copies anew, also where all the descriptors that it may have are in use.
#[test]
fn child_that_is_forked_with_all_descriptors_in_use_holds_nothing() {
    let (name, mut parent) = started("no_descriptor_left");
    parent.expect("forked");
    parent.kill();
    assert_not_found(&name);
    assert_nothing_left(&name);
}

#[test]
fn children_that_start_while_regions_come_and_go_cut_nobody_off() {
    let began = unique_name("spawn-storm");
    let lasting = create_marked(&began);
    let over = AtomicBool::new(false);
    let spawned = AtomicUsize::new(0);
    thread::scope(|scope| {
        for with_fork in [false, true] {
            let (over, spawned) = (&over, &spawned);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    run_true(with_fork);
                    spawned.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // Ends the others also when this fails.
        let _over = SetAtEnd(&over);
        while spawned.load(Ordering::Relaxed) < 200 {
            come_and_go();
            assert_held(&began);
        }
    });
    drop(lasting);
    assert_nothing_left(&began);
}

#[test]
fn a_started_program_inherits_no_descriptor() {
    let held = create_marked(&unique_name("inherited"));
    let (private, shared) = (view(&held, Access::CopyOnWrite), view(&held, Access::ReadWrite));
    let nameless = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // Descriptors that live for an instant only, in the middle of calls, must not get across either.
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                come_and_go();
            }
        });
        let _over = SetAtEnd(&over);
        for round in 0..100 {
            let open = descriptors_of_a_child(round % 2 == 0);
            let ours: Vec<_> =
                open.iter().filter(|to| to.contains("samemap") || to.contains("/dev/shm")).collect();
            assert!(ours.is_empty(), "a child inherited {ours:?}");
            assert!(open.len() >= 3, "nothing was listed: {open:?}");
        }
    });
    drop((private, shared, nameless));
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    play(&[
        ("child_drops_first", child_drops_first),
        ("child_outlives_drop", child_outlives_drop),
        ("child_outlives_kill", child_outlives_kill),
        ("private_views", private_views),
        ("raw_clone", raw_clone),
        ("child_creates", child_creates),
        ("forks_within", forks_within),
        ("no_descriptor_left", no_descriptor_left),
    ]);
}

// ---- the test's side ----------------------------------------------------------------------------------

fn started(role: &str) -> (ObjectName, Child) {
    let name = unique_name(&role.replace('_', "-"));
    let child = Start::role(role).argument(&name).start();
    (name, child)
}

fn create_marked(name: &ObjectName) -> Region {
    let region = Region::create(name, &CreateOptions::new(65536)).expect("a free name");
    view_of(&region).put(0, &MARK).expect("in range");
    region
}

fn view(region: &Region, access: Access) -> View {
    region.map(&MapRequest::new(0, 4096, access)).expect("a view")
}

/// Somebody holds the marked object, and its name leads to it.
#[track_caller]
fn assert_held(name: &ObjectName) {
    let opened = Region::open(name, &OpenOptions::read_only()).expect("it is held");
    assert_eq!(id_of(&opened), MARK);
    drop(opened);
    let created = Region::create(name, &CreateOptions::new(1));
    assert_eq!(kind_of(created), Some(ErrorKind::AlreadyExists));
}

/// A region that is created, opened by a second handle, and gone again.
fn come_and_go() {
    let name = unique_name("come-and-go");
    let region = create_marked(&name);
    let again = Region::open(&name, &OpenOptions::read_write()).expect("it is held");
    let view = view_of(&again);
    drop(region);
    assert_held(&name);
    drop(again);
    drop(view);
    assert_nothing_left(&name);
}

struct SetAtEnd<'a>(&'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs a program that does nothing, started in one of the two ways that std has.
fn run_true(with_fork: bool) {
    let mut command = Command::new("true");
    if with_fork {
        use_fork(&mut command);
    }
    assert!(command.status().expect("the program true").success());
}

/// std starts by posix_spawn, unless something is to be done in between.
fn use_fork(command: &mut Command) {
    // SAFETY: does nothing.
    unsafe { command.pre_exec(|| Ok(())) };
}

/// Where the open descriptors of a newly started program lead.
fn descriptors_of_a_child(with_fork: bool) -> Vec<String> {
    let mut command = Command::new("ls");
    command.args(["-l", "/proc/self/fd"]);
    if with_fork {
        use_fork(&mut command);
    }
    let output = command.output().expect("the program ls");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter_map(|line| line.split_once(" -> ")).map(|(_, to)| to.to_owned()).collect()
}

// ---- the roles ----------------------------------------------------------------------------------------

fn child_drops_first(arguments: &[String]) {
    let name = name(&arguments[0]);
    let region = create_marked(&name);
    let views = [view(&region, Access::ReadOnly), view(&region, Access::ReadWrite)];
    let copies = (region, views);
    let (ours, theirs) = duplicated(copies, drop);
    theirs.finish();
    say("the child dropped its copies");
    hear();
    let (region, [read_only, read_write]) = &ours;
    assert_eq!((id_of(region), mark_in(read_only), mark_in(read_write)), (MARK, MARK, MARK));
    drop(ours);
}

fn raw_clone(arguments: &[String]) {
    let region = create_marked(&name(&arguments[0]));
    let view = view(&region, Access::ReadWrite);
    let mut copies = Some((region, view));
    raw_fork(|| drop(copies.take())).finish();
    say("the child dropped its copies");
    hear();
    let (region, view) = copies.expect("taken in the child only");
    assert_eq!((id_of(&region), mark_in(&view)), (MARK, MARK));
}

/// What a forked child gets of a value: its bytes, and so a second owner.
fn duplicated<T>(value: T, in_child: impl FnOnce(T)) -> (T, Forked) {
    let mut value = Some(value);
    let child = fork(|| in_child(value.take().expect("not taken yet")));
    (value.expect("taken in the child only"), child)
}

fn mark_in(view: &View) -> u64 {
    view.get(0).expect("in range")
}

fn child_outlives_drop(arguments: &[String]) {
    let name = name(&arguments[0]);
    let region = create_marked(&name);
    let read_only = view(&region, Access::ReadOnly);
    let (ours, child) = duplicated((region, read_only), |(region, read_only)| {
        assert_eq!(hear(), "look");
        assert_eq!(mark_in(&read_only), MARK);
        // A new view of what is gone: the child's copy of the region still leads there.
        let fresh = view(&region, Access::ReadWrite);
        assert_eq!(mark_in(&fresh), MARK);
        fresh.put(8, &MARK).expect("in range");
        assert_eq!(read_only.get::<u64>(8).expect("in range"), MARK, "two views of one object");
        drop((region, read_only, fresh));
        say("the child still reads");
    });
    drop(ours);
    say("the parent dropped its own");
    child.finish();
}

fn child_outlives_kill(arguments: &[String]) {
    let region = create_marked(&name(&arguments[0]));
    let again = Region::open(&name(&arguments[0]), &OpenOptions::read_only()).expect("it is held");
    let views = [view(&region, Access::ReadWrite), view(&again, Access::ReadOnly)];
    wait_for_the_kill(duplicated((region, again, views), |(region, again, views)| {
        say("the child reads");
        assert_eq!(hear(), "look");
        assert!(views.iter().all(|view| mark_in(view) == MARK));
        drop((region, again, views));
        say("the child still reads");
        hear();
    }));
}

/// The test kills this process; its child is ended by the end of input.
fn wait_for_the_kill<T>(everything: T) {
    loop {
        thread::park();
        std::hint::black_box(&everything);
    }
}

fn private_views(arguments: &[String]) {
    let region = create_marked(&name(&arguments[0]));
    let private = view(&region, Access::CopyOnWrite);
    let shared = view(&region, Access::ReadOnly);
    private.put(8, &7_u64).expect("in range");
    wait_for_the_kill(duplicated((region, private, shared), |(region, private, shared)| {
        assert_eq!(private.get::<u64>(8).expect("in range"), 7, "what was written before the fork");
        private.put(16, &8_u64).expect("in range");
        say("the child reads");
        assert_eq!(hear(), "look");
        assert_eq!((mark_in(&private), mark_in(&shared)), (MARK, MARK));
        let written = [8, 16].map(|at| private.get::<u64>(at).expect("in range"));
        assert_eq!(written, [7, 8], "a private page lost what was written to it");
        assert_eq!(shared.get::<u64>(8).expect("in range"), 0, "a private write reached the object");
        drop((region, private, shared));
        say("the child still reads");
        hear();
    }));
}

fn child_creates(arguments: &[String]) {
    let name = name(&arguments[0]);
    let other = create_marked(&unique_name("of-the-parent"));
    fork(|| {
        let own = create_marked(&name);
        say("the child holds its own");
        hear();
        drop(own);
    })
    .finish();
    drop(other);
}

static FORK_AT: std::sync::OnceLock<String> = std::sync::OnceLock::new();

/// Forks in the middle of creating or opening, as another thread may at any moment.
fn fork_here(point: &'static str) {
    if FORK_AT.get().is_some_and(|wanted| wanted == point) {
        let child = fork(|| {
            say("forked");
            hear();
        });
        wait_for_the_kill(child);
    }
}

fn forks_within(arguments: &[String]) {
    drop(Region::create(&unique_name("warm-up"), &CreateOptions::new(1)).expect("a free name"));
    FORK_AT.set(arguments[1].clone()).expect("set once");
    samemap_platform::testing::at_stop_points(fork_here);
    let name = name(&arguments[0]);
    if arguments[1].starts_with("open") {
        drop(Region::open(&name, &OpenOptions::read_write()).expect("the test holds it"));
    } else if arguments[1].starts_with("send") {
        let region = create_marked(&name);
        let (stream, _other) = std::os::unix::net::UnixStream::pair().expect("sockets");
        Courier::over(stream).send(&region, Access::ReadWrite).expect("it is connected");
    } else {
        drop(create_marked(&name));
    }
    panic!("{} was not reached", arguments[1]);
}

/// The soft limit only, as a shell's is.
fn limit_descriptors(limit: libc::rlim_t) {
    // SAFETY: plain numbers, set by the first call.
    unsafe {
        let mut limits: libc::rlimit = std::mem::zeroed();
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limits), 0);
        assert!(limits.rlim_max > limit, "a hard limit of {}", limits.rlim_max);
        limits.rlim_cur = limit;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limits), 0);
    }
}

fn no_descriptor_left(arguments: &[String]) {
    let region = create_marked(&name(&arguments[0]));
    let shared = view(&region, Access::ReadWrite);
    limit_descriptors(64);
    let mut in_use = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        in_use.push(file);
    }
    wait_for_the_kill(duplicated((region, shared, in_use), |(_region, shared, _)| {
        assert_eq!(mark_in(&shared), MARK);
        say("forked");
        hear();
    }));
}
