//! Why a peer is quicker, where it is: by bench and system, each from how both work.

/// Beginnings of a bench's and of a system's name, and the reason.
#[rustfmt::skip]
const REASONS: &[(&str, &str, &str)] = &[
    (
        "create, view, write, close",
        "shared_memory",
        "It sets the file's length and commits nothing: what /dev/shm has no room for is a SIGBUS at the first touch. samemap's pages are there when the creation returns.",
    ),
    (
        "create, view, write, close",
        "Boost",
        "It sets the file's length and commits nothing, as `shared_memory` does; its object stays until somebody removes it.",
    ),
    (
        "open, view, read, close",
        "shared_memory",
        "It has no lifetime to look after. samemap looks whether anybody holds the object, takes a lock, reads the object's facts, lets go, and looks again, so that a dead object is never opened and the last holder's end is seen.",
    ),
    (
        "open, view, read, close",
        "Boost",
        "It has no lifetime to look after (see `shared_memory`).",
    ),
    (
        "memory",
        "shared_memory",
        "It keeps no page of facts behind the data (name, size, kind), and knows less about it in the process.",
    ),
    (
        "memory",
        "named-lock",
        "Its lock is an empty file on disk; nothing of it is mapped, and nothing tells of an owner's death.",
    ),
    (
        "growth: create",
        "shared_memory",
        "It makes no page of facts and takes no locks, which tells where the region is small. Both pay for the pages: samemap when it creates, the other at the first touch.",
    ),
    (
        "create, write every page",
        "shared_memory",
        "Both pay for the pages, samemap when it creates, the other at the first touch; it makes no page of facts and takes no locks.",
    ),
    (
        "create, write every page",
        "Boost",
        "As `shared_memory`.",
    ),
    (
        "lock and unlock, alone",
        "Boost",
        "A plain pthread mutex: a dead owner's lock blocks everybody for ever.",
    ),
    (
        "lock and unlock, two processes contending",
        "std",
        "It is for threads of one process.",
    ),
    (
        "lock and unlock, two processes contending",
        "Boost",
        "A plain pthread mutex (see the lock alone).",
    ),
    (
        "waiters for one event: set, until one",
        "raw_sync",
        "Both wake one waiter. When that one is killed on its way, raw_sync's others sleep on; samemap's have the signal within 100 ms, for which their sleeps have a timer.",
    ),
    (
        "processes open",
        "shared_memory",
        "It has no lifetime to look after (see opening).",
    ),
    (
        "wake-up ping-pong",
        "eventfd",
        "State and wake-up are one object of the kernel, one system call each way; no message is carried.",
    ),
    (
        "wake-up ping-pong",
        "shmem-ipc",
        "It waits on an eventfd, with no timer: a receiver whose sender was killed sleeps on. A sleeping side of a Channel looks every 80 ms whether its peer lives; where sides sleep often, a thread of the process wakes them for that, and they set no timers. On two cores see Unix stream sockets.",
    ),
    (
        "wake-up ping-pong",
        "subetha",
        "A futex without a timer: a side whose peer was killed sleeps on (see `shmem-ipc`).",
    ),
    (
        "wake-up ping-pong",
        "pipe",
        "The kernel copies the bytes and wakes in the same system call, and tells of a peer's end by itself. A Channel makes two where its peer sleeps, and none where it is awake.",
    ),
    (
        "wake-up ping-pong",
        "POSIX message queue",
        "As a pipe, without an end that is told.",
    ),
    (
        "wake-up ping-pong",
        "",
        "Between two cores nearly all of the time is that of a processor's way out of its sleep, which all of them wait for alike; differences of some microseconds come and go from run to run.",
    ),
    (
        "ping-pong",
        "iceoryx2 0.10, in place",
        "Only where the system moves the processes about (unpinned): a Channel's side that finds nothing for long goes to sleep and must be woken, iceoryx2's goes on looking.",
    ),
    (
        "stream",
        "iceoryx2 0.10, in place",
        "Only where the system moves the processes about (unpinned): a Channel's side that finds nothing for long goes to sleep and must be woken, iceoryx2's goes on looking.",
    ),
    (
        "ping-pong",
        "subetha",
        "Its sides only spin: they never sleep, know nothing of each other's death, and send messages of one length from slots on cache lines of their own. A Channel packs messages of any length, so that one of 64 B with its header lies on two lines.",
    ),
    (
        "ping-pong",
        "iceoryx2",
        "It copies once where a Channel's ends copy twice, and only spins here.",
    ),
    (
        "ping-pong",
        "raw_sync",
        "It carries no message, and only spins.",
    ),
    (
        "ping-pong",
        "ipmpsc, zero-copy",
        "Its receiver reads the message where it lies and copies nothing.",
    ),
    (
        "ping-pong",
        "ipmpsc 0.5, zero-copy",
        "Its receiver reads the message where it lies and copies nothing.",
    ),
    (
        "ping-pong",
        "shmem-ipc",
        "It only waits on eventfds, which carry no timer (see wake-ups): it tells where both processes are on one core.",
    ),
    (
        "ping-pong",
        "",
        "Unpinned, where the system puts both processes on one core, each message is a wake-up, and those of a Channel set a timer (see wake-ups).",
    ),
    (
        "stream",
        "subetha",
        "Its sides only spin: they never sleep and know nothing of each other's death. A FrameRing of 4 MiB lets its sender run far ahead of its receiver, so that they meet in the shared cache; a Channel does so with rings of 4 MiB, which are in the same table.",
    ),
    (
        "stream",
        "shmem-ipc",
        "It writes bytes without a header each: a message is so many bytes of the stream.",
    ),
    (
        "stream",
        "ipmpsc 0.5, zero-copy",
        "Its receiver reads the message where it lies and copies nothing.",
    ),
    (
        "stream",
        "iceoryx2",
        "It copies once, into memory that its receiver reads in place, where a Channel's ends copy twice here.",
    ),
    (
        "stream",
        "Unix",
        "The kernel copies in pieces that both sides have in their caches.",
    ),
    (
        "newest value, a read",
        "mmap-sync",
        "Its writer calls msync at each write, which takes some hundred nanoseconds, so it disturbs its readers far less often (see the writes). And it may give a torn value: this programme saw some, and its notes say so.",
    ),
];

/// The reason, where one is known.
pub fn of(bench: &str, system: &str) -> &'static str {
    let fits = |(of, who, _): &&(&str, &str, &str)| bench.starts_with(of) && system.starts_with(who);
    REASONS.iter().find(fits).map_or("not explained yet", |(_, _, why)| why)
}
