//! The rights with which handles are opened.

use windows_sys::Win32::System::Memory::{FILE_MAP_READ, FILE_MAP_WRITE, SECTION_QUERY};

use crate::Access;

/// The right to read an object's owner and DACL.
pub(super) const READ_CONTROL: u32 = 0x0002_0000;
/// The rights for reading: to map, and to query the size.
pub(super) const READ_RIGHTS: u32 = FILE_MAP_READ | SECTION_QUERY;
/// The rights for reading and writing.
pub(super) const READ_WRITE_RIGHTS: u32 = READ_RIGHTS | FILE_MAP_WRITE;

/// The sets of rights to try on a section, until its DACL grants one. The last set is that of a plain Win32 program:
/// such a handle shows neither size nor owner.
pub(super) const fn section_rights(access: Access) -> [u32; 4] {
    let all = if access.writes_object() { READ_WRITE_RIGHTS } else { READ_RIGHTS };
    let mapping = all & !SECTION_QUERY;
    [all | READ_CONTROL, mapping | READ_CONTROL, all, mapping]
}
