//! `/dev/shm` itself.

use crate::common::*;

#[test]
fn a_system_without_shared_memory_says_so() {
    play_sandboxed("a_system_without_shared_memory_says_so", Start::role("no_shm"));
}

pub fn no_shm(_arguments: &[String]) {
    // Goes under a process that uses it; for one that begins without it see `linux_directory`.
    catalog::list().expect("it is there");
    sandbox::mount_tmpfs(c"/dev", c"mode=755");
    all_say_that_there_is_none();
    // A file is no folder.
    std::fs::write("/dev/shm", "").expect("a file");
    all_say_that_there_is_none();
}

#[track_caller]
fn all_say_that_there_is_none() {
    let name = unique_name("nowhere");
    let options = CreateOptions::new(4096);
    says_that_there_is_none(Region::create(&name, &options));
    says_that_there_is_none(Region::create(&name, &CreateOptions::new(1 << 20)));
    says_that_there_is_none(Region::create_or_open(&name, &options));
    says_that_there_is_none(Region::open(&name, &OpenOptions::read_only()));
    says_that_there_is_none(catalog::list());
    says_that_there_is_none(catalog::reclaim());
    assert_eq!(Region::anonymous(&options).expect("needs no folder").len(), 4096);
}

#[track_caller]
fn says_that_there_is_none<T>(answer: Result<T, Error>) {
    let error = answer.err().expect("there is no shared memory");
    assert!(error.is(ErrorKind::Unsupported), "{error:?}");
    assert!(error.to_string().contains("/dev/shm"), "{error}");
}

#[test]
fn shared_memory_that_is_mounted_read_only_can_be_read() {
    play_sandboxed("shared_memory_that_is_mounted_read_only_can_be_read", Start::role("read_only_shm"));
}

pub fn read_only_shm(_arguments: &[String]) {
    sandbox::own_shm();
    let name = unique_name("read-only");
    let region = Region::create(&name, &CreateOptions::new(4096)).expect("a free name");
    view_of(&region).put(0, &5_u64).expect("in range");
    // As a container has it: the same memory, seen through a mount that may not write.
    let mut reader = Start::role("reader_of_read_only").argument(&name).sandboxed().start();
    reader.finish();
    let (again, disposition) = Region::create_or_open(&name, &CreateOptions::new(1)).expect("it is held");
    assert_eq!(disposition, Disposition::Opened);
    drop((again, region));
    assert_nothing_left(&name);
}

pub fn reader_of_read_only(arguments: &[String]) {
    sandbox::bind_read_only(c"/dev/shm");
    let name = name(&arguments[0]);
    let region = Region::open(&name, &OpenOptions::read_only()).expect("reading is allowed");
    assert_eq!(view_of(&region).get::<u64>(0).expect("in range"), 5);
    region.view(.., Access::CopyOnWrite).expect("a private view").put(0, &6_u64).expect("in range");
    let opened = Region::open(&name, &OpenOptions::read_write());
    assert_eq!(kind_of(opened), Some(ErrorKind::AccessDenied));
    let created = Region::create(&name, &CreateOptions::new(1));
    assert!(matches!(kind_of(created), Some(ErrorKind::AlreadyExists | ErrorKind::AccessDenied)));
    let free = unique_name("free");
    assert_not_found(&free);
    let error = Region::create(&free, &CreateOptions::new(1)).expect_err("nothing can be made");
    assert!(error.is(ErrorKind::AccessDenied));
    assert!(error.to_string().contains("read-only"), "{error}");
    let listed = catalog::list().expect("listing works");
    assert!(listed.iter().any(|entry| entry.name.as_ref() == Some(&name) && entry.state == State::Live));
    assert!(catalog::reclaim().expect("a sweep works").removed.is_empty());
}

/// An object that comes and goes while others list is listed alive, or not at all: never as what this user may not read.
#[test]
fn what_comes_and_goes_is_there_or_it_is_not() {
    let label = unique_name("comes-and-goes");
    let over = Instant::now() + Duration::from_secs(1);
    std::thread::scope(|scope| {
        for share in [None, Some(Share::ReadOnly)] {
            let name = ObjectName::new(format!("{label}-{}", share.is_some())).expect("a good name");
            let owner = Permissions::owner_only();
            let permissions = share.map_or(owner, |share| owner.everyone(share));
            scope.spawn(move || {
                let options = CreateOptions::new(4096).permissions(permissions);
                while Instant::now() < over {
                    drop(Region::create(&name, &options).expect("a free name"));
                }
            });
        }
        let ours = |entry: &samemap::catalog::Entry| entry.system_name.contains(label.rest());
        while Instant::now() < over {
            for entry in catalog::list().expect("the directory").into_iter().filter(ours) {
                assert!(matches!(entry.state, State::Live | State::Dead), "{entry:?}");
                assert_eq!(entry.size, 4096, "{entry:?}");
            }
        }
    });
}
