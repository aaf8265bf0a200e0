//! POSIX systems.

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

pub(in crate::conformance) fn page_size() -> u64 {
    // SAFETY: sysconf has no preconditions.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(size).expect("a system has a page size")
}

pub(in crate::conformance) fn no_crash_dialogs() {}

pub(in crate::conformance) fn set_umask(mask: u32) -> Result<(), String> {
    // SAFETY: umask has no preconditions and cannot fail.
    unsafe { libc::umask(mask as libc::mode_t) };
    Ok(())
}

pub(in crate::conformance) fn under_wine() -> bool {
    false
}

pub(in crate::conformance) fn local_is_global() -> bool {
    false
}

pub(in crate::conformance) fn died_of_a_fault(status: std::process::ExitStatus) -> bool {
    matches!(status.signal(), Some(libc::SIGSEGV | libc::SIGBUS))
}

fn path_of(system_name: &str) -> Option<PathBuf> {
    // Elsewhere the objects of shm_open are in no directory, or in an undocumented one.
    let path = PathBuf::from(format!("/dev/shm/{}", system_name.trim_start_matches('/')));
    // What others are let in to is a directory, with its data in it.
    let data = if path.is_dir() { path.join("data") } else { path };
    cfg!(any(target_os = "linux", target_os = "android")).then_some(data)
}

pub(in crate::conformance) fn file_mode(system_name: &str) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let facts = std::fs::metadata(path_of(system_name)?).ok()?;
    // Without the mark that says which users may write.
    Some(facts.permissions().mode() & 0o777)
}

pub(in crate::conformance) fn set_aside(system_name: &str) -> Option<u64> {
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
    /// Takes a name; `None` where no such object can have one.
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
