//! The programme.

mod copying;
mod floor;
mod region;
mod report;
mod rounds;
mod startup;

use clap::{Parser, ValueEnum};

/// Measures samemap beside its peers.
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
    /// Creating, opening and closing regions.
    Region,
    /// Copying into and out of views.
    Copy,
    /// Start-up of the programs.
    Startup,
}

pub fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    let plan = if arguments.quick { rounds::Plan::quick() } else { rounds::Plan::full() };
    let mut report = report::Report::default();
    report.describe_machine();
    let wanted = |what: What| arguments.what == What::All || arguments.what == what;
    if wanted(What::Region) {
        region::measure(plan, &mut report);
    }
    if wanted(What::Copy) {
        copying::measure(plan, &mut report);
    }
    if wanted(What::Startup) {
        startup::measure(plan, &mut report);
    }
    if let Some(path) = arguments.json {
        if let Err(error) = report.write_json(&path) {
            eprintln!("cannot write {}: {error}", path.display());
            return std::process::ExitCode::FAILURE;
        }
    }
    std::process::ExitCode::SUCCESS
}
