//! Whose an object is: modes that its owner narrows, names that belong to one user, ids that mean nothing.

use std::fs::File;
use std::os::unix::fs::chown;

use samemap::ObjectName;

use super::attacker::{Attacker, hex};
use super::victims::{BOB, MARK, OF_PRIVATE, OF_SHARED, ROOT, Victims};
use crate::support::linux::sandbox;
use crate::support::linux::shm::{
    PRIVATE_MODE, assert_no_file, file_of, set_mode, unique_global_name, unique_name, write_names,
};
use crate::support::linux::users::as_users;
use crate::support::linux::users::{ALICE, NOBODY, User};
use crate::support::part::Part;

pub const ROLES: [Part; 5] = [
    ("narrowed", narrowed),
    ("marks", marks),
    ("local_names", local_names),
    ("containers", containers),
    ("strangers_in_containers", strangers_in_containers),
];

#[test]
fn an_owner_may_narrow_what_was_wide() {
    as_users("an_owner_may_narrow_what_was_wide", "narrowed");
}

/// Old descriptors go on writing, to the data.
fn narrowed(_arguments: &[String]) {
    sandbox::own_shm();
    for pair in OF_SHARED {
        let mut victims = Victims::with_object(pair, unique_global_name("narrowed"), "everyone-rw");
        let whole = file_of(&victims.name);
        let mut attacker = Attacker::start(NOBODY);
        let data = attacker.opens("rw", whole.join("data").display());
        for (part, mode) in [("data", 0o644), ("locks", 0o200)] {
            set_mode(&whole.join(part), mode);
        }
        attacker.may_not(format!("open rw {}", whole.join("data").display()));
        attacker.does(format!("put {data} 4096 {}", hex(&[0xFF; 4096])));
        attacker.does(format!("put {data} 8 {}", hex(&[0xFF; 8])));
        assert_eq!(victims.open_as(&victims.name.clone(), "ro"), None);
        let writes = (pair.owner != pair.opener).then_some("AccessDenied");
        assert_eq!(victims.open().as_deref(), writes);
    }
}

#[test]
fn a_mode_that_its_owner_did_not_give_it_is_refused() {
    as_users("a_mode_that_its_owner_did_not_give_it_is_refused", "marks");
}

/// `chmod` by number drops the mark; a wide mode lets others write to the facts. Either way it is nobody's word.
fn marks(_arguments: &[String]) {
    sandbox::own_shm();
    for pair in OF_PRIVATE {
        let mut victims = Victims::with_object(pair, unique_global_name("mark"), "owner");
        let path = file_of(&victims.name);
        for mode in [0o600, 0o644, 0o666, 0o1644, 0o1620, 0o1602, 0o1660, 0o700] {
            set_mode(&path, mode);
            assert_eq!(victims.open().as_deref(), Some("KindMismatch"), "{mode:o}");
            let answer = User::start(pair.owner).ask(&format!("create {} owner", victims.name));
            assert!(answer.starts_with("error KindMismatch"), "{mode:o}: {answer}");
        }
        set_mode(&path, PRIVATE_MODE);
        victims.assert_right();
        victims.owner.must("drop");
        assert_no_file(&victims.name);
    }
    for pair in OF_SHARED {
        let mut victims = Victims::with_object(pair, unique_global_name("mark"), "everyone-rw");
        let whole = file_of(&victims.name);
        let facts = whole.join("facts");
        for (path, mode, good) in [
            (&facts, 0o644, 0o1644),
            (&facts, 0o1666, 0o1644),
            (&facts, 0o1664, 0o1644),
            (&whole, 0o777, 0o755),
            (&whole, 0o1777, 0o755),
        ] {
            set_mode(path, mode);
            assert_eq!(victims.open().as_deref(), Some("KindMismatch"), "{mode:o}");
            set_mode(path, good);
            victims.assert_right();
        }
        // Facts, data or directory that are not of one owner.
        for part in ["facts", "data", ""] {
            chown(whole.join(part), Some(NOBODY), None).expect("root may");
            assert!(victims.open().is_some(), "{part:?} of another user");
            chown(whole.join(part), Some(pair.owner), None).expect("root may");
            if part == "facts" {
                set_mode(&facts, 0o1644);
            }
        }
        victims.assert_right();
        victims.owner.must("drop");
        assert_no_file(&victims.name);
    }
}

#[test]
fn a_local_name_is_its_own_users() {
    as_users("a_local_name_is_its_own_users", "local_names");
}

