//! The rows of a report, as tables: one for each bench, placement, size and unit.

use super::counted::COUNTED;
use super::job::Kind;
use super::report::{Report, Row};

/// The rivals of one piece of work.
pub struct Table<'a> {
    /// Bytes worked on, or how many of what grows.
    pub size: u64,
    /// Of its figures.
    pub unit: &'static str,
    /// In the order of measuring.
    pub rows: Vec<&'a Row>,
}

/// The tables of one bench and placement, which differ in size (and in unit, where several things are asked).
pub struct Group<'a> {
    /// What was measured.
    pub bench: &'static str,
    /// Where the processes ran.
    pub placement: &'static str,
    /// By size.
    pub tables: Vec<Table<'a>>,
}

/// Whether a message is carried or stays where it is: who lends it in place touches only its first and last bytes, and is
/// compared only with others who do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carriage {
    /// Copied in and out.
    Copied,
    /// Lent in place.
    InPlace,
}

impl Carriage {
    /// That of a row.
    pub fn of(row: &Row) -> Carriage {
        if row.system.contains(IN_PLACE) { Carriage::InPlace } else { Carriage::Copied }
    }
}

/// What the names of systems say whose messages stay in place.
pub const IN_PLACE: &str = "in place";

impl<'a> Table<'a> {
    /// The first floor.
    pub fn floor(&self) -> Option<&'a Row> {
        self.rows.iter().find(|row| row.kind == Kind::Floor).copied()
    }

    /// The quickest of a kind, of those who carry alike.
    pub fn best(&self, kind: Kind, carriage: Carriage) -> Option<&'a Row> {
        let alike = self.rows.iter().filter(|row| row.kind == kind && Carriage::of(row) == carriage);
        alike.min_by(|one, other| one.median.total_cmp(&other.median)).copied()
    }

    /// The quickest that a user could take, of those who copy.
    pub fn winner(&self) -> Option<&'a Row> {
        let best = [Kind::Ours, Kind::Peer].map(|kind| self.best(kind, Carriage::Copied));
        best.into_iter().flatten().min_by(|one, other| one.median.total_cmp(&other.median))
    }

    /// The row of that system.
    pub fn of(&self, system: &str) -> Option<&'a Row> {
        self.rows.iter().find(|row| row.system == system).copied()
    }
}

impl<'a> Group<'a> {
    /// All systems in it, in the order in which they first appear.
    pub fn systems(&self) -> Vec<&'static str> {
        let mut systems = Vec::new();
        for row in self.tables.iter().flat_map(|table| &table.rows) {
            if !systems.contains(&row.system) {
                systems.push(row.system);
            }
        }
        systems
    }

    /// The table of that size.
    pub fn of_size(&self, size: u64) -> Option<&Table<'a>> {
        self.tables.iter().find(|table| table.size == size)
    }
}

/// All groups of a report, in the order of measuring, their tables by size.
pub fn groups(report: &Report) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for row in &report.rows {
        let is_its = |group: &Group<'_>| (group.bench, group.placement) == (row.bench, row.placement);
        let at = groups.iter().position(is_its).unwrap_or_else(|| {
            groups.push(Group { bench: row.bench, placement: row.placement, tables: Vec::new() });
            groups.len() - 1
        });
        add(&mut groups[at].tables, row);
    }
    groups.iter_mut().for_each(|group| group.tables.sort_by_key(|table| table.size));
    groups
}

fn add<'a>(tables: &mut Vec<Table<'a>>, row: &'a Row) {
    match tables.iter_mut().find(|table| (table.size, table.unit) == (row.size, row.unit)) {
        Some(table) => table.rows.push(row),
        None => tables.push(Table { size: row.size, unit: row.unit, rows: vec![row] }),
    }
}

/// The group of that bench, in the first of these placements in which it was measured.
pub fn find<'a, 'g>(groups: &'g [Group<'a>], bench: &str, placements: &[&str]) -> Option<&'g Group<'a>> {
    placements
        .iter()
        .find_map(|&place| groups.iter().find(|group| group.bench == bench && group.placement == place))
}

