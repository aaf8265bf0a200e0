//! What a system owes of regions.

use std::fmt;
use std::process::Command;

use super::ask::Ask;
use crate::contract::context::{Context, Operation};
use crate::contract::region::{Bytes, RegionFacts};
use crate::memory::OwnedSystemHandle;
use crate::{Access, Disposition, MapRequest, ObjectName, OpenOptions, Result, Trust, View};

/// What is asked for: bytes for a new region, or how to open one.
pub(crate) type AskRegion<'a> = Ask<Bytes<'a>, &'a OpenOptions>;

/// Shared memory, open in this process. A clone is the same handle.
///
/// - The object lives while a process holds it, by a handle or by a view, and no longer, also when its holders are killed
///   (C15, C16). A copy of a handle that a forked child has holds nothing.
/// - Half-made regions are never met (C6), and what has a name is opened only where its owner is trusted (C20).
///
/// # Safety
/// As for [`SharedRegion`](crate::traits::SharedRegion).
pub(crate) unsafe trait RawRegion: Clone + Send + Sync + 'static {
    /// The region of that name, as it is asked for: with [`Access::ReadWrite`] where it is made of zeros.
    fn named(name: &ObjectName, ask: AskRegion<'_>, operation: Operation) -> Result<(Self, Disposition)>;

    /// A new region without a name.
    fn nameless(bytes: Bytes<'_>, operation: Operation) -> Result<Self>;

    fn facts(&self) -> &RegionFacts;

    /// Maps a range that lies inside, with an access that the region allows; a base address lies on the grid.
    fn map(&self, request: &MapRequest, context: Context<'_>) -> Result<View>;

    /// In a forked child: makes this process a holder in its own right, as long as another one holds.
    fn hold_again(&self, _context: Context<'_>) -> Result<()> {
        Ok(())
    }

    /// Whether the next process that opens the name meets this very object.
    fn has_its_name(&self) -> bool {
        self.facts().name.is_some()
    }
}

/// How a region reaches a child that is about to start. Nothing but what is offered does, and no other child gets it.
pub(crate) trait Offered: RawRegion {
    /// What the offering process keeps until the child has adopted.
    type Offer: fmt::Debug;

    /// Has the children of `command` find the region, by a text that they are given in their environment. The region
    /// allows the access.
    fn offer(
        &self,
        command: &mut Command,
        access: Access,
        context: Context<'_>,
    ) -> Result<(String, Self::Offer)>;

    /// In the child: takes what the text says. What fails can be tried again; what is adopted twice is closed twice.
    fn adopt(offer: &str, context: Context<'_>) -> Result<Self>;
}

/// How a region reaches a process that runs.
pub(crate) trait Sent: RawRegion {
    /// One end of a connection.
    type Courier: fmt::Debug;

    /// Sends the region, which allows the access. It is held for the receiver from then on.
    fn send(&self, courier: &mut Self::Courier, access: Access, context: Context<'_>) -> Result<()>;

    /// Waits for a region. Nothing that arrives is believed.
    fn receive(courier: &mut Self::Courier, trust: &Trust, context: Context<'_>) -> Result<Self>;
}

/// What a region is to those who call the system themselves.
pub(crate) trait Native: RawRegion {
    /// A handle of the system's over the region's memory.
    fn to_handle(&self, context: Context<'_>) -> Result<OwnedSystemHandle>;

    /// A region without a name over the memory of such a handle.
    fn from_handle(handle: OwnedSystemHandle, access: Access, context: Context<'_>) -> Result<Self>;
}
