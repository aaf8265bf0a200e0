//! A listener that takes any number of peers, each on a channel of its own.
//!
//! The listener's name is that of a *desk*: a region with a few places at which those who want to connect say so. Who
//! arrives takes a free place (a seat, which falls free when its process dies), and rings. The listener makes a channel of
//! its own for the arrival, in a region with a random name, and writes that down; when the arrival has
//! connected there, the channel is accepted. Nobody waits for one that is slow to connect. So each connection is one region
//! that lives as long as one of its ends, and what anybody leaves at the desk is cleared by the next one.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use samemap_platform::words::Until;
use samemap_platform::{Doorbell, Seat, SharedWord, Sleepers};

use super::connection::{MOMENT, Woken, forked, sleep_until};
use super::end::Channel;
use super::layout::damaged;
use super::options::ChannelOptions;
use crate::{
    Access, CreateOptions, Error, ErrorKind, ObjectName, OpenOptions, Region, Result, SharedRegion, View,
};

const BIND: &str = "listen for peers";
const CONNECT: &str = "connect to the listener";

const MARK: u64 = u64::from_le_bytes(*b"SMDESK\0\x01");
const MARK_AT: usize = 0;
const LISTENER_SEAT: usize = 128;
const BELL: usize = 256;
const PLACES_AT: usize = 512;
const PLACE_LEN: usize = 256;
/// How many can be about to connect at a time; more wait for their turn.
const PLACES: usize = 14;
const DESK_LEN: usize = PLACES_AT + PLACES * PLACE_LEN;

// At each place: a seat, a doorbell, then these two words.
const PLACE_BELL: usize = 64;
const PLACE_STATE: usize = 128;
const PLACE_CHANNEL: usize = 136;

const _: () = {
    assert!(DESK_LEN <= 4096);
    assert!(Seat::SIZE <= PLACE_BELL && PLACE_BELL + Doorbell::SIZE <= PLACE_STATE);
};

/// Nobody asks.
const FREE: u32 = 0;
/// Somebody who has the seat wants a channel.
const ASKING: u32 = 1;
/// The channel is there; its number stands beside.
const SERVED: u32 = 2;

/// A client that is killed after our end was closed leaves its connection's memory behind on some systems. Nobody makes an
/// object of that name again, so a listener that runs for long sweeps now and then.
const MADE_BETWEEN_SWEEPS: u32 = 64;

/// How a listener is made.
pub type ListenerOptions = ChannelOptions;

/// Takes any number of peers, each on a channel of its own.
///
/// ```
/// use samemap::{ChannelOptions, Listener, ObjectName};
///
/// let name = ObjectName::new(r"Local\Desk")?;
/// # let name = ObjectName::new(format!(r"Local\Desk-{}", std::process::id()))?;
/// let mut listener = Listener::bind(&name, &ChannelOptions::new())?;
/// # let peer_name = name.clone();
/// # let peer = std::thread::spawn(move || {
/// // In another process:
/// # let name = peer_name;
/// let mut channel = Listener::connect(&name, &ChannelOptions::new())?;
/// channel.sender().send(b"hello")?;
/// # Ok::<(), samemap::Error>(())
/// # });
///
/// let mut channel = listener.accept(None)?.expect("waits for ever");
/// assert_eq!(channel.receiver().recv()?.to_vec(), b"hello");
/// # peer.join().unwrap()?;
/// # Ok::<(), samemap::Error>(())
/// ```
#[derive(Debug)]
pub struct Listener {
    desk: Desk,
    places: Vec<Place>,
    name: ObjectName,
    options: ChannelOptions,
    /// At each place, the channel that was made for whoever asked there, and has not connected yet.
    pending: Vec<Option<Channel>>,
    next_place: usize,
    /// Channels made so far.
    made: u32,
    // Left last: whoever finds it free knows that nobody listens any more.
    seat: Seat,
}

impl Listener {
    /// Listens under a free name. Every channel that it accepts is made with these options.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create`], and for a capacity beyond the limits.
    pub fn bind(name: &ObjectName, options: &ChannelOptions) -> Result<Listener> {
        options.shape()?;
        channel_name(name, 0)?;
        let region_options = CreateOptions::new(DESK_LEN as u64).permissions(options.permissions);
        let region = Region::create(name, &region_options)?;
        let desk = Desk::at(region)?;
        let seat = Seat::take(&desk.view, LISTENER_SEAT)?.ok_or_else(|| damaged(BIND))?;
        let places: Vec<_> = (0..PLACES).map(|index| Place::at(&desk.view, index)).collect::<Result<_>>()?;
        desk.view.atomic_u64(MARK_AT)?.store(MARK, Ordering::Release);
        let (name, options) = (name.clone(), options.clone());
        let pending = places.iter().map(|_| None).collect();
        Ok(Listener { desk, places, name, options, pending, next_place: 0, made: 0, seat })
    }

