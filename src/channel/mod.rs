//! A duplex stream of messages between two processes, at the speed of memory.
//!
//! A channel is two bounded rings in a region, one for each direction. Messages of any length up to
//! [`ChannelOptions::max_message`] arrive whole, in order, once. The channel itself copies nothing, makes no system
//! call while both sides keep up, and lets a side that has nothing to do sleep in the kernel.
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
//! listener.wait_for_peer()?;
//! assert_eq!(listener.receiver().recv()?.to_vec(), b"ping");
//! listener.sender().send(b"pong")?;
//! assert_eq!(peer.receiver().recv()?.to_vec(), b"pong");
//! # Ok::<(), samemap::Error>(())
//! ```
//!
//! # Which shape
//! - [`Channel::create`] and [`Channel::connect`]: one listener, one peer at a time, in one named region. When the peer
//!   has ended, [`Channel::wait_for_next_peer`] takes another one. A second peer meanwhile is refused
//!   ([`Busy`](crate::ErrorKind::Busy)).
//! - [`Listener`]: any number of peers, each on a channel of its own, as with `std::net::TcpListener`. Peers connect by
//!   [`Channel::connect`] here, too.
//! - [`Channel::create_in`] and [`Channel::connect_in`]: in a region that you have, such as an anonymous one that a
//!   child [adopts](crate::regions::Offer).
//!
//! A [`Listener`] knows the process at the other end of each channel ([`Channel::peer`]); nothing proves that for a channel
//! with a name.
//!
//! Several producers into one receiver: each takes a channel of its own from a [`Listener`], and
//! [`Receiver::wait_any`] waits for all of them; within one process a `Mutex<Sender>` serves.
//!
//! # How an end is noticed
//! Each end holds a *seat*: a lock that the kernel takes back when its process ends, however that happens. After an
//! orderly end the peer still reads what was sent, and is then told [`Closed`](crate::ErrorKind::Closed). A sleeping
//! peer looks every 80 ms whether the other end's seat is still taken; if not, it still reads what was committed, and
//! is then told [`PeerDied`](crate::ErrorKind::PeerDied).
//! On POSIX a timer wakes it for that, or, where threads of its process often sleep, one thread for all of them,
//! `samemap-ticker`. In the child of a raw `clone`, which runs no fork handlers, that thread is missing: a sleep there may
//! not notice an end, if the parent had the thread.
//!
//! In a forked child (without exec) the copy of an end closes nothing, and refuses to be used
//! ([`Unsupported`](crate::ErrorKind::Unsupported)): connect anew there.
//!
//! # What a hostile peer can do
//! It can write anything to the region at any time. All positions, lengths and marks that are read from it are checked
//! against private copies before they are used, each is read once, and every access of the bytes is checked against the
//! ring's bounds. So rubbish is received, or an error ([`Damaged`](crate::ErrorKind::Damaged)), and nothing else
//! happens.
//!
//! A [`Slot`] and a [`Received`] lend memory of the ring, in which the peer may change bytes while they are looked at.
//! Their safe calls copy, and never give out a reference; a length or a value that was copied out does not change any
//! more. Their `unsafe` slices ([`Part::as_slice`](crate::regions::Part::as_slice)) are for callers that vouch for the
//! peer.

mod backoff;
pub(crate) mod connect;
mod connection;
mod desk;
pub(crate) mod end;
mod layout;
mod left;
mod listener;
mod maker;
mod meet;
mod options;
mod receiver;
mod sender;
pub(crate) mod step;
pub(crate) mod stream;
mod visit;
pub(crate) mod watch;

pub use self::end::Channel;
pub use self::listener::Listener;
pub use self::options::ChannelOptions;
pub use self::receiver::{Received, Receiver};
pub use self::sender::{Batch, Sender, Slot};
pub use self::stream::{MessageReader, MessageWriter};
pub use crate::endpoint::spin::Spin;
pub use samemap_platform::internal::gate::Peer;
