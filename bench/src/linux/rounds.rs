//! Interleaved rounds.

use std::time::{Duration, Instant};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Rounds a rival, interleaved.
    pub rounds: usize,
    /// How long one rival's part of a round should take.
    pub slice: Duration,
}

impl Plan {
    /// For figures to be quoted.
    pub fn full() -> Plan {
        Plan { rounds: 41, slice: Duration::from_millis(20) }
    }

    /// To see that it runs.
    pub fn quick() -> Plan {
        Plan { rounds: 5, slice: Duration::from_micros(500) }
    }
}

/// One way of doing the work.
pub struct Rival<'a> {
    /// Who does it.
    pub system: &'static str,
    /// The work, once.
    pub work: Box<dyn FnMut() + 'a>,
}

impl<'a> Rival<'a> {
    /// A rival by name and work.
    pub fn new(system: &'static str, work: impl FnMut() + 'a) -> Self {
        Rival { system, work: Box::new(work) }
    }
}

/// Microseconds that the work took, once a round, sorted.
pub struct Times {
    /// Who did it.
    pub system: &'static str,
    /// Sorted, one a round.
    pub sorted: Vec<f64>,
}

impl Times {
    /// The middle one.
    pub fn median(&self) -> f64 {
        self.sorted[self.sorted.len() / 2]
    }
}

/// Runs the rivals in turn, round by round.
pub fn run(plan: Plan, rivals: &mut [Rival<'_>]) -> Vec<Times> {
    let repeats: Vec<u32> = rivals.iter_mut().map(|rival| calibrated(plan, &mut rival.work)).collect();
    let mut times: Vec<Times> =
        rivals.iter().map(|rival| Times { system: rival.system, sorted: Vec::new() }).collect();
    for _ in 0..plan.rounds {
        for (rival, (times, &repeats)) in rivals.iter_mut().zip(times.iter_mut().zip(&repeats)) {
            times.sorted.push(timed(repeats, &mut rival.work));
        }
    }
    for times in &mut times {
        times.sorted.sort_by(f64::total_cmp);
    }
    times
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
