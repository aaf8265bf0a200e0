//! With a name.

use crate::common::*;

#[test]
fn a_name_leads_other_processes_to_the_same_file() {
    let (file, text) = (TestFile::with(TEXT), unique_name("file-shared"));
    let region =
        Region::create_over_file(&name(&text), file.path(), &FileOptions::read_write()).expect("free");
    assert_eq!(region.name(), Some(&name(&text)));
    assert_eq!(region.len(), 20);
    let mut other = part::start("opener", &[&text, "rw"]);
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
    let other = part::start("creator", &[&text, path]);
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
