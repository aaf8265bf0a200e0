//! What others do with the same file: locks in it, and truncating it.

use crate::common::*;

/// A child gets an open file as its standard input, as programs do: both processes have one and the same open file,
/// and are two owners all the same.
#[cfg(any(target_os = "linux", windows))]
#[test]
fn two_processes_with_one_open_file_are_two_owners() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;
    let test_file = TestFile::with(&[0; 4096]);
    let file = FileOpenOptions::new().read(true).write(true).open(test_file.path()).expect("it exists");
    let given = file.try_clone().expect("a copy");
    let region = Region::over_file(file, &FileOptions::read_write()).expect("a file");
    let view = region.view(.., Access::ReadWrite).expect("all");
    let mutex = SharedMutex::<u64>::create(&view, 0, &7).expect("zeros");
    let mut owner = samemap_platform::conformance::tools::spawn(
        part::command("owner", &[]).stdin(given).stdout(Stdio::piped()),
    )
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

/// POSIX lets anybody do it. Mapping what is gone is an error, and touching it is SIGBUS: a signal, no undefined
/// behaviour.
#[cfg(unix)]
#[test]
fn a_truncated_file_is_an_error_to_map_and_sigbus_to_touch() {
    use std::os::unix::process::ExitStatusExt as _;
    let file = TestFile::with(&[7; 100_000]);
    let mut other = part::start("toucher", &[file.path().to_str().expect("UTF-8")]);
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
