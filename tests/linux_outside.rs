//! What other programs do to an object from outside, with the tools that the system gives everybody: `rm`, holes, files that
//! grow, directories that are swapped in, and Python's own shared memory.

#![cfg(target_os = "linux")]

mod support;

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use samemap::regions::FileOptions;
use samemap::{
    Access, CreateOptions, Disposition, ErrorKind, ObjectName, OpenOptions, Permissions, Region, Share,
};
use support::linux::child::{Start, play, play_sandboxed};
use support::linux::forked::fork;
use support::linux::sandbox;
use support::linux::shm::{
    assert_nothing_left, data_file_of, file_of, id_of, kind_of, system_name, unique_name, view_of,
};

const SIZE: u64 = 256 << 10;

fn private() -> CreateOptions {
    CreateOptions::new(SIZE)
}

fn shared() -> CreateOptions {
    private().permissions(Permissions::owner_only().everyone(Share::ReadWrite))
}

// ---- a name that goes ---------------------------------------------------------------------------------

/// By hand, or by systemd-logind, whose RemoveIPC= does the same when a user's last session ends.
#[test]
fn a_name_that_is_removed_under_its_holder_is_told_to_those_that_ask() {
    for (options, arguments) in [(private(), ["-f"]), (shared(), ["-rf"])] {
        let name = unique_name("removed");
        let first = Region::create(&name, &options).expect("a free name");
        view_of(&first).put(0, &1_u64).expect("in range");
        assert!(first.has_its_name());
        let removed = Command::new("rm").args(arguments).arg(file_of(&name)).status().expect("rm runs");
        assert!(removed.success() && !first.has_its_name());
        assert_eq!(kind_of(Region::open(&name, &OpenOptions::read_only())), Some(ErrorKind::NotFound));
        // A second world under the same name; the first one's memory is as it was.
        let (second, disposition) = Region::create_or_open(&name, &options).expect("a free name");
        assert_eq!((disposition, id_of(&second), id_of(&first)), (Disposition::Created, 0, 1));
        assert!(second.has_its_name() && !first.has_its_name());
        // The last holder of what lost its name leaves the name's new object alone.
        drop(first);
        assert!(second.has_its_name());
        drop(second);
        assert_nothing_left(&name);
    }
}

// ---- memory that goes ---------------------------------------------------------------------------------

#[test]
fn a_hole_reads_as_zeros_or_is_a_signal_where_no_memory_is_left() {
    play_sandboxed("a_hole_reads_as_zeros_or_is_a_signal_where_no_memory_is_left", Start::role("holes"));
}

fn holes(_arguments: &[String]) {
    sandbox::mount_tmpfs(c"/dev/shm", c"size=1m,mode=1777");
    for options in [private(), shared()] {
        for make_hole in [punch as fn(&Path), cut_and_grow] {
            let name = unique_name("hole");
            let region = Region::create(&name, &options).expect("room for it");
            let view = region.view(.., Access::ReadWrite).expect("all of it");
            view.fill(0, view.len(), 0xFF).expect("in range");
            make_hole(&data_file_of(&name));
            let read = || view.get::<u64>(0).expect("in range");
            fork(|| assert_eq!(read(), 0)).finish();
            make_hole(&data_file_of(&name));
            let rest = fill("/dev/shm/rest");
            assert_eq!(fork(|| assert_ne!(read(), 1)).wait(), Some(libc::SIGBUS));
            drop((view, region, rest));
            std::fs::remove_file("/dev/shm/rest").expect("it is there");
            assert_nothing_left(&name);
        }
    }
}

/// Takes a page's memory away from the data.
fn punch(data: &Path) {
    let file = File::options().write(true).open(data).expect("ours");
    let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
    // SAFETY: a descriptor and numbers.
    assert_eq!(unsafe { libc::fallocate(file.as_raw_fd(), mode, 0, 64 << 10) }, 0);
}

