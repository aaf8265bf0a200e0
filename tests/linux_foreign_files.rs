//! What may lie on a name that no program of ours made, and who may do what with the objects of another user
//! (C3, C19, C20): an error of the right kind within a second, nothing hung, nothing removed unasked.

#![cfg(target_os = "linux")]

#[path = "support/linux/mod.rs"]
mod linux;

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use linux::child::{Start, play};
use linux::shm::{
    OtherKind, assert_no_file, assert_not_found, assert_nothing_left, file_of, kind_of, name, object_bytes,
    system_name, unique_global_name, unique_name, view_of, write_marked, write_names,
};
use linux::users::{self, ALICE, NOBODY, User};
use linux::{aside, sandbox};
use samemap::catalog::{self, State};
use samemap::{
    Access, CreateOptions, Disposition, Error, ErrorKind, Found, ObjectKind, ObjectName, OpenOptions,
    Permissions, Region, Result, Share, SharedRegion as _,
};

const A_SECOND: Duration = Duration::from_secs(1);

// ---- strangers on the name ----------------------------------------------------------------------------

#[test]
fn strangers_are_refused_and_left_alone_under_a_narrow_umask() {
    Start::role("meet_strangers").argument(0o077).start().finish();
}

#[test]
fn strangers_are_refused_and_left_alone_under_a_wide_umask() {
    Start::role("meet_strangers").argument(0).start().finish();
}

/// Something that lies on a name.
struct Stranger {
    /// What the error calls it.
    what: &'static str,
    lay: fn(&ObjectName),
}

const NO_MARK: &str = "a file without samemap's mark";
const NO_FACTS: &str = "a file without samemap's facts";

const STRANGERS: [Stranger; 16] = [
    Stranger { what: "a FIFO", lay: |name| make_fifo(&file_of(name)) },
    Stranger { what: "a directory", lay: |name| std::fs::create_dir(file_of(name)).expect("a directory") },
    Stranger { what: "a symbolic link", lay: |name| link_to(Path::new("/nowhere/at/all"), name) },
    Stranger { what: "a symbolic link", lay: |name| link_to(&precious(name), name) },
    Stranger { what: "a symbolic link", lay: |name| link_to(&file_of(name), name) },
    Stranger { what: "a socket", lay: |name| drop(UnixListener::bind(file_of(name)).expect("a socket")) },
    Stranger { what: "an empty file", lay: |name| write(name, b"") },
    Stranger { what: NO_MARK, lay: |name| write(name, b"short") },
    Stranger { what: NO_MARK, lay: |name| write(name, &[b'x'; 70_000]) },
    Stranger { what: NO_MARK, lay: lay_sparse },
    Stranger { what: NO_MARK, lay: |name| write(name, &object_bytes(name, 4096)) },
    Stranger { what: NO_FACTS, lay: |name| write_marked(&file_of(name), b"") },
    Stranger { what: NO_FACTS, lay: |name| write_marked(&file_of(name), &[b'x'; 70_000]) },
    Stranger { what: "an object of another version of samemap", lay: |name| damage(name, 8) },
    Stranger { what: "an object whose facts are damaged (its kind)", lay: |name| damage(name, 12) },
    Stranger { what: "an object whose facts are damaged (its size)", lay: |name| damage(name, 16) },
];

fn make_fifo(path: &Path) {
    let path = CString::new(path.as_os_str().as_bytes()).expect("no NUL");
    // SAFETY: a path that ends in NUL.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
}

fn link_to(target: &Path, name: &ObjectName) {
    symlink(target, file_of(name)).expect("a symbolic link");
}

/// A file that somebody links to from a name of ours: nothing may happen to it.
fn precious(name: &ObjectName) -> PathBuf {
    let path = precious_path(name);
    std::fs::write(&path, "precious").expect("a file");
    path
}

fn precious_path(name: &ObjectName) -> PathBuf {
    std::env::temp_dir().join(format!("{}.precious", name.rest()))
}

fn write(name: &ObjectName, bytes: &[u8]) {
    std::fs::write(file_of(name), bytes).expect("a file");
}

/// Far larger than the machine, and empty all the way.
fn lay_sparse(name: &ObjectName) {
    let file = std::fs::File::create(file_of(name)).expect("a file");
    file.set_len(1 << 40).expect("a sparse file");
}

