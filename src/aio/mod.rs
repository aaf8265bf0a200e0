//! Channels and newest values for asynchronous tasks: `recv().await`, `send(…).await`, `accept().await`,
//! `wait_newer(…).await` (feature `tokio`).
//!
//! ```
//! use samemap::aio::AsyncChannel;
//! use samemap::{Channel, ChannelOptions, ObjectName};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let name = ObjectName::new(r"Local\Example")?;
//! # let name = ObjectName::new(format!(r"Local\Example-aio-{}", std::process::id()))?;
//! let mut listener = AsyncChannel::new(Channel::create(&name, &ChannelOptions::new())?)?;
//!
//! // In another process, or in this one:
//! let mut peer = AsyncChannel::new(Channel::connect(&name, &ChannelOptions::new())?)?;
//! peer.sender().send(b"ping").await?;
//!
//! listener.wait_for_peer().await?;
//! assert_eq!(listener.receiver().recv().await?.to_vec(), b"ping");
//! # Ok::<(), samemap::Error>(())
//! # }).unwrap();
//! ```
//!
//! # What waits
//! A call that finds its message, or its room, there already answers at once, and no thread takes part. The others are
//! waited for by a small pool of threads of this process, one for each 63 receivers, senders, listeners and readers that have
//! ever had to wait and still exist. Each sleeps in the kernel on all its doorbells together, wakes the tasks whose
//! doorbells are rung, and looks every 80 ms whether their peers live. A thread that has had nothing to wait for ends
//! after five seconds. The pool is started by the first wait, and belongs to no runtime; a forked child starts its own.
//!
//! A task that waits is woken by way of such a thread, which costs a second wake-up: one way takes about twice as long
//! as between two blocked threads. Tasks do not spin, whatever [`Spin`](crate::channel::Spin) says.
//!
//! # Cancellation
//! Every future here may be dropped at any time: a message that was not returned is still there, and one whose sending was
//! not completed was not sent. All of them count against a task's budget (`tokio::task::coop`), so a task that always has
//! a message does not keep the others from running.
//!
//! The futures use nothing else of tokio: no reactor, no timers. They run on any executor.

mod latest;
mod stream;
mod waiter;

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use samemap_platform::bytemuck::{self, AnyBitPattern, NoUninit};
use tokio::task::coop;

pub use self::latest::{AsyncLatest, AsyncLatestBytes};
pub use self::stream::{AsyncMessageReader, AsyncMessageWriter};
pub(crate) use self::waiter::{Source, Wait};

use crate::channel::ring::Record;
use crate::channel::watch::{Arrivals, Incoming, Outgoing, PeerArrival};
use crate::channel::{Received, Receiver, Sender, Slot};
use crate::{Channel, Listener, Result};

/// A [`Receiver`] whose waits are a task's.
#[derive(Debug)]
pub struct AsyncReceiver {
    // Let go before the receiver closes.
    wait: Wait<Incoming>,
    receiver: Receiver,
}

impl AsyncReceiver {
    /// Takes it over.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(receiver: Receiver) -> Result<Self> {
        Ok(AsyncReceiver { wait: Wait::new(receiver.watch()?), receiver })
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

    fn poll_record(&mut self, context: &mut Context<'_>) -> Poll<Result<Record>> {
        let budget = ready!(coop::poll_proceed(context));
        // What is ready comes at the second look; only a peer that plays tricks makes it vanish again.
        for _ in 0..2 {
            let is_over = self.wait.source().is_known_over();
            if let Some(record) = self.receiver.next_or_end(is_over).transpose() {
                budget.made_progress();
                return Poll::Ready(record);
            }
            self.wait.source().set_seen(self.receiver.position());
            self.receiver.sleeps();
            ready!(self.wait.poll(context))?;
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A [`Sender`] whose waits are a task's.
#[derive(Debug)]
pub struct AsyncSender {
    // Let go before the sender closes.
    wait: Wait<Outgoing>,
    sender: Sender,
}

impl AsyncSender {
    /// Takes it over.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(sender: Sender) -> Result<Self> {
        Ok(AsyncSender { wait: Wait::new(sender.watch()?), sender })
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

    fn poll_room(&mut self, len: usize, context: &mut Context<'_>) -> Poll<Result<Record>> {
        let budget = ready!(coop::poll_proceed(context));
        for _ in 0..2 {
            let is_over = self.wait.source().is_known_over();
            if let Some(record) = self.sender.room_or_end(len, is_over).transpose() {
                budget.made_progress();
                return Poll::Ready(record);
            }
            self.wait.source().set_seen(self.sender.position());
            self.sender.sleeps();
            ready!(self.wait.poll(context))?;
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A [`Channel`] whose waits are a task's.
#[derive(Debug)]
pub struct AsyncChannel {
    sender: AsyncSender,
    receiver: AsyncReceiver,
}

impl AsyncChannel {
    /// Takes it over. To make a channel takes some tens of microseconds, and to connect waits for a listener that is not
    /// ready: do that in a thread that may block (`tokio::task::spawn_blocking`) where tasks cannot wait for it.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(channel: Channel) -> Result<Self> {
        let (sender, receiver) = channel.split();
        Ok(AsyncChannel { sender: AsyncSender::new(sender)?, receiver: AsyncReceiver::new(receiver)? })
    }

    /// Waits until a peer has connected. On a peer's own end there is nothing to wait for.
    ///
    /// # Errors
    /// What the system says; [`Os`](crate::ErrorKind::Os) when no thread can be had to wait.
    pub async fn wait_for_peer(&mut self) -> Result<()> {
        let mut wait = Wait::<PeerArrival>::new(self.receiver.receiver.watch_for_peer()?);
        loop {
            if wait.source().is_ready() {
                return Ok(());
            }
            poll_fn(|context| wait.poll(context)).await?;
        }
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

/// A [`Listener`] whose waits are a task's.
#[derive(Debug)]
pub struct AsyncListener {
    // Let go before the listener ends.
    wait: Wait<Arrivals>,
    listener: Listener,
}

impl AsyncListener {
    /// Takes it over.
    #[must_use]
    pub fn new(listener: Listener) -> Self {
        AsyncListener { wait: Wait::new(listener.arrivals()), listener }
    }

    /// The next peer's channel; waits for it. One that ends before it has connected is passed over.
    ///
    /// # Errors
    /// Those of [`Listener::accept`]; [`Os`](crate::ErrorKind::Os) when no thread can be had to wait.
    pub async fn accept(&mut self) -> Result<AsyncChannel> {
        AsyncChannel::new(poll_fn(|context| self.poll_accept(context)).await?)
    }

    /// The blocking listener again.
    #[must_use]
    pub fn into_inner(self) -> Listener {
        let AsyncListener { wait, listener } = self;
        drop(wait);
        listener
    }

    fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<Result<Channel>> {
        let budget = ready!(coop::poll_proceed(context));
        // What the listener itself has changed looks like news, once.
        for _ in 0..2 {
            // Before the look: what changes after it are news.
            self.wait.source().look();
            if let Some(channel) = self.listener.accept(Some(Duration::ZERO)).transpose() {
                budget.made_progress();
                return Poll::Ready(channel);
            }
            ready!(self.wait.poll(context))?;
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
