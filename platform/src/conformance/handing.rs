//! Sharing by handle: rule C18, over the system's own regions.

use super::puppet::{Harness, Puppet};
use super::support::{
    SIZE, assert_free, create, fails, good, hex, is_filled_with, map_all, name, open, unique_name,
    unique_text,
};
use super::system::Meeting;
use crate::{Access, CreateOptions, ErrorKind, MAX_NAME_UNITS, ObjectName, Region, Trust};

#[track_caller]
fn anonymous() -> Region {
    good(Region::anonymous(&CreateOptions::new(SIZE)))
}

/// A region as a puppet describes it.
fn told(access: &str, name: Option<&ObjectName>) -> String {
    format!("{SIZE} {access} {}", name.map_or_else(|| "-".to_owned(), hex))
}

/// Both sides have the same bytes.
#[track_caller]
fn shared(puppet: &mut Puppet, slot: &str, region: &Region) {
    let view = map_all(region, Access::ReadWrite);
    view.fill(0, view.len(), 5).expect("a region can be filled");
    puppet.view(slot, slot, Access::ReadWrite);
    assert_eq!(puppet.expect(&format!("filled {slot}")), "5");
    puppet.expect(&format!("fill {slot} 0 all 6"));
    assert!(is_filled_with(&view, 6), "what is handed over is a copy");
}

/// A child adopts what it is offered: regions with and without a name, several at once, with the access of the
/// offer, once each.
pub fn c18_child_adopts_what_it_is_offered(harness: &Harness) {
    let text = unique_name();
    let (first, second) = (anonymous(), anonymous());
    let named: Region = create(&text, SIZE);
    let mut offers = Vec::new();
    let mut puppet = Puppet::start_by(harness, |command| {
        offers.push(good(first.offer_to(command, "first", Access::ReadWrite)));
        offers.push(good(second.offer_to(command, "second", Access::ReadOnly)));
        offers.push(good(named.offer_to(command, "named", Access::ReadWrite)));
        fails(
            first.offer_to(command, "first", Access::ReadWrite),
            "a second offer",
            &ErrorKind::InvalidArgument,
        );
    });
    for (key, access, name) in [("named", "rw", Some(&text)), ("first", "rw", None), ("second", "ro", None)] {
        assert_eq!(puppet.expect(&format!("adopt {key} {key}")), told(access, name));
        let again = puppet.ask(&format!("adopt again {key}"));
        assert!(again.is_err_and(|error| error.starts_with("NotFound")), "{key} was adopted twice");
    }
    shared(&mut puppet, "first", &first);
    shared(&mut puppet, "named", &named);
    let more = puppet.ask("view second second 0 all rw");
    assert!(more.is_err_and(|error| error.starts_with("AccessDenied")), "more access than was offered");
    let nothing = puppet.ask("adopt other other");
    assert!(nothing.is_err_and(|error| error.starts_with("NotFound")), "nobody offered that");
}

/// A child that has adopted a region holds it, also when the parent has let go. When the child ends, the name is free.
pub fn c18_child_holds_in_its_own_right(harness: &Harness) {
    for how in ["quit", "kill"] {
        let name = unique_name();
        let region: Region = create(&name, SIZE);
        map_all(&region, Access::ReadWrite).fill(0, 8, 9).expect("inside");
        let mut offers = Vec::new();
        let mut puppet = Puppet::start_by(harness, |command| {
            offers.push(good(region.offer_to(command, "it", Access::ReadWrite)));
        });
        puppet.expect("adopt it it");
        drop((offers, region));
        let same: Region = open(&name, Access::ReadWrite);
        assert_eq!(map_all(&same, Access::ReadOnly).get::<u8>(7).expect("inside"), 9);
        drop(same);
        puppet.end(how);
        assert_free::<Region>(&name);
    }
}

/// A child that ends, killed or in order, takes nothing from its parent.
pub fn c18_child_that_goes_takes_nothing(harness: &Harness) {
    let name = unique_name();
    let region: Region = create(&name, SIZE);
    for how in ["quit", "kill"] {
        let mut offers = Vec::new();
        let mut puppet = Puppet::start_by(harness, |command| {
            offers.push(good(region.offer_to(command, "it", Access::ReadWrite)));
        });
        puppet.expect("adopt it it");
        puppet.end(how);
        drop(offers);
        drop(open::<Region>(&name, Access::ReadWrite));
    }
    let same = region.clone();
    drop(region);
    drop(open::<Region>(&name, Access::ReadWrite));
    drop(same);
    assert_free::<Region>(&name);
}

