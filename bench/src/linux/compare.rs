//! A table of rivals that take processes of their own.

use super::ends;
use super::external;
use super::job::{Job, Kind};
use super::report::{Report, Subject};
use super::rounds::{Plan, Times};
use super::systems;

/// Nanoseconds a turn and what there is to remark, or why there are none.
type Answer = Result<(f64, Option<String>), String>;

/// Who takes part in a table: a system between our two ends, or a program of its own.
pub struct Entrant<'a> {
    name: &'static str,
    kind: Kind,
    /// The longest message in bytes.
    pub max: usize,
    work: Box<dyn Fn(Job) -> Answer + 'a>,
}

impl<'a> Entrant<'a> {
    /// The one of that key, of [`PROGRAMS`](external::PROGRAMS) or of [`SYSTEMS`](systems::SYSTEMS).
    pub fn of(key: &'static str) -> Entrant<'a> {
        if let Some(program) = external::by_key(key) {
            let measure = move |job| Ok((external::measure(key, job)?, None));
            return Entrant { max: program.max, ..Entrant::new(program.name, Kind::Peer, measure) };
        }
        let system = systems::by_key(key);
        let measure = move |job| ends::measure_and_hear(key, job);
        Entrant { max: system.max, ..Entrant::new(system.name, system.kind, measure) }
    }

    /// One that measures itself.
    pub fn new(name: &'static str, kind: Kind, work: impl Fn(Job) -> Answer + 'a) -> Entrant<'a> {
        Entrant { name, kind, max: usize::MAX, work: Box::new(work) }
    }
}

/// Runs them in turn, round by round, and adds their table to the report.
pub fn run(plan: Plan, report: &mut Report, subject: Subject, job: Job, entrants: &[Entrant<'_>]) {
    let mut times: Vec<Times> = entrants.iter().map(|one| Times::new(one.name, one.kind)).collect();
    report.calibrate(plan, job.placement);
    for round in 0..plan.process_rounds {
        report.progress(subject.bench, job.size, job.placement, (round, plan.process_rounds));
        for (entrant, times) in entrants.iter().zip(&mut times) {
            if times.absent.is_some() {
                continue;
            }
            match (entrant.work)(job) {
                Ok((time, remark)) => {
                    times.add(time);
                    if let Some(remark) = remark {
                        report.note(format!("{}: {remark}", entrant.name));
                    }
                }
                Err(reason) => times.absent = Some(reason),
            }
        }
    }
    report.add_in(subject, "ns", job.placement.name, times);
}