/// An object with one byte of its facts overwritten.
fn damage(name: &ObjectName, at: usize) {
    let mut bytes = object_bytes(name, 4096);
    bytes[4096 + at] ^= 0x40;
    write_marked(&file_of(name), &bytes);
}

fn meet_strangers(arguments: &[String]) {
    // SAFETY: a number.
    unsafe { libc::umask(arguments[0].parse().expect("a number")) };
    for stranger in &STRANGERS {
        let name = unique_name("stranger");
        (stranger.lay)(&name);
        let laid = Laid(&name);
        meet(stranger, &name);
        drop(laid);
        assert_not_found(&name);
    }
}

fn meet(stranger: &Stranger, name: &ObjectName) {
    let before = looks(name);
    for size in [4096, 1 << 20] {
        refused(stranger, name, Region::create(name, &CreateOptions::new(size)));
        refused(stranger, name, Region::create_or_open(name, &CreateOptions::new(size)));
    }
    refused(stranger, name, Region::open(name, &OpenOptions::read_only()));
    refused(stranger, name, Region::open(name, &OpenOptions::read_write()));
    let listed = timely(catalog::list).expect("listing works");
    let entry = listed.into_iter().find(|entry| entry.system_name == system_name(name));
    assert_eq!(entry.expect("it is listed").state, State::Foreign(stranger.what.to_owned()));
    let swept = timely(catalog::reclaim).expect("a sweep works");
    assert!(!format!("{swept:?}").contains(&system_name(name)), "{swept:?}");
    assert_eq!(looks(name), before, "{} was changed", stranger.what);
    let precious = precious_path(name);
    if precious.exists() {
        assert_eq!(std::fs::read_to_string(precious).expect("a file"), "precious");
    }
}

/// An error of the right kind that says what lies where.
#[track_caller]
fn refused<T>(stranger: &Stranger, name: &ObjectName, answer: Result<T>) {
    let error = answer.err().unwrap_or_else(|| panic!("{} was taken for an object", stranger.what));
    let found = Found::Foreign(stranger.what);
    assert_eq!(*error.kind(), ErrorKind::KindMismatch { wanted: ObjectKind::Region, found });
    let text = error.to_string();
    for part in [stranger.what, &file_of(name).display().to_string(), &name.to_string()] {
        assert!(text.contains(part), "{text:?} does not tell of {part:?}");
    }
}

/// What a look at it tells without following it.
fn looks(name: &ObjectName) -> (u64, u64, u32, u64, i64) {
    let stat = file_of(name).symlink_metadata().expect("it lies there");
    (stat.dev(), stat.ino(), stat.mode(), stat.size(), stat.mtime_nsec())
}

#[track_caller]
fn timely<T>(call: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let answer = call();
    assert!(began.elapsed() < A_SECOND, "an answer took {:?}", began.elapsed());
    answer
}

/// What lies on a name, removed in the end also when the test fails.
struct Laid<'a>(&'a ObjectName);

impl Drop for Laid<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(file_of(self.0)).or_else(|_| std::fs::remove_file(file_of(self.0)));
        let _ = std::fs::remove_file(precious_path(self.0));
    }
}

/// A mutex holds the name (C4); this version makes none, so one is made by hand.
#[test]
fn an_object_of_another_kind_holds_the_name() {
    let name = unique_name("other-kind");
    let mutex = OtherKind::hold(&name);
    let mismatch =
        ErrorKind::KindMismatch { wanted: ObjectKind::Region, found: Found::Object(ObjectKind::Mutex) };
    let options = CreateOptions::new(4096);
    assert_eq!(kind_of(Region::create(&name, &options)), Some(mismatch.clone()));
    assert_eq!(kind_of(Region::create_or_open(&name, &options)), Some(mismatch.clone()));
    assert_eq!(kind_of(Region::open(&name, &OpenOptions::read_only())), Some(mismatch));
    assert!(mutex.let_go_and_look(), "somebody still holds it");
    // A dead one is no obstacle, whatever its kind.
    drop(Region::create(&name, &options).expect("the mutex is dead"));
    assert_nothing_left(&name);
}

#[test]
fn the_umask_does_not_narrow_what_was_asked_for() {
    Start::role("modes").argument(0o077).start().finish();
    Start::role("modes").argument(0o777).start().finish();
    Start::role("modes").argument(0).start().finish();
}

