//! One end of a channel: made, and renewed for the next peer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use samemap_platform::internal::Seat;
use samemap_platform::internal::gate::Peer;
use samemap_platform::internal::words::Until;

use super::connection::Connection;
use super::layout::{Control, LISTENING, MAKING, MARK, PERMISSIONS_AT, Ring, Shapes, Side};
use super::left::{self, Found, Left};
use super::options::ChannelOptions;
use super::receiver::Receiver;
use super::sender::Sender;
use crate::endpoint::seat;
use crate::endpoint::spin::Spin;
use crate::endpoint::wait::{MOMENT, Woken, sleep_until};
use crate::{Access, Error, ErrorKind, ObjectName, Region, Result, View};

const CREATE: &str = "create the channel";

/// How often the peer of a listener that was killed is given time to notice that.
const LOOKS_AT_A_PEER: u32 = 3;
const UNTIL_A_DEATH_IS_NOTICED: Duration = Duration::from_millis(100);

/// One end of a duplex stream of messages; see the [module](crate::channel).
///
/// Dropping it closes both directions, and leaves nothing behind when the other end is gone too.
#[derive(Debug)]
pub struct Channel {
    // Both halves close before the last of them leaves the seat.
    sender: Sender,
    receiver: Receiver,
    peer: Option<Peer>,
}

impl Channel {
    /// Makes a channel under a free name, and does not wait for a peer: see [`wait_for_peer`](Self::wait_for_peer).
    /// What is sent before a peer comes waits for it in the ring.
    ///
    /// A channel of this user whose listener was killed is made anew if its region is large enough, though clients that
    /// try to connect keep its name.
    ///
    /// # Errors
    /// Those of [`Region::create`], and for a capacity beyond the limits.
    pub fn create(name: &ObjectName, options: &ChannelOptions) -> Result<Channel> {
        let bytes = options.region_len()?;
        for _ in 0..LOOKS_AT_A_PEER {
            match left::make(name, bytes, MARK, options)? {
                Found::New(region) => return Channel::create_in(&region, options),
                Found::Left(left) => {
                    let renewed = Channel::renewed(left, options);
                    if let Some(channel) = renewed.map_err(|error| error.with_name(name.to_string()))? {
                        return Ok(channel);
                    }
                }
            }
            // The seat was left again: the peer learns that its listener has ended, if it waits.
            thread::sleep(UNTIL_A_DEATH_IS_NOTICED);
        }
        Err(left::taken(
            "the peer of the last listener still has its end open; end that process, or wait for it",
        ))
    }

    /// Makes a channel at the start of a region that is large enough ([`ChannelOptions::region_len`]) and new.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange) for a region that is too small, [`Busy`](ErrorKind::Busy) when there is a
    /// listener already, [`AccessDenied`](ErrorKind::AccessDenied) when the region cannot be written to.
    pub fn create_in(region: &Region, options: &ChannelOptions) -> Result<Channel> {
        let view = region.view(0..options.region_len()?, Access::ReadWrite)?;
        let seat = seat::take(&view, Side::Listener.seat())?.ok_or_else(|| {
            Error::new(ErrorKind::Busy, CREATE)
                .with_detail("a listener has that region already; connect, or use another region")
        })?;
        if Control::at(&view)?.state.load(Ordering::Acquire) != MAKING {
            return Err(Error::new(ErrorKind::AlreadyExists, CREATE).with_detail(
                "the region has held a channel before, whose listener ended; make a new region",
            ));
        }
        Channel::begin(region, view, seat, options)
    }

    /// Makes what a listener has left a channel again; `None` while its peer is there.
    fn renewed(left: Left, options: &ChannelOptions) -> Result<Option<Channel>> {
        let Left { region, view, seat } = left;
        if (view.len() as u64) < options.region_len()? {
            return Err(left::taken(
                "clients that try to connect keep what the last listener left, which had a smaller capacity; take the same one, or wait until they have given up",
            ));
        }
        // From now on no process becomes the peer. One that has just taken the peer's seat for that leaves it again.
        Control::at(&view)?.state.store(MAKING, Ordering::Release);
        if !seat::is_free(&view, Side::Peer.seat())? {
            return Ok(None);
        }
        Channel::begin(&region, view, seat, options).map(Some)
    }

