//! A listener that takes any number of peers, each on a channel of its own.
//!
//! The listener's name is that of a *desk* ([`super::desk`]): a region with places at which clients wait asleep, in the
//! order in which they came.
//!
//! 1. A client draws a number and takes a free *place*: a seat, which falls free when its process dies. It writes its
//!    turn there, sets the place's bit among the news, rings the listener's doorbell, and sleeps on its own.
//! 2. The listener takes the news and queues the clients by their turns, in its own memory. For the first few it makes
//!    a channel each, which it hands to that one client ([`super::maker`]), and rings at the place.
//! 3. The client connects to that channel, sets its bit once more, and leaves. The listener hands the channel out.
//!
//! Neither a place nor the listener's work grows with the number of clients that wait: the listener finds bits 64 at a
//! time, and polls only to see whether others live, every 80 ms. It relies on its own memory and on the kernel's locks:
//! a peer that writes over a desk makes other clients wait, in another order, or in vain.
//!
//! *Kills.* A client that is killed leaves a free seat; the listener skips its turn. A client that does not come for
//! its channel delays no other: after a while the listener makes channels as if it were not there. A listener that is
//! killed leaves a desk whose seat is free; the next listener looks at all places, and serves the clients that still
//! wait.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use samemap_platform::internal::words::Until;
use samemap_platform::internal::{Doorbell, Seat, Watched};
use samemap_platform::internal::{News, WaitTarget};
use samemap_platform::sync::{Awaitable, WaitAny};

use super::connection::ADVICE;
use super::desk::{self, Desk, MARK, Turn, channel_name};
use super::end::Channel;
use super::layout::{LISTENER_SEAT, MARK_AT, PERMISSIONS_AT, damaged};
use super::left::{self, Found, Left};
use super::maker::{Made, Maker};
use super::options::ChannelOptions;
use super::watch::{Arrivals, MORE};
use crate::endpoint::readiness::WouldBlock;
use crate::endpoint::seat::forked;
use crate::{Access, ObjectName, Region, Result, View};

const BIND: &str = "listen for peers";

/// How many channels the listener makes before their clients have connected, to hide the time that clients take.
const AHEAD: usize = 16;

/// The listener no longer counts a client that takes longer than this to connect.
const SLOW: Duration = Duration::from_millis(100);

/// How many channels the listener keeps for clients that do not come. Beyond that it gives up clients that are this
/// late; a client that comes after that asks anew.
const MOST_PENDING: usize = 64;
const GIVEN_UP: Duration = Duration::from_secs(2);

/// A client that was given a channel is not looked after before this time.
const AT_ONCE: Duration = Duration::from_millis(5);

/// How often the listener looks at all places, and whether the clients that it waits for live.
const ROUND: Duration = Duration::from_millis(80);

/// Takes any number of peers, each on a channel of its own.
///
/// ```
/// use samemap::{Channel, ChannelOptions, Listener, ObjectName};
///
/// let name = ObjectName::new(r"Local\Desk")?;
/// # let name = ObjectName::new(format!(r"Local\Desk-{}", std::process::id()))?;
/// let mut listener = Listener::bind(&name, &ChannelOptions::new())?;
/// # let peer_name = name.clone();
/// # let peer = std::thread::spawn(move || {
/// // In another process:
/// # let name = peer_name;
/// let mut channel = Channel::connect(&name, &ChannelOptions::new())?;
/// channel.sender().send(b"hello")?;
/// # Ok::<(), samemap::Error>(())
/// # });
///
/// let mut channel = listener.accept()?;
/// assert_eq!(channel.receiver().recv()?.to_vec(), b"hello");
/// # peer.join().unwrap()?;
/// # Ok::<(), samemap::Error>(())
/// ```
///
/// As many as [`backlog`](ChannelOptions::backlog) says wait in the order in which they came.
#[derive(Debug)]
pub struct Listener {
    desk: Desk,
    room_bell: Doorbell,
    /// Doorbells at places, which are used again and again.
    bells: HashMap<usize, Doorbell>,
    maker: Maker,
    /// The clients that ask, in the order in which they came: their turns, and places.
    queue: BTreeSet<(u64, usize)>,
    /// The same by place.
    turns: HashMap<usize, Turn>,
    /// By place, the channels of clients that have not connected yet.
    pending: HashMap<usize, Pending>,
    /// Channels whose clients have connected.
    connected: VecDeque<Channel>,
    last_round: Option<Instant>,
    /// The calls that found no peer, and those after which there may be [`MORE`] to accept.
    would_block: Arc<WouldBlock>,
    // Left last: a client that finds it free knows that there is no listener any more.
    seat: Seat,
}

