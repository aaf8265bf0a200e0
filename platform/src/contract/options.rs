//! The options of calls that make, open and map, with named setters.

use std::time::Duration;

use crate::{Access, Permissions, Trust};

/// How a region is to be created, or created or opened.
///
/// ```
/// # use samemap_platform as samemap;
/// use samemap::{CreateOptions, Permissions, Share};
/// let options = CreateOptions::new(65536)
///     .permissions(Permissions::owner_only().group(Share::ReadOnly));
/// assert_eq!(options.size(), 65536);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct CreateOptions {
    size: u64,
    permissions: Permissions,
    trust: Trust,
}

impl CreateOptions {
    /// A region of at least `size` bytes (rounded up to whole pages), for its owner alone.
    pub const fn new(size: u64) -> Self {
        CreateOptions { size, permissions: Permissions::owner_only(), trust: Trust::OwnAndSystem }
    }

    /// The size asked for, in bytes, before rounding.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }
}

permissions_and_trust!(CreateOptions {
    /// Lets other users open the object. Ignored when *create or open* opens.
    permissions,
    /// The owners whose objects are accepted when *create or open* opens.
    trust
});

/// How an object is to be opened: a region, or an object to wait for.
///
/// The default opens an object of the caller or of the system, for reading and writing. Objects to wait for always need
/// that access.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct OpenOptions {
    access: Access,
    trust: Trust,
    patience: Duration,
}

impl Default for OpenOptions {
    fn default() -> Self {
        OpenOptions::read_write()
    }
}

impl OpenOptions {
    /// Opens with this access.
    pub const fn new(access: Access) -> Self {
        OpenOptions { access, trust: Trust::OwnAndSystem, patience: Duration::ZERO }
    }

    /// Opens for reading.
    pub const fn read_only() -> Self {
        Self::new(Access::ReadOnly)
    }

    /// Opens for reading and writing.
    pub const fn read_write() -> Self {
        Self::new(Access::ReadWrite)
    }

    /// The owners whose objects are accepted.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// How long to wait for an object that does not exist yet. The call fails with
    /// [`NotFound`](crate::ErrorKind::NotFound) after this time, and without patience at once. An object that exists
    /// and cannot be opened fails at once.
    ///
    /// # Platform-specific behavior
    /// On Linux the caller sleeps until a file appears in the directory of the objects (inotify). On Windows the kernel
    /// sends no such event, so the call tries again after pauses of 1 ms at first and of 20 ms at most. It does so on
    /// Linux, too, where the user has no inotify watch left.
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The access asked for.
    #[must_use]
    pub const fn access(&self) -> Access {
        self.access
    }

    /// How long to wait for the object.
    #[must_use]
    pub const fn asked_patience(&self) -> Duration {
        self.patience
    }

    /// The owners whose objects are accepted.
    #[must_use]
    pub const fn accepted(&self) -> &Trust {
        &self.trust
    }
}

/// A range of a region to be mapped as a view.
///
/// Not checked: [`SharedRegion::map`](crate::Region::map) does that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct MapRequest {
    offset: u64,
    len: u64,
    access: Access,
    base: Option<usize>,
}

impl MapRequest {
    /// `len` bytes at `offset`, with `access`, wherever the system likes.
    pub const fn new(offset: u64, len: u64, access: Access) -> Self {
        MapRequest { offset, len, access, base: None }
    }

    /// At exactly this address; the call fails where that cannot be (rule C12). The address and the offset must be
    /// multiples of 64 KiB on every system.
    pub const fn at_base(mut self, address: usize) -> Self {
        self.base = Some(address);
        self
    }

    /// The first byte of the range.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The length of the range in bytes. Never zero in a checked request.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a length asked for, not a collection")]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// The access asked for.
    #[must_use]
    pub const fn access(&self) -> Access {
        self.access
    }

    /// The base address asked for.
    #[must_use]
    pub const fn base(&self) -> Option<usize> {
        self.base
    }
}

/// Whether *create or open* created or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// The object is new.
    Created,
    /// The object existed; the size and the permissions asked for were ignored.
    Opened,
}
