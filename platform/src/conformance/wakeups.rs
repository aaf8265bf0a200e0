//! No wake-up is ever lost: rule C27.

use std::thread;
use std::time::Duration;

use super::family::SyncObjects;
use super::puppet::{Harness, Puppet};
use super::random::Random;
use super::support::{good, hex, unique_name};
use super::sync_support::{comes, new_event, new_mutex, new_semaphore, own, patience_in_millis, puppet_with};
use crate::{ObjectName, Permits as _, Reset, Settable as _};

/// Kills at random moments; `tests/` has more of them where the system can be looked at.
const ROUNDS: u32 = 12;

/// Kills a process somewhere in what it was told to do.
fn kill_at_some_moment(mut puppet: Puppet) {
    thread::sleep(Duration::from_micros(Random::new().below(1500)));
    puppet.kill();
}

/// Two processes that were told to wait.
fn two_waiters(harness: &Harness, kind: &str, command: &str, name: &ObjectName) -> (Puppet, Puppet) {
    let mut puppets = [puppet_with(harness, kind, name), puppet_with(harness, kind, name)];
    for puppet in &mut puppets {
        puppet.tell(&format!("{command} it {}", patience_in_millis()));
    }
    let [doomed, waiter] = puppets;
    (doomed, waiter)
}

#[track_caller]
fn wakes(mut waiter: Puppet, expected: &str) {
    assert_eq!(waiter.answer().as_deref(), Ok(expected), "a wake-up was lost");
}

/// A signal hops between two processes, and never gets lost on the way.
pub fn c27_no_signal_is_lost_on_the_way<O: SyncObjects>(harness: &Harness) {
    const HOPS: u32 = 500;
    let names = [unique_name(), unique_name()];
    let there = new_event::<O>(&names[0], Reset::Auto);
    let back = new_event::<O>(&names[1], Reset::Auto);
    let mut puppet = Puppet::start(harness);
    for (slot, name) in ["there", "back"].into_iter().zip(&names) {
        puppet.expect(&format!("event {slot} open auto {}", hex(&name)));
    }
    puppet.tell(&format!("bounce there back {HOPS}"));
    for hop in 0..HOPS {
        good(there.set());
        comes(&back, &format!("hop {hop}"));
    }
    puppet.answer().expect("it saw every signal");
}

/// A killed waiter may take one signal along, and no other waiter's.
pub fn c27_killed_waiter_loses_nobodys_signal<O: SyncObjects>(harness: &Harness) {
    let name = unique_name();
    let event = new_event::<O>(&name, Reset::Auto);
    for _ in 0..ROUNDS {
        let (doomed, waiter) = two_waiters(harness, "event", "wait", &name);
        good(event.set());
        kill_at_some_moment(doomed);
        good(event.set());
        wakes(waiter, "signalled");
        good(event.reset());
    }
}

/// The same for permits.
pub fn c27_killed_waiter_loses_nobodys_permit<O: SyncObjects>(harness: &Harness) {
    for _ in 0..ROUNDS {
        let name = unique_name();
        let semaphore = new_semaphore::<O>(&name, 0, 2);
        let (doomed, waiter) = two_waiters(harness, "semaphore", "acquire", &name);
        good(semaphore.release(2));
        kill_at_some_moment(doomed);
        wakes(waiter, "signalled");
    }
}

/// The same for locks: a waiter that is killed, owner or not yet, delays no other.
pub fn c27_killed_waiter_loses_nobodys_turn<O: SyncObjects>(harness: &Harness) {
    let name = unique_name();
    let mutex = new_mutex::<O>(&name);
    for _ in 0..ROUNDS {
        let guard = own::<O>(&mutex);
        let (doomed, mut waiter) = two_waiters(harness, "mutex", "lock", &name);
        drop(guard);
        kill_at_some_moment(doomed);
        let answer = waiter.answer();
        assert!(matches!(answer.as_deref(), Ok("owned" | "abandoned")), "a wake-up was lost: {answer:?}");
        waiter.expect("unlock");
    }
}

/// A setter killed in the middle of setting leaves an event that can be set, and that wakes every waiter that it
/// should.
pub fn c27_killed_setter_leaves_nobody_asleep<O: SyncObjects>(harness: &Harness) {
    let name = unique_name();
    let event = new_event::<O>(&name, Reset::Auto);
    for _ in 0..ROUNDS {
        let mut doomed = puppet_with(harness, "event", &name);
        let mut waiter = puppet_with(harness, "event", &name);
        waiter.tell(&format!("wait it {}", patience_in_millis()));
        doomed.tell("set-again-and-again it");
        kill_at_some_moment(doomed);
        // Whether the doomed one came to set it or not.
        good(event.set());
        wakes(waiter, "signalled");
        good(event.reset());
        good(event.set());
        comes(&event, "after the setter was killed");
    }
}
