//! How the time of a list grows: with the number of objects, and not with that of other programs' locks.
#![cfg(target_os = "linux")]

mod support;

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use samemap::catalog::{self, State};
use samemap::sync::{EventOptions, Reset};
use samemap::{Event, ObjectName};

use support::part::{command, hear, play, say};
use support::{Program, lacks, number, unique_text};

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    play(&[("holds_objects", holds_objects), ("holds_locks", holds_locks), ("lists", lists)]);
}

/// A directory of objects, which goes with the test, and those that hold them.
struct Directory {
    path: PathBuf,
    holders: Vec<Program>,
}

/// The objects of one process: each takes two descriptors.
const OF_ONE: u64 = 4000;

impl Directory {
    /// With so many living objects.
    fn with(objects: u64) -> Directory {
        let path = Path::new("/dev/shm").join(unique_text("listed"));
        std::fs::create_dir(&path).unwrap();
        let mut directory = Directory { path, holders: Vec::new() };
        for first in (0..objects).step_by(OF_ONE as usize) {
            let end = objects.min(first + OF_ONE);
            directory.holders.push(directory.start("holds_objects", &[first, end].map(|it| it.to_string())));
        }
        directory.holders.iter().for_each(|holder| holder.expect("held"));
        directory
    }

    fn start(&self, part: &str, arguments: &[String]) -> Program {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut command = command(part, &arguments);
        command.env("SAMEMAP_DIR", &self.path);
        Program::start(command)
    }

    /// The processor's time for the quickest of some lists, which find so many objects.
    fn time_of_a_list(&self, objects: u64, how: &str) -> Duration {
        let mut lister = self.start("lists", &[objects.to_string(), how.to_owned()]);
        let nanos = lister.hear().parse().expect("nanoseconds");
        assert!(lister.wait().success());
        Duration::from_nanos(nanos)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        self.holders.drain(..).for_each(Program::kill);
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

fn holds_objects(arguments: &[String]) {
    let [first, end] = [0, 1].map(|index| arguments[index].parse::<u64>().unwrap());
    open_many();
    let options = EventOptions::new(Reset::Auto);
    let name = |index| ObjectName::new(format!(r"Local\listed-{index}")).unwrap();
    let _held: Vec<_> = (first..end).map(|index| Event::create(&name(index), &options).unwrap()).collect();
    say("held");
    hear();
}

/// As many descriptors as this user may have.
fn open_many() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the struct is valid for the calls.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
    }
    limit.rlim_max
}

/// What this process has used, whatever else the machine does meanwhile.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the struct is valid for the call.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) }, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn lists(arguments: &[String]) {
    const TIMES: u32 = 3;
    let objects: usize = arguments[0].parse().unwrap();
    let list = if arguments[1] == "counted" { catalog::list_counted } else { catalog::list };
    let time = |_| {
        let begun = processor_time();
        let listed = list().unwrap();
        let time = processor_time() - begun;
        assert_eq!(listed.iter().filter(|entry| entry.state == State::Live).count(), objects);
        time
    };
    say(&(0..TIMES).map(time).min().expect("some").as_nanos().to_string());
}

/// Locks of another program, a thousand in each of its files.
fn holds_locks(arguments: &[String]) {
    const OF_A_FILE: u64 = 1000;
    let count: u64 = arguments[0].parse().unwrap();
    open_many();
    let file_with_locks = |_| {
        let path = std::env::temp_dir().join(unique_text("locked"));
        let file = File::create_new(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        for index in 0..OF_A_FILE {
            // SAFETY: all zeros are a valid request, of integers.
            let mut lock: libc::flock = unsafe { std::mem::zeroed() };
            // Apart, so that they do not become one.
            (lock.l_type, lock.l_start, lock.l_len) = (libc::F_WRLCK as i16, 2 * index as i64, 1);
            // SAFETY: the descriptor is open, and the struct is valid for the call.
            assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw mut lock) }, 0);
        }
        file
    };
    let _locked: Vec<File> = (0..count / OF_A_FILE).map(file_with_locks).collect();
    say("held");
    hear();
}

fn may_hold(test: &str) -> bool {
    let is_enough = open_many() > 2 * OF_ONE + 100;
    if !is_enough {
        lacks(test, "it needs some 8,000 descriptors (ulimit -Hn)");
    }
    is_enough
}

/// Ten times as many take ten times as long, and not a hundred times.
#[test]
fn a_list_takes_as_long_as_there_are_objects() {
    if !may_hold("a_list_takes_as_long_as_there_are_objects") {
        return;
    }
    // Unoptimised, an object takes ten times as long.
    let many = number("SAMEMAP_LISTED", if cfg!(debug_assertions) { 8000 } else { 20_000 });
    let few = many / 10;
    let few_take = Directory::with(few).time_of_a_list(few, "");
    let many_take = Directory::with(many).time_of_a_list(many, "");
    println!("{few} take {few_take:?}, {many} take {many_take:?}");
    assert!(many_take < few_take * 25, "{few} take {few_take:?}, {many} take {many_take:?}");
}

/// The kernel's list of all locks takes a second to read.
#[test]
fn the_locks_of_others_make_no_list_slower() {
    const OBJECTS: u64 = 500;
    let directory = Directory::with(OBJECTS);
    let alone = directory.time_of_a_list(OBJECTS, "");
    let locks = number("SAMEMAP_LOCKS", 60_000);
    let other = directory.start("holds_locks", &[locks.to_string()]);
    other.expect("held");
    let beside = directory.time_of_a_list(OBJECTS, "");
    let counted = directory.time_of_a_list(OBJECTS, "counted");
    other.kill();
    println!("alone {alone:?}, beside {locks} locks {beside:?}, counted {counted:?}");
    assert!(beside < alone * 10, "alone {alone:?}, beside {locks} locks {beside:?}");
    assert!(counted < alone + Duration::from_secs(5), "counting ends after half a second: {counted:?}");
}
