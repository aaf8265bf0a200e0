//! Tests of this backend alone, with the kernel's own answers. The conformance suite tests the rules that hold on every
//! system.

use std::os::windows::io::{AsHandle as _, AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fmt, ptr, thread};

use windows_sys::Win32::Foundation::{GetHandleInformation, HANDLE_FLAG_INHERIT, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Memory::{
    CreateFileMappingW, MEMORY_BASIC_INFORMATION, PAGE_PROTECTION_FLAGS, PAGE_READONLY, PAGE_READWRITE,
    PAGE_WRITECOPY, SEC_COMMIT, SEC_RESERVE, VirtualQuery,
};
use windows_sys::Win32::System::Threading::CreateEventW;

use super::calls::Created;
use super::names::WideName;
use super::section::{Section, lies_over_file, objection};
use super::security::{Owner, Security, owner_of};
use super::user::token_user;
use super::{machine, mapped};
use crate::{
    Access, BASE_GRANULARITY, CreateOptions, Disposition, Error, ErrorKind, Found, MapRequest, ObjectName,
    OpenOptions, Permissions, Region, Share, Trust, View,
};

/// A name that no other test, and no other run, uses.
fn name(test: &str) -> ObjectName {
    ObjectName::new(format!("samemap-windows-{}-{test}", std::process::id())).expect("a valid name")
}

fn create(name: &ObjectName, size: u64) -> Region {
    Region::create(name, &CreateOptions::new(size)).expect("the name is free")
}

fn open(name: &ObjectName, access: Access) -> Result<Region, Error> {
    Region::open(name, &OpenOptions::new(access))
}

#[track_caller]
fn kind_of<T: fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.expect_err("this must be refused").kind().clone()
}

/// A section such as other programs make.
fn foreign_section(name: &ObjectName, size: u32, flags: PAGE_PROTECTION_FLAGS) -> OwnedHandle {
    let wide = WideName::new(name);
    // SAFETY: no file, no attributes, and a name that ends in a NUL.
    unsafe {
        let handle = CreateFileMappingW(INVALID_HANDLE_VALUE, ptr::null(), flags, 0, size, wide.as_ptr());
        assert!(!handle.is_null(), "{}", std::io::Error::last_os_error());
        OwnedHandle::from_raw_handle(handle)
    }
}

/// A section of one page with a security descriptor that this backend would not give it. `None` where the
/// system does not let this user write such a descriptor.
fn section_with(name: &ObjectName, sddl: &str) -> Option<Section> {
    match Section::create(Some(&WideName::new(name)), 4096, &Security::from_sddl(sddl).expect("valid SDDL")) {
        Ok(Created::New(section)) => Some(section),
        Ok(Created::Existing(_)) => panic!("the name is taken"),
        Err(_) => None,
    }
}

/// Says that a part of a test could not run here.
pub(super) fn step_aside(test: &str, why: &str) {
    use std::io::Write as _;
    println!("{test} stepped aside: {why}");
    if let Some(log) = std::env::var_os("SAMEMAP_ASIDE_LOG") {
        let mut log = std::fs::File::options().append(true).create(true).open(log).expect("the log");
        writeln!(log, "{test}: {why}").expect("a line in the log");
    }
}

fn protection(view: &View) -> PAGE_PROTECTION_FLAGS {
    let mut info = MEMORY_BASIC_INFORMATION::default();
    // SAFETY: the struct is valid for writes of its size; the address is only looked up.
    let told = unsafe { VirtualQuery(view.as_ptr().cast(), &mut info, size_of_val(&info)) };
    assert_ne!(told, 0);
    info.Protect
}

#[test]
fn creator_and_opener_see_the_same_whole_pages() {
    let name = name("pages");
    let region = create(&name, 5000);
    assert_eq!(region.len(), 2 * machine::page_size());
    let opened = open(&name, Access::ReadOnly).expect("it lives");
    assert_eq!(opened.len(), region.len());
    let all = opened.view(.., Access::ReadOnly).expect("the last page is whole");
    assert_eq!(all.get::<u8>(all.len() - 1).unwrap(), 0);
    assert_eq!(region.access(), Access::ReadWrite);
    assert_eq!(opened.name(), Some(&name));
}

