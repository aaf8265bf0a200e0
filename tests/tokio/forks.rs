//! Forked children of a process with tasks.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::*;
use crate::support::SetAtEnd;
use crate::support::linux::forked::fork;

#[test]
fn a_forked_child_drops_its_copies_and_waits_for_its_own() {
    let puppet = start("forks", &[]).finish();
    assert!(puppet.status.success(), "{puppet:#?}");
}

/// Whatever lock of the waiting threads another thread holds at that moment.
#[test]
fn a_child_that_is_forked_while_tasks_come_and_go_can_wait() {
    let puppet = start("forks_in_a_storm", &[]).finish();
    assert!(puppet.status.success(), "{puppet:#?}");
}

/// A forked child drops what its parent's tasks wait with, and waits anew itself.
pub fn forks(_: &[String]) {
    let runtime = one_thread();
    let (mut ours, mut theirs) = pair();
    let waits = |runtime: &Runtime, ours: &mut AsyncChannel| {
        run(runtime, async {
            assert!(timeout(Duration::from_millis(10), ours.receiver().recv()).await.is_err());
        });
    };
    waits(&runtime, &mut ours);
    for _ in 0..20 {
        let mut copies = Some((ours, theirs));
        let child = fork(|| {
            // SAFETY: a plain number is set; one that hangs is no trouble to others.
            unsafe { libc::alarm(20) };
            let runtime = one_thread();
            let (mut ours, theirs) = copies.take().expect("copies");
            let copy = run(&runtime, ours.receiver().recv()).map(|_| ()).unwrap_err();
            assert!(copy.is(ErrorKind::Unsupported));
            drop((ours, theirs));
            let (mut ours, theirs) = pair();
            let echo = runtime.spawn(echo(theirs));
            run(&runtime, ping(&mut ours, 10));
            drop(ours);
            run(&runtime, echo).expect("no panics");
        });
        child.finish();
        (ours, theirs) = copies.expect("dropped in the child only");
        waits(&runtime, &mut ours);
    }
    run(&runtime, async {
        theirs.sender().send(b"still here").await.unwrap();
        assert_eq!(ours.receiver().recv().await.unwrap().to_vec(), b"still here");
    });
}

/// Forks while other threads' tasks come to wait, and cease to.
pub fn forks_in_a_storm(_: &[String]) {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let runtime = one_thread();
                while !over.load(Ordering::Relaxed) {
                    let (mut ours, _theirs) = pair();
                    run(&runtime, async {
                        assert!(timeout(Duration::from_micros(10), ours.receiver().recv()).await.is_err());
                    });
                }
            });
        }
        // Ends the others also when this fails.
        let _over = SetAtEnd(&over);
        for _ in 0..100 {
            fork(|| {
                // SAFETY: a plain number is set; one that hangs ends by the signal, and fails.
                unsafe { libc::alarm(20) };
                let runtime = one_thread();
                let (mut ours, theirs) = pair();
                let echo = runtime.spawn(echo(theirs));
                run(&runtime, ping(&mut ours, 3));
                drop(ours);
                run(&runtime, echo).expect("no panics");
            })
            .finish();
        }
    });
}
