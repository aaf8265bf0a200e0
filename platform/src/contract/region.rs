//! The memory of a new region, and the facts of an open one.

use super::context::{Context, Operation};
use crate::{Access, CreateOptions, FileOptions, FileSource, ObjectName};

/// The memory of a new region.
#[derive(Debug)]
pub(crate) enum Bytes<'a> {
    /// Zeros; the size is not zero.
    Zeros(&'a CreateOptions),
    /// The bytes of a file.
    OfFile(FileSource, &'a FileOptions),
}

/// The facts of an open region on every system. They never change.
#[derive(Clone, Debug)]
pub(crate) struct RegionFacts {
    pub(crate) name: Option<ObjectName>,
    /// The length in bytes: whole pages, or for a file the length asked for.
    pub(crate) len: u64,
    /// The access of this handle.
    pub(crate) access: Access,
    pub(crate) is_over_file: bool,
}

impl RegionFacts {
    /// For the errors of a call on this region.
    pub(crate) fn context(&self, operation: Operation) -> Context<'_> {
        Context { operation, name: self.name.as_ref() }
    }
}
