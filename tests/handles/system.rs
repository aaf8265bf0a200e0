//! The system's own handles.

use crate::common::*;

#[cfg(unix)]
#[test]
fn a_descriptor_carries_the_bytes_and_no_hold() {
    let text = unique_name("descriptor");
    let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
    view_of(&region).put(0, &5u8).expect("in range");
    let fd = region.to_fd().expect("a descriptor");
    let copy = fd.try_clone().expect("a descriptor");
    drop(region);
    assert_nothing_left(&text);
    let mut byte = [0];
    std::os::unix::fs::FileExt::read_exact_at(&fs::File::from(copy), &mut byte, 0).expect("open");
    assert_eq!(byte, [5]);
    // A dead object cannot be made a region of.
    assert_eq!(kind(Region::from_fd(fd, Access::ReadWrite)), ErrorKind::InvalidArgument);

    let memory = Region::anonymous(&CreateOptions::new(5000)).expect("memory");
    let same =
        Region::from_fd(memory.to_fd().expect("a descriptor"), Access::ReadWrite).expect("sealed memory");
    view_of(&same).put(8191, &6u8).expect("in range");
    assert_eq!(view_of(&memory).get::<u8>(8191).expect("in range"), 6);
    let reader = Region::from_fd(memory.to_fd().expect("a descriptor"), Access::ReadOnly).expect("less");
    assert_eq!(kind(reader.view(.., Access::ReadWrite)), ErrorKind::AccessDenied);
    let fd = reader.to_fd().expect("a descriptor");
    assert_eq!(kind(Region::from_fd(fd, Access::ReadWrite)), ErrorKind::AccessDenied);
}

#[cfg(windows)]
#[test]
fn a_handle_carries_the_bytes_and_a_hold() {
    use std::os::windows::io::AsHandle as _;
    let text = unique_name("handle");
    let region = Region::create(&name(&text), &CreateOptions::new(5000)).expect("free");
    view_of(&region).put(0, &5u8).expect("in range");
    let lent = region.as_handle().try_clone_to_owned().expect("a handle");
    let own = region.to_handle().expect("a handle");
    drop(region);
    assert!(open(&text).is_ok());
    let same = Region::from_handle(lent, Access::ReadWrite).expect("a section");
    assert_eq!((same.len(), byte_of(&same)), (8192, 5));
    drop(same);
    assert!(open(&text).is_ok());
    let file = fs::File::open(std::env::current_exe().expect("this program")).expect("readable");
    assert!(Region::from_handle(file.into(), Access::ReadOnly).is_err());
    drop(own);
    assert_nothing_left(&text);
}
