//! `subetha-cxc`, as samemap-bench measures it: arguments KEY WORK SIZE SLICE_US CPU1 CPU2 NAME, prints nanoseconds a
//! turn, or says on stderr what is wrong. WORK is pingpong or stream.
//!
//! - `subetha-ring`: `SharedRing`, with its fast path for one sender and one receiver; 56 bytes at most
//! - `subetha-spsc`: `SharedRingSpsc`, made for one sender and one receiver; 64 bytes at most
//! - `subetha-frame`: `FrameRing`, for messages of any size
//! - `subetha-blocking`: `BlockingSpscRing`, which looks for a while and then sleeps; 64 bytes at most
//! - `subetha-sleeping`: the same, told to sleep at once
//!
//! What was chosen: a ring each way, mapped from a file on /dev/shm (its own comparison takes shared memory, too);
//! 4096 slots, and `spin_loop` between looks, as in its example `spsc_shootout`. A `FrameRing` has slots of 64 bytes,
//! as in its examples, or of 128 where a message then lies within its slot, and a region of `REGION` bytes: of those
//! from 64 KiB to 16 MiB the one that was best, or as good, at every size. No feature of the crate is on: none concerns
//! these rings. Its calibration of waits is off: that is a thread which measures beside us for seconds, and leaves
//! files; without it a blocking ring looks 32 times, and as long as the processor can watch a line, before it sleeps.
//! The whole program is optimised across crates: the crate's short functions would be calls otherwise.
//!
//! The names of its files begin with NAME. The second end opens them by name; they are removed as soon as it has.

mod ends;
mod job;
mod rings;

use std::process::ExitCode;
use std::time::Duration;

use ends::carry;
use job::{Job, Work};
use rings::{Blocking, Frames, Ring, Spsc};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    choose_waits(&words);
    match measure(&words) {
        Ok(time) => {
            println!("{time}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// Its settings of waits are variables of the environment.
fn choose_waits(words: &[String]) {
    let set = |name: &str, value: &str| {
        // SAFETY: this process has one thread.
        unsafe { std::env::set_var(name, value) };
    };
    set("SUBETHA_WAIT_CALIBRATION", "off");
    if words.first().is_some_and(|key| key == "subetha-sleeping") {
        set("SUBETHA_PRE_PARK_SPIN", "0");
        set("SUBETHA_NO_MONITOR_WAIT", "1");
    }
}

fn measure(words: &[String]) -> Result<f64, String> {
    let [key, work, size, slice, first, second, name] = words else {
        return Err("usage: peer-subetha KEY WORK SIZE SLICE_US CPU1 CPU2 NAME".to_owned());
    };
    let work = match work.as_str() {
        "pingpong" => Work::PingPong,
        "stream" => Work::Stream,
        _ => return Err(format!("not what is measured here: {work}")),
    };
    let job = Job {
        work,
        size: size.parse().map_err(|_| "SIZE is a number")?,
        slice: Duration::from_micros(slice.parse().map_err(|_| "SLICE_US is a number")?),
        first: first.parse().ok(),
        second: second.parse().ok(),
        name: name.clone(),
    };
    match key.as_str() {
        "subetha-ring" => carry::<Ring>(&job),
        "subetha-spsc" => carry::<Spsc>(&job),
        "subetha-frame" => carry::<Frames>(&job),
        "subetha-blocking" | "subetha-sleeping" => carry::<Blocking>(&job),
        _ => Err(format!("not what is measured here: {key}")),
    }
}
