//! The report as a page of Markdown with plots, and the one table that a user would choose by.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::peers;
use super::plots;
use super::reasons;
use super::report::{NEAR_NS, Report, Row};
use super::systems::Kind;
use super::tables::Carriage::{self, Copied, InPlace};
use super::tables::{self, Group, Table, amount, ratio};

/// The page's file name, and the folder's of its plots.
pub const PAGE: &str = "performance.md";
pub const PLOTS: &str = "performance";

/// Around the table in README.
const BEGIN: &str = "<!-- performance: begin -->";
const END: &str = "<!-- performance: end -->";

/// How the programme was called.
pub struct Call {
    /// The words behind its name.
    pub words: String,
    /// No figures worth quoting.
    pub is_quick: bool,
    /// Everything was measured.
    pub is_whole: bool,
}

/// Writes the page and its plots into `directory`, and the table into the README beside it.
pub fn write(report: &Report, call: &Call, directory: &Path) -> io::Result<()> {
    let groups = tables::groups(report);
    let plots = plots::draw(&groups, &directory.join(PLOTS))?;
    fs::write(directory.join(PAGE), page(report, call, &groups, &plots))?;
    let directory = directory.canonicalize()?;
    match directory.parent() {
        Some(parent) if call.is_whole && !call.is_quick => renew(&parent.join("README.md"), &summary(report)),
        _ => Ok(()),
    }
}

/// Puts the table between the marks of a README that has them.
fn renew(readme: &Path, table: &str) -> io::Result<()> {
    let Ok(text) = fs::read_to_string(readme) else { return Ok(()) };
    match with_block(&text, table) {
        Some(renewed) if renewed != text => fs::write(readme, renewed),
        _ => Ok(()),
    }
}

fn with_block(text: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{table}{END}{after}"))
}

// ---- The page -----------------------------------------------------------------------------------------------

fn page(report: &Report, call: &Call, groups: &[Group<'_>], plots: &[plots::Drawn]) -> String {
    let mut page = String::from("# Performance\n\n");
    page.push_str("Written by `samemap-bench`; not to be changed by hand.\n\n");
    if call.is_quick {
        page.push_str("**This was a quick run, to see that everything works: none of its figures is worth quoting.**\n\n");
    }
    if call.is_whole {
        page.push_str(&summary(report));
        page.push('\n');
    }
    defeats(&mut page, groups);
    machine(&mut page, report, call);
    if !plots.is_empty() {
        page.push_str("## Plots\n\n");
    }
    for plot in plots {
        let _ = writeln!(page, "![{}]({PLOTS}/{})\n", plot.title, plot.file);
    }
    page.push_str("## Tables\n\n");
    page.push_str(HOW_TO_READ);
    groups.iter().for_each(|group| section(&mut page, group));
    absences(&mut page, report);
    noise(&mut page, report);
    page.trim_end().to_owned() + "\n"
}

const HOW_TO_READ: &str = "\
Less is better in every table. *Floor* marks the same work in the simplest code that can do it, without checks or
promises; × floor is the median beside that of the first floor, × best peer beside the quickest of the others' medians.
Spread is (max − min) / median. In tables of several sizes the quickest system that a user could take is bold, and the
full figures are folded away below. Where messages stay *in place*, both ends touch only their first and last bytes:
such rows are compared with each other only.

";

fn machine(page: &mut String, report: &Report, call: &Call) {
    let machine = &report.machine;
    page.push_str("## Machine, versions, commands\n\n");
    let _ = writeln!(page, "| | |\n| --- | --- |");
    let _ = writeln!(page, "| date | {} |", today());
    let _ = writeln!(page, "| processors | {} × {} |", machine.processors, machine.processor);
    let _ = writeln!(page, "| memory | {:.0} GiB |", machine.memory_gib);
    let _ = writeln!(page, "| system | Linux {} |", machine.kernel);
    let _ = writeln!(page, "| compiler | {} |", machine.rustc);
    let _ = writeln!(page, "| samemap | {} |", peers::samemap());
    let _ = writeln!(page, "| peers | {} |", peers::all().join(", "));
    let _ = writeln!(page, "| cache line between two processors, one way | {} |\n", lines_way(report));
    let _ = writeln!(
        page,
        "```console\n$ cargo build --release --bins\n$ cargo run -p samemap-bench --release -- {}\n```\n",
        call.words
    );
}

/// Where the processors were, as far as a cache line tells.
fn lines_way(report: &Report) -> String {
    let (Some(least), Some(most)) =
        (report.lines.iter().copied().reduce(f64::min), report.lines.iter().copied().reduce(f64::max))
    else {
        return "not measured".to_owned();
    };
    let place = match (least < NEAR_NS, most < NEAR_NS) {
        (true, true) => "near each other: threads of one core, or neighbours",
        (false, false) => "far from each other",
        _ => "now near each other, now far",
    };
    let times = report.lines.len();
    format!("{least:.0} to {most:.0} ns, asked {times} times ({place}; {NEAR_NS:.0} ns is the border)")
}

/// The date in UTC.
fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let (mut year, mut day) = (1970, seconds / 86400);
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days_of = |year| if is_leap(year) { 366 } else { 365 };
    while day >= days_of(year) {
        day -= days_of(year);
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < days {
            break;
        }
        day -= days;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", day + 1)
}

/// A table's cell: what would end it early is escaped.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ")
}

