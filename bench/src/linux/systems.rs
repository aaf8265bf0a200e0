//! All systems that are measured between two ends, by a key each.

use std::time::Duration;

use super::contend::{self, Lock};
use super::job::{Act, Kind, Turn};
use super::link::{self, Link, Spec, Work};
use super::links::{bare, crates, kernel, samemap as ours};
use super::sharing::{self, Newest};
use super::{locks, newest};

type StartSecond<'a> = Box<dyn FnOnce(&str) + 'a>;

/// A system and how its two ends are played.
pub struct System {
    /// What it is called on command lines.
    pub key: &'static str,
    /// What the report calls it, with its version.
    pub name: &'static str,
    /// What it is to samemap.
    pub kind: Kind,
    /// The longest message in bytes.
    pub max: usize,
    /// The first end's part: nanoseconds a turn.
    pub first: fn(Act, &Spec<'_>, Duration, StartSecond<'_>) -> Result<f64, String>,
    /// The second end's part.
    pub second: fn(Act, &Spec<'_>, &str),
}

impl System {
    const fn carrying<L: Link>(key: &'static str, name: &'static str, kind: Kind) -> System {
        System { key, name, kind, max: L::MAX, first: carry_first::<L>, second: carry_second::<L> }
    }

    const fn locking<L: Lock>(key: &'static str, name: &'static str, kind: Kind) -> System {
        System {
            key,
            name,
            kind,
            max: 0,
            first: |_, spec, slice, start| contend::first::<L>(spec, slice, start),
            second: |_, spec, token| contend::second::<L>(spec, token),
        }
    }

    const fn sharing<T: Newest<64> + Newest<4096>>(
        key: &'static str,
        name: &'static str,
        kind: Kind,
    ) -> System {
        System {
            key,
            name,
            kind,
            max: sharing::MAX,
            first: |act, spec, slice, start| sharing::first::<T>(turn_of(act), spec, slice, start),
            second: |act, spec, _| sharing::second::<T>(turn_of(act), spec),
        }
    }
}

fn carry_first<L: Link>(
    act: Act,
    spec: &Spec<'_>,
    slice: Duration,
    start: StartSecond<'_>,
) -> Result<f64, String> {
    link::first::<L>(work_of(act), spec, slice, start)
}

fn carry_second<L: Link>(act: Act, spec: &Spec<'_>, token: &str) {
    link::second::<L>(work_of(act), spec, token);
}

fn work_of(act: Act) -> Work {
    match act {
        Act::Carry(work) => work,
        Act::Contend | Act::Newest(_) => panic!("a link carries messages"),
    }
}

fn turn_of(act: Act) -> Turn {
    match act {
        Act::Newest(turn) => turn,
        Act::Carry(_) | Act::Contend => panic!("a newest value is read and written"),
    }
}

/// The system of that key.
pub fn by_key(key: &str) -> &'static System {
    SYSTEMS.iter().find(|system| system.key == key).unwrap_or_else(|| panic!("no system is called {key}"))
}

use Kind::{Floor, Ours, Peer};

/// All of them.
pub static SYSTEMS: &[System] = &[
    System::carrying::<bare::Line>("line", "spinning cache line", Floor),
    System::carrying::<bare::SpinThenFutex>("spin-futex", "spin, then futex, by hand", Floor),
    System::carrying::<bare::Futex>("futex", "bare futex", Floor),
    System::carrying::<bare::Ring>("ring", "bare ring", Floor),
    System::carrying::<ours::Adaptive>("channel", "samemap Channel", Ours),
    System::carrying::<ours::Large>("channel-large", "samemap Channel, rings of 4 MiB", Ours),
    System::carrying::<ours::Batched>("channel-batch", "samemap Channel, in batches", Ours),
    System::carrying::<ours::Lent>("channel-lent", "samemap Channel, in place", Ours),
    System::carrying::<ours::Sleeping>("channel-sleeping", "samemap Channel, never spins", Ours),
    System::carrying::<ours::Events>("event", "samemap SharedEvent", Ours),
    System::carrying::<kernel::Pipe>("pipe", "pipe", Peer),
    System::carrying::<kernel::UnixSocket>("unix-socket", "Unix stream socket", Peer),
    System::carrying::<kernel::EventFd>("eventfd", "eventfd", Peer),
    System::carrying::<kernel::MessageQueue>("mq", "POSIX message queue", Peer),
    System::carrying::<crates::raw_sync::Events>("raw-sync-event", "raw_sync 0.1 Event", Peer),
    System::carrying::<crates::raw_sync::BusyEvents>("raw-sync-busy", "raw_sync 0.1 BusyEvent", Peer),
    System::carrying::<crates::iceoryx2::Copies>("iceoryx2", "iceoryx2 0.10", Peer),
    System::carrying::<crates::iceoryx2::Lent>("iceoryx2-lent", "iceoryx2 0.10, in place", Peer),
    System::carrying::<crates::iceoryx2::Events>("iceoryx2-event", "iceoryx2 0.10 event", Peer),
    System::carrying::<crates::shmem_ipc::Rings>("shmem-ipc", "shmem-ipc 0.3", Peer),
    System::carrying::<crates::ipmpsc::Copies>("ipmpsc", "ipmpsc 0.5", Peer),
    System::carrying::<crates::ipmpsc::ZeroCopy>("ipmpsc-zero-copy", "ipmpsc 0.5, zero-copy receiver", Peer),
    System::carrying::<crates::ipc_channel::Channels>("ipc-channel", "ipc-channel 0.23", Peer),
    System::carrying::<crates::interprocess::LocalSocket>("interprocess", "interprocess 2.4", Peer),
    System::locking::<locks::Bare>("bare-lock", "bare futex lock", Floor),
    System::locking::<locks::Robust>("robust-lock", "robust pthread mutex", Floor),
    System::locking::<locks::Ours>("shared-mutex", "samemap SharedMutex", Ours),
    System::locking::<locks::RawSync>("raw-sync-lock", "raw_sync 0.1 Mutex", Peer),
    System::locking::<locks::Named>("named-lock", "named-lock 0.4", Peer),
    System::sharing::<newest::Bare>("bare-newest", "bare sequence lock, 8 slots", Floor),
    System::sharing::<newest::Ours>("latest", "samemap Latest", Ours),
    System::sharing::<newest::OurBytes>("latest-bytes", "samemap LatestBytes", Ours),
    System::sharing::<newest::MmapSync>("mmap-sync", "mmap-sync 2.0", Peer),
    System::sharing::<newest::MmapSyncInPlace>("mmap-sync-in-place", "mmap-sync 2.0, in place", Peer),
];
