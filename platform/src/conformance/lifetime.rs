//! How long an object lives: rules C15 to C18.

use super::puppet::{Harness, Puppet};
use super::suite::Outcome;
use super::support::{
    SIZE, assert_free, create, create_or_open, error_of, fails, good, hex, is_filled_with, map_all,
    not_found, open, tell, unique_name,
};
use crate::catalog::{self, State};
use crate::{Access, CreateOptions, Disposition, ErrorKind, ObjectName, SharedRegion};

/// A process that holds a dirty object under `name`, by its handle and a view.
fn holder(harness: &Harness, name: &ObjectName) -> Puppet {
    let mut puppet = Puppet::start(harness);
    puppet.create("region", SIZE, name);
    puppet.view("view", "region", Access::ReadWrite);
    puppet.expect("fill view 0 all 255");
    puppet
}

/// The creator leaves first, in whatever way: the object stays for its other holders, and can be opened anew.
pub fn c15_creator_may_leave_first<R: SharedRegion>(harness: &Harness) {
    for how in ["quit", "exit", "panic", "abort", "kill"] {
        let name = unique_name();
        let mut creator = holder(harness, &name);
        let region: R = open(&name, Access::ReadWrite);
        let view = map_all(&region, Access::ReadWrite);
        creator.end(how);
        assert!(is_filled_with(&view, 255), "{how}: the contents are gone with the creator");
        let mut late = Puppet::opener(harness, &name);
        assert_eq!(late.expect("filled view"), "255", "{how}");
        late.expect("fill view 0 all 3");
        assert!(is_filled_with(&view, 3), "{how}: a late opener got another object");
        let taken = R::create(&name, &CreateOptions::new(SIZE));
        fails(taken, &format!("{how}: creating a held name"), &ErrorKind::AlreadyExists);
        late.end("quit");
        drop((region, view));
        assert_free::<R>(&name);
    }
}

/// The object lives as long as the last of several processes, in whatever order they leave.
pub fn c15_lives_while_anybody_holds<R: SharedRegion>(harness: &Harness) {
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        let name = unique_name();
        let mut holders = [
            Some(holder(harness, &name)),
            Some(Puppet::opener(harness, &name)),
            Some(Puppet::opener(harness, &name)),
        ];
        for (which, how) in order.into_iter().zip(["quit", "kill", "exit"]) {
            let region: R = open(&name, Access::ReadWrite);
            assert!(is_filled_with(&map_all(&region, Access::ReadWrite), 255), "order {order:?}");
            drop(region);
            let mut leaver = holders[which].take().expect("each leaves once");
            leaver.end(how);
        }
        assert_free::<R>(&name);
    }
}

/// An opener that comes and goes, many times, ends nothing while another process holds.
pub fn c15_passing_openers_end_nothing<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let mut puppet = holder(harness, &name);
    for _ in 0..100 {
        let region: R = open(&name, Access::ReadWrite);
        let (again, disposition) = create_or_open::<R>(&name, SIZE);
        assert_eq!(disposition, Disposition::Opened);
        drop(region);
        drop(again);
    }
    // A reader ends nothing, either.
    drop(open::<R>(&name, Access::ReadWrite));
    assert_eq!(Puppet::opener(harness, &name).expect("filled view"), "255");
    puppet.end("quit");
    assert_free::<R>(&name);
}

/// A holder that may only read keeps the object alive like any other.
pub fn c15_reader_keeps_the_object<R: SharedRegion>(harness: &Harness) {
    for access in [Access::ReadOnly, Access::CopyOnWrite] {
        let name = unique_name();
        let mut creator = holder(harness, &name);
        let reader: R = open(&name, access);
        creator.end("quit");
        assert!(is_filled_with(&map_all(&reader, Access::ReadOnly), 255), "{access}");
        assert_eq!(Puppet::opener(harness, &name).expect("filled view"), "255", "{access}");
        drop(reader);
        assert_free::<R>(&name);
    }
}

/// Several handles in one process count one by one.
pub fn c15_handles_of_one_process_count_singly<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let mut puppet = Puppet::start(harness);
    puppet.create("first", SIZE, &name);
    puppet.open("second", Access::ReadWrite, &name);
    puppet.expect("drop-region first");
    drop(open::<R>(&name, Access::ReadWrite));
    puppet.open("third", Access::ReadWrite, &name);
    puppet.expect("drop-region second");
    drop(open::<R>(&name, Access::ReadWrite));
    puppet.expect("drop-region third");
    assert_free::<R>(&name);
}

