//! Strangers on the name.

use crate::common::*;

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

pub fn meet_strangers(arguments: &[String]) {
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
fn strangers_of_another_user_are_told_as_what_they_are() {
    as_users("strangers_of_another_user_are_told_as_what_they_are", "strangers_of_others");
}

pub fn strangers_of_others(_arguments: &[String]) {
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
