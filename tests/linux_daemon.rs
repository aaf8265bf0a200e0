//! Programs that do to their descriptors what a library does not expect: daemons that close all of them, that fork into
//! the background and go on, and hosts that run without standard streams.

#![cfg(target_os = "linux")]

#[path = "support/linux/mod.rs"]
mod linux;

use std::fs::File;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use linux::aside;
use linux::child::{Start, hear, play, say};
use linux::forked::fork;
use linux::shm::{assert_not_found, assert_nothing_left, id_of, kind_of, name, unique_name, view_of};
use samemap::{
    Access, Courier, CreateOptions, ErrorKind, FileOptions, LockGuard as _, Lockable as _, MapRequest, Mutex,
    ObjectName, OpenOptions, Permissions, Region, Seat, Share, SharedMutex, SharedRegion as _, SyncOptions,
    Trust, View,
};

const PATIENCE: Duration = Duration::from_secs(20);
const MARK: u64 = 0x5A3E_3A9A;
const FORMS: [&str; 3] = ["private", "shared", "file"];

// ---- descriptors that something else closed -----------------------------------------------------------

#[test]
fn a_log_under_numbers_of_ours_is_left_alone() {
    let mut daemon = Start::role("opens_a_log").start();
    daemon.expect("done");
    daemon.finish();
}

/// The numbers lead to the very files that they led to before.
#[test]
fn what_is_opened_anew_under_the_same_numbers_is_not_let_go() {
    for form in FORMS {
        let name = unique_name("anew");
        let held = region(form, &name);
        view_of(&held).put(0, &MARK).expect("in range");
        let mut daemon = Start::role("opens_anew").argument(&name).start();
        daemon.expect("holds");
        drop(held);
        assert_held(&name);
        daemon.say("end");
        daemon.finish();
        assert_nothing_left(&name);
        let _ = std::fs::remove_file(file_under(&name));
    }
}

fn opens_a_log(_: &[String]) {
    let names = ["private", "shared", "mutex"].map(unique_name);
    let mut regions = vec![
        region("private", &names[0]),
        region("shared", &names[1]),
        Region::anonymous(&CreateOptions::new(8192)).expect("memory"),
        Region::over_file(temporary_file().as_path(), &FileOptions::read_write()).expect("a file"),
    ];
    let views: Vec<View> = regions.iter().map(view_of).collect();
    let seats: Vec<_> = views.iter().map(|view| Seat::take(view, 4096).expect("a place")).collect();
    let inside: Vec<_> =
        views.iter().map(|view| SharedMutex::create(view, 64, &7u64).expect("zeros")).collect();
    let guards: Vec<_> = inside.iter().map(|mutex| mutex.lock().expect("a mutex")).collect();
    let mutex = Mutex::create(&names[2], &SyncOptions::new()).expect("a free name");
    let last = close_all();

    let path = temporary_file();
    let log = Log::open(&path, last);
    for region in &regions {
        assert_eq!(kind_of(region.map(&MapRequest::new(0, 4096, Access::ReadOnly))), Some(ErrorKind::Os));
        assert!(region.to_fd().is_err());
    }
    // A fork comes upon the log as well.
    fork(|| log.check()).finish();
    regions.pop();
    drop(guards);
    drop((seats, inside, views, mutex, regions));
    log.check();
    for name in &names {
        assert_not_found(name);
    }
    std::fs::remove_file(&path).expect("a file of ours");
    say("done");
}

/// Closes all descriptors but the standard streams; answers the last number that was in use.
fn close_all() -> RawFd {
    let open = std::fs::read_dir("/proc/self/fd").expect("/proc");
    let numbers = open.map(|entry| entry.expect("an entry").file_name().to_string_lossy().parse::<RawFd>());
    let numbers: Vec<RawFd> = numbers.map(|number| number.expect("a number")).filter(|&fd| fd > 2).collect();
    for &number in &numbers {
        // SAFETY: what a daemon does; what has the number is told by the library itself.
        unsafe { libc::close(number) };
    }
    numbers.into_iter().max().expect("descriptors were open")
}

/// A file that is open under each number of a range, with a lock by each, and a position in each.
struct Log {
    path: PathBuf,
    files: Vec<File>,
}

