//! The program `samemap`: the demo, names, and what lies in the name space.

use std::process::ExitCode;

use crate::catalog::{self, Entry, Reclaimed, State};
use crate::{Error, ErrorKind, ObjectName};
use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use super::client::{self, ClientArgs};
use super::demo::{self, DemoArgs};
use super::ending;
use super::output::{self, printable};
use super::server::{self, ServerArgs};
use super::stop::Stop;

/// One named shared memory, with one set of rules, on Windows and on POSIX
#[derive(Debug, Parser)]
#[command(name = "samemap", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts a server and a client as two processes, shows what they say, and checks it
    #[command(after_help = demo::HELP)]
    Demo(DemoArgs),
    /// Prints the name by which the operating system knows an object
    #[command(after_help = NAME_HELP)]
    Name(NameArgs),
    /// Shows the objects that live, and those that wait to be reclaimed
    #[command(after_help = LIST_HELP)]
    List(FormArgs),
    /// Reclaims what killed programs left behind, and says what it did
    #[command(after_help = GC_HELP)]
    Gc(GcArgs),
    /// The same as the program samemap-server
    #[command(after_help = ending::help_with(server::HELP))]
    Server(ServerArgs),
    /// The same as the program samemap-client
    #[command(after_help = ending::help_with(client::HELP))]
    Client(ClientArgs),
}

const NAME_HELP: &str = "\
On POSIX the name for shm_open, as the user that asks would open it, or the path for
open where the object that lives there lets others in; on Windows the name for
OpenFileMappingW.

