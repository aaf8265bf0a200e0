//! The contract's trait over the crate [`shared_memory`] 0.12, for those who move from it.
//!
//! A program that uses `shared_memory` can take its types from here first and change to
//! [`Region`](crate::Region) in one line later. **It does not keep the contract**: the conformance suite
//! says of every rule whether it does, `tests/conformance_shared_memory.rs` runs it, and
//! `ARCHITECTURE.md` in the repository lists the rules that fail. In plain words:
//!
//! - **Lifetime** (C15 to C17). The name goes with its creator, while others still use the object, and a
//!   second object can then be made beside it. A creator that is killed, or exits without dropping,
//!   leaves the object and its contents behind: for good on POSIX, as a file in the temporary directory
//!   on Windows. Who creates next is told that the name is taken, and who opens gets the old contents.
//! - **Half-made objects** (C6). On POSIX an object can be opened before it has its length. That is an
//!   error of kind [`Os`](crate::ErrorKind::Os) here, not a wait.
//! - **Memory** (C8). It is not committed on POSIX: 64 TiB may be granted, and touching memory that cannot
//!   be had raises SIGBUS, which ends the process. So does a peer that truncates the file.
//! - **Access** (C11, C12). All of it is mapped, once, for reading and writing. Opening or mapping
//!   with less access, or at a base address, is [`Unsupported`](crate::ErrorKind::Unsupported).
//! - **Security** (C19, C20). Objects are for their owner alone on POSIX; other permissions are
//!   `Unsupported`. The owner of an object that is opened is not checked, whatever
//!   [`Trust`](crate::Trust) says. Descriptors are those of `shm_open`, closed on exec.
//! - **Names** (C4). Regions have names of their own, apart from those of [`Region`](crate::Region): the
//!   two never meet. See [`SharedMemoryRegion::os_id`]. On Windows `Global\` names are `Unsupported`,
//!   because the crate cannot spell them, and `Local\` ones are the user's temporary directory's.
//! - **Anonymous regions** are `Unsupported`: what the crate makes without a name has a random one.
//!
//! It does keep the rules on names (C1, C2), sizes in whole pages (C7), ranges (C10), handles and views
//! that are dropped in any order (C13), and safe access (C14).
//!
//! # Errors
//! The system's error code is the source where `shared_memory` tells it, which it does not always do.
//!
//! # Units
//! Sizes, lengths and offsets are in bytes.
//!
//! # Platform-specific behavior
//! On POSIX a region is a `shm_open` object without the contract's trailer and locks. On Windows it is a
//! section over a temporary file in the folder `shared_memory-rs` of the temporary directory.
//! `shared_memory` 0.12 is written for Linux, macOS and Windows, and no longer compiles for FreeBSD.

use std::fmt;
use std::io;
use std::ptr::NonNull;
use std::sync::Arc;

use shared_memory::{Shmem, ShmemConf, ShmemError};

use crate::{
    Access, CreateOptions, Disposition, Error, ErrorKind, Keeper, MapRequest, MappedRange, NameSpace,
    ObjectName, OpenOptions, Permissions, Result, SharedRegion, View, check_map_request,
};

const CREATE: &str = "create the region by shared_memory";
const OPEN: &str = "open the region by shared_memory";
const MAP: &str = "map a view of the region by shared_memory";

/// How often *create or open* tries the two in turn, when others create and drop the name meanwhile.
const TURNS: usize = 1000;

/// What one `Shmem` has mapped, kept by the region and by every view of it.
struct Mapping(Shmem);

// SAFETY: Shmem is not Send because it holds a raw pointer, to a mapping that belongs to the process and
// not to a thread. Nothing in it is bound to the thread that made it: dropping it unmaps, closes and
// unlinks, which any thread may do, and it has no file link, whose path it would remove.
unsafe impl Send for Mapping {}
// SAFETY: shared, only `as_ptr` and `len` are called, which read fields that nobody writes. The memory
// behind the pointer is touched through `View` alone, which is sound against any concurrent access.
unsafe impl Sync for Mapping {}

/// A region of the crate `shared_memory`. See the [module](self) for what it does not do.
pub struct SharedMemoryRegion {
    name: ObjectName,
    mapping: Arc<Mapping>,
}

