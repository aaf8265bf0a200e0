//! The rights that handles are opened with.

use windows_sys::Win32::System::Memory::{FILE_MAP_READ, FILE_MAP_WRITE, SECTION_QUERY};

/// The right to look at an object's owner and DACL.
pub(super) const READ_CONTROL: u32 = 0x0002_0000;
/// The rights that reading takes: to map, and to learn the size.
pub(super) const READ_RIGHTS: u32 = FILE_MAP_READ | SECTION_QUERY;
/// The rights that reading and writing take.
pub(super) const READ_WRITE_RIGHTS: u32 = READ_RIGHTS | FILE_MAP_WRITE;
