//! How a listener makes a channel for one client.
//!
//! The channel's memory has no name: the listener hands it over to the client that came to its gate, and to no other
//! process. So the kernel tells the listener its peer, and no process can take another one's channel. A client that
//! cannot come to the gate, as from another network namespace, gets a channel with a random name, whose peer is not
//! known.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::Ordering;
use std::time::Instant;

use samemap_platform::internal::gate::{Gate, KnownClient, Sought, WAYBILL_LEN};

use super::desk::{Desk, channel_name};
use super::end::Channel;
use super::options::ChannelOptions;
use crate::{CreateOptions, ErrorKind, ObjectName, Region, Result};

/// A client that is killed after the listener's end was closed leaves the memory of a channel with a name behind on some
/// systems. No process makes an object of that name again, so a listener that runs for long sweeps now and then.
const MADE_BETWEEN_SWEEPS: u32 = 64;

/// After a sweep the listener pauses for this many times as long as the sweep took: with many objects a sweep is slow.
const REST_AFTER_SWEEP: u32 = 50;

/// What a listener makes channels with.
#[derive(Debug)]
pub(super) struct Maker {
    desk: Desk,
    name: ObjectName,
    options: ChannelOptions,
    gate: Option<Gate>,
    /// Channels with a name that were made since the last sweep.
    made: u32,
    next_sweep: Option<Instant>,
}

/// A channel for one client.
#[derive(Debug)]
pub(super) struct Made {
    channel: Channel,
    /// Its client, if the channel was handed to it.
    client: Option<KnownClient>,
}

impl Made {
    /// Its client has not connected yet.
    pub(super) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// The channel, once its client has connected.
    pub(super) fn connected(mut self) -> Channel {
        if let Some(client) = &mut self.client {
            client.has_taken();
        }
        self.channel
    }
}

impl Maker {
    /// Opens the gate, and writes its number at the desk.
    pub(super) fn at(
        desk: &Desk,
        region: &Region,
        name: &ObjectName,
        options: &ChannelOptions,
    ) -> Result<Maker> {
        let gate = Gate::open(region);
        desk.gate()?.store(gate.as_ref().map_or(0, Gate::number), Ordering::Release);
        let (desk, name, options) = (desk.clone(), name.clone(), options.clone());
        Ok(Maker { desk, name, options, gate, made: 0, next_sweep: None })
    }

    pub(super) fn name(&self) -> &ObjectName {
        &self.name
    }

    /// Makes a channel for the client at a place; `None` when it is to come to the gate again.
    pub(super) fn make(&mut self, place: usize) -> Result<Option<Made>> {
        let sought = match (&mut self.gate, self.desk.channel(place)?.load(Ordering::Relaxed) as u32) {
            (None, _) | (_, 0) => Sought::OutOfReach,
            (Some(gate), note) => gate.find(note)?,
        };
        let made = match sought {
            Sought::Known(client) => self.handed_over(place, client)?,
            Sought::BacklogFull => return Ok(None),
            Sought::OutOfReach => None,
        };
        made.map_or_else(|| self.with_a_name(place), Ok).map(Some)
    }

    /// `None` when the client does not take it.
    fn handed_over(&mut self, place: usize, mut client: KnownClient) -> Result<Option<Made>> {
        let size = CreateOptions::new(self.options.region_len()?).permissions(self.options.permissions);
        let region = Region::anonymous(&size)?;
        let channel = Channel::create_in(&region, &self.options)?.with_peer(Some(client.peer()));
        let mut waybill = [0; WAYBILL_LEN];
        if !client.hand_over(&region, &mut waybill)? {
            return Ok(None);
        }
        self.desk.set_waybill(place, &waybill)?;
        self.desk.channel(place)?.store(0, Ordering::Relaxed);
        Ok(Some(Made { channel, client: Some(client) }))
    }

    fn with_a_name(&mut self, place: usize) -> Result<Made> {
        self.made = self.made.saturating_add(1);
        let now = Instant::now();
        if self.made >= MADE_BETWEEN_SWEEPS && self.next_sweep.is_none_or(|next| next <= now) {
            // What cannot be swept is not in the way.
            let _ = crate::catalog::reclaim();
            self.made = 0;
            self.next_sweep = Some(now + now.elapsed() * REST_AFTER_SWEEP);
        }
        loop {
            let number = RandomState::new().hash_one(std::process::id()).max(1);
            match Channel::create(&channel_name(&self.name, number)?, &self.options) {
                Err(error) if error.is(ErrorKind::AlreadyExists) => {}
                channel => {
                    self.desk.channel(place)?.store(number, Ordering::Relaxed);
                    return Ok(Made { channel: channel?, client: None });
                }
            }
        }
    }
}
