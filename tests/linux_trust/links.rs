//! A name is bound to its object by the owner, not by links.

use std::fs::hard_link;
use std::path::{Path, PathBuf};

use samemap::catalog;

use super::attacker::{Attacker, hex};
use super::victims::{MARK, OF_PRIVATE, OF_SHARED, Victims};
use crate::support::linux::child::{Start, play_sandboxed};
use crate::support::linux::sandbox;
use crate::support::linux::shm::{
    NAME_AT, NAME_LEN_AT, SYSTEM_NAME_AT, SYSTEM_NAME_LEN_AT, assert_no_file, file_of, unique_global_name,
};
use crate::support::linux::users::as_users;
use crate::support::linux::users::{ALICE, NOBODY, User};
use crate::support::part::Part;

pub const ROLES: [Part; 7] = [
    ("links_of_attackers", links_of_attackers),
    ("spare_links", spare_links),
    ("put_back", put_back),
    ("handed_and_linked", handed_and_linked),
    ("parts_elsewhere", parts_elsewhere),
    ("taken_by_force", taken_by_force),
    ("swept_aside", swept_aside),
];

const LIFE_BYTE: u64 = 1 << 62;

fn shm(file: &str) -> PathBuf {
    Path::new("/dev/shm").join(file)
}

#[test]
fn what_an_attacker_can_link_answers_under_no_other_name() {
    as_users("what_an_attacker_can_link_answers_under_no_other_name", "links_of_attackers");
}

/// `hardlink.py`, with the links that the attacker may make itself here, whatever the setting is.
fn links_of_attackers(_arguments: &[String]) {
    sandbox::own_shm();
    for pair in OF_SHARED {
        let mut victims = Victims::with_object(pair, unique_global_name("linked"), "everyone-rw");
        let mut attacker = Attacker::start(NOBODY);
        let never_made = unique_global_name("never-made");
        let whole = file_of(&victims.name);
        let data = attacker.opens("rw", whole.join("data").display());
        let facts = std::fs::read(whole.join("facts")).expect("root may");
        // All that facts say, with the other name, where a file of this length has them.
        attacker.does(format!("put {data} 4096 {}", hex(&renamed(&facts, &never_made))));
        attacker.does(format!("truncate {data} 8192"));
        let mut linked = 0;
        for part in ["", "facts", "data", "locks"] {
            let (from, to) = (whole.join(part), file_of(&never_made));
            if attacker.tries(format!("link {} {}", from.display(), to.display())).starts_with("ok") {
                linked += 1;
                assert!(victims.open_as(&never_made, "rw").is_some(), "{part} was taken for another object");
                std::fs::remove_file(&to).expect("root may");
            }
            assert!(victims.open_as(&never_made, "rw").as_deref() == Some("NotFound"));
        }
        let protected = std::fs::read_to_string("/proc/sys/fs/protected_hardlinks").expect("Linux");
        assert!(linked == 1 || protected.trim() == "0", "what may be written to can be linked: {linked}");
        victims.assert_right();
    }
}

fn renamed(facts: &[u8], name: &samemap::ObjectName) -> Vec<u8> {
    let mut facts = facts.to_vec();
    let (text, system_name) = (name.to_string(), format!("samemap.global.{}", name.rest()));
    for (len_at, at, text) in
        [(NAME_LEN_AT, NAME_AT, text), (SYSTEM_NAME_LEN_AT, SYSTEM_NAME_AT, system_name)]
    {
        facts[len_at..len_at + 4].copy_from_slice(&(text.len() as u32).to_le_bytes());
        facts[at..at + text.len()].copy_from_slice(text.as_bytes());
    }
    facts
}

#[test]
fn a_spare_link_is_no_object_and_its_owner_clears_it_away() {
    as_users("a_spare_link_is_no_object_and_its_owner_clears_it_away", "spare_links");
}

fn spare_links(_arguments: &[String]) {
    sandbox::own_shm();
    for pair in OF_PRIVATE {
        let mut victims = Victims::with_object(pair, unique_global_name("spare"), "owner");
        let other = unique_global_name("other");
        lay(&victims, &other);
        assert_eq!(victims.open_as(&other, "rw").as_deref(), Some("KindMismatch"));
        victims.assert_right();
        // Another user cannot remove it, and is told.
        User::start(NOBODY).must_fail(&format!("create {other} owner"), "AlreadyExists");
        // Its owner can, by a creation, by a sweep, or by force; and only the link goes.
        let mut again = User::start(pair.owner);
        again.must(&format!("create {other} owner"));
        again.must("drop");
        assert_no_file(&other);
        victims.assert_right();
        lay(&victims, &other);
        again.must("sweep");
        assert_no_file(&other);
        victims.assert_right();
        lay(&victims, &other);
        again.must(&format!("take_name {other}"));
        assert_no_file(&other);
        victims.assert_right();
        victims.owner.must("drop");
        assert_no_file(&victims.name);
    }
}