/// After the last holder dropped its handle and view, the name is free.
pub fn c16_name_is_free_after_drop<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let mut puppet = holder(harness, &name);
    puppet.expect("drop-region region");
    drop(open::<R>(&name, Access::ReadWrite));
    puppet.expect("drop-view view");
    assert_free::<R>(&name);
    let region: R = create(&name, SIZE);
    let view = map_all(&region, Access::ReadWrite);
    view.fill(0, view.len(), 255).expect("a new region can be filled");
    drop((region, view));
    assert_free::<R>(&name);
}

#[track_caller]
fn free_after<R: SharedRegion>(harness: &Harness, how: &str) {
    for views_only in [false, true] {
        let name = unique_name();
        let mut puppet = holder(harness, &name);
        if views_only {
            puppet.expect("drop-region region");
        }
        puppet.end(how);
        assert_free::<R>(&name);
    }
}

/// After the last holder ended in order, the name is free.
pub fn c16_name_is_free_after_end<R: SharedRegion>(harness: &Harness) {
    free_after::<R>(harness, "quit");
}

/// After the last holder called `exit`, which drops nothing, the name is free.
pub fn c16_name_is_free_after_exit<R: SharedRegion>(harness: &Harness) {
    free_after::<R>(harness, "exit");
}

/// After the last holder panicked, the name is free.
pub fn c16_name_is_free_after_panic<R: SharedRegion>(harness: &Harness) {
    free_after::<R>(harness, "panic");
}

/// After the last holder aborted, the name is free.
pub fn c16_name_is_free_after_abort<R: SharedRegion>(harness: &Harness) {
    free_after::<R>(harness, "abort");
}

/// After the last holder was killed, the name is free.
pub fn c16_name_is_free_after_kill<R: SharedRegion>(harness: &Harness) {
    free_after::<R>(harness, "kill");
}

/// After several holders were killed one by one, the name is free with the last, and not before.
pub fn c16_name_is_free_after_the_last_of_many_is_killed<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let mut holders = vec![holder(harness, &name)];
    holders.extend((0..3).map(|_| Puppet::opener(harness, &name)));
    for mut killed in holders {
        drop(open::<R>(&name, Access::ReadWrite));
        killed.kill();
    }
    assert_free::<R>(&name);
}

/// After a killed holder a creator gets a new object, of the size that it asks for, by both calls that create.
pub fn c16_new_object_after_kill_is_new<R: SharedRegion>(harness: &Harness) {
    for (size, by_create) in [(2 * SIZE, true), (1, true), (2 * SIZE, false), (1, false)] {
        let name = unique_name();
        holder(harness, &name).kill();
        let region: R = if by_create {
            create(&name, size)
        } else {
            let (region, disposition) = create_or_open(&name, size);
            assert_eq!(disposition, Disposition::Created, "a dead object was opened");
            region
        };
        assert!(
            region.len() >= size && (region.len() < SIZE || size > SIZE),
            "a size of old: {}",
            region.len()
        );
        let view = map_all(&region, Access::ReadWrite);
        assert!(is_filled_with(&view, 0), "contents of old");
        assert_eq!(
            Puppet::opener(harness, &name).expect("filled view"),
            "0",
            "another process sees contents of old"
        );
    }
}

/// A holder that is killed beside living holders ends nothing.
pub fn c16_killed_beside_living_holders<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let region: R = create(&name, SIZE);
    for _ in 0..3 {
        Puppet::opener(harness, &name).kill();
        drop(open::<R>(&name, Access::ReadWrite));
    }
    drop(region);
    assert_free::<R>(&name);
}

/// The state of a name in the catalog; `None` where it is not listed, or where there is no catalog.
fn listed(name: &ObjectName) -> Option<State> {
    let entries = match catalog::list() {
        Ok(entries) => entries,
        Err(error) if error.is(ErrorKind::Unsupported) => return None,
        Err(error) => panic!("{}", tell(&error)),
    };
    entries.into_iter().find(|entry| entry.name.as_ref() == Some(name)).map(|entry| entry.state)
}