fn modes(arguments: &[String]) {
    // SAFETY: a number.
    unsafe { libc::umask(arguments[0].parse().expect("a number")) };
    let owner = Permissions::owner_only();
    let cases = [
        (owner.group(Share::ReadOnly), [0o751, 0o1640, 0o640, 0o200]),
        (owner.group(Share::ReadWrite).everyone(Share::ReadOnly), [0o755, 0o1644, 0o664, 0o220]),
        (owner.everyone(Share::ReadWrite), [0o715, 0o1604, 0o606, 0o202]),
    ];
    for (permissions, expected) in cases {
        let name = unique_name("mode");
        let region = Region::create(&name, &CreateOptions::new(1).permissions(permissions));
        let region = region.expect("a free name");
        let modes = ["", "facts", "data", "locks"].map(|part| mode_of(&file_of(&name).join(part)));
        assert_eq!(modes, expected, "{permissions:?}");
        drop(region);
        assert_nothing_left(&name);
    }
    let name = unique_name("mode");
    let region = Region::create(&name, &CreateOptions::new(1).permissions(owner)).expect("a free name");
    assert_eq!(mode_of(&file_of(&name)), 0o1600);
    drop(region);
    assert_nothing_left(&name);
}

fn mode_of(path: &Path) -> u32 {
    path.metadata().expect("a part of the object").permissions().mode() & 0o7777
}

#[test]
fn local_and_global_are_two_name_spaces() {
    let global = unique_global_name("both");
    let local = name(&format!(r"Local\{}", global.rest()));
    let in_local = Region::create(&local, &CreateOptions::new(4096)).expect("a free name");
    assert_not_found(&global);
    let in_global = Region::create(&global, &CreateOptions::new(8192)).expect("a free name");
    assert!(system_name(&global).starts_with("/samemap.global."));
    drop(in_local);
    assert_nothing_left(&local);
    let opened = Region::open(&global, &OpenOptions::read_only()).expect("it is held");
    assert_eq!(opened.len(), 8192);
    drop((opened, in_global));
    assert_nothing_left(&global);
}

// ---- other users --------------------------------------------------------------------------------------

/// Runs a role in which this process is root, may become other users, and has a `/dev/shm` of its own.
#[track_caller]
fn as_users(test: &str, role: &str) {
    if !aside::root_or_aside(test) {
        return;
    }
    if let Some(mut child) = sandbox::start_or_aside(test, Start::role(role)) {
        child.finish();
    }
}

#[test]
fn an_object_is_for_its_owner_alone_by_default() {
    as_users("an_object_is_for_its_owner_alone_by_default", "owner_alone");
}

fn owner_alone(_arguments: &[String]) {
    sandbox::own_shm();
    let name = unique_global_name("owner");
    let (mut alice, mut nobody) = (User::start(ALICE), User::start(NOBODY));
    alice.must(&format!("create {name} owner"));
    // Whose it is comes first: it may be a squatter's.
    let text = nobody.must_fail(&format!("open {name} ro own"), "UntrustedOwner");
    assert!(text.contains(&ALICE.to_string()), "{text} does not name the owner");
    for trust in [ALICE.to_string().as_str(), "anyone"] {
        for access in ["ro", "rw", "cow"] {
            let text = nobody.must_fail(&format!("open {name} {access} {trust}"), "AccessDenied");
            assert!(text.contains(&ALICE.to_string()), "{text} does not name the owner");
        }
    }
    nobody.must_fail(&format!("create {name} owner"), "AlreadyExists");
    assert!(nobody.must(&format!("write_file {}", file_of(&name).display())).contains("PermissionDenied"));
    // Root may all, but is told whose it is.
    let opened = Region::open(&name, &OpenOptions::read_only());
    assert!(matches!(kind_of(opened), Some(ErrorKind::UntrustedOwner { .. })));
    // The owner's second process is let in.
    User::start(ALICE).must(&format!("open {name} rw own"));
    alice.must("drop");
    assert_nothing_left(&name);
}

#[test]
fn what_is_shared_with_everyone_is_opened_by_who_trusts_the_owner() {
    as_users("what_is_shared_with_everyone_is_opened_by_who_trusts_the_owner", "shared");
}

