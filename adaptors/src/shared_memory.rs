//! The trait [`SharedRegion`] over the crate `shared_memory` 0.12.
//!
//! A program that uses `shared_memory` takes [`SharedMemoryRegion`] first, and changes to
//! [`Region`] in one line later. **It does not keep the contract.** `docs/adaptors.md` in the repository lists
//! the rules that it breaks, as the conformance suite finds them. In plain words:
//!
//! - **Lifetime** (C15 to C17). The name goes with its creator, while others still hold the object. A creator that
//!   is killed, or exits without dropping, leaves the object and its contents behind: the next creator is told that
//!   the name is taken, and an opener gets the old contents.
//! - **Half-made objects** (C6). On POSIX an object can be opened before it has its length. That is an error of
//!   kind [`Os`](ErrorKind::Os).
//! - **Memory** (C8). It is not committed on POSIX: touching memory that cannot be had raises SIGBUS.
//! - **Access** (C11, C12). All of it is mapped, once, for reading and writing. Less access, or a base address, is
//!   [`Unsupported`](ErrorKind::Unsupported).
//! - **Security** (C19, C20). Permissions are `Unsupported`, and an owner is not checked, whatever
//!   [`Trust`](samemap::Trust) says.
//! - **Names** (C4). Regions have names of their own, which those of [`Region`] never meet; see
//!   [`SharedMemoryRegion::os_id`].
//! - **Anonymous regions** are `Unsupported`: the crate gives every region a name.

use std::fmt;
use std::io;
use std::ptr::NonNull;
use std::sync::Arc;

use ::shared_memory::{Shmem, ShmemConf, ShmemError};
use samemap::backend::{Keeper, MappedRange, check_map_request};
use samemap::names::NameSpace;
use samemap::regions::MapRequest;
use samemap::traits::SharedRegion;
use samemap::{
    Access, CreateOptions, Disposition, Error, ErrorKind, ObjectName, OpenOptions, Permissions, Region,
    Result, View,
};

const CREATE: &str = "create the region by shared_memory";
const OPEN: &str = "open the region by shared_memory";
const MAP: &str = "map a view of the region by shared_memory";

const ONE_ACCESS: &str =
    "shared_memory opens and maps for reading and writing only; ask for that, or use Region";

/// What one `Shmem` has mapped, kept by the region and by every view of it.
struct Mapping(Shmem);

/// Memory of this kind lies over nothing that a flush could reach.
impl Keeper for Mapping {}

// SAFETY: a Shmem holds a raw pointer to a mapping, which belongs to the process and not to a thread, and any
// thread may unmap, close and unlink.
unsafe impl Send for Mapping {}
// SAFETY: shared, only `as_ptr` and `len` are called, which read fields that never change.
unsafe impl Sync for Mapping {}

/// A region of the crate `shared_memory`. See the [module](self) for what it does not do.
pub struct SharedMemoryRegion {
    name: ObjectName,
    mapping: Arc<Mapping>,
}

impl SharedMemoryRegion {
    /// The name by which `shared_memory` knows an object: what a program that uses that crate alone passes to
    /// `ShmemConf::os_id`.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) for a `Global\` name on Windows, which the crate cannot spell.
    ///
    /// # Platform-specific behavior
    /// On POSIX it is [`ObjectName::posix_name`] with `adapted` in place of `samemap`. On Windows, where it is also
    /// the name of a file, it is `adapted.` and the SHA-256 of the name in hexadecimal digits.
    pub fn os_id(name: &ObjectName) -> Result<String> {
        if let Some(posix_name) = name.posix_name() {
            return Ok(posix_name.replacen("samemap", "adapted", 1));
        }
        if name.name_space() == NameSpace::Global {
            return Err(unsupported(
                name,
                "use the name",
                r"shared_memory cannot spell Global\ names; use a Local\ one, or Region",
            ));
        }
        let digest = hmac_sha256::Hash::hash(name.to_string().as_bytes());
        Ok(format!("adapted.{}", digest.map(|byte| format!("{byte:02x}")).concat()))
    }

    fn new(name: &ObjectName, shmem: Shmem) -> Self {
        SharedMemoryRegion { name: name.clone(), mapping: Arc::new(Mapping(shmem)) }
    }
}

// SAFETY: `map` gives out views of the one mapping that a Shmem makes, over its whole length and for reading and
// writing, which stays until the last of region and views is dropped. No call gives out references to its bytes,
// and its length is a field that never changes.
unsafe impl SharedRegion for SharedMemoryRegion {
    fn create(name: &ObjectName, options: &CreateOptions) -> Result<Self> {
        if options.asked_permissions() != Permissions::owner_only() {
            return Err(unsupported(
                name,
                CREATE,
                "shared_memory gives no choice of permissions; leave them, or use Region",
            ));
        }
        let conf = ShmemConf::new().os_id(Self::os_id(name)?).size(whole_pages(name, options.size())?);
        let shmem = conf.create().map_err(|cause| refused(cause, name, CREATE, options.size()))?;
        Ok(Self::new(name, shmem))
    }

