//! A writer of telemetry at 1 kHz, and readers that sleep until there is something new: for two terminals, or more.
//!
//! ```text
//! cargo run --release --example telemetry -- write
//! cargo run --release --example telemetry -- read
//! ```
//!
//! Both end with Ctrl-C, or after `--seconds N`; `--name NAME` shares another region. A reader goes on when its writer
//! ends, and so meets the next one.

use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use samemap::latest::Awaited;
use samemap::{Latest, LatestOptions, LatestWriter, ObjectName};

use roles::Every;

mod roles;

/// Time in seconds since 1970, altitude in metres, speed in metres per second.
type Sample = [f64; 3];

const TICK: Duration = Duration::from_millis(1);

fn main() -> ExitCode {
    roles::play("telemetry", r"Local\Telemetry", &[("write", write), ("read", read)])
}

fn write(name: &ObjectName, goes_on: &dyn Fn() -> bool) -> samemap::Result<()> {
    let mut writer = LatestWriter::<Sample>::create(name, &LatestOptions::new())?;
    println!("writing {name} at 1 kHz, from number {}", writer.newest() + 1);
    let mut due = Instant::now();
    let mut report = Every::second();
    while goes_on() {
        let angle = writer.newest() as f64 / 1000.0;
        let number = writer.write(&[now(), 440.0 + 10.0 * angle.sin(), 10.0 * angle.cos()])?;
        if report.is_due() {
            println!("{number} written");
        }
        due += TICK;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

fn read(name: &ObjectName, goes_on: &dyn Fn() -> bool) -> samemap::Result<()> {
    let latest = Latest::<Sample>::open(name, &LatestOptions::new())?;
    println!("reading {name}");
    let mut newest = latest.newest()?;
    let (mut read, mut missed, mut delays) = (0, 0, Vec::new());
    let mut report = Every::second();
    while goes_on() {
        // Short enough for Ctrl-C; the writer wakes it anyway.
        match latest.wait_newer_timeout(newest, Duration::from_millis(100))? {
            Some(Awaited::Newer(sample)) => {
                delays.push((now() - sample.value[0]) * 1e6);
                read += 1;
                missed += sample.sequence - newest - 1;
                newest = sample.sequence;
                if report.is_due() {
                    delays.sort_by(f64::total_cmp);
                    println!(
                        "{read} read, {missed} missed, newest {newest}: altitude {:.1} m, awake after {:.0} µs (median)",
                        sample.value[1],
                        delays[delays.len() / 2]
                    );
                    (read, missed) = (0, 0);
                    delays.clear();
                }
            }
            None => {}
            Some(Awaited::WriterGone) => {
                println!("the writer ended at number {newest}; waiting for the next one")
            }
        }
    }
    Ok(())
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}