    /// Connects to a listener, for at most [`patience`](ChannelOptions::patience).
    ///
    /// # Errors
    /// Those of [`SharedRegion::open`]; [`NotFound`](ErrorKind::NotFound) when the listener has ended,
    /// [`TimedOut`](ErrorKind::TimedOut) when it accepts nobody in time, [`Damaged`](ErrorKind::Damaged) when there is no
    /// listener in the region.
    pub fn connect(name: &ObjectName, options: &ChannelOptions) -> Result<Channel> {
        let open = OpenOptions::read_write().trust(options.trust.clone());
        let limit = Until::after(Some(options.patience));
        let desk = Desk::open(Region::open(name, &open)?, limit)?;
        let (place, _seat) = desk.take_place(limit)?;
        place.state.store(ASKING, Ordering::Release);
        desk.bell.ring();
        let served = || place.state.load(Ordering::Acquire) == SERVED;
        let is_served = sleep_until(&place.bell, limit, served, || desk.is_open())?;
        let number = place.channel.load(Ordering::Relaxed);
        if is_served != Woken::News {
            place.state.store(FREE, Ordering::Release);
            return Err(if desk.is_open()? { nobody_accepts() } else { nobody_listens() });
        }
        let channel = Channel::connect(&channel_name(name, number)?, options);
        place.state.store(FREE, Ordering::Release);
        desk.bell.ring();
        channel
    }

    /// The next peer's channel; waits for it for at most `timeout`, `None` is for ever. The answer is `None` when time ran
    /// out. One that ends before it has connected is passed over.
    ///
    /// # Errors
    /// What making a region gives.
    pub fn accept(&mut self, timeout: Option<Duration>) -> Result<Option<Channel>> {
        if !self.seat.is_ours() {
            return Err(forked(BIND));
        }
        let limit = Until::after(timeout);
        loop {
            for step in 0..PLACES {
                let at = (self.next_place + step) % PLACES;
                if let Some(channel) = self.attend(at)? {
                    self.next_place = (at + 1) % PLACES;
                    return Ok(Some(channel));
                }
            }
            if limit.is_over() {
                return Ok(None);
            }
            // Who was served may end without a word: slept in slices, and looked at again after each.
            self.desk.bell.sleep(limit.left().unwrap_or(Duration::MAX), || self.has_news());
        }
    }

    /// The name that it listens under.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        &self.name
    }

    fn has_news(&self) -> bool {
        self.places.iter().any(Place::is_asking) || self.pending.iter().flatten().any(Channel::is_connected)
    }

    /// What an asynchronous wait for arrivals watches.
    #[cfg(feature = "tokio")]
    pub(crate) fn arrivals(&self) -> super::watch::Arrivals {
        let places = self.places.iter().map(|place| place.state.clone());
        super::watch::Arrivals::new(self.desk.bell.clone(), places)
    }

    /// Sees to whoever is at a place; its channel, when it has connected.
    fn attend(&mut self, at: usize) -> Result<Option<Channel>> {
        if let Some(channel) = self.pending[at].take() {
            // Asked first: who connects leaves its place afterwards.
            let is_expected =
                self.places[at].state.load(Ordering::Acquire) == SERVED && self.is_occupied(at)?;
            if channel.is_connected() {
                return Ok(Some(channel));
            }
            // Otherwise it ended, or gave up.
            if is_expected {
                self.pending[at] = Some(channel);
            }
        }
        if self.places[at].is_asking() {
            self.pending[at] = self.serve(at)?;
        }
        Ok(None)
    }

    /// Makes a channel for whoever asks there, unless it has ended.
    fn serve(&mut self, at: usize) -> Result<Option<Channel>> {
        if !self.is_occupied(at)? {
            let place = &self.places[at];
            // Whoever takes the place next begins anew.
            let _ = place.state.compare_exchange(ASKING, FREE, Ordering::AcqRel, Ordering::Relaxed);
            return Ok(None);
        }
        let (channel, number) = self.make_channel()?;
        let place = &self.places[at];
        place.channel.store(number, Ordering::Relaxed);
        if place.state.compare_exchange(ASKING, SERVED, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return Ok(None);
        }
        place.bell.ring();
        Ok(Some(channel))
    }

    fn is_occupied(&self, at: usize) -> Result<bool> {
        Seat::is_taken(&self.desk.view, seat_at(at))
    }

    fn make_channel(&mut self) -> Result<(Channel, u64)> {
        self.made = self.made.wrapping_add(1);
        if self.made % MADE_BETWEEN_SWEEPS == 0 {
            // What cannot be swept is not in the way.
            let _ = crate::catalog::reclaim();
        }
        loop {
            let number = RandomState::new().hash_one(std::process::id());
            match Channel::create(&channel_name(&self.name, number)?, &self.options) {
                Err(error) if *error.kind() == ErrorKind::AlreadyExists => {}
                channel => return Ok((channel?, number)),
            }
        }
    }
}

