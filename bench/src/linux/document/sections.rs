//! The tables of the page.

use std::fmt::Write as _;

use super::super::job::Kind;
use super::super::report::Row;
use super::super::tables::{
    self,
    Carriage::{self, Copied},
    Group, Table, amount, cell, ratio,
};

pub fn section(page: &mut String, group: &Group<'_>) {
    let _ = writeln!(page, "### {}, {}\n", group.bench, group.placement);
    let [table] = &group.tables[..] else { return several(page, group) };
    if table.size > 0 {
        let _ = writeln!(page, "{}\n", tables::size_of(group.bench, table.size));
    }
    full(page, table);
}

/// Several sizes: the medians side by side, and the rest folded away.
fn several(page: &mut String, group: &Group<'_>) {
    let headings: Vec<String> = group.tables.iter().map(|table| heading(group, table)).collect();
    let _ = writeln!(page, "| system | {} |", headings.join(" | "));
    let _ = writeln!(page, "| --- |{}", " ---: |".repeat(headings.len()));
    for system in group.systems() {
        let cells: Vec<String> = group.tables.iter().map(|table| median_of(table, system)).collect();
        let _ = writeln!(page, "| {} | {} |", name(group, system), cells.join(" | "));
    }
    page.push_str("\n<details><summary>The full figures</summary>\n\n");
    for (table, heading) in group.tables.iter().zip(&headings) {
        let _ = writeln!(page, "**{heading}**\n");
        full(page, table);
    }
    page.push_str("</details>\n\n");
}

fn heading(group: &Group<'_>, table: &Table<'_>) -> String {
    let has_sizes = group.tables.iter().any(|other| other.size != table.size);
    let has_units = group.tables.iter().any(|other| other.unit != table.unit);
    let size = tables::size_of(group.bench, table.size);
    match (has_sizes, has_units) {
        (true, true) if table.size > 0 => format!("{size}, {}", table.unit),
        (true, false) if table.size > 0 => size,
        (true, false) => "no bytes".to_owned(),
        _ => table.unit.to_owned(),
    }
}

fn median_of(table: &Table<'_>, system: &str) -> String {
    let Some(row) = table.of(system) else { return "–".to_owned() };
    let median = amount(row.median, table.unit);
    match table.winner() {
        // Where nobody is compared with samemap its objects are no rivals of each other.
        Some(winner) if winner.median == row.median && table.best(Kind::Peer, Copied).is_some() => {
            format!("**{median}**")
        }
        _ => median,
    }
}

/// A floor's name says that it is one.
fn name(group: &Group<'_>, system: &str) -> String {
    match group.tables.iter().find_map(|table| table.of(system)) {
        Some(row) => titled(row),
        None => cell(system),
    }
}

fn titled(row: &Row) -> String {
    match row.kind {
        Kind::Floor => format!("*floor:* {}", cell(row.system)),
        _ => cell(row.system),
    }
}

fn full(page: &mut String, table: &Table<'_>) {
    page.push_str("| system | min | median | max | spread | × floor | × best peer | runs |\n");
    page.push_str("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    let floor = table.floor();
    for row in &table.rows {
        let peer = table.best(Kind::Peer, Carriage::of(row));
        let beside =
            |other: Option<&Row>| other.map_or("–".to_owned(), |other| ratio(row.median, other.median));
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            titled(row),
            amount(row.min, table.unit),
            amount(row.median, table.unit),
            amount(row.max, table.unit),
            spread(row),
            beside(floor),
            beside(peer),
            row.runs,
        );
    }
    page.push('\n');
}

fn spread(row: &Row) -> String {
    match (row.max - row.min) / row.median {
        spread if spread.is_finite() => format!("{:.0} %", spread * 100.0),
        _ => "–".to_owned(),
    }
}
