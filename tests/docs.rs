//! The pages say what the suite shows.

use std::collections::BTreeSet;

use samemap::Region;
use samemap_platform::conformance::{Named, native_rules, rules, sync_rules};

/// The test names that a page mentions: words in backticks that begin like a rule.
fn mentioned(page: &str) -> BTreeSet<String> {
    let is_rule = |word: &&str| {
        word.len() > 4
            && word.starts_with('c')
            && word[1..3].bytes().all(|byte| byte.is_ascii_digit())
            && word.as_bytes()[3] == b'_'
    };
    page.split('`').filter(is_rule).map(str::to_owned).collect()
}

#[test]
fn contract_names_every_rule_of_the_suite_and_no_other() {
    let page = include_str!("../docs/contract.md");
    let suites = [rules::<Region>(), sync_rules::<Named>(), native_rules()];
    let suite: BTreeSet<String> = suites.iter().flatten().map(|rule| rule.name.to_owned()).collect();
    let mentioned = mentioned(page);
    let unwritten: Vec<_> = suite.difference(&mentioned).collect();
    let unknown: Vec<_> = mentioned.difference(&suite).collect();
    assert!(unwritten.is_empty(), "rules of the suite that docs/contract.md does not name: {unwritten:?}");
    assert!(unknown.is_empty(), "docs/contract.md names tests that the suite does not have: {unknown:?}");
}

#[test]
fn contract_names_only_files_that_are_there() {
    let page = include_str!("../docs/contract.md");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = page.split('`').filter(|word| word.ends_with(".rs") && word.contains('/'));
    let mut seen = 0;
    for file in files {
        assert!(root.join(file).exists(), "docs/contract.md names {file}, which is not there");
        seen += 1;
    }
    assert!(seen > 5, "the page names its tests");
}
