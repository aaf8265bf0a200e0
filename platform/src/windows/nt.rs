//! Queries of the kernel for which Win32 has no call.

use std::ffi::c_void;
use std::io;
use std::mem::MaybeUninit;
use std::os::windows::io::{AsRawHandle as _, BorrowedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS, RtlNtStatusToDosError};

use super::error::from_code;

/// The kernel's facts of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SectionFacts {
    /// The `SEC_` flags that the section was made with.
    pub(super) attributes: u32,
    /// Its size in bytes.
    pub(super) size: u64,
}

/// `SECTION_BASIC_INFORMATION`.
#[repr(C)]
struct SectionBasics {
    base_address: *mut c_void,
    attributes: u32,
    /// A LARGE_INTEGER, never negative here.
    size: u64,
}

/// Size and attributes of a section. The handle needs `SECTION_QUERY`.
pub(super) fn section_facts(section: BorrowedHandle<'_>) -> io::Result<SectionFacts> {
    const SECTION_BASIC_INFORMATION: i32 = 0;
    let mut basics = MaybeUninit::<SectionBasics>::uninit();
    // SAFETY: the handle is open, the struct is that of this class and valid for writes of its size, and the written
    // length is not requested.
    let status = unsafe {
        NtQuerySection(
            section.as_raw_handle(),
            SECTION_BASIC_INFORMATION,
            basics.as_mut_ptr().cast(),
            size_of::<SectionBasics>(),
            ptr::null_mut(),
        )
    };
    check(status)?;
    // SAFETY: the call succeeded, so the kernel filled the struct.
    let SectionBasics { base_address: _, attributes, size } = unsafe { basics.assume_init() };
    Ok(SectionFacts { attributes, size })
}

/// The state of one end of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PipeState {
    /// The other end exists, or may still be opened.
    Open,
    /// The other end is gone.
    Broken,
}

/// The state of this end of a pipe. Fails where the handle is of anything else, or lacks the right
/// `FILE_READ_ATTRIBUTES`, which a child's pipe for output usually has.
pub(super) fn pipe_state(end: BorrowedHandle<'_>) -> io::Result<PipeState> {
    const FILE_PIPE_LOCAL_INFORMATION: i32 = 24;
    const DISCONNECTED: u32 = 1;
    const CLOSING: u32 = 4;
    let mut answer = IoStatus { status: ptr::null_mut(), information: 0 };
    let mut facts = PipeFacts::default();
    // SAFETY: the answer and the struct, which is the one of this class, are valid for writes of their sizes.
    // An invalid handle, as without an output, is an error.
    let status = unsafe {
        NtQueryInformationFile(
            end.as_raw_handle(),
            &mut answer,
            ptr::from_mut(&mut facts).cast(),
            size_of::<PipeFacts>() as u32,
            FILE_PIPE_LOCAL_INFORMATION,
        )
    };
    check(status)?;
    Ok(if matches!(facts.state, DISCONNECTED | CLOSING) { PipeState::Broken } else { PipeState::Open })
}

/// `FILE_PIPE_LOCAL_INFORMATION`.
#[repr(C)]
#[derive(Default)]
struct PipeFacts {
    kind: u32,
    configuration: u32,
    maximum_instances: u32,
    current_instances: u32,
    inbound_quota: u32,
    read_data_available: u32,
    outbound_quota: u32,
    write_quota_available: u32,
    state: u32,
    end: u32,
}

/// `IO_STATUS_BLOCK`.
#[repr(C)]
struct IoStatus {
    status: *mut c_void,
    information: usize,
}

/// Whether an object has a name in any directory. Not for files: the call would wait for a running read.
pub(super) fn has_name(object: BorrowedHandle<'_>) -> io::Result<bool> {
    const OBJECT_NAME_INFORMATION: i32 = 1;
    const STATUS_BUFFER_OVERFLOW: NTSTATUS = 0x8000_0005_u32 as NTSTATUS;
    const STATUS_INFO_LENGTH_MISMATCH: NTSTATUS = 0xC000_0004_u32 as NTSTATUS;
    let (mut name, mut needed) = (NameWithoutRoom::default(), 0);
    // SAFETY: the handle is open, the struct is valid for writes of its size, and `needed` for a write.
    let status = unsafe {
        NtQueryObject(
            object.as_raw_handle(),
            OBJECT_NAME_INFORMATION,
            ptr::from_mut(&mut name).cast(),
            size_of::<NameWithoutRoom>() as u32,
            &mut needed,
        )
    };
    if matches!(status, STATUS_BUFFER_OVERFLOW | STATUS_INFO_LENGTH_MISMATCH) {
        return Ok(true);
    }
    check(status).map(|()| name.length > 0)
}

/// `OBJECT_NAME_INFORMATION`, a UNICODE_STRING, without room for its text.
#[repr(C)]
#[derive(Default)]
struct NameWithoutRoom {
    length: u16,
    room: u16,
    text: usize,
}

pub(super) fn check(status: NTSTATUS) -> io::Result<()> {
    if status >= 0 {
        return Ok(());
    }
    // SAFETY: the call translates numbers.
    Err(from_code(unsafe { RtlNtStatusToDosError(status) }))
}

// On 32 bits the import would otherwise be called `NtQuery…@20`, which ntdll does not have.
#[cfg_attr(target_arch = "x86", link(name = "ntdll", kind = "raw-dylib", import_name_type = "undecorated"))]
#[cfg_attr(not(target_arch = "x86"), link(name = "ntdll", kind = "raw-dylib"))]
unsafe extern "system" {
    fn NtQuerySection(
        of: HANDLE,
        class: i32,
        facts: *mut c_void,
        len: usize,
        written: *mut usize,
    ) -> NTSTATUS;
    fn NtQueryObject(of: HANDLE, class: i32, facts: *mut c_void, len: u32, written: *mut u32) -> NTSTATUS;
    fn NtQueryInformationFile(
        of: HANDLE,
        answer: *mut IoStatus,
        facts: *mut c_void,
        len: u32,
        class: i32,
    ) -> NTSTATUS;
}

#[cfg(test)]
mod tests {
    use std::os::windows::io::AsHandle as _;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_pipe_breaks_when_its_other_end_goes() {
        let mut other = Command::new("cmd")
            .args(["/c", "pause"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("every Windows has it");
        let end = other.stdout.take().expect("piped");
        let before = pipe_state(end.as_handle());
        other.kill().expect("it waits for a key");
        other.wait().expect("our child");
        assert_eq!(before.unwrap(), PipeState::Open);
        assert_eq!(pipe_state(end.as_handle()).unwrap(), PipeState::Broken);
    }

    #[test]
    fn a_file_has_no_state_of_a_pipe() {
        let file = std::fs::File::open(std::env::current_exe().unwrap()).expect("this program");
        assert!(pipe_state(file.as_handle()).is_err());
        assert!(section_facts(file.as_handle()).is_err());
    }
}
