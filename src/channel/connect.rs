//! Connecting, to whatever lies under a name: a channel that waits for its one peer, or a listener's desk.
//!
//! An attempt goes on in steps, none of which waits: between them a thread sleeps, or a task, on the doorbell that the
//! last step named. After 80 ms at most there is another step, which sees whether the listener lives.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use samemap_platform::SharedWord;
use samemap_platform::gate::Client;
use samemap_platform::sync::{Doorbell, Seat};
use samemap_platform::words::Until;
use samemap_platform::words::ring::Shape;

use super::connection::MOMENT;
use super::desk::{self, Desk, Turn, channel_name};
use super::end::{Channel, Connected};
use super::layout::{self, CONNECTED, Control, LISTENING, MAKING, Shapes, Side};
use super::options::ChannelOptions;
use crate::{Access, Error, ErrorKind, ObjectName, OpenOptions, Region, Result, View};

const CONNECT: &str = "connect to the channel";

/// Where few clients wait, they use only the first so many places.
const NEAR: usize = 16;

/// How often a client tries all places when each seems to be taken.
const ROUND: Duration = Duration::from_millis(80);

impl Channel {
    /// Connects to the channel, or to the [`Listener`](super::Listener), of that name.
    ///
    /// For at most [`patience`](ChannelOptions::patience) it waits its turn, asleep.
    ///
    /// # Errors
    /// Those of [`Region::open`]; [`NotFound`](ErrorKind::NotFound) when the listener has ended;
    /// [`TimedOut`](ErrorKind::TimedOut) when a [`Listener`](super::Listener) has not accepted in time: the text says
    /// how many wait; [`Busy`](ErrorKind::Busy) when a channel has a peer, or when its listener is busy with the last
    /// peer for too long; [`Damaged`](ErrorKind::Damaged) when the region holds neither.
    pub fn connect(name: &ObjectName, options: &ChannelOptions) -> Result<Channel> {
        Attempt::at(name, options)?.finish()
    }

    /// Connects to the channel in a region.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    pub fn connect_in(region: &Region, options: &ChannelOptions) -> Result<Channel> {
        Attempt::inside(region.clone(), options)?.finish()
    }
}

/// An attempt to connect.
#[derive(Debug)]
pub(crate) struct Attempt {
    region: Region,
    view: View,
    options: ChannelOptions,
    limit: Until,
    stage: Stage,
}

/// What was found under the name.
#[derive(Debug)]
enum Stage {
    /// Nothing yet.
    Unmade,
    /// A channel.
    Channel(Box<Control>),
    /// A desk.
    Desk(Box<Visit>),
}

/// What a step came to.
#[derive(Debug)]
pub(crate) enum Step {
    Done(Box<Channel>),
    /// The next step is due when one of these has come, or after 80 ms.
    Sleep(Box<News>),
    /// No process rings: the next step is due in a moment.
    WaitAMoment,
}

/// What an attempt waits for.
#[derive(Clone, Debug)]
pub(crate) struct News {
    bell: Doorbell,
    awaited: Awaited,
}

#[derive(Clone, Debug)]
enum Awaited {
    /// A channel's listener is ready.
    Listener(SharedWord<AtomicU32>),
    /// A place at the desk is free.
    Room(Desk),
    /// The word at this place is another one.
    Turn(Desk, usize, Turn),
}

impl News {
    /// What is rung when they come.
    pub(crate) fn bell(&self) -> &Doorbell {
        &self.bell
    }

    pub(crate) fn have_come(&self) -> bool {
        // An error is for the next step.
        match &self.awaited {
            Awaited::Listener(state) => state.load(Ordering::Acquire) == LISTENING,
            Awaited::Room(desk) => {
                (0..desk.places()).any(|place| desk.turn(place).is_ok_and(|turn| turn == Turn::NOBODYS))
            }
            Awaited::Turn(desk, place, turn) => desk.turn(*place).map_or(true, |now| now != *turn),
        }
    }

