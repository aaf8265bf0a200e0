//! What a backend owes for gates: how a listener learns which process it serves.
//!
//! Any process can write any process id into shared memory. So the memory of a channel has no name, and the listener
//! *hands it over* through the kernel, which says which process gets it. A process that claims to be another one does not
//! get it.

use std::fmt::Debug;

use crate::contract::peer::Peer;
use crate::{Result, Trust};

/// Bytes of a waybill.
pub const WAYBILL_LEN: usize = 128;
/// The bytes at a client's place by which it fetches the memory, where the system needs them.
pub type WaybillBytes = [u8; WAYBILL_LEN];

/// The listener's side of a gate. [`RawRegion::open_gate`](super::region::RawRegion::open_gate) makes it.
pub(crate) trait RawGate<R>: Debug + Send + Sync {
    /// The number by which its clients know it; never 0.
    fn number(&self) -> u64;

    /// The client that has left this note. Fails when this process has no room for one more connection.
    fn find(&mut self, note: u32) -> Result<Sought<Box<dyn RawKnownClient<R>>>>;
}

/// What came of the search for a client.
#[derive(Debug)]
pub enum Sought<K> {
    /// The client, and its process.
    Known(K),
    /// The backlog of its socket is full: the client is to come again.
    BacklogFull,
    /// There is no way to the client, or its user may not write to the region.
    OutOfReach,
}

/// The client's side of a gate. [`RawRegion::come_to_gate`](super::region::RawRegion::come_to_gate) makes it.
pub(crate) trait RawClient<R>: Debug + Send + Sync {
    /// What the client leaves at its place for [`RawGate::find`]; never 0.
    fn note(&self) -> u32;

    /// The memory that was handed over to this process through the gate with this number; `None` when none was.
    fn receive(&mut self, gate: u64, waybill: &WaybillBytes, trust: &Trust) -> Result<Option<R>>;

    /// The listener's process, where the kernel tells it.
    fn listener(&self) -> Option<Peer>;
}

/// A client whose process the listener knows.
pub(crate) trait RawKnownClient<R>: Debug + Send + Sync {
    /// Its process.
    fn peer(&self) -> Peer;

    /// Hands this memory over to it, and to no other process; `false` when it does not take it. When this is dropped
    /// first, the memory is taken back, where the system can do that.
    fn hand_over(&mut self, region: &R, waybill: &mut WaybillBytes) -> Result<bool>;

    /// The client has taken the memory, and keeps it.
    fn has_taken(&mut self) {}
}
