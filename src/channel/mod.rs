//! A duplex stream of messages between two processes, at the speed of memory.
//!
//! A channel is two bounded rings in a region, one for each direction. Messages of any length up to
//! [`ChannelOptions::max_message`] arrive whole, in order, once. Nothing is copied but by you, no system call is made while
//! both sides keep up, and who has nothing to do sleeps in the kernel.
//!
//! ```
//! use samemap::{Channel, ChannelOptions, ObjectName};
//!
//! let name = ObjectName::new(r"Local\Example")?;
//! # let name = ObjectName::new(format!(r"Local\Example-{}", std::process::id()))?;
//! let mut listener = Channel::create(&name, &ChannelOptions::new())?;
//!
//! // In another process, or in this one:
//! let mut peer = Channel::connect(&name, &ChannelOptions::new())?;
//! peer.sender().send(b"ping")?;
//!
//! assert!(listener.wait_for_peer(None)?);
//! assert_eq!(listener.receiver().recv()?.to_vec(), b"ping");
//! listener.sender().send(b"pong")?;
//! assert_eq!(peer.receiver().recv()?.to_vec(), b"pong");
//! # Ok::<(), samemap::Error>(())
//! ```
//!
//! # Which shape
//! - [`Channel::create`] and [`Channel::connect`]: one listener, one peer at a time, in one named region. When the peer has
//!   ended, [`Channel::wait_for_next_peer`] takes another one. A second peer meanwhile is refused
//!   ([`Busy`](crate::ErrorKind::Busy)).
//! - [`Listener`]: any number of peers, each on a channel of its own, as with `std::net::TcpListener`.
//! - [`Channel::create_in`] and [`Channel::connect_in`]: in a region that you have, such as an anonymous one that a child
//!   [adopts](crate::Offer).
//!
//! Several producers into one receiver: each takes a channel of its own from a [`Listener`], and
//! [`Receiver::wait_any`] waits for all of them; within one process a `Mutex<Sender>` serves.
//!
//! # How an end is noticed
//! Each end holds a [`Seat`]: a lock that the kernel takes back when its process ends, however
//! that happens. An orderly end closes; what was sent is still read, and then there is
//! [`Closed`](crate::ErrorKind::Closed). Who sleeps looks every 80 ms whether the other end's seat is still taken; if not,
//! what was committed is still read, and then there is [`PeerDied`](crate::ErrorKind::PeerDied).
//!
//! In a forked child (without exec) the copy of an end closes nothing, and refuses to be used
//! ([`Unsupported`](crate::ErrorKind::Unsupported)): connect anew there.
//!
//! # What a hostile peer can do
//! It can write anything to the region at any time. All positions, lengths and marks that are read from it are checked
//! against private copies before they are used, each is read once, and every access of the bytes is checked against the
//! ring's bounds. So rubbish is received, or an error ([`Damaged`](crate::ErrorKind::Damaged)), and nothing else happens.
//!
//! A [`Slot`] and a [`Received`] lend memory of the ring, in which the peer may change bytes while they are looked at.
//! Their safe calls copy, and never give out a reference; a length or a value that was copied out does not change any
//! more. Their `unsafe` slices ([`Part::as_slice`](crate::Part::as_slice)) are for those who vouch for the peer.

mod connection;
mod layout;
mod listener;
mod receiver;
#[doc(hidden)]
pub mod ring;
mod sender;
mod spin;
pub(crate) mod stream;
#[cfg(feature = "tokio")]
pub(crate) mod watch;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use samemap_platform::Seat;

pub use self::listener::{Listener, ListenerOptions};
pub use self::receiver::{Received, Receiver};
pub use self::sender::{Batch, Sender, Slot};
pub use self::spin::Spin;
pub use self::stream::{MessageReader, MessageWriter};

use self::connection::{Connection, Limit, Woken, sleep_until};
use self::layout::{CONNECTED, Control, LISTENING, MAKING, MARK, Ring, Side, bytes_needed};
use self::ring::Shape;
use crate::{
    Access, CreateOptions, Error, ErrorKind, ObjectName, OpenOptions, Permissions, Region, Result,
    SharedRegion, Trust, View,
};

const CREATE: &str = "create the channel";
const CONNECT: &str = "connect to the channel";

/// Between two looks at what nobody rings for.
const MOMENT: Duration = Duration::from_millis(1);