/// A channel that was made for a client.
#[derive(Debug)]
struct Pending {
    made: Made,
    turn: Turn,
    since: Instant,
}

impl Listener {
    /// Listens under a free name, or takes over the desk of a killed listener of this user, and serves the clients that
    /// still wait there. Every channel that it accepts is made with these options; a desk that it takes over keeps its
    /// [`backlog`](ChannelOptions::backlog).
    ///
    /// # Errors
    /// Those of [`Region::create`], and for a capacity beyond the limits.
    pub fn bind(name: &ObjectName, options: &ChannelOptions) -> Result<Listener> {
        options.shapes()?;
        channel_name(name, 0)?;
        match left::make(name, desk::bytes_needed(options.backlog), MARK, options)? {
            Found::New(region) => {
                let view = region.view(.., Access::ReadWrite)?;
                let seat = Seat::take(&view, LISTENER_SEAT)?.ok_or_else(|| damaged(BIND))?;
                Listener::over(&region, &view, seat, options)
            }
            Found::Left(Left { region, view, seat }) => {
                let listener = Listener::over(&region, &view, seat, options)?;
                listener.desk.clear()?;
                Ok(listener)
            }
        }
    }

    fn over(region: &Region, view: &View, seat: Seat, options: &ChannelOptions) -> Result<Listener> {
        let desk = Desk::inside(view, region)?;
        view.atomic_u32(PERMISSIONS_AT)?.store(options.permissions.mode(), Ordering::Relaxed);
        let name = region.name().cloned().ok_or_else(|| damaged(BIND))?;
        let maker = Maker::at(&desk, region, &name, options)?;
        view.atomic_u64(MARK_AT)?.store(MARK, Ordering::Release);
        Ok(Listener {
            room_bell: desk.room_bell()?,
            bells: HashMap::new(),
            desk,
            maker,
            queue: BTreeSet::new(),
            turns: HashMap::new(),
            pending: HashMap::new(),
            connected: VecDeque::new(),
            last_round: None,
            would_block: Arc::default(),
            seat,
        })
    }

    /// Waits for the next peer, and returns its channel. A peer that ends before it has connected is passed over.
    ///
    /// # Errors
    /// What making a region gives. When this process has as many files open as it may, the clients keep their turns: close
    /// some, and call again.
    pub fn accept(&mut self) -> Result<Channel> {
        loop {
            if let Some(channel) = self.accept_by(Until::after(None))? {
                return Ok(channel);
            }
        }
    }

    /// Waits for the next peer for at most `timeout`; `None` when time ran out.
    ///
    /// # Errors
    /// Those of [`accept`](Self::accept).
    pub fn accept_timeout(&mut self, timeout: Duration) -> Result<Option<Channel>> {
        self.accept_by(Until::after(Some(timeout)))
    }

    /// The next peer's channel, if there is one.
    ///
    /// # Errors
    /// Those of [`accept`](Self::accept).
    pub fn try_accept(&mut self) -> Result<Option<Channel>> {
        self.accept_timeout(Duration::ZERO)
    }

    fn accept_by(&mut self, limit: Until) -> Result<Option<Channel>> {
        let accepted = self.next_by(limit)?;
        self.would_block.note(if accepted.is_some() { MORE } else { 0 });
        Ok(accepted)
    }

    fn next_by(&mut self, limit: Until) -> Result<Option<Channel>> {
        if !self.seat.is_ours() {
            return Err(forked(BIND, ADVICE));
        }
        loop {
            self.look()?;
            self.serve()?;
            if let Some(channel) = self.connected.pop_front() {
                return Ok(Some(channel));
            }
            if limit.is_over() {
                self.forget_the_dead()?;
                return Ok(self.connected.pop_front());
            }
            // A client that was served may end without a word: the listener sleeps in slices and looks after each.
            let desk = &self.desk;
            desk.bell.sleep(limit.left().unwrap_or(Duration::MAX), || desk.has_news());
        }
    }

