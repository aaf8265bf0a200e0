//! One end of a channel: made, and renewed for the next peer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use samemap_platform::Seat;
use samemap_platform::words::Until;
use samemap_platform::words::ring::Shape;

use super::connection::{Connection, MOMENT, Woken, sleep_until};
use super::layout::{Control, LISTENING, MAKING, MARK, Ring, Side, bytes_needed};
use super::options::ChannelOptions;
use super::receiver::Receiver;
use super::sender::Sender;
use super::spin::Spin;
use crate::{Access, CreateOptions, Error, ErrorKind, ObjectName, Region, Result, SharedRegion, View};

const CREATE: &str = "create the channel";

/// How long a seat may seem taken that is free: on Windows, who looks at one has it for an instant.
const GRACE: Duration = Duration::from_millis(20);

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

    pub(super) fn over(control: &Control, end: Connected<'_>, shape: Shape, spin: Spin) -> Result<Channel> {
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
        Ok(sleep_until(&bell, Until::after(timeout), connected, || Ok(true))? == Woken::News)
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
        let limit = Until::after(timeout);
        if self.connection().side != Side::Listener {
            return Err(Error::new(ErrorKind::Unsupported, OPERATION)
                .with_detail("only the listener's end waits for peers; connect again instead"));
        }
        self.connection().check_ours(OPERATION)?;
        if !self.connection().awaits_peer() {
            let grace = Until::after(Some(GRACE));
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
        self.wait_for_peer(limit.left())
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
    pub(super) fn is_connected(&self) -> bool {
        !self.connection().awaits_peer()
    }

    fn connection(&self) -> &Connection {
        &self.sender.connection
    }
}

/// What an end is made of.
pub(super) struct Connected<'a> {
    pub(super) region: &'a Region,
    pub(super) view: View,
    pub(super) side: Side,
    pub(super) seat: Seat,
}
