//! Seats.

use crate::common::*;

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
        let holder = Program::start(command("holder", &shared));
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

pub fn holder(arguments: &[String]) {
    let view = &opened(&arguments[0]);
    let _seat = Seat::take(view, SEAT).unwrap().expect("nobody sits");
    println!("seated.");
    wait_for_line();
}

/// Processes that take one seat as often as they can never sit together.
#[test]
fn a_seat_has_one_holder_among_many_processes() {
    let shared = Shared::create("musical-chairs");
    let players: Vec<_> = (0..3).map(|_| Program::start(command("player", &shared))).collect();
    for player in players {
        let player = player.finish();
        assert!(player.status.success(), "{player:#?}");
    }
    assert_eq!(shared.word(0).load(Ordering::SeqCst), 0, "nobody is left");
    assert_eq!(shared.word(1).load(Ordering::SeqCst), 3 * SITTINGS);
}

const SITTINGS: u64 = 300;

pub fn player(arguments: &[String]) {
    let view = &opened(&arguments[0]);
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
        assert!(Doorbell::at(&view, BELL, Sleepers::One).unwrap_err().is(ErrorKind::AccessDenied));
        assert!(Seat::take(&view, SEAT).unwrap_err().is(ErrorKind::AccessDenied));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_forked_childs_copy_holds_no_seat() {
    let shared = Shared::create("forked");
    let parent = run(command("forking", &shared));
    assert!(parent.status.success(), "{parent:#?}");
}

#[cfg(target_os = "linux")]
pub fn forking(arguments: &[String]) {
    let view = &opened(&arguments[0]);
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
    let holder = Program::start(command("orphan_maker", &shared));
    holder.wait_for_output("forked.");
    assert!(Seat::is_taken(&view, SEAT).unwrap());
    holder.kill();
    assert_eq!(shared.word(0).load(Ordering::SeqCst), 1, "the child lives");
    assert!(Seat::take(&view, SEAT).unwrap().is_some());
    shared.word(0).store(2, Ordering::SeqCst);
    spin_until("the child ends", || shared.word(0).load(Ordering::SeqCst) == 3);
}

#[cfg(target_os = "linux")]
pub fn orphan_maker(arguments: &[String]) {
    let view = &opened(&arguments[0]);
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
