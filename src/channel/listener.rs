//! A listener that takes any number of peers, each on a channel of its own.
//!
//! The listener's name is that of a *desk*: a region with a few places at which those who want to connect say so. Who
//! arrives takes a free place (a seat, which falls free when its process dies), and rings. The listener makes a channel of
//! its own for the arrival, in a region with a random name, writes that down, and waits until the arrival has connected
//! there. So each connection is one region that lives as long as one of its ends, and what anybody leaves at the desk is
//! cleared by the next one.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use samemap_platform::{Doorbell, Seat, SharedWord, Sleepers};

use super::connection::{Limit, sleep_until};
use super::layout::damaged;
use super::{Channel, ChannelOptions};
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

/// How long the listener waits for an arrival to connect to the channel that it asked for.
const PATIENCE: Duration = Duration::from_secs(1);

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
    next_place: usize,
    // Left last: whoever finds it free knows that nobody listens any more.
    _seat: Seat,
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
        let places = (0..PLACES).map(|index| Place::at(&desk.view, index)).collect::<Result<_>>()?;
        desk.mark.store(MARK, Ordering::Release);
        let (name, options) = (name.clone(), options.clone());
        Ok(Listener { desk, places, name, options, next_place: 0, _seat: seat })
    }

    /// Connects to a listener, for at most [`patience`](ChannelOptions::patience).
    ///
    /// # Errors
    /// Those of [`SharedRegion::open`]; [`NotFound`](ErrorKind::NotFound) when the listener has ended,
    /// [`TimedOut`](ErrorKind::TimedOut) when it accepts nobody in time, [`Damaged`](ErrorKind::Damaged) when there is no
    /// listener in the region.
    pub fn connect(name: &ObjectName, options: &ChannelOptions) -> Result<Channel> {
        let open = OpenOptions::read_write().trust(options.trust.clone());
        let desk = Desk::at(Region::open(name, &open)?)?;
        let limit = Limit::after(Some(options.patience));
        desk.wait_until_open(limit)?;
        let (place, _seat) = desk.take_place(limit)?;
        place.state.store(ASKING, Ordering::Release);
        desk.bell.ring();
        let served = || place.state.load(Ordering::Acquire) == SERVED;
        let is_served = sleep_until(&place.bell, limit, served, || desk.is_open())?;
        let number = place.channel.load(Ordering::Relaxed);
        if !is_served {
            place.state.store(FREE, Ordering::Release);
            return Err(if desk.is_open()? { nobody_accepts() } else { nobody_listens() });
        }
        let channel = Channel::connect(&channel_name(name, number)?, options);
        place.state.store(FREE, Ordering::Release);
        channel
    }

    /// The next peer's channel; waits for it for at most `timeout`, `None` is for ever. The answer is `None` when time ran
    /// out. One that ends before it has connected is passed over.
    ///
    /// # Errors
    /// What making a region gives.
    pub fn accept(&mut self, timeout: Option<Duration>) -> Result<Option<Channel>> {
        let limit = Limit::after(timeout);
        loop {
            if let Some(place) = self.next_arrival() {
                if let Some(channel) = self.serve(place)? {
                    return Ok(Some(channel));
                }
                continue;
            }
            if limit.left().is_zero() {
                return Ok(None);
            }
            let asking = || self.places.iter().any(Place::is_asking);
            sleep_until(&self.desk.bell, limit, asking, || Ok(true))?;
        }
    }

    /// The name that it listens under.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        &self.name
    }

    /// What an asynchronous wait for arrivals watches.
    #[cfg(feature = "tokio")]
    pub(crate) fn arrivals(&self) -> super::watch::Arrivals {
        let places = self.places.iter().map(|place| place.state.clone());
        super::watch::Arrivals::new(self.desk.bell.clone(), places)
    }

    /// The place of somebody who asks, in turn.
    fn next_arrival(&mut self) -> Option<usize> {
        let mut in_turn = (0..PLACES).map(|step| (self.next_place + step) % PLACES);
        let place = in_turn.find(|&place| self.places[place].is_asking())?;
        self.next_place = (place + 1) % PLACES;
        Some(place)
    }

    /// Makes a channel for whoever asks there; `None` when it did not come.
    fn serve(&self, at: usize) -> Result<Option<Channel>> {
        let place = &self.places[at];
        if !Seat::is_taken(&self.desk.view, seat_at(at))? {
            // Ended; whoever takes the place next begins anew.
            let _ = place.state.compare_exchange(ASKING, FREE, Ordering::AcqRel, Ordering::Relaxed);
            return Ok(None);
        }
        let (mut channel, number) = self.make_channel()?;
        place.channel.store(number, Ordering::Relaxed);
        if place.state.compare_exchange(ASKING, SERVED, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return Ok(None);
        }
        place.bell.ring();
        let limit = Limit::after(Some(PATIENCE));
        while !limit.left().is_zero() {
            if channel.wait_for_peer(Some(limit.left().min(Duration::from_millis(50))))? {
                return Ok(Some(channel));
            }
            // It ended, or somebody else has come to its place, and asks.
            if !Seat::is_taken(&self.desk.view, seat_at(at))? || place.is_asking() {
                break;
            }
        }
        // A last look: it may have connected and left its place in between.
        Ok(channel.wait_for_peer(Some(Duration::ZERO))?.then_some(channel))
    }

    fn make_channel(&self) -> Result<(Channel, u64)> {
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
    mark: SharedWord<AtomicU64>,
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
        let view = region.view(0..(DESK_LEN as u64).min(region.len()), Access::ReadWrite)?;
        Ok(Desk {
            mark: SharedWord::<AtomicU64>::at(&view, MARK_AT)?,
            bell: Doorbell::at(&view, BELL, Sleepers::One)?,
            view,
            _region: region,
        })
    }

    fn is_open(&self) -> Result<bool> {
        Seat::is_taken(&self.view, LISTENER_SEAT)
    }

    /// Until the listener has made its desk.
    fn wait_until_open(&self, limit: Limit) -> Result<()> {
        loop {
            match (self.mark.load(Ordering::Acquire), self.is_open()?) {
                (MARK, true) => return Ok(()),
                (MARK, false) => return Err(nobody_listens()),
                (0, _) if !limit.left().is_zero() => std::thread::sleep(Duration::from_millis(1)),
                _ => return Err(damaged(CONNECT)),
            }
        }
    }

    /// A place of one's own.
    fn take_place(&self, limit: Limit) -> Result<(Place, Seat)> {
        loop {
            for index in 0..PLACES {
                if let Some(seat) = Seat::take(&self.view, seat_at(index))? {
                    return Ok((Place::at(&self.view, index)?, seat));
                }
            }
            if limit.left().is_zero() {
                return Err(nobody_accepts());
            }
            if !self.is_open()? {
                return Err(nobody_listens());
            }
            // All places are taken by others who connect: one is free in milliseconds.
            std::thread::sleep(Duration::from_millis(2));
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
