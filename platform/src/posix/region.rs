//! Regions: [`SharedRegion`] on POSIX.

use std::fmt;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use super::commit::{self, Shortage};
use super::errors::Context;
use super::file::{self, Description, MappedFile};
use super::lifetime::{self, Object, Plan, planned_len};
use super::mapping::{self, Backing};
use super::trailer::Form;
use crate::memory::Mapped;
use crate::{
    Access, CreateOptions, Disposition, MapRequest, ObjectKind, ObjectName, OpenOptions, Result,
    SharedRegion, View, check_map_request,
};

/// The system's own shared memory: the backend that keeps the whole contract.
///
/// A clone shares the handle: the object is held until the last clone and the last view are gone.
///
/// # Platform-specific behavior
/// On Windows a file mapping backed by the paging file. On Linux a `shm_open` object, which any program
/// may map under its [`system_name`](ObjectName::system_name): the data start at byte 0 of the file, and
/// a page with the object's own facts lies behind them. An anonymous region is a sealed memfd there. In
/// a forked child (without exec) copies of a region and its views stay readable, but hold nothing.
#[derive(Clone)]
pub struct Region {
    held: Arc<Held>,
    name: Option<ObjectName>,
    len: u64,
    access: Access,
}

#[derive(Debug)]
pub(super) enum Held {
    Named(Object),
    Anonymous(MappedFile),
    /// Dropped in this order: the file, then the name that leads to it.
    File {
        file: MappedFile,
        object: Option<Object>,
    },
}

impl AsFd for Held {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Held::Named(object) => object.fd(),
            Held::Anonymous(file) | Held::File { file, .. } => file.fd(),
        }
    }
}

impl Mapped for Held {
    fn may_be_shared(&self) -> bool {
        match self {
            Held::Named(_) => false,
            Held::Anonymous(file) | Held::File { file, .. } => file.may_be_shared(),
        }
    }
}

impl Backing for Held {
    fn carries_lock(&self) -> bool {
        match self {
            Held::Named(_) => true,
            // Those of the objects inside it, and whatever locks a caller's file has.
            Held::Anonymous(_) | Held::File { .. } => lifetime::REOPENS,
        }
    }

    fn file(&self) -> Option<&File> {
        match self {
            Held::File { file, .. } => Some(file.file()),
            Held::Named(_) | Held::Anonymous(_) => None,
        }
    }
}

impl Region {
    pub(super) fn of(held: Held, name: Option<&ObjectName>, len: u64, access: Access) -> Region {
        Region { held: Arc::new(held), name: name.cloned(), len, access }
    }

    fn named(object: Object, name: &ObjectName, access: Access) -> Region {
        let len = object.len();
        Region::of(Held::Named(object), Some(name), len, access)
    }

    /// From an object that was opened.
    fn opened(object: Object, name: &ObjectName, access: Access) -> Result<Region> {
        match object.form() {
            Form::Memory => Ok(Region::named(object, name, access)),
            Form::LeadsToFile => file::follow(object, name, access),
        }
    }

    pub(super) fn held(&self) -> &Arc<Held> {
        &self.held
    }
}

pub(super) fn open(name: &ObjectName, options: &OpenOptions) -> Result<Region> {
    let object = Object::open(name, ObjectKind::Region, options)?;
    Region::opened(object, name, options.access())
}

fn plan<'a>(name: &'a ObjectName, options: &CreateOptions, operation: &'static str) -> Result<Plan<'a>> {
    let context = Context { operation, name: Some(name) };
    Ok(Plan {
        name,
        kind: ObjectKind::Region,
        asked: options.size(),
        len: planned_len(options, context)?,
        permissions: options.asked_permissions(),
        first_bytes: &[],
    })
}

// SAFETY: `mapping::map` maps whole pages that hold the checked range, with the access the view claims,
// and its keeper unmaps them only when the view goes; the object's file is never shrunk by us, nor are
// references to its bytes given out; `len` is stored once.
unsafe impl SharedRegion for Region {
    fn create(name: &ObjectName, options: &CreateOptions) -> Result<Self> {
        let object = Object::create(plan(name, options, "create the region")?)?;
        Ok(Region::named(object, name, Access::ReadWrite))
    }

    fn create_or_open(name: &ObjectName, options: &CreateOptions) -> Result<(Self, Disposition)> {
        let plan = plan(name, options, "create or open the region")?;
        let (object, created) = Object::create_or_open(plan, options.accepted())?;
        if created {
            return Ok((Region::named(object, name, Access::ReadWrite), Disposition::Created));
        }
        Ok((Region::opened(object, name, Access::ReadWrite)?, Disposition::Opened))
    }

    fn open(name: &ObjectName, options: &OpenOptions) -> Result<Self> {
        open(name, options)
    }

    fn anonymous(options: &CreateOptions) -> Result<Self> {
        let context = Context { operation: "create an anonymous region", name: None };
        let len = planned_len(options, context)?;
        let mode = options.asked_permissions().mode();
        let memory =
            Description::open(true, || anonymous_file(len, mode)).map_err(|shortage| match shortage {
                Shortage::NotEnough(left) => context.out_of_memory(options.size(), left),
                Shortage::Os(errno) => context.os(errno),
            })?;
        let held = Held::Anonymous(MappedFile::own(memory));
        Ok(Region::of(held, None, len, Access::ReadWrite))
    }

    fn name(&self) -> Option<&ObjectName> {
        self.name.as_ref()
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn access(&self) -> Access {
        self.access
    }

    fn map(&self, request: &MapRequest) -> Result<View> {
        check_map_request(self, request)?;
        let context = Context { operation: "map a view of the region", name: self.name.as_ref() };
        if let Held::File { file, .. } = &*self.held {
            file::check_not_truncated(file, request, context)?;
        }
        mapping::map(&self.held, request, context)
    }
}

/// Sealed against shrinking, so that nobody it is sent to can turn our views into SIGBUS. The mode bits decide who
/// may open anew, with more access, what was sent for reading.
#[cfg(target_os = "linux")]
fn anonymous_file(len: u64, mode: u32) -> Result<OwnedFd, Shortage> {
    use rustix::fs::{MemfdFlags, Mode, SealFlags, fchmod, fcntl_add_seals, memfd_create};
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let fd = match memfd_create(c"samemap", flags | MemfdFlags::NOEXEC_SEAL) {
        // Before Linux 6.3.
        Err(rustix::io::Errno::INVAL) => memfd_create(c"samemap", flags),
        made => made,
    }?;
    fchmod(&fd, Mode::from_raw_mode(mode))?;
    commit::commit(fd.as_fd(), len)?;
    fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(fd)
}

#[cfg(not(target_os = "linux"))]
fn anonymous_file(len: u64, _mode: u32) -> Result<OwnedFd, Shortage> {
    use rustix::fs::Mode;
    use rustix::io::Errno;
    use rustix::shm;
    let create = shm::OFlags::CREATE | shm::OFlags::EXCL | shm::OFlags::RDWR;
    for attempt in 0..100u32 {
        let name = format!("/sm.{}.{attempt}", std::process::id());
        match shm::open(&*name, create, Mode::RUSR | Mode::WUSR) {
            Ok(fd) => {
                shm::unlink(&*name)?;
                commit::commit(fd.as_fd(), len)?;
                return Ok(fd);
            }
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Err(Errno::EXIST.into())
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region")
            .field("name", &self.name.as_ref().map(ToString::to_string))
            .field("len", &self.len)
            .field("access", &self.access)
            .finish()
    }
}
