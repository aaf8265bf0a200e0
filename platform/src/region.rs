//! The seam between the systems: a trait that every backend implements.

use std::fmt;
use std::ops::RangeBounds;

use crate::contract::range::resolve;
use crate::{
    Access, CreateOptions, Disposition, Error, ErrorKind, MapRequest, ObjectName, OpenOptions, Result, View,
};

/// Base addresses, and the offsets that go with them, are multiples of this on every system (rule C12):
/// Windows' allocation granularity.
pub const BASE_GRANULARITY: usize = 64 * 1024;

/// Shared memory: named, or anonymous, with the contract's rules of life.
///
/// [`Region`](crate::Region) is the system's own. Anybody can implement the trait; the conformance suite
/// (feature `conformance`) tells which rules an implementation keeps.
///
/// # Safety
/// [`View`] gives safe access to the memory that an implementation maps, so an implementer owes this:
/// - [`map`](Self::map) returns a view over memory that is mapped with the access the view claims, for
///   the view's whole length, until the view is dropped, also when the region is dropped first. Nothing
///   in the same process unmaps it, remaps it or shrinks it before.
/// - No safe call of the implementation gives out a Rust reference to plain bytes of that memory.
/// - [`len`](Self::len) never changes.
#[expect(clippy::len_without_is_empty, reason = "a region is never empty")]
pub unsafe trait SharedRegion: Sized + Send + Sync + fmt::Debug + 'static {
    /// Creates a region under a name that is free.
    ///
    /// It is held with [`Access::ReadWrite`], reads as zeros, and its memory is committed.
    ///
    /// # Errors
    /// [`AlreadyExists`](ErrorKind::AlreadyExists) when a region has the name,
    /// [`KindMismatch`](ErrorKind::KindMismatch) when something else has it,
    /// [`OutOfMemory`](ErrorKind::OutOfMemory), [`AccessDenied`](ErrorKind::AccessDenied),
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for a size of zero.
    fn create(name: &ObjectName, options: &CreateOptions) -> Result<Self>;

    /// Creates the region, or opens it for reading and writing where the name is taken, and says which
    /// of the two happened. When it opens, the size and permissions asked for are ignored.
    ///
    /// # Errors
    /// As for [`create`](Self::create) and [`open`](Self::open), but neither
    /// [`AlreadyExists`](ErrorKind::AlreadyExists) nor [`NotFound`](ErrorKind::NotFound).
    fn create_or_open(name: &ObjectName, options: &CreateOptions) -> Result<(Self, Disposition)>;

    /// Opens a region that somebody holds.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) when nobody does,
    /// [`KindMismatch`](ErrorKind::KindMismatch), [`UntrustedOwner`](ErrorKind::UntrustedOwner),
    /// [`AccessDenied`](ErrorKind::AccessDenied).
    fn open(name: &ObjectName, options: &OpenOptions) -> Result<Self>;

    /// Creates a region without a name, which can be shared only by handle.
    ///
    /// # Errors
    /// [`OutOfMemory`](ErrorKind::OutOfMemory), [`InvalidArgument`](ErrorKind::InvalidArgument) for a
    /// size of zero, [`Unsupported`](ErrorKind::Unsupported).
    fn anonymous(options: &CreateOptions) -> Result<Self>;

    /// The name, unless the region is anonymous.
    fn name(&self) -> Option<&ObjectName>;

    /// The size in bytes: whole pages, the same for every holder, for life.
    fn len(&self) -> u64;

    /// The access that the region is held with.
    fn access(&self) -> Access;

    /// Maps a range of the region.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for an empty range, or a base address or offset
    /// off the 64 KiB grid; [`OutOfRange`](ErrorKind::OutOfRange);
    /// [`AccessDenied`](ErrorKind::AccessDenied) for more access than the region has;
    /// [`AddressInUse`](ErrorKind::AddressInUse); [`OutOfMemory`](ErrorKind::OutOfMemory) when the
    /// address space cannot hold it.
    fn map(&self, request: &MapRequest) -> Result<View>;

    /// Maps a range, such as `0..1024` or `..`, with an access.
    ///
    /// # Errors
    /// Those of [`map`](Self::map).
    fn view(&self, range: impl RangeBounds<u64>, access: Access) -> Result<View> {
        let (offset, len) = resolve(range, self.len(), "map a view")?;
        self.map(&MapRequest::new(offset, len, access))
    }
}

/// The checks of C10 to C12 that are the same on every system; a backend calls this first in
/// [`map`](SharedRegion::map).
///
/// # Errors
/// Those of [`map`](SharedRegion::map), but for what only the system can tell.
pub fn check_map_request(region: &impl SharedRegion, request: &MapRequest) -> Result<()> {
    let error = |kind| {
        let error = Error::new(kind, "map a view of the region");
        match region.name() {
            Some(name) => error.with_name(name.to_string()),
            None => error,
        }
    };
    if request.len() == 0 {
        return Err(
            error(ErrorKind::InvalidArgument).with_detail("the range is empty; ask for one byte or more")
        );
    }
    let (offset, len, region_len) = (request.offset(), request.len(), region.len());
    if offset.checked_add(len).is_none_or(|end| end > region_len) {
        return Err(error(ErrorKind::OutOfRange { offset, len, region_len }));
    }
    if !region.access().allows(request.access()) {
        return Err(error(ErrorKind::AccessDenied).with_detail(format!(
            "the region is held {} and the view asks for {}; open the region with more access",
            region.access(),
            request.access()
        )));
    }
    check_base(request).map_err(|detail| error(ErrorKind::InvalidArgument).with_detail(detail))?;
    // Rust's own limit for one object: an offset from a pointer fits in an isize.
    if isize::try_from(len).is_err() {
        return Err(error(ErrorKind::OutOfMemory { requested: len, available: None })
            .with_detail(format!("a view of {len} bytes does not fit in the address space; map a part")));
    }
    Ok(())
}

fn check_base(request: &MapRequest) -> Result<(), &'static str> {
    let Some(base) = request.base() else { return Ok(()) };
    if base == 0 || base % BASE_GRANULARITY != 0 {
        return Err("the base address is zero or no multiple of 64 KiB; ask for one that is");
    }
    if request.offset() % BASE_GRANULARITY as u64 != 0 {
        return Err("with a base address the offset must be a multiple of 64 KiB; ask for one that is");
    }
    Ok(())
}
