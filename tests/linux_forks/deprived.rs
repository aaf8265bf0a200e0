//! Nothing of the rights, of /proc or of the free descriptors that its parent had is needed for a forked child to hold
//! nothing.

use std::os::fd::AsRawFd as _;

use samemap::channel::{Channel, ChannelOptions, Listener};

use crate::common::*;

pub const PARTS: [Part; 2] = [("keeps_region", keeps_region), ("keeps_others", keeps_others)];

/// Where things lie in the regions.
const LOCK: usize = 64;

const SEAT: usize = 4096;

/// What a parent does to itself before it forks.
const DEPRIVATIONS: [&str; 5] = ["plain", "setuid", "noproc", "nofile", "limit"];

#[test]
fn names_of_regions_are_free_and_their_locks_abandoned() {
    for how in DEPRIVATIONS {
        for form in FORMS {
            let Some(mut parent) = start("keeps_region", how) else { continue };
            let region_name = unique_name("keeps");
            parent.say(form);
            parent.say(&region_name.to_string());
            parent.expect("forked");
            let other = Region::open(&region_name, &OpenOptions::read_write()).expect("it is held");
            let view = view_of(&other);
            let mutex = SharedMutex::<u64>::open(&view, LOCK).expect("it was made");
            assert!(Seat::is_taken(&view, SEAT).expect("a place"), "{how}, {form}");
            parent.kill();
            let guard = mutex.lock_timeout(PATIENCE).expect("a mutex");
            assert!(guard.expect("a dead owner's lock is had").abandoned(), "{how}, {form}");
            assert!(!Seat::is_taken(&view, SEAT).expect("a place"), "{how}, {form}: a dead holder's seat");
            drop((mutex, view, other));
            assert_nothing_left(&region_name);
            let created = Region::create(&region_name, &CreateOptions::new(4096));
            drop(created.unwrap_or_else(|error| panic!("{how}, {form}: {error:?}")));
            still_reads(&mut parent);
            let _ = std::fs::remove_file(file_under(&region_name));
        }
    }
}

#[test]
fn names_of_other_objects_are_free() {
    for how in DEPRIVATIONS {
        let Some(mut parent) = start("keeps_others", how) else { continue };
        let names = ["mutex", "channel", "listener", "sent"].map(unique_name);
        for name in &names {
            parent.say(&name.to_string());
        }
        parent.expect("forked");
        let mutex = Mutex::open(&names[0], &OpenOptions::default()).expect("it is held");
        parent.kill();
        assert!(mutex.lock_timeout(PATIENCE).expect("a mutex").expect("in time").abandoned(), "{how}");
        drop(mutex);
        for name in &names {
            assert_not_found(name);
        }
        drop(Listener::bind(&names[2], &ChannelOptions::new()).expect("a free name"));
        still_reads(&mut parent);
    }
}

fn start(role: &str, how: &str) -> Option<Child> {
    let start = Start::role(role).argument(how);
    match how {
        "setuid" | "noproc" if !root_or_aside(how) => None,
        _ => Some(start.start()),
    }
}

/// What the child of a killed parent shares is the memory.
#[track_caller]
fn still_reads(parent: &mut Child) {
    parent.say("look");
    parent.expect("the child reads");
}

fn deprive(how: &str) {
    // SAFETY: numbers and literal texts; what is given up is this process's own.
    unsafe {
        match how {
            "plain" => {}
            "setuid" => assert_eq!((libc::setgid(12345), libc::setuid(12345)), (0, 0)),
            "noproc" => assert_eq!(libc::chroot(c"/dev/shm".as_ptr()), 0),
            "nofile" => {
                let limits = libc::rlimit { rlim_cur: 256, rlim_max: 256 };
                assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limits), 0);
                while libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY) >= 0 {}
            }
            // Below the numbers that are open: none of them can be replaced, nor come to mean anything else.
            "limit" => {
                let limits = libc::rlimit { rlim_cur: 3, rlim_max: 3 };
                assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limits), 0);
            }
            other => panic!("no such deprivation: {other}"),
        }
    }
}

/// Forks a child that reads on after this process was killed, and waits for that.
fn fork_and_wait(view: &View) {
    let child = fork(|| {
        say("forked");
        assert_eq!(hear(), "look");
        assert_eq!(view.get::<u64>(0).expect("in range"), MARK);
        say("the child reads");
        hear();
    });
    child.finish();
}

fn keeps_region(arguments: &[String]) {
    let (form, name) = (hear(), name(&hear()));
    let region = region(&form, &name);
    let views = [Access::ReadOnly, Access::ReadWrite, Access::CopyOnWrite]
        .map(|access| region.map(&MapRequest::new(0, 8192, access)).expect("a view"));
    views[1].put(0, &MARK).expect("in range");
    let mutex = SharedMutex::create(&views[1], LOCK, &0u64).expect("zeros");
    let _guard = mutex.lock().expect("a mutex");
    let _seat = Seat::take(&views[1], SEAT).expect("a place").expect("nobody sits");
    let again = Region::open(&name, &OpenOptions::read_only()).expect("it is held");
    let _more = view_of(&again);
    deprive(&arguments[0]);
    fork_and_wait(&views[0]);
}

fn keeps_others(arguments: &[String]) {
    let [mutex, channel, listener, sent] = [0; 4].map(|_| name(&hear()));
    let mutex = Mutex::create(&mutex, &SyncOptions::new()).expect("a free name");
    let _guard = mutex.lock().expect("a mutex");
    let options = ChannelOptions::new();
    let _ends = [Channel::create(&channel, &options), Channel::connect(&channel, &options)]
        .map(|end| end.expect("a channel"));
    let _listener = Listener::bind(&listener, &options).expect("a free name");
    let region = Region::create(&sent, &CreateOptions::new(8192)).expect("a free name");
    view_of(&region).put(0, &MARK).expect("in range");
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    let (mut sender, mut receiver) = (Courier::over(ours), Courier::over(theirs));
    sender.send(&region, Access::ReadWrite).expect("it is connected");
    let received = receiver.receive(&Trust::default()).expect("it was sent");
    // What is on its way holds the object until the connection is closed, and a fork shares the connection.
    sender.send(&region, Access::ReadOnly).expect("it is connected");
    let sockets = [sender.into_stream(), receiver.into_stream()];
    let view = view_of(&received);
    deprive(&arguments[0]);
    let child = fork(|| {
        for socket in &sockets {
            // SAFETY: this process's copy, which nothing uses any more.
            unsafe { libc::close(socket.as_raw_fd()) };
        }
        fork_and_wait(&view);
    });
    child.finish();
}
