//! One producer whose every message reaches every consumer, in any processes.
//!
//! A [`Publisher`] writes messages of any length up to a maximum into one ring, whatever the number of those that read
//! them. They are of two kinds, and each process chooses what it is:
//!
//! | | [`Subscriber`]: keeps up | [`Viewer`]: may miss |
//! | --- | --- | --- |
//! | gets | every message, lent in place | copies, each with the number of messages that it missed before |
//! | the publisher | waits for it, as long as its own call says | does not know it |
//! | needs | a place, of which a topic has 64 unless the options say otherwise | none |
//! | rights | to read the data, to write to the lobby | to read the data |
//!
//! ```
//! use samemap::topic::Viewer;
//! use samemap::{ObjectName, Publisher, Subscriber, TopicOptions};
//!
//! let name = ObjectName::new(r"Local\Frames")?;
//! # let name = ObjectName::new(format!(r"Local\Frames-{}", std::process::id()))?;
//! let options = TopicOptions::new().for_messages_of(1 << 20, 4);
//! let mut camera = Publisher::create(&name, &options)?;
//!
//! // In other processes, or in this one:
//! let mut recorder = Subscriber::open(&name, &options)?;
//! let mut viewer = Viewer::open(&name, &options)?;
//!
//! let mut frame = camera.reserve(1 << 20)?; // filled where it lies
//! frame.put(0, &1_u64)?;
//! frame.commit()?;
//!
//! let frame = recorder.recv()?; // and read there
//! assert_eq!((frame.sequence(), frame.get::<u64>(0)?), (1, 1));
//! let seen = viewer.recv_with(|bytes| bytes.get::<u64>(0))?;
//! assert_eq!((seen.sequence, seen.missed, seen.value?), (1, 0, 1));
//! # drop(frame);
//! # Ok::<(), samemap::Error>(())
//! ```
//!
//! # What is promised
//! - **There is one publisher at a time** among all processes. When it ends, however it ends, the next one can begin at
//!   once; every message that was published and is still kept is there, and the numbers go on.
//! - **A subscriber reads every message whole, once, in order**, from where it began. What it is lent is not written over
//!   while it is lent, whatever becomes of the publisher.
//! - **A viewer reads whole messages, in order, and is told how many it missed**, before it uses what it read. One that
//!   was overtaken goes on in the middle of what is kept.
//! - **Nobody waits for the dead.** A subscriber that ended or was killed holds the publisher back for at most 100 ms.
//!   One that is *stopped* holds the publisher back for as long as the publisher says: by the call that it chooses (wait,
//!   wait for a time, try), by [`TopicOptions::throw_out_after`], or by [`Publisher::throw_out`] of those that
//!   [`Publisher::laggards`] names. One that is thrown out keeps the message that it is lent, and is told when it receives
//!   next; meanwhile messages go round that one. Three and more of those may leave no room in one piece for the longest
//!   messages, until they let go or end.
//! - **The end of a publisher is told once** to each reader, after everything that was published:
//!   [`Closed`](crate::ErrorKind::Closed), or [`PeerDied`](crate::ErrorKind::PeerDied) within 100 ms when it was killed.
//!   The next call waits for the next publisher.
//! - **Memory** is one ring, an index of 8 bytes for each message that may be kept, and 272 bytes for each place:
//!   [`TopicOptions::capacity`] says how the longest message and the kept history follow.
//!
//! # Trust
//! A topic is two regions. The *data* (the name itself) is written by the publisher alone, and readers open it for reading;
//! other users never get more. The *lobby* (the name with `.lobby` behind it) has the places and the doorbells, and is open
//! to those that [`TopicOptions::permissions`] let in to write.
//!
//! Whatever a process writes there, calls end with an answer or an error, within the memory. All words are read once and
//! checked against private positions: a subscriber whose position no subscriber can have is thrown out. So a hostile
//! subscriber cannot falsify a message. It can write over the places of other subscribers, and so have them thrown out, or
//! have a message written over that is lent there, which [`Received::finish`] tells. A process that may write to the data,
//! as others of the publisher's user may, can make messages nonsense, as it could by publishing.
//!
//! The algorithm is in the repository's `platform/src/words/topic/`, and its model in `models/tests/topic.rs`.
//!
//! # Waiting
//! A reader that finds nothing looks for a while ([`Spin`](crate::channel::Spin)) and then sleeps in the kernel, until the
//! publisher wakes it. That costs the publisher one system call a message while any reader sleeps, and otherwise none.
//!
//! A viewer that may not write to the lobby cannot say that it sleeps. It looks each millisecond, which costs a few
//! thousandths of a processor, sees a message up to a millisecond late, and does not learn that a publisher was *killed*.
//!
//! [`wait_any`] waits for several readers, [`sync::wait_any`](crate::sync::wait_any) for readers beside objects, channels
//! and newest values. For event loops there is [`sync::Readiness`](crate::sync::Readiness), and for tasks `samemap::aio`
//! (feature `tokio`).

mod any;
mod holders;
mod layout;
mod options;
mod publisher;
mod reader;
mod subscriber;
mod viewer;
pub(crate) mod watch;

pub use any::{Waits, try_wait_any, wait_any, wait_any_timeout};
pub use holders::Laggard;
pub use options::TopicOptions;
pub use publisher::{Publisher, Slot};
pub use subscriber::{Received, Subscriber};
pub use viewer::{Viewed, Viewer};
