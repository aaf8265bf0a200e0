//! Which rules of the contract the crate `shared_memory` does not keep, on this system. The table stands
//! in ARCHITECTURE.md, and this test fails when it is not what the suite finds; with `SAMEMAP_BLESS=1` it
//! writes the table instead.
#![cfg(all(feature = "conformance", feature = "shared-memory", any(target_os = "linux", windows)))]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use samemap::conformance::{self, Outcome, RuleReport, run_all};
use samemap::shared_memory::SharedMemoryRegion;

conformance::conformance_child!(adaptor, SharedMemoryRegion);

const BEGIN: &str = "<!-- shared_memory fails: begin -->";
const END: &str = "<!-- shared_memory fails: end -->";

/// Rules whose failing is a matter of timing: they may fail and need not.
const MAY_FAIL: &[&str] = &[
    "c06_half_made_object_is_never_seen",
    "c06_killed_creators_are_in_nobodys_way",
    "c06_many_that_create_or_open_meet",
    "c06_one_of_many_creators_wins",
];

/// Everything that the adaptor's killed processes leave is in a place of its own, or has a tag of its own
/// in its name, and goes with this.
struct Litter {
    tag: String,
    directory: PathBuf,
}

impl Litter {
    fn new() -> Self {
        let tag = format!("adaptor-{:x}", std::process::id());
        let directory = std::env::temp_dir().join(&tag);
        std::fs::create_dir(&directory).expect("a directory for what the adaptor leaves");
        Litter { tag, directory }
    }

    fn left(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir("/dev/shm") else { return Vec::new() };
        let paths = entries.map(|entry| entry.expect("an entry of /dev/shm").path());
        paths.filter(|path| path.to_string_lossy().contains(&self.tag)).collect()
    }
}

impl Drop for Litter {
    fn drop(&mut self) {
        for path in self.left() {
            let _ = std::fs::remove_file(path);
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

#[test]
fn fails_what_architecture_md_says() {
    let litter = Litter::new();
    let directory = litter.directory.to_str().expect("a temporary directory with a plain name");
    let mut harness = adaptor::harness().env("SAMEMAP_CONFORMANCE_TAG", &litter.tag);
    for variable in ["TMP", "TEMP"] {
        harness = harness.env(variable, directory);
    }
    let reports = run_all::<SharedMemoryRegion>(&harness);
    let tag = litter.tag.clone();
    drop(litter);

    let mut page = Page::read();
    if std::env::var_os("SAMEMAP_BLESS").is_some() {
        page.lists.insert(system(), lines(&reports, &tag));
        return page.write();
    }
    let differences = page.differences(&reports);
    assert!(
        differences.is_empty(),
        "ARCHITECTURE.md does not say what shared_memory does (SAMEMAP_BLESS=1 rewrites it):\n{}",
        differences.join("\n")
    );
}

/// How the page calls this system.
fn system() -> String {
    if cfg!(windows) { "Windows" } else { "Linux" }.to_owned()
}

/// The list of one system, as it stands on the page.
fn lines(reports: &[RuleReport], tag: &str) -> Vec<String> {
    let line = |report: &RuleReport| {
        let may_fail = MAY_FAIL.contains(&report.name);
        let message = match &report.outcome {
            Outcome::Failed(message) => stable(message, tag),
            _ if may_fail => "depends on timing".to_owned(),
            _ => return None,
        };
        let note = if may_fail { " (may fail)" } else { "" };
        Some(format!("- {} `{}`{note}: {message}", report.rule, report.name))
    };
    reports.iter().filter_map(line).collect()
}

/// A message without what differs from run to run: the objects' names. And not too long.
fn stable(message: &str, tag: &str) -> String {
    const SHOWN: usize = 160;
    let mut pieces = message.split(tag);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str("NAME");
        text.push_str(piece.trim_start_matches(|c: char| c.is_ascii_hexdigit() || c == '-'));
    }
    if text.chars().count() > SHOWN {
        text = text.chars().take(SHOWN).chain(['…']).collect();
    }
    text
}

/// ARCHITECTURE.md, with the lists between its two markers taken apart.
struct Page {
    before: String,
    lists: BTreeMap<String, Vec<String>>,
    after: String,
}

impl Page {
    fn path() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")
    }

    fn read() -> Self {
        let text = std::fs::read_to_string(Self::path()).expect("ARCHITECTURE.md can be read");
        let (before, rest) = text.split_once(BEGIN).expect("the marker where the lists begin");
        let (inside, after) = rest.split_once(END).expect("the marker where the lists end");
        let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut heading = String::new();
        for line in inside.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.strip_suffix(':') {
                Some(system) if !line.starts_with('-') => heading = system.to_owned(),
                _ => lists.entry(heading.clone()).or_default().push(line.to_owned()),
            }
        }
        Page { before: before.to_owned(), lists, after: after.to_owned() }
    }

    fn write(self) {
        let lists: Vec<String> =
            self.lists.iter().map(|(system, lines)| format!("{system}:\n\n{}\n", lines.join("\n"))).collect();
        let text = format!("{}{BEGIN}\n{}{END}{}", self.before, lists.join("\n"), self.after);
        std::fs::write(Self::path(), text).expect("ARCHITECTURE.md can be written");
    }

    /// Where the page and the suite disagree. A rule that stepped aside says nothing either way.
    fn differences(&self, reports: &[RuleReport]) -> Vec<String> {
        let written: BTreeSet<&str> = self
            .lists
            .get(&system())
            .into_iter()
            .flatten()
            .filter_map(|line| line.split('`').nth(1))
            .collect();
        let mut differences: Vec<String> = written
            .iter()
            .filter(|name| reports.iter().all(|report| report.name != **name))
            .map(|name| format!("{name} is listed and is no rule of the suite"))
            .collect();
        for report in reports.iter().filter(|report| !MAY_FAIL.contains(&report.name)) {
            match (&report.outcome, written.contains(report.name)) {
                (Outcome::Failed(message), false) => {
                    differences.push(format!("{} is not listed: {message}", report.name))
                }
                (Outcome::Kept, true) => differences.push(format!("{} is listed and is kept", report.name)),
                _ => {}
            }
        }
        differences
    }
}
