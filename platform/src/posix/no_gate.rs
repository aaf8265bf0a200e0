//! No gates on macOS: its sockets have no addresses that end with their process. So listeners serve clients by channels
//! with names, and nobody is told which process it talks to.

use std::convert::Infallible;

use super::region::Region;
use crate::contract::peer::Peer;
use crate::seam::gate::{Paper, RawCaller, RawGate, RawGuest};
use crate::{Result, Trust};

#[derive(Debug)]
pub(crate) struct Gate(Infallible);

impl RawGate for Gate {
    type Region = Region;
    type Caller = Gate;
    type Guest = Gate;

    fn open(_: &Region) -> Option<Gate> {
        None
    }

    fn number(&self) -> u64 {
        match self.0 {}
    }

    fn guest(&mut self, _: u64, _: u32) -> Option<Gate> {
        match self.0 {}
    }
}

impl RawCaller for Gate {
    type Region = Region;

    fn at(_: u64) -> Option<Gate> {
        None
    }

    fn note(&self) -> u32 {
        match self.0 {}
    }

    fn receive(&mut self, _: &Paper, _: &Trust) -> Result<Option<Region>> {
        match self.0 {}
    }

    fn listener(&self) -> Option<Peer> {
        match self.0 {}
    }
}

impl RawGuest for Gate {
    type Region = Region;

    fn peer(&self) -> Peer {
        match self.0 {}
    }

    fn hand(&mut self, _: &Region, _: &mut Paper) -> Result<()> {
        match self.0 {}
    }
}
