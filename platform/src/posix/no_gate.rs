//! No gates on macOS: its sockets have no addresses that end with their process. So a listener serves its clients by
//! channels with names, and no end is told which process the other one is.

use std::convert::Infallible;

use super::region::Region;
use crate::contract::peer::Peer;
use crate::seam::gate::{RawClient, RawGate, RawKnownClient, WaybillBytes};
use crate::{Result, Trust};

#[derive(Debug)]
pub(crate) struct Gate(Infallible);

impl RawGate for Gate {
    type Region = Region;
    type Client = Gate;
    type KnownClient = Gate;

    fn open(_: &Region) -> Option<Gate> {
        None
    }

    fn number(&self) -> u64 {
        match self.0 {}
    }

    fn find(&mut self, _: u64, _: u32) -> Option<Gate> {
        match self.0 {}
    }
}

impl RawClient for Gate {
    type Region = Region;

    fn at(_: u64) -> Option<Gate> {
        None
    }

    fn note(&self) -> u32 {
        match self.0 {}
    }

    fn receive(&mut self, _: &WaybillBytes, _: &Trust) -> Result<Option<Region>> {
        match self.0 {}
    }

    fn listener(&self) -> Option<Peer> {
        match self.0 {}
    }
}

impl RawKnownClient for Gate {
    type Region = Region;

    fn peer(&self) -> Peer {
        match self.0 {}
    }

    fn hand_over(&mut self, _: &Region, _: &mut WaybillBytes) -> Result<()> {
        match self.0 {}
    }
}
