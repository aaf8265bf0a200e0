//! What a region is made of, and what is known of one that is open.

use super::context::{Context, Operation};
use crate::{Access, CreateOptions, FileOptions, FileSource, ObjectName};

/// What the bytes of a new region are.
#[derive(Debug)]
pub(crate) enum Bytes<'a> {
    /// Zeros, of a size that is not zero.
    Zeros(&'a CreateOptions),
    /// A file's.
    OfFile(FileSource, &'a FileOptions),
}

/// What every system knows of an open region. None of it changes.
#[derive(Clone, Debug)]
pub(crate) struct RegionFacts {
    pub(crate) name: Option<ObjectName>,
    /// In bytes: whole pages, or of a file all that was asked for.
    pub(crate) len: u64,
    /// What it is held with.
    pub(crate) access: Access,
    pub(crate) is_over_file: bool,
}

impl RegionFacts {
    /// For the errors of a call on this region.
    pub(crate) fn context(&self, operation: Operation) -> Context<'_> {
        Context { operation, name: self.name.as_ref() }
    }
}
