//! Events: rule C23.

use super::family::{Making, SyncObjects};
use super::puppet::{Harness, Puppet};
use super::support::{eventually, good, unique_name};
use super::sync_support::{A_WHILE, comes, new_event, nothing, puppet_with, something};
use crate::{Disposition, EventOptions, Reset, Settable as _, Waitable as _};

/// An event begins as it was asked to.
pub fn c23_new_event_is_as_asked<O: SyncObjects>(_: &Harness) {
    for reset in [Reset::Auto, Reset::Manual] {
        nothing(&new_event::<O>(&unique_name(), reset), "a new event is not set");
        let set = EventOptions::new(reset).set_at_first();
        let (event, _) = good(O::event(&unique_name(), Making::Create, &set));
        something(&event, "a new event that begins set");
        assert_eq!(good(event.try_wait()), reset == Reset::Manual, "{reset:?}");
    }
}

/// A set event stays set until a waiter gets through, or until it is reset.
pub fn c23_set_stays_until_taken_or_reset<O: SyncObjects>(_: &Harness) {
    for reset in [Reset::Auto, Reset::Manual] {
        let event = new_event::<O>(&unique_name(), reset);
        good(event.set());
        good(event.set());
        something(&event, "it was set before");
        assert_eq!(good(event.try_wait()), reset == Reset::Manual, "set twice is set once");
        good(event.set());
        good(event.reset());
        good(event.reset());
        nothing(&event, "it was reset");
        good(event.set());
        something(&event, "it was set again");
    }
}

fn waiters(harness: &Harness, name: &crate::ObjectName) -> Vec<Puppet> {
    let mut puppets: Vec<_> = (0..3).map(|_| puppet_with(harness, "event", name)).collect();
    for puppet in &mut puppets {
        puppet.tell("wait it ever");
    }
    puppets
}

/// Each time an auto-reset event is set, one waiter gets through, in whatever process it is.
pub fn c23_auto_reset_lets_one_through<O: SyncObjects>(harness: &Harness) {
    let name = unique_name();
    let event = new_event::<O>(&name, Reset::Auto);
    let mut puppets = waiters(harness, &name);
    while !puppets.is_empty() {
        good(event.set());
        let through = eventually("one gets through", || {
            puppets.iter_mut().position(|puppet| puppet.answer_if_ready().is_some())
        });
        puppets.remove(through).end("quit");
        std::thread::sleep(A_WHILE);
        let more = puppets.iter_mut().filter_map(Puppet::answer_if_ready).count();
        assert_eq!(more, 0, "one set let several through");
        nothing(&event, "it was taken");
    }
}

/// A manual-reset event that is set lets every waiter through, now and later, until it is reset.
pub fn c23_manual_reset_lets_all_through<O: SyncObjects>(harness: &Harness) {
    let name = unique_name();
    let event = new_event::<O>(&name, Reset::Manual);
    let mut puppets = waiters(harness, &name);
    good(event.set());
    for puppet in &mut puppets {
        assert_eq!(puppet.answer().as_deref(), Ok("signalled"));
        assert_eq!(puppet.expect("wait it 0"), "signalled", "it stays set");
    }
    good(event.reset());
    for puppet in &mut puppets {
        assert_eq!(puppet.expect("wait it 0"), "timed out", "it was reset");
    }
}

/// Set and reset by one process, seen by another.
pub fn c23_any_process_sets_and_resets<O: SyncObjects>(harness: &Harness) {
    let name = unique_name();
    let event = new_event::<O>(&name, Reset::Manual);
    let mut puppet = puppet_with(harness, "event", &name);
    puppet.expect("set it");
    comes(&event, "another process set it");
    puppet.expect("reset it");
    nothing(&event, "another process reset it");
}

/// An opener gets the event as it is: what it asks for is ignored.
pub fn c23_opening_ignores_what_is_asked<O: SyncObjects>(_: &Harness) {
    let name = unique_name();
    let event = new_event::<O>(&name, Reset::Auto);
    let asked = EventOptions::new(Reset::Manual).set_at_first();
    for how in [Making::Open, Making::CreateOrOpen] {
        let (same, disposition) = good(O::event(&name, how, &asked));
        assert_eq!(disposition, Disposition::Opened, "{how:?}");
        nothing(&same, "opening does not set it");
        good(event.set());
        something(&same, "one event");
        nothing(&same, "it is auto-reset as before");
    }
}
