//! Other users.

use crate::common::*;

#[test]
fn an_object_is_for_its_owner_alone_by_default() {
    as_users("an_object_is_for_its_owner_alone_by_default", "owner_alone");
}

pub fn owner_alone(_arguments: &[String]) {
    sandbox::own_shm();
    let name = unique_global_name("owner");
    let (mut alice, mut nobody) = (User::start(ALICE), User::start(NOBODY));
    alice.must(&format!("create {name} owner"));
    // Whose it is comes first: it may be a squatter's.
    let text = nobody.must_fail(&format!("open {name} ro own"), "UntrustedOwner");
    assert!(text.contains(&ALICE.to_string()), "{text} does not name the owner");
    for trust in [ALICE.to_string().as_str(), "anyone"] {
        for access in ["ro", "rw", "cow"] {
            let text = nobody.must_fail(&format!("open {name} {access} {trust}"), "AccessDenied");
            assert!(text.contains(&ALICE.to_string()), "{text} does not name the owner");
        }
    }
    for user in [&mut alice, &mut nobody] {
        assert_eq!(user.must(&format!("size {name}")), "4096", "whoever asks");
    }
    nobody.must_fail(&format!("create {name} owner"), "AlreadyExists");
    assert!(nobody.must(&format!("write_file {}", file_of(&name).display())).contains("PermissionDenied"));
    // Root may all, but is told whose it is.
    let opened = Region::open(&name, &OpenOptions::read_only());
    assert!(matches!(kind_of(opened), Some(ErrorKind::UntrustedOwner { .. })));
    // The owner's second process is let in.
    User::start(ALICE).must(&format!("open {name} rw own"));
    alice.must("drop");
    assert_nothing_left(&name);
}

#[test]
fn what_is_shared_with_everyone_is_opened_by_who_trusts_the_owner() {
    as_users("what_is_shared_with_everyone_is_opened_by_who_trusts_the_owner", "shared");
}

pub fn shared(_arguments: &[String]) {
    sandbox::own_shm();
    let name = unique_global_name("shared");
    // The narrowest umask takes nothing away, not even from itself.
    let (mut alice, mut nobody) = (User::start_with(ALICE, ALICE, 0o777), User::start(NOBODY));
    alice.must(&format!("create {name} everyone-ro"));
    alice.must("write 7");
    nobody.must_fail(&format!("open {name} ro own"), "UntrustedOwner");
    nobody.must_fail(&format!("open {name} ro {NOBODY}"), "UntrustedOwner");
    nobody.must_fail(&format!("open {name} rw anyone"), "AccessDenied");
    nobody.must_fail(&format!("create_or_open {name} anyone"), "AccessDenied");
    for part in ["data", "facts", "locks"] {
        let path = file_of(&name).join(part);
        assert!(nobody.must(&format!("write_file {}", path.display())).contains("PermissionDenied"));
    }
    nobody.must(&format!("open {name} ro {ALICE}"));
    assert_eq!(nobody.must("read"), "7");
    nobody.must_fail("write 8", "AccessDenied");
    nobody.must(&format!("open {name} cow anyone"));
    nobody.must("write 9");
    assert_eq!(alice.must("read"), "7");
    alice.must("drop");
    // The last holder is a reader that may not remove it: it is dead, and its owner's next call reclaims it.
    nobody.must("drop");
    alice.must_fail(&format!("open {name} ro own"), "NotFound");
    assert_nothing_left(&name);

    alice.must(&format!("create {name} everyone-rw"));
    nobody.must_fail(&format!("open {name} rw own"), "UntrustedOwner");
    nobody.must(&format!("create_or_open {name} {ALICE}"));
    nobody.must("write 8");
    assert_eq!(alice.must("read"), "8");
    nobody.must("drop");
    alice.must("drop");
    assert_nothing_left(&name);
}

#[test]
fn the_group_is_let_in_by_name() {
    as_users("the_group_is_let_in_by_name", "group");
}

pub fn group(_arguments: &[String]) {
    sandbox::own_shm();
    let name = unique_global_name("group");
    let mut alice = User::start(ALICE);
    alice.must(&format!("create {name} group-ro"));
    let mut member = User::start_with(NOBODY, ALICE, 0o022);
    assert_eq!(User::start(NOBODY).must(&format!("size {name}")), "4096", "whoever asks");
    member.must(&format!("open {name} ro anyone"));
    member.must("drop");
    member.must_fail(&format!("open {name} rw anyone"), "AccessDenied");
    User::start(NOBODY).must_fail(&format!("open {name} ro anyone"), "AccessDenied");
}

#[test]
fn what_cannot_be_told_is_not_told_as_dead() {
    as_users("what_cannot_be_told_is_not_told_as_dead", "untold");
}

pub fn untold(_arguments: &[String]) {
    sandbox::own_shm();
    let (mut alice, mut nobody) = (User::start(ALICE), User::start(NOBODY));
    let name = unique_global_name("untold");
    alice.must(&format!("create {name} owner"));
    nobody.must_fail(&format!("create {name} owner"), "AlreadyExists");
    // As where /proc shows processes only, or a container hides it.
    sandbox::hide(c"/proc/locks");
    let text = nobody.must_fail(&format!("create {name} owner"), "AccessDenied");
    assert!(text.contains("cannot be told") && !text.contains("gc"), "{text}");
    assert_eq!(nobody.must(&format!("state {name}")), "not readable by this user");
    assert_eq!(alice.must(&format!("state {name}")), "live");
}