    /// Makes a channel without a peer, and has the listener's seat.
    fn begin(region: &Region, view: View, seat: Seat, options: &ChannelOptions) -> Result<Channel> {
        let (control, shapes) = (Control::at(&view)?, options.shapes()?);
        control.set_shapes(shapes);
        view.atomic_u32(PERMISSIONS_AT)?.store(options.permissions.mode(), Ordering::Relaxed);
        control.mark.store(MARK, Ordering::Release);
        let end = Connected { region, view, side: Side::Listener, seat };
        let mut channel = Channel::over(&control, end, shapes, options.spin)?;
        channel.renew();
        control.state.store(LISTENING, Ordering::Release);
        control.peer_bell.ring();
        Ok(channel)
    }

    pub(super) fn over(control: &Control, end: Connected<'_>, shapes: Shapes, spin: Spin) -> Result<Channel> {
        let Connected { region, view, side, seat } = end;
        let outgoing = Ring::from(side, &view, shapes)?;
        let incoming = Ring::from(side.other(), &view, shapes)?;
        let connection = Connection::new(region.clone(), view, side, seat, control.state.clone());
        let connection = Arc::new(connection);
        let sender = Sender::new(Arc::clone(&connection), outgoing, spin);
        Ok(Channel { sender, receiver: Receiver::new(connection, incoming, spin), peer: None })
    }

    /// Empties both rings.
    fn renew(&mut self) {
        self.sender.renew();
        self.receiver.renew();
    }

    /// Waits until a peer has connected. On a peer's own end there is nothing to wait for.
    ///
    /// # Errors
    /// What the system says.
    pub fn wait_for_peer(&mut self) -> Result<()> {
        while !self.is_met_by(Until::after(None))? {}
        Ok(())
    }

    /// Waits for at most `timeout` until a peer has connected; `false` when time ran out.
    ///
    /// # Errors
    /// Those of [`wait_for_peer`](Self::wait_for_peer).
    pub fn wait_for_peer_timeout(&mut self, timeout: Duration) -> Result<bool> {
        self.is_met_by(Until::after(Some(timeout)))
    }

    /// Whether a peer has connected.
    ///
    /// # Errors
    /// Those of [`wait_for_peer`](Self::wait_for_peer).
    pub fn try_wait_for_peer(&mut self) -> Result<bool> {
        self.wait_for_peer_timeout(Duration::ZERO)
    }

    fn is_met_by(&self, limit: Until) -> Result<bool> {
        let connected = || !self.connection().other.is_awaited();
        if connected() {
            return Ok(true);
        }
        let bell = Control::at(&self.connection().view)?.listener_bell;
        Ok(sleep_until(Some(&bell), limit, connected, || Ok(true))? == Woken::News)
    }

    /// When the peer has ended: makes the channel new, and waits until another peer has connected. What was sent and
    /// not read is lost. When the peer has closed both directions, the call waits for its end.
    ///
    /// # Errors
    /// [`Busy`](ErrorKind::Busy) while the peer is still there, [`Unsupported`](ErrorKind::Unsupported) on the peer's
    /// own end: connect again there.
    pub fn wait_for_next_peer(&mut self) -> Result<()> {
        while !self.is_next_met_by(Until::after(None))? {}
        Ok(())
    }

    /// Waits as [`wait_for_next_peer`](Self::wait_for_next_peer) does, for at most `timeout`; `false` when time ran
    /// out. Later calls wait on.
    ///
    /// # Errors
    /// Those of [`wait_for_next_peer`](Self::wait_for_next_peer).
    pub fn wait_for_next_peer_timeout(&mut self, timeout: Duration) -> Result<bool> {
        self.is_next_met_by(Until::after(Some(timeout)))
    }

