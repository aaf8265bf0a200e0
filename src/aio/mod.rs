//! Channels, newest values, topics, events, semaphores and timers for asynchronous tasks: `recv().await`,
//! `send(…).await`, `publish(…).await`, `accept().await`, `wait_newer(…).await`, `wait(&event).await`,
//! `wait_any(&[…]).await` (feature `tokio`).
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
//! let mut peer = AsyncChannel::connect(&name, &ChannelOptions::new()).await?;
//! peer.sender().send(b"ping").await?;
//!
//! listener.wait_for_peer().await?;
//! assert_eq!(listener.receiver().recv().await?.to_vec(), b"ping");
//! # Ok::<(), samemap::Error>(())
//! # }).unwrap();
//! ```
//!
//! # What waits
//! A call that finds its message, or its room, answers at once, without another thread. For the other calls a small
//! pool of threads of this process waits: one thread for each 63 objects, receivers, senders, listeners and readers that have
//! ever had to wait and still exist. A thread sleeps in the kernel on all its doorbells together, wakes the tasks of
//! the doorbells that ring, and looks every 80 ms whether their peers live. A thread that has nothing to wait for ends
//! after five seconds. The first wait starts the pool, which belongs to no runtime; a forked child starts its own.
//!
//! A task that waits is woken by way of such a thread, which costs a second wake-up: one way takes about twice as long
//! as between two blocked threads. Tasks do not spin, whatever [`Spin`](crate::channel::Spin) says.
//!
//! # Cancellation
//! Every future here may be dropped at any time: a message that was not returned is still there, and one whose sending
//! was not completed was not sent. All of them count against a task's budget (`tokio::task::coop`), so a task that
//! always has a message does not keep the others from running.
//!
//! The futures use nothing else of tokio: no reactor, no timers. They run on any executor.

mod connect;
mod ends;
mod latest;
mod stream;
mod topic;
mod wait;
mod waiter;

pub use self::ends::{AsyncChannel, AsyncListener, AsyncReceiver, AsyncSender};
pub use self::latest::{AsyncLatest, AsyncLatestBytes};
pub use self::stream::{AsyncMessageReader, AsyncMessageWriter};
pub use self::topic::{AsyncPublisher, AsyncSubscriber, AsyncViewer};
pub use self::wait::{wait, wait_any};
