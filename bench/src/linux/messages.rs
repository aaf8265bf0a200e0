//! Messages and wake-ups between two processes.

use super::ends::{self, Job};
use super::external;
use super::link::Work;
use super::place::{ONE_CORE, Placement, TWO_CORES, UNPINNED};
use super::report::{Report, Subject};
use super::rounds::{Plan, Times};
use super::systems::{self, Act, Kind};

/// The sizes of messages that are carried, in bytes.
pub const SIZES: [usize; 5] = [8, 64, 4 << 10, 64 << 10, 1 << 20];

/// Who is compared in a table: keys of [`systems::SYSTEMS`] and of [`external::PROGRAMS`]; the floor first.
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
    "pipe",
    "unix-socket",
    "mq",
];

const STREAMING: Keys = &[
    "ring",
    "channel",
    "channel-batch",
    "channel-lent",
    "iceoryx2",
    "iceoryx2-lent",
    "shmem-ipc",
    "ipmpsc",
    "ipmpsc-zero-copy",
    "ipc-channel",
    "interprocess",
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

/// One system in it.
struct Entrant {
    key: &'static str,
    name: &'static str,
    kind: Kind,
    is_external: bool,
}

fn entrants(table: Table) -> Vec<Entrant> {
    // Wake-ups without a message are for those who have none.
    let carries = |max: usize| table.size <= max;
    let find = |&key: &&'static str| match external::by_key(key) {
        Some(program) => carries(program.max).then_some(Entrant {
            key,
            name: program.name,
            kind: Kind::Peer,
            is_external: true,
        }),
        None => {
            let system = systems::by_key(key);
            carries(system.max).then_some(Entrant {
                key,
                name: system.name,
                kind: system.kind,
                is_external: false,
            })
        }
    };
    table.keys.iter().filter_map(find).collect()
}

fn compare(plan: Plan, report: &mut Report, table: Table) {
    let job =
        Job { act: Act::Carry(table.work), size: table.size, slice: plan.slice, placement: table.placement };
    let mut entrants = entrants(table);
    let mut times: Vec<Times> = entrants.iter().map(|one| Times::new(one.name, one.kind)).collect();
    report.calibrate(plan, table.placement);
    for round in 0..plan.process_rounds {
        report.progress(table.bench, table.size, table.placement, (round, plan.process_rounds));
        for (entrant, times) in entrants.iter_mut().zip(&mut times) {
            if times.absent.is_some() {
                continue;
            }
            let answer = if entrant.is_external {
                external::measure(entrant.key, job)
            } else {
                ends::measure(entrant.key, job)
            };
            match answer {
                Ok(time) => times.add(time),
                Err(reason) => times.absent = Some(reason),
            }
        }
    }
    let subject = Subject { bench: table.bench, size: table.size as u64 };
    report.add_in(subject, "ns", table.placement.name, times);
}
