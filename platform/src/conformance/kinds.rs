//! Rules that named objects of every kind keep: C4 to C6, C15 to C17, C19 and C20, over the system's own objects.

use std::thread;

use super::family::Making;
use super::puppet::{Harness, Puppet};
use super::suite::Outcome;
use super::support::{error_of, fails, good, hex, puppet_fails, tell, unique_name};
use super::system;
use super::thing::Thing;
use super::trust::{SOMEBODY, global_name, two_users};
use crate::catalog::{self, State};
use crate::{Disposition, ErrorKind, Found, ObjectKind, ObjectName};

const EVERY_WAY: [Making; 3] = [Making::Create, Making::CreateOrOpen, Making::Open];

/// The kinds that are waited for.
fn sync_kinds() -> impl Iterator<Item = ObjectKind> {
    ObjectKind::ALL.into_iter().filter(|&kind| kind != ObjectKind::Region)
}

#[track_caller]
fn make(kind: ObjectKind, how: Making, name: &ObjectName) -> Thing {
    let (thing, disposition) = good(Thing::make(kind, how, name));
    let wanted = if how == Making::Create { Disposition::Created } else { Disposition::Opened };
    assert_eq!(disposition, wanted, "{how:?} {kind}");
    thing
}

/// The mark as another thread sees it, because this thread may own the mutex.
#[track_caller]
fn marked(thing: &Thing) -> Option<bool> {
    good(thread::scope(|scope| scope.spawn(|| thing.is_marked()).join().expect("it does not panic")))
}

#[track_caller]
fn not_found(kind: ObjectKind, name: &ObjectName) {
    let opened = Thing::make(kind, Making::Open, name);
    fails(opened, &format!("opening a free name as {kind}"), &ErrorKind::NotFound);
}

/// The command that has a puppet make an object, for the users of `share`.
fn command(kind: ObjectKind, how: &str, share: &str, name: &ObjectName) -> String {
    format!("make it {kind} {how} {share} own {}", hex(&name))
}

/// Every kind refuses a name that an object of another kind has, in every call. The error names that kind where the system
/// tells it, and the object stays as it was, marked or not.
pub fn c04_every_kind_refuses_the_names_of_every_other(_: &Harness) {
    for held in ObjectKind::ALL {
        for mark in [false, true] {
            let name = unique_name();
            let holder = make(held, Making::Create, &name);
            if mark {
                good(holder.mark());
            }
            for wanted in ObjectKind::ALL.into_iter().filter(|&kind| kind != held) {
                for how in EVERY_WAY {
                    let doing = format!("{how:?} {wanted} where a {held} is");
                    let error = error_of(Thing::make(wanted, how, &name), &doing);
                    let told = match error.kind() {
                        ErrorKind::KindMismatch { wanted: asked, found } => {
                            assert_eq!(*asked, wanted, "{doing}");
                            *found
                        }
                        kind => panic!("{doing}: wanted KindMismatch, got {kind:?}: {}", tell(&error)),
                    };
                    assert!(told == Found::Object(held) || told == Found::Unknown, "{doing}: {told:?}");
                    assert!(told != Found::Unknown || cfg!(windows), "{doing}: only Windows does not tell");
                    assert_eq!(error.name(), Some(name.to_string().as_str()), "{doing}");
                }
            }
            assert_eq!(marked(&holder), Some(mark), "a {held} was changed by calls for other kinds");
            let same = make(held, Making::Open, &name);
            assert_eq!(marked(&same), Some(mark), "the name leads to another {held}");
        }
    }
}

/// When an object is gone, its name is free for every kind.
pub fn c04_free_name_is_free_for_every_kind(harness: &Harness) {
    for held in ObjectKind::ALL {
        let name = unique_name();
        drop(make(held, Making::Create, &name));
        for kind in ObjectKind::ALL {
            not_found(kind, &name);
            let mut puppet = Puppet::start(harness);
            assert_eq!(puppet.expect(&command(kind, "create-or-open", "owner", &name)), "created");
            puppet.kill();
        }
    }
}

