//! What a forked child can do with its copies, and what its parent keeps.

use crate::common::*;

pub const PARTS: [Part; 7] = [
    ("child_drops_first", child_drops_first),
    ("child_outlives_drop", child_outlives_drop),
    ("child_outlives_kill", child_outlives_kill),
    ("private_views", private_views),
    ("raw_clone", raw_clone),
    ("child_creates", child_creates),
    ("no_descriptor_left", no_descriptor_left),
];

#[test]
fn child_drops_its_copies_while_the_parent_holds() {
    let (name, mut parent) = started("child_drops_first");
    parent.expect("the child dropped its copies");
    assert_held(&name);
    parent.say("end");
    parent.finish();
    assert_nothing_left(&name);
}

#[test]
fn child_outlives_the_parents_drop_and_reads_on() {
    let (name, mut parent) = started("child_outlives_drop");
    parent.expect("the parent dropped its own");
    assert_nothing_left(&name);
    // The name is as good as new, and what the child reads is still the old object.
    let new = Region::create(&name, &CreateOptions::new(4096)).expect("the name is free");
    parent.say("look");
    parent.expect("the child still reads");
    parent.finish();
    assert_eq!(id_of(&new), 0, "the child wrote to another object");
    drop(new);
    assert_nothing_left(&name);
}

#[test]
fn child_outlives_a_killed_parent_and_holds_nothing() {
    let (name, mut parent) = started("child_outlives_kill");
    parent.expect("the child reads");
    assert_held(&name);
    parent.kill();
    assert_not_found(&name);
    parent.say("look");
    parent.expect("the child still reads");
    assert_nothing_left(&name);
}

#[test]
fn child_with_copy_on_write_views_outlives_a_killed_parent() {
    let (name, mut parent) = started("private_views");
    parent.expect("the child reads");
    parent.kill();
    assert_not_found(&name);
    parent.say("look");
    parent.expect("the child still reads");
    assert_nothing_left(&name);
}

/// Nothing is told of such a fork; the child is known by its number.
#[test]
fn child_of_a_raw_clone_neither_unlocks_nor_unlinks() {
    let (name, mut parent) = started("raw_clone");
    parent.expect("the child dropped its copies");
    assert_held(&name);
    parent.say("end");
    parent.finish();
    assert_nothing_left(&name);
}

#[test]
fn child_may_make_regions_of_its_own() {
    let (name, mut parent) = started("child_creates");
    parent.expect("the child holds its own");
    assert_held(&name);
    parent.say("end");
    parent.finish();
    assert_nothing_left(&name);
}

/// A forked child makes its copies anew, also where all the descriptors that it may have are in use.
#[test]
fn child_that_is_forked_with_all_descriptors_in_use_holds_nothing() {
    let (name, mut parent) = started("no_descriptor_left");
    parent.expect("forked");
    parent.kill();
    assert_not_found(&name);
    assert_nothing_left(&name);
}

fn started(role: &str) -> (ObjectName, Child) {
    let name = unique_name(&role.replace('_', "-"));
    let child = Start::role(role).argument(&name).start();
    (name, child)
}

fn child_drops_first(arguments: &[String]) {
    let name = name(&arguments[0]);
    let region = create_marked(&name);
    let views = [view(&region, Access::ReadOnly), view(&region, Access::ReadWrite)];
    let copies = (region, views);
    let (ours, theirs) = duplicated(copies, drop);
    theirs.finish();
    say("the child dropped its copies");
    hear();
    let (region, [read_only, read_write]) = &ours;
    assert_eq!((id_of(region), mark_in(read_only), mark_in(read_write)), (MARK, MARK, MARK));
    drop(ours);
}

fn raw_clone(arguments: &[String]) {
    let region = create_marked(&name(&arguments[0]));
    let view = view(&region, Access::ReadWrite);
    let mut copies = Some((region, view));
    raw_fork(|| drop(copies.take())).finish();
    say("the child dropped its copies");
    hear();
    let (region, view) = copies.expect("taken in the child only");
    assert_eq!((id_of(&region), mark_in(&view)), (MARK, MARK));
}

