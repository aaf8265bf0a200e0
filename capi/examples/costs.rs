//! What the calls of `tests/c/costs.c` cost in Rust, in nanoseconds: the least of many rounds.

use std::hint::black_box;
use std::time::Instant;

use samemap::sync::{EventOptions, Reset, SyncOptions};
use samemap::{Channel, ChannelOptions, Event, Mutex, ObjectName, Result};

const ROUNDS: u32 = 300;
const CALLS: u32 = 10_000;

fn cost(mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut least = f64::MAX;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..CALLS {
            call()?;
        }
        least = least.min(began.elapsed().as_nanos() as f64 / f64::from(CALLS));
    }
    Ok(least)
}

fn main() -> Result<()> {
    let name = |what: &str| ObjectName::new(format!("Local\\rust-cost-{what}-{}", std::process::id()));
    let mutex = Mutex::create(&name("mutex")?, &SyncOptions::new())?;
    let event = Event::create(&name("event")?, &EventOptions::new(Reset::Auto))?;
    let mut from = Channel::create(&name("channel")?, &ChannelOptions::new())?;
    let mut to = Channel::connect(&name("channel")?, &ChannelOptions::new())?;
    let lock = cost(|| black_box(&mutex).lock().map(drop))?;
    let set_and_wait = cost(|| {
        black_box(&event).set()?;
        event.wait()
    })?;
    let message = cost(|| {
        let mut bytes = [0; 64];
        from.sender().send(black_box(&bytes))?;
        to.receiver().recv_into(&mut bytes)?;
        black_box(bytes);
        Ok(())
    })?;
    println!("Rust  lock+unlock {lock:.1}  set+wait {set_and_wait:.1}  64 B {message:.1}");
    Ok(())
}
