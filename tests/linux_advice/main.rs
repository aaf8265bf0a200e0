//! What the system refuses is told with the cause and the remedy that fit the call (C28): each refusal here is a real one,
//! by modes, mounts, limits and filters of system calls, and nothing of what failed is left behind.

#![cfg(target_os = "linux")]

mod filters;
#[path = "../support/mod.rs"]
mod support;

use std::fs::{File, Permissions as Mode};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use samemap::catalog;
use samemap::regions::FileOptions;
use samemap::{CreateOptions, OpenOptions, Permissions, Region, Result, Share};
use support::files::TestFile;
use support::linux::child::{Start, play, play_sandboxed};
use support::linux::raw::memfd;
use support::linux::shm::unique_name;
use support::linux::{sandbox, users};

fn files() -> Vec<String> {
    let entries = std::fs::read_dir("/dev/shm").expect("/dev/shm can be read");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

/// One line, of this kind, with all of these words.
#[track_caller]
fn assert_told<T>(answer: Result<T>, kind: &str, words: &[&str]) {
    let error = answer.err().expect("the system refuses");
    let text = error.to_string();
    assert!(format!("{:?}", error.kind()).starts_with(kind), "wanted {kind}: {:?}: {text}", error.kind());
    for word in words {
        assert!(text.contains(word), "no `{word}` in: {text}");
    }
    assert!(!text.contains('\n') && text.contains("; "), "{text}");
}

fn private() -> CreateOptions {
    CreateOptions::new(4096)
}

fn shared() -> CreateOptions {
    private().permissions(Permissions::owner_only().everyone(Share::ReadOnly))
}

fn create(options: &CreateOptions) -> Result<Region> {
    Region::create(&unique_name("refused"), options)
}

// ---- the directory ------------------------------------------------------------------------------------

#[test]
fn a_directory_that_is_not_this_users_says_whose_it_is_to_open() {
    let test = "a_directory_that_is_not_this_users_says_whose_it_is_to_open";
    users::as_users(test, "directories_of_another");
}

fn directories_of_another(_arguments: &[String]) {
    sandbox::own_shm();
    let try_with = |mode: u32, what: &str| {
        std::fs::set_permissions("/dev/shm", Mode::from_mode(mode)).expect("it is ours");
        Start::role("in_directory_of_another").of_user(users::NOBODY).argument(what).start().finish();
        assert_eq!(files(), [""; 0]);
    };
    try_with(0o755, "listed");
    try_with(0o711, "searched");
    try_with(0o700, "closed");
}

fn in_directory_of_another(arguments: &[String]) {
    let name = unique_name("free");
    let may_not_write: &[&str] = &["this user may not make files in /dev/shm", "chmod 1777"];
    for options in [private(), shared()] {
        assert_told(create(&options), "AccessDenied", may_not_write);
    }
    let opened = Region::open(&name, &OpenOptions::read_only());
    match &*arguments[0] {
        "closed" => assert_told(opened, "AccessDenied", &["may not look into /dev/shm", "chmod 1777"]),
        _ => assert_told(opened, "NotFound", &[]),
    }
    if arguments[0] == "listed" {
        assert!(catalog::list().expect("it may be listed").is_empty());
    } else {
        assert_told(catalog::list(), "AccessDenied", &["may not list /dev/shm", "chmod 1777"]);
    }
}

#[test]
fn a_directory_that_is_read_only_or_has_no_inodes_says_so() {
    play_sandboxed(
        "a_directory_that_is_read_only_or_has_no_inodes_says_so",
        Start::role("narrow_directories"),
    );
}

fn narrow_directories(_arguments: &[String]) {
    sandbox::mount_tmpfs(c"/dev/shm", c"nr_inodes=1,mode=1777");
    for options in [private(), shared()] {
        assert_told(create(&options), "OutOfMemory", &["inodes", "df -i /dev/shm", "samemap gc"]);
    }
    sandbox::own_shm();
    sandbox::bind_read_only(c"/dev/shm");
    for options in [private(), shared()] {
        assert_told(create(&options), "AccessDenied", &["mounted read-only", "remount,rw /dev/shm"]);
    }
    assert!(files().is_empty());
}

// ---- limits -------------------------------------------------------------------------------------------

#[test]
fn a_limit_on_files_is_told_with_its_name() {
    Start::role("file_limit").start().finish();
}

fn file_limit(_arguments: &[String]) {
    const LIMIT: u64 = 64 << 10;
    let limit = libc::rlimit { rlim_cur: LIMIT, rlim_max: LIMIT };
    // SAFETY: numbers, for this process alone.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) }, 0);
    let words = &["65536", "ulimit -f"];
    assert_told(create(&CreateOptions::new(1 << 20)), "OutOfMemory", words);
    assert_told(Region::anonymous(&CreateOptions::new(1 << 20)), "OutOfMemory", words);
    let file = TestFile::with(b"");
    let grown = Region::over_file(file.path(), &FileOptions::read_write().size(1 << 20));
    assert_told(grown, "OutOfMemory", words);
    assert_eq!(std::fs::metadata(file.path()).expect("it is there").len(), 0);
}

// ---- files --------------------------------------------------------------------------------------------

#[test]
fn a_file_that_cannot_be_opened_says_what_is_in_the_way() {
    let folder = TestFile::with(b"");
    let at = |name: &str| folder.beside(name);
    let over = |path: PathBuf| Region::over_file(path, &FileOptions::read_write().size(4096));
    assert_told(over(folder.dir().to_owned()), "InvalidArgument", &["is a directory"]);
    assert_told(over(at("missing")), "NotFound", &["there is no file", "create it first"]);
    std::fs::write(at("plain"), "").expect("a file");
    assert_told(over(at("plain/below")), "NotFound", &["no directory"]);
    std::os::unix::fs::symlink("loop", at("loop")).expect("a link");
    assert_told(over(at("loop")), "Os", &["symbolic links", "name the file itself"]);
    assert_told(over(at(&"x".repeat(300))), "Os", &["longer than the system takes"]);
    let _socket = UnixListener::bind(at("socket")).expect("a socket");
    assert_told(over(at("socket")), "InvalidArgument", &["a socket", "regular file"]);
    std::fs::copy("/bin/cat", at("program")).expect("a copy");
    let mut runs = run(&at("program"));
    assert_told(over(at("program")), "Os", &["a program that runs", "use a copy"]);
    // It ends with its input.
    drop(runs.stdin.take());
    runs.wait().expect("it ends");
}

/// What another thread of this test has just forked may still have the new program open for writing.
fn run(program: &Path) -> std::process::Child {
    for _ in 0..10_000 {
        match Command::new(program).stdin(Stdio::piped()).stdout(Stdio::null()).spawn() {
            Err(error) if error.raw_os_error() == Some(libc::ETXTBSY) => std::thread::yield_now(),
            started => return started.expect("it runs"),
        }
    }
    panic!("{} stays busy", program.display());
}

#[test]
fn memory_that_is_sealed_cannot_grow_and_says_so() {
    let sealed = File::from(memfd(4096, libc::F_SEAL_GROW | libc::F_SEAL_SHRINK));
    let grown = Region::over_file(sealed, &FileOptions::read_write().size(8192));
    assert_told(grown, "AccessDenied", &["sealed", "cannot grow"]);
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    play(&[
        (users::ROLE, users::play),
        ("directories_of_another", directories_of_another),
        ("in_directory_of_another", in_directory_of_another),
        ("narrow_directories", narrow_directories),
        ("file_limit", file_limit),
        ("filtered", filters::filtered),
        ("without_fallocate", filters::without_fallocate),
    ]);
}
