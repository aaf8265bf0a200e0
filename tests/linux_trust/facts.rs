//! What an object is cannot be rewritten: not the facts, and not by what stands in the data.

use std::fs::File;
use std::path::{Path, PathBuf};

use samemap::ObjectName;

use super::attacker::{Attacker, hex};
use super::victims::{BOB, MARK, OF_PRIVATE, OF_SHARED, Pair, Precious, Victims};
use crate::support::linux::sandbox;
use crate::support::linux::shm::{
    FACTS_LEN, FORM_AT, KIND_AT, NAME_AT, NAME_LEN_AT, SYSTEM_NAME_AT, SYSTEM_NAME_LEN_AT, assert_no_file,
    unique_global_name,
};
use crate::support::linux::users::as_users;
use crate::support::linux::users::{ALICE, NOBODY, User};
use crate::support::part::Part;

pub const ROLES: [Part; 8] = [
    ("parts_of_a_shared_object", parts_of_a_shared_object),
    ("facts_in_data", facts_in_data),
    ("trailer_of_a_handed_object", trailer_of_a_handed_object),
    ("forged_names", forged_names),
    ("trailer_by_others", trailer_by_others),
    ("lead_astray", lead_astray),
    ("truncated", truncated),
    ("strange_directories", strange_directories),
];

/// Where the owner's process keeps it.
fn path_of(owner: &mut User, name: &ObjectName) -> PathBuf {
    PathBuf::from(format!("/dev/shm{}", owner.must(&format!("file {name}"))))
}

/// A page of data, and what would be the trailer behind it.
const PAGE: usize = 4096;

#[test]
fn what_an_object_is_made_of_is_its_owners_to_write_to() {
    as_users("what_an_object_is_made_of_is_its_owners_to_write_to", "parts_of_a_shared_object");
}

fn parts_of_a_shared_object(_arguments: &[String]) {
    sandbox::own_shm();
    let mut attacker = Attacker::start(NOBODY);
    for pair in OF_SHARED {
        for permissions in ["everyone-rw", "everyone-ro", "group-ro"] {
            let name = unique_global_name("parts");
            let mut owner = User::start(pair.owner);
            owner.must(&format!("create {name} {permissions}"));
            let whole = path_of(&mut owner, &name);
            let part = |part: &str| format!("{}/{part}", whole.display());
            owns_nothing_here(&mut attacker, &whole);
            let (reads, writes) = (permissions != "group-ro", permissions == "everyone-rw");
            for (how, what, may) in [
                ("r", "facts", reads),
                ("w", "facts", false),
                ("rw", "facts", false),
                ("r", "data", reads),
                ("rw", "data", writes),
                ("r", "locks", false),
                ("rw", "locks", false),
                ("w", "locks", writes),
            ] {
                let command = format!("open {how} {}", part(what));
                if may { _ = attacker.does(command) } else { attacker.may_not(command) }
            }
            owner.must("drop");
            assert_no_file(&name);
        }
    }
}

/// The places of a directory, and its own, are its owner's.
fn owns_nothing_here(attacker: &mut Attacker, whole: &Path) {
    let whole = whole.display();
    attacker.may_not(format!("create {whole}/more 666"));
    attacker.may_not(format!("rename {whole} /dev/shm/elsewhere"));
    for part in ["facts", "data", "locks"] {
        attacker.may_not(format!("unlink {whole}/{part}"));
        attacker.may_not(format!("rename {whole}/{part} /dev/shm/elsewhere"));
        attacker.may_not(format!("chmod {whole}/{part} 666"));
    }
    attacker.may_not(format!("chmod {whole} 777"));
}

#[test]
fn facts_that_peers_write_into_the_data_are_data() {
    as_users("facts_that_peers_write_into_the_data_are_data", "facts_in_data");
}