fn shared(_arguments: &[String]) {
    sandbox::own_shm();
    let name = unique_global_name("shared");
    // The narrowest umask takes nothing away, not even from itself.
    let (mut alice, mut nobody) = (User::start_with(ALICE, ALICE, 0o777), User::start(NOBODY));
    alice.must(&format!("create {name} everyone-ro"));
    alice.must("write 7");
    nobody.must_fail(&format!("open {name} ro own"), "UntrustedOwner");
    nobody.must_fail(&format!("open {name} ro {NOBODY}"), "UntrustedOwner");
    nobody.must_fail(&format!("open {name} rw anyone"), "AccessDenied");
    nobody.must_fail(&format!("create_or_open {name} anyone"), "AccessDenied");
    for part in ["data", "facts", "locks"] {
        let path = file_of(&name).join(part);
        assert!(nobody.must(&format!("write_file {}", path.display())).contains("PermissionDenied"));
    }
    nobody.must(&format!("open {name} ro {ALICE}"));
    assert_eq!(nobody.must("read"), "7");
    nobody.must_fail("write 8", "AccessDenied");
    nobody.must(&format!("open {name} cow anyone"));
    nobody.must("write 9");
    assert_eq!(alice.must("read"), "7");
    alice.must("drop");
    // The last holder is a reader who may not remove it: it is dead, and its owner's next call reclaims it.
    nobody.must("drop");
    alice.must_fail(&format!("open {name} ro own"), "NotFound");
    assert_nothing_left(&name);

    alice.must(&format!("create {name} everyone-rw"));
    nobody.must_fail(&format!("open {name} rw own"), "UntrustedOwner");
    nobody.must(&format!("create_or_open {name} {ALICE}"));
    nobody.must("write 8");
    assert_eq!(alice.must("read"), "8");
    nobody.must("drop");
    alice.must("drop");
    assert_nothing_left(&name);
}

#[test]
fn the_group_is_let_in_by_name() {
    as_users("the_group_is_let_in_by_name", "group");
}

fn group(_arguments: &[String]) {
    sandbox::own_shm();
    let name = unique_global_name("group");
    let mut alice = User::start(ALICE);
    alice.must(&format!("create {name} group-ro"));
    let mut member = User::start_with(NOBODY, ALICE, 0o022);
    member.must(&format!("open {name} ro anyone"));
    member.must("drop");
    member.must_fail(&format!("open {name} rw anyone"), "AccessDenied");
    User::start(NOBODY).must_fail(&format!("open {name} ro anyone"), "AccessDenied");
}

#[test]
fn a_squatter_on_a_local_name_is_not_taken_for_the_service() {
    as_users("a_squatter_on_a_local_name_is_not_taken_for_the_service", "squatted");
}

fn squatted(_arguments: &[String]) {
    sandbox::own_shm();
    let (mut alice, mut nobody) = (User::start(ALICE), User::start(NOBODY));
    let bait = unique_global_name("bait");
    alice.must(&format!("create {bait} everyone-rw"));
    // It lies on another user's name, and says so in its facts: the best that a squatter can do.
    let local = unique_name("squatted");
    let system_name = format!("samemap.{NOBODY}.{}", local.rest());
    let path = Path::new("/dev/shm").join(&system_name);
    let facts = std::fs::File::options().write(true).open(file_of(&bait).join("facts")).expect("root may");
    write_names(&facts, 0, &local, &system_name);
    drop(facts);
    std::fs::rename(file_of(&bait), &path).expect("root may");
    nobody.must_fail(&format!("create {local} owner"), "AlreadyExists");
    // Accepting somebody is for names that are shared: a local one is its own user's, whatever is accepted.
    for trust in ["own", ALICE.to_string().as_str(), "anyone"] {
        for access in ["ro", "rw"] {
            nobody.must_fail(&format!("open {local} {access} {trust}"), "UntrustedOwner");
        }
        nobody.must_fail(&format!("create_or_open {local} {trust}"), "UntrustedOwner");
    }
    assert!(path.exists(), "it was removed");
}

#[test]
fn the_systems_objects_are_trusted() {
    as_users("the_systems_objects_are_trusted", "of_the_system");
}

fn of_the_system(_arguments: &[String]) {
    sandbox::own_shm();
    let name = unique_global_name("system");
    let options = CreateOptions::new(4096).permissions(Permissions::owner_only().everyone(Share::ReadOnly));
    let region = Region::create(&name, &options).expect("a free name");
    view_of(&region).put(0, &3_u64).expect("in range");
    let mut nobody = User::start(NOBODY);
    nobody.must(&format!("open {name} ro own"));
    assert_eq!(nobody.must("read"), "3");
    nobody.must_fail(&format!("open {name} rw own"), "AccessDenied");
}

