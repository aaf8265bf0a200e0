//! Why a peer is quicker, where it is: by bench and system, each from how both work.

/// Beginnings of a bench's and of a system's name, and the reason.
const REASONS: &[(&str, &str, &str)] = &[
    (
        "create, view, write, close",
        "shared_memory",
        "It sets the file's length and commits nothing: what /dev/shm has no room for is a SIGBUS at the first touch. \
         samemap's pages are there when the creation returns.",
    ),
    (
        "open, view, read, close",
        "shared_memory",
        "It has no lifetime to look after. samemap takes two locks, looks at two, lets go of one and reads the \
         object's facts, so that a dead object is never opened and the last holder's end is seen.",
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
        "It makes no page of facts and takes no locks, which tells where the region is small. Both pay for the pages: \
         samemap when it creates, the other at the first touch.",
    ),
    (
        "create, write every page",
        "shared_memory",
        "Both pay for the pages, samemap when it creates, the other at the first touch; it makes no page of facts and \
         takes no locks.",
    ),
    (
        "waiters for one event: set, until one",
        "raw_sync",
        "It wakes one of the waiters, and when that one is killed on its way the others sleep on. samemap wakes all of them, so that one \
         that is killed keeps it from nobody; those who come too late sleep again, and the first must get past them.",
    ),
    ("processes open", "shared_memory", "It has no lifetime to look after (see opening)."),
];

/// The reason, where one is known.
pub fn of(bench: &str, system: &str) -> &'static str {
    let fits = |(of, who, _): &&(&str, &str, &str)| bench.starts_with(of) && system.starts_with(who);
    REASONS.iter().find(fits).map_or("not explained yet", |(_, _, why)| why)
}
