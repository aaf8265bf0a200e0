//! Gates, for channels: how a listener hands a channel's memory over to one process, and learns which process that is.

pub use crate::contract::peer::Peer;
use crate::seam::gate::{RawClient, RawGate, RawKnownClient};
use crate::seam::region::RawRegion as _;
use crate::{Region, Result, Trust, system};

pub use crate::seam::gate::{Sought, WAYBILL_LEN, WaybillBytes};

/// The listener's side of a gate.
#[derive(Debug)]
pub struct Gate(Box<dyn RawGate<system::Region>>);

impl Gate {
    /// Opens a gate for the users that may write to the listener's region; `None` where the system has none.
    #[must_use]
    pub fn open(region: &Region) -> Option<Gate> {
        region.0.open_gate().map(Gate)
    }

    /// The number by which its clients know it; never 0.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.0.number()
    }

    /// The client that has left this note.
    ///
    /// # Errors
    /// When this process has no room for one more connection.
    pub fn find(&mut self, note: u32) -> Result<Sought<KnownClient>> {
        Ok(match self.0.find(note)? {
            Sought::Known(client) => Sought::Known(KnownClient(client)),
            Sought::BacklogFull => Sought::BacklogFull,
            Sought::OutOfReach => Sought::OutOfReach,
        })
    }
}

/// The client's side of a gate.
#[derive(Debug)]
pub struct Client(Box<dyn RawClient<system::Region>>);

impl Client {
    /// Comes to the gate of the listener whose region this is; `None` where there is no way to it.
    ///
    /// # Errors
    /// When this process has no room for one more connection.
    pub fn at(desk: &Region) -> Result<Option<Client>> {
        Ok(desk.0.come_to_gate()?.map(Client))
    }

    /// What the client leaves at its place for [`Gate::find`]; never 0.
    #[must_use]
    pub fn note(&self) -> u32 {
        self.0.note()
    }

    /// The memory that was handed over to this process through the gate with this number; `None` when none was.
    ///
    /// # Errors
    /// Those of receiving a region.
    pub fn receive(&mut self, gate: u64, waybill: &WaybillBytes, trust: &Trust) -> Result<Option<Region>> {
        Ok(self.0.receive(gate, waybill, trust)?.map(Region))
    }

    /// The listener's process, where the kernel tells it.
    #[must_use]
    pub fn listener(&self) -> Option<Peer> {
        self.0.listener()
    }
}

/// A client whose process the listener knows.
#[derive(Debug)]
pub struct KnownClient(Box<dyn RawKnownClient<system::Region>>);

impl KnownClient {
    /// Its process.
    #[must_use]
    pub fn peer(&self) -> Peer {
        self.0.peer()
    }

    /// Hands this memory over to it, and to no other process; `false` when it does not take it.
    ///
    /// # Errors
    /// Those of sending a region.
    pub fn hand_over(&mut self, region: &Region, waybill: &mut WaybillBytes) -> Result<bool> {
        self.0.hand_over(&region.0, waybill)
    }

    /// The client has taken the memory, and keeps it.
    pub fn has_taken(&mut self) {
        self.0.has_taken();
    }
}
