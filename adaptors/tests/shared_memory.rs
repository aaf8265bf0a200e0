//! Which rules of the contract the crate `shared_memory` does not keep, on this system. The table stands
//! in docs/adaptors.md, and this test fails when it is not what the suite finds; with `SAMEMAP_BLESS=1` it
//! writes the table instead.
#![cfg(any(target_os = "linux", windows))]

#[path = "support/failing_rules.rs"]
mod failing_rules;

use std::path::PathBuf;

use failing_rules::Listed;
use samemap::conformance::{self, run_all};
use samemap_adaptors::shared_memory::SharedMemoryRegion;

conformance::conformance_child!(adaptor, SharedMemoryRegion);

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
fn fails_what_the_page_says() {
    let litter = Litter::new();
    let directory = litter.directory.to_str().expect("a temporary directory with a plain name");
    let mut harness = adaptor::harness().env("SAMEMAP_CONFORMANCE_TAG", &litter.tag);
    for variable in ["TMP", "TEMP"] {
        harness = harness.env(variable, directory);
    }
    let reports = run_all::<SharedMemoryRegion>(&harness);
    let tag = litter.tag.clone();
    drop(litter);
    Listed { adaptor: "shared_memory", may_fail: MAY_FAIL, tag: &tag }.check(&reports);
}
