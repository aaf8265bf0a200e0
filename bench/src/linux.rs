//! The programme.

mod arena;
mod bare;
mod compare;
mod contend;
mod copying;
mod ends;
mod external;
mod floor;
mod latest;
mod leftovers;
mod link;
mod links;
mod lock;
mod locks;
mod machine;
mod messages;
mod newest;
mod place;
mod region;
mod report;
mod rounds;
mod startup;
mod systems;

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
    json: Option<std::path::PathBuf>,
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
}

type Part = fn(Plan, &mut Report);

/// What is measured under each word, in order.
const PARTS: &[(What, Part)] = &[
    (What::Region, region::measure),
    (What::Region, copying::measure),
    (What::Region, startup::measure),
    (What::Lock, lock::measure),
    (What::Wake, messages::wake),
    (What::Pingpong, messages::ping_pong),
    (What::Stream, messages::stream),
    (What::Latest, latest::measure),
];

pub fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some(ends::WORD) => return part_of_a_measurement(ends::be_an_end(&words[1..])),
        Some(lock::OWNER) => lock::own(&words[1]),
        _ => {}
    }
    let arguments = Arguments::parse();
    let plan = if arguments.quick { Plan::quick() } else { Plan::full() };
    let mut report = Report::new();
    for (what, part) in PARTS {
        if arguments.what == What::All || arguments.what == *what {
            part(plan, &mut report);
        }
    }
    if let Some(path) = arguments.json {
        if let Err(error) = report.write_json(&path) {
            eprintln!("cannot write {}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
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
