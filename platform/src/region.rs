//! Regions: the public type, and the trait that it shares with other implementations.

use std::fmt;
use std::ops::RangeBounds;

use crate::contract::context::{Context, Operation};
use crate::contract::range::resolve;
use crate::contract::region::Bytes;
use crate::seam::ask::Ask;
use crate::seam::kind::{Calls, calls};
use crate::seam::patience::open_in_time;
use crate::seam::region::{AskRegion, RawRegion as _};
use crate::seam::system::RawSystem as _;
use crate::system::System;
use crate::{
    Access, CreateOptions, Disposition, ErrorKind, MapRequest, ObjectKind, ObjectName, OpenOptions, Result,
    View, system,
};

/// Base addresses, and the offsets that go with them, are multiples of this on every system (rule C12):
/// Windows' allocation granularity.
pub const BASE_GRANULARITY: usize = 64 * 1024;

/// Shared memory, named or anonymous, with the contract's lifetime.
///
/// [`Region`](crate::Region) is the system's implementation. Other crates can implement the trait, too; the conformance
/// suite (feature `conformance`) tells which rules an implementation keeps.
///
/// # Safety
/// [`View`] gives safe access to the memory that an implementation maps, so an implementation must ensure this:
/// - [`map`](Self::map) returns a view over memory that is mapped with the access the view claims, for
///   the view's whole length, until the view is dropped, also when the region is dropped first. Nothing in this process
///   unmaps, remaps or shrinks it before.
/// - No safe call of the implementation gives out a Rust reference to plain bytes of that memory.
/// - [`len`](Self::len) never changes.
#[expect(clippy::len_without_is_empty, reason = "a region is never empty")]
pub unsafe trait SharedRegion: Sized + Send + Sync + fmt::Debug + 'static {
    /// Creates a region under a name that is free: see [`Region::create`].
    ///
    /// # Errors
    /// Those of [`Region::create`].
    fn create(name: &ObjectName, options: &CreateOptions) -> Result<Self>;

    /// Creates the region, or opens it where the name is taken, and returns which of the two happened: see
    /// [`Region::create_or_open`].
    ///
    /// # Errors
    /// Those of [`Region::create_or_open`].
    fn create_or_open(name: &ObjectName, options: &CreateOptions) -> Result<(Self, Disposition)>;

    /// Opens a region that a process holds: see [`Region::open`].
    ///
    /// # Errors
    /// Those of [`Region::open`].
    fn open(name: &ObjectName, options: &OpenOptions) -> Result<Self>;

    /// Creates a region without a name: see [`Region::anonymous`].
    ///
    /// # Errors
    /// Those of [`Region::anonymous`].
    fn anonymous(options: &CreateOptions) -> Result<Self>;

    /// The name, unless the region is anonymous.
    fn name(&self) -> Option<&ObjectName>;

    /// The size in bytes: whole pages, the same for every holder, for life.
    fn len(&self) -> u64;

    /// The access that the region is held with.
    fn access(&self) -> Access;

    /// Maps a range of the region: see [`Region::map`].
    ///
    /// # Errors
    /// Those of [`Region::map`].
    fn map(&self, request: &MapRequest) -> Result<View>;

    /// Maps a range, such as `0..1024` or `..`, with an access: see [`Region::view`].
    ///
    /// # Errors
    /// Those of [`Region::view`].
    fn view(&self, range: impl RangeBounds<u64>, access: Access) -> Result<View> {
        let (offset, len) = resolve(range, self.len(), "map a view")?;
        self.map(&MapRequest::new(offset, len, access))
    }
}