/// *Create* wants a free name, *open* a taken one, and *create or open* says which it was: for every kind.
pub fn c05_three_calls_for_every_kind(harness: &Harness) {
    for kind in sync_kinds() {
        let name = unique_name();
        not_found(kind, &name);
        let (first, disposition) = good(Thing::make(kind, Making::CreateOrOpen, &name));
        assert_eq!(disposition, Disposition::Created, "{kind}");
        drop(first);
        let thing = make(kind, Making::Create, &name);
        let again = Thing::make(kind, Making::Create, &name);
        fails(again, &format!("creating a taken name as {kind}"), &ErrorKind::AlreadyExists);
        let mut puppet = Puppet::start(harness);
        let answer = puppet.ask(&command(kind, "create", "owner", &name));
        puppet_fails(answer, "creating a taken name", "AlreadyExists");
        for how in ["open", "create-or-open"] {
            assert_eq!(puppet.expect(&command(kind, how, "owner", &name)), "opened", "{kind}");
            assert_eq!(puppet.expect("marked it"), "Some(false)", "{how} {kind} changed it");
        }
        good(thing.mark());
        assert_eq!(puppet.expect("marked it"), "Some(true)", "another process has another {kind}");
        for how in [Making::Open, Making::CreateOrOpen] {
            assert_eq!(marked(&make(kind, how, &name)), Some(true), "{how:?} {kind} changed it");
        }
    }
}

/// Of many processes that create or open at once, one creates, and all have the same object.
pub fn c06_one_of_many_creates_every_kind(harness: &Harness) {
    const RACERS: usize = 4;
    let mut puppets: Vec<_> = (0..RACERS).map(|_| Puppet::start(harness)).collect();
    for kind in sync_kinds() {
        for _ in 0..4 {
            let name = unique_name();
            for puppet in &mut puppets {
                puppet.tell(&command(kind, "create-or-open", "owner", &name));
            }
            let answers = puppets.iter_mut().map(|puppet| puppet.answer().expect("no error is allowed"));
            let created = answers.filter(|answer| answer == "created").count();
            assert_eq!(created, 1, "{kind}");
            for puppet in &mut puppets {
                puppet.expect("drop it");
            }
            not_found(kind, &name);
        }
    }
}

/// A creator of any kind that is killed at any moment delays no later call.
pub fn c06_killed_creators_of_every_kind_are_in_nobodys_way(harness: &Harness) {
    for kind in sync_kinds() {
        let name = unique_name();
        for _ in 0..5 {
            let mut puppet = Puppet::start(harness);
            puppet.tell(&command(kind, "create-or-open", "owner", &name));
            thread::sleep(std::time::Duration::from_micros(super::random::Random::new().below(800)));
            puppet.kill();
            assert!(marked(&make(kind, Making::Create, &name)).is_some(), "{kind}");
        }
    }
}

/// An object of any kind lives, with its state, as long as any process holds it, whichever process created it.
pub fn c15_every_kind_outlives_its_creator(harness: &Harness) {
    for kind in sync_kinds().filter(|&kind| kind != ObjectKind::Mutex) {
        for how in ["quit", "kill"] {
            let name = unique_name();
            let mut creator = Puppet::start(harness);
            creator.expect(&command(kind, "create", "owner", &name));
            creator.expect("mark it");
            let thing = make(kind, Making::Open, &name);
            creator.end(how);
            assert_eq!(marked(&thing), Some(true), "{kind}, {how}: the state went with the creator");
            let again = Thing::make(kind, Making::Create, &name);
            fails(again, &format!("creating a held {kind}"), &ErrorKind::AlreadyExists);
            drop(thing);
            not_found(kind, &name);
        }
    }
}

