//! The ends of channels, and listeners, for tasks.

use std::future::poll_fn;
use std::task::{Context, Poll};

use samemap_platform::bytemuck::{self, AnyBitPattern, NoUninit};
use samemap_platform::internal::waiter::Source as _;
use samemap_platform::internal::words::ring::Record;

use super::connect::Connecting;
use super::waiter::Wait;
use crate::channel::end::told;
use crate::channel::watch::{Arrivals, MessageNews, RoomNews};
use crate::channel::{Peer, Received, Receiver, Sender, Slot};
use crate::{Channel, ChannelOptions, Listener, ObjectName, Result};

/// A [`Receiver`] for tasks: it waits without blocking the thread.
#[derive(Debug)]
pub struct AsyncReceiver {
    // Dropped before the receiver closes.
    wait: Wait<MessageNews>,
    pub(super) receiver: Receiver,
}

impl AsyncReceiver {
    /// Takes over the receiver.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(receiver: Receiver) -> Result<Self> {
        Ok(AsyncReceiver { wait: Wait::new(receiver.watch()), receiver })
    }

    /// The next message, in place; waits until there is one.
    ///
    /// # Errors
    /// Those of [`Receiver::recv`]; [`Os`](crate::ErrorKind::Os) when no thread can be had to wait.
    pub async fn recv(&mut self) -> Result<Received<'_>> {
        let record = poll_fn(|context| self.poll_record(context)).await?;
        Ok(self.receiver.lend(record))
    }

    /// The next message, if there is one.
    ///
    /// # Errors
    /// Those of [`Receiver::try_recv`].
    pub fn try_recv(&mut self) -> Result<Option<Received<'_>>> {
        self.receiver.try_recv()
    }

    /// Copies the next message to the start of `into`, and tells its length; waits until there is one.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv), and of [`Receiver::recv_into`].
    pub async fn recv_into(&mut self, into: &mut [u8]) -> Result<usize> {
        self.recv().await?.take_into(into)
    }

    /// Receives a plain-data value.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv), and of [`Receiver::recv_value`].
    pub async fn recv_value<T: AnyBitPattern>(&mut self) -> Result<T> {
        self.recv().await?.value()
    }

    /// The longest message that can come, in bytes.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.receiver.max_message()
    }

    /// The blocking receiver again.
    #[must_use]
    pub fn into_inner(self) -> Receiver {
        let AsyncReceiver { wait, receiver } = self;
        drop(wait);
        receiver
    }

    pub(super) fn poll_record(&mut self, context: &mut Context<'_>) -> Poll<Result<Record>> {
        let AsyncReceiver { wait, receiver } = self;
        wait.poll_for(context, |_| {
            let next = receiver.next_or_end()?;
            if next.is_none() {
                receiver.sleeps();
            }
            Ok(next)
        })
    }
}

/// A [`Sender`] for tasks: it waits without blocking the thread.
#[derive(Debug)]
pub struct AsyncSender {
    // Dropped before the sender closes.
    wait: Wait<RoomNews>,
    pub(super) sender: Sender,
}

impl AsyncSender {
    /// Takes over the sender.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(sender: Sender) -> Result<Self> {
        Ok(AsyncSender { wait: Wait::new(sender.watch()), sender })
    }

    /// Sends a copy of `message`; waits while the ring is full.
    ///
    /// # Errors
    /// Those of [`Sender::send`]; [`Os`](crate::ErrorKind::Os) when no thread can be had to wait.
    pub async fn send(&mut self, message: &[u8]) -> Result<()> {
        let mut slot = self.reserve(message.len()).await?;
        slot.write(0, message)?;
        slot.commit();
        Ok(())
    }

    /// Sends a copy of `message`, unless the ring is too full for it: then the answer is `false`.
    ///
    /// # Errors
    /// Those of [`Sender::try_send`].
    pub fn try_send(&mut self, message: &[u8]) -> Result<bool> {
        self.sender.try_send(message)
    }

    /// Sends a plain-data value.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub async fn send_value<T: NoUninit>(&mut self, value: &T) -> Result<()> {
        self.send(bytemuck::bytes_of(value)).await
    }

    /// Room in the ring for a message of up to `len` bytes, to be filled in place; waits while the ring is full.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub async fn reserve(&mut self, len: usize) -> Result<Slot<'_>> {
        let record = poll_fn(|context| self.poll_room(len, context)).await?;
        Ok(self.sender.lend(record))
    }

    /// The longest message, in bytes.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.sender.max_message()
    }

    /// The blocking sender again.
    #[must_use]
    pub fn into_inner(self) -> Sender {
        let AsyncSender { wait, sender } = self;
        drop(wait);
        sender
    }

    pub(super) fn poll_room(&mut self, len: usize, context: &mut Context<'_>) -> Poll<Result<Record>> {
        let AsyncSender { wait, sender } = self;
        wait.poll_for(context, |_| {
            let room = sender.room(len)?;
            if room.is_none() {
                sender.sleeps();
            }
            Ok(room)
        })
    }
}