    /// The name that it listens under.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        self.maker.name()
    }

    /// What waits for arrivals on behalf of others.
    pub(crate) fn arrivals(&self) -> Arrivals {
        Arrivals::new(self.desk.clone(), &self.would_block)
    }

    /// Sees what there is at the places with news, and now and then at all of them.
    fn look(&mut self) -> Result<()> {
        let desk = self.desk.clone();
        desk.take_news(|place| self.attend(place))?;
        if self.last_round.is_none_or(|last| last.elapsed() >= ROUND) {
            self.last_round = Some(Instant::now());
            for place in 0..desk.places() {
                self.attend(place)?;
            }
            self.forget_the_dead()?;
        }
        Ok(())
    }

    /// Sees to the client at a place.
    fn attend(&mut self, place: usize) -> Result<()> {
        if self.pending.get(&place).is_some_and(|pending| pending.made.channel().is_connected()) {
            self.connected.extend(self.pending.remove(&place).map(|pending| pending.made.connected()));
        }
        let turn = self.desk.turn(place)?;
        if turn == Turn::NOBODYS {
            // Its client has left.
            self.room_bell.ring();
        }
        let queued = self.turns.get(&place).copied();
        if turn.is_asking() && queued != Some(turn) {
            self.forget_turn(place);
            self.turns.insert(place, turn);
            self.queue.insert((turn.arrival(), place));
        }
        Ok(())
    }

    fn forget_turn(&mut self, place: usize) {
        if let Some(turn) = self.turns.remove(&place) {
            self.queue.remove(&(turn.arrival(), place));
        }
    }

    /// Drops the channels of clients that have ended or given up before they connected.
    fn forget_the_dead(&mut self) -> Result<()> {
        for place in self.pending.keys().copied().collect::<Vec<_>>() {
            let Some(pending) = self.pending.get(&place) else { continue };
            if pending.since.elapsed() < AT_ONCE {
                continue;
            }
            // Asked first: a client that connects leaves its place afterwards.
            let is_expected =
                self.desk.turn(place)? == pending.turn.served() && self.desk.is_occupied(place)?;
            if pending.made.channel().is_connected() {
                self.connected.extend(self.pending.remove(&place).map(|pending| pending.made.connected()));
            } else if !is_expected {
                // Its client may have left the word as it was.
                self.desk.replace_turn(place, pending.turn.served(), Turn::NOBODYS)?;
                self.pending.remove(&place);
                self.room_bell.ring();
            }
        }
        Ok(())
    }

    /// Makes channels for the clients that have waited longest.
    fn serve(&mut self) -> Result<()> {
        while !self.queue.is_empty() && self.may_make_one_more() {
            let Some((_, place)) = self.queue.pop_first() else { break };
            let Some(turn) = self.turns.remove(&place) else { continue };
            self.serve_one(place, turn)?;
            if !self.connected.is_empty() {
                // One for one: a client that has connected does not wait for all the others' channels.
                break;
            }
        }
        Ok(())
    }

    /// Whether one more channel may be made before its client has come: not for all that wait at once.
    fn may_make_one_more(&mut self) -> bool {
        if self.pending.len() < AHEAD {
            return true;
        }
        if self.pending.len() >= MOST_PENDING {
            let slowest = self.pending.iter().min_by_key(|(_, pending)| pending.since);
            let given_up = slowest.filter(|(_, pending)| pending.since.elapsed() >= GIVEN_UP);
            let Some(place) = given_up.map(|(&place, _)| place) else { return false };
            // It may come in this very moment.
            let connected = self.pending.remove(&place).filter(|pending| !pending.made.channel().withdraw());
            self.connected.extend(connected.map(|pending| pending.made.connected()));
        }
        self.pending.values().filter(|pending| pending.since.elapsed() < SLOW).count() < AHEAD
    }

    /// Makes a channel for the client at a place, unless it has ended.
    fn serve_one(&mut self, place: usize, turn: Turn) -> Result<()> {
        if self.desk.turn(place)? != turn {
            return Ok(());
        }
        if !self.desk.is_occupied(place)? {
            self.desk.replace_turn(place, turn, Turn::NOBODYS)?;
            self.room_bell.ring();
            return Ok(());
        }
        let made = self.maker.make(place)?;
        // A client whose backlog is full is to come again.
        let next = if made.is_some() { turn.served() } else { Turn::NOBODYS };
        if self.desk.replace_turn(place, turn, next)? {
            let pending = made.map(|made| Pending { made, turn, since: Instant::now() });
            self.pending.extend(pending.map(|pending| (place, pending)));
            self.ring_at(place)?;
        }
        Ok(())
    }

    fn ring_at(&mut self, place: usize) -> Result<()> {
        match self.bells.entry(place) {
            Entry::Occupied(bell) => bell.get().ring(),
            Entry::Vacant(none) => none.insert(self.desk.bell_at(place)?).ring(),
        }
        Ok(())
    }
}