/// Root's object, and another user's, at a user's name, right in every word: placed there, or linked.
fn local_names(_arguments: &[String]) {
    sandbox::own_shm();
    for (owner, permissions) in [
        (ROOT, "owner"),
        (ROOT, "everyone-rw"),
        (BOB, "owner"),
        (BOB, "everyone-rw"),
        (NOBODY, "everyone-rw"),
    ] {
        let (mut maker, mut alice) = (User::start(owner), User::start(ALICE));
        let (global, local) = (unique_global_name("laid"), unique_name("laid"));
        maker.must(&format!("create {global} {permissions}"));
        let path = std::path::PathBuf::from(format!("/dev/shm{}", alice.must(&format!("file {local}"))));
        let system_name = path.file_name().expect("a name").to_str().expect("text").to_owned();
        let whole = file_of(&global);
        let (facts, at) = if whole.is_dir() { (whole.join("facts"), 0) } else { (whole.clone(), 4096) };
        write_names(&File::options().write(true).open(facts).expect("root may"), at, &local, &system_name);
        if !whole.is_dir() {
            std::fs::hard_link(&whole, &path).expect("root may");
            no_local(&mut alice, &local);
            std::fs::remove_file(&path).expect("root may");
        }
        std::fs::rename(&whole, &path).expect("root may");
        no_local(&mut alice, &local);
        assert!(path.exists(), "it was removed");
        maker.kill();
        // Nor its remains.
        no_local(&mut alice, &local);
    }
}

#[track_caller]
fn no_local(user: &mut User, local: &ObjectName) {
    for trust in ["own", "0", "65532", "65534", "anyone"] {
        for access in ["ro", "rw"] {
            let answer = user.ask(&format!("open {local} {access} {trust}"));
            let kept_out = ["error UntrustedOwner", "error NotFound"].iter().any(|it| answer.starts_with(it));
            assert!(kept_out, "{trust} {access}: {answer}");
        }
        let answer = user.ask(&format!("create_or_open {local} {trust}"));
        let kept_out = ["error UntrustedOwner", "error AccessDenied"].iter().any(|it| answer.starts_with(it));
        assert!(kept_out, "{trust}: {answer}");
    }
}

// ---- user name spaces -----------------------------------------------------------------------------------

const FIRST: u32 = 100_000;
const SECOND: u32 = 200_000;

#[test]
fn containers_over_one_shared_memory_have_local_names_of_their_own() {
    as_users("containers_over_one_shared_memory_have_local_names_of_their_own", "containers");
}

/// Both call themselves user 0. Each shares its names with the user of the host that started it, and with nobody else.
fn containers(_arguments: &[String]) {
    sandbox::own_shm();
    let (mut first, mut second) = (User::start_contained(FIRST), User::start_contained(SECOND));
    let mut host = User::start(FIRST);
    let mut root = User::start(ROOT);
    let name = unique_name("contained");
    for (number, user) in [&mut first, &mut second, &mut root].into_iter().enumerate() {
        user.must_fail(&format!("open {name} rw own"), "NotFound");
        user.must(&format!("create {name} owner"));
        user.must(&format!("write {number}"));
    }
    host.must(&format!("open {name} rw own"));
    assert_eq!(host.must("read"), "0");
    host.must("drop");
    for user in [&mut second, &mut root] {
        user.must("drop");
        user.must_fail(&format!("open {name} rw own"), "NotFound");
    }
    assert_eq!(first.must("read"), "0");
    first.must("drop");
    host.must(&format!("create {name} owner"));
    host.must(&format!("write {MARK}"));
    first.must(&format!("open {name} rw own"));
    assert_eq!(first.must("read"), MARK.to_string());
    let left = host.must(&format!("file {name}"));
    assert_eq!(left, first.must(&format!("file {name}")));
    drop((first, host));
    assert!(samemap::catalog::reclaim().is_ok());
    assert!(!std::path::Path::new(&format!("/dev/shm{left}")).exists());
}

#[test]
fn an_owner_without_an_id_is_nobody_that_can_be_named() {
    as_users("an_owner_without_an_id_is_nobody_that_can_be_named", "strangers_in_containers");
}

/// Every user that a container does not know shows there as 65534: as another container, as the host's root, and as
/// the user that has this number indeed.
fn strangers_in_containers(_arguments: &[String]) {
    sandbox::own_shm();
    let mut inside = User::start_contained(FIRST);
    for uid in [SECOND, ROOT, NOBODY] {
        let mut outside = if uid == SECOND { User::start_contained(uid) } else { User::start(uid) };
        for permissions in ["everyone-ro", "everyone-rw"] {
            let name = unique_global_name("unmapped");
            outside.must(&format!("create {name} {permissions}"));
            outside.must(&format!("write {MARK}"));
            for trust in ["own", "65534", "0", &uid.to_string()] {
                let text = inside.must_fail(&format!("open {name} ro {trust}"), "UntrustedOwner");
                assert!(text.contains("no id in this user namespace"), "{text}");
            }
            inside.must(&format!("open {name} ro anyone"));
            assert_eq!(inside.must("read"), MARK.to_string());
            inside.must("drop");
            outside.must("drop");
            assert_no_file(&name);
        }
    }
    // Where 65534 is a user as any other, it can be accepted.
    let (name, mut nobody) = (unique_global_name("nobody"), User::start(NOBODY));
    nobody.must(&format!("create {name} everyone-rw"));
    User::start(ALICE).must(&format!("open {name} rw {NOBODY}"));
    // What the container's root makes is, outside, its user's.
    let own = unique_global_name("own");
    inside.must(&format!("create {own} everyone-ro"));
    let mut alice = User::start(ALICE);
    alice.must_fail(&format!("open {own} ro own"), "UntrustedOwner");
    alice.must(&format!("open {own} ro {FIRST}"));
}
