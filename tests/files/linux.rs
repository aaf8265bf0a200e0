//! What only Linux shows.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;

use samemap::{Error, OpenOptions, Permissions, Share, catalog};

use crate::common::*;
use crate::support::linux::child::{Start, play_sandboxed};
use crate::support::linux::forked::fork;
use crate::support::linux::{sandbox, users};
use crate::support::part::{hear, say};
use crate::support::{shm_file, wait_until};

/// What children can be.
pub const PARTS: [part::Part; 5] = [
    ("full_disk", full_disk),
    ("limited", limited),
    ("another_user", another_user),
    ("forker", forker),
    ("without_rights", without_rights),
];

#[test]
fn a_file_that_was_moved_or_replaced_is_not_found_by_the_name() {
    let (file, text) = (TestFile::with(TEXT), unique_name("file-moved"));
    let region =
        Region::create_over_file(&name(&text), file.path(), &FileOptions::read_write()).expect("free");
    let open = || Region::open(&name(&text), &OpenOptions::read_write());
    let moved = file.beside("moved");
    fs::rename(file.path(), &moved).expect("same folder");
    assert_astray(open(), &file, libc::ENOENT);
    fs::write(file.path(), "An impostor").expect("a free path");
    assert_astray(open(), &file, libc::ESTALE);
    fs::remove_file(file.path()).expect("it exists");
    std::os::unix::fs::symlink(&moved, file.path()).expect("a free path");
    assert_astray(open(), &file, libc::ELOOP);
    fs::remove_file(file.path()).expect("it exists");
    let made = std::process::Command::new("mkfifo").arg(file.path()).status().expect("coreutils");
    assert!(made.success());
    assert_astray(open(), &file, libc::ESTALE);
    // Its holders go on.
    assert_eq!(bytes_of(&region), TEXT);
    fs::remove_file(file.path()).expect("it exists");
    fs::rename(&moved, file.path()).expect("same folder");
    assert_eq!(bytes_of(&open().expect("it is back")), TEXT);
    drop(region);
    assert_nothing_left(&text);
}

#[track_caller]
fn assert_astray(opened: Result<Region, Error>, file: &TestFile, code: i32) {
    let error = opened.expect_err("the path leads elsewhere");
    assert_eq!((error.kind(), error.os_code()), (&ErrorKind::Os, Some(code)), "{error}");
    assert!(error.to_string().contains(file.path().to_str().expect("UTF-8")), "{error}");
}

#[test]
fn a_file_without_a_path_has_no_name() {
    let (test_file, text) = (TestFile::with(TEXT), unique_name("file-deleted"));
    let file = File::open(test_file.path()).expect("it exists");
    fs::remove_file(test_file.path()).expect("it exists");
    let named =
        Region::create_over_file(&name(&text), file.try_clone().expect("open"), &FileOptions::read_only());
    assert_eq!(kind(named), ErrorKind::Unsupported);
    assert_nothing_left(&text);
    let region = Region::over_file(file, &FileOptions::read_only()).expect("without one it works");
    assert_eq!(bytes_of(&region), TEXT);
    // An open file's own path is found.
    let renamed = TestFile::with(TEXT);
    let file = File::open(renamed.path()).expect("it exists");
    let now = renamed.beside("renamed");
    fs::rename(renamed.path(), &now).expect("same folder");
    let region = Region::create_over_file(&name(&text), file, &FileOptions::read_only()).expect("free");
    assert_eq!(bytes_of(&Region::open(&name(&text), &OpenOptions::read_only()).expect("held")), TEXT);
    drop(region);
    fs::remove_file(now).expect("it exists");
    assert_nothing_left(&text);
}

#[test]
fn the_name_is_nobody_elses_to_write_to_and_the_catalog_shows_the_files_length() {
    let (file, text) = (TestFile::with(TEXT), unique_name("file-mode"));
    let open = Permissions::owner_only().group(Share::ReadWrite).everyone(Share::ReadWrite);
    let options = FileOptions::read_write().permissions(open);
    let region = Region::create_over_file(&name(&text), file.path(), &options).expect("free");
    let whole = shm_file(&text);
    let modes = [whole.join("facts"), whole]
        .map(|path| fs::metadata(path).expect("a part of the object").permissions().mode() & 0o7777);
    assert_eq!(modes, [0o1644, 0o755]);
    let system_name = name(&text).system_name();
    let listed = catalog::list_counted().expect("Linux lists");
    let entry = listed.iter().find(|entry| entry.system_name == system_name).expect("it lives");
    assert_eq!((entry.size, entry.kind), (20, Some(samemap::names::ObjectKind::Region)));
    assert_eq!((&entry.state, entry.holders), (&catalog::State::Live, Some(1)));
    drop(region);
    assert_nothing_left(&text);
}

