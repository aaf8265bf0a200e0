//! A region's handle, and the memory behind it.

use std::fs::File;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::io::Errno;

use super::descriptor::{self, BEHIND_STANDARD_STREAMS, Descriptor, Lockable};
use super::errors::is_shortage;
use super::fork;
use super::lifetime::Object;
use crate::contract::region::RegionFacts;
use crate::memory::{Mapped, SystemHandle};
use crate::testing::reached;
use crate::{Access, ObjectName};

/// A region's handle.
#[derive(Clone)]
pub(crate) struct Region {
    held: Arc<Held>,
    pub(super) facts: RegionFacts,
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

impl Held {
    /// The object with the name.
    pub(super) fn object(&self) -> Option<&Object> {
        match self {
            Held::Named(object) => Some(object),
            Held::File { object, .. } => object.as_ref(),
            Held::Anonymous(_) => None,
        }
    }

    /// The description to map. It carries no lock, which a mapping would keep in a forked child.
    pub(super) fn data(&self) -> &Descriptor {
        match self {
            Held::Named(object) => object.data().expect("an object that leads to a file is Held::File"),
            Held::Anonymous(file) | Held::File { file, .. } => &file.data,
        }
    }

    /// Whether the data are a file on a disk.
    pub(super) fn is_file(&self) -> bool {
        matches!(self, Held::File { .. })
    }

    /// The description for claims and seats of the objects inside; `None` when this user may not take any.
    pub(super) fn locks(&self) -> Option<&Lockable> {
        match self {
            Held::Named(object) => object.locks(),
            Held::Anonymous(file) | Held::File { file, .. } => file.locks.as_ref(),
        }
    }

    /// That description for this process alone: a forked child uses one of its own.
    pub(super) fn locks_of_this_process(&self) -> Result<BorrowedFd<'_>, Errno> {
        let locks = self.locks().ok_or(Errno::ACCESS)?;
        locks.of_this_process(|| match self {
            Held::Named(object) => object.locks_anew(),
            Held::Anonymous(file) | Held::File { file, .. } => Lockable::open(|| file.data.reopened(true)),
        })
    }
}

impl Mapped for Held {
    fn handle(&self) -> Option<SystemHandle<'_>> {
        self.locks_of_this_process().ok()
    }

    fn identity(&self) -> (u64, u64) {
        self.data().identity().parts()
    }
}

/// A mapped file, or memory with a descriptor and without a name.
#[derive(Debug)]
pub(super) struct MappedFile {
    /// Without a lock of this library.
    data: Descriptor,
    locks: Option<Lockable>,
    /// The caller's file with its locks, which a forked child must not keep.
    given: Option<Lockable>,
}

impl MappedFile {
    /// A file with a description that no other process has.
    pub(super) fn own(fd: OwnedFd, writable: bool) -> Result<MappedFile, Errno> {
        let data = Descriptor::new(fd)?;
        reached("file: opened");
        let locks = if writable { unless_refused(Lockable::open(|| data.reopened(true)))? } else { None };
        Ok(MappedFile { data, locks, given: None })
    }

    /// A file that the caller opened: other processes may share its description and its locks.
    pub(super) fn given(fd: OwnedFd, writable: bool) -> Result<MappedFile, Errno> {
        match unless_refused(descriptor::reopened(fd.as_fd(), writable))? {
            Some(fresh) => {
                let given = Some(Lockable::arrived(fd, &mut fork::held_off())?);
                Ok(MappedFile { given, ..MappedFile::own(fresh, writable)? })
            }
            None => Ok(MappedFile { data: Descriptor::shared(fd)?, locks: None, given: None }),
        }
    }

    /// A file that another process opened for this one, and closed. Where this user may not open it anew, the received
    /// description is used.
    pub(super) fn handed_over(
        fd: OwnedFd,
        locks: Option<OwnedFd>,
        writable: bool,
    ) -> Result<MappedFile, Errno> {
        let came = Descriptor::shared(fd)?;
        let Some(fresh) = unless_refused(came.reopened(writable))? else {
            let locks = locks.map(|fd| Lockable::arrived(fd, &mut fork::held_off())).transpose()?;
            return Ok(MappedFile { data: came, locks, given: None });
        };
        MappedFile::own(fresh, writable)
    }

    /// A file that another process has given away to this one: the description for locks is for this process alone.
    pub(super) fn given_away(fd: OwnedFd, locks: Option<Lockable>) -> Result<MappedFile, Errno> {
        Ok(MappedFile { data: Descriptor::shared(fd)?, locks, given: None })
    }

    /// The file as the caller opened it.
    pub(super) fn clone_of_given(&self) -> std::io::Result<File> {
        let given = self.given.as_ref().map_or(self.data.as_fd(), Lockable::as_fd);
        Ok(File::from(rustix::io::fcntl_dupfd_cloexec(given, BEHIND_STANDARD_STREAMS)?))
    }

    pub(super) fn data(&self) -> &Descriptor {
        &self.data
    }
}

/// What was opened anew; `None` where this user may not do that. A lack of descriptors is an error, and no refusal.
fn unless_refused<T>(opened: Result<T, Errno>) -> Result<Option<T>, Errno> {
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(errno) if is_shortage(errno) => Err(errno),
        Err(_) => Ok(None),
    }
}

impl Region {
    pub(super) fn of(held: Held, name: Option<&ObjectName>, len: u64, access: Access) -> Region {
        let is_over_file = held.is_file();
        let facts = RegionFacts { name: name.cloned(), len, access, is_over_file };
        Region { held: Arc::new(held), facts }
    }

    pub(super) fn named(object: Object, name: &ObjectName, access: Access) -> Region {
        let len = object.len();
        Region::of(Held::Named(object), Some(name), len, access)
    }

    pub(super) fn held(&self) -> &Arc<Held> {
        &self.held
    }
}
