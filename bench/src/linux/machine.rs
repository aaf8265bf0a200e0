//! What must stand beside every figure.

use std::fmt;
use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The machine and its tools.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// How many there are.
    pub processors: usize,
    /// Memory in GiB.
    pub memory_gib: f64,
    /// The kernel's release.
    pub kernel: String,
    /// The compiler of this program.
    pub rustc: String,
}

/// Describes this one.
pub fn describe() -> Machine {
    let cpus = read("/proc/cpuinfo");
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let memory = read("/proc/meminfo");
    let kib = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")).and_then(first_number);
    Machine {
        processor: model.trim_start_matches([' ', '\t', ':']).to_owned(),
        processors: super::place::processors(),
        memory_gib: kib.unwrap_or(0.0) / f64::from(1 << 20),
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        rustc: env!("SAMEMAP_BENCH_RUSTC").to_owned(),
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} processors of {}, {:.0} GiB, Linux {}, {}",
            self.processors, self.processor, self.memory_gib, self.kernel, self.rustc
        )
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn first_number(line: &str) -> Option<f64> {
    line.split_whitespace().next()?.parse().ok()
}

/// Bytes that regions can still have: what /dev/shm has room for, and no more than the memory that is free.
pub fn free_for_shm() -> u64 {
    let memory = read("/proc/meminfo");
    let kib = memory.lines().find_map(|line| line.strip_prefix("MemAvailable:")).and_then(first_number);
    shm_blocks(|shm| shm.f_bavail).min(kib.unwrap_or(0.0) as u64 * 1024)
}

/// Bytes of /dev/shm that are used, by whomever.
pub fn used_of_shm() -> u64 {
    shm_blocks(|shm| shm.f_blocks - shm.f_bfree)
}

fn shm_blocks(blocks: impl FnOnce(&libc::statvfs) -> u64) -> u64 {
    // SAFETY: plain numbers, which the call fills in.
    let shm = unsafe {
        let mut shm: libc::statvfs = std::mem::zeroed();
        libc::statvfs(c"/dev/shm".as_ptr(), &raw mut shm);
        shm
    };
    blocks(&shm) * shm.f_frsize
}

/// What share of the processors' time others take, while this process sleeps for a moment.
pub fn others_share() -> f64 {
    let before = processor_times();
    std::thread::sleep(Duration::from_millis(300));
    let after = processor_times();
    let (busy, all) = (after.0 - before.0, after.1 - before.1);
    if all > 0.0 { busy / all } else { 0.0 }
}

/// Busy, and all time, since the machine began (proc_stat(5)): idle and iowait are the fourth and the fifth.
fn processor_times() -> (f64, f64) {
    let stat = read("/proc/stat");
    let line = stat.lines().next().unwrap_or_default();
    let times: Vec<f64> =
        line.split_whitespace().skip(1).take(8).filter_map(|time| time.parse().ok()).collect();
    let all: f64 = times.iter().sum();
    let idle: f64 = times.iter().skip(3).take(2).sum();
    (all - idle, all)
}

/// The date in UTC.
pub fn today() -> String {
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
