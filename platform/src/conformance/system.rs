//! What a rule must know of the system that it runs on.

/// Size of a page, in bytes.
pub(super) fn page_size() -> u64 {
    imp::page_size()
}

/// No dialog and no debugger when a child of a test crashes as it was told.
pub(super) fn no_crash_dialogs() {
    imp::no_crash_dialogs();
}

/// Sets the process's file mode creation mask, where there is one.
pub(super) fn set_umask(mask: u32) -> Result<(), String> {
    imp::set_umask(mask)
}

/// Whether this runs under Wine and not on Windows.
pub(super) fn under_wine() -> bool {
    imp::under_wine()
}

/// Whether `Local\` and `Global\` are one: in Windows' session 0.
pub(super) fn local_is_global() -> bool {
    imp::local_is_global()
}

/// Whether a process was ended by the system for touching memory that it may not touch so.
pub(super) fn died_of_a_fault(status: std::process::ExitStatus) -> bool {
    imp::died_of_a_fault(status)
}

/// The mode bits of the file that stands behind an object, where objects are files that can be seen.
pub(super) fn file_mode(system_name: &str) -> Option<u32> {
    imp::file_mode(system_name)
}

/// How many bytes the system has set aside for an object, where objects are files that can be seen.
pub(super) fn set_aside(system_name: &str) -> Option<u64> {
    imp::set_aside(system_name)
}

/// A place where another process connects to this one, to hand a region over.
pub use imp::Meeting;

/// Something that is no object of the contract and holds a name, until it is dropped.
pub use imp::Squatter;

#[cfg(unix)]
mod imp {
    use std::os::unix::process::ExitStatusExt as _;
    use std::path::PathBuf;

    use std::os::unix::net::{UnixListener, UnixStream};

    use crate::{Courier, ObjectName};

    /// A place where another process connects to this one, to hand a region over.
    #[derive(Debug)]
    pub struct Meeting {
        path: PathBuf,
        listener: UnixListener,
    }

    impl Meeting {
        /// One with a name of its own.
        pub fn new(unique: &str) -> Self {
            let path = std::env::temp_dir().join(unique);
            let listener = UnixListener::bind(&path);
            let listener = listener.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            Meeting { path, listener }
        }

        /// Where it is: what the other process is told.
        pub fn place(&self) -> &str {
            self.path.to_str().expect("a temporary directory with a plain name")
        }

        /// The connection of the next one to come.
        pub fn stream(&self) -> UnixStream {
            self.listener.accept().expect("a child connects").0
        }

        /// A courier to the process that comes next, which is this child.
        pub fn courier_to(&self, _child: u32) -> Courier {
            Courier::over(self.stream())
        }

        /// A courier from the process that comes next.
        pub fn courier_from(&self) -> Courier {
            Courier::over(self.stream())
        }

        /// In the other process: connects, to receive.
        pub fn receive_at(place: &str) -> Courier {
            Courier::over(UnixStream::connect(place).expect("the rule listens"))
        }

        /// In the other process: connects, to send to the process that waits there.
        pub fn send_at(place: &str, _receiver: u32) -> Courier {
            Self::receive_at(place)
        }
    }