#[test]
fn a_group_that_is_named_is_let_in() {
    as_users("a_group_that_is_named_is_let_in", "named_group");
}

pub fn named_group(_arguments: &[String]) {
    sandbox::own_shm();
    let name = unique_global_name("group");
    let mut root = User::start(0);
    root.must(&format!("create {name} group-rw-of-{ALICE}"));
    let mut member = User::start_with(NOBODY, ALICE, 0o022);
    member.must(&format!("open {name} rw own"));
    member.must("write 7");
    assert_eq!(root.must("read"), "7");
    User::start(NOBODY).must_fail(&format!("open {name} ro own"), "AccessDenied");
    // The last of them that goes may be the member, which cannot remove it: root does.
    member.must("drop");
    root.must("drop");
    assert_nothing_left(&name);
    // Nobody gives to a group that is not its own.
    let mut alice = User::start(ALICE);
    let text = alice.must_fail(&format!("create {name} group-rw-of-{NOBODY}"), "AccessDenied");
    assert!(text.contains(&NOBODY.to_string()), "{text} does not name the group");
    assert_nothing_left(&name);
    alice.must(&format!("create {name} group-rw-of-{ALICE}"));
}

#[test]
fn a_squatter_on_a_local_name_is_not_taken_for_the_service() {
    as_users("a_squatter_on_a_local_name_is_not_taken_for_the_service", "squatted");
}

pub fn squatted(_arguments: &[String]) {
    sandbox::own_shm();
    let (mut alice, mut nobody) = (User::start(ALICE), User::start(NOBODY));
    let bait = unique_global_name("bait");
    alice.must(&format!("create {bait} everyone-rw"));
    // It lies on another user's name, and says so in its facts: the best that a squatter can do.
    let local = unique_name("squatted");
    let system_name = format!("samemap.{NOBODY}.{}", local.rest());
    let path = Path::new("/dev/shm").join(&system_name);
    let facts = std::fs::File::options().write(true).open(file_of(&bait).join("facts")).expect("root may");
    write_names(&facts, 0, &local, &system_name);
    drop(facts);
    std::fs::rename(file_of(&bait), &path).expect("root may");
    nobody.must_fail(&format!("create {local} owner"), "AlreadyExists");
    // Accepting another user is for names that are shared: a local one is its own user's, whatever is accepted.
    for trust in ["own", ALICE.to_string().as_str(), "anyone"] {
        for access in ["ro", "rw"] {
            nobody.must_fail(&format!("open {local} {access} {trust}"), "UntrustedOwner");
        }
        nobody.must_fail(&format!("create_or_open {local} {trust}"), "UntrustedOwner");
    }
    assert!(path.exists(), "it was removed");
}

#[test]
fn the_systems_objects_are_trusted() {
    as_users("the_systems_objects_are_trusted", "of_the_system");
}

pub fn of_the_system(_arguments: &[String]) {
    sandbox::own_shm();
    let name = unique_global_name("system");
    let options = CreateOptions::new(4096).permissions(Permissions::owner_only().everyone(Share::ReadOnly));
    let region = Region::create(&name, &options).expect("a free name");
    view_of(&region).put(0, &3_u64).expect("in range");
    let mut nobody = User::start(NOBODY);
    nobody.must(&format!("open {name} ro own"));
    assert_eq!(nobody.must("read"), "3");
    nobody.must_fail(&format!("open {name} rw own"), "AccessDenied");
}

#[test]
fn remains_of_another_user_are_an_error_that_names_owner_and_remedy() {
    as_users("remains_of_another_user_are_an_error_that_names_owner_and_remedy", "remains_of_others");
}

pub fn remains_of_others(_arguments: &[String]) {
    sandbox::own_shm();
    for permissions in ["owner", "everyone-ro", "everyone-rw"] {
        let name = unique_global_name("remains");
        let mut alice = User::start(ALICE);
        alice.must(&format!("create {name} {permissions}"));
        alice.kill();
        let mut nobody = User::start(NOBODY);
        let text = nobody.must_fail(&format!("create {name} owner"), "AccessDenied");
        for part in [ALICE.to_string().as_str(), "samemap gc"] {
            assert!(text.contains(part), "{text} does not tell of {part}");
        }
        // Never as if it lived; where it cannot be looked into, its owner is not trusted in any case.
        let kind = if permissions == "owner" { "UntrustedOwner" } else { "NotFound" };
        nobody.must_fail(&format!("open {name} ro own"), kind);
        let swept = nobody.must("sweep");
        let refused = permissions == "owner" || swept.contains(&system_name(&name));
        assert!(refused && !swept.contains("bytes: 4"), "{swept}");
        // Who may remove it does so in passing.
        User::start(ALICE).must(&format!("create {name} owner"));
        assert!(catalog::reclaim().is_ok());
        assert_nothing_left_of(&name);
    }
}

/// The last holder was killed with its value; root's sweep is the remedy.
#[track_caller]
fn assert_nothing_left_of(name: &ObjectName) {
    catalog::reclaim().expect("a sweep works");
    assert_no_file(name);
}
