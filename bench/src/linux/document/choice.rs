//! The one table that a user would choose by.

use std::fmt::Write as _;

use super::super::job::Kind;
use super::super::machine::today;
use super::super::report::{Report, Row};
use super::super::tables::{
    self,
    Carriage::{self, Copied, InPlace},
    Group, Table, amount, cell, ratio,
};

/// What a user would choose by: what it is called, its bench, size, and the placements that tell it best.
const CHOSEN_BY: &[(&str, &str, u64, Carriage, &[&str])] = &[
    ("create a region of 64 KiB, write, close", "create, view, write, close", 64 << 10, Copied, ANYWHERE),
    ("open a region of 64 KiB, read, close", "open, view, read, close", 64 << 10, Copied, ANYWHERE),
    ("lock and unlock, alone", "lock and unlock, alone", 0, Copied, ANYWHERE),
    (
        "lock and unlock, two processes contending",
        "lock and unlock, two processes contending",
        0,
        Copied,
        CORES,
    ),
    ("wake a sleeping process, one core", "wake-up ping-pong, one way", 0, Copied, &["one core"]),
    ("a message of 64 B there or back", "ping-pong, one way", 64, Copied, CORES),
    ("a message of 1 MiB there or back, in place", "ping-pong, one way", 1 << 20, InPlace, CORES),
    ("a stream's message of 64 B", "stream, a message", 64, Copied, CORES),
    ("a stream's message of 4 KiB", "stream, a message", 4 << 10, Copied, CORES),
    ("a stream's message of 1 MiB", "stream, a message", 1 << 20, Copied, CORES),
    (
        "the newest value of 64 B, read while it is written 100,000 times a second",
        "newest value, a read, 100,000 writes a second",
        64,
        Copied,
        CORES,
    ),
];

const ANYWHERE: &[&str] = &["unpinned", "two cores", "one core"];
const CORES: &[&str] = &["two cores", "unpinned"];

/// The one table, as Markdown: medians, and ratios to the floor.
pub fn summary(report: &Report) -> String {
    let groups = tables::groups(report);
    let mut lines = String::from("| work | floor | samemap | best peer |\n| --- | --- | --- | --- |\n");
    for (what, bench, size, carriage, placements) in CHOSEN_BY {
        let group = tables::find(&groups, bench, placements);
        if let Some((group, table)) = group.and_then(|group| Some((group, group.of_size(*size)?))) {
            lines.push_str(&choice(what, group, table, *carriage));
        }
    }
    let machine = &report.machine;
    let _ = writeln!(
        lines,
        "\nMedians; × is the ratio to the floor, the same work in the simplest code, measured in turns in one run. \
         {}, on {} × {}, Linux {}.",
        today(),
        machine.processors,
        machine.processor,
        machine.kernel
    );
    lines
}

fn choice(what: &str, group: &Group<'_>, table: &Table<'_>, carriage: Carriage) -> String {
    // The floors copy.
    let floor = table.floor().filter(|_| carriage == Copied);
    let told = |row: Option<&Row>, is_named: bool| {
        let Some(row) = row else { return "–".to_owned() };
        let mut text = amount(row.median, table.unit);
        if let Some(floor) = floor.filter(|floor| floor.system != row.system) {
            let _ = write!(text, " ({})", ratio(row.median, floor.median));
        }
        if is_named {
            let _ = write!(text, ", {}", cell(row.system.strip_prefix("samemap ").unwrap_or(row.system)));
        }
        text
    };
    let ours = table.best(Kind::Ours, carriage);
    format!(
        "| {what}, {} | {} | {} | {} |\n",
        if what.ends_with("one core") { "both ends" } else { group.placement },
        told(floor, true),
        told(ours, ours.is_some_and(|row| row.system != "samemap")),
        told(table.best(Kind::Peer, carriage), true),
    )
}