/// The desk's region, and what lies in it.
#[derive(Debug)]
struct Desk {
    view: View,
    bell: Doorbell,
    _region: Region,
}

#[derive(Debug)]
struct Place {
    bell: Doorbell,
    state: SharedWord<AtomicU32>,
    channel: SharedWord<AtomicU64>,
}

impl Desk {
    fn at(region: Region) -> Result<Desk> {
        Desk::inside(region.view(0..DESK_LEN as u64, Access::ReadWrite)?, region)
    }

    fn inside(view: View, region: Region) -> Result<Desk> {
        Ok(Desk { bell: Doorbell::at(&view, BELL, Sleepers::One)?, view, _region: region })
    }

    /// Somebody else's, when it is ready. Nothing is written to what is no desk.
    fn open(region: Region, limit: Until) -> Result<Desk> {
        if region.len() < DESK_LEN as u64 {
            return Err(damaged(CONNECT));
        }
        let view = region.view(0..DESK_LEN as u64, Access::ReadWrite)?;
        loop {
            match (view.atomic_u64(MARK_AT)?.load(Ordering::Acquire), Seat::is_taken(&view, LISTENER_SEAT)?) {
                (MARK, true) => return Desk::inside(view, region),
                (MARK, false) => return Err(nobody_listens()),
                (0, _) if !limit.is_over() => thread::sleep(MOMENT),
                (0, false) => return Err(nobody_listens()),
                _ => return Err(damaged(CONNECT)),
            }
        }
    }

    fn is_open(&self) -> Result<bool> {
        Seat::is_taken(&self.view, LISTENER_SEAT)
    }

    /// A place of one's own.
    fn take_place(&self, limit: Until) -> Result<(Place, Seat)> {
        loop {
            for index in 0..PLACES {
                if let Some(seat) = Seat::take(&self.view, seat_at(index))? {
                    return Ok((Place::at(&self.view, index)?, seat));
                }
            }
            if limit.is_over() {
                return Err(nobody_accepts());
            }
            if !self.is_open()? {
                return Err(nobody_listens());
            }
            // All places are taken by others who connect: one is free in milliseconds.
            thread::sleep(MOMENT);
        }
    }
}

impl Place {
    fn at(view: &View, index: usize) -> Result<Place> {
        let at = seat_at(index);
        Ok(Place {
            bell: Doorbell::at(view, at + PLACE_BELL, Sleepers::One)?,
            state: SharedWord::<AtomicU32>::at(view, at + PLACE_STATE)?,
            channel: SharedWord::<AtomicU64>::at(view, at + PLACE_CHANNEL)?,
        })
    }

    fn is_asking(&self) -> bool {
        self.state.load(Ordering::Acquire) == ASKING
    }
}

fn seat_at(place: usize) -> usize {
    PLACES_AT + place * PLACE_LEN
}

/// The name of a connection's region.
fn channel_name(listener: &ObjectName, number: u64) -> Result<ObjectName> {
    ObjectName::new(format!("{listener}.{number:016x}"))
}

fn nobody_listens() -> Error {
    Error::new(ErrorKind::NotFound, CONNECT).with_detail("the listener has ended; start it again")
}

fn nobody_accepts() -> Error {
    Error::new(ErrorKind::TimedOut, CONNECT).with_detail("the listener accepted nobody in time; try again")
}
