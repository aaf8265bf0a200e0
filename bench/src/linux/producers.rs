//! Several producers into one receiver: a sender that they share behind a lock, or a channel each. That is the choice that
//! the documentation of [`samemap::channel`] offers.

use std::sync::{Mutex, mpsc};
use std::thread;

use samemap::channel::{Receiver, Sender};
use samemap::{Channel, ChannelOptions, CreateOptions, Region};

use super::place::UNPINNED;
use super::report::{Report, Subject};
use super::rounds::{self, Plan, Rival};

const PRODUCERS: usize = 2;
const SIZE: usize = 64;
const MESSAGE: [u8; SIZE] = [7; SIZE];

/// Two threads that send to a third one.
pub fn measure(plan: Plan, report: &mut Report) {
    let each = if plan.is_quick { 200 } else { 10_000 };
    let (sender, mut receiver) = pair();
    let sender = Mutex::new(sender);
    let mut own: Vec<(Sender, Receiver)> = (0..PRODUCERS).map(|_| pair()).collect();
    let mut rivals = [
        Rival::floor("std::sync::mpsc, one process", || through_std(each)),
        Rival::ours("samemap Channel, its Sender in a Mutex", || {
            through_a_lock(&sender, &mut receiver, each)
        }),
        Rival::ours("samemap Channel, one for each", || through_own(&mut own, each)),
    ];
    let times = rounds::run(plan, &mut rivals);
    let nanoseconds_each = 1000.0 / (PRODUCERS * each) as f64;
    let times = times.into_iter().map(|times| times.scaled(nanoseconds_each)).collect();
    let subject = Subject { bench: "two producers into one receiver, a message", size: SIZE as u64 };
    report.add_in(subject, "ns", UNPINNED.name, times);
}

/// A sender, and the receiver at the other end of its channel.
fn pair() -> (Sender, Receiver) {
    let options = ChannelOptions::new();
    let len = options.region_len().expect("within the limits");
    let region = Region::anonymous(&CreateOptions::new(len)).expect("memory");
    let listener = Channel::create_in(&region, &options).expect("a new region");
    let peer = Channel::connect_in(&region, &options).expect("its listener is here");
    // Each half keeps its end; that the other direction is closed does not matter.
    (listener.split().0, peer.split().1)
}

fn through_std(each: usize) {
    let (sender, receiver) = mpsc::sync_channel(1024);
    thread::scope(|scope| {
        for _ in 0..PRODUCERS {
            let sender = sender.clone();
            scope.spawn(move || (0..each).for_each(|_| sender.send(MESSAGE).expect("it is received")));
        }
        (0..PRODUCERS * each).for_each(|_| assert_eq!(receiver.recv(), Ok(MESSAGE)));
    });
}

fn through_a_lock(sender: &Mutex<Sender>, receiver: &mut Receiver, each: usize) {
    let send = || sender.lock().expect("no panics").send(&MESSAGE).expect("it is received");
    thread::scope(|scope| {
        for _ in 0..PRODUCERS {
            scope.spawn(|| (0..each).for_each(|_| send()));
        }
        let mut message = [0; SIZE];
        for _ in 0..PRODUCERS * each {
            receiver.recv_into(&mut message).expect("it was sent");
            assert_eq!(message, MESSAGE);
        }
    });
}

fn through_own(channels: &mut [(Sender, Receiver)], each: usize) {
    thread::scope(|scope| {
        let mut receivers = Vec::new();
        for (sender, receiver) in channels {
            scope.spawn(move || (0..each).for_each(|_| sender.send(&MESSAGE).expect("it is received")));
            receivers.push(receiver);
        }
        let mut left = PRODUCERS * each;
        while left > 0 {
            left -= receivers.iter_mut().map(|receiver| drain(receiver)).sum::<usize>();
            if left > 0 {
                Receiver::wait_any(&mut receivers).expect("their senders live");
            }
        }
    });
}

/// Takes what there is, and tells how many messages that were.
fn drain(receiver: &mut Receiver) -> usize {
    let (mut message, mut count) = ([0; SIZE], 0);
    while let Some(received) = receiver.try_recv().expect("its sender lives") {
        received.take_into(&mut message).expect("of this length");
        assert_eq!(message, MESSAGE);
        count += 1;
    }
    count
}
