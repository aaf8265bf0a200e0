//! Peers that are programs of their own, built when they are first wanted: each plays both ends itself, and prints the
//! nanoseconds of a turn, as an [end](super::ends) does. Their sources are in `bench/peers`; what was chosen for each
//! peer stands at the top of its file.

mod building;

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::ends::{self, cpu_word};
use super::job::Job;
use super::place::{Placement, UNPINNED};
use super::rounds::{Plan, Rival};

/// A system of such a program.
pub struct Program {
    /// What it is called in tables of keys, and on the program's command line.
    pub key: &'static str,
    /// What the report calls it.
    pub name: &'static str,
    /// The longest message in bytes; one more is a row that says so.
    pub max: usize,
    /// The program, or why there is none.
    built: &'static LazyLock<Result<PathBuf, String>>,
}

/// All of them.
pub static PROGRAMS: LazyLock<Vec<Program>> = LazyLock::new(|| {
    let boost =
        |key, part, max| Program { key, name: building::name_of_boost(part), max, built: &building::BOOST };
    let subetha = |key, name, max| Program { key, name, max, built: &building::SUBETHA };
    vec![
        boost("boost-shm", "mapped_region", 0),
        boost("boost-managed", "managed_shared_memory", 0),
        boost("boost-mutex", "interprocess_mutex", 0),
        boost("boost-queue", "message_queue", usize::MAX),
        // It takes 56 bytes: a row of 64 says so.
        subetha("subetha-ring", "subetha-cxc 0.6 SharedRing", 64),
        subetha("subetha-spsc", "subetha-cxc 0.6 SharedRingSpsc", 64),
        subetha("subetha-frame", "subetha-cxc 0.6 FrameRing", 2 << 20),
        subetha("subetha-blocking", "subetha-cxc 0.6 BlockingSpscRing", 64),
        subetha("subetha-sleeping", "subetha-cxc 0.6 BlockingSpscRing, never spins", 64),
    ]
});

/// The one of that key.
pub fn by_key(key: &str) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.key == key)
}

/// Nanoseconds a turn, or why there are none.
pub fn measure(key: &str, job: Job) -> Result<f64, String> {
    run(key, job.act.word(), job.size, job.slice.as_micros(), job.placement)
}

/// One that takes part in rounds within this process: it does its rounds in a process of its own.
pub fn rival(key: &'static str, work: &'static str, size: usize, plan: Plan) -> Rival<'static> {
    let name = by_key(key).map_or(key, |program| program.name);
    Rival::elsewhere(name, move || {
        run(key, work, size, plan.slice.as_micros(), UNPINNED).map(|nanoseconds| nanoseconds / 1000.0)
    })
}

fn run(key: &str, work: &str, size: usize, slice: u128, place: Placement) -> Result<f64, String> {
    let program = by_key(key).ok_or_else(|| format!("no program measures {key}"))?;
    let path = program.built.as_ref().map_err(String::clone)?;
    let name = unique();
    let mut command = Command::new(path);
    command.args([key, work, &size.to_string(), &slice.to_string()]);
    command.args([&cpu_word(place.first), &cpu_word(place.second), &name]);
    let answer = ends::run(command);
    remove_leftovers(&name);
    answer
}

/// A name that nobody else has, and that no other one begins with.
fn unique() -> String {
    static NAMES: AtomicU32 = AtomicU32::new(0);
    format!("samemap-bench-{}-{}-", std::process::id(), NAMES.fetch_add(1, Ordering::Relaxed))
}

/// Each removes what it made, unless it was killed.
fn remove_leftovers(name: &str) {
    let Ok(entries) = std::fs::read_dir("/dev/shm") else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(name) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
