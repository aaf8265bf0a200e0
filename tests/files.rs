//! Regions over files, with and without a name (rules C7, C8, C11, C15 to C17).

#[cfg(target_os = "linux")]
#[path = "support/linux/mod.rs"]
mod linux;
mod support;

use std::fs::{self, File, OpenOptions as FileOpenOptions};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use samemap::{
    Access, CreateOptions, Disposition, Error, ErrorKind, FileOptions, Lockable as _, MapRequest, ObjectName,
    OpenOptions, Region, SharedMutex, SharedRegion as _,
};
use support::{Program, assert_nothing_left, unique_name};

const PATIENCE: Duration = Duration::from_secs(60);
const TEXT: &[u8] = b"What the file holds.";

// ---- without a name -----------------------------------------------------------------------------------

#[test]
fn a_region_has_the_files_exact_length_and_bytes() {
    let file = TestFile::with(TEXT);
    let region = Region::over_file(file.path(), &FileOptions::read_only()).expect("a file");
    assert!(region.is_over_file());
    assert_eq!(region.len(), TEXT.len() as u64, "C7: not whole pages");
    assert_eq!(region.name(), None);
    assert_eq!(bytes_of(&region), TEXT);
    let beyond = region.view(.., Access::ReadOnly).expect("all").len();
    assert_eq!(beyond, TEXT.len());
    assert!(matches!(
        kind(region.view(0..21, Access::ReadOnly)),
        ErrorKind::OutOfRange { region_len: 20, .. }
    ));
    assert!(!Region::anonymous(&CreateOptions::new(1)).expect("memory").is_over_file());
}

#[test]
fn an_open_file_serves_as_well_as_a_path() {
    let test_file = TestFile::with(TEXT);
    let file = FileOpenOptions::new().read(true).write(true).open(test_file.path()).expect("it exists");
    let region = Region::over_file(file, &FileOptions::read_write()).expect("a file");
    region.view(.., Access::ReadWrite).expect("all").write(0, b"Now").expect("in range");
    assert_eq!(bytes_of(&region)[..7], *b"Nowt th");
}

#[test]
fn writes_reach_the_file_and_outlive_the_region() {
    let file = TestFile::with(TEXT);
    let region = Region::over_file(file.path(), &FileOptions::read_write()).expect("a file");
    let view = region.view(5..8, Access::ReadWrite).expect("a part");
    view.write(0, b"THE").expect("in range");
    view.flush(..).expect("a disk");
    assert_eq!(fs::read(file.path()).expect("readable"), b"What THE file holds.");
    view.write(0, b"one").expect("in range");
    drop((view, region));
    assert_eq!(fs::read(file.path()).expect("readable"), b"What one file holds.");
}

#[test]
fn flush_takes_any_range_and_says_what_it_cannot_do() {
    let file = TestFile::with(&[7; 10_000]);
    let region = Region::over_file(file.path(), &FileOptions::read_write()).expect("a file");
    let view = region.view(1.., Access::ReadWrite).expect("a part");
    for range in [0..1, 4095..4097, 9998..9999, 0..9999, 5000..5000] {
        view.flush(range.clone()).unwrap_or_else(|error| panic!("{range:?}: {error}"));
    }
    assert!(matches!(kind(view.flush(0..10_000)), ErrorKind::OutOfRange { .. }));
    assert!(matches!(kind(view.flush(9_999..=9_999)), ErrorKind::OutOfRange { .. }));
    for access in [Access::ReadOnly, Access::CopyOnWrite] {
        let view = region.view(.., access).expect("less access");
        assert_eq!(kind(view.flush(..)), ErrorKind::AccessDenied, "{access}");
    }
    // Memory has no disk to reach.
    let memory = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
    memory.view(.., Access::ReadWrite).expect("all").flush(..).expect("nothing to do");
}

