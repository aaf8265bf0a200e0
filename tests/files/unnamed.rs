//! Without a name.

use crate::common::*;

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
        assert!(error.is(ErrorKind::InvalidArgument));
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
        assert!(error.is(ErrorKind::InvalidArgument), "{error}");
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
