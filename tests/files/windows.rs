//! What the system says of files means another thing than of names.

use std::os::windows::fs::OpenOptionsExt as _;

use crate::common::*;

/// The refusal of a file, without a name and under one.
#[track_caller]
fn refusals(path: &std::path::Path, options: &FileOptions) -> [samemap::Error; 2] {
    let text = unique_name("refused-file");
    let refusals = [
        Region::over_file(path, options).expect_err("without a name"),
        Region::create_over_file(&name(&text), path, options).expect_err("under a name"),
    ];
    assert_nothing_left(&text);
    refusals
}

#[test]
fn what_is_no_file_is_not_an_object_of_another_kind() {
    let folder = std::env::temp_dir();
    for path in [std::path::Path::new("CON"), std::path::Path::new("NUL"), &folder] {
        for error in refusals(path, &FileOptions::read_only()) {
            assert!(error.to_string().contains("regular file"), "{}: {error}", path.display());
            assert_eq!(*error.kind(), ErrorKind::InvalidArgument, "{}", path.display());
        }
    }
}

#[test]
fn a_file_that_is_not_shared_is_busy() {
    let file = TestFile::with(TEXT);
    let alone = FileOpenOptions::new().read(true).write(true).share_mode(0).open(file.path()).expect("ours");
    for error in refusals(file.path(), &FileOptions::read_write()) {
        assert_eq!((error.kind(), error.os_code()), (&ErrorKind::Busy, Some(32)), "{error}");
        assert!(error.to_string().contains("does not share it"), "{error}");
    }
    drop(alone);
    Region::over_file(file.path(), &FileOptions::read_write()).expect("nobody has it open");
}

#[test]
fn a_path_that_leads_nowhere_is_not_found() {
    for path in [r"Z:\no-such-folder\file", "no-such-file"] {
        for error in refusals(std::path::Path::new(path), &FileOptions::read_only()) {
            assert_eq!(*error.kind(), ErrorKind::NotFound, "{error}");
            assert!(error.to_string().contains("no file"), "{error}");
        }
    }
}

/// The section is read-only itself: no handle of it writes, whatever its rights.
#[test]
fn a_region_over_a_file_for_reading_is_not_opened_for_writing() {
    let (file, text) = (TestFile::with(TEXT), unique_name("read-only-file"));
    let region =
        Region::create_over_file(&name(&text), file.path(), &FileOptions::read_only()).expect("free");
    let error = Region::open(&name(&text), &OpenOptions::read_write()).expect_err("it is read-only");
    assert_eq!(*error.kind(), ErrorKind::AccessDenied, "{error}");
    Region::open(&name(&text), &OpenOptions::read_only()).expect("it is held");
    drop(region);
    assert_nothing_left(&text);
}