With --json: {\"name\": …, \"system_name\": …, \"path\": … or null}";

const LIST_HELP: &str = "\
With --json: {\"objects\": [{\"name\", \"system_name\", \"kind\", \"size\", \"holders\",
\"owner\", \"state\", \"detail\"}, …]}
\"state\" is live, dead (waits to be reclaimed), foreign (no program of samemap made
it; \"detail\" says what it is) or unreadable. What cannot be told is null.
HOLDERS are handles, and of a mutex processes; they are not told where the system takes
more than half a second to count them.
Where the system keeps the name space itself: {\"objects\": null, \"note\": …}";

const GC_HELP: &str = "\
Living objects are left alone. Status 0, also when another user's remains must stay.

With --force NAME the name is taken from its living holders, which keep the memory and
are not told: for an owner, or root, whose object another user does not let go of.

With --json: {\"removed\": [system name, …], \"bytes\": …,
\"refused\": [{\"system_name\", \"owner\"}, …]}
Where the system keeps the name space itself there is a \"note\" beside them.";

#[derive(Args, Debug)]
struct NameArgs {
    /// Name of the object: Local\NAME, Global\NAME, or NAME for Local\NAME
    name: String,
    #[command(flatten)]
    form: FormArgs,
}

#[derive(Args, Debug)]
struct GcArgs {
    /// Takes this name away from its living holders, in place of the reclaiming
    #[arg(long, value_name = "NAME")]
    force: Option<String>,
    #[command(flatten)]
    form: FormArgs,
}

#[derive(Args, Clone, Copy, Debug)]
struct FormArgs {
    /// Prints one JSON object, for programs
    #[arg(long)]
    json: bool,
}

/// The program `samemap`.
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Demo(args) => ending::conclude("samemap demo", demo::run(&args)),
        Command::Name(args) => ending::conclude("samemap name", print_name(&args)),
        Command::List(form) => ending::conclude("samemap list", print_list(form)),
        Command::Gc(args) => ending::conclude("samemap gc", gc(&args)),
        Command::Server(args) => ending::conclude("samemap server", server::run(&args)),
        Command::Client(args) => ending::conclude("samemap client", client::run(&args)),
    }
}

fn print_name(args: &NameArgs) -> Result<(), Stop> {
    let name = ObjectName::new(&args.name)?;
    let system_name = name.system_name();
    let path = catalog::data_path(&name).map(|path| path.display().to_string());
    if args.form.json {
        return print_json(&json!({ "name": name.to_string(), "system_name": system_name, "path": path }));
    }
    output::line(&printable(&path.unwrap_or(system_name)))
}

fn print_list(form: FormArgs) -> Result<(), Stop> {
    match catalog::list_counted() {
        Ok(objects) if form.json => print_json(&list_as_json(&objects)),
        Ok(objects) => print_lines(list_as_text(&objects)),
        Err(error) => explain(error, form, json!({ "objects": null })),
    }
}

fn gc(args: &GcArgs) -> Result<(), Stop> {
    match &args.force {
        Some(name) => take_name(&ObjectName::new(name)?, args.form),
        None => reclaim(args.form),
    }
}

fn take_name(name: &ObjectName, form: FormArgs) -> Result<(), Stop> {
    match catalog::take_name(name) {
        Ok(taken) if form.json => print_json(&json!({ "name": name.to_string(), "taken": taken })),
        Ok(true) => output::line(&printable(&format!("{name} is free; its holders keep the memory"))),
        Ok(false) => output::line(&printable(&format!("nothing is called {name}"))),
        Err(error) => explain(error, form, json!({ "name": name.to_string(), "taken": false })),
    }
}

fn reclaim(form: FormArgs) -> Result<(), Stop> {
    match catalog::reclaim() {
        Ok(done) if form.json => print_json(&reclaimed_as_json(&done)),
        Ok(done) => print_lines(reclaimed_as_text(&done)),
        Err(error) => explain(error, form, json!({ "removed": [], "bytes": 0, "refused": [] })),
    }
}

/// Where the system keeps the name space itself, its saying so is the answer and not a failure.
fn explain(error: Error, form: FormArgs, mut answer: Value) -> Result<(), Stop> {
    if !error.is(ErrorKind::Unsupported) {
        return Err(error.into());
    }
    if form.json {
        answer["note"] = error.to_string().into();
        return print_json(&answer);
    }
    output::line(&printable(&error.to_string()))
}

fn print_json(value: &Value) -> Result<(), Stop> {
    output::line(&value.to_string())
}

fn print_lines(lines: Vec<String>) -> Result<(), Stop> {
    lines.iter().try_for_each(|line| output::line(line))
}

fn list_as_json(objects: &[Entry]) -> Value {
    let objects: Vec<Value> = objects.iter().map(entry_as_json).collect();
    json!({ "objects": objects })
}

fn entry_as_json(entry: &Entry) -> Value {
    let (state, detail) = match &entry.state {
        State::Live => ("live", None),
        State::Dead => ("dead", None),
        State::Foreign(what) => ("foreign", Some(what.clone())),
        State::Unreadable => ("unreadable", None),
        other => ("other", Some(other.to_string())),
    };
    json!({
        "name": entry.name.as_ref().map(ToString::to_string),
        "system_name": entry.system_name,
        "kind": entry.kind.map(|kind| kind.to_string()),
        "size": entry.size,
        "holders": entry.holders,
        "owner": entry.owner.as_str(),
        "state": state,
        "detail": detail,
    })
}

fn list_as_text(objects: &[Entry]) -> Vec<String> {
    if objects.is_empty() {
        return vec!["no objects".to_owned()];
    }
    let heads = ["NAME", "KIND", "SIZE", "HOLDERS", "OWNER", "STATE"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(heads).chain(objects.iter().map(cells)).collect();
    let mut lines = table(&rows);
    let dead = objects.iter().filter(|entry| entry.state == State::Dead).count();
    if dead > 0 {
        lines.push(format!(
            "{} to be reclaimed: samemap gc does it",
            counted(dead, "object waits", "objects wait")
        ));
    }
    lines
}

/// What cannot be told is a dash, and an object without a name of its own shows the system's.
fn cells(entry: &Entry) -> [String; 6] {
    let told = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let name = entry.name.as_ref().map_or_else(|| entry.system_name.clone(), ToString::to_string);
    [
        printable(&name),
        told(entry.kind.map(|kind| kind.to_string())),
        entry.size.to_string(),
        told(entry.holders.map(|holders| holders.to_string())),
        printable(entry.owner.as_str()),
        printable(&entry.state.to_string()),
    ]
}

fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let aligned = |row: &[String; COLUMNS]| {
        let cells =
            row.iter().zip(widths).map(|(cell, width)| cell.clone() + &" ".repeat(width - cell.width()));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(aligned).collect()
}

fn reclaimed_as_json(done: &Reclaimed) -> Value {
    let refused = done.refused.iter();
    let refused: Vec<Value> =
        refused.map(|(name, owner)| json!({ "system_name": name, "owner": owner.as_str() })).collect();
    json!({ "removed": done.removed, "bytes": done.bytes, "refused": refused })
}

fn reclaimed_as_text(done: &Reclaimed) -> Vec<String> {
    let removed = done.removed.iter().map(|name| format!("removed {}", printable(name)));
    let refused = done.refused.iter().map(|(name, owner)| {
        let (name, owner) = (printable(name), printable(owner.as_str()));
        format!("not removed {name}: it belongs to user {owner}; run samemap gc as that user, or as root")
    });
    let mut lines: Vec<String> = removed.chain(refused).collect();
    lines.push(match done.removed.len() {
        0 => "nothing was reclaimed".to_owned(),
        count => {
            format!("{} reclaimed, {} bytes given back", counted(count, "object", "objects"), done.bytes)
        }
    });
    lines
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::UserId;
    use clap::CommandFactory as _;

    #[test]
    fn the_flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_table_is_aligned_by_cells() {
        let row = |name: &str, size: &str| [name.to_owned(), size.to_owned()];
        let lines = table(&[row("NAME", "SIZE"), row("größe", "1"), row("a", "")]);
        assert_eq!(lines, ["NAME   SIZE", "größe  1", "a"]);
        // Two cells each; one that combines with the letter before it has none.
        let lines = table(&[row("NAME", "SIZE"), row("日本", "1"), row("gro\u{308}ße", "2")]);
        assert_eq!(lines, ["NAME   SIZE", "日本   1", "gro\u{308}ße  2"]);
    }

    #[test]
    fn an_empty_name_space_is_said_so() {
        assert_eq!(list_as_text(&[]), ["no objects"]);
        assert_eq!(list_as_json(&[]).to_string(), r#"{"objects":[]}"#);
        assert_eq!(reclaimed_as_text(&Reclaimed::default()), ["nothing was reclaimed"]);
    }

    #[test]
    fn a_sweep_tells_what_it_did_and_what_is_left_to_others() {
        let mut done = Reclaimed::default();
        done.removed.push("/samemap.7.x".to_owned());
        done.bytes = 4096;
        done.refused.push(("/samemap.8.\x1b".to_owned(), UserId::new("8")));
        let lines = reclaimed_as_text(&done);
        assert_eq!(lines[0], "removed /samemap.7.x");
        assert!(
            lines[1].starts_with(r"not removed /samemap.8.\u{1b}: it belongs to user 8; run "),
            "{}",
            lines[1]
        );
        assert_eq!(lines[2], "1 object reclaimed, 4096 bytes given back");
        let json = reclaimed_as_json(&done);
        assert_eq!(json["removed"], json!(["/samemap.7.x"]));
        assert_eq!(json["refused"], json!([{ "system_name": "/samemap.8.\u{1b}", "owner": "8" }]));
    }
}
