//! What an object costs in memory and file descriptors, by making many of them in a process of their own.

use std::any::Any;
use std::ffi::CString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Stdio;

use named_lock::NamedLock;
use samemap::sync::{EventOptions, Reset, SemaphoreOptions, SyncOptions, TimerOptions};
use samemap::{
    Access, Channel, ChannelOptions, CreateOptions, Event, LatestOptions, LatestWriter, Mutex, ObjectName,
    Region, Semaphore, Timer,
};
use shared_memory::ShmemConf;

use super::floor;
use super::held;
use super::interrupt;
use super::job::Kind::{self, Floor, Ours, Peer};
use super::job::this_program;
use super::leftovers;
use super::machine;
use super::report::{Report, Subject};
use super::rounds::{Plan, Times};

/// The first argument of a process that makes many objects.
pub const WORD: &str = "maker-of-objects";

/// Bytes of a region here.
const REGION: usize = 64 << 10;

/// What is asked of each.
const UNITS: [&str; 3] = ["bytes of /dev/shm", "bytes of the process", "descriptors"];

struct Entrant {
    key: &'static str,
    system: &'static str,
    kind: Kind,
}

const fn entrant(key: &'static str, system: &'static str, kind: Kind) -> Entrant {
    Entrant { key, system, kind }
}

const REGIONS: &[Entrant] = &[
    entrant("raw-region", "raw system calls", Floor),
    entrant("region", "samemap Region, with a view", Ours),
    entrant("shared-memory", "shared_memory 0.12", Peer),
];

const LOCKS: &[Entrant] = &[
    entrant("raw-page", "a page, in raw system calls", Floor),
    entrant("mutex", "samemap Mutex", Ours),
    entrant("named-lock", "named-lock 0.4", Peer),
];

const OTHERS: &[Entrant] = &[
    entrant("raw-page", "a page, in raw system calls", Floor),
    entrant("event", "samemap Event", Ours),
    entrant("semaphore", "samemap Semaphore", Ours),
    entrant("timer", "samemap Timer", Ours),
    entrant("channel", "samemap Channel", Ours),
    entrant("latest", "samemap Latest, 64 B", Ours),
];

/// All rows about memory.
pub fn measure(plan: Plan, report: &mut Report) {
    compare(plan, report, Subject { bench: "memory of a region", size: REGION as u64 }, REGIONS);
    compare(plan, report, Subject { bench: "memory of a named lock", size: 0 }, LOCKS);
    compare(plan, report, Subject { bench: "memory of a named object", size: 0 }, OTHERS);
}

fn compare(plan: Plan, report: &mut Report, subject: Subject, entrants: &[Entrant]) {
    let (count, rounds) = if plan.is_quick { (20, 2) } else { (500, 5) };
    let none = |_| entrants.iter().map(|one| Times::new(one.system, one.kind)).collect::<Vec<_>>();
    let mut tables = UNITS.map(none);
    for _ in 0..rounds {
        for (index, entrant) in entrants.iter().enumerate() {
            match made(entrant.key, count) {
                Ok(costs) => {
                    costs.iter().zip(&mut tables).for_each(|(&cost, table)| table[index].add(cost));
                }
                Err(reason) => {
                    tables.iter_mut().for_each(|table| table[index].absent = Some(reason.clone()));
                }
            }
        }
    }
    for (unit, table) in UNITS.into_iter().zip(tables) {
        report.add_in(subject, unit, "unpinned", table);
    }
}

/// What one of so many costs, in each unit.
fn made(key: &str, count: usize) -> Result<[f64; 3], String> {
    let mut command = this_program(WORD);
    command.args([key, &count.to_string()]).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let child = command.spawn().map_err(|error| error.to_string())?;
    interrupt::begun(child.id());
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    interrupt::ended();
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(if complaint.is_empty() { output.status.to_string() } else { complaint });
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let costs: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    costs.try_into().map_err(|_| format!("not three numbers: {text}"))
}

// ---- The process that makes them ----------------------------------------------------------------------------