#[test]
fn sizes_without_sense_are_errors() {
    for make in [
        |size| Region::create(&name("sizes"), &CreateOptions::new(size)),
        |size| Region::create_or_open(&name("sizes"), &CreateOptions::new(size)).map(|(region, _)| region),
        |size| Region::anonymous(&CreateOptions::new(size)),
    ] {
        assert_eq!(kind_of(make(0)), ErrorKind::InvalidArgument);
        for size in [u64::MAX, u64::MAX - 4095, i64::MAX as u64, 1 << 62, 1 << 50] {
            match kind_of(make(size)) {
                ErrorKind::OutOfMemory { requested, available } => {
                    assert_eq!(requested, size);
                    assert!(available.is_some());
                }
                other => panic!("{size}: {other:?}"),
            }
        }
    }
    assert_eq!(kind_of(open(&name("sizes"), Access::ReadOnly)), ErrorKind::NotFound);
}

#[test]
fn an_existing_object_is_opened_whatever_the_size_asked_for() {
    let name = name("size-ignored");
    let region = create(&name, 1);
    let huge = CreateOptions::new(u64::MAX).permissions(Permissions::owner_only().everyone(Share::ReadWrite));
    let (opened, disposition) = Region::create_or_open(&name, &huge).expect("it lives");
    assert_eq!((disposition, opened.len()), (Disposition::Opened, region.len()));
    assert_eq!(kind_of(Region::create(&name, &CreateOptions::new(1))), ErrorKind::AlreadyExists);
}

#[test]
fn views_need_no_alignment() {
    let name = name("alignment");
    let region = create(&name, 200_000);
    let whole = region.view(.., Access::ReadWrite).expect("all of it");
    let reader = open(&name, Access::ReadOnly).expect("it lives");
    let last = region.len() - 1;
    for offset in [0, 1, 4095, 4097, 65_535, 65_536, 65_537, 131_072, last] {
        whole.put(offset as usize, &0x5Au8).unwrap();
        let byte = reader.view(offset..=offset, Access::ReadOnly).expect("a byte of it");
        assert_eq!((byte.len(), byte.get::<u8>(0).unwrap()), (1, 0x5A), "{offset}");
        assert_eq!(byte.as_ptr().addr() as u64 % 65_536, offset % 65_536);
    }
    assert!(matches!(kind_of(reader.view(last..last + 2, Access::ReadOnly)), ErrorKind::OutOfRange { .. }));
}

#[test]
fn pages_are_protected_as_the_view_says() {
    let region = Region::anonymous(&CreateOptions::new(1)).expect("a page");
    let protection = |access| protection(&region.view(.., access).expect("a view"));
    assert_eq!(protection(Access::ReadOnly), PAGE_READONLY);
    assert_eq!(protection(Access::ReadWrite), PAGE_READWRITE);
    assert_eq!(protection(Access::CopyOnWrite), PAGE_WRITECOPY);
}

#[test]
fn copy_on_write_works_from_a_handle_for_reading() {
    let name = name("copy-on-write");
    let region = create(&name, 100_000);
    let shared = region.view(.., Access::ReadWrite).unwrap();
    shared.write(70_000, b"shared").unwrap();
    for access in [Access::ReadOnly, Access::CopyOnWrite] {
        let reader = open(&name, access).expect("it lives");
        let own = reader.view(70_000..70_006, Access::CopyOnWrite).expect("a private view");
        own.write(0, b"mine!!").unwrap();
        assert_eq!(own.get::<[u8; 6]>(0).unwrap(), *b"mine!!");
        assert_eq!(shared.get::<[u8; 6]>(70_000).unwrap(), *b"shared");
        assert_eq!(kind_of(reader.view(.., Access::ReadWrite)), ErrorKind::AccessDenied);
    }
}

#[test]
fn a_view_holds_the_name() {
    let name = name("view-holds");
    let view = create(&name, 1).view(.., Access::ReadWrite).unwrap();
    view.put(0, &7u8).unwrap();
    let opened = open(&name, Access::ReadOnly).expect("the view holds it");
    assert_eq!(opened.view(.., Access::ReadOnly).unwrap().get::<u8>(0).unwrap(), 7);
    drop(view);
    drop(opened);
    assert_eq!(kind_of(open(&name, Access::ReadOnly)), ErrorKind::NotFound);
    let again = create(&name, 1).view(.., Access::ReadOnly).unwrap();
    assert_eq!(again.get::<u8>(0).unwrap(), 0);
}

