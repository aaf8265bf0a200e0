//! Windows.

use std::mem::MaybeUninit;

use windows_sys::Win32::Foundation::{CloseHandle, HANDLE};
use windows_sys::Win32::System::RemoteDesktop::ProcessIdToSessionId;
use windows_sys::Win32::System::SystemInformation::GetSystemInfo;
use windows_sys::Win32::System::Threading::CreateEventW;

use std::net::{TcpListener, TcpStream};

use crate::{Courier, ObjectName};

/// A place where another process connects to this one, to hand a region over.
#[derive(Debug)]
pub struct Meeting {
    place: String,
    listener: TcpListener,
}

impl Meeting {
    /// One with a name of its own.
    pub fn new(_unique: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        Meeting { place: listener.local_addr().expect("bound").to_string(), listener }
    }

    /// Where it is: what the other process is told.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The connection of the next one to come.
    pub fn stream(&self) -> TcpStream {
        self.listener.accept().expect("a child connects").0
    }

    /// A courier to the process that comes next, which is this child.
    pub fn courier_to(&self, child: u32) -> Courier {
        Courier::to_process_id(self.stream(), child).expect("our child")
    }

    /// A courier from the process that comes next.
    pub fn courier_from(&self) -> Courier {
        Courier::receiving(self.stream())
    }

    /// In the other process: connects, to receive.
    pub fn receive_at(place: &str) -> Courier {
        Courier::receiving(TcpStream::connect(place).expect("the rule listens"))
    }

    /// In the other process: connects, to send to the process that waits there.
    pub fn send_at(place: &str, receiver: u32) -> Courier {
        let stream = TcpStream::connect(place).expect("the rule listens");
        Courier::to_process_id(stream, receiver).expect("the same user's")
    }
}

// Not worth two more features of windows-sys for every user.
#[link(name = "kernel32")]
unsafe extern "system" {
    fn GetModuleHandleA(name: *const u8) -> *mut std::ffi::c_void;
    fn GetProcAddress(module: *mut std::ffi::c_void, name: *const u8) -> *mut std::ffi::c_void;
    fn SetErrorMode(mode: u32) -> u32;
    fn SetUnhandledExceptionFilter(
        filter: Option<unsafe extern "system" fn(*mut std::ffi::c_void) -> i32>,
    ) -> *mut std::ffi::c_void;
}

const SEM_FAILCRITICALERRORS: u32 = 1;
const SEM_NOGPFAULTERRORBOX: u32 = 2;

pub(in crate::conformance) fn page_size() -> u64 {
    let mut info = MaybeUninit::zeroed();
    // SAFETY: the structure is writable and plain data, for which zeros are a value.
    let info = unsafe {
        GetSystemInfo(info.as_mut_ptr());
        info.assume_init()
    };
    u64::from(info.dwPageSize)
}

/// Ends the process with the exception's code, and asks nothing.
unsafe extern "system" fn end_at_once(_exception: *mut std::ffi::c_void) -> i32 {
    const EXCEPTION_EXECUTE_HANDLER: i32 = 1;
    EXCEPTION_EXECUTE_HANDLER
}

pub(in crate::conformance) fn no_crash_dialogs() {
    // SAFETY: neither has preconditions; the filter is a function, which stays, and touches nothing.
    // The error mode is Windows' way to say it, and Wine starts a debugger all the same.
    unsafe {
        SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
        SetUnhandledExceptionFilter(Some(end_at_once));
    }
}

pub(in crate::conformance) fn set_umask(_mask: u32) -> Result<(), String> {
    Err("Windows has no umask".to_owned())
}

pub(in crate::conformance) fn under_wine() -> bool {
    // SAFETY: both names end with a NUL; ntdll is in every process, and is never unloaded.
    unsafe {
        let ntdll = GetModuleHandleA(c"ntdll.dll".as_ptr().cast());
        !ntdll.is_null() && !GetProcAddress(ntdll, c"wine_get_version".as_ptr().cast()).is_null()
    }
}

pub(in crate::conformance) fn local_is_global() -> bool {
    let mut session = 0;
    // SAFETY: the result is written to a live variable.
    let told = unsafe { ProcessIdToSessionId(std::process::id(), &mut session) };
    told != 0 && session == 0
}

pub(in crate::conformance) fn died_of_a_fault(status: std::process::ExitStatus) -> bool {
    const STATUS_ACCESS_VIOLATION: u32 = 0xC000_0005;
    status.code().is_some_and(|code| code as u32 == STATUS_ACCESS_VIOLATION)
}

pub(in crate::conformance) fn file_mode(_system_name: &str) -> Option<u32> {
    None
}

pub(in crate::conformance) fn set_aside(_system_name: &str) -> Option<u64> {
    None
}

/// An event, which shares its name space with sections.
#[derive(Debug)]
pub struct Squatter {
    event: HANDLE,
}

impl Squatter {
    /// Takes a name; `None` where no such object can have one.
    pub fn on(name: &ObjectName) -> Option<Self> {
        let wide: Vec<u16> = name.to_string().encode_utf16().chain([0]).collect();
        // SAFETY: the name ends with a NUL and lives during the call.
        let event = unsafe { CreateEventW(std::ptr::null(), 1, 0, wide.as_ptr()) };
        assert!(!event.is_null(), "CreateEventW: {}", std::io::Error::last_os_error());
        Some(Squatter { event })
    }

    /// Whether it is still in its place: only its handle can end it.
    pub fn is_there(&self) -> bool {
        true
    }
}

impl Drop for Squatter {
    fn drop(&mut self) {
        // SAFETY: the handle is ours and is closed once.
        unsafe { CloseHandle(self.event) };
    }
}