#[test]
fn strangers_of_another_user_are_told_as_what_they_are() {
    as_users("strangers_of_another_user_are_told_as_what_they_are", "strangers_of_others");
}

fn strangers_of_others(_arguments: &[String]) {
    sandbox::own_shm();
    let mut nobody = User::start(NOBODY);
    let files = |what: &str| what.contains("file") || what.contains("object");
    for stranger in STRANGERS.iter().filter(|stranger| !files(stranger.what)) {
        let name = unique_global_name("others");
        (stranger.lay)(&name);
        let _laid = Laid(&name);
        for command in [format!("create {name} owner"), format!("open {name} ro own")] {
            let text = timely(|| nobody.must_fail(&command, "KindMismatch"));
            assert!(text.contains(stranger.what), "{text}");
        }
        assert!(nobody.must(&format!("state {name}")).contains(stranger.what));
    }
}

#[test]
fn remains_of_another_user_are_an_error_that_names_owner_and_remedy() {
    as_users("remains_of_another_user_are_an_error_that_names_owner_and_remedy", "remains_of_others");
}

fn remains_of_others(_arguments: &[String]) {
    sandbox::own_shm();
    for permissions in ["owner", "everyone-ro", "everyone-rw"] {
        let name = unique_global_name("remains");
        let mut alice = User::start(ALICE);
        alice.must(&format!("create {name} {permissions}"));
        alice.kill();
        let mut nobody = User::start(NOBODY);
        let text = nobody.must_fail(&format!("create {name} owner"), "AccessDenied");
        for part in [ALICE.to_string().as_str(), "samemap gc"] {
            assert!(text.contains(part), "{text} does not tell of {part}");
        }
        // Never as if it lived; where it cannot be looked into, its owner is not trusted in any case.
        let kind = if permissions == "owner" { "UntrustedOwner" } else { "NotFound" };
        nobody.must_fail(&format!("open {name} ro own"), kind);
        let swept = nobody.must("sweep");
        let refused = permissions == "owner" || swept.contains(&system_name(&name));
        assert!(refused && !swept.contains("bytes: 4"), "{swept}");
        // Who may remove it does so in passing.
        User::start(ALICE).must(&format!("create {name} owner"));
        assert!(catalog::reclaim().is_ok());
        assert_nothing_left_of(&name);
    }
}

/// The last holder was killed with its value; root's sweep is the remedy.
#[track_caller]
fn assert_nothing_left_of(name: &ObjectName) {
    catalog::reclaim().expect("a sweep works");
    assert_no_file(name);
}

// ---- /dev/shm itself ----------------------------------------------------------------------------------

#[track_caller]
fn in_a_sandbox(test: &str, role: &str) {
    if let Some(mut child) = sandbox::start_or_aside(test, Start::role(role)) {
        child.finish();
    }
}

#[test]
fn a_system_without_shared_memory_says_so() {
    in_a_sandbox("a_system_without_shared_memory_says_so", "no_shm");
}

fn no_shm(_arguments: &[String]) {
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
    assert_eq!(*error.kind(), ErrorKind::Unsupported, "{error:?}");
    assert!(error.to_string().contains("/dev/shm"), "{error}");
}

#[test]
fn shared_memory_that_is_mounted_read_only_can_be_read() {
    in_a_sandbox("shared_memory_that_is_mounted_read_only_can_be_read", "read_only_shm");
}

fn read_only_shm(_arguments: &[String]) {
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

fn reader_of_read_only(arguments: &[String]) {
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
    assert_eq!(*error.kind(), ErrorKind::AccessDenied);
    assert!(error.to_string().contains("read-only"), "{error}");
    let listed = catalog::list().expect("listing works");
    assert!(listed.iter().any(|entry| entry.name.as_ref() == Some(&name) && entry.state == State::Live));
    assert!(catalog::reclaim().expect("a sweep works").removed.is_empty());
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    play(&[
        ("meet_strangers", meet_strangers),
        ("modes", modes),
        ("owner_alone", owner_alone),
        ("shared", shared),
        ("group", group),
        ("squatted", squatted),
        ("of_the_system", of_the_system),
        ("strangers_of_others", strangers_of_others),
        ("remains_of_others", remains_of_others),
        ("no_shm", no_shm),
        ("read_only_shm", read_only_shm),
        ("reader_of_read_only", reader_of_read_only),
        (users::ROLE, users::play),
    ]);
}
