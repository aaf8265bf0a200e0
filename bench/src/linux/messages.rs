//! Messages and wake-ups between two processes.

use super::compare::{self, Entrant};
use super::job::{Act, Job};
use super::link::Work;
use super::place::{ONE_CORE, Placement, TWO_CORES, UNPINNED};
use super::report::{Report, Subject};
use super::rounds::Plan;

/// The sizes of messages that are carried, in bytes.
pub const SIZES: [usize; 5] = [8, 64, 4 << 10, 64 << 10, 1 << 20];

/// Who is compared in a table: keys of [`SYSTEMS`](super::systems::SYSTEMS) and of
/// [`PROGRAMS`](super::external::PROGRAMS); the floor first.
type Keys = &'static [&'static str];

const WAKING: Keys = &[
    "futex",
    "event",
    "channel-sleeping",
    "raw-sync-event",
    "iceoryx2-event",
    "shmem-ipc",
    "ipmpsc",
    "ipc-channel",
    "interprocess",
    "subetha-sleeping",
    "boost-queue",
    "eventfd",
    "pipe",
    "unix-socket",
    "mq",
];

const ANSWERING: Keys = &[
    "line",
    "spin-futex",
    "channel",
    "channel-lent",
    "raw-sync-busy",
    "iceoryx2",
    "iceoryx2-lent",
    "shmem-ipc",
    "ipmpsc",
    "ipmpsc-zero-copy",
    "ipc-channel",
    "interprocess",
    "subetha-ring",
    "subetha-spsc",
    "subetha-blocking",
    "subetha-frame",
    "boost-queue",
    "pipe",
    "unix-socket",
    "mq",
];

const STREAMING: Keys = &[
    "ring",
    "channel",
    "channel-large",
    "channel-batch",
    "channel-lent",
    "iceoryx2",
    "iceoryx2-lent",
    "shmem-ipc",
    "ipmpsc",
    "ipmpsc-zero-copy",
    "ipc-channel",
    "interprocess",
    "subetha-ring",
    "subetha-spsc",
    "subetha-frame",
    "boost-queue",
    "pipe",
    "unix-socket",
    "mq",
];

/// Wake-ups of a sleeping process, without a message and with one of 64 bytes.
pub fn wake(plan: Plan, report: &mut Report) {
    for placement in Placement::possible(&[ONE_CORE, TWO_CORES, UNPINNED]) {
        for size in [0, 64] {
            let bench = "wake-up ping-pong, one way";
            compare(plan, report, Table { bench, work: Work::PingPong, size, placement, keys: WAKING });
        }
    }
}

/// Answers as quick as can be.
pub fn ping_pong(plan: Plan, report: &mut Report) {
    for placement in Placement::possible(&[TWO_CORES, UNPINNED]) {
        for size in SIZES {
            let bench = "ping-pong, one way";
            compare(plan, report, Table { bench, work: Work::PingPong, size, placement, keys: ANSWERING });
        }
    }
}

/// Messages one way, as fast as they go.
pub fn stream(plan: Plan, report: &mut Report) {
    for placement in Placement::possible(&[TWO_CORES, UNPINNED]) {
        for size in SIZES {
            let bench = "stream, a message";
            compare(plan, report, Table { bench, work: Work::Stream, size, placement, keys: STREAMING });
        }
    }
}

/// One table of the report.
#[derive(Clone, Copy)]
struct Table {
    bench: &'static str,
    work: Work,
    size: usize,
    placement: Placement,
    keys: Keys,
}

/// Wake-ups without a message are for all: who has none sends as little as it can.
fn entrants(table: Table) -> Vec<Entrant<'static>> {
    let all = table.keys.iter().map(|&key| Entrant::of(key));
    all.filter(|entrant| table.size <= entrant.max).collect()
}

fn compare(plan: Plan, report: &mut Report, table: Table) {
    let job =
        Job { act: Act::Carry(table.work), size: table.size, slice: plan.slice, placement: table.placement };
    let subject = Subject { bench: table.bench, size: table.size as u64 };
    compare::run(plan, report, subject, job, &entrants(table));
}
