//! A writer and a reader of the newest value, while the input writes over every shared field: errors or other bytes,
//! within the maximum, and nothing else.
#![no_main]

use std::sync::OnceLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use samemap::latest::{Awaited, LatestBytes, LatestBytesWriter};
use samemap::{LatestOptions, Region, View};
use samemap_fuzz::{Input, memory, scribble};

const MAX_LEN: usize = 40;
/// Where the words lie, as `src/latest/layout.rs` says.
const WORDS: &[usize] =
    &[0, 8, 12, 16, 20, 24, 28, 64, 72, 80, 128, 132, 136, 140, 192, 256, 264, 272, 320, 328, 336, 384, 392];

fn use_reader(reader: &LatestBytes, input: &mut Input<'_>) -> samemap::Result<()> {
    let than = input.value_near(reader.newest()?);
    let found = match input.byte() % 4 {
        0 => reader.read()?.map(|found| found.value),
        1 => reader.read_if_newer(than)?.map(|found| found.value),
        2 => {
            reader.wait_newer_timeout(than, Duration::ZERO)?.and_then(Awaited::newer).map(|found| found.value)
        }
        _ => reader.has_writer().map(|_| None)?,
    };
    assert!(found.is_none_or(|value| value.len() <= reader.max_len()));
    Ok(())
}

fn run(view: &View, len: usize, mut input: Input<'_>) {
    let options = LatestOptions::new();
    view.fill(0, len, 0).expect("in range");
    let mut writer = LatestBytesWriter::at(view, 0, MAX_LEN, &options).ok();
    let mut reader = LatestBytes::at(view, 0, &options).ok();
    while !input.is_empty() {
        match input.byte() % 6 {
            0 | 1 => scribble(view, len, WORDS, &mut input),
            2 => {
                let value = [input.byte(); MAX_LEN];
                if let Some(writer) = &mut writer {
                    let _ = writer.write(&value[..input.below(MAX_LEN + 1)]);
                }
            }
            3 if input.byte() % 8 == 0 => {
                drop(writer.take());
                writer = LatestBytesWriter::at(view, 0, MAX_LEN, &options).ok();
            }
            // Nobody laid it out is waited for, which takes too long here.
            4 if input.byte() % 8 == 0 && view.get::<u32>(0).is_ok_and(|state| !is_awaited(state)) => {
                reader = LatestBytes::at(view, 0, &options).ok();
            }
            _ => {
                if let Some(reader) = &reader {
                    let _ = use_reader(reader, &mut input);
                }
            }
        }
    }
}

fn is_awaited(state: u32) -> bool {
    state == 0 || state == u32::from_ne_bytes(*b"SmL0")
}

fuzz_target!(|bytes: &[u8]| {
    static MEMORY: OnceLock<(Region, View)> = OnceLock::new();
    let len = LatestBytes::bytes_needed(MAX_LEN).expect("it fits");
    let (_, view) = MEMORY.get_or_init(|| memory(len as u64));
    run(view, len, Input::new(bytes));
});