impl SharedMemoryRegion {
    /// The name by which `shared_memory` knows an object (its `os_id`): what a program that uses that
    /// crate by itself passes, to meet this one.
    ///
    /// It is `/shared_memory.local.` or `/shared_memory.global.` and the name's rest, in which bytes
    /// outside `[a-z0-9_-]` (on POSIX also `[A-Z]`) are percent-encoded: Windows' file names are not
    /// case-sensitive. Where that would be too long, it is `/shared_memory.~` and the SHA-256 of it in
    /// hexadecimal digits, as many as there is room for.
    ///
    /// # Platform-specific behavior
    /// On POSIX the user's number follows `local`, as in `/shared_memory.local.1000.X`. On Windows there
    /// is no slash before it. It has at most 150 bytes, and 31 on Apple's systems.
    #[must_use]
    pub fn os_id(name: &ObjectName) -> String {
        let space = match name.name_space() {
            NameSpace::Local if cfg!(unix) => format!("local.{}", crate::UserId::current()),
            NameSpace::Local => "local".to_owned(),
            NameSpace::Global => "global".to_owned(),
        };
        let mut id = format!("shared_memory.{space}.{}", percent_encoded(name.rest()));
        if id.len() > LONGEST_ID {
            id = format!("shared_memory.~{}", digest(&id));
            id.truncate(LONGEST_ID);
        }
        if cfg!(unix) { format!("/{id}") } else { id }
    }

    fn new(name: &ObjectName, shmem: Shmem) -> Self {
        SharedMemoryRegion { name: name.clone(), mapping: Arc::new(Mapping(shmem)) }
    }
}

/// In bytes, without the slash. The system's limit on Apple's systems (PSHMNAMLEN); else one that leaves
/// room for a directory in Windows' 260 characters, and for what `shared_memory` appends.
const LONGEST_ID: usize = if cfg!(target_vendor = "apple") { 30 } else { 150 };

fn percent_encoded(rest: &str) -> String {
    let mut encoded = String::new();
    for byte in rest.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => encoded.push(byte.into()),
            b'A'..=b'Z' if cfg!(unix) => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02x}")),
        }
    }
    encoded
}

fn digest(text: &str) -> String {
    hmac_sha256::Hash::hash(text.as_bytes()).map(|byte| format!("{byte:02x}")).concat()
}

impl Keeper for Mapping {}

// SAFETY: `map` gives out views of the one mapping that a Shmem makes, over its whole length, which is
// mapped for reading and writing until the Shmem is dropped; region and views keep it by an Arc, and
// nothing remaps or shrinks it. No call gives out references to its bytes, and its length is a field
// that never changes. (That touching it may raise SIGBUS, when memory runs out or a peer truncates the
// file, ends the process and breaks no promise of memory safety.)
unsafe impl SharedRegion for SharedMemoryRegion {
    fn create(name: &ObjectName, options: &CreateOptions) -> Result<Self> {
        let size = checked_size(name, options)?;
        let shmem = ShmemConf::new()
            .os_id(SharedMemoryRegion::os_id(name))
            .size(size)
            .create()
            .map_err(|cause| error_from(cause, CREATE, name, options.size()))?;
        Ok(Self::new(name, shmem))
    }

