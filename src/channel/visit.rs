//! Connecting to a listener: a client takes a place at the listener's desk, asks, and waits there for its channel.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use samemap_platform::internal::Doorbell;
use samemap_platform::internal::gate::Client;
use samemap_platform::internal::words::Until;

use super::desk::{Desk, Turn, channel_name};
use super::end::Channel;
use super::layout;
use super::meet::{CONNECT, meet_at_once, nobody_listens};
use super::options::ChannelOptions;
use super::step::{Condition, News, Step};
use crate::endpoint::seat::OwnSeat;
use crate::{Error, ErrorKind, ObjectName, OpenOptions, Region, Result, View};

/// Where few clients wait, they use only this many places.
const NEAR: usize = 16;

/// How often a client waits in vain for what its listener says it was given, before it wants a channel with a name: a peer
/// may write over its note again and again.
const MOST_MISSED: u32 = 3;

/// How often a client tries all places when each seems to be taken.
const ROUND: Duration = Duration::from_millis(80);

/// A client at a desk.
#[derive(Debug)]
pub(super) struct Visit {
    desk: Desk,
    name: ObjectName,
    /// Where it waits its turn.
    place: Option<Place>,
    /// When it last tried the seats of all places.
    last_round: Option<Instant>,
}

impl Visit {
    pub(super) fn to(region: &Region, view: &View) -> Result<Visit> {
        let name = region.name().cloned().ok_or_else(|| {
            layout::damaged(CONNECT).with_detail("the region is a listener's; connect by the listener's name")
        })?;
        Ok(Visit { desk: Desk::inside(view, region)?, name, place: None, last_round: None })
    }

    pub(super) fn step(&mut self, limit: Until, options: &ChannelOptions) -> Result<Step> {
        if let Some(channel) = self.channel(options)? {
            return Ok(Step::Done(channel));
        }
        if !self.desk.is_open()? {
            // A channel that it made before its end counts.
            return self.channel(options)?.map(Step::Done).ok_or_else(nobody_listens);
        }
        match &mut self.place {
            Some(place) if !limit.is_over() => place.insist()?,
            Some(_) => {}
            None => self.place = self.take_place()?,
        }
        if limit.is_over() {
            return Err(nobody_accepts(&self.desk));
        }
        Ok(Step::Sleep(Box::new(self.news()?)))
    }

    /// The channel that was made for it, if it has a place and one was.
    fn channel(&mut self, options: &ChannelOptions) -> Result<Option<Box<Channel>>> {
        let Some(place) = &mut self.place else { return Ok(None) };
        Ok(place.channel(&self.name, options)?.map(Box::new))
    }

    /// Takes a free place, if there is one. Most free places have an empty word.
    fn take_place(&mut self) -> Result<Option<Place>> {
        // Each client draws one here, and another one when it asks.
        let draw = self.desk.next_turn()?.arrival() / 2;
        let places = self.desk.places();
        let is_round = self.last_round.is_none_or(|last| last.elapsed() >= ROUND);
        // Where few clients wait they take the first places, so that they reuse memory. Where many wait, each begins its
        // search at another place.
        let near = |most: usize| (draw % most as u64) as usize;
        let first = (0..NEAR).map(|step| (near(NEAR) + step) % NEAR);
        let from = near(places);
        let in_turn = || (from..places).chain(0..from);
        for place in first.chain(in_turn()) {
            if self.desk.turn(place)? == Turn::NOBODYS {
                if let Some(place) = Place::take(&self.desk, place)? {
                    return Ok(Some(place));
                }
            }
        }
        if is_round {
            self.last_round = Some(Instant::now());
            // Clients that were killed there leave their words.
            for place in in_turn() {
                if !self.desk.is_occupied(place)? {
                    if let Some(place) = Place::take(&self.desk, place)? {
                        return Ok(Some(place));
                    }
                }
            }
        }
        Ok(None)
    }

