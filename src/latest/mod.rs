//! The newest value: one writer, any number of readers, in any processes.
//!
//! What telemetry, sensors, games and audio programs share: not a stream, of which nothing may be lost, but the state
//! as it is now. [`LatestWriter`] writes values of one plain-data type, up to megabytes, and [`Latest`] reads the
//! newest of them whole; [`LatestBytesWriter`] and [`LatestBytes`] do the same for byte strings of any length up to a
//! maximum.
//!
//! ```
//! use samemap::{Latest, LatestOptions, LatestWriter, ObjectName};
//! use samemap::latest::Awaited;
//! use std::time::Duration;
//!
//! let name = ObjectName::new(r"Local\Altitude")?;
//! # let name = ObjectName::new(format!(r"Local\Altitude-{}", std::process::id()))?;
//! let mut writer = LatestWriter::<[f64; 2]>::create(&name, &LatestOptions::new())?;
//! writer.write(&[1013.25, 440.0])?;
//!
//! // In another process, or in this one:
//! let latest = Latest::<[f64; 2]>::open(&name, &LatestOptions::new())?;
//! let first = latest.read()?.expect("something was written");
//! assert_eq!((first.sequence, first.value), (1, [1013.25, 440.0]));
//! assert!(latest.read_if_newer(first.sequence)?.is_none());
//! # let writing = std::thread::spawn(move || writer.write(&[1012.5, 446.0]).map(|_| writer));
//! match latest.wait_newer_timeout(first.sequence, Duration::from_secs(5))? {
//!     Some(Awaited::Newer(next)) => assert_eq!(next.value[1], 446.0),
//!     Some(Awaited::WriterGone) => panic!("the writer ended"),
//!     None => panic!("nothing new for five seconds"),
//! }
//! # drop(writing.join());
//! # Ok::<(), samemap::Error>(())
//! ```
//!
//! # What is promised
//! - **Readers never block the writer**, and the writer never blocks readers: neither waits for the other, whatever
//!   becomes of it.
//! - **A value is read whole or not at all.** Several slots are written in turn, each under a sequence lock. A reader
//!   begins anew when the writer has come round to the slot that it copies, and after 256 times it says
//!   [`Contended`](crate::ErrorKind::Contended).
//! - **Every value has a number**, from 1, which grows by one with every value for as long as the memory lives, also
//!   from one writer to the next.
//! - **There is one writer at a time**, among all processes: a second one is told
//!   [`Busy`](crate::ErrorKind::Busy). When the writer ends, however it ends, the next one can begin at once. A
//!   writer that is killed in the middle of a write leaves the value before as the newest, and the next writer carries
//!   on from there.
//! - **No peer is trusted with memory.** All that readers and writers rely on is checked when they are made. A peer
//!   that writes over the memory can make values nonsense, as it could by writing values; it cannot make a call read or
//!   write outside of the memory, panic, or go on for ever: it gets an error
//!   ([`Damaged`](crate::ErrorKind::Damaged), [`Contended`](crate::ErrorKind::Contended)) or other bytes. Values are
//!   plain data ([`bytemuck::Pod`](crate::bytemuck::Pod)) for that reason: any bytes are a valid one.
//!
//! In the repository `platform/src/words/newest.rs` is the algorithm, and `models/tests/newest.rs` its model.
//!
//! # Waiting
//! A reader that waits sleeps in the kernel, and looks every 80 ms whether the writer lives. To be woken, it says
//! in the memory that it sleeps, so it needs a read-write view: a reader of a read-only view can read, and is told
//! [`Unsupported`](crate::ErrorKind::Unsupported) when it waits. It sleeps on a clock of its own in place of that, and
//! asks [`Latest::newest`] in between: tens of nanoseconds a look, so once a millisecond costs a few thousandths of a
//! processor, and a value comes up to a millisecond late. Readers that wait cost the writer one system call a value;
//! readers that do not wait cost it none.
//!
//! # Platform-specific behavior
//! In a process of 32 bits, read-only views suffice on x86 alone
//! ([`View::atomic_u64_reader`](crate::View::atomic_u64_reader)).

mod layout;
mod newer;
mod options;
mod raw;
mod reader;
mod value;
pub(crate) mod watch;
mod writer;

pub use newer::Newer;
pub use options::{Awaited, LatestOptions, Snapshot};
pub use reader::{Latest, LatestBytes};
pub use value::Value;
pub use writer::{LatestBytesWriter, LatestWriter};
