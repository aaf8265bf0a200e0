//! What comes out: lines for people, JSON for programs.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;

use super::rounds::Times;

/// One row of the results.
#[derive(Debug, Serialize)]
pub struct Row {
    bench: &'static str,
    system: &'static str,
    size: u64,
    placement: &'static str,
    unit: &'static str,
    min: f64,
    median: f64,
    max: f64,
    runs: usize,
}

/// All rows so far.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<Row>,
}

/// What a table of rivals is about.
#[derive(Clone, Copy)]
pub struct Subject {
    /// The row's name.
    pub bench: &'static str,
    /// Bytes worked on.
    pub size: u64,
}

impl Report {
    /// Prints what must stand beside every figure.
    pub fn describe_machine(&self) {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cpus = read("/proc/cpuinfo");
        let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(" unknown");
        println!("processor {}", model.trim_start_matches([' ', '\t', ':']));
        println!("kernel {}", read("/proc/sys/kernel/osrelease").trim());
        let load = read("/proc/loadavg");
        println!("load {}", load.trim());
        let busy: f64 = load.split(' ').next().and_then(|one| one.parse().ok()).unwrap_or(0.0);
        if busy > 0.5 {
            println!("NOTE: this machine is busy with other work; trust ratios, not times");
        }
    }

    /// Prints a table of microseconds whose first rival is the floor, and keeps its rows.
    pub fn add(&mut self, subject: Subject, times: &[Times]) {
        self.add_in(subject, "us", "unpinned", times);
    }

    /// The same in another unit, or with processes in other places.
    pub fn add_in(&mut self, subject: Subject, unit: &'static str, placement: &'static str, times: &[Times]) {
        match subject.size {
            0 => println!("\n{}, {placement}, {unit}", subject.bench),
            size => println!("\n{} ({size} bytes), {placement}, {unit}", subject.bench),
        }
        println!("{:24} {:>10} {:>10} {:>10} {:>8}", "", "min", "median", "max", "ratio");
        let floor = times[0].median();
        for times in times {
            let (min, max) = (times.sorted[0], times.sorted[times.sorted.len() - 1]);
            let median = times.median();
            println!("{:24} {min:10.3} {median:10.3} {max:10.3} {:8.2}", times.system, median / floor);
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
            });
        }
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