/// C21: a user that may write there can cause an error, and nothing worse.
#[test]
fn a_scribbled_record_is_an_error() {
    let (file, text) = (TestFile::with(TEXT), unique_name("file-scribbled"));
    let region =
        Region::create_over_file(&name(&text), file.path(), &FileOptions::read_write()).expect("free");
    // Behind the facts, which say that there is one.
    const RECORD_AT: usize = 2048;
    let facts = shm_file(&text).join("facts");
    let object = FileOpenOptions::new().write(true).open(&facts).expect("ours");
    let good = fs::read(&facts).expect("ours").split_off(RECORD_AT);
    let write = |bytes: &[u8]| {
        std::os::unix::fs::FileExt::write_all_at(&object, bytes, RECORD_AT as u64).expect("ours");
    };
    let open = |access| Region::open(&name(&text), &OpenOptions::new(access));
    for at in 0..64 {
        for value in [0x00, 0x01, 0x2F, 0x7F, 0xFF] {
            let mut bytes = good.clone();
            bytes[at] = value;
            write(&bytes);
            if let Ok(opened) = open(Access::ReadOnly) {
                let _ = opened.view(.., Access::ReadOnly).and_then(|view| view.get::<u8>(0));
            }
        }
    }
    for filling in [0x00, 0xFF, b'/'] {
        write(&vec![filling; good.len()]);
        assert_eq!(kind(open(Access::ReadOnly)), ErrorKind::Damaged);
    }
    write(&good);
    assert_eq!(bytes_of(&open(Access::ReadOnly).expect("whole again")), TEXT);
    drop(region);
    assert_nothing_left(&text);
}

#[test]
fn holes_are_filled_unless_they_may_stay() {
    let size: u64 = 8 << 20;
    let file = TestFile::with(b"");
    let sparse = FileOptions::read_write().size(size).leave_holes();
    drop(Region::over_file(file.path(), &sparse).expect("it grows"));
    let metadata = fs::metadata(file.path()).expect("it exists");
    assert_eq!(metadata.len(), size);
    assert!(metadata.blocks() * 512 < size, "{} blocks", metadata.blocks());
    let part = FileOptions::read_write().size(1 << 20);
    drop(Region::over_file(file.path(), &part).expect("a part"));
    assert!(fs::metadata(file.path()).expect("it exists").blocks() * 512 >= 1 << 20);
    drop(Region::over_file(file.path(), &FileOptions::read_write()).expect("all"));
    file.assert_has_disk_space(size);
}

#[test]
fn a_full_disk_is_an_error_and_the_file_keeps_its_length() {
    play_sandboxed("a_full_disk_is_an_error_and_the_file_keeps_its_length", Start::role("full_disk"));
}

fn full_disk(_: &[String]) {
    sandbox::mount_tmpfs(c"/mnt", c"size=4m");
    let path = Path::new("/mnt/file");
    fs::write(path, TEXT).expect("room for this");
    for options in [FileOptions::read_write(), FileOptions::read_write().leave_holes()] {
        let grown = Region::over_file(path, &options.size(3 << 20)).expect("room for this");
        grown.view(.., Access::ReadWrite).expect("all").fill(0, 3 << 20, 1).expect("committed");
        drop(grown);
        fs::write(path, TEXT).expect("room for this");
    }
    let error = Region::over_file(path, &FileOptions::read_write().size(5 << 20)).expect_err("no room");
    let ErrorKind::OutOfMemory { requested, available: Some(left) } = *error.kind() else {
        panic!("{error}")
    };
    assert!(requested == 5 << 20 && left < requested, "{error}");
    assert!(error.to_string().contains("are left on the file's disk"), "{error}");
    assert_eq!(fs::read(path).expect("readable"), TEXT);
    assert!(fs::metadata(path).expect("it exists").blocks() * 512 < 1 << 20, "what was taken was given back");
    let text = unique_name("file-full");
    let options = FileOptions::read_write().size(5 << 20);
    let error = Region::create_over_file(&name(&text), path, &options).expect_err("no room");
    assert!(matches!(error.kind(), ErrorKind::OutOfMemory { .. }), "{error}");
    assert_nothing_left(&text);
    say("done");
}

#[test]
fn the_limit_of_file_sizes_is_an_error_and_no_signal() {
    let file = TestFile::with(TEXT);
    let mut child = Start::role("limited").argument(file.path().display()).start();
    child.expect("done");
    child.finish();
}

fn limited(arguments: &[String]) {
    let limit = libc::rlimit { rlim_cur: 1 << 20, rlim_max: 1 << 20 };
    // SAFETY: a limit of this process, which ends soon.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) }, 0);
    for options in [FileOptions::read_write(), FileOptions::read_write().leave_holes()] {
        let error = Region::over_file(&*arguments[0], &options.size((1 << 20) + 1)).expect_err("too long");
        assert!(matches!(error.kind(), ErrorKind::OutOfMemory { .. }), "{error}");
    }
    assert_eq!(fs::read(&arguments[0]).expect("readable"), TEXT);
    say("done");
}

