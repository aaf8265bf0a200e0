//! What a backend owes for gates: how a listener learns which process it serves.
//!
//! Nothing in shared memory proves that. So the listener *hands* the memory of a channel, which has no name, to one
//! process, by a way on which the kernel says which process that is. Another process that claims to be that one gets
//! nothing.

use std::fmt::Debug;

use super::region::RawRegion;
use crate::contract::peer::Peer;
use crate::{Result, Trust};

/// Bytes at a client's place, for what a system writes there when it hands memory over.
pub const PAPER_LEN: usize = 128;
/// The bytes at a place.
pub type Paper = [u8; PAPER_LEN];

/// The listener's side.
pub(crate) trait RawGate: Sized + Debug {
    type Region: RawRegion;
    /// The client's side.
    type Caller: RawCaller<Region = Self::Region>;
    /// A client that has come.
    type Guest: RawGuest<Region = Self::Region>;

    /// Opens a gate for those that may write to the listener's region; `None` where the system has none.
    fn open(desk: &Self::Region) -> Option<Self>;

    /// What clients find it by.
    fn number(&self) -> u64;

    /// The client with this turn, which left this note; `None` when it has not come, or may not write to the region.
    fn guest(&mut self, turn: u64, note: u32) -> Option<Self::Guest>;
}

/// A client before a gate.
pub(crate) trait RawCaller: Sized + Debug {
    type Region: RawRegion;

    /// Comes to the gate with this number; `None` where there is no such way.
    fn at(gate: u64) -> Option<Self>;

    /// Says which turn it has. It is drawn after the client has come, so that most come in the order of their turns.
    fn say(&mut self, _turn: u64) {}

    /// What the listener is to read in its memory; never 0.
    fn note(&self) -> u32;

    /// The memory that was handed to this process; `None` when none was.
    fn receive(&mut self, paper: &Paper, trust: &Trust) -> Result<Option<Self::Region>>;

    /// The listener's process, where the kernel tells it.
    fn listener(&self) -> Option<Peer>;
}

/// A client that the listener has seen.
pub(crate) trait RawGuest: Sized + Debug {
    type Region: RawRegion;

    /// Its process.
    fn peer(&self) -> Peer;

    /// Hands this memory to it, and to no other process. What is not taken before this is dropped is taken back, where
    /// the system can.
    fn hand(&mut self, region: &Self::Region, paper: &mut Paper) -> Result<()>;

    /// It has taken the memory.
    fn has_taken(&mut self) {}
}
