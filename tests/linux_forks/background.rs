//! Daemons that fork into the background and go on: a child that holds again.

use crate::common::*;

pub const PARTS: [Part; 4] = [
    ("becomes_a_daemon", becomes_a_daemon),
    ("comes_too_late", comes_too_late),
    ("lowers_itself", lowers_itself),
    ("has_no_name", has_no_name),
];

#[test]
fn a_child_that_holds_again_outlives_its_parent_and_is_the_last_holder() {
    for form in FORMS {
        let name = unique_name("daemon");
        let mut parent = Start::role("becomes_a_daemon").argument(&name).argument(form).start();
        parent.expect("in the background");
        assert_held(&name);
        parent.say("hold");
        parent.expect("holds");
        parent.kill();
        assert_held(&name);
        parent.say("use");
        parent.expect("used");
        assert_held(&name);
        // What a holder forks holds nothing either.
        parent.say("fork");
        parent.expect("forked");
        parent.say("end");
        parent.expect("ended");
        assert_nothing_left(&name);
        let _ = std::fs::remove_file(file_under(&name));
    }
}

#[test]
fn a_child_that_comes_too_late_holds_nothing() {
    for form in FORMS {
        let name = unique_name("late");
        let mut parent = Start::role("comes_too_late").argument(&name).argument(form).start();
        parent.expect("in the background");
        parent.kill();
        parent.say("hold");
        parent.expect("NotFound");
        assert_not_found(&name);
        // Nor does it hold what has the name by then.
        let new = Region::create(&name, &CreateOptions::new(8192)).expect("the name is free");
        parent.say("hold");
        parent.expect("NotFound");
        drop(new);
        assert_nothing_left(&name);
        let _ = std::fs::remove_file(file_under(&name));
    }
}

#[test]
fn a_child_whose_user_may_not_open_the_object_is_refused() {
    if !root_or_aside("a_child_whose_user_may_not_open_the_object_is_refused") {
        return;
    }
    for (form, answer) in [("private", "AccessDenied"), ("shared", "held")] {
        let name = unique_name("lowered");
        let mut parent = Start::role("lowers_itself").argument(&name).argument(form).start();
        parent.expect(answer);
        parent.kill();
        if answer == "held" {
            assert_held(&name);
        }
        parent.say("end");
        parent.expect("ended");
        assert_not_found(&name);
    }
}

/// Memory and files without a name have no life to hold; what is in them works in a child as it is.
#[test]
fn a_child_locks_in_what_has_no_name() {
    let mut parent = Start::role("has_no_name").start();
    parent.expect("done");
    parent.finish();
}

/// Forks a child that goes on, with its copies; this process holds until it is killed.
fn in_the_background(arguments: &[String], child: impl FnOnce(Region, View)) {
    let region = region(&arguments[1], &name(&arguments[0]));
    let view = view_of(&region);
    view.put(0, &MARK).expect("in range");
    let mut copies = Some((region, view));
    let forked = fork(|| {
        let (region, view) = copies.take().expect("not taken yet");
        child(region, view);
    });
    forked.finish();
    drop(copies);
}

fn becomes_a_daemon(arguments: &[String]) {
    in_the_background(arguments, |region, view| {
        say("in the background");
        assert_eq!(hear(), "hold");
        let writing = MapRequest::new(0, 4096, Access::ReadWrite);
        assert_eq!(kind_of(region.map(&writing)), Some(ErrorKind::AccessDenied), "it holds nothing");
        for access in [Access::ReadOnly, Access::CopyOnWrite] {
            let view = region.map(&MapRequest::new(0, 4096, access)).expect("a view");
            assert_eq!(view.get::<u64>(0).expect("in range"), MARK);
        }
        let mut command = std::process::Command::new("true");
        assert_eq!(
            kind_of(region.offer_to(&mut command, "key", Access::ReadOnly)),
            Some(ErrorKind::AccessDenied)
        );
        region.hold_again().expect("the parent holds it");
        region.hold_again().expect("it does already");
        assert!(region.has_its_name());
        say("holds");
        assert_eq!(hear(), "use");
        let fresh = region.map(&writing).expect("it holds it");
        view.put(8, &MARK).expect("in range");
        assert_eq!(fresh.get::<u64>(8).expect("in range"), MARK, "two views of one object");
        let mutex = SharedMutex::create(&view, 64, &0u64).expect("zeros");
        drop(mutex.lock().expect("a mutex"));
        let seat = Seat::take(&view, 4096).expect("a place").expect("nobody sits");
        say("used");
        assert_eq!(hear(), "fork");
        let grandchild = fork(|| {
            assert_eq!(kind_of(region.map(&writing)), Some(ErrorKind::AccessDenied), "it holds nothing");
            // It ends with the daemon, however that ends.
            // SAFETY: a number for the kernel.
            assert_eq!(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) }, 0);
            say("forked");
            loop {
                std::thread::park();
            }
        });
        assert_eq!(hear(), "end");
        drop((seat, mutex, fresh, view, region));
        say("ended");
        hear();
        grandchild.kill();
    });
}

fn comes_too_late(arguments: &[String]) {
    in_the_background(arguments, |region, view| {
        say("in the background");
        loop {
            assert_eq!(hear(), "hold");
            let answer = kind_of(region.hold_again());
            say(&format!("{:?}", answer.expect("nobody holds it")));
            assert_eq!(view.get::<u64>(0).expect("in range"), MARK);
        }
    });
}

fn lowers_itself(arguments: &[String]) {
    in_the_background(arguments, |region, view| {
        // SAFETY: numbers.
        unsafe { assert_eq!((libc::setgid(12345), libc::setuid(12345)), (0, 0)) };
        let answer = kind_of(region.hold_again());
        say(&answer.map_or("held".to_owned(), |kind| format!("{kind:?}")));
        assert_eq!(hear(), "end");
        drop((region, view));
        say("ended");
        hear();
    });
}

fn has_no_name(_: &[String]) {
    let file = TestFile::with(&[0; 8192]);
    for region in [
        Region::anonymous(&CreateOptions::new(8192)).expect("memory"),
        Region::over_file(file.path(), &FileOptions::read_write()).expect("a file"),
    ] {
        let view = view_of(&region);
        let mutex = SharedMutex::create(&view, 64, &0u64).expect("zeros");
        fork(|| {
            region.hold_again().expect("there is nothing to hold");
            let mine = SharedMutex::<u64>::open(&view, 64).expect("it was made");
            std::mem::forget(mine.lock().expect("a mutex"));
            let _seat = Seat::take(&view, 4096).expect("a place").expect("nobody sits");
        })
        .finish();
        assert!(mutex.lock_timeout(PATIENCE).expect("a mutex").expect("in time").abandoned());
        assert!(!Seat::is_taken(&view, 4096).expect("a place"));
    }
    say("done");
}