    impl Drop for Meeting {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.path);
        }
    }

    pub(super) fn page_size() -> u64 {
        // SAFETY: sysconf has no preconditions.
        let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        u64::try_from(size).expect("a system has a page size")
    }

    pub(super) fn no_crash_dialogs() {}

    pub(super) fn set_umask(mask: u32) -> Result<(), String> {
        // SAFETY: umask has no preconditions and cannot fail.
        unsafe { libc::umask(mask as libc::mode_t) };
        Ok(())
    }

    pub(super) fn under_wine() -> bool {
        false
    }

    pub(super) fn local_is_global() -> bool {
        false
    }

    pub(super) fn died_of_a_fault(status: std::process::ExitStatus) -> bool {
        matches!(status.signal(), Some(libc::SIGSEGV | libc::SIGBUS))
    }

    fn path_of(system_name: &str) -> Option<PathBuf> {
        // Elsewhere the objects of shm_open are in no directory, or in an undocumented one.
        let path = PathBuf::from(format!("/dev/shm/{}", system_name.trim_start_matches('/')));
        // What others are let in to is a directory, with its data in it.
        let data = if path.is_dir() { path.join("data") } else { path };
        cfg!(any(target_os = "linux", target_os = "android")).then_some(data)
    }

    pub(super) fn file_mode(system_name: &str) -> Option<u32> {
        use std::os::unix::fs::PermissionsExt as _;
        let facts = std::fs::metadata(path_of(system_name)?).ok()?;
        // Without the mark that says which users may write.
        Some(facts.permissions().mode() & 0o777)
    }

    pub(super) fn set_aside(system_name: &str) -> Option<u64> {
        use std::os::unix::fs::MetadataExt as _;
        // POSIX leaves the unit open; where there is a path, it is this.
        const BLOCK: u64 = 512;
        Some(std::fs::metadata(path_of(system_name)?).ok()?.blocks() * BLOCK)
    }

    /// A FIFO in the place of the object: a plain open of it would wait for ever.
    #[derive(Debug)]
    pub struct Squatter {
        path: PathBuf,
    }

    impl Squatter {
        /// Lies down on a name, where the system has such things.
        pub fn on(name: &ObjectName) -> Option<Self> {
            let path = path_of(&name.system_name())?;
            let text = std::ffi::CString::new(path.to_str()?).ok()?;
            // SAFETY: the path ends with a NUL and lives during the call.
            let made = unsafe { libc::mkfifo(text.as_ptr(), 0o600) };
            assert_eq!(made, 0, "mkfifo {}: {}", path.display(), std::io::Error::last_os_error());
            Some(Squatter { path })
        }

        /// Whether it is still in its place.
        pub fn is_there(&self) -> bool {
            use std::os::unix::fs::FileTypeExt as _;
            std::fs::symlink_metadata(&self.path).is_ok_and(|facts| facts.file_type().is_fifo())
        }
    }

    impl Drop for Squatter {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(windows)]
mod imp {
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

    pub(super) fn page_size() -> u64 {
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

    pub(super) fn no_crash_dialogs() {
        // SAFETY: neither has preconditions; the filter is a function, which stays, and touches nothing.
        // The error mode is Windows' way to say it, and Wine starts a debugger all the same.
        unsafe {
            SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
            SetUnhandledExceptionFilter(Some(end_at_once));
        }
    }

    pub(super) fn set_umask(_mask: u32) -> Result<(), String> {
        Err("Windows has no umask".to_owned())
    }

    pub(super) fn under_wine() -> bool {
        // SAFETY: both names end with a NUL; ntdll is in every process, and is never unloaded.
        unsafe {
            let ntdll = GetModuleHandleA(c"ntdll.dll".as_ptr().cast());
            !ntdll.is_null() && !GetProcAddress(ntdll, c"wine_get_version".as_ptr().cast()).is_null()
        }
    }

    pub(super) fn local_is_global() -> bool {
        let mut session = 0;
        // SAFETY: the result is written to a live variable.
        let told = unsafe { ProcessIdToSessionId(std::process::id(), &mut session) };
        told != 0 && session == 0
    }

    pub(super) fn died_of_a_fault(status: std::process::ExitStatus) -> bool {
        const STATUS_ACCESS_VIOLATION: u32 = 0xC000_0005;
        status.code().is_some_and(|code| code as u32 == STATUS_ACCESS_VIOLATION)
    }

    pub(super) fn file_mode(_system_name: &str) -> Option<u32> {
        None
    }

    pub(super) fn set_aside(_system_name: &str) -> Option<u64> {
        None
    }

    /// An event, which shares its name space with sections.
    #[derive(Debug)]
    pub struct Squatter {
        event: HANDLE,
    }

    impl Squatter {
        /// Lies down on a name, where the system has such things.
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
}
