//! A child that runs another program gets nothing.

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::common::*;

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