/// `leads.py`: the whole of what an object that leads to a file says of itself, wherever it might be looked for.
fn facts_in_data(_arguments: &[String]) {
    sandbox::own_shm();
    for pair in OF_SHARED {
        let mut victims = Victims::with_object(pair, unique_global_name("leads"), "everyone-rw");
        let whole = path_of(&mut victims.owner, &victims.name);
        let mut attacker = Attacker::start(NOBODY);
        let data = attacker.opens("rw", format!("{}/data", whole.display()));
        let locks = attacker.opens("w", format!("{}/locks", whole.display()));
        let forged = forged_facts(&whole, &victims.precious);
        for (file, at) in [(data, PAGE), (data, 2 * PAGE), (locks, 0), (locks, PAGE)] {
            attacker.does(format!("put {file} {at} {}", hex(&forged)));
            victims.assert_right();
        }
        // Over the data themselves: bytes, and no more.
        attacker.does(format!("put {data} 0 {}", hex(&forged)));
        attacker.does(format!("put {data} 0 {}", hex(&MARK.to_ne_bytes())));
        victims.assert_right();
        victims.owner.must("drop");
        assert_no_file(&victims.name);
    }
}

/// Facts of an object that leads to a file, with the record, made of the object's own.
fn forged_facts(whole: &Path, leads_to: &Precious) -> Vec<u8> {
    let mut bytes = std::fs::read(whole.join("facts")).expect("root may");
    bytes.resize(2048, 0);
    bytes[FORM_AT..][..4].copy_from_slice(&2_u32.to_le_bytes());
    bytes.extend(leads_to.record());
    bytes
}

// ---- an object in one file, which a peer was handed -----------------------------------------------------

/// An object in one file, and an attacker that was handed a description for writing.
fn handed(pair: Pair, object: ObjectName) -> (Victims, Attacker, Vec<u8>) {
    let mut victims = Victims::with_object(pair, object, "owner");
    victims.owner.must("hand_out");
    let path = path_of(&mut victims.owner, &victims.name);
    let file = File::options().read(true).write(true).open(&path).expect("root may");
    let attacker = Attacker::given(NOBODY, &file);
    let bytes = std::fs::read(path).expect("root may");
    (victims, attacker, bytes)
}

#[test]
fn no_byte_of_a_handed_objects_facts_leads_elsewhere() {
    as_users("no_byte_of_a_handed_objects_facts_leads_elsewhere", "trailer_of_a_handed_object");
}

fn trailer_of_a_handed_object(_arguments: &[String]) {
    sandbox::own_shm();
    for pair in OF_PRIVATE {
        let (mut victims, mut attacker, bytes) = handed(pair, unique_global_name("handed"));
        let fields = [NAME_AT, SYSTEM_NAME_AT].map(|at| at..at + 80);
        let each = (0..NAME_AT).chain(fields.into_iter().flatten()).chain([FACTS_LEN - 1]);
        for at in each {
            for value in [0, 1, 2, b'/', 0x7F, 0xFF, bytes[PAGE + at] ^ 1] {
                attacker.does(format!("put 0 {} {}", PAGE + at, hex(&[value])));
                victims.open();
            }
            attacker.does(format!("put 0 {} {}", PAGE + at, hex(&bytes[PAGE + at..][..1])));
        }
        // Any other kind or form, and a record.
        let record = [&[0; 8][..], &victims.precious.record()].concat();
        attacker.does(format!("put 0 {} {}", PAGE + 2048 - 8, hex(&record)));
        for (at, values) in [(KIND_AT, 2..=6_u32), (FORM_AT, 1..=3)] {
            for value in values {
                attacker.does(format!("put 0 {} {}", PAGE + at, hex(&value.to_le_bytes())));
                assert_eq!(victims.open().as_deref(), Some("Damaged"), "{at}: {value}");
            }
            attacker.does(format!("put 0 {} {}", PAGE + at, hex(&bytes[PAGE + at..][..4])));
        }
        victims.assert_right();
        victims.owner.must("drop");
        assert_no_file(&victims.name);
    }
}

#[test]
fn a_handed_objects_facts_make_it_no_other_name() {
    as_users("a_handed_objects_facts_make_it_no_other_name", "forged_names");
}

