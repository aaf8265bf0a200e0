//! The lists in docs/adaptors.md of the rules that an adaptor does not keep, and their comparison with what the suite
//! finds. With `SAMEMAP_BLESS=1` the page is rewritten instead.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use samemap::conformance::{Outcome, RuleReport};

/// An adaptor's part of the page.
pub struct Listed<'a> {
    /// What its markers call it: `<!-- ADAPTOR fails: begin -->`.
    pub adaptor: &'a str,
    /// Rules whose failing is a matter of timing: they may fail and need not.
    pub may_fail: &'a [&'a str],
    /// What the names of the objects of this run begin with.
    pub tag: &'a str,
}

impl Listed<'_> {
    /// # Panics
    /// When the page and the suite disagree.
    pub fn check(&self, reports: &[RuleReport]) {
        let mut page = Page::read(self.adaptor);
        if std::env::var_os("SAMEMAP_BLESS").is_some() {
            page.lists.insert(system(), self.lines(reports));
            return page.write();
        }
        let differences = self.differences(&page, reports);
        assert!(
            differences.is_empty(),
            "docs/adaptors.md does not say what {} does (SAMEMAP_BLESS=1 rewrites it):\n{}",
            self.adaptor,
            differences.join("\n")
        );
    }

    /// The list of this system, as it stands on the page.
    fn lines(&self, reports: &[RuleReport]) -> Vec<String> {
        let line = |report: &RuleReport| {
            let may_fail = self.may_fail.contains(&report.name);
            let message = match &report.outcome {
                Outcome::Failed(message) => self.stable(message),
                _ if may_fail => "depends on timing".to_owned(),
                _ => return None,
            };
            let note = if may_fail { " (may fail)" } else { "" };
            Some(format!("- {} `{}`{note}: {message}", report.rule, report.name))
        };
        reports.iter().filter_map(line).collect()
    }

    /// A message without what differs from run to run: the objects' names. And not too long.
    fn stable(&self, message: &str) -> String {
        const SHOWN: usize = 160;
        let mut pieces = message.split(self.tag);
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

    /// Where the page and the suite disagree. A rule that stepped aside says nothing either way.
    fn differences(&self, page: &Page, reports: &[RuleReport]) -> Vec<String> {
        let lines = page.lists.get(&system()).into_iter().flatten();
        let written: BTreeSet<&str> = lines.filter_map(|line| line.split('`').nth(1)).collect();
        let mut differences: Vec<String> = written
            .iter()
            .filter(|name| reports.iter().all(|report| report.name != **name))
            .map(|name| format!("{name} is listed and is no rule of the suite"))
            .collect();
        for report in reports.iter().filter(|report| !self.may_fail.contains(&report.name)) {
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

/// How the page calls this system.
fn system() -> String {
    if cfg!(windows) { "Windows" } else { "Linux" }.to_owned()
}

/// docs/adaptors.md, with the lists between an adaptor's two markers taken apart.
struct Page {
    before: String,
    lists: BTreeMap<String, Vec<String>>,
    after: String,
}

impl Page {
    fn path() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/adaptors.md")
    }

    fn read(adaptor: &str) -> Self {
        let [begin, end] = ["begin", "end"].map(|what| format!("<!-- {adaptor} fails: {what} -->"));
        let text = std::fs::read_to_string(Self::path()).expect("docs/adaptors.md can be read");
        let (before, rest) = text.split_once(&begin).expect("the marker where the lists begin");
        let (inside, after) = rest.split_once(&end).expect("the marker where the lists end");
        let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut heading = String::new();
        for line in inside.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.strip_suffix(':') {
                Some(system) if !line.starts_with('-') => heading = system.to_owned(),
                _ => lists.entry(heading.clone()).or_default().push(line.to_owned()),
            }
        }
        Page { before: format!("{before}{begin}\n"), lists, after: format!("{end}{after}") }
    }

    fn write(self) {
        let lists: Vec<String> =
            self.lists.iter().map(|(system, lines)| format!("{system}:\n\n{}\n", lines.join("\n"))).collect();
        let text = format!("{}{}{}", self.before, lists.join("\n"), self.after);
        std::fs::write(Self::path(), text).expect("docs/adaptors.md can be written");
    }
}