/// How long a seat may seem taken that is free: on Windows, who looks at one has it for an instant.
const GRACE: Duration = Duration::from_millis(20);

/// How a channel is made, or connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ChannelOptions {
    capacity: usize,
    permissions: Permissions,
    trust: Trust,
    spin: Spin,
    patience: Duration,
}

impl Default for ChannelOptions {
    fn default() -> Self {
        ChannelOptions::new()
    }
}

impl ChannelOptions {
    /// Rings of 64 KiB, for its owner alone, adaptive spinning, a second of patience.
    pub fn new() -> Self {
        ChannelOptions {
            capacity: 64 << 10,
            permissions: Permissions::owner_only(),
            trust: Trust::OwnAndSystem,
            spin: Spin::Adaptive,
            patience: Duration::from_secs(1),
        }
    }

    /// Bytes of each of the two rings, rounded up to a power of two; 64 to 1 GiB. The memory is committed when the
    /// channel is made. A message may take up to half of the ring. Ignored when connecting.
    ///
    /// Who asks and answers is best served by small rings, which stay in the processor's nearest caches. In a stream,
    /// rings of 1 to 4 MiB let the sender run ahead, so that the two processors do not wait for each other's cache lines:
    /// one of 64 KiB messages was five times as fast with them (`docs/performance.md`, its streams).
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.capacity = bytes;
        self
    }

    /// The smallest capacity that takes messages of this length, and at least four of them at a time.
    pub fn for_messages_of(self, bytes: usize) -> Self {
        let four = bytes.saturating_add(ring::HEADER + 8).saturating_mul(4);
        self.capacity(four)
    }

    /// Lets others in, who must be able to write. Ignored when connecting.
    pub fn permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = permissions;
        self
    }

    /// Whose channel is accepted when connecting.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// How long this end looks for news before it sleeps.
    pub fn spin(mut self, spin: Spin) -> Self {
        self.spin = spin;
        self
    }

    /// How long connecting waits for a listener that is not ready yet: it is being made, or has not turned from its last
    /// peer. One second unless this says otherwise.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The longest message that a channel made with these options takes, in bytes.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for a capacity beyond the limits.
    pub fn max_message(&self) -> Result<usize> {
        Ok(self.shape()?.max_message())
    }

    /// How many bytes of a region such a channel takes, for [`Channel::create_in`].
    ///
    /// # Errors
    /// As for [`max_message`](Self::max_message).
    pub fn region_len(&self) -> Result<u64> {
        Ok(bytes_needed(self.shape()?))
    }

    fn shape(&self) -> Result<Shape> {
        let capacity = u32::try_from(self.capacity).ok().and_then(u32::checked_next_power_of_two);
        capacity.map(|capacity| capacity.max(Shape::MIN_CAPACITY)).and_then(Shape::new).ok_or_else(|| {
            Error::new(ErrorKind::InvalidArgument, CREATE).with_detail(format!(
                "a capacity of {} bytes was asked for; ask for at most {}",
                self.capacity,
                Shape::MAX_CAPACITY
            ))
        })
    }
}

/// One end of a duplex stream of messages; see the [module](self).
///
/// Dropping it closes both directions, and leaves nothing behind when the other end is gone too.
#[derive(Debug)]
pub struct Channel {
    // Both close before the seat is left, which the last of them does.
    sender: Sender,
    receiver: Receiver,
}

impl Channel {
    /// Makes a channel under a free name, and waits for nobody: see [`wait_for_peer`](Self::wait_for_peer). What is sent
    /// before a peer comes waits for it in the ring.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create`], and for a capacity beyond the limits.
    pub fn create(name: &ObjectName, options: &ChannelOptions) -> Result<Channel> {
        let region_options = CreateOptions::new(options.region_len()?).permissions(options.permissions);
        Channel::create_in(&Region::create(name, &region_options)?, options)
    }