/// `hardlink.py` without the link: the facts say another name, and another length. What the owner does then works.
fn forged_names(_arguments: &[String]) {
    sandbox::own_shm();
    for pair in OF_PRIVATE {
        let (mut victims, mut attacker, bytes) = handed(pair, unique_global_name("renamed"));
        let never_made = unique_global_name("never-made");
        let system_name = format!("samemap.global.{}", never_made.rest());
        let text = never_made.to_string();
        for (at, value) in [
            (NAME_LEN_AT, &(text.len() as u32).to_le_bytes()[..]),
            (NAME_AT, text.as_bytes()),
            (SYSTEM_NAME_LEN_AT, &(system_name.len() as u32).to_le_bytes()),
            (SYSTEM_NAME_AT, system_name.as_bytes()),
        ] {
            attacker.does(format!("put 0 {} {}", PAGE + at, hex(value)));
            victims.open();
            assert_eq!(victims.open_as(&never_made, "rw").as_deref(), Some("NotFound"));
        }
        assert_eq!(victims.open().as_deref(), Some("Damaged"));
        victims.owner.must_fail(&format!("create {} owner", victims.name), "AlreadyExists");
        attacker.does(format!("put 0 {PAGE} {}", hex(&bytes[PAGE..][..FACTS_LEN])));
        victims.assert_right();
        // Shorter than it was made, and whole by its facts: no more than what is left is there to map.
        attacker.does(format!("truncate 0 {PAGE}"));
        assert_eq!(victims.open().as_deref(), Some("Damaged"));
        // What is left of it goes as any object does, whatever it says.
        victims.owner.kill();
        User::start(pair.owner).must(&format!("create {} owner", victims.name));
    }
}

#[test]
fn a_private_object_is_written_to_by_its_owner_alone() {
    as_users("a_private_object_is_written_to_by_its_owner_alone", "trailer_by_others");
}

/// With a description for reading, and with none.
fn trailer_by_others(_arguments: &[String]) {
    sandbox::own_shm();
    for pair in OF_PRIVATE {
        let mut victims = Victims::with_object(pair, unique_global_name("private"), "owner");
        let path = path_of(&mut victims.owner, &victims.name);
        let mut reader = Attacker::given(NOBODY, &File::open(&path).expect("root may"));
        let mut stranger = Attacker::start(NOBODY);
        for how in ["r", "w", "rw"] {
            stranger.may_not(format!("open {how} {}", path.display()));
        }
        reader.may_not("reopen rw 0");
        for command in ["put 0 4096 00", "truncate 0 0", "lock 0 w 4611686018427387904 1"] {
            assert!(!reader.tries(command).starts_with("ok"), "{command}");
        }
        for peer in [&mut reader, &mut stranger] {
            peer.may_not(format!("chmod {} 666", path.display()));
            peer.may_not(format!("unlink {}", path.display()));
            peer.may_not(format!("rename {} /dev/shm/elsewhere", path.display()));
        }
        victims.assert_right();
    }
}

// ---- an owner who is accepted ---------------------------------------------------------------------------

#[test]
fn an_accepted_owner_leads_nobody_to_files_of_their_own() {
    as_users("an_accepted_owner_leads_nobody_to_files_of_their_own", "lead_astray");
}

/// The owner of a region over a file writes any record it likes. Those who accept it open the file with their own
/// rights.
fn lead_astray(_arguments: &[String]) {
    sandbox::own_shm();
    let name = unique_global_name("astray");
    let own = Precious::at(Path::new("/dev/shm").join("shared-file"), ALICE);
    crate::support::linux::shm::set_mode(own.path(), 0o666);
    let precious = Precious::at(Path::new("/dev/shm").join("private-file"), BOB);
    let (mut alice, mut bob) = (User::start(ALICE), User::start(BOB));
    alice.must(&format!("create_over_file {name} {}", own.path().display()));
    let facts = format!("/dev/shm/samemap.global.{}/facts", name.rest());
    crate::support::linux::shm::set_mode(Path::new(&facts), 0o1644);
    bob.must(&format!("open {name} rw {ALICE}"));
    bob.must("drop");
    let mut attacker = Attacker::start(ALICE);
    let facts = attacker.opens("rw", &facts);
    attacker.does(format!("put {facts} 2048 {}", hex(&precious.record())));
    for access in ["ro", "cow", "rw"] {
        for trust in [ALICE.to_string().as_str(), "anyone"] {
            bob.must_fail(&format!("open {name} {access} {trust}"), "AccessDenied");
        }
    }
    // What everybody may read leads to nothing that is not everybody's.
    crate::support::linux::shm::set_mode(precious.path(), 0o644);
    bob.must(&format!("open {name} ro {ALICE}"));
    bob.must_fail(&format!("open {name} rw {ALICE}"), "AccessDenied");
    precious.assert_untouched();
}

