//! Gates, for channels: how a listener hands a channel's memory over to one process, and learns which process that is.

pub use crate::contract::peer::Peer;
use crate::seam::gate::{RawClient, RawGate, RawKnownClient};
use crate::seam::region::RawRegion as _;
use crate::{Region, Result, Trust, system};

pub use crate::seam::gate::{WAYBILL_LEN, WaybillBytes};

/// The listener's side of a gate.
#[derive(Debug)]
pub struct Gate(Box<dyn RawGate<system::Region>>);

impl Gate {
    /// Opens a gate for the users that may write to the listener's region; `None` where the system has none.
    #[must_use]
    pub fn open(region: &Region) -> Option<Gate> {
        region.0.open_gate().map(Gate)
    }

    /// The number by which clients find it; never 0.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.0.number()
    }

    /// The client that has come with this turn and left this note; `None` when there is none, or its user may not write
    /// to the region.
    pub fn find(&mut self, turn: u64, note: u32) -> Option<KnownClient> {
        self.0.find(turn, note).map(KnownClient)
    }
}

/// The client's side of a gate.
#[derive(Debug)]
pub struct Client(Box<dyn RawClient<system::Region>>);

impl Client {
    /// Comes to the gate with this number; `None` for 0, and where that gate is not to be had.
    #[must_use]
    pub fn at(gate: u64) -> Option<Client> {
        if gate == 0 { None } else { system::Region::come_to_gate(gate).map(Client) }
    }

    /// Tells the listener this client's turn, which it draws after it has come.
    pub fn send_turn(&mut self, turn: u64) {
        self.0.send_turn(turn);
    }

    /// What the client leaves at its place for [`Gate::find`]; never 0.
    #[must_use]
    pub fn note(&self) -> u32 {
        self.0.note()
    }

    /// The memory that was handed over to this process; `None` when none was.
    ///
    /// # Errors
    /// Those of receiving a region.
    pub fn receive(&mut self, waybill: &WaybillBytes, trust: &Trust) -> Result<Option<Region>> {
        Ok(self.0.receive(waybill, trust)?.map(Region))
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

    /// Hands this memory over to it, and to no other process.
    ///
    /// # Errors
    /// Those of sending a region.
    pub fn hand_over(&mut self, region: &Region, waybill: &mut WaybillBytes) -> Result<()> {
        self.0.hand_over(&region.0, waybill)
    }

    /// The client has taken the memory, and keeps it.
    pub fn has_taken(&mut self) {
        self.0.has_taken();
    }
}