    /// Makes a channel at the start of a region that is large enough ([`ChannelOptions::region_len`]) and new.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange) for a region that is too small, [`Busy`](ErrorKind::Busy) when somebody listens
    /// there, [`AccessDenied`](ErrorKind::AccessDenied) when the region cannot be written to.
    pub fn create_in(region: &Region, options: &ChannelOptions) -> Result<Channel> {
        let shape = options.shape()?;
        let view = region.view(0..bytes_needed(shape), Access::ReadWrite)?;
        let seat = Seat::take(&view, Side::Listener.seat())?.ok_or_else(|| {
            Error::new(ErrorKind::Busy, CREATE)
                .with_detail("somebody listens there already; connect, or use another region")
        })?;
        let control = Control::at(&view)?;
        if control.state.load(Ordering::Acquire) != MAKING {
            return Err(Error::new(ErrorKind::AlreadyExists, CREATE).with_detail(
                "the region has held a channel before, whose listener ended; make a new region",
            ));
        }
        control.capacity.store(shape.capacity(), Ordering::Relaxed);
        control.mark.store(MARK, Ordering::Release);
        let mut channel = Channel::over(
            &control,
            Connected { region, view, side: Side::Listener, seat },
            shape,
            options.spin,
        )?;
        channel.renew();
        control.state.store(LISTENING, Ordering::Release);
        control.peer_bell.ring();
        Ok(channel)
    }

    /// Connects to the channel of that name.
    ///
    /// # Errors
    /// Those of [`SharedRegion::open`]; [`Busy`](ErrorKind::Busy) when it has a peer, or a listener that has not turned from
    /// its last one within [`patience`](ChannelOptions::patience); [`NotFound`](ErrorKind::NotFound) when its listener has
    /// ended; [`Damaged`](ErrorKind::Damaged) when the region holds no channel.
    pub fn connect(name: &ObjectName, options: &ChannelOptions) -> Result<Channel> {
        let open = OpenOptions::read_write().trust(options.trust.clone());
        Channel::connect_in(&Region::open(name, &open)?, options)
    }

    /// Connects to the channel in a region.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    pub fn connect_in(region: &Region, options: &ChannelOptions) -> Result<Channel> {
        let view = region.view(.., Access::ReadWrite)?;
        if (view.len() as u64) < bytes_needed(Shape::new(Shape::MIN_CAPACITY).expect("within its own limits"))
        {
            return Err(layout::damaged(CONNECT));
        }
        let limit = Limit::after(Some(options.patience));
        wait_until_made(&view, limit)?;
        let control = Control::at(&view)?;
        let seat = loop {
            wait_for_listener(&view, &control, limit)?;
            // Whoever has it may be gone before it has connected: then the state is as it was.
            if let Some(seat) = Seat::take(&view, Side::Peer.seat())? {
                if become_peer(&control) {
                    break seat;
                }
            }
            if limit.is_over() {
                return Err(Error::new(ErrorKind::Busy, CONNECT));
            }
            thread::sleep(MOMENT);
        };
        control.listener_bell.ring();
        let shape = control.shape(&view)?;
        Channel::over(&control, Connected { region, view, side: Side::Peer, seat }, shape, options.spin)
    }

    fn over(control: &Control, end: Connected<'_>, shape: Shape, spin: Spin) -> Result<Channel> {
        let Connected { region, view, side, seat } = end;
        let outgoing = Ring::from(side, &view, shape)?;
        let incoming = Ring::from(side.other(), &view, shape)?;
        let connection = Connection::new(region.clone(), view, side, seat, control.state.clone());
        let connection = Arc::new(connection);
        let sender = Sender::new(Arc::clone(&connection), outgoing, shape, spin);
        Ok(Channel { sender, receiver: Receiver::new(connection, incoming, shape, spin) })
    }

    /// Empties both rings.
    fn renew(&mut self) {
        self.sender.renew();
        self.receiver.renew();
    }

    /// Waits for at most `timeout` until a peer has connected; `None` is for ever. The answer is `false` when time ran
    /// out. On a peer's own end there is nothing to wait for.
    ///
    /// # Errors
    /// What the system says.
    pub fn wait_for_peer(&mut self, timeout: Option<Duration>) -> Result<bool> {
        let connected = || !self.connection().awaits_peer();
        if connected() {
            return Ok(true);
        }
        let bell = Control::at(&self.connection().view)?.listener_bell;
        Ok(sleep_until(&bell, Limit::after(timeout), connected, || Ok(true))? == Woken::News)
    }

    /// When the peer has ended: makes the channel new, and waits for at most `timeout` until another peer has connected.
    /// What was sent and not read is lost. A peer that has closed both directions is about to end, and waited for. The
    /// answer is `false` when time ran out; later calls wait on.
    ///
    /// # Errors
    /// [`Busy`](ErrorKind::Busy) while the peer is still there, [`Unsupported`](ErrorKind::Unsupported) on the peer's own
    /// end: connect again there.
    pub fn wait_for_next_peer(&mut self, timeout: Option<Duration>) -> Result<bool> {
        const OPERATION: &str = "wait for the next peer";
        let limit = Limit::after(timeout);
        if self.connection().side != Side::Listener {
            return Err(Error::new(ErrorKind::Unsupported, OPERATION)
                .with_detail("only the listener's end waits for peers; connect again instead"));
        }
        self.connection().check_ours(OPERATION)?;
        if !self.connection().awaits_peer() {
            let grace = Limit::after(Some(GRACE));
            while Seat::is_taken(&self.connection().view, Side::Peer.seat())? {
                let is_leaving = self.sender.is_closed() && self.receiver.is_closed();
                if is_leaving && limit.is_over() {
                    return Ok(false);
                }
                if !is_leaving && grace.is_over() {
                    return Err(Error::new(ErrorKind::Busy, OPERATION).with_detail("the peer is still there"));
                }
                thread::sleep(MOMENT);
            }
            self.invite()?;
        }
        self.wait_for_peer(Some(limit.left()))
    }

    /// Makes the channel new, for the next peer.
    fn invite(&mut self) -> Result<()> {
        let control = Control::at(&self.connection().view)?;
        control.state.store(MAKING, Ordering::Release);
        self.connection().forget_peer();
        self.renew();
        control.state.store(LISTENING, Ordering::Release);
        self.connection().await_peer();
        control.peer_bell.ring();
        Ok(())
    }

    /// The half that sends.
    #[inline]
    pub fn sender(&mut self) -> &mut Sender {
        &mut self.sender
    }

    /// The half that receives.
    #[inline]
    pub fn receiver(&mut self) -> &mut Receiver {
        &mut self.receiver
    }

    /// Both halves, for a thread each. The end lives until both are dropped.
    #[must_use]
    pub fn split(self) -> (Sender, Receiver) {
        (self.sender, self.receiver)
    }

    /// The region that the channel lies in.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.connection().region
    }

    /// Whether a peer has come.
    fn is_connected(&self) -> bool {
        !self.connection().awaits_peer()
    }

    fn connection(&self) -> &Connection {
        &self.sender.connection
    }
}

