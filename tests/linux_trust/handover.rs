//! What comes by handle, or by the environment, proves what it is.

use std::fs::File;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use samemap::regions::Courier;
use samemap::{CreateOptions, Error, ErrorKind, ObjectName, Permissions, Region, Share, Trust};

use super::victims::{BOB, Precious, ROOT};
use crate::support::files::TestFile;
use crate::support::linux::child::{Start, binary, say};
use crate::support::linux::raw::{memfd, message, send_raw};
use crate::support::linux::sandbox;
use crate::support::linux::shm::{
    DATA_AT, FACTS_LEN, FORM_AT, LEN_AT, PRIVATE_MODE, file_of, set_mode, unique_global_name, unique_name,
    view_of, write_names,
};
use crate::support::linux::users::as_users;
use crate::support::part::Part;

pub const ROLES: [Part; 6] = [
    ("posing", posing),
    ("data_as_facts", data_as_facts),
    ("of_two_objects", of_two_objects),
    ("named_numbers", named_numbers),
    ("more_rights", more_rights),
    ("adopts", adopts),
];

const NAMED: u32 = 1;
const NAMED_FILE: u32 = 4;
const WRITES: u32 = 2;

/// What a courier makes of a message with these descriptors.
fn received(form: u32, fds: &[OwnedFd]) -> Result<Region, Error> {
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    send_raw(&ours, &message(form, WRITES, fds.len() as u32, 4096), fds);
    Courier::over(theirs).receive(&Trust::Anyone)
}

#[track_caller]
fn refused(form: u32, fds: &[OwnedFd], what: &str) {
    let error = received(form, fds).err().unwrap_or_else(|| panic!("taken for an object: {what}"));
    assert!(matches!(error.kind(), ErrorKind::KindMismatch { .. }), "{error:?}");
    assert!(error.to_string().contains(what), "{error} does not tell of {what:?}");
}

fn open(path: &Path) -> OwnedFd {
    File::options().read(true).write(true).open(path).expect("root may").into()
}

fn twice(fd: OwnedFd) -> [OwnedFd; 2] {
    [fd.try_clone().expect("a descriptor"), fd]
}

fn region(name: &ObjectName, shared: bool) -> Region {
    let owner = Permissions::owner_only();
    let permissions = if shared { owner.everyone(Share::ReadWrite) } else { owner };
    Region::create(name, &CreateOptions::new(4096).permissions(permissions)).expect("a free name")
}

#[test]
fn what_poses_as_a_named_region_is_refused() {
    as_users("what_poses_as_a_named_region_is_refused", "posing");
}

/// Files that are right in every byte, and lie where they prove nothing.
fn posing(_arguments: &[String]) {
    sandbox::own_shm();
    let name = unique_global_name("posing");
    let object = region(&name, false);
    let bytes = std::fs::read(file_of(&name)).expect("root may");
    let put = |fd: OwnedFd| {
        let file = File::from(fd);
        file.write_all_at(&bytes, 0).expect("room");
        // SAFETY: a descriptor of ours.
        assert_eq!(unsafe { libc::fchmod(file.as_raw_fd(), PRIVATE_MODE) }, 0);
        OwnedFd::from(file)
    };
    let (sealed, unsealed) = (libc::F_SEAL_SHRINK | libc::F_SEAL_GROW, 0);
    for seals in [sealed, unsealed] {
        refused(NAMED, &twice(put(memfd(bytes.len() as i64, seals))), "a file without a name");
    }
    let unlinked = Path::new("/dev/shm/unlinked");
    std::fs::write(unlinked, "").expect("a free name");
    let fd = put(open(unlinked));
    std::fs::remove_file(unlinked).expect("ours");
    refused(NAMED, &twice(fd), "a file without a name");
    let nameless = File::options().read(true).write(true).custom_flags(libc::O_TMPFILE).open("/dev/shm");
    refused(NAMED, &twice(put(nameless.expect("tmpfs can").into())), "a file without a name");
    let elsewhere = TestFile::with(&[]);
    refused(NAMED, &twice(put(open(elsewhere.path()))), "a file where no objects lie");
    let facts = put(open(elsewhere.path()));
    refused(NAMED, &[facts, open(&file_of(&name))], "a file where no objects lie");
    huge_pages();
    // The object itself, and then without its mark.
    assert!(received(NAMED, &twice(open(&file_of(&name)))).is_ok());
    for mode in [0o600, 0o1666, 0o1644, 0o1620] {
        set_mode(&file_of(&name), mode);
        refused(NAMED, &twice(open(&file_of(&name))), "a file without samemap's mark");
    }
    set_mode(&file_of(&name), 0o1710);
    refused(NAMED, &twice(open(&file_of(&name))), "a dead object");
    drop(object);
}