    fn create_or_open(name: &ObjectName, options: &CreateOptions) -> Result<(Self, Disposition)> {
        /// How often the name may come and go between the two calls.
        const TURNS: usize = 1000;
        for _ in 0..TURNS {
            match Self::create(name, options) {
                Err(error) if error.is(ErrorKind::AlreadyExists) => {}
                created => return created.map(|region| (region, Disposition::Created)),
            }
            match Self::open(name, &OpenOptions::read_write()) {
                Err(error) if error.is(ErrorKind::NotFound) => {}
                opened => return opened.map(|region| (region, Disposition::Opened)),
            }
        }
        Err(about(name, ErrorKind::TimedOut, CREATE)
            .with_detail("others create and drop the name all the time; try again"))
    }

    fn open(name: &ObjectName, options: &OpenOptions) -> Result<Self> {
        if options.access() != Access::ReadWrite {
            return Err(unsupported(name, OPEN, ONE_ACCESS));
        }
        let conf = ShmemConf::new().os_id(Self::os_id(name)?);
        let shmem = conf.open().map_err(|cause| refused(cause, name, OPEN, 0))?;
        Ok(Self::new(name, shmem))
    }

    fn anonymous(_: &CreateOptions) -> Result<Self> {
        Err(Error::new(ErrorKind::Unsupported, "create a region without a name")
            .with_detail("shared_memory gives every region a name; use Region"))
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
        if request.access() != Access::ReadWrite {
            return Err(unsupported(&self.name, MAP, ONE_ACCESS));
        }
        if request.base().is_some() {
            return Err(unsupported(
                &self.name,
                MAP,
                "shared_memory maps where the system likes; ask for no address, or use Region",
            ));
        }
        // Inside the mapping, so both fit in a usize.
        let (offset, len) = (request.offset() as usize, request.len() as usize);
        // SAFETY: the range was checked to lie inside the mapping, which begins at `as_ptr`.
        let start = unsafe { self.mapping.0.as_ptr().add(offset) };
        let base = NonNull::new(start).expect("no mapping begins at address zero");
        let keeper = Arc::clone(&self.mapping) as Arc<_>;
        // SAFETY: the range is mapped for reading and writing until the last Arc of the mapping goes, and the keeper
        // is one of them. Only views give safe access to it, and they make no references.
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

/// A size in whole pages, which every object can have.
fn whole_pages(name: &ObjectName, size: u64) -> Result<usize> {
    // The system's own region of one byte has the length of a page.
    let page = Region::anonymous(&CreateOptions::new(1))?.len();
    let rounded = size.checked_next_multiple_of(page).and_then(|size| isize::try_from(size).ok());
    rounded.map(isize::unsigned_abs).ok_or_else(|| about(name, out_of_memory(size), CREATE))
}

fn out_of_memory(requested: u64) -> ErrorKind {
    ErrorKind::OutOfMemory { requested, available: None }
}

#[cold]
fn about(name: &ObjectName, kind: ErrorKind, operation: &'static str) -> Error {
    Error::new(kind, operation).with_name(name.to_string())
}

#[cold]
fn unsupported(name: &ObjectName, operation: &'static str, detail: &str) -> Error {
    about(name, ErrorKind::Unsupported, operation).with_detail(detail)
}

#[cold]
fn refused(cause: ShmemError, name: &ObjectName, operation: &'static str, size: u64) -> Error {
    let code = match cause {
        ShmemError::MappingIdExists => return about(name, ErrorKind::AlreadyExists, operation),
        ShmemError::MapSizeZero => {
            return about(name, ErrorKind::InvalidArgument, operation)
                .with_detail("the size is zero; ask for one byte or more");
        }
        ShmemError::MapCreateFailed(code)
        | ShmemError::MapOpenFailed(code)
        | ShmemError::UnknownOsError(code) => code,
        // The others are about file links, which are not used here.
        other => return about(name, ErrorKind::Os, operation).with_detail(other.to_string()),
    };
    let source = io::Error::from_raw_os_error(code as i32);
    let kind = match source.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::PermissionDenied => ErrorKind::AccessDenied,
        io::ErrorKind::OutOfMemory | io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge => {
            out_of_memory(size)
        }
        _ => ErrorKind::Os,
    };
    about(name, kind, operation).with_source(source)
}