// ---- what writers can do --------------------------------------------------------------------------------

#[test]
fn a_writer_that_truncates_the_data_is_an_error_and_no_signal() {
    as_users("a_writer_that_truncates_the_data_is_an_error_and_no_signal", "truncated");
}

fn truncated(_arguments: &[String]) {
    sandbox::own_shm();
    for pair in OF_SHARED {
        let mut victims = Victims::with_object(pair, unique_global_name("truncated"), "everyone-rw");
        let whole = path_of(&mut victims.owner, &victims.name);
        let mut attacker = Attacker::start(NOBODY);
        let data = attacker.opens("rw", format!("{}/data", whole.display()));
        // Growing it harms nobody, and is nobody's.
        attacker.does(format!("truncate {data} {}", 16 * PAGE));
        victims.assert_right();
        victims.owner.must_fail("map 0 4097", "OutOfRange");
        for len in [PAGE - 1, 100, 0] {
            attacker.does(format!("truncate {data} {len}"));
            assert_eq!(victims.open().as_deref(), Some("Damaged"));
            victims.owner.must_fail("map 0 4096", "OutOfRange");
        }
        victims.owner.must_fail(&format!("create {} owner", victims.name), "AlreadyExists");
        victims.owner.must("drop");
        assert_no_file(&victims.name);
    }
}

// ---- directories that no object is ------------------------------------------------------------------------

#[test]
fn a_directory_with_anything_else_in_place_of_facts_is_told_as_such() {
    as_users("a_directory_with_anything_else_in_place_of_facts_is_told_as_such", "strange_directories");
}

/// An attacker's directory on the name: whatever lies in it, nothing is followed, waited for, or removed.
fn strange_directories(_arguments: &[String]) {
    sandbox::own_shm();
    let (mut bob, mut root) = (User::start(BOB), User::start(0));
    let precious = Precious::at(PathBuf::from("/dev/shm/precious"), BOB);
    let lays: [fn(&Path, &Path); 6] = [
        |_, _| (),
        |at, precious| std::os::unix::fs::symlink(precious, at).expect("a free name"),
        |at, _| std::os::unix::fs::symlink("facts", at).expect("a free name"),
        |at, _| std::fs::create_dir(at).expect("a free name"),
        |at, _| drop(std::os::unix::net::UnixListener::bind(at).expect("a free name")),
        |at, _| {
            let path = std::ffi::CString::new(at.to_str().expect("text")).expect("no NUL");
            // SAFETY: a path that ends in NUL.
            assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o666) }, 0);
        },
    ];
    for lay in lays {
        let name = unique_global_name("strange");
        let whole = crate::support::linux::shm::file_of(&name);
        std::fs::create_dir(&whole).expect("a free name");
        lay(&whole.join("facts"), precious.path());
        for path in [&whole.join("facts"), &whole] {
            if path.symlink_metadata().is_ok() {
                std::os::unix::fs::lchown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
            }
        }
        for user in [&mut bob, &mut root] {
            for command in ["open {} rw own", "open {} ro anyone", "create {} owner", "create_or_open {} own"]
            {
                let answer = user.ask(&command.replace("{}", &name.to_string()));
                let told = ["error KindMismatch", "error AccessDenied"];
                assert!(told.iter().any(|it| answer.starts_with(it)), "{command}: {answer}");
            }
            user.must("sweep");
        }
        assert!(whole.is_dir(), "it was removed");
        std::fs::remove_dir_all(whole).expect("root may");
    }
    precious.assert_untouched();
}
