//! The report as a page of Markdown with plots, and the one table that a user would choose by.

mod choice;
mod defeats;
mod sections;

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use super::machine::today;
use super::peers;
use super::plots;
use super::report::{NEAR_NS, Report};
use super::tables::{self, Group, cell};

use defeats::defeats;
use sections::section;

pub use choice::summary;

/// The page's file name, and the folder's of its plots.
pub const PAGE: &str = "performance.md";
pub const PLOTS: &str = "performance";

/// Around the table in README.
const BEGIN: &str = "<!-- performance: begin -->";
const END: &str = "<!-- performance: end -->";

/// How the program was called.
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
}
