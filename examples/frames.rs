//! A camera of 8 MB frames, a recorder that keeps up, and viewers that may miss: for four terminals.
//!
//! ```text
//! cargo run --release --example frames -- camera
//! cargo run --release --example frames -- record
//! cargo run --release --example frames -- view
//! cargo run --release --example frames -- view
//! ```
//!
//! All end with Ctrl-C, or after `--seconds N`; `--name NAME` shares another topic. Stop the recorder (Ctrl-Z), and the
//! camera says which process it waits for; stop a viewer, and it is told how many frames it missed. There is one ring of
//! frames, whatever the number of those that look at them.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use samemap::regions::Part;
use samemap::topic::{Viewed, Viewer};
use samemap::{ErrorKind, ObjectName, Publisher, Subscriber, TopicOptions};

use roles::Every;

mod roles;

/// 8 MB: a number, and pixels.
const FRAME: usize = 8 << 20;
const TICK: Duration = Duration::from_millis(33);
/// Short enough for Ctrl-C; a frame wakes everybody anyway.
const PATIENCE: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    roles::play("frames", r"Local\Frames", &[("camera", film), ("record", record), ("view", view)])
}

/// Room for four frames while a fifth is filled.
fn options() -> TopicOptions {
    TopicOptions::new().for_messages_of(FRAME, 4)
}

fn film(name: &ObjectName, goes_on: &dyn Fn() -> bool) -> samemap::Result<()> {
    let mut camera = Publisher::create(name, &options())?;
    println!("filming {name}, from frame {}", camera.newest() + 1);
    let mut due = Instant::now();
    let mut report = Every::second();
    while goes_on() {
        let number = camera.newest() + 1;
        match camera.reserve_timeout(FRAME, PATIENCE)? {
            Some(mut frame) => {
                // In place: nothing is copied on its way.
                frame.bytes().fill(8, FRAME - 8, number as u8)?;
                frame.put(0, &number)?;
                frame.commit()?;
            }
            None => {
                for laggard in camera.laggards()? {
                    println!("waiting for process {}", laggard.process_id());
                }
                continue;
            }
        }
        if report.is_due() {
            println!("{number} filmed");
        }
        due = Instant::now().max(due + TICK);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

fn record(name: &ObjectName, goes_on: &dyn Fn() -> bool) -> samemap::Result<()> {
    let mut recorder = Subscriber::open(name, &options())?;
    println!("recording {name}");
    let mut report = Every::second();
    let mut recorded = 0_u64;
    while goes_on() {
        match recorder.recv_timeout(PATIENCE) {
            Ok(Some(frame)) => {
                // A real one writes `frame.bytes()` to a disk.
                let number: u64 = frame.get(0)?;
                assert_eq!((number, frame.len()), (frame.sequence(), FRAME));
                recorded += 1;
                if report.is_due() {
                    println!("{recorded} recorded, none missed, newest {number}");
                }
            }
            Ok(None) => {}
            Err(error) if has_ended(&error) => println!("the camera ended; waiting for the next one"),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn view(name: &ObjectName, goes_on: &dyn Fn() -> bool) -> samemap::Result<()> {
    let mut viewer = Viewer::open(name, &options())?;
    println!("viewing {name}");
    let mut report = Every::second();
    let (mut viewed, mut all_missed) = (0_u64, 0);
    while goes_on() {
        match viewer.recv_with_timeout(PATIENCE, brightness) {
            Ok(Some(Viewed { sequence, missed, value })) => {
                viewed += 1;
                all_missed += missed;
                if report.is_due() {
                    println!(
                        "{viewed} viewed, {all_missed} missed, newest {sequence}: brightness {}",
                        value?
                    );
                }
            }
            Ok(None) => {}
            Err(error) if has_ended(&error) => println!("the camera ended; waiting for the next one"),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Looks at one pixel of a thousand, where they lie. What it makes of a frame that is overwritten meanwhile nobody sees.
fn brightness(frame: Part<'_>) -> samemap::Result<u64> {
    let pixels = (8..frame.len()).step_by(1000);
    let count = pixels.len() as u64;
    let sum: samemap::Result<u64> = pixels.map(|at| frame.get::<u8>(at).map(u64::from)).sum();
    Ok(sum? / count.max(1))
}

fn has_ended(error: &samemap::Error) -> bool {
    error.is(ErrorKind::Closed) || error.is(ErrorKind::PeerDied)
}