    /// Whether these are the same.
    #[cfg(feature = "tokio")]
    pub(crate) fn are(&self, other: &News) -> bool {
        match (&self.awaited, &other.awaited) {
            (Awaited::Listener(_), Awaited::Listener(_)) | (Awaited::Room(_), Awaited::Room(_)) => true,
            (Awaited::Turn(_, place, turn), Awaited::Turn(_, other, others)) => {
                place == other && turn == others
            }
            _ => false,
        }
    }
}

impl Attempt {
    /// Opens what lies under a name.
    pub(crate) fn at(name: &ObjectName, options: &ChannelOptions) -> Result<Attempt> {
        let open = OpenOptions::read_write().trust(options.trust.clone());
        Attempt::inside(Region::open(name, &open)?, options)
    }

    fn inside(region: Region, options: &ChannelOptions) -> Result<Attempt> {
        let view = region.view(.., Access::ReadWrite)?;
        let shape = Shape::new(Shape::MIN_CAPACITY).expect("within its own limits");
        let smallest = Shapes { to_peer: shape, to_listener: shape }.bytes_needed();
        if (view.len() as u64) < smallest {
            return Err(layout::damaged(CONNECT));
        }
        let (options, limit) = (options.clone(), Until::after(Some(options.patience)));
        Ok(Attempt { region, view, options, limit, stage: Stage::Unmade })
    }

    /// The channel, which was ready before the listener said so.
    fn at_once(mut self) -> Result<Channel> {
        match self.step()? {
            Step::Done(channel) => Ok(*channel),
            _ => Err(nobody_listens()),
        }
    }

    fn finish(mut self) -> Result<Channel> {
        loop {
            match self.step()? {
                Step::Done(channel) => return Ok(*channel),
                Step::WaitAMoment => thread::sleep(MOMENT),
                Step::Sleep(news) => {
                    news.bell().sleep(self.limit.left().unwrap_or(Duration::MAX), || news.have_come());
                }
            }
        }
    }

    /// Does what can be done without waiting.
    pub(crate) fn step(&mut self) -> Result<Step> {
        if matches!(self.stage, Stage::Unmade) {
            self.find_out()?;
        }
        match &mut self.stage {
            Stage::Unmade => Ok(Step::WaitAMoment),
            Stage::Channel(control) => meet(&self.region, &self.view, control, self.limit, &self.options),
            Stage::Desk(visit) => visit.step(self.limit, &self.options),
        }
    }

    /// Looks what lies there. Nothing is written before that is known.
    fn find_out(&mut self) -> Result<()> {
        self.stage = match self.view.atomic_u64(layout::MARK_AT)?.load(Ordering::Acquire) {
            layout::MARK => Stage::Channel(Box::new(Control::at(&self.view)?)),
            desk::MARK => Stage::Desk(Box::new(Visit::to(&self.region, &self.view)?)),
            0 if !self.limit.is_over() => Stage::Unmade,
            0 => {
                let is_being_made = Seat::is_taken(&self.view, layout::LISTENER_SEAT)?;
                return Err(if is_being_made {
                    Error::new(ErrorKind::Busy, CONNECT)
                } else {
                    nobody_listens()
                });
            }
            _ => return Err(layout::damaged(CONNECT)),
        };
        Ok(())
    }
}

// ---- a channel ------------------------------------------------------------------------------------------------------

/// Becomes the peer of a channel that waits for one.
fn meet(
    region: &Region,
    view: &View,
    control: &Control,
    limit: Until,
    options: &ChannelOptions,
) -> Result<Step> {
    let state = control.state.load(Ordering::Acquire);
    // A listener that was killed leaves its word.
    if !Seat::is_taken(view, Side::Listener.seat())? {
        return Err(nobody_listens());
    }
    match state {
        LISTENING => {}
        CONNECTED if Seat::is_taken(view, Side::Peer.seat())? => {
            return Err(Error::new(ErrorKind::Busy, CONNECT));
        }
        MAKING | CONNECTED if limit.is_over() => return Err(Error::new(ErrorKind::Busy, CONNECT)),
        MAKING | CONNECTED => {
            let (bell, awaited) = (control.peer_bell.clone(), Awaited::Listener(control.state.clone()));
            return Ok(Step::Sleep(Box::new(News { bell, awaited })));
        }
        _ => return Err(layout::damaged(CONNECT)),
    }
    // The process that has the seat may end before it has connected: then the state is as it was.
    if let Some(seat) = Seat::take(view, Side::Peer.seat())? {
        if become_peer(control) {
            control.listener_bell.ring();
            let shapes = control.shapes(view)?;
            let end = Connected { region, view: view.clone(), side: Side::Peer, seat };
            return Channel::over(control, end, shapes, options.spin).map(Box::new).map(Step::Done);
        }
    }
    if limit.is_over() { Err(Error::new(ErrorKind::Busy, CONNECT)) } else { Ok(Step::WaitAMoment) }
}

