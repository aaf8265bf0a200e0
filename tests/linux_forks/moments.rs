//! A fork may come at any moment of what other threads do.

use std::sync::atomic::{AtomicBool, Ordering};

use samemap_platform::internal::testing::Step;

use crate::common::*;

pub const PARTS: [Part; 2] = [("forks_within", forks_within), ("adopts_in_a_storm", adopts_in_a_storm)];

/// A fork may come at any moment of another thread's calls: also then the child holds nothing.
#[test]
fn child_that_is_forked_in_the_middle_of_a_call_holds_nothing() {
    for (point, form) in points_to_fork_at() {
        let name = unique_name("fork-within");
        let others = point.starts_with("open").then(|| create_in_form(&name, form));
        let mut parent = Start::role("forks_within").argument(&name).argument(point).argument(form).start();
        parent.expect("forked");
        parent.kill();
        drop(others);
        let opened = Region::open(&name, &OpenOptions::read_only());
        assert_eq!(kind_of(opened), Some(ErrorKind::NotFound), "a child forked at {point} holds the {form}");
        let created = Region::create(&name, &CreateOptions::new(4096));
        drop(created.unwrap_or_else(|error| panic!("a child forked at {point} keeps the name: {error:?}")));
        assert_nothing_left(&name);
    }
}

/// What lies between any two system calls, for an object in one file and for one in a directory.
fn points_to_fork_at() -> Vec<(&'static str, &'static str)> {
    use Step::*;
    let both = [
        CreateHeld,
        CreateCommitted,
        CreatePublished,
        OpenOpened,
        OpenSawHolders,
        OpenHeld,
        OpenFactsRead,
        OpenNameChecked,
        CloseReleased,
        RemoveLocked,
        RemoveNameChecked,
        SendOpened,
        SendHeld,
        ReceiveTaken,
        ReceiveOpened,
        ReceiveHeld,
    ];
    let of_files = [CreateFileMade, CreateTrailerWritten, RemoveMarkedDead, RemoveUnlinked, SendMarked];
    let of_folders = [
        CreateDirMade,
        CreateFactsMade,
        CreateDataMade,
        CreateLocksMade,
        CreateFactsWritten,
        CreateWidened,
        RemoveRenamed,
        RemoveDataUnlinked,
        RemoveLocksUnlinked,
        RemoveEmptied,
        RemoveDirGone,
    ];
    let file = both.into_iter().chain(of_files).map(|step| (step.name(), "file"));
    let folder = both.into_iter().chain(of_folders).map(|step| (step.name(), "folder"));
    file.chain(folder).collect()
}

/// An object in one file, or in a directory.
fn create_in_form(name: &ObjectName, form: &str) -> Region {
    let options = CreateOptions::new(65536);
    let permissions = match form {
        "file" => Permissions::owner_only(),
        _ => Permissions::owner_only().everyone(Share::ReadWrite),
    };
    Region::create(name, &options.permissions(permissions)).expect("a free name")
}

/// Whatever lock of this process's own another thread holds at that moment, the child can go on.
#[test]
fn child_that_is_forked_while_others_adopt_can_adopt() {
    let mut parent = Start::role("adopts_in_a_storm").env("SAMEMAP_OFFER_storm", "of no use").start();
    parent.expect("done");
    parent.finish();
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
    samemap_platform::internal::testing::at_stop_points(fork_here);
    let name = name(&arguments[0]);
    if arguments[1].starts_with("open") {
        drop(Region::open(&name, &OpenOptions::read_write()).expect("the test holds it"));
    } else {
        let region = create_in_form(&name, &arguments[2]);
        if arguments[1].starts_with("send") || arguments[1].starts_with("receive") {
            let (ours, theirs) = std::os::unix::net::UnixStream::pair().expect("sockets");
            Courier::over(ours).send(&region, Access::ReadWrite).expect("it is connected");
            drop(Courier::over(theirs).receive(&Trust::default()).expect("it was sent"));
        }
    }
    panic!("{} was not reached", arguments[1]);
}

fn adopts_in_a_storm(_: &[String]) {
    let adopt = || assert_eq!(kind_of(Region::adopt("storm")), Some(ErrorKind::InvalidArgument));
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    adopt();
                }
            });
        }
        let _over = SetAtEnd(&over);
        for _ in 0..100 {
            fork(|| {
                // SAFETY: a plain number is set; one that hangs ends by the signal, and fails.
                unsafe { libc::alarm(20) };
                adopt();
            })
            .finish();
        }
    });
    say("done");
}
