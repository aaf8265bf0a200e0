//! What cannot be had is an error at creation that says how much was asked for and how much is left (C7,
//! C8): no signal, and nothing left behind. A full `/dev/shm` is a small one of the test's own.

#![cfg(target_os = "linux")]

mod support;

use std::fs::File;

use samemap::catalog::{self, State};
use samemap::regions::MapRequest;
use samemap::{
    Access, CreateOptions, Disposition, Error, ErrorKind, OpenOptions, Permissions, Region, Result, Share,
};
use support::linux::child::{Child, Start, binary, hear, play, play_sandboxed, say};
use support::linux::sandbox;
use support::linux::seccomp::{self, Answer};
use support::linux::shm::{
    assert_no_file, assert_not_found, assert_nothing_left, file_of, id_of, kind_of, name, unique_name,
    view_of,
};

const KIB: u64 = 1024;

/// A `/dev/shm` of 1 MiB.
fn small_shm() {
    sandbox::mount_tmpfs(c"/dev/shm", c"size=1m,mode=1777");
}

/// What /dev/shm holds.
fn files() -> Vec<String> {
    let entries = std::fs::read_dir("/dev/shm").expect("/dev/shm can be read");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

/// The refusal of so many bytes; it names them, and what is left.
#[track_caller]
fn assert_out_of_memory<T>(answer: Result<T, Error>, asked: u64, left: Option<u64>) {
    let error = answer.err().expect("it cannot be had");
    assert_eq!(*error.kind(), ErrorKind::OutOfMemory { requested: asked, available: left }, "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&asked.to_string()), "{text}");
    assert!(left.is_none_or(|left| text.contains(&left.to_string())), "{text}");
}

// ---- a full /dev/shm ----------------------------------------------------------------------------------

#[test]
fn shared_memory_that_others_filled_is_an_error_at_creation() {
    play_sandboxed(
        "shared_memory_that_others_filled_is_an_error_at_creation",
        Start::role("filled_by_others"),
    );
}

fn filled_by_others(_arguments: &[String]) {
    small_shm();
    std::fs::write("/dev/shm/somebody-elses", vec![1; 1000 * 1024]).expect("it fits");
    let left = Some(24 * KIB);
    for asked in [32 * KIB, 512 * KIB, 1 << 20, 1 << 40] {
        let name = unique_name("full");
        assert_out_of_memory(Region::create(&name, &CreateOptions::new(asked)), asked, left);
        assert_out_of_memory(Region::create_or_open(&name, &CreateOptions::new(asked)), asked, left);
        assert_not_found(&name);
        assert_eq!(files(), ["somebody-elses"]);
    }
    fill_to_the_last_page();
    // What others have is not touched, however short memory is.
    assert_eq!(std::fs::metadata("/dev/shm/somebody-elses").expect("it is there").len(), 1000 * KIB);
}

/// What was had can be written to, all of it; the page behind it cannot be had.
fn fill_to_the_last_page() {
    let names = [unique_name("fits"), unique_name("does-not")];
    let region = Region::create(&names[0], &CreateOptions::new(20 * KIB)).expect("data and trailer fit");
    let view = view_of(&region);
    view.fill(0, view.len(), 0xFF).expect("every page is there");
    assert_out_of_memory(Region::create(&names[1], &CreateOptions::new(1)), 1, Some(0));
    assert_out_of_memory(Region::create(&names[1], &CreateOptions::new(1 << 20)), 1 << 20, Some(0));
    // A name that is taken is the better answer, and takes no memory.
    for asked in [1, 1 << 20] {
        let answer = Region::create(&names[0], &CreateOptions::new(asked));
        assert_eq!(kind_of(answer), Some(ErrorKind::AlreadyExists));
        let opened = Region::create_or_open(&names[0], &CreateOptions::new(asked)).expect("it is held");
        assert_eq!(opened.1, Disposition::Opened);
    }
    drop((view, region));
    assert_eq!(files(), ["somebody-elses"]);
}

/// The same where creation needs a temporary name.
#[test]
fn full_shared_memory_is_an_error_under_a_temporary_name_too() {
    let start = Start::role("filled_by_others").env("SAMEMAP_TEST_UNFINISHED_NAMES", "1");
    let test = "full_shared_memory_is_an_error_under_a_temporary_name_too";
    play_sandboxed(test, start);
}

#[test]
fn shared_memory_that_the_dead_filled_is_reclaimed() {
    play_sandboxed("shared_memory_that_the_dead_filled_is_reclaimed", Start::role("filled_by_the_dead"));
}

fn filled_by_the_dead(_arguments: &[String]) {
    small_shm();
    // This process's one sweep at its first creation is over: only the shortage can be the reason.
    drop(Region::create(&unique_name("warm-up"), &CreateOptions::new(1)).expect("a free name"));
    let living = unique_name("living");
    let held = Region::create(&living, &CreateOptions::new(100 * KIB)).expect("it fits");
    for asked in [512 * KIB, 800 * KIB] {
        kill_holders(4, 200 * KIB);
        let name = unique_name("after-a-sweep");
        let region = Region::create(&name, &CreateOptions::new(asked)).expect("the dead give way");
        let view = view_of(&region);
        view.fill(0, view.len(), 1).expect("every page is there");
        drop((view, region));
        assert_nothing_left(&name);
    }
    assert_eq!(files().len(), 1, "{:?}", files());
    // The living do not give way.
    let asked = 1000 * KIB;
    assert_out_of_memory(
        Region::create(&unique_name("more"), &CreateOptions::new(asked)),
        asked,
        Some(920 * KIB),
    );
    assert_eq!(view_of(&held).len() as u64, 100 * KIB);
    let again = Region::open(&living, &OpenOptions::read_only()).expect("it is held");
    drop((again, held));
    assert!(files().is_empty());
}

/// Leaves regions whose holders were killed, filled to the end.
fn kill_holders(count: usize, size: u64) {
    let mut holders: Vec<Child> = (0..count)
        .map(|_| Start::role("holder").argument(unique_name("dead")).argument(size).start())
        .collect();
    holders.iter_mut().for_each(|holder| holder.expect("holds"));
    holders.iter_mut().for_each(Child::kill);
    let listed = catalog::list().expect("listing works");
    assert_eq!(listed.iter().filter(|entry| entry.state == State::Dead).count(), count);
}

fn holder(arguments: &[String]) {
    let size = arguments[1].parse().expect("a size");
    let region = Region::create(&name(&arguments[0]), &CreateOptions::new(size)).expect("it fits");
    let view = view_of(&region);
    view.fill(0, view.len(), 1).expect("every page is there");
    say("holds");
    hear();
}

#[test]
fn shared_memory_without_room_for_names_is_an_error_at_creation() {
    play_sandboxed("shared_memory_without_room_for_names_is_an_error_at_creation", Start::role("no_inodes"));
}

fn no_inodes(_arguments: &[String]) {
    // The folder itself is one, and a file.
    sandbox::mount_tmpfs(c"/dev/shm", c"nr_inodes=3,mode=1777");
    let mut held = Vec::new();
    let refusal = loop {
        match Region::create(&unique_name("inode"), &CreateOptions::new(1)) {
            Ok(region) => held.push(region),
            Err(error) => break error,
        }
        assert!(held.len() < 3, "more files than there may be");
    };
    assert!(matches!(refusal.kind(), ErrorKind::OutOfMemory { .. }), "{refusal:?}");
    assert_eq!(files().len(), held.len());
    held.clear();
    assert!(files().is_empty());
}

// ---- limits of the process ----------------------------------------------------------------------------

#[cfg(not(target_env = "musl"))]
type Resource = libc::__rlimit_resource_t;
#[cfg(target_env = "musl")]
type Resource = libc::c_int;

fn limit(resource: Resource, limit: u64) {
    let limit = libc::rlimit { rlim_cur: limit, rlim_max: limit };
    // SAFETY: numbers, for this process alone.
    assert_eq!(unsafe { libc::setrlimit(resource, &raw const limit) }, 0);
}

#[test]
fn a_limit_on_files_is_an_error_and_no_signal() {
    Start::role("file_size").start().finish();
}

/// `ulimit -f`. SIGXFSZ would end this process.
fn file_size(_arguments: &[String]) {
    limit(libc::RLIMIT_FSIZE, 64 * KIB);
    let name = unique_name("file-limit");
    for asked in [64 * KIB, 128 * KIB, 1 << 30, 1 << 50] {
        let refusals = [
            Region::create(&name, &CreateOptions::new(asked)),
            Region::create_or_open(&name, &CreateOptions::new(asked)).map(|(region, _)| region),
            Region::anonymous(&CreateOptions::new(4 * asked)),
        ];
        for refusal in refusals {
            assert!(matches!(kind_of(refusal), Some(ErrorKind::OutOfMemory { .. })), "{asked}");
        }
        assert_nothing_left(&name);
    }
    drop(Region::create(&name, &CreateOptions::new(60 * KIB)).expect("data and trailer are within it"));
    assert_nothing_left(&name);
}

#[test]
fn a_limit_on_descriptors_is_an_error_that_leaves_nothing() {
    Start::role("descriptors").start().finish();
    Start::role("descriptors").env("SAMEMAP_TEST_UNFINISHED_NAMES", "1").start().finish();
}

/// `ulimit -n`, with fewer and fewer left.
fn descriptors(_arguments: &[String]) {
    limit(libc::RLIMIT_NOFILE, 32);
    let name = unique_name("descriptors");
    let held_name = unique_name("held");
    let held = Region::create(&held_name, &CreateOptions::new(4096)).expect("there is one left");
    let mut spare: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(spare.len() > 4, "{} spare ones", spare.len());
    refused_for_want_of_descriptors(Region::create(&name, &CreateOptions::new(1)));
    refused_for_want_of_descriptors(Region::create(&name, &CreateOptions::new(1 << 20)));
    refused_for_want_of_descriptors(Region::create_or_open(&name, &CreateOptions::new(1)));
    refused_for_want_of_descriptors(Region::open(&held_name, &OpenOptions::read_only()));
    refused_for_want_of_descriptors(catalog::list());
    // Memory without a name takes one for its bytes and one for the locks of objects inside.
    spare.pop();
    refused_for_want_of_descriptors(Region::anonymous(&CreateOptions::new(1)));
    spare.extend(File::open("/dev/null"));
    // A view needs none, and the object is closed in order without one.
    view_of(&held).put(0, &1_u64).expect("in range");
    held.view(.., Access::CopyOnWrite).expect("a private view").put(0, &2_u64).expect("in range");
    let mut made = 0;
    for _ in 0..4 {
        spare.pop();
        made += usize::from(Region::create(&name, &CreateOptions::new(1)).is_ok());
        made += usize::from(Region::open(&held_name, &OpenOptions::read_write()).is_ok());
    }
    assert!(made >= 6, "with descriptors to spare only {made} calls of 8 worked");
    spare.extend(std::iter::from_fn(|| File::open("/dev/null").ok()));
    assert_eq!(id_of(&held), 1);
    drop(held);
    drop(spare);
    assert_nothing_left(&name);
    assert_nothing_left(&held_name);
}

#[track_caller]
fn refused_for_want_of_descriptors<T>(answer: Result<T, Error>) {
    let error = answer.err().expect("no descriptor is left");
    assert_eq!(error.os_code(), Some(libc::EMFILE), "{error:?}");
    assert!(error.to_string().contains("ulimit -n"), "{error}");
}

#[test]
fn a_limit_on_addresses_is_an_error_at_mapping() {
    Start::role("addresses").start().finish();
}

/// `ulimit -v`.
fn addresses(_arguments: &[String]) {
    let name = unique_name("addresses");
    let status = std::fs::read_to_string("/proc/self/statm").expect("/proc");
    let pages: u64 = status.split(' ').next().expect("a number").parse().expect("a number");
    limit(libc::RLIMIT_AS, pages * 4 * KIB + (16 << 20));
    let region = Region::create(&name, &CreateOptions::new(64 << 20)).expect("it takes no addresses");
    for access in [Access::ReadOnly, Access::ReadWrite, Access::CopyOnWrite] {
        let error = region.view(.., access).expect_err("there is no room");
        let asked = 64 << 20;
        assert_eq!(*error.kind(), ErrorKind::OutOfMemory { requested: asked, available: None });
        assert!(error.to_string().contains("ulimit -v"), "{error}");
    }
    let part = region.map(&MapRequest::new(32 << 20, 4096, Access::ReadWrite)).expect("there is room");
    part.put(0, &1_u64).expect("in range");
    drop((part, region));
    assert_nothing_left(&name);
}

// ---- sizes --------------------------------------------------------------------------------------------

#[test]
fn sizes_that_no_machine_has_are_errors_and_leave_nothing() {
    let name = unique_name("huge");
    let max = i64::MAX as u64;
    let sizes = [
        u64::MAX,
        u64::MAX - 4094,
        u64::MAX - 4096,
        max + 1,
        max,
        max - 4095,
        max - 8192,
        1 << 62,
        1 << 50,
        1 << 46,
    ];
    for asked in sizes {
        let refusals = [
            Region::create(&name, &CreateOptions::new(asked)),
            Region::create_or_open(&name, &CreateOptions::new(asked)).map(|(region, _)| region),
            Region::anonymous(&CreateOptions::new(asked)),
        ];
        for refusal in refusals {
            let error = refusal.expect_err("no machine has so much");
            assert!(matches!(error.kind(), ErrorKind::OutOfMemory { .. }), "{asked}: {error:?}");
        }
        assert_no_file(&name);
    }
    assert_nothing_left(&name);
}

// ---- without /proc ------------------------------------------------------------------------------------

#[test]
fn a_system_without_proc_works() {
    play_sandboxed("a_system_without_proc_works", Start::role("no_proc"));
}

fn no_proc(_arguments: &[String]) {
    sandbox::own_shm();
    sandbox::mount_tmpfs(c"/proc", c"mode=755");
    assert!(binary().is_absolute() && !std::path::Path::new("/proc/self").exists());
    let name = unique_name("no-proc");
    let region = Region::create(&name, &CreateOptions::new(4096)).expect("a free name");
    view_of(&region).put(0, &1_u64).expect("in range");
    let private = region.view(.., Access::CopyOnWrite).expect("a private view");
    private.put(0, &2_u64).expect("in range");
    let again = Region::open(&name, &OpenOptions::read_only()).expect("it is held");
    assert_eq!(id_of(&again), 1);
    let created = Region::create(&name, &CreateOptions::new(1));
    assert_eq!(kind_of(created), Some(ErrorKind::AlreadyExists));
    let listed = catalog::list().expect("listing works");
    assert!(listed.iter().any(|entry| entry.name.as_ref() == Some(&name) && entry.state == State::Live));
    drop((private, region));
    assert!(file_of(&name).exists(), "it is still held");
    drop(again);
    assert_nothing_left(&name);
    killed_without_proc();
    assert!(files().is_empty(), "{:?}", files());
}

fn killed_without_proc() {
    let name = unique_name("no-proc-killed");
    let mut holder = Start::role("holder").argument(&name).argument(4096).start();
    holder.expect("holds");
    let created = Region::create(&name, &CreateOptions::new(1));
    assert_eq!(kind_of(created), Some(ErrorKind::AlreadyExists));
    holder.kill();
    let (region, disposition) = Region::create_or_open(&name, &CreateOptions::new(1)).expect("a free name");
    assert_eq!((disposition, id_of(&region)), (Disposition::Created, 0));
}

// ---- without a system call ----------------------------------------------------------------------------

#[test]
fn memory_is_there_without_fallocate() {
    play_sandboxed("memory_is_there_without_fallocate", Start::role("no_fallocate"));
}

/// Memory is taken by writing to it then, and what cannot be had is told all the same.
fn no_fallocate(_arguments: &[String]) {
    small_shm();
    seccomp::answer(&[libc::SYS_fallocate], Answer::Missing, Answer::Allow);
    let everyone = Permissions::owner_only().everyone(Share::ReadOnly);
    for permissions in [Permissions::owner_only(), everyone] {
        let name = unique_name("no-fallocate");
        let asked = 512 * KIB;
        let region =
            Region::create(&name, &CreateOptions::new(asked).permissions(permissions)).expect("it fits");
        let path = file_of(&name);
        let data = if path.is_dir() { path.join("data") } else { path };
        let blocks = std::os::unix::fs::MetadataExt::blocks(&data.metadata().expect("it is there"));
        assert!(blocks * 512 >= asked, "{blocks} blocks are there");
        let refused = Region::create(&unique_name("too-much"), &CreateOptions::new(900 * KIB));
        assert!(matches!(kind_of(refused), Some(ErrorKind::OutOfMemory { .. })));
        drop(region);
        assert_nothing_left(&name);
    }
}

#[test]
fn a_system_without_our_locks_is_said_so() {
    play_sandboxed("a_system_without_our_locks_is_said_so", Start::role("no_locks"));
}

fn no_locks(_arguments: &[String]) {
    sandbox::own_shm();
    let held = unique_name("held");
    let mut holder = Start::role("holder").argument(&held).argument(4096).start();
    holder.expect("holds");
    seccomp::answer(&[seccomp::FCNTL], Answer::Missing, Answer::Allow);
    let options = CreateOptions::new(4096);
    for error in [
        Region::create(&unique_name("no-locks"), &options).expect_err("no lock"),
        Region::create(&held, &options).expect_err("no lock"),
        Region::open(&held, &OpenOptions::read_only()).expect_err("no lock"),
    ] {
        assert!(error.is(ErrorKind::Unsupported), "{error}");
        assert!(error.to_string().contains("seccomp"), "{error}");
    }
    assert!(file_of(&held).exists(), "what lives was taken for dead");
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    play(&[
        ("filled_by_others", filled_by_others),
        ("filled_by_the_dead", filled_by_the_dead),
        ("holder", holder),
        ("no_inodes", no_inodes),
        ("file_size", file_size),
        ("descriptors", descriptors),
        ("addresses", addresses),
        ("no_proc", no_proc),
        ("no_fallocate", no_fallocate),
        ("no_locks", no_locks),
    ]);
}