#[test]
fn a_base_address_is_honoured_or_refused() {
    let region = Region::anonymous(&CreateOptions::new(4 * BASE_GRANULARITY as u64)).unwrap();
    let grain = BASE_GRANULARITY as u64;
    let at = |base| region.map(&MapRequest::new(grain, grain, Access::ReadWrite).at_base(base));
    // An address that was just unmapped. Other threads may take it, so the test tries several times.
    let (free, view) = (0..100)
        .find_map(|_| {
            let free = region.view(.., Access::ReadOnly).unwrap().as_ptr().addr();
            at(free).ok().map(|view| (free, view))
        })
        .expect("some address is free");
    assert_eq!(view.as_ptr().addr(), free);
    view.put(0, &1u8).unwrap();
    assert_eq!(kind_of(at(free)), ErrorKind::AddressInUse);
    assert_eq!(view.get::<u8>(0).unwrap(), 1);
    let outside = usize::MAX - BASE_GRANULARITY + 1;
    assert_eq!(kind_of(at(outside)), ErrorKind::AddressInUse);
    assert_eq!(kind_of(at(free + 4096)), ErrorKind::InvalidArgument);
}

#[test]
fn a_name_of_another_kind_is_a_mismatch() {
    let name = name("kinds");
    let wide = WideName::new(&name);
    // SAFETY: no attributes, and a name that ends in a NUL.
    let event = unsafe { CreateEventW(ptr::null(), 1, 0, wide.as_ptr()) };
    assert!(!event.is_null());
    // SAFETY: the call gave us the handle.
    let _event = unsafe { OwnedHandle::from_raw_handle(event) };
    let options = CreateOptions::new(1);
    for kind in [
        kind_of(Region::create(&name, &options)),
        kind_of(Region::create_or_open(&name, &options)),
        kind_of(open(&name, Access::ReadOnly)),
    ] {
        assert!(matches!(kind, ErrorKind::KindMismatch { found: Found::Unknown, .. }), "{kind:?}");
    }
}

#[test]
fn a_plain_section_of_another_program_opens_in_whole_pages() {
    let name = name("foreign");
    let _section = foreign_section(&name, 5000, PAGE_READWRITE | SEC_COMMIT);
    // Default security: on Windows the owner is its maker, and on Wine there is none, which counts as the system.
    let region = open(&name, Access::ReadWrite).expect("a plain section is a region");
    assert_eq!(region.len(), 8192);
    let tail = region.view(5001..8192, Access::ReadWrite).expect("its last page is whole");
    tail.put(tail.len() - 1, &9u8).unwrap();
    let whole = region.view(.., Access::ReadOnly).expect("all of it");
    assert_eq!(whole.get::<u8>(8191).unwrap(), 9);
    assert_eq!(kind_of(Region::create(&name, &CreateOptions::new(1))), ErrorKind::AlreadyExists);
}

#[test]
fn a_section_that_is_only_reserved_is_refused() {
    let name = name("reserved");
    let _section = foreign_section(&name, 65_536, PAGE_READWRITE | SEC_RESERVE);
    let options = OpenOptions::read_only().trust(Trust::Anyone);
    let kind = kind_of(Region::open(&name, &options));
    assert!(matches!(kind, ErrorKind::KindMismatch { found: Found::Foreign(_), .. }), "{kind:?}");
}

/// Its DACL does not forbid writing, so a handle for writing can be opened.
#[test]
fn a_read_only_section_is_refused_to_writers_at_open() {
    let name = name("page-readonly");
    let _section = foreign_section(&name, 4096, PAGE_READONLY | SEC_COMMIT);
    match open(&name, Access::ReadWrite) {
        Err(error) => {
            assert_eq!(*error.kind(), ErrorKind::AccessDenied, "{error:?}");
            assert!(error.to_string().contains("read-only"), "{error}");
        }
        Ok(region) => {
            region.view(.., Access::ReadWrite).expect("what is opened for writing is written to");
            step_aside("a_read_only_section_is_refused_to_writers_at_open", "Wine maps it for writing");
        }
    }
    let reader = open(&name, Access::ReadOnly).expect("reading is allowed");
    assert_eq!(reader.view(.., Access::ReadOnly).unwrap().len(), 4096);
}