/// Where this machine has a file system of huge pages: it need not have any such page.
fn huge_pages() {
    std::fs::create_dir("/dev/shm/huge").expect("a free name");
    let (kind, target) = (c"hugetlbfs", c"/dev/shm/huge");
    // SAFETY: texts that end in NUL; this process has its mounts for itself.
    let mounted = unsafe { libc::mount(kind.as_ptr(), target.as_ptr(), kind.as_ptr(), 0, std::ptr::null()) };
    if mounted != 0 {
        return crate::support::step_aside(
            "what_poses_as_a_named_region_is_refused",
            "needs hugetlbfs, for one part",
        );
    }
    let path = Path::new("/dev/shm/huge/file");
    let made = File::options().read(true).write(true).create_new(true).open(path).expect("a free name");
    set_mode(path, PRIVATE_MODE);
    refused(NAMED, &twice(made.into()), "a file where no objects lie");
}

#[test]
fn data_do_not_pass_for_facts() {
    as_users("data_do_not_pass_for_facts", "data_as_facts");
}

/// A peer that was handed an object in one file writes facts where the data are, and says that they lie in a file of
/// their own: they would lead their owner to any file of the same owner's, which the peer need not be able to open.
fn data_as_facts(_arguments: &[String]) {
    sandbox::own_shm();
    let precious = Precious::at(PathBuf::from("/dev/shm/precious"), ROOT);
    let (name, said) = (unique_global_name("handed"), unique_global_name("said"));
    let handed = region(&name, false);
    let peers = File::from(handed.to_fd().expect("a descriptor"));
    let mut facts = [0; FACTS_LEN];
    peers.read_exact_at(&mut facts, 4096).expect("it is whole");
    let put = |at: usize, bytes: &[u8]| peers.write_all_at(bytes, at as u64).expect("handed for writing");
    let path_only = || {
        let opened = File::options().read(true).custom_flags(libc::O_PATH).open(precious.path());
        OwnedFd::from(opened.expect("a path leads there"))
    };
    let shared = File::options().read(true).write(true).open(precious.path()).expect("root may");
    for form in [1_u32, 2] {
        put(0, &facts);
        put(FORM_AT, &form.to_le_bytes());
        put(LEN_AT, &4096_u64.to_le_bytes());
        put(DATA_AT, &shared.metadata().expect("a file").ino().to_le_bytes());
        put(2048, &precious.record());
        write_names(&peers, 0, &said, &format!("samemap.global.{}", said.rest()));
        let data = [path_only(), shared.try_clone().expect("a descriptor").into()];
        for (data, sent) in data.into_iter().zip([NAMED, if form == 1 { NAMED } else { NAMED_FILE }]) {
            refused(sent, &[open(&file_of(&name)), data], "data in place of facts");
        }
    }
    // A private object, whose data its owner wrote, is no more than that either.
    let (name, said) = (unique_global_name("private"), unique_global_name("said"));
    let private = region(&name, false);
    view_of(&private).write(0, &facts).expect("in range");
    let file = File::options().write(true).open(file_of(&name)).expect("root may");
    file.write_all_at(&1_u32.to_le_bytes(), FORM_AT as u64).expect("ours");
    write_names(&file, 0, &said, &format!("samemap.global.{}", said.rest()));
    refused(NAMED, &[open(&file_of(&name)), path_only()], "data in place of facts");
    precious.assert_untouched();
}

#[test]
fn parts_of_two_objects_are_no_object() {
    as_users("parts_of_two_objects_are_no_object", "of_two_objects");
}

fn of_two_objects(_arguments: &[String]) {
    sandbox::own_shm();
    let names = ["one", "other"].map(unique_global_name);
    let regions = [region(&names[0], true), region(&names[1], true)];
    let part = |at: usize, part: &str| -> OwnedFd {
        let path = file_of(&names[at]).join(part);
        File::options().read(part != "locks").write(part != "facts").open(path).expect("root may").into()
    };
    view_of(&regions[0]).put(0, &1_u64).expect("in range");
    let whole = received(NAMED, &[part(0, "facts"), part(0, "data"), part(0, "locks")]).expect("whole");
    assert_eq!((whole.name(), view_of(&whole).get::<u64>(0).expect("in range")), (Some(&names[0]), 1));
    let of_another = "an object with the data of another";
    refused(NAMED, &[part(0, "facts"), part(1, "data")], of_another);
    refused(NAMED, &[part(0, "facts"), part(0, "data"), part(1, "locks")], of_another);
    refused(NAMED, &[part(0, "facts"), part(0, "locks")], of_another);
    refused(NAMED, &[part(0, "facts"), part(0, "data"), part(0, "data")], of_another);
    refused(NAMED, &[part(0, "data"), part(0, "facts")], "facts that others may write to");
    refused(NAMED, &[part(0, "locks"), part(0, "data")], "");
    // An object in one file, handed for writing, that says another name; with that name leading elsewhere, or nowhere.
    let private = unique_global_name("private");
    let handed = region(&private, false);
    let peers = File::from(handed.to_fd().expect("a descriptor"));
    for said in [&names[0], &unique_global_name("never-made")] {
        write_names(&peers, 4096, said, &format!("samemap.global.{}", said.rest()));
        refused(NAMED, &twice(open(&file_of(&private))), "an object whose name leads elsewhere");
    }
    // Another user's local name, in an object of this user.
    let local = unique_name("local");
    write_names(&peers, 4096, &local, &format!("samemap.{BOB}.{}", local.rest()));
    refused(NAMED, &twice(open(&file_of(&private))), "an object of another user's name");
}

