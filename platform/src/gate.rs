//! Gates: how a listener hands a channel's memory to one process, and learns which process that is. For channels.

pub use crate::contract::peer::Peer;
use crate::seam::gate::{RawCaller as _, RawGate as _, RawGuest as _};
use crate::system;
use crate::{Region, Result, Trust};

pub use crate::seam::gate::{PAPER_LEN, Paper};

/// The listener's side of a gate.
#[derive(Debug)]
pub struct Gate(system::Gate);

impl Gate {
    /// Opens one for those that may write to the listener's region; `None` where the system has none.
    #[must_use]
    pub fn open(desk: &Region) -> Option<Gate> {
        system::Gate::open(&desk.0).map(Gate)
    }

    /// What clients find it by; not 0.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.0.number()
    }

    /// The client with this turn, which left this note; `None` when it has not come, or may not come in.
    pub fn guest(&mut self, turn: u64, note: u32) -> Option<Guest> {
        self.0.guest(turn, note).map(Guest)
    }
}

/// A client before a gate.
#[derive(Debug)]
pub struct Caller(system::Caller);

impl Caller {
    /// Comes to the gate with this number; `None` where there is no such way.
    #[must_use]
    pub fn at(gate: u64) -> Option<Caller> {
        if gate == 0 { None } else { system::Caller::at(gate).map(Caller) }
    }

    /// Says which turn it has, which is drawn after this client has come.
    pub fn say(&mut self, turn: u64) {
        self.0.say(turn);
    }

    /// What the listener is to read; not 0.
    #[must_use]
    pub fn note(&self) -> u32 {
        self.0.note()
    }

    /// The memory that was handed to this process; `None` when none was.
    ///
    /// # Errors
    /// Those of receiving a region.
    pub fn receive(&mut self, paper: &Paper, trust: &Trust) -> Result<Option<Region>> {
        Ok(self.0.receive(paper, trust)?.map(Region))
    }

    /// The listener's process, where the kernel tells it.
    #[must_use]
    pub fn listener(&self) -> Option<Peer> {
        self.0.listener()
    }
}

/// A client that the listener has seen.
#[derive(Debug)]
pub struct Guest(system::Guest);

impl Guest {
    /// Its process.
    #[must_use]
    pub fn peer(&self) -> Peer {
        self.0.peer()
    }

    /// Hands this memory to it, and to no other process.
    ///
    /// # Errors
    /// Those of sending a region.
    pub fn hand(&mut self, region: &Region, paper: &mut Paper) -> Result<()> {
        self.0.hand(&region.0, paper)
    }

    /// It has taken the memory, which is not taken back any more.
    pub fn has_taken(&mut self) {
        self.0.has_taken();
    }
}
