//! Interleaved rounds.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::job::Kind;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Rounds a rival within one process, interleaved.
    pub rounds: usize,
    /// Rounds a rival that takes processes of its own, interleaved.
    pub process_rounds: usize,
    /// How long one rival's part of a round should take.
    pub slice: Duration,
    /// To see that it runs.
    pub is_quick: bool,
}

impl Plan {
    /// For figures to be quoted.
    pub fn full() -> Plan {
        Plan { rounds: 31, process_rounds: 9, slice: Duration::from_millis(20), is_quick: false }
    }

    /// To see that it runs.
    pub fn quick() -> Plan {
        Plan { rounds: 5, process_rounds: 1, slice: Duration::from_micros(500), is_quick: true }
    }
}

/// One way of doing the work.
pub struct Rival<'a> {
    /// Who does it.
    pub system: &'static str,
    /// What it is to samemap.
    pub kind: Kind,
    /// The work.
    pub work: Work<'a>,
}

/// How the work is done.
pub enum Work<'a> {
    /// Once, by this process, which repeats and times it.
    Here(Box<dyn FnMut() + 'a>),
    /// For a round, by another process, which says how many microseconds it took once; or why it was not done.
    Elsewhere(Box<dyn FnMut() -> Result<f64, String> + 'a>),
}

impl<'a> Rival<'a> {
    /// What the work cannot be done without.
    pub fn floor(system: &'static str, work: impl FnMut() + 'a) -> Self {
        Rival { system, kind: Kind::Floor, work: Work::Here(Box::new(work)) }
    }

    /// samemap.
    pub fn ours(system: &'static str, work: impl FnMut() + 'a) -> Self {
        Rival { system, kind: Kind::Ours, work: Work::Here(Box::new(work)) }
    }

    /// Another one.
    pub fn peer(system: &'static str, work: impl FnMut() + 'a) -> Self {
        Rival { system, kind: Kind::Peer, work: Work::Here(Box::new(work)) }
    }

    /// Another one that another process measures: microseconds, or why there are none.
    pub fn elsewhere(system: &'static str, round: impl FnMut() -> Result<f64, String> + 'a) -> Self {
        Rival { system, kind: Kind::Peer, work: Work::Elsewhere(Box::new(round)) }
    }

    /// How often the work fits in a slice, where we repeat it.
    fn calibrated(&mut self, plan: Plan) -> u32 {
        match &mut self.work {
            Work::Here(work) => calibrated(plan, work),
            Work::Elsewhere(_) => 1,
        }
    }

    /// One round: microseconds.
    fn round(&mut self, repeats: u32) -> Result<f64, String> {
        match &mut self.work {
            Work::Here(work) => Ok(timed(repeats, work)),
            Work::Elsewhere(round) => round(),
        }
    }
}

/// What the work took, once a round, sorted; or why nothing was measured.
#[derive(Debug)]
pub struct Times {
    /// Who did it.
    pub system: &'static str,
    /// What it is to samemap.
    pub kind: Kind,
    /// Sorted, one a round.
    pub sorted: Vec<f64>,
    /// Why there are none, or no more.
    pub absent: Option<String>,
}

impl Times {
    /// None yet.
    pub fn new(system: &'static str, kind: Kind) -> Times {
        Times { system, kind, sorted: Vec::new(), absent: None }
    }

    /// One more.
    pub fn add(&mut self, time: f64) {
        let at = self.sorted.partition_point(|&other| other < time);
        self.sorted.insert(at, time);
    }

    /// One more, or why there are no more: then nobody asks again. A panic is such a reason, too.
    pub fn add_answer(&mut self, measure: impl FnOnce() -> Result<f64, String>) {
        if let Some(time) = self.attempt(measure) {
            self.add(time);
        }
    }

    fn attempt<T>(&mut self, work: impl FnOnce() -> Result<T, String>) -> Option<T> {
        if self.absent.is_some() {
            return None;
        }
        let answer = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(told(&*panic)));
        answer.map_err(|reason| self.absent = Some(reason)).ok()
    }

    /// The middle one.
    pub fn median(&self) -> f64 {
        self.sorted[self.sorted.len() / 2]
    }

    /// In a unit of which one of the old has `factor`.
    pub fn scaled(mut self, factor: f64) -> Times {
        self.sorted.iter_mut().for_each(|time| *time *= factor);
        self
    }
}

/// Runs the rivals in turn, round by round: microseconds. One that panics is absent from then on.
pub fn run(plan: Plan, rivals: &mut [Rival<'_>]) -> Vec<Times> {
    let mut times: Vec<Times> = rivals.iter().map(|rival| Times::new(rival.system, rival.kind)).collect();
    let mut repeats = vec![1; rivals.len()];
    for ((rival, times), repeats) in rivals.iter_mut().zip(&mut times).zip(&mut repeats) {
        times.attempt(|| {
            *repeats = rival.calibrated(plan);
            Ok(())
        });
    }
    for _ in 0..plan.rounds {
        for ((rival, times), &repeats) in rivals.iter_mut().zip(&mut times).zip(&repeats) {
            times.add_answer(|| rival.round(repeats));
        }
    }
    times
}

/// What a panic says.
pub fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}

/// The same in nanoseconds.
pub fn run_in_nanoseconds(plan: Plan, rivals: &mut [Rival<'_>]) -> Vec<Times> {
    run(plan, rivals).into_iter().map(|times| times.scaled(1000.0)).collect()
}

/// How often the work fits in a slice; also its warm-up.
fn calibrated(plan: Plan, work: &mut dyn FnMut()) -> u32 {
    let mut repeats = 1;
    loop {
        let took = timed(repeats, work) * f64::from(repeats);
        if took >= plan.slice.as_secs_f64() * 1e6 / 2.0 || repeats >= 1 << 24 {
            let once = took / f64::from(repeats);
            return (plan.slice.as_secs_f64() * 1e6 / once).ceil().max(1.0) as u32;
        }
        repeats *= 2;
    }
}

/// Microseconds that the work takes, on average of `repeats`.
fn timed(repeats: u32, work: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..repeats {
        work();
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(repeats)
}