    /// Makes the channel new, when the peer has ended, and says whether another one has connected already.
    ///
    /// # Errors
    /// Those of [`wait_for_next_peer`](Self::wait_for_next_peer).
    pub fn try_wait_for_next_peer(&mut self) -> Result<bool> {
        self.wait_for_next_peer_timeout(Duration::ZERO)
    }

    fn is_next_met_by(&mut self, limit: Until) -> Result<bool> {
        const OPERATION: &str = "wait for the next peer";
        if self.connection().side != Side::Listener {
            return Err(Error::new(ErrorKind::Unsupported, OPERATION)
                .with_detail("only the listener's end waits for peers; connect again instead"));
        }
        self.connection().check_ours(OPERATION)?;
        if !self.connection().other.is_awaited() {
            let (view, peers) = (&self.connection().view, Side::Peer.seat());
            while Seat::is_taken(view, peers)? {
                let is_leaving = self.sender.is_closed() && self.receiver.is_closed();
                if is_leaving && limit.is_over() {
                    return Ok(false);
                }
                if !is_leaving && !seat::is_free(view, peers)? {
                    return Err(Error::new(ErrorKind::Busy, OPERATION).with_detail(
                        "the peer still has its end open; end its process, or let it close both halves",
                    ));
                }
                thread::sleep(MOMENT);
            }
            self.invite()?;
        }
        self.is_met_by(limit)
    }

    /// Makes the channel new, for the next peer.
    fn invite(&mut self) -> Result<()> {
        self.peer = None;
        let control = Control::at(&self.connection().view)?;
        control.state.store(MAKING, Ordering::Release);
        self.connection().other.forget();
        self.renew();
        control.state.store(LISTENING, Ordering::Release);
        self.connection().other.await_next();
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

    /// The process at the other end, as the kernel told it when that process connected.
    ///
    /// It is known at both ends of a channel that a [`Listener`](super::Listener) accepted: the listener hands the
    /// channel's memory to that one process, and no other process can open it. Nothing that a client writes can make it
    /// look like another one. See [`Peer`] for what is not proved.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) when nothing proves it: for a channel that was made by
    /// [`create`](Self::create), because any process that may open its name or has its region can be at the other end;
    /// and for a client that the listener could not reach in this way: see below.
    ///
    /// # Platform-specific behavior
    /// - On Linux the listener and the client must be in one network namespace. The answer is the process that connected,
    ///   or that began to listen.
    /// - On Windows the listener must be allowed to open the client's process (`PROCESS_DUP_HANDLE`), as among
    ///   processes of one user. At the client's end the listener's process is not known.
    pub fn peer(&self) -> Result<&Peer> {
        told(self.peer.as_ref())
    }

    /// Adds what the kernel told of the other end.
    pub(super) fn with_peer(self, peer: Option<Peer>) -> Channel {
        Channel { peer, ..self }
    }

    /// The region that the channel lies in.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.connection().region
    }

    /// Whether a peer has come.
    pub(super) fn is_connected(&self) -> bool {
        !self.connection().other.is_awaited()
    }

    /// Lets no process become the peer any more; `false` when one already is.
    pub(super) fn withdraw(&self) -> bool {
        self.connection().other.withdraw()
    }

    fn connection(&self) -> &Connection {
        &self.sender.connection
    }
}

/// What is known of a peer, or why nothing is.
pub(crate) fn told(peer: Option<&Peer>) -> Result<&Peer> {
    peer.ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, "tell which process the peer is").with_detail(
            "the system does not tell it for this channel; accept channels by a Listener, and on Linux run both processes in one network namespace",
        )
    })
}

/// What an end is made of.
pub(super) struct Connected<'a> {
    pub(super) region: &'a Region,
    pub(super) view: View,
    pub(super) side: Side,
    pub(super) seat: Seat,
}