// ---- the environment ------------------------------------------------------------------------------------

#[test]
fn the_environment_names_no_descriptor_that_nobody_offered() {
    Start::role("named_numbers").start().finish();
}

/// The standard streams, open files of the program's own, and what others inherit.
fn named_numbers(_arguments: &[String]) {
    let memory = memfd(4096, libc::F_SEAL_SHRINK | libc::F_SEAL_GROW);
    let number = memory.as_raw_fd();
    let stat = File::from(memory.try_clone().expect("a descriptor")).metadata().expect("memory");
    let adopt = |number: i32| {
        let text = format!("1:2:2:4096:{number}:{}:{}", stat.dev(), stat.ino());
        // SAFETY: no other thread of this process reads its environment now.
        unsafe { std::env::set_var("SAMEMAP_OFFER_it", text) };
        Region::adopt("it")
    };
    let kind = |number: i32| adopt(number).err().map(|error| error.kind().clone());
    // Closed on exec, so nobody passed it on.
    assert_eq!(kind(number), Some(ErrorKind::NotFound));
    // Passed on, by a program that knows nothing of offers.
    // SAFETY: a descriptor of ours.
    unsafe { libc::fcntl(number, libc::F_SETFD, 0) };
    assert_eq!(kind(number), Some(ErrorKind::NotFound));
    // SAFETY: as above.
    unsafe { libc::fcntl(number, libc::F_SETFL, libc::O_NONBLOCK) };
    for stream in 0..3 {
        // SAFETY: as above; the stream is put back before anything is said.
        let (kept, answer) = unsafe {
            let kept = OwnedFd::from_raw_fd(libc::fcntl(stream, libc::F_DUPFD_CLOEXEC, 10));
            assert_eq!(libc::dup2(number, stream), stream);
            let answer = kind(stream);
            let mut there: libc::stat = std::mem::zeroed();
            let open = libc::fstat(stream, &raw mut there) == 0 && there.st_ino == stat.ino();
            assert_eq!(libc::dup2(kept.as_raw_fd(), stream), stream);
            assert!(open, "the stream {stream} was closed");
            (kept, answer)
        };
        drop(kept);
        assert_eq!(answer, Some(ErrorKind::NotFound), "the stream {stream}");
    }
    // All that an offer has.
    assert_eq!(adopt(number).expect("an offer by hand").len(), 4096);
    std::mem::forget(memory);
}

#[test]
fn a_program_with_more_rights_does_not_believe_its_environment() {
    as_users("a_program_with_more_rights_does_not_believe_its_environment", "more_rights");
}

/// A set-user-id copy of this very program, on a file system that allows it.
fn more_rights(_arguments: &[String]) {
    const TEST: &str = "a_program_with_more_rights_does_not_believe_its_environment";
    sandbox::mount_tmpfs(c"/mnt", c"mode=755");
    let copy = Path::new("/mnt/program");
    std::fs::copy(binary(), copy).expect("room");
    for (mode, secure) in [(0o755, false), (0o4755, true)] {
        set_mode(copy, mode);
        let mut child = Start::copy(copy, "adopts").of_user(BOB).start();
        let (runs_secure, answer) = (child.hear(), child.hear());
        if runs_secure != secure.to_string() {
            return crate::support::lacks(TEST, "needs set-user-id programs");
        }
        assert_eq!(answer, if secure { "AccessDenied" } else { "NotFound" });
        child.finish();
    }
}

fn adopts(_arguments: &[String]) {
    // SAFETY: reads a number that the kernel left for this process; no other thread reads the environment now.
    let secure = unsafe {
        std::env::set_var("SAMEMAP_OFFER_it", "1:2:2:4096:5:1:1");
        libc::getauxval(libc::AT_SECURE) != 0
    };
    say(&secure.to_string());
    let error = Region::adopt("it").expect_err("nothing was offered");
    say(&format!("{:?}", error.kind()));
}
