//! Killed there.

use crate::common::*;

#[test]
fn killed_at_any_point_a_process_leaves_nothing_that_others_trip_over() {
    for_every_point(Way::Nameless, kill_there);
}

#[test]
fn killed_at_any_point_with_a_temporary_name_it_leaves_nothing_either() {
    for_every_point(Way::TemporaryName, kill_there);
}

/// Whatever call comes first after the kill has to cope, so each does once.
fn kill_there(point: Point<'_>) {
    let first: [fn(&ObjectName); 5] = [
        assert_not_found,
        |name| drop(assert_created(Region::create(name, &CreateOptions::new(SMALL)))),
        |name| {
            let (region, disposition) =
                Region::create_or_open(name, &CreateOptions::new(SMALL)).expect("a free name");
            assert_eq!(disposition, Disposition::Created);
            drop(assert_created(Ok(region)));
        },
        |name| assert_ne!(state_of(name), Some(State::Live)),
        |_| drop(catalog::reclaim().expect("a sweep works")),
    ];
    for first in first {
        let Stopped { mut child, name, held } = point.reach();
        child.kill();
        match held {
            Some(held) => assert_untouched(&name, &held),
            None => first(&name),
        }
        assert_no_traces(point, &name, child.pid());
    }
}

/// After a kill: the name works as any other, and is left as empty.
#[track_caller]
fn assert_no_traces(point: Point<'_>, name: &ObjectName, pid: i32) {
    assert_not_found(name);
    drop(assert_created(Region::create(name, &CreateOptions::new(SMALL))));
    assert_no_file(name);
    if point.way == Way::TemporaryName || point.scenario.form == Form::Shared {
        catalog::reclaim().expect("a sweep works");
    }
    assert_eq!(unfinished_files_of(&[pid]), Vec::<String>::new(), "{point:?}");
}