    fn create_or_open(name: &ObjectName, options: &CreateOptions) -> Result<(Self, Disposition)> {
        for _ in 0..TURNS {
            match Self::create(name, options) {
                Ok(region) => return Ok((region, Disposition::Created)),
                Err(error) if *error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            match Self::open(name, &OpenOptions::read_write()) {
                Ok(region) => return Ok((region, Disposition::Opened)),
                Err(error) if *error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Err(about(name, ErrorKind::TimedOut, CREATE)
            .with_detail("others create and drop the name all the time; try again"))
    }

    fn open(name: &ObjectName, options: &OpenOptions) -> Result<Self> {
        if options.access() != Access::ReadWrite {
            return Err(about(name, ErrorKind::Unsupported, OPEN).with_detail(
                "shared_memory opens for reading and writing only; ask for that, or use Region",
            ));
        }
        check_name_space(name, OPEN)?;
        let shmem = ShmemConf::new()
            .os_id(SharedMemoryRegion::os_id(name))
            .open()
            .map_err(|cause| error_from(cause, OPEN, name, 0))?;
        Ok(Self::new(name, shmem))
    }

    fn anonymous(options: &CreateOptions) -> Result<Self> {
        let error = |kind| Error::new(kind, "create a region without a name by shared_memory");
        if options.size() == 0 {
            return Err(
                error(ErrorKind::InvalidArgument).with_detail("the size is zero; ask for one byte or more")
            );
        }
        Err(error(ErrorKind::Unsupported)
            .with_detail("shared_memory gives every region a name that others can open; use Region"))
    }

    fn name(&self) -> Option<&ObjectName> {
        Some(&self.name)
    }

    fn len(&self) -> u64 {
        self.mapping.0.len() as u64
    }

    fn access(&self) -> Access {
        Access::ReadWrite
    }

    fn map(&self, request: &MapRequest) -> Result<View> {
        check_map_request(self, request)?;
        let unsupported = |detail| Err(about(&self.name, ErrorKind::Unsupported, MAP).with_detail(detail));
        if request.access() != Access::ReadWrite {
            return unsupported(
                "shared_memory maps for reading and writing only; ask for that, or use Region",
            );
        }
        if request.base().is_some() {
            return unsupported(
                "shared_memory maps where the system likes; ask for no address, or use Region",
            );
        }
        // Inside the mapping, so both fit in a usize.
        let (offset, len) = (request.offset() as usize, request.len() as usize);
        // SAFETY: the range was checked to lie inside the mapping, which begins at `as_ptr`.
        let start = unsafe { self.mapping.0.as_ptr().add(offset) };
        let base = NonNull::new(start).expect("no mapping begins at address zero");
        let keeper = Arc::clone(&self.mapping) as Arc<_>;
        // SAFETY: the range is mapped for reading and writing until the last Arc of the mapping goes, and
        // the keeper is one of them. Only views give safe access to it, and they make no references.
        Ok(unsafe { View::from_mapped(MappedRange { base, len, access: Access::ReadWrite, keeper }) })
    }
}

impl fmt::Debug for SharedMemoryRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedMemoryRegion")
            .field("name", &self.name)
            .field("len", &self.len())
            .field("access", &self.access())
            .finish()
    }
}

#[cold]
fn about(name: &ObjectName, kind: ErrorKind, operation: &'static str) -> Error {
    Error::new(kind, operation).with_name(name.to_string())
}

fn check_name_space(name: &ObjectName, operation: &'static str) -> Result<()> {
    if cfg!(windows) && name.name_space() == NameSpace::Global {
        return Err(about(name, ErrorKind::Unsupported, operation).with_detail(
            "shared_memory cannot spell Global\\ names on Windows; use a Local\\ one, or Region",
        ));
    }
    Ok(())
}

/// The size in whole pages, after the checks that need no system call.
fn checked_size(name: &ObjectName, options: &CreateOptions) -> Result<usize> {
    check_name_space(name, CREATE)?;
    if options.size() == 0 {
        return Err(about(name, ErrorKind::InvalidArgument, CREATE)
            .with_detail("the size is zero; ask for one byte or more"));
    }
    if options.asked_permissions() != Permissions::owner_only() {
        return Err(about(name, ErrorKind::Unsupported, CREATE)
            .with_detail("shared_memory has no permissions to choose; leave them, or use Region"));
    }
    let out_of_memory = || {
        let kind = ErrorKind::OutOfMemory { requested: options.size(), available: None };
        about(name, kind, CREATE)
    };
    let rounded = options.size().checked_next_multiple_of(page_size()).ok_or_else(out_of_memory)?;
    // Files and Rust's own objects end there.
    isize::try_from(rounded).map(isize::unsigned_abs).map_err(|_| out_of_memory())
}

#[cfg(unix)]
fn page_size() -> u64 {
    // SAFETY: sysconf has no preconditions.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(size).expect("a system has a page size")
}

#[cfg(windows)]
fn page_size() -> u64 {
    let mut info = std::mem::MaybeUninit::zeroed();
    // SAFETY: the structure is writable and plain data, for which zeros are a value.
    let info = unsafe {
        windows_sys::Win32::System::SystemInformation::GetSystemInfo(info.as_mut_ptr());
        info.assume_init()
    };
    u64::from(info.dwPageSize)
}

#[cold]
fn error_from(cause: ShmemError, operation: &'static str, name: &ObjectName, requested: u64) -> Error {
    let code = match cause {
        ShmemError::MappingIdExists => return about(name, ErrorKind::AlreadyExists, operation),
        ShmemError::MapCreateFailed(code)
        | ShmemError::MapOpenFailed(code)
        | ShmemError::UnknownOsError(code) => code,
        // The others are about file links and sizes of zero, which are not used here.
        other => {
            return about(name, ErrorKind::Os, operation).with_detail(format!("{other}; see shared_memory"));
        }
    };
    let source = io::Error::from_raw_os_error(code as i32);
    let kind = match source.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
        io::ErrorKind::PermissionDenied => ErrorKind::AccessDenied,
        io::ErrorKind::OutOfMemory | io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge => {
            ErrorKind::OutOfMemory { requested, available: None }
        }
        _ => ErrorKind::Os,
    };
    about(name, kind, operation).with_source(source)
}
