//! Where a peer wins, and why.

use std::fmt::Write as _;

use super::super::job::Kind;
use super::super::reasons;
use super::super::tables::{self, Carriage, Group, Table, amount, ratio};

pub fn defeats(page: &mut String, groups: &[Group<'_>]) {
    page.push_str("## Where a peer wins\n\n");
    let mut lines = String::new();
    let mut beaten_by = Vec::new();
    for group in groups {
        for table in &group.tables {
            lines.push_str(&lost(group, table, &mut beaten_by));
        }
    }
    if lines.is_empty() {
        page.push_str("No peer's median was below samemap's best in any table of this run.\n\n");
        return;
    }
    page.push_str(
        "Every table in which a peer's median is below samemap's best one (messages that stay in place are ",
    );
    page.push_str("compared with each other). ");
    page.push_str("*Runs overlap*: samemap's quickest run was as quick as the peer's median.\n\n");
    page.push_str(
        "| work | where | samemap's best | peer | samemap / peer |\n| --- | --- | --- | --- | --- |\n",
    );
    page.push_str(&lines);
    page.push_str("\nWhy:\n\n");
    for (bench, system) in beaten_by {
        let _ = writeln!(page, "- {bench}, {system}: {}", reasons::of(bench, system));
    }
    page.push('\n');
}

/// The lines of those who were quicker than samemap in this table.
fn lost(group: &Group<'_>, table: &Table<'_>, beaten_by: &mut Vec<(&'static str, &'static str)>) -> String {
    let mut lines = String::new();
    for peer in table.rows.iter().filter(|row| row.kind == Kind::Peer) {
        let ours = table.best(Kind::Ours, Carriage::of(peer));
        let Some(ours) = ours.filter(|ours| peer.median < ours.median) else { continue };
        let noise = if ours.min <= peer.median { ", runs overlap" } else { "" };
        let _ = writeln!(
            lines,
            "| {} | {} | {} {} | {} {} | {}{noise} |",
            work(group, table),
            group.placement,
            ours.system,
            amount(ours.median, table.unit),
            peer.system,
            amount(peer.median, table.unit),
            ratio(ours.median, peer.median),
        );
        if !beaten_by.contains(&(group.bench, peer.system)) {
            beaten_by.push((group.bench, peer.system));
        }
    }
    lines
}

/// What a table is about, in one line.
fn work(group: &Group<'_>, table: &Table<'_>) -> String {
    let mut work = group.bench.to_owned();
    if table.size > 0 {
        let _ = write!(work, ", {}", tables::size_of(group.bench, table.size));
    }
    if group.tables.iter().any(|other| other.unit != table.unit) {
        let _ = write!(work, ", {}", table.unit);
    }
    work
}