// ---- Where a peer wins --------------------------------------------------------------------------------------

fn defeats(page: &mut String, groups: &[Group<'_>]) {
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

// ---- The tables ---------------------------------------------------------------------------------------------

fn section(page: &mut String, group: &Group<'_>) {
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

// ---- Who was absent, and what to think of it ----------------------------------------------------------------

fn absences(page: &mut String, report: &Report) {
    page.push_str("## Who was absent, and why\n\n");
    if report.absences.is_empty() {
        page.push_str("Nobody.\n\n");
        return;
    }
    page.push_str("| work | where | system | why |\n| --- | --- | --- | --- |\n");
    for absence in &report.absences {
        let size = match absence.size {
            0 => String::new(),
            size => format!(", {}", tables::size_of(absence.bench, size)),
        };
        let _ = writeln!(
            page,
            "| {}{size} | {} | {} | {} |",
            absence.bench,
            absence.placement,
            cell(absence.system),
            cell(&absence.reason)
        );
    }
    page.push('\n');
}

fn noise(page: &mut String, report: &Report) {
    page.push_str("## Noise\n\n");
    page.push_str(
        "Rivals are measured in turns (A B C A B C …), so that what disturbs one disturbs all: ratios within a table \
         hold better than times, and tables of different placements are not to be compared. \
         Virtual processors may be two threads of one core or far apart, from run to run, which changes everything \
         that goes between two of them; so the way of a bare cache line is measured before each table of two cores.\n\n",
    );
    for note in &report.notes {
        let _ = writeln!(page, "- {note}");
    }
    if report.notes.is_empty() {
        page.push_str("- Nothing was noticed that disturbed this run.\n");
    }
}

// ---- The table to choose by ---------------------------------------------------------------------------------

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
        "the newest value of 64 B, read while it is written",
        "newest value, a read while it is written",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_between_the_marks_is_renewed() {
        let text = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        assert_eq!(with_block(&text, "new\n"), Some(format!("a\n{BEGIN}\nnew\n{END}\nb\n")));
        assert_eq!(with_block("no marks", "new\n"), None);
    }

    #[test]
    fn a_readme_is_renewed_only_where_it_has_the_marks() {
        let readme = std::env::temp_dir().join(format!("samemap-bench-readme-{}", std::process::id()));
        let renewed = |text: &str| {
            fs::write(&readme, text).expect("write");
            renew(&readme, "new\n").expect("renew");
            fs::read_to_string(&readme).expect("read")
        };
        assert_eq!(renewed("a\n"), "a\n");
        assert_eq!(renewed(&format!("a\n{BEGIN}{END}\n")), format!("a\n{BEGIN}\nnew\n{END}\n"));
        fs::remove_file(&readme).expect("remove");
        renew(&readme, "new\n").expect("where there is none, nothing is to be done");
        assert!(!readme.exists());
    }

    #[test]
    fn a_cell_stays_one_cell() {
        assert_eq!(cell("a | b\n<c>"), "a \\| b &lt;c>");
    }
}