/// A figure with its unit, in three digits: a time in what suits it.
pub fn amount(value: f64, unit: &str) -> String {
    match unit {
        "ns" => time(value),
        "us" => time(value * 1e3),
        unit if unit.starts_with("bytes") => bytes_or_so(value),
        _ => three_digits(value),
    }
}

fn time(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{} ns", three_digits(ns)),
        ns if ns < 1e6 => format!("{} µs", three_digits(ns / 1e3)),
        ns if ns < 1e9 => format!("{} ms", three_digits(ns / 1e6)),
        ns => format!("{} s", three_digits(ns / 1e9)),
    }
}

fn bytes_or_so(bytes: f64) -> String {
    match bytes {
        bytes if bytes < 1024.0 => format!("{} B", three_digits(bytes)),
        bytes if bytes < 1048576.0 => format!("{} KiB", three_digits(bytes / 1024.0)),
        bytes => format!("{} MiB", three_digits(bytes / 1048576.0)),
    }
}

fn three_digits(value: f64) -> String {
    match value {
        value if value == value.trunc() && value < 1e6 => format!("{value:.0}"),
        value if value < 9.995 => format!("{value:.2}"),
        value if value < 99.95 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

/// `a` is so many times `b`.
pub fn ratio(a: f64, b: f64) -> String {
    match a / b {
        ratio if !ratio.is_finite() => "–".to_owned(),
        ratio if ratio < 0.001 => "< 0.001 ×".to_owned(),
        ratio if ratio < 0.0995 => format!("{ratio:.3} ×"),
        ratio if ratio < 9.995 => format!("{ratio:.2} ×"),
        ratio if ratio < 99.95 => format!("{ratio:.1} ×"),
        ratio => format!("{ratio:.0} ×"),
    }
}

/// What the size of a bench counts, where that is not bytes.
pub fn counted(bench: &str) -> Option<&'static str> {
    COUNTED.iter().find(|(of, _)| bench == *of).map(|(_, what)| *what)
}

/// A size, as the bench means it.
pub fn size_of(bench: &str, size: u64) -> String {
    match counted(bench) {
        Some(what) if size == 1 => format!("1 {}", singular(what)),
        Some(what) => format!("{} {what}", grouped(size)),
        None => bytes(size),
    }
}

fn singular(what: &str) -> &str {
    what.strip_suffix("es").filter(|one| one.ends_with("ss")).or(what.strip_suffix('s')).unwrap_or(what)
}

/// Bytes, in what they are a whole number of.
pub fn bytes(size: u64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if size >= 1 << shift && size.is_multiple_of(1 << shift) {
            return format!("{} {unit}", size >> shift);
        }
    }
    format!("{size} B")
}

/// Thousands apart.
pub fn grouped(number: u64) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1000), number % 1000),
    }
}

/// A table's cell: what would end it early is escaped.
pub fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit_that_suits_them() {
        let told =
            [(5.987, "ns"), (1234.5, "ns"), (56.06, "us"), (14_200.0, "us"), (2.5e9, "ns"), (999.96, "ns")]
                .map(|(value, unit)| amount(value, unit));
        assert_eq!(told, ["5.99 ns", "1.23 µs", "56.1 µs", "14.2 ms", "2.50 s", "1000 ns"]);
        assert_eq!(amount(69_632.0, "bytes of /dev/shm"), "68 KiB");
        assert_eq!(amount(1.0, "descriptors"), "1");
    }

    #[test]
    fn sizes_are_told_as_their_bench_means_them() {
        assert_eq!(size_of("stream, a message", 4096), "4 KiB");
        assert_eq!(size_of("stream, a message", 4097), "4097 B");
        let (objects, _) = COUNTED[0];
        assert_eq!(size_of(objects, 100_000), "100,000 objects");
        assert_eq!(singular("processes"), "process");
        assert_eq!(singular("objects"), "object");
    }

    #[test]
    fn ratios_are_told_or_left_out() {
        assert_eq!(ratio(3.0, 2.0), "1.50 ×");
        assert_eq!(ratio(1.0, 300.0), "0.003 ×");
        assert_eq!(ratio(1.0, 0.0), "–");
    }

    #[test]
    fn a_cell_stays_one_cell() {
        assert_eq!(cell("a | b\n<c>"), "a \\| b &lt;c>");
    }
}
