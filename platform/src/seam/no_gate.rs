//! For systems without gates: listeners serve clients by channels with names, and nobody is told which process it talks to.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use super::gate::{RawClient, RawGate, RawKnownClient, Sought, WaybillBytes};
use super::region::RawRegion;
use crate::contract::peer::Peer;
use crate::{Result, Trust};

/// A gate, and its clients, of which there are none.
pub(crate) struct NoGate<R>(Infallible, PhantomData<R>);

impl<R> fmt::Debug for NoGate<R> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl<R: RawRegion> RawGate for NoGate<R> {
    type Region = R;
    type Client = Self;
    type KnownClient = Self;

    fn open(_: &R) -> Option<Self> {
        None
    }

    fn number(&self) -> u64 {
        match self.0 {}
    }

    fn find(&mut self, _: u32) -> Result<Sought<Self>> {
        match self.0 {}
    }
}

impl<R: RawRegion> RawClient for NoGate<R> {
    type Region = R;

    fn at(_: &R) -> Result<Option<Self>> {
        Ok(None)
    }

    fn note(&self) -> u32 {
        match self.0 {}
    }

    fn receive(&mut self, _: u64, _: &WaybillBytes, _: &Trust) -> Result<Option<R>> {
        match self.0 {}
    }

    fn listener(&self) -> Option<Peer> {
        match self.0 {}
    }
}

impl<R: RawRegion> RawKnownClient for NoGate<R> {
    type Region = R;

    fn peer(&self) -> Peer {
        match self.0 {}
    }

    fn hand_over(&mut self, _: &R, _: &mut WaybillBytes) -> Result<bool> {
        match self.0 {}
    }
}