/// This process makes so many, and prints what one costs.
pub fn make(words: &[String]) -> Result<(), String> {
    let [key, count] = words else { return Err("not the words of a maker".to_owned()) };
    let count: usize = count.parse().map_err(|_| "not a number".to_owned())?;
    held::descriptors();
    let maker = Maker::new()?;
    let mut all: Vec<Box<dyn Any>> = Vec::with_capacity(count + 1);
    // The first one also brings what a process needs only once.
    all.push(maker.one(key, count)?);
    let before = costs();
    for index in 0..count {
        all.push(maker.one(key, index)?);
    }
    let after = costs();
    let each: Vec<String> = before
        .iter()
        .zip(after)
        .map(|(before, after)| ((after - before).max(0.0) / count as f64).to_string())
        .collect();
    println!("{}", each.join(" "));
    Ok(())
}

/// Used now: of /dev/shm, of the process's own memory, and of its descriptors.
fn costs() -> [f64; 3] {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or_default();
    let kib: f64 = line.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
    let descriptors = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    [machine::used_of_shm() as f64, kib * 1024.0, descriptors as f64]
}

/// Makes objects, and looks after what they leave on disk.
struct Maker {
    folder: PathBuf,
}

impl Drop for Maker {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Maker {
    fn new() -> Result<Maker, String> {
        let folder = leftovers::folder_of_maker(std::process::id());
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        Ok(Maker { folder })
    }

    /// One of them, which lives until it is dropped.
    fn one(&self, key: &str, index: usize) -> Result<Box<dyn Any>, String> {
        let unique = format!("bench-made-{}-{index}", std::process::id());
        match key {
            "raw-region" => Ok(Box::new(Raw::create(&unique, REGION))),
            "raw-page" => Ok(Box::new(Raw::create(&unique, 4096))),
            "shared-memory" => shared_memory(&unique),
            "named-lock" => {
                let lock = NamedLock::with_path(self.folder.join(&unique));
                lock.map(boxed).map_err(|error| error.to_string())
            }
            _ => ours(key, &unique).map_err(|error| error.to_string()),
        }
    }
}

fn boxed<T: Any>(object: T) -> Box<dyn Any> {
    Box::new(object)
}

fn ours(key: &str, unique: &str) -> samemap::Result<Box<dyn Any>> {
    let name = &ObjectName::new(unique)?;
    Ok(match key {
        "region" => {
            let region = Region::create(name, &CreateOptions::new(REGION as u64))?;
            let view = region.view(.., Access::ReadWrite)?;
            view.fill(0, view.len(), 1)?;
            boxed((view, region))
        }
        "mutex" => boxed(Mutex::create(name, &SyncOptions::new())?),
        "event" => boxed(Event::create(name, &EventOptions::new(Reset::Auto))?),
        "semaphore" => boxed(Semaphore::create(name, &SemaphoreOptions::new(0, 1))?),
        "timer" => boxed(Timer::create(name, &TimerOptions::new(Reset::Auto))?),
        "channel" => boxed(Channel::create(name, &ChannelOptions::new())?),
        "latest" => boxed(LatestWriter::<[u8; 64]>::create(name, &LatestOptions::new())?),
        _ => panic!("nothing is called {key}"),
    })
}

fn shared_memory(unique: &str) -> Result<Box<dyn Any>, String> {
    let made = ShmemConf::new().size(REGION).os_id(format!("/{unique}")).create();
    let region = made.map_err(|error| error.to_string())?;
    // SAFETY: the mapping is as long, and nobody else knows it.
    unsafe { floor::write_every_page(region.as_ptr(), REGION) };
    Ok(boxed(region))
}

/// A region of the floor's own.
struct Raw {
    _standing: floor::Standing,
    opened: floor::Opened,
}

impl Raw {
    fn create(unique: &str, len: usize) -> Raw {
        let standing = floor::Standing::create(&format!("/{unique}"), len);
        let name = CString::new(format!("/{unique}")).expect("no NUL");
        let raw = Raw { _standing: standing, opened: floor::Opened::open(&name) };
        raw.opened.write_every_page();
        raw
    }
}
