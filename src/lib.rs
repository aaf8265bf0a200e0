//! One named shared memory, with one set of rules, on Windows and on POSIX.
//!
//! ```
//! use samemap::{Access, CreateOptions, ObjectName, OpenOptions, Region};
//!
//! let name = ObjectName::new(r"Local\Greeting")?;
//! # let name = ObjectName::new(format!(r"Local\Greeting-{}", std::process::id()))?;
//! let region = Region::create(&name, &CreateOptions::new(65536))?;
//! region.view(0..1024, Access::ReadWrite)?.write_utf16(0, "Hello")?;
//!
//! // In another process, or in this one:
//! let same = Region::open(&name, &OpenOptions::read_only())?;
//! assert_eq!(same.view(0..1024, Access::ReadOnly)?.read_utf16(0)?, "Hello");
//! # Ok::<(), samemap::Error>(())
//! ```
//!
//! # What there is
//! - [`Region`] and [`View`]: shared memory, [with a name](Region::create), [without](Region::anonymous),
//!   or [over a file](Region::over_file).
//! - [`Mutex`], [`Event`], [`Semaphore`], [`Timer`]: named objects to wait for; [`SharedMutex`](sync::SharedMutex),
//!   [`SharedEvent`](sync::SharedEvent), [`SharedSemaphore`](sync::SharedSemaphore): the same inside a region;
//!   [`wait_any`] and [`wait_all`] for several at once; [`Readiness`](sync::Readiness), one descriptor for event loops.
//!   [`sync`] has their options and guards.
//! - [`Channel`], [`Listener`]: a duplex stream of messages; [`Latest`]: the newest value of one writer for many
//!   readers; [`Publisher`], [`Subscriber`]: a [`topic`], whose every message reaches every subscriber.
//! - [`Region::offer_to`] and [`Region::adopt`] hand a region to a child, a [`Courier`](regions::Courier) to any
//!   process.
//! - [`catalog`]: what lives in the name space, and what dead holders left.
//! - [`traits`]: what regions and objects have in common, for generic code.
//!
//! `capi/` in the repository is the same for C and C++, and has Win32's own calls on Linux.
//!
//! # Three conventions
//! - **Making**: `create` wants a free name, `open` a taken one, `create_or_open` says which of the two it met. Every
//!   object with a name is opened with [`OpenOptions`].
//! - **Waiting**: `x` waits for ever, `x_timeout` for a time, `try_x` not at all. That time ran out is no error: the
//!   answer is `false`, or `None` where there would be something to hand out.
//! - **Errors** have a [kind](ErrorKind) to ask for, as in `error.is(ErrorKind::NotFound)`, and a text of one line that
//!   says what to do.
//!
//! # The rules in short
//! They are the rules of the Win32 object manager, on every system. `docs/contract.md` in the repository
//! states them one by one (C1, C2, …) with the test of each.
//!
//! - **Names** are `Local\rest` (one user's on POSIX, one session's on Windows), `Global\rest` (all
//!   users'), or a bare `rest`, which means `Local\rest`. All kinds of object share one name space. See
//!   [`ObjectName`].
//! - **Making** is one step: a half-made region is never seen.
//! - **Lifetime**: a region exists while any process holds a handle or a view of it, whichever process created it,
//!   and never longer. When the last holder lets go, also by `kill -9`, the name is free at once.
//! - **Memory** is whole pages, reads as zeros when it is new, and is committed at creation: what cannot
//!   be had is an error then, not a signal later.
//! - **Views** are any byte range. Other processes may change the bytes at any time, so no safe call of
//!   [`View`] gives out a reference to them: it copies, or goes through atomics.
//! - **Locks** are owned by a thread. When an owner dies, the next one [is told](sync::MutexGuard::abandoned). No
//!   wake-up is lost because a process was killed, and every wait can have a timeout.
//! - **Owners**: a region is for its owner alone unless [`Permissions`] say otherwise, and one that
//!   another ordinary user owns is not opened unless [`Trust`] says so. What an object is, only its owner can say. A
//!   user that is let in to read can keep it alive, and one that is let in to write can spoil the data; neither can
//!   make it something else. `SECURITY.md` in the repository says more.
//!
//! # Daemons and forks
//! A handle belongs to the process that opened it. In a forked child (without exec) the copies of regions and views
//! show the same live memory, and hold nothing; copies of mutexes, and of the ends of channels and topics, refuse to
//! work. So a program that goes into the background forks first and opens then. Where it has opened already, the child
//! holds again before the parent lets go: an example stands above [`Region::hold_again`].
//!
//! Some daemons close every descriptor that they find, and with them those of regions. Such a daemon
//! [adopts](Region::adopt) the regions that it was offered, then closes descriptors, and opens other regions last.
//! samemap leaves files alone that the daemon opens under the numbers of closed ones.
//!
//! # Platform-specific behavior
//! - On Windows a region is a section backed by the paging file, the objects to wait for are the kernel's own, and
//!   the kernel keeps the rules.
//! - On Linux it lies in /dev/shm, and locks keep the rules. A region that is for its owner alone is a `shm_open`
//!   object under the name that [`ObjectName::posix_name`] gives; one that lets others in has its bytes in the file
//!   that [`catalog::data_path`] gives. So a C or Python program can map the same bytes. What the holders of a region
//!   leave behind when all of them are killed cannot be opened any more and is reclaimed by the next process that
//!   comes; [`catalog`] lists and reclaims it too.
//! - On Linux objects to wait for are words in shared memory and futexes.
//! - On macOS (14.4 and later) the same lifetime is compiled, over a directory of the user's own and with that
//!   kernel's calls. **It has never run.**
//! - On FreeBSD and other systems everything compiles, and whatever makes or opens a region or an object answers
//!   [`Unsupported`](ErrorKind::Unsupported).
//!
//! # Features
//! - `cli` (default): the programs `samemap`, `samemap-server` and `samemap-client`. As a library alone:
//!   `default-features = false`.
//! - `conformance`: the contract as a test suite, for this crate's backends and for your own.
//! - `tokio`: `aio`, all that waits for asynchronous tasks. Of tokio it uses the traits of streams and the
//!   budget of a task, which bring tokio itself and one small crate.

#![forbid(unsafe_code)]

#[cfg(feature = "tokio")]
pub mod aio;
pub mod channel;
mod endpoint;
pub mod latest;
pub mod topic;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod programs;

// Messages, newest values and topics.
pub use channel::{Channel, ChannelOptions, Listener};
pub use latest::{Latest, LatestOptions, LatestWriter};
pub use topic::{Publisher, Subscriber, TopicOptions};

// Names, errors, permissions and trust.
pub use samemap_platform::{
    Access, CreateOptions, Disposition, Error, ErrorKind, ObjectName, OpenOptions, Permissions, Result,
    Share, Trust,
};

// Shared memory, and objects to wait for.
pub use samemap_platform::{Event, Mutex, Region, Semaphore, Timer, View, wait_all, wait_any};

// The rest, by subject.
pub use samemap_platform::{backend, bytemuck, catalog, names, regions, sync, traits};

#[cfg(feature = "conformance")]
pub use samemap_platform::{
    conformance, conformance_suite, native_conformance_suite, sync_conformance_suite,
};

/// The examples of README.md, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