/// The same by length alone: what it grows by is a hole.
fn cut_and_grow(data: &Path) {
    let file = File::options().write(true).open(data).expect("ours");
    let len = file.metadata().expect("it is open").len();
    file.set_len(0).expect("ours");
    file.set_len(len).expect("ours");
}

/// Takes all that is left.
fn fill(path: &str) -> File {
    let mut file = File::create(path).expect("a free name");
    while std::io::Write::write(&mut file, &[1; 4096]).is_ok() {}
    file
}

/// Growing takes nothing from those that have it mapped, and what is longer than its owner made it keeps its facts only
/// where they lie apart.
#[test]
fn an_object_that_somebody_made_longer_is_opened_or_refused() {
    for (options, opened) in [(private(), Some(false)), (shared(), None)] {
        let name = unique_name("longer");
        let region = Region::create(&name, &options).expect("a free name");
        view_of(&region).put(0, &7_u64).expect("in range");
        let file = File::options().write(true).open(data_file_of(&name)).expect("ours");
        let len = file.metadata().expect("it is open").len();
        file.set_len(len + 8192).expect("ours");
        assert_eq!(id_of(&region), 7);
        let answer = kind_of(Region::open(&name, &OpenOptions::read_only()));
        let mismatch = matches!(answer, Some(ErrorKind::KindMismatch { .. }));
        assert_eq!(mismatch.then_some(false), opened, "{answer:?}");
        file.set_len(len).expect("ours");
        drop((file, region));
        assert_nothing_left(&name);
    }
}

// ---- what is swapped in -------------------------------------------------------------------------------

#[test]
fn a_directory_that_is_swapped_in_is_of_another_kind() {
    play_sandboxed("a_directory_that_is_swapped_in_is_of_another_kind", Start::role("swaps"));
}

fn swaps(_arguments: &[String]) {
    sandbox::own_shm();
    let name = unique_name("swapped");
    let (at, beside) = (file_of(&name), Path::new("/dev/shm/beside"));
    std::fs::create_dir(beside).expect("a free name");
    std::fs::write(&at, "plain").expect("a free name");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                exchange(&at, beside);
            }
        });
        let mistaken = (0..1_000).find_map(|_| not_of_another_kind(&name));
        over.store(true, Ordering::Relaxed);
        assert_eq!(mistaken, None);
    });
}

/// What a call says in place of that.
fn not_of_another_kind(name: &ObjectName) -> Option<String> {
    let answers = [
        Region::open(name, &OpenOptions::read_only()),
        Region::open(name, &OpenOptions::read_write()),
        Region::create(name, &CreateOptions::new(4096)),
        Region::create_or_open(name, &CreateOptions::new(4096)).map(|made| made.0),
    ];
    answers.into_iter().find_map(|answer| match answer {
        Ok(_) => Some("it was opened".to_owned()),
        Err(error) if matches!(error.kind(), ErrorKind::KindMismatch { .. }) => None,
        Err(error) => Some(format!("{:?}: {error}", error.kind())),
    })
}

fn exchange(one: &Path, other: &Path) {
    let [one, other] = [one, other].map(|path| {
        std::ffi::CString::new(path.as_os_str().as_encoded_bytes()).expect("a path holds no NUL")
    });
    // SAFETY: texts that end in NUL, and numbers.
    let answer = unsafe {
        let here = libc::AT_FDCWD;
        libc::syscall(libc::SYS_renameat2, here, one.as_ptr(), here, other.as_ptr(), libc::RENAME_EXCHANGE)
    };
    assert_eq!(answer, 0, "{}", std::io::Error::last_os_error());
}

