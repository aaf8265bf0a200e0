//! A file that is open, for the table of handles, for calls on files and for mappings.

use std::fs::File;

use super::errors::code_of_io;

/// A file that a program opened.
#[derive(Debug)]
pub(super) struct OpenFile(pub(super) File);

impl OpenFile {
    pub(super) fn len(&self) -> Result<u64, u32> {
        self.0.metadata().map(|facts| facts.len()).map_err(|cause| code_of_io(&cause))
    }

    /// The same open file, for a region.
    pub(super) fn again(&self) -> Result<File, u32> {
        self.0.try_clone().map_err(|cause| code_of_io(&cause))
    }
}