/// A [`Channel`] for tasks: it waits without blocking the thread.
#[derive(Debug)]
pub struct AsyncChannel {
    sender: AsyncSender,
    receiver: AsyncReceiver,
    peer: Option<Peer>,
}

impl AsyncChannel {
    /// Takes over the channel. To make a channel takes some tens of microseconds: do that in a thread that may block
    /// (`tokio::task::spawn_blocking`) where tasks cannot wait for it.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(channel: Channel) -> Result<Self> {
        let peer = channel.peer().ok().cloned();
        let (sender, receiver) = channel.split();
        Ok(AsyncChannel { sender: AsyncSender::new(sender)?, receiver: AsyncReceiver::new(receiver)?, peer })
    }

    /// Connects to the channel, or to the listener, of that name, as [`Channel::connect`] does. The task waits its turn
    /// without a thread of its own, so any number may wait at a time. It learns up to 80 ms late that its patience is
    /// over, or that its listener has ended.
    ///
    /// # Errors
    /// Those of [`Channel::connect`]; [`Os`](crate::ErrorKind::Os) when no thread can be had to wait.
    pub async fn connect(name: &ObjectName, options: &ChannelOptions) -> Result<Self> {
        let mut connecting = Connecting::new(name, options)?;
        AsyncChannel::new(poll_fn(|context| connecting.poll(context)).await?)
    }

    /// Waits until a peer has connected. On a peer's own end there is nothing to wait for.
    ///
    /// # Errors
    /// What the system says; [`Os`](crate::ErrorKind::Os) when no thread can be had to wait.
    pub async fn wait_for_peer(&mut self) -> Result<()> {
        let mut wait = Wait::new(self.receiver.receiver.watch_for_peer()?);
        poll_fn(|context| wait.poll_for(context, |arrival| Ok(arrival.is_ready().then_some(())))).await
    }

    /// The process at the other end; see [`Channel::peer`].
    ///
    /// # Errors
    /// Those of [`Channel::peer`].
    pub fn peer(&self) -> Result<&Peer> {
        told(self.peer.as_ref())
    }

    /// The half that sends.
    pub fn sender(&mut self) -> &mut AsyncSender {
        &mut self.sender
    }

    /// The half that receives.
    pub fn receiver(&mut self) -> &mut AsyncReceiver {
        &mut self.receiver
    }

    /// Both halves, for a task each. The end lives until both are dropped.
    #[must_use]
    pub fn split(self) -> (AsyncSender, AsyncReceiver) {
        (self.sender, self.receiver)
    }
}

/// A [`Listener`] for tasks: it waits without blocking the thread.
#[derive(Debug)]
pub struct AsyncListener {
    // Dropped before the listener ends.
    wait: Wait<Arrivals>,
    listener: Listener,
}

impl AsyncListener {
    /// Takes over the listener.
    #[must_use]
    pub fn new(listener: Listener) -> Self {
        AsyncListener { wait: Wait::new(listener.arrivals()), listener }
    }

    /// The next peer's channel; waits for it. One that ends before it has connected is passed over.
    ///
    /// # Errors
    /// Those of [`Listener::accept`]; [`Os`](crate::ErrorKind::Os) when no thread can be had to wait.
    pub async fn accept(&mut self) -> Result<AsyncChannel> {
        let AsyncListener { wait, listener } = self;
        let mut accept = || listener.try_accept();
        AsyncChannel::new(poll_fn(|context| wait.poll_for(context, |_| accept())).await?)
    }

    /// The blocking listener again.
    #[must_use]
    pub fn into_inner(self) -> Listener {
        let AsyncListener { wait, listener } = self;
        drop(wait);
        listener
    }
}
