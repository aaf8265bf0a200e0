//! The programme.

mod all;
mod arena;
mod bare;
mod check;
mod compare;
mod contend;
mod copying;
mod counted;
mod crowd;
mod document;
mod ends;
mod external;
mod floor;
mod held;
mod interrupt;
mod job;
mod latest;
mod leftovers;
mod link;
mod links;
mod lock;
mod locks;
mod machine;
mod memory;
mod messages;
mod newest;
mod one_to_many;
mod peers;
mod place;
mod plots;
mod producers;
mod reasons;
mod region;
mod report;
mod rounds;
mod scale;
mod sharing;
mod startup;
mod systems;
mod tables;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use report::Report;
use rounds::Plan;

/// Measures samemap beside its peers, between two real processes, in one run.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// What to measure.
    #[arg(value_enum, default_value = "all")]
    what: What,
    /// Few and short rounds: shows that everything runs, gives no figures worth quoting.
    #[arg(long)]
    quick: bool,
    /// Also write one JSON object a line to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also write performance.md and its plots into this directory, and renew the table in a README beside it.
    #[arg(long, value_name = "DIR")]
    document: Option<PathBuf>,
    /// Measure nothing: check the shape of what a run of everything wrote to --json and --document.
    #[arg(long, requires = "json", requires = "document")]
    check: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Everything.
    All,
    /// Regions: creating, opening and closing them; copies into and out of views; start-up of the programs.
    Region,
    /// Locks: alone, contended, and after their owner's death.
    Lock,
    /// Wake-ups of a process that sleeps.
    Wake,
    /// Messages to and fro.
    Pingpong,
    /// Messages one way, as fast as they go.
    Stream,
    /// The newest value: read while it is written, and written.
    Latest,
    /// Messages to several processes at once.
    Topic,
    /// How cost grows: with the objects, the processes, the waiters, and the size.
    Scale,
}

type Part = fn(Plan, &mut Report);

/// What is measured under each word, in order.
const PARTS: &[(What, Part)] = &[
    (What::Region, region::measure),
    (What::Region, copying::measure),
    (What::Region, startup::measure),
    (What::Region, memory::measure),
    (What::Lock, lock::measure),
    (What::Lock, all::measure),
    (What::Wake, messages::wake),
    (What::Pingpong, messages::ping_pong),
    (What::Stream, messages::stream),
    (What::Stream, producers::measure),
    (What::Latest, latest::measure),
    (What::Topic, one_to_many::measure),
    (What::Scale, scale::measure),
];

pub fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some(ends::WORD) => return part_of_a_measurement(ends::be_an_end(&words[1..])),
        Some(crowd::WORD) => return part_of_a_measurement(crowd::be_one(&words[1..])),
        Some(one_to_many::WORD) => return part_of_a_measurement(one_to_many::be_one(&words[1..])),
        Some(held::WORD) => return part_of_a_measurement(held::hold(&words[1..])),
        Some(memory::WORD) => return part_of_a_measurement(memory::make(&words[1..])),
        Some(lock::OWNER) => lock::own(&words[1]),
        _ => {}
    }
    let arguments = Arguments::parse();
    match if arguments.check { check(&arguments) } else { run(&arguments, &words) } {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, words: &[String]) -> Result<(), String> {
    interrupt::watch();
    let plan = if arguments.quick { Plan::quick() } else { Plan::full() };
    let mut report = Report::new();
    for (what, part) in PARTS {
        if arguments.what == What::All || arguments.what == *what {
            measure(*part, plan, &mut report);
        }
    }
    let is_whole = arguments.what == What::All;
    if is_whole {
        println!("\n{}", document::summary(&report));
    }
    let told = |path: &Path, error| format!("cannot write {}: {error}", path.display());
    if let Some(path) = &arguments.json {
        report.write_json(path).map_err(|error| told(path, error))?;
    }
    if let Some(path) = &arguments.document {
        let call = document::Call { words: words.join(" "), is_quick: arguments.quick, is_whole };
        document::write(&report, &call, path).map_err(|error| told(path, error))?;
    }
    Ok(())
}

/// One part; what ends it early is a note, and the others are measured.
fn measure(part: Part, plan: Plan, report: &mut Report) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| part(plan, report))) {
        report.note(format!("a part of the measurement ended early: {}", rounds::told(&*panic)));
    }
}

fn check(arguments: &Arguments) -> Result<(), String> {
    match (&arguments.json, &arguments.document) {
        (Some(json), Some(document)) => check::all(json, document),
        _ => Err("--check needs --json and --document".to_owned()),
    }
}

fn part_of_a_measurement(answer: Result<(), String>) -> ExitCode {
    match answer {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}
