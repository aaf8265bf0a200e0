//! What comes out: lines for people as it is measured, and rows for [`document`](super::document) and for programs.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use serde::Serialize;

use super::ends;
use super::job::{Act, Job, Kind};
use super::link::Work;
use super::machine::{self, Machine};
use super::place::{Placement, TWO_CORES};
use super::rounds::{Plan, Times};

/// One row of the results.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What was measured.
    pub bench: &'static str,
    /// Who.
    pub system: &'static str,
    /// Bytes worked on, or how many of what grows; zero where there is no such number.
    pub size: u64,
    /// Where the processes ran.
    pub placement: &'static str,
    /// Of the three times.
    pub unit: &'static str,
    /// The least.
    pub min: f64,
    /// The one in the middle.
    pub median: f64,
    /// The most.
    pub max: f64,
    /// How many there were.
    pub runs: usize,
    /// What the system is to samemap.
    #[serde(skip)]
    pub kind: Kind,
}

/// A system that could not be measured.
#[derive(Clone, Debug)]
pub struct Absence {
    /// What was to be measured.
    pub bench: &'static str,
    /// Who.
    pub system: &'static str,
    /// Bytes worked on.
    pub size: u64,
    /// Where the processes were to run.
    pub placement: &'static str,
    /// Why.
    pub reason: String,
}

/// All rows so far.
#[derive(Debug)]
pub struct Report {
    /// What must stand beside every figure.
    pub machine: Machine,
    /// In the order of measuring.
    pub rows: Vec<Row>,
    /// Who was absent.
    pub absences: Vec<Absence>,
    /// What a reader must know to judge the figures.
    pub notes: Vec<String>,
    /// A cache line's way between two processors, in nanoseconds, each time it was asked.
    pub lines: Vec<f64>,
}

/// What a table of rivals is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// The table's name.
    pub bench: &'static str,
    /// Bytes worked on, or how many of what grows.
    pub size: u64,
}

/// Where processors are near each other, a cache line goes one way in less than this; they are two threads of one core
/// then, or neighbours.
pub const NEAR_NS: f64 = 100.0;

impl Report {
    /// Nothing yet; prints the machine.
    pub fn new() -> Report {
        let machine = machine::describe();
        println!("{machine}");
        let mut report =
            Report { machine, rows: Vec::new(), absences: Vec::new(), notes: Vec::new(), lines: Vec::new() };
        report.look_for_other_work();
        report
    }

    /// Says what is noticed, once.
    pub fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            println!("NOTE: {note}");
            self.notes.push(note);
        }
    }

    /// A busy machine is told of.
    pub fn look_for_other_work(&mut self) {
        let others = machine::others_share();
        if others > 0.1 {
            self.note(format!(
                "this machine was busy with other work before the measurement began ({:.0} % of its processors' time): trust ratios, not times",
                others * 100.0
            ));
        }
    }

    /// Measures a cache line's way where the ends of the next table will run.
    pub fn calibrate(&mut self, plan: Plan, placement: Placement) {
        if placement != TWO_CORES {
            return;
        }
        let job = Job { act: Act::Carry(Work::PingPong), size: 0, slice: plan.slice / 4, placement };
        let Ok(line) = ends::measure("line", job) else { return };
        if self.lines.first().is_some_and(|&first| (line < NEAR_NS) != (first < NEAR_NS)) {
            self.note(
                "the distance of the two processors changed while this was measured: compare only within a table"
                    .to_owned(),
            );
        }
        self.lines.push(line);
    }

    /// Says what is being measured, to a person who waits.
    pub fn progress(&self, bench: &str, size: usize, placement: Placement, (done, of): (usize, usize)) {
        if io::stdout().is_terminal() {
            print!("\r\x1b[K{bench}, {size} bytes, {}: round {} of {of} ", placement.name, done + 1);
            let _ = io::stdout().flush();
        }
    }

    /// Prints a table of microseconds whose first rival is the floor, and keeps its rows.
    pub fn add(&mut self, subject: Subject, times: Vec<Times>) {
        self.add_in(subject, "us", "unpinned", times);
    }

    /// The same in another unit, or with processes in other places.
    pub fn add_in(
        &mut self,
        subject: Subject,
        unit: &'static str,
        placement: &'static str,
        times: Vec<Times>,
    ) {
        if io::stdout().is_terminal() {
            print!("\r\x1b[K");
        }
        match subject.size {
            0 => println!("\n{}, {placement}, {unit}", subject.bench),
            size => println!("\n{} ({size}), {placement}, {unit}", subject.bench),
        }
        println!("{:32} {:>12} {:>12} {:>12} {:>8}", "", "min", "median", "max", "ratio");
        let floor = times.iter().find(|times| !times.sorted.is_empty()).map_or(1.0, Times::median);
        for times in times {
            if let Some(reason) = times.absent {
                println!("{:32} {reason}", times.system);
                let Subject { bench, size } = subject;
                self.absences.push(Absence { bench, system: times.system, size, placement, reason });
                continue;
            }
            let (min, max) = (times.sorted[0], times.sorted[times.sorted.len() - 1]);
            let median = times.median();
            println!("{:32} {min:12.3} {median:12.3} {max:12.3} {:8.2}", times.system, median / floor);
            self.rows.push(Row {
                bench: subject.bench,
                system: times.system,
                size: subject.size,
                placement,
                unit,
                min,
                median,
                max,
                runs: times.sorted.len(),
                kind: times.kind,
            });
        }
        let _ = io::stdout().flush();
    }

    /// Writes one JSON object a line.
    pub fn write_json(&self, path: &Path) -> io::Result<()> {
        let mut file = io::BufWriter::new(File::create(path)?);
        for row in &self.rows {
            serde_json::to_writer(&mut file, row)?;
            file.write_all(b"\n")?;
        }
        file.flush()
    }
}
