//! The programme.

mod bare;
mod copying;
mod floor;
mod lock;
mod peer;
mod region;
mod report;
mod rounds;
mod startup;
mod wake;

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
    /// The second process's part.
    #[arg(long, hide = true, requires = "arena")]
    peer: Option<String>,
    /// The region that the second process shares with the first.
    #[arg(long, hide = true)]
    arena: Option<String>,
    /// The processor that the second process runs on.
    #[arg(long, hide = true)]
    cpu: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Everything.
    All,
    /// Creating, opening and closing regions.
    Region,
    /// Locks: alone, contended, and after their owner's death.
    Lock,
    /// Wake-ups between two processes.
    Wake,
    /// Copying into and out of views.
    Copy,
    /// Start-up of the programs.
    Startup,
}

pub fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    if let (Some(role), Some(arena)) = (&arguments.peer, &arguments.arena) {
        second_process(role, arena, arguments.cpu);
        return std::process::ExitCode::SUCCESS;
    }
    let plan = if arguments.quick { rounds::Plan::quick() } else { rounds::Plan::full() };
    let mut report = report::Report::default();
    report.describe_machine();
    let wanted = |what: What| arguments.what == What::All || arguments.what == what;
    if wanted(What::Region) {
        region::measure(plan, &mut report);
    }
    if wanted(What::Lock) {
        lock::measure(plan, &mut report);
    }
    if wanted(What::Wake) {
        wake::measure(plan, &mut report);
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

fn second_process(role: &str, arena: &str, cpu: Option<usize>) {
    peer::pin(cpu);
    let arena = peer::Arena::open(arena);
    match role.split_once('-') {
        Some(("contend", which)) => lock::contend(which, arena),
        Some(("pong", which)) => wake::pong(which, arena),
        _ => lock::own(arena),
    }
}