/// After an orderly end the name cannot be opened, and the catalog does not list it.
pub fn c17_nothing_is_left_after_an_orderly_end<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let mut puppet = holder(harness, &name);
    let region: R = open(&name, Access::ReadWrite);
    let alive = listed(&name);
    assert!(matches!(alive, None | Some(State::Live)), "a held object is listed as {alive:?}");
    puppet.end("quit");
    assert_eq!(listed(&name), alive, "the catalog changed its mind while somebody holds");
    drop(region);
    assert_eq!(listed(&name), None, "something is left");
    assert_free::<R>(&name);
}

/// The remains of killed holders are neither listed as alive nor opened, and are gone after the next open or create.
pub fn c17_leftovers_go_at_the_next_open_or_create<R: SharedRegion>(harness: &Harness) {
    for by_open in [true, false] {
        let name = unique_name();
        holder(harness, &name).kill();
        assert_ne!(listed(&name), Some(State::Live), "a dead object is listed as alive");
        if by_open {
            not_found::<R>(&name, Access::ReadWrite);
        } else {
            drop(create::<R>(&name, SIZE));
        }
        assert_eq!(listed(&name), None, "something is left");
        assert_free::<R>(&name);
    }
}

/// A sweep removes the remains of killed holders, and no living object.
pub fn c17_sweep_removes_the_dead_only<R: SharedRegion>(harness: &Harness) -> Outcome {
    let (dead, alive) = (unique_name(), unique_name());
    let survivor: R = create(&alive, SIZE);
    if listed(&alive) != Some(State::Live) {
        return Outcome::aside("the backend's objects are in no catalog");
    }
    holder(harness, &dead).kill();
    good(catalog::reclaim());
    assert_eq!(listed(&dead), None, "a sweep left a dead object");
    assert_eq!(listed(&alive), Some(State::Live), "a sweep took a living object");
    drop(open::<R>(&alive, Access::ReadWrite));
    drop(survivor);
    Outcome::Kept
}

/// A region without a name is zeroed and rounded like any other, and no other region shares its memory.
pub fn c18_anonymous_region_has_no_name<R: SharedRegion>(_: &Harness) {
    let anonymous = || good(R::anonymous(&CreateOptions::new(SIZE - 1)));
    let (first, second) = (anonymous(), anonymous());
    assert_eq!(first.name(), None);
    assert_eq!((first.len(), first.access()), (SIZE, Access::ReadWrite));
    let (one, two) = (map_all(&first, Access::ReadWrite), map_all(&second, Access::ReadWrite));
    assert!(is_filled_with(&one, 0), "a new anonymous region is not zeroed");
    one.fill(0, one.len(), 1).expect("a new region can be filled");
    assert!(is_filled_with(&two, 0), "two anonymous regions are one");
    let other = good(first.view(.., Access::ReadOnly));
    drop(first);
    assert!(is_filled_with(&other, 1), "views of one anonymous region share it");
}

/// The errors of an anonymous region are those of a named one.
pub fn c18_anonymous_region_keeps_the_rules<R: SharedRegion>(_: &Harness) {
    let zero = R::anonymous(&CreateOptions::new(0));
    fails(zero, "creating nothing", &ErrorKind::InvalidArgument);
    let huge = error_of(R::anonymous(&CreateOptions::new(64 << 40)), "creating 64 TiB");
    assert!(matches!(huge.kind(), ErrorKind::OutOfMemory { .. }), "64 TiB: {:?}", huge.kind());
    let region = good(R::anonymous(&CreateOptions::new(SIZE)));
    let outside = ErrorKind::OutOfRange { offset: SIZE, len: 1, region_len: SIZE };
    let error = fails(region.view(SIZE..SIZE + 1, Access::ReadOnly), "mapping outside", &outside);
    assert_eq!(error.name(), None, "an anonymous region has no name to tell");
}

/// A process that has dropped its handles and views holds nothing while it lives on.
pub fn c15_live_process_holds_only_what_it_holds<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let mut puppet = Puppet::start(harness);
    for _ in 0..20 {
        let created = puppet.expect(&format!("create-or-open region {SIZE} owner {}", hex(&name)));
        assert_eq!(created, format!("created {SIZE}"));
        puppet.view("view", "region", Access::ReadWrite);
        puppet.expect("drop-view view");
        puppet.expect("drop-region region");
        not_found::<R>(&name, Access::ReadWrite);
    }
}
