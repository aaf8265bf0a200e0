//! How a newest value is shared, and how reading one ends.

use std::time::Duration;

use samemap_platform::internal::permissions_and_trust;

use crate::{Access, CreateOptions, OpenOptions, Permissions, Trust};

/// How a newest value is shared: the same options for its writer and for its readers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct LatestOptions {
    pub(super) version: u32,
    permissions: Permissions,
    trust: Trust,
    read_only: bool,
    patience: Duration,
}

impl LatestOptions {
    /// For its owner alone, with type version 0.
    pub fn new() -> Self {
        LatestOptions::default()
    }

    /// The version of the program's type: a program with another one is told so, also where the sizes agree.
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Opens the region for reading only, which suffices for all but to wait.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// How long a reader waits for a region that no writer has made yet: see [`OpenOptions::patience`].
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    pub(super) fn to_create(&self, size: u64) -> CreateOptions {
        CreateOptions::new(size).permissions(self.permissions).trust(self.trust.clone())
    }

    pub(super) fn to_open(&self) -> OpenOptions {
        OpenOptions::new(self.access()).trust(self.trust.clone()).patience(self.patience)
    }

    pub(super) fn access(&self) -> Access {
        if self.read_only { Access::ReadOnly } else { Access::ReadWrite }
    }
}

permissions_and_trust!(LatestOptions {
    /// Lets other users in, where the writer makes the region. A user that is let in only to read cannot wait.
    permissions,
    /// Which user's region is accepted, where there is one already.
    trust
});

/// A value and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot<T> {
    /// The value's number: 1 for the first one, and one more for each that follows.
    pub sequence: u64,
    /// The value.
    pub value: T,
}

/// How a wait for a newer value ended. That the writer has ended is no error: the newest value stays readable, and
/// another writer may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Awaited<T> {
    /// There is a newer value.
    Newer(T),
    /// The writer has ended, in order or not, and wrote nothing newer. A reader is told once for each writer; when it
    /// waits again, it waits for the next one.
    WriterGone,
}

impl<T> Awaited<T> {
    /// The newer value, if there is one.
    #[must_use]
    pub fn newer(self) -> Option<T> {
        match self {
            Awaited::Newer(value) => Some(value),
            Awaited::WriterGone => None,
        }
    }
}