/// The checks of C10 to C12 that are the same on every system, for an implementation's
/// [`map`](SharedRegion::map) to call first.
///
/// # Errors
/// Those of [`map`](SharedRegion::map), except those that only the system can tell.
pub fn check_map_request(region: &impl SharedRegion, request: &MapRequest) -> Result<()> {
    let context = Context { operation: MAP, name: region.name() };
    if request.len() == 0 {
        return Err(context.invalid("the range is empty; ask for one byte or more"));
    }
    let (offset, len, region_len) = (request.offset(), request.len(), region.len());
    if offset.checked_add(len).is_none_or(|end| end > region_len) {
        return Err(context.error(ErrorKind::OutOfRange { offset, len, region_len }));
    }
    if !region.access().allows(request.access()) {
        return Err(context.error(ErrorKind::AccessDenied).with_detail(format!(
            "the region is held {} and the view asks for {}; open the region with more access",
            region.access(),
            request.access()
        )));
    }
    check_base(request).map_err(|detail| context.invalid(detail))?;
    // Rust's own limit for one object: an offset from a pointer fits in an isize.
    if isize::try_from(len).is_err() {
        let detail = format!("a view of {len} bytes does not fit in the address space; map a part");
        return Err(context.out_of_memory(len, None).with_detail(detail));
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

const MAP: Operation = "map a view of the region";
const REGION: Calls = calls(ObjectKind::Region);

/// The system's shared memory, which keeps the whole contract.
///
/// A clone shares the handle: the object is held until the last clone and the last view are dropped.
///
/// # Platform-specific behavior
/// On Windows it is a file mapping backed by the paging file. On Linux it is a `shm_open` object, which any program may
/// map under its [`system_name`](ObjectName::system_name): the data start at byte 0 of the file, and a page with the
/// object's facts follows them. An anonymous region is a sealed memfd there. In a forked child (without exec) copies of
/// a region and its views stay readable, but hold nothing.
#[derive(Clone)]
pub struct Region(pub(crate) system::Region);

#[expect(clippy::len_without_is_empty, reason = "a region is never empty")]
impl Region {
    /// Creates a region under a name that is free.
    ///
    /// It is held with [`Access::ReadWrite`], reads as zeros, and its memory is committed.
    ///
    /// # Errors
    /// [`AlreadyExists`](ErrorKind::AlreadyExists) when a region has the name,
    /// [`KindMismatch`](ErrorKind::KindMismatch) when something else has it,
    /// [`OutOfMemory`](ErrorKind::OutOfMemory), [`AccessDenied`](ErrorKind::AccessDenied),
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for a size of zero.
    pub fn create(name: &ObjectName, options: &CreateOptions) -> Result<Region> {
        Ok(Region::get(name, Ask::Create(Bytes::Zeros(options)), &REGION)?.0)
    }

    /// Creates the region, or opens it for reading and writing where the name is taken, and returns which of the two
    /// happened. Opening ignores the size and the permissions asked for.
    ///
    /// # Errors
    /// As for [`create`](Self::create) and [`open`](Self::open), but neither
    /// [`AlreadyExists`](ErrorKind::AlreadyExists) nor [`NotFound`](ErrorKind::NotFound).
    pub fn create_or_open(name: &ObjectName, options: &CreateOptions) -> Result<(Region, Disposition)> {
        Region::get(name, Ask::CreateOrOpen(Bytes::Zeros(options)), &REGION)
    }

    /// Opens a region that a process holds.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) when there is none,
    /// [`KindMismatch`](ErrorKind::KindMismatch), [`UntrustedOwner`](ErrorKind::UntrustedOwner),
    /// [`AccessDenied`](ErrorKind::AccessDenied).
    pub fn open(name: &ObjectName, options: &OpenOptions) -> Result<Region> {
        Ok(Region::get(name, Ask::Open(options), &REGION)?.0)
    }

    /// Creates a region without a name, which can be shared only by handle.
    ///
    /// # Errors
    /// [`OutOfMemory`](ErrorKind::OutOfMemory), [`InvalidArgument`](ErrorKind::InvalidArgument) for a
    /// size of zero, [`Unsupported`](ErrorKind::Unsupported).
    pub fn anonymous(options: &CreateOptions) -> Result<Region> {
        let context = Context { operation: "create an anonymous region", name: None };
        check_size(options, context)?;
        system::Region::nameless(Bytes::Zeros(options), context.operation).map(Region)
    }

    /// The name, unless the region is anonymous.
    #[must_use]
    pub fn name(&self) -> Option<&ObjectName> {
        self.0.facts().name.as_ref()
    }

    /// The size in bytes: whole pages, the same for every holder, for life.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.facts().len
    }

    /// The access that the region is held with.
    #[must_use]
    pub fn access(&self) -> Access {
        self.0.facts().access
    }

    /// Maps a range of the region.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for an empty range, or a base address or offset that is no
    /// multiple of 64 KiB; [`OutOfRange`](ErrorKind::OutOfRange); [`AccessDenied`](ErrorKind::AccessDenied) for more
    /// access than the region has; [`AddressInUse`](ErrorKind::AddressInUse); [`OutOfMemory`](ErrorKind::OutOfMemory)
    /// when the address space has no room for it.
    pub fn map(&self, request: &MapRequest) -> Result<View> {
        check_map_request(self, request)?;
        self.0.map(request, self.0.facts().context(MAP))
    }

    /// Maps a range, such as `0..1024` or `..`, with an access.
    ///
    /// # Errors
    /// Those of [`map`](Self::map).
    pub fn view(&self, range: impl RangeBounds<u64>, access: Access) -> Result<View> {
        SharedRegion::view(self, range, access)
    }
}

// SAFETY: `RawRegion` has the same safety contract, and `map` passes only checked ranges to it.
unsafe impl SharedRegion for Region {
    fn create(name: &ObjectName, options: &CreateOptions) -> Result<Self> {
        Region::create(name, options)
    }

    fn create_or_open(name: &ObjectName, options: &CreateOptions) -> Result<(Self, Disposition)> {
        Region::create_or_open(name, options)
    }

    fn open(name: &ObjectName, options: &OpenOptions) -> Result<Self> {
        Region::open(name, options)
    }

    fn anonymous(options: &CreateOptions) -> Result<Self> {
        Region::anonymous(options)
    }

    fn name(&self) -> Option<&ObjectName> {
        self.name()
    }

    fn len(&self) -> u64 {
        self.len()
    }

    fn access(&self) -> Access {
        self.access()
    }

    fn map(&self, request: &MapRequest) -> Result<View> {
        self.map(request)
    }
}

impl Region {
    /// Opens or creates the region with the name; `calls` names the operation in errors.
    pub(crate) fn get(name: &ObjectName, ask: AskRegion<'_>, calls: &Calls) -> Result<(Region, Disposition)> {
        let operation = ask.operation(calls);
        if let Ask::Create(Bytes::Zeros(options)) | Ask::CreateOrOpen(Bytes::Zeros(options)) = &ask {
            check_size(options, Context { operation, name: Some(name) })?;
        }
        if let Ask::Open(options) = ask {
            let open = || Ok(system::Region::named(name, Ask::Open(options), operation)?.0);
            let region = open_in_time(options.asked_patience(), || System::arrivals(name), open)?;
            return Ok((Region(region), Disposition::Opened));
        }
        let (region, disposition) = system::Region::named(name, ask, operation)?;
        Ok((Region(region), disposition))
    }
}

fn check_size(options: &CreateOptions, context: Context<'_>) -> Result<()> {
    if options.size() > 0 {
        return Ok(());
    }
    Err(context.invalid("a size of 0 was asked for; ask for one byte or more"))
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region")
            .field("name", &self.name().map(ToString::to_string))
            .field("len", &self.len())
            .field("access", &self.access())
            .finish_non_exhaustive()
    }
}
