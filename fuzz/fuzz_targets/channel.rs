//! Both ends of a channel, used in every way, while the input writes over every shared field of it: errors or rubbish
//! messages within the limits, and nothing else.
#![no_main]

use std::sync::OnceLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use samemap::channel::{Channel, ChannelOptions, Receiver};
use samemap::{Region, View};
use samemap_fuzz::{Input, memory, scribble};

/// Where the words lie, as `src/channel/layout.rs` says, with rings of 256 bytes.
#[rustfmt::skip]
const WORDS: &[usize] = &[
    0, 8, 12, 20, 128, 136, 144, 256, 264, 272, 384, 388, 392, 396, 400, 512, 520, 1024, 1032, 1152, 1280, 1288, 1344,
    1408, 1416, 1536, 1544, 1664, 1792, 1800, 1856, 1920, 1928, 4096, 4104, 4224, 4344, 4352, 4360, 4480, 4600,
];
const LEN: usize = 4096 + 2 * 256;

fn options() -> ChannelOptions {
    ChannelOptions::new().capacity(256).patience(Duration::ZERO)
}

fn use_end(end: &mut Channel, input: &mut Input<'_>) -> samemap::Result<()> {
    let now = Duration::ZERO;
    let max = end.sender().max_message();
    let mut buffer = [7; 256];
    let len = input.below(max + 1);
    match input.byte() % 12 {
        0 => end.sender().try_send(&buffer[..len]).map(drop),
        1 => end.sender().send_timeout(&buffer[..len], now).map(drop),
        2 => match end.sender().reserve_timeout(len, now)? {
            Some(mut slot) => {
                slot.write(0, &buffer[..len])?;
                slot.commit_len(len / 2)
            }
            None => Ok(()),
        },
        3 => {
            let mut batch = end.sender().batch();
            (0..3).try_for_each(|_| batch.try_send(&buffer[..len]).map(drop))
        }
        4 => end.sender().try_reserve(len).map(drop),
        5 => match end.receiver().try_recv()? {
            Some(message) => {
                assert!(message.len() <= max);
                assert_eq!(message.to_vec().len(), message.len());
                Ok(())
            }
            None => Ok(()),
        },
        6 => end.receiver().recv_timeout(now).map(std::mem::forget),
        7 => match end.receiver().recv_timeout(now)? {
            Some(message) => message.take_into(&mut buffer[..len]).map(drop),
            None => Ok(()),
        },
        8 => end.receiver().wait_timeout(now).map(drop),
        9 => Receiver::wait_any_timeout(&mut [end.receiver()], now).map(drop),
        10 => end.wait_for_peer_timeout(now).map(drop),
        _ => end.wait_for_next_peer_timeout(now).map(drop),
    }
}

fn run(region: &Region, view: &View, mut input: Input<'_>) {
    view.fill(0, LEN, 0).expect("in range");
    let mut ends = vec![
        Channel::create_in(region, &options()).expect("a new region"),
        Channel::connect_in(region, &options()).expect("it listens"),
    ];
    while !input.is_empty() {
        match input.byte() % 8 {
            0..=2 => scribble(view, LEN, WORDS, &mut input),
            // Somebody leaves, and somebody comes.
            3 if input.byte() % 8 == 0 => {
                ends.truncate(input.below(2));
                ends.extend(Channel::connect_in(region, &options()));
                ends.extend(Channel::create_in(region, &options()));
            }
            _ => {
                let end = usize::from(input.byte());
                if let Some(end) = ends.get_mut(end % 2) {
                    let _ = use_end(end, &mut input);
                }
            }
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    static MEMORY: OnceLock<(Region, View)> = OnceLock::new();
    let (region, view) = MEMORY.get_or_init(|| memory(LEN as u64));
    run(region, view, Input::new(bytes));
});