    fn news(&self) -> Result<News> {
        let desk = self.desk.clone();
        Ok(match &self.place {
            Some(place) => {
                News { bell: place.bell.clone(), condition: Condition::Turn(desk, place.index, place.turn) }
            }
            None => News { bell: desk.room_bell()?, condition: Condition::Room(desk) },
        })
    }
}

/// A place at a desk, while this client has it.
#[derive(Debug)]
struct Place {
    desk: Desk,
    index: usize,
    turn: Turn,
    bell: Doorbell,
    seat: OwnSeat,
    /// This client at the listener's gate, through which the channel comes.
    client: Option<Client>,
    missed: u32,
}

impl Place {
    /// Takes a place, and asks there.
    fn take(desk: &Desk, index: usize) -> Result<Option<Place>> {
        let Some(seat) = desk.take_seat(index)? else { return Ok(None) };
        let (desk, bell) = (desk.clone(), desk.bell_at(index)?);
        let turn = Turn::NOBODYS;
        let mut place = Place { desk, index, turn, bell, seat: OwnSeat::new(seat), client: None, missed: 0 };
        place.ask()?;
        Ok(Some(place))
    }

    /// Asks for a channel: at first as the client that came last, and later in the same turn.
    fn ask(&mut self) -> Result<()> {
        let has_gate = self.desk.gate()?.load(Ordering::Acquire) != 0;
        let comes = has_gate && self.missed < MOST_MISSED;
        self.client = if comes { Client::at(self.desk.region())? } else { None };
        if self.turn == Turn::NOBODYS {
            self.turn = self.desk.next_turn()?;
        }
        let note = self.client.as_ref().map_or(0, Client::note);
        self.desk.channel(self.index)?.store(u64::from(note), Ordering::Relaxed);
        self.desk.set_turn(self.index, self.turn)?;
        self.desk.tell(self.index)
    }

    /// The channel that the listener has made for it, if it has.
    fn channel(&mut self, listener: &ObjectName, options: &ChannelOptions) -> Result<Option<Channel>> {
        if self.desk.turn(self.index)? != self.turn.served() {
            return Ok(None);
        }
        let connected = match self.desk.channel(self.index)?.load(Ordering::Relaxed) {
            0 => self.received(options),
            number => {
                let open = OpenOptions::read_write().trust(options.trust.clone());
                let region = Region::open(&channel_name(listener, number)?, &open);
                region.and_then(|region| meet_at_once(&region, options))
            }
        };
        match connected {
            // The listener that made it has ended; the next one may be there already.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Busy) => {
                self.ask()?;
                Ok(None)
            }
            channel => channel.map(Some),
        }
    }

    /// The channel that came through the gate.
    fn received(&mut self, options: &ChannelOptions) -> Result<Channel> {
        let Some(client) = &mut self.client else { return Err(nobody_listens()) };
        let gate = self.desk.gate()?.load(Ordering::Acquire);
        let region = client.receive(gate, &self.desk.waybill(self.index)?, &options.trust)?;
        self.missed += u32::from(region.is_none());
        let channel = meet_at_once(&region.ok_or_else(nobody_listens)?, options)?;
        Ok(channel.with_peer(client.listener()))
    }

    /// Asks again when the listener has not found this client at the gate, or a peer has written over its word.
    fn insist(&mut self) -> Result<()> {
        let turn = self.desk.turn(self.index)?;
        if turn == self.turn || turn == self.turn.served() { Ok(()) } else { self.ask() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.seat.is_ours() {
            return;
        }
        // The words lie in the view. The seat falls free after the word, so that the next client's word is not wiped,
        // and before the listener wakes the clients that wait for a place.
        let _ = self.desk.set_turn(self.index, Turn::NOBODYS);
        self.seat.leave();
        let _ = self.desk.tell(self.index);
    }
}

fn nobody_accepts(desk: &Desk) -> Error {
    let detail = match desk.waiting() {
        0 | 1 => "the listener accepts nobody now; ask for more patience, or let it accept".to_owned(),
        waiting => format!(
            "the listener is busy: {waiting} wait; ask for more patience, or let it accept more often"
        ),
    };
    Error::new(ErrorKind::TimedOut, CONNECT).with_detail(detail)
}
