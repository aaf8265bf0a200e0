//! What a backend owes for regions.

use std::fmt;
use std::process::Command;

use super::ask::Ask;
use super::gate::{RawClient, RawGate};
use crate::contract::context::{Context, Operation};
use crate::contract::region::{Bytes, RegionFacts};
use crate::memory::OwnedSystemHandle;
use crate::{Access, Disposition, MapRequest, ObjectName, OpenOptions, Result, Trust, View};

/// What a call asks for: the memory of a new region, or the options to open one.
pub(crate) type AskRegion<'a> = Ask<Bytes<'a>, &'a OpenOptions>;

/// Shared memory, open in this process. A clone is the same handle.
///
/// - The object lives as long as a process holds it by a handle or by a view, also when holders are killed (C15, C16).
///   A forked child's copy of a handle holds nothing.
/// - No caller sees a half-made region (C6), and a named region is opened only when its owner is trusted (C20).
///
/// # Safety
/// As for [`SharedRegion`](crate::traits::SharedRegion).
pub(crate) unsafe trait RawRegion: Clone + Send + Sync + 'static {
    /// Opens or makes the region with that name. A new region of zeros has [`Access::ReadWrite`].
    fn named(name: &ObjectName, ask: AskRegion<'_>, operation: Operation) -> Result<(Self, Disposition)>;

    /// A new region without a name.
    fn nameless(bytes: Bytes<'_>, operation: Operation) -> Result<Self>;

    fn facts(&self) -> &RegionFacts;

    /// Maps a checked range: it lies inside, the region allows its access, and its base address is a multiple of 64
    /// KiB.
    fn map(&self, request: &MapRequest, context: Context<'_>) -> Result<View>;

    /// In a forked child: makes this process a holder, if another process still holds the region.
    fn hold_again(&self, _context: Context<'_>) -> Result<()> {
        Ok(())
    }

    /// Whether a process that opens the name gets this object.
    fn has_its_name(&self) -> bool {
        self.facts().name.is_some()
    }

    /// Opens a gate for the users that may write to this region, a listener's; `None` where the system has no gates.
    fn open_gate(&self) -> Option<Box<dyn RawGate<Self>>> {
        None
    }

    /// Comes to the gate of this region's listener; `None` where there is no way to it. Fails when this process has no room
    /// for one more connection.
    fn come_to_gate(&self) -> Result<Option<Box<dyn RawClient<Self>>>> {
        Ok(None)
    }
}

/// What a parent keeps until its child has adopted a region.
pub(crate) type Kept = Box<dyn fmt::Debug + Send + Sync>;

/// Hands a region to a child that is about to start. The child gets the offered regions only, and no other child gets
/// them.
pub(crate) trait Offered: RawRegion {
    /// Offers the region to the children of `command`, by a text in their environment. The region allows the access.
    fn offer(&self, command: &mut Command, access: Access, context: Context<'_>) -> Result<(String, Kept)>;

    /// In the child: adopts the region of the text. A failed adoption can be repeated; a successful one must not be,
    /// because it would close handles twice.
    fn adopt(offer: &str, context: Context<'_>) -> Result<Self>;
}

/// Sends a region to a running process.
pub(crate) trait Sent: RawRegion {
    /// One end of a connection.
    type Courier: fmt::Debug;

    /// Sends the region, which allows the access. From then on it is held for the receiver.
    fn send(&self, courier: &mut Self::Courier, access: Access, context: Context<'_>) -> Result<()>;

    /// Waits for a region. Everything that arrives is checked.
    fn receive(courier: &mut Self::Courier, trust: &Trust, context: Context<'_>) -> Result<Self>;
}

/// The system's handles of a region, for programs that call the system themselves.
pub(crate) trait Native: RawRegion {
    /// A handle of the system to the region's memory.
    fn to_handle(&self, context: Context<'_>) -> Result<OwnedSystemHandle>;

    /// A region without a name, over the memory of such a handle.
    fn from_handle(handle: OwnedSystemHandle, access: Access, context: Context<'_>) -> Result<Self>;
}