#[test]
fn a_larger_size_grows_the_file_to_exactly_that() {
    let file = TestFile::with(TEXT);
    let size = 3 * 1024 * 1024 + 17;
    let region = Region::over_file(file.path(), &FileOptions::read_write().size(size)).expect("it grows");
    assert_eq!(region.len(), size);
    assert_eq!(fs::metadata(file.path()).expect("it exists").len(), size);
    let bytes = bytes_of(&region);
    assert_eq!(bytes[..TEXT.len()], *TEXT);
    assert!(bytes[TEXT.len()..].iter().all(|&byte| byte == 0), "what is new is zeros");
    file.assert_has_disk_space(size);
    region.view(size - 1.., Access::ReadWrite).expect("the last byte").write(0, &[1]).expect("in range");
}

#[test]
fn a_smaller_size_is_a_part_of_the_file() {
    let file = TestFile::with(TEXT);
    let region = Region::over_file(file.path(), &FileOptions::read_write().size(4)).expect("a part");
    assert_eq!(region.len(), 4);
    assert_eq!(bytes_of(&region), b"What");
    assert_eq!(fs::read(file.path()).expect("readable"), TEXT, "it is not cut");
}

#[test]
fn an_empty_file_is_a_clear_error_and_can_be_given_a_size() {
    let file = TestFile::with(b"");
    for options in [FileOptions::read_only(), FileOptions::read_write(), FileOptions::copy_on_write()] {
        let error = Region::over_file(file.path(), &options).expect_err("nothing to map");
        assert_eq!(*error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("empty"), "{error}");
    }
    let region = Region::over_file(file.path(), &FileOptions::read_write().size(1)).expect("it grows");
    assert_eq!(region.len(), 1);
}