impl Log {
    fn open(path: &std::path::Path, last: RawFd) -> Log {
        let mut files = Vec::new();
        for number in 3..=last {
            let file = File::options().read(true).write(true).open(path).expect("a temporary file");
            assert_eq!(file.as_raw_fd(), number, "a descriptor was left open");
            assert_eq!(lock(&file, libc::F_OFD_SETLK, number), libc::F_WRLCK);
            std::io::Seek::seek(&mut &file, std::io::SeekFrom::Start(number as u64)).expect("a file");
            files.push(file);
        }
        Log { path: path.to_owned(), files }
    }

    /// Each is open as it was, where it was, and locked.
    fn check(&self) {
        use std::os::unix::fs::MetadataExt as _;
        let mut other = File::options().read(true).write(true).open(&self.path).expect("a temporary file");
        if other.as_raw_fd() < 3 {
            other = other.try_clone().expect("a descriptor");
        }
        let inode = other.metadata().expect("a file").ino();
        for file in &self.files {
            let number = file.as_raw_fd();
            assert_eq!(file.metadata().expect("it is open").ino(), inode, "{number} leads elsewhere");
            assert_eq!(std::io::Seek::stream_position(&mut &*file).expect("a file"), number as u64);
            assert_eq!(lock(&other, libc::F_OFD_GETLK, number), libc::F_WRLCK, "{number} was unlocked");
        }
    }
}

/// Locks the byte of a number, or asks about it.
fn lock(file: &File, command: i32, byte: RawFd) -> i32 {
    // SAFETY: an all-zero flock64 is valid, and the commands read and write that one.
    unsafe {
        let mut lock: libc::flock64 = std::mem::zeroed();
        lock.l_type = libc::F_WRLCK as libc::c_short;
        (lock.l_start, lock.l_len) = (i64::from(byte), 1);
        assert_eq!(libc::fcntl(file.as_raw_fd(), command, &raw mut lock), 0);
        i32::from(lock.l_type)
    }
}

fn opens_anew(arguments: &[String]) {
    let name = name(&arguments[0]);
    let open = || Region::open(&name, &OpenOptions::read_write()).expect("it is held");
    let (before, before_seat) = open_with_seat(open(), 4096);
    close_all();
    let (after, after_seat) = open_with_seat(open(), 4096 + 512);
    drop((before, before_seat));
    assert!(Seat::is_taken(&view_of(&after), 4096 + 512).expect("a place"));
    assert!(fork_sees_seat(&name, 4096 + 512), "the seat was left with what was dropped");
    say("holds");
    assert_eq!(hear(), "end");
    drop((after, after_seat));
}

fn open_with_seat(region: Region, at: usize) -> (Region, Seat) {
    let seat = Seat::take(&view_of(&region), at).expect("a place").expect("nobody sits");
    (region, seat)
}

/// Whether another process finds the seat taken.
fn fork_sees_seat(name: &ObjectName, at: usize) -> bool {
    let child = fork(|| {
        let other = Region::open(name, &OpenOptions::read_write()).expect("it is held");
        assert!(Seat::is_taken(&view_of(&other), at).expect("a place"));
    });
    child.wait().is_none()
}

