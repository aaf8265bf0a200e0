//! A publisher, a subscriber and a viewer of a topic, while the input writes over every shared field of both regions:
//! errors or other bytes, within the longest message, and nothing else.
#![no_main]

use std::sync::OnceLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use samemap::channel::Spin;
use samemap::topic::Viewer;
use samemap::{Publisher, Region, Subscriber, TopicOptions, View};
use samemap_fuzz::{Input, memory, scribble};

/// Where the words lie, as `src/topic/layout.rs` says.
const DATA: &[usize] =
    &[0, 8, 16, 20, 24, 32, 128, 256, 384, 512, 520, 528, 536, 576, 584, 592, 600, 608, 640];
const LOBBY: &[usize] =
    &[0, 8, 16, 128, 136, 256, 264, 384, 392, 512, 1024, 1032, 1088, 1096, 1152, 1344, 1352, 1408];

fn options() -> TopicOptions {
    let options = TopicOptions::new().capacity(1024).subscribers(2).history(3).spin(Spin::Never);
    options.throw_out_after(Duration::ZERO)
}

fn is_laid_out(data: &View) -> bool {
    // One that nobody laid out is waited for, which takes too long here.
    data.get::<u32>(0).is_ok_and(|state| state != 0 && state != u32::from_ne_bytes(*b"SmT0"))
}

fn publish(publisher: &mut Publisher, input: &mut Input<'_>) {
    let longest = publisher.max_message();
    let len = input.below(longest + 1);
    match input.byte() % 3 {
        0 => drop(publisher.try_publish(&vec![1; len])),
        1 => {
            if let Ok(Some(slot)) = publisher.try_reserve(len) {
                assert!(slot.bytes().fill(0, len, 2).is_ok());
                drop(slot.commit_len(input.below(len + 1)));
            }
        }
        _ => {
            let laggards = publisher.laggards().unwrap_or_default();
            laggards.iter().for_each(|laggard| _ = publisher.throw_out(laggard));
        }
    }
    assert!(publisher.oldest() <= publisher.newest() + 1);
}

fn receive(subscriber: &mut Subscriber, input: &mut Input<'_>) {
    let longest = subscriber.max_message();
    match input.byte() % 3 {
        0 => {
            if let Ok(Some(message)) = subscriber.try_recv() {
                assert!(message.to_vec().len() <= longest);
                drop(message.finish());
            }
        }
        1 => drop(subscriber.recv_timeout(Duration::ZERO).map(drop)),
        _ => drop(subscriber.try_wait()),
    }
}

fn run(data: &View, lobby: &View, lens: [usize; 2], mut input: Input<'_>) {
    data.fill(0, lens[0], 0).expect("in range");
    lobby.fill(0, lens[1], 0).expect("in range");
    let options = options();
    let mut publisher = Publisher::at(data, lobby, &options).ok();
    let mut subscriber = Subscriber::at(data, lobby, &options).ok();
    let mut viewer = Viewer::at(data, Some(lobby), &options).ok();
    while !input.is_empty() {
        match input.byte() % 9 {
            0 => scribble(data, lens[0], DATA, &mut input),
            1 => scribble(lobby, lens[1], LOBBY, &mut input),
            2 | 3 => {
                if let Some(publisher) = &mut publisher {
                    publish(publisher, &mut input);
                }
            }
            4 if input.byte() % 8 == 0 => {
                drop(publisher.take());
                publisher = Publisher::at(data, lobby, &options).ok();
            }
            5 if input.byte() % 8 == 0 && is_laid_out(data) => {
                drop(subscriber.take());
                subscriber = Subscriber::at(data, lobby, &options).ok();
            }
            6 if input.byte() % 8 == 0 && is_laid_out(data) => {
                viewer = Viewer::at(data, Some(lobby), &options).ok();
            }
            7 => {
                if let Some(viewer) = &mut viewer {
                    let longest = viewer.max_message();
                    let viewed = viewer.try_recv();
                    assert!(
                        !viewed.is_ok_and(|viewed| viewed.is_some_and(|viewed| viewed.value.len() > longest))
                    );
                }
            }
            _ => {
                if let Some(subscriber) = &mut subscriber {
                    receive(subscriber, &mut input);
                }
            }
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    static MEMORY: OnceLock<[(Region, View); 2]> = OnceLock::new();
    let (data_len, lobby_len) = options().bytes_needed().expect("within the limits");
    let [(_, data), (_, lobby)] = MEMORY.get_or_init(|| [memory(data_len), memory(lobby_len)]);
    run(data, lobby, [data_len as usize, lobby_len as usize], Input::new(bytes));
});
