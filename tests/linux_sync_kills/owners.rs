//! Owners that are killed, or whose thread ends.

use crate::common::*;

#[test]
fn a_waiter_is_let_in_when_the_owners_thread_ends() {
    run("owner_thread_ends", "waits");
}

#[test]
fn a_latecomer_is_let_in_when_the_owner_was_killed() {
    run("owner_killed", "later");
}

#[test]
fn a_waiter_is_let_in_when_the_owner_is_killed() {
    run("owner_killed", "waits");
}

pub fn owner_killed(arguments: &[String]) {
    let (locks, owned, mut random) = (Locks::new(), Signal::new(), Random::new());
    let mine = [locks.open(0), locks.open(1)];
    for round in 0..rounds_of(arguments) {
        let owner = fork(|| {
            locks.open(round).hold(|abandoned, _| {
                assert!(!abandoned);
                owned.give();
                forever();
            });
        });
        owned.take();
        let lock = &mine[round % 2];
        let time = if arguments[1] == "later" {
            owner.kill();
            let killed_at = Instant::now();
            assert!(lock.abandoned());
            killed_at.elapsed()
        } else {
            let killer = std::thread::spawn(move || {
                a_while(&mut Random::new(), Duration::from_millis(25));
                let now = Instant::now();
                owner.kill();
                now
            });
            assert!(lock.abandoned());
            let end = Instant::now();
            end.saturating_duration_since(killer.join().expect("no panic"))
        };
        took(time);
        assert!(!lock.abandoned(), "the flag clears with the release");
        a_while(&mut random, Duration::from_micros(500));
    }
    say("done");
}

/// The owner's process lives on.
pub fn owner_thread_ends(arguments: &[String]) {
    let locks = Locks::new();
    let (owned, go, ended) = (Signal::new(), Signal::new(), Signal::new());
    let mine = [locks.open(0), locks.open(1)];
    for round in 0..rounds_of(arguments) {
        let owner = fork(|| {
            let lock = locks.open(round);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    lock.hold(|_, forget| {
                        owned.give();
                        go.take();
                        forget();
                    });
                });
            });
            ended.give();
            forever();
        });
        owned.take();
        let killer = std::thread::scope(|scope| {
            let ender = scope.spawn(|| {
                a_while(&mut Random::new(), Duration::from_millis(25));
                go.give();
                Instant::now()
            });
            assert!(mine[round % 2].abandoned());
            let end = Instant::now();
            end.saturating_duration_since(ender.join().expect("no panic"))
        });
        took(killer);
        ended.take();
        assert!(!mine[round % 2].abandoned(), "the flag clears with the release");
        owner.kill();
    }
    say("done");
}
