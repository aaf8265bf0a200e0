//! Descriptors that something else closed, as daemons do with all of them, and hosts that run without standard streams.

use std::fs::File;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::path::PathBuf;

use crate::common::*;

pub const PARTS: [Part; 3] =
    [("opens_a_log", opens_a_log), ("opens_anew", opens_anew), ("has_no_streams", has_no_streams)];

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

#[test]
fn no_descriptor_of_ours_is_a_standard_stream() {
    let mut host = Start::role("has_no_streams").argument(unique_name("streamless")).start();
    host.expect("done");
    host.finish();
}

fn opens_a_log(_: &[String]) {
    let names = ["private", "shared", "mutex"].map(unique_name);
    let files = [TestFile::with(&[0; 8192]), TestFile::with(&[])];
    let mut regions = vec![
        region("private", &names[0]),
        region("shared", &names[1]),
        Region::anonymous(&CreateOptions::new(8192)).expect("memory"),
        Region::over_file(files[0].path(), &FileOptions::read_write()).expect("a file"),
    ];
    let views: Vec<View> = regions.iter().map(view_of).collect();
    let seats: Vec<_> = views.iter().map(|view| Seat::take(view, 4096).expect("a place")).collect();
    let inside: Vec<_> =
        views.iter().map(|view| SharedMutex::create(view, 64, &7u64).expect("zeros")).collect();
    let guards: Vec<_> = inside.iter().map(|mutex| mutex.lock().expect("a mutex")).collect();
    let mutex = Mutex::create(&names[2], &SyncOptions::new()).expect("a free name");
    let last = close_all();

    let log = Log::open(files[1].path(), last);
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

fn has_no_streams(arguments: &[String]) {
    let names =
        ["", "-shared", "-file", "-given", "-mutex"].map(|more| name(&format!("{}{more}", arguments[0])));
    let sockets = UnixStream::pair().expect("sockets");
    let file = TestFile::with(&[0; 8192]);
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
    regions.push(Region::over_file(file.path(), &FileOptions::read_write()).expect("a file"));
    let given = || {
        let given = File::options().read(true).write(true).open(file.path()).expect("a temporary file");
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
    let _ = std::fs::remove_file(file_under(&names[2]));
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