/// A child gets the offered regions only: any other region ends with its holders, though the child lives on.
pub fn c18_nothing_else_reaches_a_child(harness: &Harness) {
    let names = [unique_name(), unique_name()];
    let [offered, kept] = names.each_ref().map(|name| create::<Region>(name, SIZE));
    let (view, mut offers) = (map_all(&kept, Access::ReadWrite), Vec::new());
    let mut puppet = Puppet::start_by(harness, |command| {
        offers.push(good(offered.offer_to(command, "it", Access::ReadWrite)));
    });
    let bystander = Puppet::start(harness);
    puppet.expect("adopt it it");
    drop((view, kept));
    assert_free::<Region>(&names[1]);
    drop((offers, offered));
    puppet.end("quit");
    // Another child, started while the offer was good, was offered nothing.
    assert_free::<Region>(&names[0]);
    drop(bystander);
}

/// A process that runs receives what is sent to it: several, with and without a name, each with its access.
pub fn c18_running_process_receives(harness: &Harness) {
    let text = unique_name();
    let (memory, named) = (anonymous(), create::<Region>(&text, SIZE));
    let mut puppet = Puppet::start(harness);
    for (slot, region, access, name) in
        [("memory", &memory, Access::ReadWrite, None), ("named", &named, Access::ReadWrite, Some(&text))]
    {
        let meeting = Meeting::new(&unique_text());
        puppet.tell(&format!("receive {slot} {}", meeting.place()));
        let mut courier = meeting.courier_to(puppet.id());
        good(courier.send(region, access));
        assert_eq!(puppet.answer(), Ok(told("rw", name)));
        shared(&mut puppet, slot, region);
    }
    let meeting = Meeting::new(&unique_text());
    puppet.tell(&format!("receive less {}", meeting.place()));
    good(meeting.courier_to(puppet.id()).send(&memory, Access::ReadOnly));
    assert_eq!(puppet.answer(), Ok(told("ro", None)));
    let more = puppet.ask("view less less 0 all rw");
    assert!(more.is_err_and(|error| error.starts_with("AccessDenied")), "more access than was sent");
}

/// A receiver holds the region that it received, and the region ends with it.
pub fn c18_receiver_holds_in_its_own_right(harness: &Harness) {
    for how in ["quit", "kill"] {
        let name = unique_name();
        let region: Region = create(&name, SIZE);
        let mut puppet = Puppet::start(harness);
        let meeting = Meeting::new(&unique_text());
        puppet.tell(&format!("receive it {}", meeting.place()));
        let mut courier = meeting.courier_to(puppet.id());
        good(courier.send(&region, Access::ReadWrite));
        assert_eq!(puppet.answer(), Ok(told("rw", Some(&name))));
        drop((region, courier));
        drop(open::<Region>(&name, Access::ReadWrite));
        puppet.end(how);
        assert_free::<Region>(&name);
    }
}

/// A region that was sent is held for the receiver, also when the sender ends before the receipt.
pub fn c18_sender_may_be_gone_before_the_receipt(harness: &Harness) {
    for how in ["quit", "kill"] {
        let name = unique_name();
        let mut sender = Puppet::start(harness);
        sender.create("it", SIZE, &name);
        sender.view("it", "it", Access::ReadWrite);
        sender.expect("fill it 0 all 3");
        let meeting = Meeting::new(&unique_text());
        sender.tell(&format!("send it rw {} {}", meeting.place(), std::process::id()));
        let mut courier = meeting.courier_from();
        sender.answer().expect("it is sent");
        sender.end(how);
        let region = good(courier.receive(&Trust::default()));
        assert!(is_filled_with(&map_all(&region, Access::ReadOnly), 3));
        drop(open::<Region>(&name, Access::ReadWrite));
        drop((region, courier));
        assert_free::<Region>(&name);
    }
}

/// The longest names arrive whole, in both ways.
pub fn c18_longest_names_arrive(harness: &Harness) {
    let unique = unique_text();
    for (prefix, character) in [("", "x"), ("", "\u{6F22}"), (r"Local\", "y")] {
        let rest = character.repeat(MAX_NAME_UNITS - prefix.len() - unique.len());
        let longest = name(&format!("{prefix}{unique}{rest}"));
        let region: Region = create(&longest, SIZE);
        let mut offers = Vec::new();
        let mut puppet = Puppet::start_by(harness, |command| {
            offers.push(good(region.offer_to(command, "it", Access::ReadWrite)));
        });
        assert_eq!(puppet.expect("adopt it it"), told("rw", Some(&longest)));
        let meeting = Meeting::new(&unique_text());
        puppet.tell(&format!("receive sent {}", meeting.place()));
        good(meeting.courier_to(puppet.id()).send(&region, Access::ReadWrite));
        assert_eq!(puppet.answer(), Ok(told("rw", Some(&longest))));
    }
}