/// When the last holder ends, in order or killed, the name is free, and the next object is new.
pub fn c16_name_of_every_kind_is_free_with_the_last_holder(harness: &Harness) {
    for kind in sync_kinds() {
        for how in ["quit", "exit", "abort", "kill"] {
            let name = unique_name();
            let mut holders = [Puppet::start(harness), Puppet::start(harness)];
            holders[0].expect(&command(kind, "create", "owner", &name));
            holders[1].expect(&command(kind, "open", "owner", &name));
            holders[0].expect("mark it");
            holders[0].end(how);
            drop(make(kind, Making::Open, &name));
            holders[1].end(how);
            not_found(kind, &name);
            let new = make(kind, Making::Create, &name);
            assert_eq!(marked(&new), Some(false), "{kind}, {how}: a new one has the state of an old one");
        }
    }
}

fn listed(name: &ObjectName) -> Option<(State, Option<ObjectKind>)> {
    let entries = match catalog::list() {
        Ok(entries) => entries,
        Err(error) if error.is(ErrorKind::Unsupported) => return None,
        Err(error) => panic!("{}", tell(&error)),
    };
    let entry = entries.into_iter().find(|entry| entry.name.as_ref() == Some(name));
    entry.map(|entry| (entry.state, entry.kind))
}

/// The catalog lists every kind while it lives, and nothing is left after an orderly end.
pub fn c17_nothing_is_left_of_any_kind(harness: &Harness) {
    for kind in sync_kinds() {
        let name = unique_name();
        let mut puppet = Puppet::start(harness);
        puppet.expect(&command(kind, "create", "owner", &name));
        let seen = listed(&name);
        assert!(seen.is_none() || seen == Some((State::Live, Some(kind))), "{kind} is listed as {seen:?}");
        puppet.end("quit");
        assert_eq!(listed(&name), None, "something of the {kind} is left");
        not_found(kind, &name);
    }
}

/// An object of any kind is for its owner alone.
pub fn c19_every_kind_is_for_its_owner_alone(harness: &Harness) -> Outcome {
    for kind in sync_kinds() {
        let name = unique_name();
        let mut puppet = Puppet::start(harness);
        puppet.expect(&command(kind, "create", "owner", &name));
        match system::file_mode(&name.system_name()) {
            Some(mode) => assert_eq!(format!("{mode:o}"), "600", "{kind}"),
            None => return Outcome::aside("the system's objects are no files that can be looked at"),
        }
    }
    Outcome::Kept
}

/// Without permissions another user cannot open an object of any kind.
pub fn c19_another_user_is_kept_out_of_every_kind(harness: &Harness) -> Result<(), Outcome> {
    let (mut owner, mut other) = two_users(harness)?;
    for kind in sync_kinds() {
        let name = global_name();
        owner.expect(&command(kind, "create", "owner", &name));
        for how in ["open", "create-or-open"] {
            let answer = other.ask(&format!("make it {kind} {how} owner anyone {}", hex(&name)));
            puppet_fails(answer, &format!("{how} another user's {kind}"), "AccessDenied");
        }
    }
    Ok(())
}

/// A user that the permissions let in opens another user's object when it accepts that user, and then shares it whole.
pub fn c20_another_users_object_of_every_kind_must_be_accepted(harness: &Harness) -> Result<(), Outcome> {
    let (mut owner, mut other) = two_users(harness)?;
    for kind in sync_kinds() {
        let name = global_name();
        let hexed = hex(&name);
        owner.expect(&command(kind, "create", "everyone-rw", &name));
        for how in ["open", "create-or-open"] {
            let answer = other.ask(&format!("make it {kind} {how} owner own {hexed}"));
            puppet_fails(answer, &format!("{how} another user's {kind}"), "UntrustedOwner");
        }
        for trust in [SOMEBODY.to_string().as_str(), "anyone"] {
            let answer = other.expect(&format!("make it {kind} open owner {trust} {hexed}"));
            assert_eq!(answer, "opened", "{kind}");
        }
        other.expect("mark it");
        assert_eq!(owner.expect("marked it"), "Some(true)", "{kind} is not shared");
        owner.expect("drop it");
        assert!(listed(&name).is_none_or(|(state, _)| state == State::Live), "{kind} died too early");
        other.expect("drop it");
    }
    Ok(())
}