fn lay(victims: &Victims, other: &samemap::ObjectName) {
    hard_link(file_of(&victims.name), file_of(other)).expect("root may");
}

#[test]
fn a_dead_object_is_not_brought_back_by_a_link() {
    as_users("a_dead_object_is_not_brought_back_by_a_link", "put_back");
}

/// A link that was made while it lived, put back at the right name, and locked as a holder would.
fn put_back(_arguments: &[String]) {
    sandbox::own_shm();
    for pair in OF_PRIVATE {
        for handed in [false, true] {
            let mut victims = Victims::with_object(pair, unique_global_name("back"), "owner");
            if handed {
                victims.owner.must("hand_out");
            }
            let (path, kept) = (file_of(&victims.name), shm("kept"));
            let file = std::fs::File::options().read(true).write(true).open(&path).expect("root may");
            let mut attacker = Attacker::given(NOBODY, &file);
            drop(file);
            hard_link(&path, &kept).expect("root may");
            victims.owner.must("drop");
            assert_no_file(&victims.name);
            attacker.does(format!("lock 0 r {LIFE_BYTE} 1"));
            let put_back = || hard_link(&kept, &path).expect("root may");
            put_back();
            assert_eq!(victims.open().as_deref(), Some("NotFound"), "{pair:?} {handed}");
            // It may be in the way of those who may not remove it, and of nobody else.
            User::start(NOBODY).must_fail(&format!("create {} owner", victims.name), "AlreadyExists");
            victims.owner.must(&format!("create {} owner", victims.name));
            victims.owner.must(&format!("write {MARK}"));
            victims.assert_right();
            victims.owner.must("drop");
            assert_no_file(&victims.name);
            put_back();
            assert!(catalog::reclaim().is_ok());
            assert_no_file(&victims.name);
            std::fs::remove_file(kept).expect("root may");
        }
    }
}

#[test]
fn a_handed_object_with_a_second_link_is_refused() {
    as_users("a_handed_object_with_a_second_link_is_refused", "handed_and_linked");
}

/// A peer that may write to the facts and can make links: the facts are right for either name, one after the other.
fn handed_and_linked(_arguments: &[String]) {
    sandbox::own_shm();
    for pair in OF_PRIVATE {
        let mut victims = Victims::with_object(pair, unique_global_name("handed"), "owner");
        victims.owner.must("hand_out");
        let path = file_of(&victims.name);
        let file = std::fs::File::options().read(true).write(true).open(&path).expect("root may");
        let bytes = std::fs::read(&path).expect("root may");
        let mut attacker = Attacker::given(NOBODY, &file);
        let never_made = unique_global_name("never-made");
        hard_link(&path, file_of(&never_made)).expect("root may");
        for facts in [bytes[4096..].to_vec(), renamed(&bytes[4096..], &never_made)] {
            attacker.does(format!("put 0 4096 {}", hex(&facts[..1280])));
            assert_eq!(victims.open_as(&never_made, "rw").as_deref(), Some("Damaged"));
            assert_eq!(victims.open().as_deref(), Some("Damaged"));
        }
        // Once the link is gone, all is well.
        std::fs::remove_file(file_of(&never_made)).expect("root may");
        attacker.does(format!("put 0 4096 {}", hex(&bytes[4096..][..1280])));
        victims.assert_right();
        // It is in nobody's way for longer than it is held.
        hard_link(&path, file_of(&never_made)).expect("root may");
        victims.owner.kill();
        let mut again = User::start(pair.owner);
        for name in [&victims.name, &never_made] {
            again.must(&format!("create {name} owner"));
            again.must("drop");
            assert_no_file(name);
        }
    }
}

#[test]
fn parts_of_a_directory_are_nothing_elsewhere() {
    as_users("parts_of_a_directory_are_nothing_elsewhere", "parts_elsewhere");
}