// ---- daemons that fork and go on ----------------------------------------------------------------------

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
    if !aside::root_or_aside("a_child_whose_user_may_not_open_the_object_is_refused") {
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
    for region in [
        Region::anonymous(&CreateOptions::new(8192)).expect("memory"),
        Region::over_file(temporary_file().as_path(), &FileOptions::read_write()).expect("a file"),
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

// ---- standard streams ---------------------------------------------------------------------------------

#[test]
fn no_descriptor_of_ours_is_a_standard_stream() {
    let mut host = Start::role("has_no_streams").argument(unique_name("streamless")).start();
    host.expect("done");
    host.finish();
}

fn has_no_streams(arguments: &[String]) {
    let names =
        ["", "-shared", "-file", "-given", "-mutex"].map(|more| name(&format!("{}{more}", arguments[0])));
    let sockets = UnixStream::pair().expect("sockets");
    let file = temporary_file();
    let options = CreateOptions::new(8192);
    // SAFETY: numbers; the copies are put back below.
    let kept = [0, 1, 2].map(|stream| unsafe {
        let kept = libc::fcntl(stream, libc::F_DUPFD_CLOEXEC, 10);
        libc::close(stream);
        kept
    });

    let mut regions =
        vec![region("private", &names[0]), region("shared", &names[1]), region("file", &names[2])];
    regions.push(Region::open(&names[0], &OpenOptions::read_write()).expect("it is held"));
    regions.push(Region::open(&names[1], &OpenOptions::read_write()).expect("it is held"));
    regions.push(Region::open(&names[2], &OpenOptions::read_write()).expect("it is held"));
    regions.push(Region::anonymous(&options).expect("memory"));
    regions.push(Region::over_file(file.as_path(), &FileOptions::read_write()).expect("a file"));
    let given = || {
        let given = File::options().read(true).write(true).open(&file).expect("a temporary file");
        assert_eq!(given.as_raw_fd(), 0, "the lowest number");
        given
    };
    regions.push(Region::over_file(given(), &FileOptions::read_write()).expect("a file"));
    regions.push(Region::create_over_file(&names[3], given(), &FileOptions::read_write()).expect("a file"));
    let memory = regions[6].to_fd().expect("a descriptor");
    assert!(memory.as_raw_fd() > 2);
    regions.push(Region::from_fd(at_zero(memory), Access::ReadWrite).expect("memory"));
    let (mut sender, mut receiver) = (Courier::over(sockets.0), Courier::over(sockets.1));
    for at in [0, 1, 2, 6, 7] {
        sender.send(&regions[at], Access::ReadWrite).expect("it is connected");
        regions.push(receiver.receive(&Trust::default()).expect("it was sent"));
    }
    let mutex = Mutex::create(&names[4], &SyncOptions::new()).expect("a free name");
    drop(mutex.lock().expect("a mutex"));
    let views: Vec<View> = regions.iter().map(view_of).collect();
    let inside: Vec<_> =
        views.iter().map(|view| SharedMutex::<u64>::create_or_open(view, 64).expect("a place").0).collect();
    fork(|| {
        regions[0].hold_again().expect("the parent holds it");
        assert_streams_closed();
    })
    .finish();
    assert_streams_closed();
    drop((inside, views, mutex, regions));
    assert_streams_closed();

    for (stream, kept) in kept.into_iter().enumerate() {
        // SAFETY: numbers of this process's own.
        assert_eq!(unsafe { libc::dup2(kept, stream as RawFd) }, stream as RawFd);
    }
    let _ = (std::fs::remove_file(file), std::fs::remove_file(file_under(&names[2])));
    say("done");
}

/// The same open file as standard input.
fn at_zero(fd: OwnedFd) -> OwnedFd {
    // SAFETY: the number is free, and then owned by what is returned.
    unsafe {
        assert_eq!(libc::dup2(fd.as_raw_fd(), 0), 0);
        drop(fd);
        OwnedFd::from_raw_fd(0)
    }
}

#[track_caller]
fn assert_streams_closed() {
    for stream in 0..3 {
        // SAFETY: a number.
        let flags = unsafe { libc::fcntl(stream, libc::F_GETFD) };
        assert_eq!(flags, -1, "{stream} is open");
    }
}

// ---- both sides ---------------------------------------------------------------------------------------

fn region(form: &str, name: &ObjectName) -> Region {
    let options = CreateOptions::new(8192);
    match form {
        "private" => Region::create(name, &options),
        "shared" => {
            Region::create(name, &options.permissions(Permissions::owner_only().everyone(Share::ReadWrite)))
        }
        _ => {
            std::fs::write(file_under(name), [0; 8192]).expect("a temporary file");
            Region::create_over_file(name, file_under(name), &FileOptions::read_write())
        }
    }
    .expect("a free name")
}

/// The file that a region of the form `file` lies over.
fn file_under(name: &ObjectName) -> PathBuf {
    std::env::temp_dir().join(format!("{}.bin", name.rest()))
}

fn temporary_file() -> PathBuf {
    let path = file_under(&unique_name("temporary"));
    std::fs::write(&path, [0; 8192]).expect("a temporary file");
    path
}

/// Somebody holds the marked object, and its name leads to it.
#[track_caller]
fn assert_held(name: &ObjectName) {
    let opened = Region::open(name, &OpenOptions::read_only()).expect("it is held");
    assert_eq!(id_of(&opened), MARK);
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    play(&[
        ("opens_a_log", opens_a_log),
        ("opens_anew", opens_anew),
        ("becomes_a_daemon", becomes_a_daemon),
        ("comes_too_late", comes_too_late),
        ("lowers_itself", lowers_itself),
        ("has_no_name", has_no_name),
        ("has_no_streams", has_no_streams),
    ]);
}