fn become_peer(control: &Control) -> bool {
    control.state.compare_exchange(LISTENING, CONNECTED, Ordering::AcqRel, Ordering::Relaxed).is_ok()
}

fn nobody_listens() -> Error {
    Error::new(ErrorKind::NotFound, CONNECT).with_detail("the channel's listener has ended; start it again")
}

// ---- a desk ---------------------------------------------------------------------------------------------------------

/// A client at a desk.
#[derive(Debug)]
struct Visit {
    desk: Desk,
    name: ObjectName,
    /// Where it waits its turn.
    place: Option<Place>,
    /// When it last tried the seats of all places.
    last_round: Option<Instant>,
}

impl Visit {
    fn to(region: &Region, view: &View) -> Result<Visit> {
        let name = region.name().cloned().ok_or_else(|| {
            layout::damaged(CONNECT)
                .with_detail("the region is a listener's, which is connected to by its name")
        })?;
        Ok(Visit { desk: Desk::inside(view, region)?, name, place: None, last_round: None })
    }

    fn step(&mut self, limit: Until, options: &ChannelOptions) -> Result<Step> {
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

    /// A free place, if there is one. A free one has an empty word, mostly.
    fn take_place(&mut self) -> Result<Option<Place>> {
        // Each client draws one here, and another one when it asks.
        let draw = self.desk.next_turn()?.arrival() / 2;
        let places = self.desk.places();
        let is_round = self.last_round.is_none_or(|last| last.elapsed() >= ROUND);
        // Where few clients wait, one of the first places, so that they reuse memory; else where no other client
        // begins.
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
            // Left by clients that were killed there.
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
                News { bell: place.bell.clone(), awaited: Awaited::Turn(desk, place.index, place.turn) }
            }
            None => News { bell: desk.room_bell()?, awaited: Awaited::Room(desk) },
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
    seat: Option<Seat>,
    /// This client at the listener's gate, through which the channel comes.
    client: Option<Client>,
}

impl Place {
    /// Takes a place, and asks there.
    fn take(desk: &Desk, index: usize) -> Result<Option<Place>> {
        let Some(seat) = desk.take_seat(index)? else { return Ok(None) };
        let (desk, bell) = (desk.clone(), desk.bell_at(index)?);
        let turn = Turn::NOBODYS;
        let mut place = Place { desk, index, turn, bell, seat: Some(seat), client: None };
        place.ask()?;
        Ok(Some(place))
    }

    /// Asks for a channel: at first as the client that came last, and later in the same turn.
    fn ask(&mut self) -> Result<()> {
        let has_gate = self.desk.gate()?.load(Ordering::Acquire) != 0;
        self.client = if has_gate { Client::at(self.desk.region())? } else { None };
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
            number => Attempt::at(&channel_name(listener, number)?, options).and_then(Attempt::at_once),
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
        let attempt = Attempt::inside(region.ok_or_else(nobody_listens)?, options)?;
        Ok(attempt.at_once()?.with_peer(client.listener()))
    }

    /// Asks again when the listener has not found this client at the gate, or a peer has written over its word.
    fn insist(&mut self) -> Result<()> {
        let turn = self.desk.turn(self.index)?;
        if turn == self.turn || turn == self.turn.served() { Ok(()) } else { self.ask() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.seat.as_ref().is_some_and(Seat::is_ours) {
            return;
        }
        // The words lie in the view. The seat falls free after the word, so that the next client's word is not wiped,
        // and before the listener wakes the clients that wait for a place.
        let _ = self.desk.set_turn(self.index, Turn::NOBODYS);
        drop(self.seat.take());
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