/// Only its owner can do that to the parts of a shared object; no opener takes a part for what it is not.
#[test]
fn parts_that_are_swapped_make_an_object_damaged() {
    for part in ["data", "locks"] {
        for strange in ["a directory", "nothing", "a socket", "a link"] {
            let name = unique_name("parts");
            let region = Region::create(&name, &shared()).expect("a free name");
            let (at, kept) = (file_of(&name).join(part), file_of(&name).join("kept"));
            std::fs::rename(&at, &kept).expect("ours");
            match strange {
                "a directory" => std::fs::create_dir(&at).expect("a free name"),
                "a socket" => drop(std::os::unix::net::UnixListener::bind(&at).expect("a free name")),
                "a link" => std::os::unix::fs::symlink("kept", &at).expect("a free name"),
                _ => {}
            }
            let answer = kind_of(Region::open(&name, &OpenOptions::read_write()));
            assert_eq!(answer, Some(ErrorKind::Damaged), "{part} is {strange}");
            let _ = std::fs::remove_dir(&at).or_else(|_| std::fs::remove_file(&at));
            std::fs::rename(&kept, &at).expect("ours");
            drop(region);
            assert_nothing_left(&name);
        }
    }
}

// ---- Python -------------------------------------------------------------------------------------------

fn python_or_aside(test: &str) -> bool {
    let there = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        support::lacks(test, "needs python3");
    }
    there
}

#[track_caller]
fn python(program: &str, argument: &str) -> String {
    let answer = Command::new("python3").args(["-c", program, argument]).output().expect("python3 runs");
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    String::from_utf8(answer.stdout).expect("UTF-8").trim_end().to_owned()
}

/// bpo-38119: whatever attached is taken for the owner, until 3.13's `track=False`.
#[test]
fn python_that_only_attaches_deletes_the_name_unless_it_is_told_not_to() {
    let test = "python_that_only_attaches_deletes_the_name_unless_it_is_told_not_to";
    if !python_or_aside(test) {
        return;
    }
    let attach = r"
import sys
from multiprocessing import shared_memory
new = sys.version_info >= (3, 13)
memory = shared_memory.SharedMemory(name=sys.argv[1], **({'track': False} if new else {}))
print(new, memory.buf[0])
memory.close()
";
    let name = unique_name("attached");
    let region = Region::create(&name, &private()).expect("a free name");
    view_of(&region).put(0, &7_u8).expect("in range");
    match &*python(attach, &system_name(&name)) {
        "True 7" => assert!(region.has_its_name()),
        "False 7" => assert!(!region.has_its_name(), "an old Python removes it at exit"),
        other => panic!("{other}"),
    }
    assert_eq!(view_of(&region).get::<u8>(0).expect("in range"), 7);
    drop(region);
    assert_nothing_left(&name);
}

#[test]
fn a_mapping_of_the_whole_file_shows_a_page_behind_the_data() {
    if !python_or_aside("a_mapping_of_the_whole_file_shows_a_page_behind_the_data") {
        return;
    }
    let whole = "
import mmap, sys
with open(sys.argv[1], 'r+b') as file:
    print(len(mmap.mmap(file.fileno(), 0)))
";
    for (options, behind) in [(private(), 4096), (shared(), 0)] {
        let name = unique_name("whole");
        let region = Region::create(&name, &options).expect("a free name");
        let path = data_file_of(&name).display().to_string();
        assert_eq!(python(whole, &path), (region.len() + behind).to_string());
    }
}

#[test]
fn memory_that_a_python_program_made_is_opened_as_a_file() {
    if !python_or_aside("memory_that_a_python_program_made_is_opened_as_a_file") {
        return;
    }
    let make = r"
import sys
from multiprocessing import resource_tracker, shared_memory
memory = shared_memory.SharedMemory(name=sys.argv[1], create=True, size=8192)
memory.buf[0] = 42
# It is to outlive this program.
resource_tracker.unregister('/' + sys.argv[1], 'shared_memory')
memory.close()
";
    let text = unique_name("made-by-python");
    let file = format!("test-python-{}", text.rest());
    python(make, &file);
    let path = format!("/dev/shm/{file}");
    let region = Region::over_file(&*path, &FileOptions::read_write()).expect("a file");
    assert_eq!(view_of(&region).get::<u8>(0).expect("in range"), 42);
    std::fs::remove_file(path).expect("it is there");
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    play(&[("holes", holes), ("swaps", swaps)]);
}