#[test]
fn what_we_create_is_ours_and_not_inherited() {
    let region = create(&name("owner"), 1);
    assert_eq!(owner_of(region.0.section.as_handle()), Owner::User(token_user().unwrap()));
    let mut flags = 0;
    // SAFETY: the handle is open; `flags` is valid for a write.
    let told = unsafe { GetHandleInformation(region.0.section.as_handle().as_raw_handle(), &mut flags) };
    assert_ne!(told, 0);
    assert_eq!(flags & HANDLE_FLAG_INHERIT, 0);
}

/// Another user's object, which this user may only read.
#[test]
fn a_dacl_for_reading_keeps_writers_out() {
    let name = name("dacl");
    let me = token_user().unwrap();
    let Some(_section) = section_with(&name, &format!("O:{me}D:P(A;;0x20005;;;WD)")) else {
        panic!("one's own descriptor is always allowed");
    };
    let options = CreateOptions::new(1);
    assert_eq!(kind_of(Region::create(&name, &options)), ErrorKind::AlreadyExists);
    assert_eq!(kind_of(Region::create_or_open(&name, &options)), ErrorKind::AccessDenied);
    assert_eq!(kind_of(open(&name, Access::ReadWrite)), ErrorKind::AccessDenied);
    let reader = open(&name, Access::ReadOnly).expect("reading is allowed");
    assert_eq!(reader.view(.., Access::CopyOnWrite).unwrap().len(), 4096);
}

/// A section that readers may map but not query, as services make it.
#[test]
fn a_dacl_for_mapping_alone_is_enough() {
    let (read, write) = (name("map-only"), name("map-and-write"));
    let me = token_user().unwrap();
    let with = |name, rights| section_with(name, &format!("O:{me}D:P(A;;{rights};;;WD)"));
    let (Some(_read), Some(_write)) = (with(&read, "0x20004"), with(&write, "0x20006")) else {
        panic!("one's own descriptor is always allowed");
    };
    for (name, access) in
        [(&read, Access::ReadOnly), (&read, Access::CopyOnWrite), (&write, Access::ReadWrite)]
    {
        let region = open(name, access).expect("it may be mapped");
        assert_eq!(region.len(), 4096);
        let view = region.view(.., access).expect("all of it");
        if access.writes_object() {
            view.flush(..).expect("memory needs none");
        }
        assert_eq!(view.get::<u8>(4095).unwrap(), 0);
    }
    assert_eq!(kind_of(open(&read, Access::ReadWrite)), ErrorKind::AccessDenied);
}

/// A mapping shows the same facts as the kernel.
#[test]
fn a_mapping_tells_what_a_section_is() {
    let committed = create(&name("mapped-facts"), 3 * 4096 + 1);
    let section = &committed.0.section;
    let shown = mapped::facts(section.as_handle()).expect("it is mapped");
    assert_eq!(shown.size, section.facts().expect("we may ask").size);
    assert_eq!((objection(shown), lies_over_file(shown)), (None, false));
    let reserved = foreign_section(&name("mapped-reserve"), 65_536, PAGE_READWRITE | SEC_RESERVE);
    let shown = mapped::facts(reserved.as_handle()).expect("it is mapped");
    assert!(objection(shown).is_some(), "{shown:?}");
    let path = std::env::temp_dir().join(format!("samemap-mapped-{}", std::process::id()));
    std::fs::write(&path, [7; 5000]).expect("a temporary file");
    let region = Region::over_file(path.as_path(), &crate::FileOptions::read_only()).expect("a file");
    let shown = mapped::facts(region.0.section.as_handle()).expect("it is mapped");
    assert_eq!((shown.size, objection(shown), lies_over_file(shown)), (8192, None, true));
    drop(region);
    std::fs::remove_file(&path).expect("ours");
}

/// The shares of `Permissions` grant less than `CreateFileMapping` needs for an existing object.
#[test]
fn a_share_for_writing_is_enough_to_create_or_open() {
    let name = name("share");
    let Some(_section) = section_with(&name, &format!("O:{}D:P(A;;0x20007;;;WD)", token_user().unwrap()))
    else {
        panic!("one's own descriptor is always allowed");
    };
    let (region, disposition) =
        Region::create_or_open(&name, &CreateOptions::new(1)).expect("it may be opened");
    assert_eq!(disposition, Disposition::Opened);
    region.view(.., Access::ReadWrite).expect("it may be written");
}