/// What a forked child gets of a value: its bytes, and so a second owner.
fn duplicated<T>(value: T, in_child: impl FnOnce(T)) -> (T, Forked) {
    let mut value = Some(value);
    let child = fork(|| in_child(value.take().expect("not taken yet")));
    (value.expect("taken in the child only"), child)
}

fn mark_in(view: &View) -> u64 {
    view.get(0).expect("in range")
}

fn child_outlives_drop(arguments: &[String]) {
    let name = name(&arguments[0]);
    let region = create_marked(&name);
    let views = [view(&region, Access::ReadOnly), view(&region, Access::ReadWrite)];
    let (ours, child) = duplicated((region, views), |(region, [read_only, read_write])| {
        assert_eq!(hear(), "look");
        assert_eq!(mark_in(&read_only), MARK);
        // A new view of what is gone: the child's copy of the region still leads there, but not for writing.
        assert_eq!(mark_in(&view(&region, Access::ReadOnly)), MARK);
        let writing = region.map(&MapRequest::new(0, 4096, Access::ReadWrite));
        assert_eq!(kind_of(writing), Some(ErrorKind::AccessDenied));
        read_write.put(8, &MARK).expect("in range");
        assert_eq!(read_only.get::<u64>(8).expect("in range"), MARK, "two views of one object");
        drop((region, read_only, read_write));
        say("the child still reads");
    });
    drop(ours);
    say("the parent dropped its own");
    child.finish();
}

fn child_outlives_kill(arguments: &[String]) {
    let region = create_marked(&name(&arguments[0]));
    let again = Region::open(&name(&arguments[0]), &OpenOptions::read_only()).expect("it is held");
    let views = [view(&region, Access::ReadWrite), view(&again, Access::ReadOnly)];
    wait_for_the_kill(duplicated((region, again, views), |(region, again, views)| {
        say("the child reads");
        assert_eq!(hear(), "look");
        assert!(views.iter().all(|view| mark_in(view) == MARK));
        drop((region, again, views));
        say("the child still reads");
        hear();
    }));
}

fn private_views(arguments: &[String]) {
    let region = create_marked(&name(&arguments[0]));
    let private = view(&region, Access::CopyOnWrite);
    let shared = view(&region, Access::ReadOnly);
    private.put(8, &7_u64).expect("in range");
    wait_for_the_kill(duplicated((region, private, shared), |(region, private, shared)| {
        assert_eq!(private.get::<u64>(8).expect("in range"), 7, "what was written before the fork");
        private.put(16, &8_u64).expect("in range");
        say("the child reads");
        assert_eq!(hear(), "look");
        assert_eq!((mark_in(&private), mark_in(&shared)), (MARK, MARK));
        let written = [8, 16].map(|at| private.get::<u64>(at).expect("in range"));
        assert_eq!(written, [7, 8], "a private page lost what was written to it");
        assert_eq!(shared.get::<u64>(8).expect("in range"), 0, "a private write reached the object");
        drop((region, private, shared));
        say("the child still reads");
        hear();
    }));
}

fn child_creates(arguments: &[String]) {
    let name = name(&arguments[0]);
    let other = create_marked(&unique_name("of-the-parent"));
    fork(|| {
        let own = create_marked(&name);
        say("the child holds its own");
        hear();
        drop(own);
    })
    .finish();
    drop(other);
}

/// The soft limit only, as a shell's is.
fn limit_descriptors(limit: libc::rlim_t) {
    // SAFETY: plain numbers, set by the first call.
    unsafe {
        let mut limits: libc::rlimit = std::mem::zeroed();
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limits), 0);
        assert!(limits.rlim_max > limit, "a hard limit of {}", limits.rlim_max);
        limits.rlim_cur = limit;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limits), 0);
    }
}

fn no_descriptor_left(arguments: &[String]) {
    let region = create_marked(&name(&arguments[0]));
    let shared = view(&region, Access::ReadWrite);
    limit_descriptors(64);
    let mut in_use = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        in_use.push(file);
    }
    wait_for_the_kill(duplicated((region, shared, in_use), |(_region, shared, _)| {
        assert_eq!(mark_in(&shared), MARK);
        say("forked");
        hear();
    }));
}
