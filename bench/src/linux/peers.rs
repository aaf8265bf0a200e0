//! Which versions the programme was built with.

use super::external;

const MANIFEST: &str = include_str!("../../Cargo.toml");
const LOCK: &str = include_str!("../../../Cargo.lock");

/// What the programme itself needs, and what it gives to peers.
const TOOLS: &[&str] =
    &["samemap", "clap", "libc", "serde", "serde_json", "plotters", "bytemuck", "serde_bytes", "wyhash"];

/// The peers from crates.io, with their versions, and the programs beside them.
pub fn all() -> Vec<String> {
    let crates = dependencies().filter(|name| !TOOLS.contains(name)).map(|name| named(name, version(name)));
    let programs = external::PROGRAMS.iter().map(|program| program.name.to_owned());
    let mut all: Vec<String> = crates.chain(programs).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// samemap's own.
pub fn samemap() -> &'static str {
    version("samemap").unwrap_or(env!("CARGO_PKG_VERSION"))
}

fn named(name: &str, version: Option<&str>) -> String {
    format!("{name} {}", version.unwrap_or("(version unknown)"))
}

/// The names under a heading of dependencies.
fn dependencies() -> impl Iterator<Item = &'static str> {
    let mut is_inside = false;
    MANIFEST.lines().filter_map(move |line| {
        if line.starts_with('[') {
            is_inside = line.trim_end().ends_with("dependencies]");
            return None;
        }
        let (name, _) = line.split_once('=').filter(|_| is_inside)?;
        Some(name.trim())
    })
}

/// A crate's version in the lock file.
fn version(name: &str) -> Option<&'static str> {
    let mut lines = LOCK.lines().skip_while(|line| *line != format!("name = \"{name}\""));
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}