#[test]
fn nobody_let_in_still_means_that_the_name_is_taken() {
    let name = name("nobody");
    let Some(_section) = section_with(&name, &format!("O:{}D:P", token_user().unwrap())) else {
        panic!("one's own descriptor is always allowed");
    };
    let options = CreateOptions::new(1);
    assert_eq!(kind_of(Region::create(&name, &options)), ErrorKind::AlreadyExists);
    assert_eq!(kind_of(Region::create_or_open(&name, &options)), ErrorKind::AccessDenied);
    assert_eq!(kind_of(open(&name, Access::ReadOnly)), ErrorKind::AccessDenied);
}

#[test]
fn another_users_object_needs_trust() {
    const OTHER: &str = "S-1-5-32-546"; // the Guests
    let (name, hidden) = (name("squatter"), name("hidden-owner"));
    let squatted = section_with(&name, &format!("O:{OTHER}D:P(A;;0x20007;;;WD)"));
    let unreadable = section_with(&hidden, &format!("O:{OTHER}D:P(A;;0x7;;;WD)"));
    let (Some(_squatted), Some(_unreadable)) = (squatted, unreadable) else {
        return step_aside("another_users_object_needs_trust", "this user may not give objects away");
    };
    let other = crate::UserId::new(OTHER);
    let open = |name, trust| Region::open(name, &OpenOptions::read_write().trust(trust));
    let untrusted = |owner| ErrorKind::UntrustedOwner { owner };
    assert_eq!(kind_of(open(&name, Trust::OwnAndSystem)), untrusted(Some(other.clone())));
    assert_eq!(
        kind_of(Region::create_or_open(&name, &CreateOptions::new(1))),
        untrusted(Some(other.clone()))
    );
    open(&name, Trust::User(other.clone())).expect("named as trusted");
    open(&name, Trust::Anyone).expect("anybody is trusted");
    assert_eq!(kind_of(open(&hidden, Trust::User(other))), untrusted(None));
    open(&hidden, Trust::Anyone).expect("anybody is trusted");
}

#[test]
fn names_of_full_length_work_in_both_spaces() {
    for prefix in ["", r"Local\", r"Global\"] {
        let mut text = format!("{prefix}{}-", std::process::id());
        text.push_str(&"ä".repeat(crate::MAX_NAME_UNITS - text.len()));
        let name = ObjectName::new(text).expect("just short enough");
        match Region::create(&name, &CreateOptions::new(1)) {
            Ok(_region) => assert_eq!(open(&name, Access::ReadOnly).expect("it lives").len(), 4096),
            Err(error) if prefix == r"Global\" && error.is(ErrorKind::AccessDenied) => {
                assert!(error.to_string().contains("SeCreateGlobalPrivilege"), "{error}");
                step_aside("names_of_full_length_work_in_both_spaces", "no SeCreateGlobalPrivilege here");
            }
            Err(error) => panic!("{prefix}: {error}"),
        }
    }
}

/// Threads replace processes here, because each opens a handle of its own. There is one living object, never two, and
/// never an error.
#[test]
fn create_or_open_survives_a_crowd() {
    let name = name("crowd");
    let creators = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let (region, disposition) =
                        Region::create_or_open(&name, &CreateOptions::new(8)).expect("one or the other");
                    let view = region.view(..8, Access::ReadWrite).unwrap();
                    drop(region);
                    let holders = view.atomic_u32(0).unwrap();
                    let before = holders.fetch_add(1, Ordering::Relaxed);
                    if disposition == Disposition::Created {
                        creators.fetch_add(1, Ordering::Relaxed);
                    }
                    assert!(before < 8, "two objects, or one that kept its bytes: {before}");
                    holders.fetch_sub(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert!(creators.load(Ordering::Relaxed) > 0);
    assert_eq!(kind_of(open(&name, Access::ReadOnly)), ErrorKind::NotFound);
}

#[test]
fn debug_shows_what_matters() {
    let name = name("debug");
    let text = format!("{:?}", create(&name, 1));
    assert!(text.contains(name.rest()) && text.contains("4096") && text.contains("ReadWrite"), "{text}");
    let text = format!("{:?}", Region::anonymous(&CreateOptions::new(1)).unwrap());
    assert!(text.contains("None"), "{text}");
}
