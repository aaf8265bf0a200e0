//! `readlock.py`: whatever may only read can keep an object alive, and forges or hinders nothing else.

use std::fs::File;
use std::time::Duration;

use samemap::sync::SharedMutex;
use samemap::{CreateOptions, LatestOptions, LatestWriter, OpenOptions, Permissions, Region, Share};

use super::attacker::Attacker;
use super::victims::{OF_SHARED, Victims};
use crate::support::linux::child::{Start, hear, say};
use crate::support::linux::sandbox;
use crate::support::linux::shm::{assert_no_file, file_of, name, unique_global_name, view_of};
use crate::support::linux::users::as_users;
use crate::support::linux::users::{NOBODY, User};
use crate::support::part::Part;

pub const ROLES: [Part; 5] = [
    ("kept_alive", kept_alive),
    ("claims_of_readers", claims_of_readers),
    ("seats_of_readers", seats_of_readers),
    ("lock_owner", lock_owner),
    ("latest_writer", latest_writer),
];

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_reader_keeps_an_object_alive_until_its_owner_takes_the_name() {
    as_users("a_reader_keeps_an_object_alive_until_its_owner_takes_the_name", "kept_alive");
}

fn kept_alive(_arguments: &[String]) {
    sandbox::own_shm();
    for pair in OF_SHARED {
        let mut victims = Victims::with_object(pair, unique_global_name("kept"), "everyone-ro");
        let facts = file_of(&victims.name).join("facts");
        let mut attacker = Attacker::start(NOBODY);
        let facts = attacker.opens("r", facts.display());
        assert_eq!(attacker.does(format!("lock_all {facts} r")), "all");
        assert!(!attacker.tries(format!("lock {facts} w 4611686018427387904 1")).starts_with("ok"));
        victims.owner.must("drop");
        let name = victims.name.clone();
        // As promised: it is held, as by any other reader.
        assert_eq!(victims.open_as(&name, "ro"), None);
        let mut owner = User::start(pair.owner);
        owner.must_fail(&format!("create {name} owner"), "AlreadyExists");
        let text = User::start(NOBODY).must_fail(&format!("take_name {name}"), "AccessDenied");
        assert!(text.contains("owner"), "{text}");
        assert_eq!(victims.open_as(&name, "ro"), None, "a third user took the name");
        assert_eq!(owner.must(&format!("take_name {name}")), "true");
        assert_no_file(&name);
        assert_eq!(victims.open_as(&name, "ro").as_deref(), Some("NotFound"));
        owner.must(&format!("create {name} everyone-ro"));
        owner.must("drop");
        assert_no_file(&name);
        assert_eq!(owner.must(&format!("take_name {name}")), "false");
    }
}

fn shared(share: Share) -> Permissions {
    Permissions::owner_only().everyone(share)
}

#[test]
fn a_reader_forges_and_blocks_no_claim() {
    as_users("a_reader_forges_and_blocks_no_claim", "claims_of_readers");
}

fn claims_of_readers(_arguments: &[String]) {
    sandbox::own_shm();
    // Shared for reading, and private with a description for reading handed out.
    for permissions in [shared(Share::ReadOnly), Permissions::owner_only()] {
        let object = unique_global_name("claims");
        let options = CreateOptions::new(4096).permissions(permissions);
        let region = Region::create(&object, &options).expect("a free name");
        let lock = SharedMutex::create(&view_of(&region), 0, &0_u64).expect("zeros");
        // What must be had: a claim of one's own, and the news that another owner is dead.
        let mut owner = Start::role("lock_owner").argument(&object).start();
        owner.expect("locked");
        let mut attacker = reader_of_all(&object);
        assert!(lock.try_lock().expect("whole").is_none(), "its owner lives");
        owner.kill();
        // What the dead one had locked is free now.
        attacker.does("lock_all 0 r");
        let guard = lock.lock_timeout(PATIENCE).expect("whole").expect("the owner is dead");
        assert!(guard.abandoned());
        drop(guard);
        if file_of(&object).is_dir() {
            // And a claim for a newcomer.
            let mut owner = Start::role("lock_owner").argument(&object).start();
            owner.expect("locked");
        }
        drop(attacker);
    }
}

/// A reader that has locked all that it can, of all that it can open.
fn reader_of_all(object: &samemap::ObjectName) -> Attacker {
    let path = file_of(object);
    if !path.is_dir() {
        let mut attacker = Attacker::given(NOBODY, &File::open(&path).expect("root may"));
        attacker.does("lock_all 0 r");
        return attacker;
    }
    let mut attacker = Attacker::start(NOBODY);
    for part in ["facts", "data"] {
        let part = attacker.opens("r", path.join(part).display());
        attacker.does(format!("lock_all {part} r"));
    }
    for how in ["r", "w", "rw"] {
        attacker.may_not(format!("open {how} {}", path.join("locks").display()));
    }
    attacker
}

fn lock_owner(arguments: &[String]) {
    let region = Region::open(&name(&arguments[0]), &OpenOptions::read_write()).expect("held");
    let lock = SharedMutex::<u64>::open(&view_of(&region), 0).expect("made");
    let guard = lock.lock_timeout(PATIENCE).expect("whole").expect("free");
    say("locked");
    hear();
    drop(guard);
}

#[test]
fn a_reader_keeps_no_dead_writers_seat() {
    as_users("a_reader_keeps_no_dead_writers_seat", "seats_of_readers");
}

fn seats_of_readers(_arguments: &[String]) {
    sandbox::own_shm();
    let object = unique_global_name("seats");
    let options = LatestOptions::new().permissions(shared(Share::ReadOnly));
    let mut writer = Start::role("latest_writer").argument(&object).start();
    writer.expect("writes");
    // Keeps the object, too.
    let _attacker = reader_of_all(&object);
    let busy = LatestWriter::<u64>::create(&object, &options).expect_err("there is one");
    assert!(busy.is(samemap::ErrorKind::Busy));
    writer.kill();
    let mut next = LatestWriter::<u64>::create(&object, &options).expect("free at once");
    next.write(&2).expect("ours");
}

fn latest_writer(arguments: &[String]) {
    let options = LatestOptions::new().permissions(shared(Share::ReadOnly));
    let mut writer = LatestWriter::<u64>::create(&name(&arguments[0]), &options).expect("free");
    writer.write(&1).expect("ours");
    say("writes");
    hear();
}