/// The name lets another user in, and then the file's own permissions decide.
#[test]
fn the_files_own_permissions_decide() {
    if !users::root_or_aside("files: another user") {
        return;
    }
    let (file, bare) = (TestFile::with(TEXT), unique_name("file-user"));
    let text = bare.replace("Local\\", "Global\\");
    fs::set_permissions(file.dir(), fs::Permissions::from_mode(0o755)).expect("ours");
    let options = FileOptions::read_write().permissions(Permissions::owner_only().everyone(Share::ReadWrite));
    let region = Region::create_over_file(&name(&text), file.path(), &options).expect("free");
    for (mode, reads, writes) in
        [(0o600, "denied", "denied"), (0o644, "opened", "denied"), (0o666, "opened", "opened")]
    {
        fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).expect("ours");
        let mut child = Start::role("another_user").argument(&text).start();
        child.expect(&format!("{reads} {writes}"));
        child.finish();
    }
    drop(region);
    assert_nothing_left(&text);
}

fn another_user(arguments: &[String]) {
    give_up_root();
    let tried = |access| match Region::open(&name(&arguments[0]), &OpenOptions::new(access)) {
        Ok(region) => {
            assert_eq!(bytes_of(&region), TEXT);
            "opened"
        }
        Err(error) => {
            assert!(error.is(ErrorKind::AccessDenied), "{error}");
            assert!(error.to_string().contains("widen its own permissions"), "{error}");
            "denied"
        }
    };
    say(&format!("{} {}", tried(Access::ReadOnly), tried(Access::ReadWrite)));
}

/// A process that has a file open which it may not open itself cannot know which other processes have the same open file,
/// with the locks that say which of them owns what lies in it.
#[test]
fn an_open_file_that_cannot_be_opened_anew_takes_no_locks() {
    if !users::root_or_aside("files: an open file that cannot be opened anew") {
        return;
    }
    let file = TestFile::with(&[0; 4096]);
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).expect("ours");
    let mut child = Start::role("without_rights").argument(file.path().display()).start();
    child.expect("Unsupported");
    child.finish();
    assert_eq!(fs::read(file.path()).expect("readable")[..8], [7; 8]);
}

fn without_rights(arguments: &[String]) {
    let file = FileOpenOptions::new().read(true).write(true).open(&arguments[0]).expect("it exists");
    give_up_root();
    let region = Region::over_file(file, &FileOptions::read_write()).expect("an open file");
    let view = region.view(.., Access::ReadWrite).expect("all");
    say(&format!("{:?}", kind(SharedMutex::create(&view, 0, &0u64))));
    view.write(0, &[7; 8]).expect("in range");
}

fn give_up_root() {
    // SAFETY: plain numbers, and a list without elements.
    let gave_up = unsafe {
        libc::setgroups(0, std::ptr::null())
            + libc::setresgid(65_534, 65_534, 65_534)
            + libc::setresuid(65_534, 65_534, 65_534)
    };
    assert_eq!(gave_up, 0);
}

/// A forked child's copies hold nothing: neither the name nor the caller's lock on the file (C15).
#[test]
fn a_forked_child_holds_nothing() {
    let (file, text) = (TestFile::with(TEXT), unique_name("file-forked"));
    let mut child = Start::role("forker").argument(&text).argument(file.path().display()).start();
    child.expect("forked");
    child.kill();
    // The grandchild lives, reads, and holds nothing.
    assert_eq!(kind(Region::open(&name(&text), &OpenOptions::read_only())), ErrorKind::NotFound);
    let again = FileOpenOptions::new().read(true).write(true).open(file.path()).expect("it exists");
    wait_until("the lock goes with its owner", || {
        // SAFETY: a descriptor of ours.
        unsafe { libc::flock(std::os::fd::AsRawFd::as_raw_fd(&again), libc::LOCK_EX | libc::LOCK_NB) == 0 }
    });
    child.say("look");
    child.expect(&format!("{TEXT:?}"));
    assert_nothing_left(&text);
}

fn forker(arguments: &[String]) {
    let path = PathBuf::from(&arguments[1]);
    let file = FileOpenOptions::new().read(true).write(true).open(&path).expect("it exists");
    // SAFETY: a descriptor of ours.
    assert_eq!(unsafe { libc::flock(std::os::fd::AsRawFd::as_raw_fd(&file), libc::LOCK_EX) }, 0);
    let region =
        Region::create_over_file(&name(&arguments[0]), file, &FileOptions::read_write()).expect("free");
    let view = region.view(.., Access::ReadWrite).expect("all");
    fork(|| {
        say("forked");
        assert_eq!(hear(), "look");
        let mut bytes = vec![0; view.len()];
        view.read(0, &mut bytes).expect("in range");
        say(&format!("{bytes:?}"));
        hear();
    })
    .finish();
}
