//! The newest value of one writer: how fast it is read while the writer writes, without a pause and at fixed rates, and
//! how fast it is written, while nobody reads and while a reader reads without a pause. The slower a writer, the less
//! often it takes the memory away from its readers; at a fixed rate all writers do that equally often.

use super::compare::{self, Entrant};
use super::job::{Act, Job, Pace, Turn};
use super::place::{Placement, TWO_CORES, UNPINNED};
use super::report::{Report, Subject};
use super::rounds::Plan;
use super::sharing::SIZES;

const SHARING: [&str; 5] = ["bare-newest", "latest", "latest-bytes", "mmap-sync", "mmap-sync-in-place"];
/// Without a reader, one reader is like the other.
const ALONE: [&str; 4] = ["bare-newest", "latest", "latest-bytes", "mmap-sync"];

/// All rows about newest values.
pub fn measure(plan: Plan, report: &mut Report) {
    for placement in Placement::possible(&[TWO_CORES, UNPINNED]) {
        for size in SIZES {
            let mut table = |bench, turn, keys: &[&'static str]| {
                let entrants: Vec<Entrant<'_>> = keys.iter().copied().map(Entrant::of).collect();
                let job = Job { act: Act::Newest(turn), size, slice: plan.slice, placement };
                compare::run(plan, report, Subject { bench, size: size as u64 }, job, &entrants);
            };
            table("newest value, a read while it is written", Turn::Read(Pace::FlatOut), &SHARING);
            table("newest value, a read, 100,000 writes a second", Turn::Read(Pace::Quick), &SHARING);
            table("newest value, a read, 1000 writes a second", Turn::Read(Pace::Slow), &SHARING);
            table("newest value, a write while it is read", Turn::WriteRead, &SHARING);
            table("newest value, a write, nobody reads", Turn::Write, &ALONE);
        }
    }
}