/// Links of its files at names of objects, and at the names of what is unfinished and what is removed.
fn parts_elsewhere(_arguments: &[String]) {
    sandbox::own_shm();
    for pair in OF_SHARED {
        let mut victims = Victims::with_object(pair, unique_global_name("whole"), "everyone-rw");
        let whole = file_of(&victims.name);
        for part in ["facts", "data", "locks"] {
            let never_made = unique_global_name("never-made");
            hard_link(whole.join(part), file_of(&never_made)).expect("root may");
            assert_eq!(victims.open_as(&never_made, "rw").as_deref(), Some("KindMismatch"), "{part}");
            for prefix in ["samemap.new.1.", "samemap.gone.1."] {
                hard_link(whole.join(part), shm(&format!("{prefix}{part}"))).expect("root may");
            }
            victims.owner.must("sweep");
            catalog::reclaim().expect("a sweep works");
            victims.assert_right();
            std::fs::remove_file(file_of(&never_made)).expect("root may");
        }
        // A directory of the attacker's, which holds them, or links to the true one.
        let never_made = unique_global_name("never-made");
        let forged = file_of(&never_made);
        std::fs::create_dir(&forged).expect("a free name");
        std::os::unix::fs::chown(&forged, Some(NOBODY), Some(NOBODY)).expect("root may");
        for part in ["facts", "data", "locks"] {
            hard_link(whole.join(part), forged.join(part)).expect("root may");
        }
        assert!(matches!(victims.open_as(&never_made, "rw").as_deref(), Some("KindMismatch")));
        User::start(ALICE).must_fail(&format!("open {never_made} rw anyone"), "KindMismatch");
        std::fs::remove_dir_all(&forged).expect("root may");
        std::os::unix::fs::symlink(&whole, &forged).expect("a free name");
        assert_eq!(victims.open_as(&never_made, "rw").as_deref(), Some("KindMismatch"));
        victims.assert_right();
        std::fs::remove_file(&forged).expect("root may");
        victims.owner.must("drop");
        assert_no_file(&victims.name);
        // The facts were held until now, under every name.
        catalog::reclaim().expect("a sweep works");
        let left =
            std::fs::read_dir("/dev/shm").expect("it is there").map(|entry| entry.expect("one").file_name());
        let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("samemap.")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn a_name_that_was_taken_by_force_stays_taken() {
    as_users("a_name_that_was_taken_by_force_stays_taken", "taken_by_force");
}

/// The object lives on without its name. A link that was made before brings it back under none.
fn taken_by_force(_arguments: &[String]) {
    sandbox::own_shm();
    for pair in OF_PRIVATE {
        for handed in [false, true] {
            let mut victims = Victims::with_object(pair, unique_global_name("taken"), "owner");
            if handed {
                victims.owner.must("hand_out");
            }
            let (path, never_made) = (file_of(&victims.name), unique_global_name("never-made"));
            let bytes = std::fs::read(&path).expect("root may");
            let file = std::fs::File::options().read(true).write(true).open(&path).expect("root may");
            let mut attacker = Attacker::given(NOBODY, &file);
            hard_link(&path, file_of(&never_made)).expect("root may");
            victims.opener.must(&format!("take_name {}", victims.name));
            assert_no_file(&victims.name);
            if handed {
                attacker.does(format!("put 0 4096 {}", hex(&renamed(&bytes[4096..][..1280], &never_made))));
            } else {
                std::fs::rename(file_of(&never_made), &path).expect("root may");
            }
            for name in [victims.name.clone(), never_made] {
                assert_eq!(victims.open_as(&name, "rw").as_deref(), Some("NotFound"), "{pair:?} {handed}");
                User::start(pair.owner).must(&format!("create {name} owner"));
            }
            assert_eq!(victims.owner.must("read"), MARK.to_string(), "its holder keeps the memory");
        }
    }
}

#[test]
fn a_sweep_believes_no_name_in_a_strangers_file() {
    for (number, _) in STRANGE_NAMES.iter().enumerate() {
        let test = "a_sweep_believes_no_name_in_a_strangers_file";
        play_sandboxed(test, Start::role("swept_aside").argument(number));
    }
}

/// What a sweeper's own process would trip over, and where it would be led.
const STRANGE_NAMES: [&str; 3] =
    ["samemap.\0", "../../mnt/samemap.mine", "samemap.x/../../../mnt/samemap.mine"];

/// What is unfinished, and loses its temporary name under the sweep: it would look for the name in the facts.
fn swept_aside(arguments: &[String]) {
    sandbox::own_shm();
    sandbox::mount_tmpfs(c"/mnt", c"mode=755");
    let name = unique_global_name("aside");
    // A dead object elsewhere, right by its own words.
    let mut bytes = crate::support::linux::shm::object_bytes(&name, 4096);
    let says = STRANGE_NAMES[arguments[0].parse::<usize>().expect("a number")];
    bytes[4096 + SYSTEM_NAME_LEN_AT..][..4].copy_from_slice(&(says.len() as u32).to_le_bytes());
    bytes[4096 + SYSTEM_NAME_AT..][..says.len()].copy_from_slice(says.as_bytes());
    for path in ["/mnt/samemap.mine", "/dev/shm/samemap.new.1.0"] {
        crate::support::linux::shm::write_marked(Path::new(path), &bytes);
    }
    samemap_platform::internal::testing::at_stop_points(|point| {
        if point == "sweep: opened" {
            let _ = std::fs::rename("/dev/shm/samemap.new.1.0", "/dev/shm/samemap.new.1.1");
        }
    });
    catalog::reclaim().expect("a sweep works");
    assert!(Path::new("/mnt/samemap.mine").exists(), "it was removed");
}