/// What an end is made of.
struct Connected<'a> {
    region: &'a Region,
    view: View,
    side: Side,
    seat: Seat,
}

/// Until the region holds a channel. Nothing is written to it before.
fn wait_until_made(view: &View, limit: Limit) -> Result<()> {
    while !Control::is_made(view)? {
        if limit.is_over() {
            let is_being_made = Seat::is_taken(view, Side::Listener.seat())?;
            return Err(if is_being_made { Error::new(ErrorKind::Busy, CONNECT) } else { nobody_listens() });
        }
        thread::sleep(MOMENT);
    }
    Ok(())
}

/// Until the listener is ready for a peer.
fn wait_for_listener(view: &View, control: &Control, limit: Limit) -> Result<()> {
    let is_ready = || control.state.load(Ordering::Acquire) == LISTENING;
    if !is_ready() {
        let goes_on = || Ok(Seat::is_taken(view, Side::Listener.seat())? && !has_peer(view, control)?);
        if sleep_until(&control.peer_bell, limit, is_ready, goes_on)? != Woken::News {
            return Err(not_ready(view, control)?);
        }
    }
    // A listener that was killed leaves its word.
    if Seat::is_taken(view, Side::Listener.seat())? { Ok(()) } else { Err(nobody_listens()) }
}

fn has_peer(view: &View, control: &Control) -> Result<bool> {
    Ok(control.state.load(Ordering::Acquire) == CONNECTED && Seat::is_taken(view, Side::Peer.seat())?)
}

fn not_ready(view: &View, control: &Control) -> Result<Error> {
    if !Seat::is_taken(view, Side::Listener.seat())? {
        return Ok(nobody_listens());
    }
    Ok(match control.state.load(Ordering::Acquire) {
        MAKING | LISTENING | CONNECTED => Error::new(ErrorKind::Busy, CONNECT),
        _ => layout::damaged(CONNECT),
    })
}

fn nobody_listens() -> Error {
    Error::new(ErrorKind::NotFound, CONNECT).with_detail("the channel's listener has ended; start it again")
}

fn become_peer(control: &Control) -> bool {
    control.state.compare_exchange(LISTENING, CONNECTED, Ordering::AcqRel, Ordering::Relaxed).is_ok()
}