/// What [`wait_any`](crate::wait_any) waits for: a client that comes, or one whose channel waits to be accepted.
impl News for Listener {
    fn bell(&self) -> Result<&Doorbell> {
        Ok(&self.desk.bell)
    }

    fn has_come(&self, asking: bool) -> Result<bool> {
        if !self.seat.is_ours() {
            return Err(forked(BIND, ADVICE));
        }
        // Clients that were served may end without a word.
        let is_due = || asking && self.last_round.is_none_or(|last| last.elapsed() >= ROUND);
        Ok(!self.connected.is_empty() || self.desk.has_news() || is_due() && self.desk.waiting() > 0)
    }
}

impl WaitAny for Listener {
    fn wait_target(&self) -> WaitTarget<'_> {
        WaitTarget::News(self)
    }
}

impl Awaitable for Listener {
    fn watched(&self) -> Result<Arc<dyn Watched>> {
        Ok(Arc::new(self.arrivals()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client that is given up, and connects in that moment, has its channel all the same.
    #[test]
    fn one_that_is_given_up_may_come_in_time() {
        let name = ObjectName::new(format!("given-up-{}", std::process::id())).unwrap();
        let options = ChannelOptions::new().capacity(64);
        let mut listener = Listener::bind(&name, &options).unwrap();
        let mut clients = Vec::new();
        let mut ask = |listener: &mut Listener, place| {
            clients.push(listener.desk.take_seat(place).unwrap().expect("a free place"));
            listener.desk.set_turn(place, listener.desk.next_turn().unwrap()).unwrap();
        };
        (0..MOST_PENDING).for_each(|place| ask(&mut listener, place));
        listener.look().unwrap();
        let made_long_ago = |listener: &mut Listener| {
            listener.serve().unwrap();
            listener.pending.values_mut().for_each(|pending| pending.since -= SLOW);
        };
        (0..MOST_PENDING / AHEAD).for_each(|_| made_long_ago(&mut listener));
        assert_eq!(listener.pending.len(), MOST_PENDING, "all of them");
        // They wait for their channels, however long the others' took.
        (MOST_PENDING..MOST_PENDING + 2).for_each(|place| ask(&mut listener, place));
        listener.last_round = None;
        listener.look().unwrap();
        let came = listener.pending.get_mut(&9).unwrap();
        came.since -= GIVEN_UP * 2;
        let number = listener.desk.channel(9).unwrap().load(Ordering::Relaxed);
        let mut client = Channel::connect(&channel_name(&name, number).unwrap(), &options).unwrap();
        listener.serve().unwrap();
        let mut channel = listener.connected.pop_front().expect("it has come");
        client.sender().send(b"in time").unwrap();
        assert_eq!(channel.receiver().recv().unwrap().to_vec(), b"in time");
        // One that does not come makes room.
        listener.pending.get_mut(&3).unwrap().since -= GIVEN_UP * 2;
        listener.serve().unwrap();
        assert!(!listener.pending.contains_key(&3) && listener.connected.is_empty());
    }

    #[test]
    fn those_who_came_before_are_served_before() {
        let name = ObjectName::new(format!("turns-{}", std::process::id())).unwrap();
        let mut listener = Listener::bind(&name, &ChannelOptions::new().capacity(64)).unwrap();
        let mut clients = Vec::new();
        for place in [70, 3, 0, 29] {
            clients.push((listener.desk.take_seat(place).unwrap().expect("a free place"), place));
            let turn = listener.desk.next_turn().unwrap();
            listener.desk.set_turn(place, turn).unwrap();
        }
        // The news say nothing of the order.
        for place in [0, 29, 70, 3] {
            listener.desk.tell(place).unwrap();
        }
        listener.look().unwrap();
        assert_eq!(listener.queue.iter().map(|&(_, place)| place).collect::<Vec<_>>(), [70, 3, 0, 29]);
        // One that has ended is passed over.
        clients.remove(1);
        listener.serve().unwrap();
        let made = |place: usize| listener.pending.get(&place).map(|pending| pending.since);
        assert!(made(70).unwrap() <= made(0).unwrap() && made(0).unwrap() <= made(29).unwrap());
        assert!(made(3).is_none());
        assert_eq!(listener.desk.turn(3).unwrap(), Turn::NOBODYS);
    }
}