#[test]
fn what_cannot_be_mapped_is_refused_by_kind() {
    let file = TestFile::with(TEXT);
    let over = |path: &Path, options: &FileOptions| Region::over_file(path, options);
    let zero = over(file.path(), &FileOptions::read_write().size(0));
    assert_eq!(kind(zero), ErrorKind::InvalidArgument);
    for options in [FileOptions::read_only(), FileOptions::copy_on_write()] {
        let error = over(file.path(), &options.size(21)).expect_err("it may not grow");
        assert_eq!(*error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    assert_eq!(fs::read(file.path()).expect("readable"), TEXT);
    assert_eq!(kind(over(&file.beside("missing"), &FileOptions::read_only())), ErrorKind::NotFound);
    let directory = kind(over(file.dir(), &FileOptions::read_only()));
    assert!(matches!(directory, ErrorKind::InvalidArgument | ErrorKind::AccessDenied), "{directory:?}");
    let read_only = File::open(file.path()).expect("it exists");
    assert_eq!(kind(Region::over_file(read_only, &FileOptions::read_write())), ErrorKind::AccessDenied);
    let write_only = FileOpenOptions::new().write(true).open(file.path()).expect("it exists");
    assert_eq!(kind(Region::over_file(write_only, &FileOptions::read_only())), ErrorKind::AccessDenied);
    for size in [u64::MAX, i64::MAX as u64 + 1, 1 << 60] {
        let error = over(file.path(), &FileOptions::read_write().size(size)).expect_err("no such disk");
        assert!(matches!(error.kind(), ErrorKind::OutOfMemory { .. }), "{size}: {error}");
        assert_eq!(fs::read(file.path()).expect("readable"), TEXT, "it keeps its length");
    }
}

#[test]
fn views_have_at_most_the_regions_access() {
    let file = TestFile::with(TEXT);
    let region = Region::over_file(file.path(), &FileOptions::read_only()).expect("a file");
    assert_eq!(kind(region.view(.., Access::ReadWrite)), ErrorKind::AccessDenied);
    let view = region.view(.., Access::ReadOnly).expect("all");
    assert_eq!(kind(view.write(0, b"x")), ErrorKind::AccessDenied);

    let region = Region::over_file(file.path(), &FileOptions::copy_on_write()).expect("a file");
    assert_eq!(kind(region.view(.., Access::ReadWrite)), ErrorKind::AccessDenied);
    let private = region.view(.., Access::CopyOnWrite).expect("all");
    private.write(0, b"Mine").expect("in range");
    assert_eq!(private.get::<[u8; 4]>(0).expect("in range"), *b"Mine");
    assert_eq!(bytes_of(&region), TEXT, "nobody else sees it");
    drop((private, region));
    assert_eq!(fs::read(file.path()).expect("readable"), TEXT);
}

#[test]
fn views_lie_at_any_offset_and_at_a_base() {
    let bytes: Vec<u8> = (0..200_000u32).map(|n| (n % 251) as u8).collect();
    let file = TestFile::with(&bytes);
    let region = Region::over_file(file.path(), &FileOptions::read_write()).expect("a file");
    for (offset, len) in [(0, 200_000), (1, 1), (65_535, 2), (65_537, 134_463), (199_999, 1)] {
        let view = region.view(offset..offset + len, Access::ReadWrite).expect("in range");
        assert_eq!(view.get::<u8>(0).expect("in range"), bytes[offset as usize]);
        assert_eq!(view.get::<u8>(len as usize - 1).expect("in range"), bytes[(offset + len) as usize - 1]);
    }
    let base = if cfg!(target_pointer_width = "64") { 0x7E00_0000_0000u64 as usize } else { 0x5000_0000 };
    let request = MapRequest::new(65_536, 134_464, Access::ReadOnly).at_base(base);
    let view = region.map(&request).expect("a free address");
    assert_eq!(view.as_ptr().addr(), base);
    assert_eq!(view.get::<u8>(134_463).expect("in range"), bytes[199_999]);
}

// ---- with a name --------------------------------------------------------------------------------------

#[test]
fn a_name_leads_other_processes_to_the_same_file() {
    let (file, text) = (TestFile::with(TEXT), unique_name("file-shared"));
    let region =
        Region::create_over_file(&name(&text), file.path(), &FileOptions::read_write()).expect("free");
    assert_eq!(region.name(), Some(&name(&text)));
    assert_eq!(region.len(), 20);
    let mut other = Part::Opener.start(&[&text, "rw"]);
    other.wait_for_output("opened 20 over-file What the file holds.");
    other.type_in("write THIS\n");
    other.wait_for_output("written");
    assert_eq!(bytes_of(&region), b"THIS the file holds.");
    region.view(.., Access::ReadWrite).expect("all").write(0, b"That").expect("in range");
    other.type_in("read\n");
    other.wait_for_output("That the file holds.");

    // The creator has no special role.
    drop(region);
    assert_eq!(Region::open(&name(&text), &OpenOptions::read_only()).expect("held").len(), 20);
    other.end();
    assert_nothing_left(&text);
    assert_eq!(fs::read(file.path()).expect("the file outlives the name"), b"That the file holds.");
}

#[test]
fn the_name_is_free_after_the_last_holder_was_killed() {
    let (file, text) = (TestFile::with(TEXT), unique_name("file-killed"));
    let path = file.path().to_str().expect("UTF-8");
    let other = Part::Creator.start(&[&text, path]);
    other.wait_for_output("created");
    let error = Region::create_over_file(&name(&text), file.path(), &FileOptions::read_only());
    assert_eq!(kind(error), ErrorKind::AlreadyExists);
    other.kill();
    assert_eq!(kind(Region::open(&name(&text), &OpenOptions::read_only())), ErrorKind::NotFound);
    let region =
        Region::create_over_file(&name(&text), file.path(), &FileOptions::read_only()).expect("free");
    assert_eq!(bytes_of(&region), TEXT);
    drop(region);
    assert_nothing_left(&text);
}

#[test]
fn a_view_keeps_the_name() {
    let (file, text) = (TestFile::with(TEXT), unique_name("file-view"));
    let region =
        Region::create_over_file(&name(&text), file.path(), &FileOptions::read_write()).expect("free");
    let view = region.view(2..3, Access::ReadOnly).expect("a part");
    drop(region);
    assert!(Region::open(&name(&text), &OpenOptions::read_only()).is_ok(), "C13");
    drop(view);
    assert_nothing_left(&text);
}

#[test]
fn a_name_in_use_is_said_and_changes_nothing() {
    let (first, second) = (TestFile::with(TEXT), TestFile::with(b"The second."));
    let text = unique_name("file-taken");
    let region =
        Region::create_over_file(&name(&text), first.path(), &FileOptions::read_write()).expect("free");
    let larger = FileOptions::read_write().size(100_000);
    let taken = Region::create_over_file(&name(&text), second.path(), &larger);
    assert_eq!(kind(taken), ErrorKind::AlreadyExists);
    assert_eq!(kind(Region::create(&name(&text), &CreateOptions::new(1))), ErrorKind::AlreadyExists);

    let (same, did) =
        Region::create_or_open_over_file(&name(&text), second.path(), &larger).expect("it opens");
    assert_eq!((did, same.len(), bytes_of(&same)), (Disposition::Opened, 20, TEXT.to_vec()));
    let (again, did) = Region::create_or_open(&name(&text), &CreateOptions::new(1)).expect("it opens");
    assert_eq!((did, again.len(), again.is_over_file()), (Disposition::Opened, 20, true));
    assert_eq!(fs::read(second.path()).expect("readable"), b"The second.", "not so much as looked at");

    drop((region, same, again));
    let (made, did) =
        Region::create_or_open_over_file(&name(&text), second.path(), &FileOptions::read_only())
            .expect("the name is free");
    assert_eq!((did, bytes_of(&made)), (Disposition::Created, b"The second.".to_vec()));
    drop(made);
    assert_nothing_left(&text);
}

#[test]
fn a_region_of_memory_is_opened_where_it_has_the_name() {
    let (file, text) = (TestFile::with(TEXT), unique_name("file-memory"));
    let memory = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
    let (same, did) = Region::create_or_open_over_file(&name(&text), file.path(), &FileOptions::read_write())
        .expect("it opens");
    assert_eq!((did, same.is_over_file(), same.len()), (Disposition::Opened, false, memory.len()));
    drop((memory, same));
    assert_nothing_left(&text);
}

#[test]
fn no_opener_gets_more_access_than_the_creator_had() {
    let file = TestFile::with(TEXT);
    for options in [FileOptions::read_only(), FileOptions::copy_on_write()] {
        let text = unique_name("file-read-only");
        let region = Region::create_over_file(&name(&text), file.path(), &options).expect("free");
        assert_eq!(kind(Region::open(&name(&text), &OpenOptions::read_write())), ErrorKind::AccessDenied);
        for access in [Access::ReadOnly, Access::CopyOnWrite] {
            let opened = Region::open(&name(&text), &OpenOptions::new(access)).expect("less access");
            assert_eq!(bytes_of(&opened), TEXT);
            let view = opened.view(.., Access::CopyOnWrite).expect("private");
            view.write(0, b"Mine").expect("in range");
        }
        assert_eq!(bytes_of(&region), TEXT);
        drop(region);
        assert_nothing_left(&text);
    }
}

#[test]
fn a_named_region_grows_its_file_and_flushes() {
    let (file, text) = (TestFile::with(b""), unique_name("file-grown"));
    let options = FileOptions::read_write().size(70_001);
    let region = Region::create_over_file(&name(&text), file.path(), &options).expect("free");
    let opened = Region::open(&name(&text), &OpenOptions::read_write()).expect("held");
    assert_eq!((region.len(), opened.len()), (70_001, 70_001));
    let view = opened.view(70_000.., Access::ReadWrite).expect("the last byte");
    view.write(0, b"!").expect("in range");
    view.flush(..).expect("an opener can flush too");
    assert_eq!(fs::read(file.path()).expect("readable").last(), Some(&b'!'));
    drop((region, opened, view));
    assert_nothing_left(&text);
}

// ---- locks in a file ----------------------------------------------------------------------------------

/// A child gets an open file as its standard input, as programs do: both processes have one and the same open file,
/// and are two owners all the same.
#[cfg(any(target_os = "linux", windows))]
#[test]
fn two_processes_with_one_open_file_are_two_owners() {
    use samemap::LockGuard as _;
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;
    let test_file = TestFile::with(&[0; 4096]);
    let file = FileOpenOptions::new().read(true).write(true).open(test_file.path()).expect("it exists");
    let given = file.try_clone().expect("a copy");
    let region = Region::over_file(file, &FileOptions::read_write()).expect("a file");
    let view = region.view(.., Access::ReadWrite).expect("all");
    let mutex = SharedMutex::<u64>::create(&view, 0, &7).expect("zeros");
    let mut owner = support::spawn::spawn(Part::Owner.command(&[]).stdin(given).stdout(Stdio::piped()))
        .expect("this program");
    let mut said = BufReader::new(owner.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let owned = said.any(|line| line.ends_with("owned 7"));
    let locked = mutex.lock_timeout(Duration::from_millis(100)).map(|guard| guard.is_some());
    owner.kill().expect("it runs");
    owner.wait().expect("it was killed");
    assert!(owned);
    assert!(!locked.expect("a mutex"), "two owners at a time");
    let guard = mutex.lock_timeout(PATIENCE).expect("a mutex").expect("its owner is dead");
    assert!(guard.abandoned());
    assert_eq!(guard.load().expect("in range"), 8);
}

// ---- a file that somebody truncates -------------------------------------------------------------------

/// POSIX lets anybody do it. Mapping what is gone is an error, and touching it is SIGBUS: a signal, no undefined
/// behaviour.
#[cfg(unix)]
#[test]
fn a_truncated_file_is_an_error_to_map_and_sigbus_to_touch() {
    use std::os::unix::process::ExitStatusExt as _;
    let file = TestFile::with(&[7; 100_000]);
    let mut other = Part::Toucher.start(&[file.path().to_str().expect("UTF-8")]);
    other.wait_for_output("mapped 7");
    FileOpenOptions::new().write(true).open(file.path()).and_then(|file| file.set_len(10)).expect("allowed");
    other.type_in("map\n");
    other.wait_for_output("OutOfRange { offset: 0, len: 100000, region_len: 10 }");
    // What is left can be mapped, and read, as far as it goes.
    other.wait_for_output("left 7 7 0");
    other.type_in("touch\n");
    let outcome = other.finish();
    assert_eq!(outcome.status.signal(), Some(7 /* SIGBUS of Linux */), "{outcome:#?}");
    assert!(!outcome.stdout.contains("survived"));
}

/// Windows refuses it.
#[cfg(windows)]
#[test]
fn a_mapped_file_cannot_be_truncated() {
    const ERROR_USER_MAPPED_FILE: i32 = 1224;
    let test_file = TestFile::with(&[7; 100_000]);
    let region = Region::over_file(test_file.path(), &FileOptions::read_write()).expect("a file");
    let view = region.view(.., Access::ReadWrite).expect("all");
    let file = FileOpenOptions::new().write(true).open(test_file.path()).expect("shared");
    let error = file.set_len(10).expect_err("it is mapped");
    assert_eq!(error.raw_os_error(), Some(ERROR_USER_MAPPED_FILE));
    assert_eq!(view.get::<u8>(99_999).expect("in range"), 7);
    drop((view, region));
    file.set_len(10).expect("nobody maps it");
}

// ---- what only Linux shows ----------------------------------------------------------------------------

#[cfg(target_os = "linux")]
mod on_linux {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::linux::child::{Start, hear, say};
    use super::linux::{aside, sandbox};
    use super::*;
    use samemap::{Permissions, Share, catalog};
    use support::shm_file;

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
        // Those who hold it go on.
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
        let named = Region::create_over_file(
            &name(&text),
            file.try_clone().expect("open"),
            &FileOptions::read_only(),
        );
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
        let listed = catalog::list().expect("Linux lists");
        let entry = listed.iter().find(|entry| entry.system_name == system_name).expect("it lives");
        assert_eq!((entry.size, entry.kind), (20, Some(samemap::ObjectKind::Region)));
        assert_eq!((&entry.state, entry.holders), (&catalog::State::Live, Some(1)));
        drop(region);
        assert_nothing_left(&text);
    }

    /// C21: whoever may write there can cause an error, and nothing worse.
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
        let Some(mut child) = sandbox::start_or_aside("files: a full disk", Start::role("full_disk")) else {
            return;
        };
        child.expect("done");
        child.finish();
    }

    pub fn full_disk(_: &[String]) {
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
        assert_eq!(*error.kind(), ErrorKind::OutOfMemory { requested: 5 << 20, available: None }, "{error}");
        assert!(error.to_string().contains("file system has room for"), "{error}");
        assert_eq!(fs::read(path).expect("readable"), TEXT);
        assert!(
            fs::metadata(path).expect("it exists").blocks() * 512 < 1 << 20,
            "what was taken was given back"
        );
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

    pub fn limited(arguments: &[String]) {
        let limit = libc::rlimit { rlim_cur: 1 << 20, rlim_max: 1 << 20 };
        // SAFETY: a limit of this process, which ends soon.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) }, 0);
        for options in [FileOptions::read_write(), FileOptions::read_write().leave_holes()] {
            let error =
                Region::over_file(&*arguments[0], &options.size((1 << 20) + 1)).expect_err("too long");
            assert!(matches!(error.kind(), ErrorKind::OutOfMemory { .. }), "{error}");
        }
        assert_eq!(fs::read(&arguments[0]).expect("readable"), TEXT);
        say("done");
    }

    /// The name lets another user in, and then the file's own permissions decide.
    #[test]
    fn the_files_own_permissions_decide() {
        if !aside::root_or_aside("files: another user") {
            return;
        }
        let (file, bare) = (TestFile::with(TEXT), unique_name("file-user"));
        let text = bare.replace("Local\\", "Global\\");
        fs::set_permissions(file.dir(), fs::Permissions::from_mode(0o755)).expect("ours");
        let options =
            FileOptions::read_write().permissions(Permissions::owner_only().everyone(Share::ReadWrite));
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

    pub fn another_user(arguments: &[String]) {
        give_up_root();
        let tried = |access| match Region::open(&name(&arguments[0]), &OpenOptions::new(access)) {
            Ok(region) => {
                assert_eq!(bytes_of(&region), TEXT);
                "opened"
            }
            Err(error) => {
                assert_eq!(*error.kind(), ErrorKind::AccessDenied, "{error}");
                assert!(error.to_string().contains("its own permissions"), "{error}");
                "denied"
            }
        };
        say(&format!("{} {}", tried(Access::ReadOnly), tried(Access::ReadWrite)));
    }

    /// Who has a file open that it may not open itself cannot know who else has the same open file, with the locks
    /// that say who owns what lies in it.
    #[test]
    fn an_open_file_that_cannot_be_opened_anew_takes_no_locks() {
        if !aside::root_or_aside("files: an open file that cannot be opened anew") {
            return;
        }
        let file = TestFile::with(&[0; 4096]);
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).expect("ours");
        let mut child = Start::role("without_rights").argument(file.path().display()).start();
        child.expect("Unsupported");
        child.finish();
        assert_eq!(fs::read(file.path()).expect("readable")[..8], [7; 8]);
    }

    pub fn without_rights(arguments: &[String]) {
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
        // In the grandchild, too, `fork` has returned.
        support::wait_until("the grandchild begins", || file.beside("began").exists());
        child.kill();
        // The grandchild lives, reads, and holds nothing.
        assert_eq!(kind(Region::open(&name(&text), &OpenOptions::read_only())), ErrorKind::NotFound);
        let again = FileOpenOptions::new().read(true).write(true).open(file.path()).expect("it exists");
        support::wait_until("the lock goes with its owner", || {
            // SAFETY: a descriptor of ours.
            unsafe {
                libc::flock(std::os::fd::AsRawFd::as_raw_fd(&again), libc::LOCK_EX | libc::LOCK_NB) == 0
            }
        });
        fs::write(file.beside("end"), "").expect("a free path");
        support::wait_until("the grandchild ends", || file.beside("ended").exists());
        assert_eq!(fs::read(file.beside("ended")).expect("readable"), TEXT);
        assert_nothing_left(&text);
    }

    pub fn forker(arguments: &[String]) {
        let path = PathBuf::from(&arguments[1]);
        let file = FileOpenOptions::new().read(true).write(true).open(&path).expect("it exists");
        // SAFETY: a descriptor of ours.
        assert_eq!(unsafe { libc::flock(std::os::fd::AsRawFd::as_raw_fd(&file), libc::LOCK_EX) }, 0);
        let region =
            Region::create_over_file(&name(&arguments[0]), file, &FileOptions::read_write()).expect("free");
        let view = region.view(.., Access::ReadWrite).expect("all");
        // SAFETY: the child uses what fork leaves whole: its own memory, files and the view.
        if unsafe { libc::fork() } == 0 {
            let (end, ended) = (path.with_file_name("end"), path.with_file_name("ended"));
            fs::write(path.with_file_name("began"), "").expect("a free path");
            for _ in 0..6000 {
                if end.exists() {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            let mut bytes = vec![0; view.len()];
            view.read(0, &mut bytes).expect("in range");
            // Whole when it is seen.
            fs::write(path.with_file_name("ending"), bytes).expect("a free path");
            fs::rename(path.with_file_name("ending"), &ended).expect("a free path");
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(0) };
        }
        say("forked");
        hear();
    }
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    use on_linux::{another_user, forker, full_disk, limited, without_rights};
    linux::child::play(&[
        ("full_disk", full_disk),
        ("limited", limited),
        ("another_user", another_user),
        ("forker", forker),
        ("without_rights", without_rights),
    ]);
}

// ---- parts that this binary plays in other processes, on every system -------------------------------------

#[derive(Clone, Copy)]
enum Part {
    Opener,
    Creator,
    Toucher,
    Owner,
}

const PART: &str = "SAMEMAP_TEST_PART";
const ARGUMENTS: &str = "SAMEMAP_TEST_PART_ARGUMENTS";

impl Part {
    fn start(self, arguments: &[&str]) -> Program {
        Program::start(self.command(arguments))
    }

    fn command(self, arguments: &[&str]) -> Command {
        let mut command = Command::new(std::env::current_exe().expect("a program knows its path"));
        command
            .args(["--exact", "part_entry", "--ignored", "--nocapture", "--test-threads=1"])
            .env(PART, (self as u8).to_string())
            .env(ARGUMENTS, arguments.join("\n"));
        command
    }
}

#[test]
#[ignore = "the body of this file's other processes"]
fn part_entry() {
    // Without one, a person runs the ignored tests.
    let Ok(part) = std::env::var(PART) else { return };
    let arguments = std::env::var(ARGUMENTS).expect("set with the part");
    let arguments: Vec<&str> = arguments.lines().collect();
    let parts = [
        (Part::Opener, opener as fn(&[&str])),
        (Part::Creator, creator),
        (Part::Toucher, toucher),
        (Part::Owner, owner),
    ];
    let (_, body) = parts.into_iter().find(|(known, _)| (*known as u8).to_string() == part).expect("a part");
    body(&arguments);
}

fn lines() -> impl Iterator<Item = String> {
    std::io::stdin().lines().map_while(Result::ok).take_while(|line| !line.is_empty())
}

fn opener(arguments: &[&str]) {
    let access = if arguments[1] == "rw" { Access::ReadWrite } else { Access::ReadOnly };
    let region = Region::open(&name(arguments[0]), &OpenOptions::new(access)).expect("held");
    let what = if region.is_over_file() { "over-file" } else { "memory" };
    println!("opened {} {what} {}", region.len(), text_of(&region));
    for line in lines() {
        match line.strip_prefix("write ") {
            Some(text) => {
                let view = region.view(.., Access::ReadWrite).expect("all");
                view.write(0, text.as_bytes()).expect("in range");
                println!("written");
            }
            None => println!("{}", text_of(&region)),
        }
    }
}

fn creator(arguments: &[&str]) {
    let _region =
        Region::create_over_file(&name(arguments[0]), arguments[1], &FileOptions::read_only()).expect("free");
    println!("created");
    lines().for_each(drop);
}

fn toucher(arguments: &[&str]) {
    let region = Region::over_file(arguments[0], &FileOptions::read_write()).expect("a file");
    let view = region.view(.., Access::ReadWrite).expect("all");
    println!("mapped {}", view.get::<u8>(99_999).expect("in range"));
    for line in lines() {
        if line == "map" {
            println!("{:?}", kind(region.view(.., Access::ReadOnly)));
            let left = region.view(..10, Access::ReadOnly).expect("what is left");
            let byte = |at: usize| view.get::<u8>(at).expect("in range");
            println!("left {} {} {}", left.get::<u8>(9).expect("in range"), byte(9), byte(10));
        } else {
            println!("survived {}", view.get::<u8>(99_999).expect("in range"));
        }
    }
}

/// Owns the lock in the file that is its standard input, until it is killed.
fn owner(_: &[&str]) {
    let region = Region::over_file(standard_input(), &FileOptions::read_write()).expect("a file");
    let view = region.view(.., Access::ReadWrite).expect("all");
    let mutex = SharedMutex::<u64>::open(&view, 0).expect("it was made");
    let guard = mutex.lock().expect("a mutex");
    println!("owned {}", guard.update(|value| value + 1).expect("in range") - 1);
    // The test kills it; if the test is gone, it ends by itself.
    std::thread::sleep(PATIENCE);
}

#[cfg(unix)]
fn standard_input() -> File {
    use std::os::fd::AsFd as _;
    std::io::stdin().as_fd().try_clone_to_owned().expect("it is open").into()
}

#[cfg(windows)]
fn standard_input() -> File {
    use std::os::windows::io::AsHandle as _;
    std::io::stdin().as_handle().try_clone_to_owned().expect("it is open").into()
}

// ---- helpers ------------------------------------------------------------------------------------------

/// A file in a folder of its own, both removed with the value.
struct TestFile {
    path: PathBuf,
}

impl TestFile {
    fn with(bytes: &[u8]) -> TestFile {
        let dir = unique_name("dir").replace("Local\\", "samemap-");
        let dir = std::env::temp_dir().join(dir);
        fs::create_dir(&dir).expect("a free path");
        let path = dir.join("file");
        fs::write(&path, bytes).expect("room on the disk");
        TestFile { path }
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn dir(&self) -> &Path {
        self.path.parent().expect("it lies in one")
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }

    #[cfg(unix)]
    fn assert_has_disk_space(&self, size: u64) {
        use std::os::unix::fs::MetadataExt as _;
        let blocks = fs::metadata(&self.path).expect("it exists").blocks();
        assert!(blocks * 512 >= size, "C8: {blocks} blocks for {size} bytes");
    }

    #[cfg(windows)]
    fn assert_has_disk_space(&self, _size: u64) {}
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let removed = fs::remove_dir_all(self.dir());
        assert!(removed.is_ok() || std::thread::panicking(), "{}: {removed:?}", self.dir().display());
    }
}

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).expect("a valid name")
}

#[track_caller]
fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.expect_err("it should fail").kind().clone()
}

fn bytes_of(region: &Region) -> Vec<u8> {
    let view = region.view(.., Access::ReadOnly).expect("all of it");
    let mut bytes = vec![0; view.len()];
    view.read(0, &mut bytes).expect("in range");
    bytes
}

fn text_of(region: &Region) -> String {
    String::from_utf8(bytes_of(region)).expect("text")
}
