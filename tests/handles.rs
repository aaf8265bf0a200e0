//! Sharing by handle (rule C18): regions that a child adopts, and regions that are sent to a process that runs.

#[cfg(target_os = "linux")]
#[path = "support/linux/mod.rs"]
mod linux;
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use samemap::{
    Access, Courier, CreateOptions, Error, ErrorKind, FileOptions, ObjectName, OpenOptions, Region,
    SharedRegion as _, Trust,
};
use support::{Program, assert_nothing_left, is_free, unique_name};

// ---- from a parent to a child -------------------------------------------------------------------------

#[test]
fn a_child_adopts_what_its_parent_offers() {
    let regions = Regions::new();
    let mut command = Part::Holder.command(&["memory", "named", "file", "named_file"]);
    let offers = [
        regions.memory.offer_to(&mut command, "memory", Access::ReadWrite).expect("offered"),
        regions.named.offer_to(&mut command, "named", Access::ReadWrite).expect("offered"),
        regions.file.offer_to(&mut command, "file", Access::ReadWrite).expect("offered"),
        regions.named_file.offer_to(&mut command, "named_file", Access::ReadOnly).expect("offered"),
    ];
    regions.write_numbers();
    let mut child = Program::start(command);
    child.wait_for_output("memory 4096 ReadWrite false None 1.");
    child.wait_for_output(&format!("named 4096 ReadWrite false {:?} 2.", Some(&regions.name)));
    child.wait_for_output("file 1000 ReadWrite true None 3.");
    child.wait_for_output(&format!("named_file 1000 ReadOnly true {:?} 4.", Some(&regions.file_name)));
    child.wait_for_output("ready");
    // The same bytes, in both directions.
    for (key, region) in [("memory", &regions.memory), ("named", &regions.named), ("file", &regions.file)] {
        child.type_in(&format!("set {key} 77\n"));
        child.wait_for_output(&format!("{key} is set to 77."));
        assert_eq!(byte_of(region), 77, "{key}");
        view_of(region).put(0, &78u8).expect("in range");
        child.type_in(&format!("get {key}\n"));
        child.wait_for_output(&format!("{key} holds 78."));
    }
    child.type_in("set named_file 1\n");
    child.wait_for_output("named_file cannot be set: AccessDenied.");
    drop(offers);
    child.end();
    regions.end();
}

#[test]
fn a_child_holds_in_its_own_right() {
    let text = unique_name("adopted");
    let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
    view_of(&region).put(0, &9u8).expect("in range");
    let mut command = Part::Holder.command(&["it"]);
    let offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
    let child = Program::start(command);
    child.wait_for_output("ready");
    drop((region, offer));
    // Held by the child alone.
    assert_eq!(byte_of(&open(&text).expect("the child holds it")), 9);
    child.kill();
    assert!(is_free(&text), "C16");
    assert_left_nothing(&text);
}

#[test]
fn an_adopter_that_ends_takes_nothing_from_its_parent() {
    let text = unique_name("adopter-ends");
    let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
    for killed in [false, true] {
        let mut command = Part::Holder.command(&["it"]);
        let _offer = region.offer_to(&mut command, "it", Access::ReadOnly).expect("offered");
        let child = Program::start(command);
        child.wait_for_output("ready");
        if killed {
            child.kill();
        } else {
            child.end();
        }
        assert!(open(&text).is_ok(), "killed: {killed}");
    }
    let same = region.clone();
    drop(region);
    assert!(open(&text).is_ok(), "a clone holds");
    drop(same);
    assert_nothing_left(&text);
}

#[test]
fn a_command_that_starts_several_children_offers_to_each() {
    let text = unique_name("several");
    let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
    let mut command = Part::Adder.command(&["it"]);
    let offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
    for _ in 0..3 {
        let output = command.output().expect("started");
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(byte_of(&region), 3);
    // A command that looks the same and carries nothing: the variable alone leads nowhere.
    let mut forged = Part::Holder.command(&["it"]);
    let value = command.get_envs().find(|(key, _)| *key == "SAMEMAP_OFFER_it").expect("carried").1;
    forged.env("SAMEMAP_OFFER_it", value.expect("set"));
    if cfg!(unix) {
        let forged = support::run(forged);
        assert!(forged.stdout.contains("it: NotFound it was offered to another process"), "{forged:#?}");
    }
    drop((region, offer, command));
    assert_nothing_left(&text);
}

#[test]
fn what_cannot_be_offered_or_adopted_is_said() {
    let region = Region::anonymous(&CreateOptions::new(1)).expect("memory");
    let mut command = Part::Holder.command(&[]);
    for key in ["", "Upper", "a b", "a=b", "x\0", "ä"] {
        assert_eq!(kind(region.offer_to(&mut command, key, Access::ReadOnly)), ErrorKind::InvalidArgument);
        assert_eq!(kind(Region::adopt(key)), ErrorKind::InvalidArgument);
    }
    let _offer = region.offer_to(&mut command, "twice", Access::ReadOnly).expect("offered");
    assert_eq!(kind(region.offer_to(&mut command, "twice", Access::ReadOnly)), ErrorKind::InvalidArgument);
    let file = TestFile::with(b"text");
    let reader = Region::over_file(file.path(), &FileOptions::read_only()).expect("a file");
    let more = reader.offer_to(&mut command, "more", Access::ReadWrite);
    assert_eq!(kind(more), ErrorKind::AccessDenied);
    assert_eq!(kind(Region::adopt("never_offered")), ErrorKind::NotFound);
}

#[test]
fn an_offer_is_adopted_once() {
    let region = Region::anonymous(&CreateOptions::new(1)).expect("memory");
    let mut command = Part::Holder.command(&["it", "it", "missing"]);
    let _offer = region.offer_to(&mut command, "it", Access::CopyOnWrite).expect("offered");
    let child = Program::start(command);
    child.wait_for_output("it 4096 CopyOnWrite");
    child.wait_for_output("it: NotFound it was adopted before");
    child.wait_for_output("missing: NotFound nothing was offered");
    child.wait_for_output("ready");
    child.end();
}

/// An adoption that fails takes nothing, and leaves the key.
#[test]
fn a_failed_adoption_can_be_tried_again() {
    let region = Region::anonymous(&CreateOptions::new(1)).expect("memory");
    let mut command = Part::Retrier.command(&["it"]);
    let _offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
    let child = Program::start(command);
    child.wait_for_output("failed: InvalidArgument");
    child.wait_for_output("failed: NotFound");
    child.wait_for_output("it 4096 ReadWrite false None 0.");
    child.wait_for_output("ready");
    child.end();
}

/// On Windows the child takes it out of a parent that has to keep it; on POSIX it has it from its start.
#[test]
fn an_offer_that_is_dropped_early_is_withdrawn_on_windows_alone() {
    let text = unique_name("withdrawn");
    let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
    let mut command = Part::Holder.command(&["wait", "it"]);
    let offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
    let mut child = Program::start(command);
    child.wait_for_output("waiting");
    drop((offer, region));
    assert_eq!(open(&text).is_ok(), cfg!(unix), "whether the child holds it before it adopts");
    child.type_in("go on\n");
    child.wait_for_output(if cfg!(unix) {
        "it 4096 ReadWrite"
    } else {
        "it: NotFound the offer was withdrawn"
    });
    child.wait_for_output("ready");
    child.end();
    assert_left_nothing(&text);
}

#[test]
fn a_child_that_never_adopts_leaves_nothing() {
    let text = unique_name("ignored");
    let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
    let mut command = Part::Holder.command(&[]);
    let offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
    let child = Program::start(command);
    child.wait_for_output("ready");
    child.kill();
    drop((region, offer));
    assert_nothing_left(&text);
}

// ---- to a process that runs ---------------------------------------------------------------------------

#[test]
fn a_running_process_receives_what_is_sent() {
    let regions = Regions::new();
    regions.write_numbers();
    let meeting = Meeting::new();
    let mut child = Program::start(Part::Receiver.command(&[meeting.place(), "4"]));
    let mut courier = meeting.courier_to(&child);
    courier.send(&regions.memory, Access::ReadWrite).expect("sent");
    courier.send(&regions.named, Access::ReadOnly).expect("sent");
    courier.send(&regions.file, Access::ReadOnly).expect("sent");
    courier.send(&regions.named_file, Access::ReadWrite).expect("sent");
    child.wait_for_output("0 4096 ReadWrite false None 1.");
    child.wait_for_output(&format!("1 4096 ReadOnly false {:?} 2.", Some(&regions.name)));
    child.wait_for_output("2 1000 ReadOnly true None 3.");
    child.wait_for_output(&format!("3 1000 ReadWrite true {:?} 4.", Some(&regions.file_name)));
    child.wait_for_output("ready");
    child.type_in("set 0 55\n");
    child.wait_for_output("0 is set to 55.");
    assert_eq!(byte_of(&regions.memory), 55);
    child.type_in("set 1 1\n");
    child.wait_for_output("1 cannot be set: AccessDenied.");
    child.type_in("flush 3\n");
    child.wait_for_output("3 is flushed.");
    child.end();
    regions.end();
}

#[test]
fn a_receiver_holds_in_its_own_right() {
    for killed in [false, true] {
        let text = unique_name("received");
        let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
        let meeting = Meeting::new();
        let child = Program::start(Part::Receiver.command(&[meeting.place(), "1"]));
        let mut courier = meeting.courier_to(&child);
        courier.send(&region, Access::ReadWrite).expect("sent");
        child.wait_for_output("ready");
        drop((region, courier));
        assert!(open(&text).is_ok(), "the receiver holds it");
        if killed {
            child.kill();
        } else {
            child.end();
        }
        assert!(is_free(&text), "C16");
        assert_left_nothing(&text);
    }
}

#[test]
fn what_was_sent_is_held_also_when_the_sender_ended_before_the_receipt() {
    for part in [Part::Sender, Part::KilledSender] {
        let text = unique_name("in-flight");
        let meeting = Meeting::new();
        let child = Program::start(part.command(&[meeting.place(), &text, &std::process::id().to_string()]));
        let mut courier = meeting.courier_from();
        child.wait_for_output("sent");
        match part {
            Part::Sender => drop(child.end()),
            _ => child.kill(),
        }
        assert!(!is_free(&text), "in flight it is held");
        let region = courier.receive(&Trust::default()).expect("received");
        assert_eq!((region.name(), byte_of(&region)), (Some(&name(&text)), 42));
        assert!(!is_free(&text));
        let memory = courier.receive(&Trust::default()).expect("received");
        assert_eq!((memory.name(), byte_of(&memory)), (None, 43));
        // The other side is gone, and nothing more was sent.
        assert_eq!(kind(courier.receive(&Trust::default())), ErrorKind::Os);
        drop(region);
        assert_left_nothing(&text);
    }
}

#[test]
fn a_sender_keeps_what_it_sent() {
    let text = unique_name("sender-keeps");
    let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
    let meeting = Meeting::new();
    let child = Program::start(Part::Receiver.command(&[meeting.place(), "1"]));
    let mut courier = meeting.courier_to(&child);
    courier.send(&region, Access::ReadWrite).expect("sent");
    child.wait_for_output("ready");
    child.end();
    assert!(open(&text).is_ok(), "the receiver's end unlocks nothing of ours");
    drop((region, courier));
    assert_left_nothing(&text);
}

#[test]
fn more_access_than_one_has_cannot_be_sent() {
    let file = TestFile::with(b"text");
    let reader = Region::over_file(file.path(), &FileOptions::read_only()).expect("a file");
    let meeting = Meeting::new();
    let child = Program::start(Part::Receiver.command(&[meeting.place(), "1"]));
    let mut courier = meeting.courier_to(&child);
    assert_eq!(kind(courier.send(&reader, Access::ReadWrite)), ErrorKind::AccessDenied);
    courier.send(&reader, Access::CopyOnWrite).expect("no more than reading");
    child.wait_for_output("0 4 CopyOnWrite true None 116.");
    child.end();
}

// ---- the system's own handles -------------------------------------------------------------------------

#[cfg(unix)]
#[test]
fn a_descriptor_carries_the_bytes_and_no_hold() {
    let text = unique_name("descriptor");
    let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
    view_of(&region).put(0, &5u8).expect("in range");
    let fd = region.to_fd().expect("a descriptor");
    let copy = fd.try_clone().expect("a descriptor");
    drop(region);
    assert_nothing_left(&text);
    let mut byte = [0];
    std::os::unix::fs::FileExt::read_exact_at(&fs::File::from(copy), &mut byte, 0).expect("open");
    assert_eq!(byte, [5]);
    // A dead object cannot be made a region of.
    assert_eq!(kind(Region::from_fd(fd, Access::ReadWrite)), ErrorKind::InvalidArgument);

    let memory = Region::anonymous(&CreateOptions::new(5000)).expect("memory");
    let same =
        Region::from_fd(memory.to_fd().expect("a descriptor"), Access::ReadWrite).expect("sealed memory");
    view_of(&same).put(8191, &6u8).expect("in range");
    assert_eq!(view_of(&memory).get::<u8>(8191).expect("in range"), 6);
    let reader = Region::from_fd(memory.to_fd().expect("a descriptor"), Access::ReadOnly).expect("less");
    assert_eq!(kind(reader.view(.., Access::ReadWrite)), ErrorKind::AccessDenied);
    let fd = reader.to_fd().expect("a descriptor");
    assert_eq!(kind(Region::from_fd(fd, Access::ReadWrite)), ErrorKind::AccessDenied);
}

#[cfg(windows)]
#[test]
fn a_handle_carries_the_bytes_and_a_hold() {
    use std::os::windows::io::AsHandle as _;
    let text = unique_name("handle");
    let region = Region::create(&name(&text), &CreateOptions::new(5000)).expect("free");
    view_of(&region).put(0, &5u8).expect("in range");
    let lent = region.as_handle().try_clone_to_owned().expect("a handle");
    let own = region.to_handle().expect("a handle");
    drop(region);
    assert!(open(&text).is_ok());
    let same = Region::from_handle(lent, Access::ReadWrite).expect("a section");
    assert_eq!((same.len(), byte_of(&same)), (8192, 5));
    drop(same);
    assert!(open(&text).is_ok());
    let file = fs::File::open(std::env::current_exe().expect("this program")).expect("readable");
    assert!(Region::from_handle(file.into(), Access::ReadOnly).is_err());
    drop(own);
    assert_nothing_left(&text);
}

// ---- what only Linux shows ----------------------------------------------------------------------------

#[cfg(target_os = "linux")]
mod on_linux {
    use std::fs::File;
    use std::io::Write as _;
    use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::linux::aside;
    use super::linux::child::{Start, hear, say};
    use super::linux::raw::{memfd, message, send_raw};
    use super::*;
    use samemap::catalog;
    use support::shm_file;

    /// What else is offered at the same time, by this thread or another, reaches only its own child.
    #[test]
    fn nothing_else_reaches_a_child() {
        let text = unique_name("no-leak");
        let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
        let memory = Region::anonymous(&CreateOptions::new(1)).expect("memory");
        let mut command = Part::Lister.command(&[]);
        let offers = [
            region.offer_to(&mut command, "a", Access::ReadWrite).expect("offered"),
            memory.offer_to(&mut command, "b", Access::ReadWrite).expect("offered"),
        ];
        let (view, fd) = (view_of(&region), region.to_fd().expect("a descriptor"));
        let bystander = support::run(Part::Lister.command(&[]));
        assert!(bystander.stdout.contains("objects: 0 offers: 0\n"), "{bystander:#?}");
        let child = support::run(command);
        // Of the named one what holds it, its data, and what carries claims; of the memory no more than it has.
        assert!(child.stdout.contains("objects: 5 offers: 2\n"), "{child:#?}");
        assert!(child.stdout.contains("after: 0\n"), "adopted and dropped, nothing is left: {child:#?}");
        drop((region, view, fd, offers));
        assert_nothing_left(&text);
    }

    /// Its holders are counted by the kernel: one for each process, and none in between.
    #[test]
    fn every_process_has_one_hold() {
        let text = unique_name("counted");
        let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
        let holders = || {
            let system_name = name(&text).system_name();
            let list = catalog::list().expect("Linux lists");
            list.into_iter().find(|entry| entry.system_name == system_name).and_then(|entry| entry.holders)
        };
        let mut command = Part::Holder.command(&["wait", "it"]);
        let offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
        let mut child = Program::start(command);
        child.wait_for_output("waiting");
        assert_eq!(holders(), Some(2), "the child has its own before it runs");
        child.type_in("go on\n");
        child.wait_for_output("ready");
        assert_eq!(holders(), Some(2), "what it adopted is closed");
        child.end();
        drop(offer);
        assert_eq!(holders(), Some(1));
        drop(region);
        assert_nothing_left(&text);
    }

    #[test]
    fn a_child_holds_also_when_its_parent_is_killed_before_it_adopts() {
        let text = unique_name("orphan");
        let mut middle = Part::Middle.start_program(&[&text]);
        middle.wait_for_output("waiting");
        let pid = middle.id() as i32;
        // SAFETY: our child, which was not reaped; the orphan keeps its streams.
        assert_eq!(unsafe { libc::kill(pid, libc::SIGKILL) }, 0);
        support::wait_until("the middle one is gone", || {
            fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
        });
        assert_eq!(byte_of(&open(&text).expect("in the orphan's hands")), 8);
        middle.type_in("go on\n");
        middle.wait_for_output(&format!("it 4096 ReadWrite false {:?} 8.", Some(&name(&text))));
        middle.wait_for_output("ready");
        assert_eq!(byte_of(&open(&text).expect("adopted")), 8);
        middle.type_in("\n");
        support::wait_until("the orphan ends in order", || !shm_file(&text).exists());
        assert_nothing_left(&text);
        middle.kill();
    }

    /// Between parent and adopter may stand a program that knows nothing of all this.
    #[test]
    fn a_shell_in_between_does_no_harm() {
        let text = unique_name("shell");
        let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
        let holder = Part::Holder.command(&["it"]);
        let mut command = Command::new("sh");
        command.args(["-c", "\"$0\" \"$@\"; read line; :"]).arg(holder.get_program()).args(holder.get_args());
        holder.get_envs().for_each(|(key, value)| {
            command.env(key, value.expect("set"));
        });
        let offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
        let mut shell = Program::start(command);
        shell.wait_for_output("ready");
        drop((region, offer));
        assert!(open(&text).is_ok());
        // The adopter ends, and the shell still has what it passed on.
        shell.type_in("\n");
        shell.wait_for_output("test result: ok");
        assert!(open(&text).is_ok());
        assert!(shell.end().status.success());
        assert!(is_free(&text));
        assert_left_nothing(&text);
    }

    /// What arrives where no descriptor is free is lost, and the error says why.
    #[test]
    fn a_receiver_without_room_for_descriptors_is_told_so() {
        let mut child = Start::role("crowded").start();
        child.expect("told");
        child.finish();
    }

    pub fn crowded(_: &[String]) {
        let (ours, theirs) = UnixStream::pair().expect("sockets");
        let region = Region::anonymous(&CreateOptions::new(1)).expect("memory");
        let (mut sender, mut receiver) = (Courier::over(ours), Courier::over(theirs));
        sender.send(&region, Access::ReadWrite).expect("sent");
        let limit = libc::rlimit { rlim_cur: 64, rlim_max: 64 };
        // SAFETY: two numbers.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
        let files: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
        let error = receiver.receive(&Trust::default()).expect_err("there is no room");
        let source =
            std::error::Error::source(&error).and_then(|source| source.downcast_ref::<std::io::Error>());
        assert_eq!(source.and_then(std::io::Error::raw_os_error), Some(libc::EMFILE), "{error}");
        // The connection goes on.
        drop(files);
        sender.send(&region, Access::ReadWrite).expect("sent");
        assert_eq!(receiver.receive(&Trust::default()).expect("there is room").len(), region.len());
        say("told");
    }

    /// The lock of one that is killed is let go, though another process has the same memory: each has a
    /// description of its own.
    #[test]
    fn locks_inside_tell_adopters_apart() {
        use samemap_platform::{LockGuard as _, Lockable as _, SharedMutex};
        let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
        let view = view_of(&region);
        let lock = SharedMutex::create(&view, 64, &0u64).expect("untouched");
        let mut command = Part::Locker.command(&["it"]);
        let _offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
        let child = Program::start(command);
        child.wait_for_output("locked");
        assert!(lock.try_lock().expect("whole").is_none(), "the child owns it");
        child.kill();
        let guard = lock.lock_timeout(Duration::from_secs(10)).expect("whole").expect("in time");
        assert!(guard.abandoned());
    }

    #[test]
    fn what_arrives_is_checked() {
        let file = TestFile::with(&[0; 8192]);
        let plain = || OwnedFd::from(File::open(file.path()).expect("it exists"));
        let (mut ours, theirs) = UnixStream::pair().expect("sockets");
        let mut courier = Courier::over(theirs);
        // No descriptor, or no message.
        ours.write_all(&[7; 32]).expect("connected");
        assert_eq!(kind(courier.receive(&Trust::Anyone)), ErrorKind::InvalidArgument);
        ours.write_all(&message(2, 1, 1, 4096)).expect("connected");
        assert_eq!(kind(courier.receive(&Trust::Anyone)), ErrorKind::InvalidArgument);
        // A file that is said to be memory.
        send_raw(&ours, &message(2, 1, 1, 8192), &[plain()]);
        let error = courier.receive(&Trust::Anyone).expect_err("a plain file");
        assert!(error.to_string().contains("no memory of memfd_create"), "{error}");
        // A file, or memory, that is said to be an object: with its data, or beside them.
        let memory = || memfd(8192, libc::F_SEAL_SHRINK);
        let same = |fd: OwnedFd| [fd.try_clone().expect("a descriptor"), fd];
        for (fds, expected) in [
            (same(plain()), "a file where no objects lie"),
            ([plain(), memory()], "a file where no objects lie"),
            (same(memory()), "a file without samemap's mark"),
            ([memory(), plain()], "facts that others may write to"),
        ] {
            send_raw(&ours, &message(1, 1, 2, 8192), &fds);
            let error = courier.receive(&Trust::Anyone).expect_err("no object");
            assert!(error.to_string().contains(expected), "{error}");
        }
        // More descriptors than were announced, or fewer.
        send_raw(&ours, &message(3, 1, 1, 8192), &[plain(), plain()]);
        assert_eq!(kind(courier.receive(&Trust::Anyone)), ErrorKind::InvalidArgument);
        send_raw(&ours, &message(4, 1, 2, 8192), &[plain()]);
        assert_eq!(kind(courier.receive(&Trust::Anyone)), ErrorKind::InvalidArgument);
        // Memory that may be shrunk, or that has no bytes.
        for (seals, expected) in [(0, "not sealed"), (libc::F_SEAL_SHRINK, "no bytes")] {
            send_raw(&ours, &message(2, 1, 1, 8192), &[memfd(0, seals)]);
            let error = courier.receive(&Trust::Anyone).expect_err("not to be trusted");
            assert!(error.to_string().contains(expected), "{error}");
        }
        send_raw(&ours, &message(2, 2, 1, 1), &[memfd(5000, libc::F_SEAL_SHRINK | libc::F_SEAL_WRITE)]);
        assert_eq!(kind(courier.receive(&Trust::Anyone)), ErrorKind::AccessDenied);
        send_raw(&ours, &message(2, 2, 1, 1), &[memfd(5000, libc::F_SEAL_SHRINK)]);
        assert_eq!(courier.receive(&Trust::Anyone).expect("good memory").len(), 5000);
        // A file that is shorter than it is said to be is an error to map, not a signal.
        send_raw(&ours, &message(3, 1, 1, 1 << 40), &[plain()]);
        let region = courier.receive(&Trust::Anyone).expect("a file");
        assert!(matches!(kind(region.view(.., Access::ReadOnly)), ErrorKind::OutOfRange { .. }));
        drop(ours);
        assert_eq!(kind(courier.receive(&Trust::Anyone)), ErrorKind::Os);
        assert_eq!(kind(courier.send(&region, Access::ReadOnly)), ErrorKind::Os);
    }

    /// An object that nobody holds is dead, and is not brought to life by whoever has a descriptor of it.
    #[test]
    fn a_dead_object_is_not_received() {
        let text = unique_name("dead");
        super::linux::shm::plant_remains(&name(&text), 4096);
        let (ours, theirs) = UnixStream::pair().expect("sockets");
        let file = fs::OpenOptions::new().read(true).write(true).open(shm_file(&text)).expect("ours");
        let data = file.try_clone().expect("a descriptor");
        send_raw(&ours, &message(1, 2, 2, 4096), &[file.into(), data.into()]);
        assert_eq!(kind(Courier::over(theirs).receive(&Trust::Anyone)), ErrorKind::NotFound);
        assert!(is_free(&text));
        assert_nothing_left(&text);
    }

    #[test]
    fn a_silent_peer_is_waited_for_as_long_as_the_connection_says() {
        let (ours, theirs) = UnixStream::pair().expect("sockets");
        theirs.set_read_timeout(Some(Duration::from_millis(20))).expect("a socket");
        let mut courier = Courier::over(theirs);
        assert_eq!(kind(courier.receive(&Trust::Anyone)), ErrorKind::TimedOut);
        drop(ours);
    }

    /// What is still in flight when its connection goes is let go by the kernel.
    #[test]
    fn what_is_never_received_is_not_held_for_ever() {
        let text = unique_name("unreceived");
        let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
        let (ours, theirs) = UnixStream::pair().expect("sockets");
        Courier::over(ours).send(&region, Access::ReadWrite).expect("sent");
        drop(region);
        assert!(!is_free(&text), "in flight");
        drop(theirs);
        assert!(is_free(&text));
        assert_left_nothing(&text);
    }

    /// C20: a user who could not open it by name may be given it by handle, with as much access as was given.
    #[test]
    fn another_user_gets_what_is_given_and_no_more() {
        if !aside::root_or_aside("handles: another user") {
            return;
        }
        let text = unique_name("other-user");
        let region = Region::create(&name(&text), &CreateOptions::new(4096)).expect("free");
        let memory = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
        let (ours, theirs) = UnixStream::pair().expect("sockets");
        let mut child = Start::role("other_user").argument(pass_on(&theirs)).start();
        drop(theirs);
        child.expect("ready");
        let mut courier = Courier::over(ours);
        for region in [&region, &memory] {
            for access in [Access::ReadWrite, Access::ReadOnly] {
                courier.send(region, access).expect("sent");
                child.expect(&format!("{access:?} {}", access == Access::ReadWrite));
            }
        }
        assert_eq!((byte_of(&region), byte_of(&memory)), (7, 7), "it wrote where it may");
        drop(region);
        assert_eq!(byte_of(&open(&text).expect("the other user holds it")), 7);
        child.say("end");
        child.finish();
        assert!(is_free(&text));
        // Only we could remove the name, and we do so in passing.
        assert_nothing_left(&text);
    }

    pub fn other_user(arguments: &[String]) {
        // SAFETY: passed on to this process for that.
        let stream = unsafe { UnixStream::from_raw_fd(arguments[0].parse().expect("a number")) };
        // SAFETY: this process gives up root.
        let gave_up = unsafe {
            libc::setgroups(0, std::ptr::null())
                + libc::setresgid(65_534, 65_534, 65_534)
                + libc::setresuid(65_534, 65_534, 65_534)
        };
        assert_eq!(gave_up, 0);
        say("ready");
        let mut courier = Courier::over(stream);
        let mut kept = Vec::new();
        for _ in 0..4 {
            let region = courier.receive(&Trust::default()).expect("root's");
            let can_write = region.access() == Access::ReadWrite;
            if can_write {
                view_of(&region).put(0, &7u8).expect("in range");
            }
            assert_eq!(byte_of(&region), 7);
            // Not even a way round through /proc gives more.
            assert_eq!(kind(region.to_fd()), ErrorKind::AccessDenied);
            for fd in own_objects() {
                let again = fs::OpenOptions::new().write(true).open(format!("/proc/self/fd/{fd}"));
                assert!(again.is_err());
            }
            say(&format!("{:?} {can_write}", region.access()));
            kept.push(region);
        }
        hear();
    }

    /// A `Local\` name lies in its owner's name space, and that is where its last holder removes it.
    #[test]
    fn the_last_holder_removes_another_users_object() {
        if !aside::root_or_aside("handles: another user's object") {
            return;
        }
        let text = unique_name("users-own");
        let (ours, theirs) = UnixStream::pair().expect("sockets");
        let mut child = Start::role("owner").argument(pass_on(&theirs)).argument(&text).start();
        drop(theirs);
        let mut courier = Courier::over(ours);
        let region = courier.receive(&Trust::Anyone).expect("sent");
        assert_eq!(region.name(), Some(&name(&text)));
        child.expect("sent");
        child.say("end");
        child.finish();
        let file = shm_file(&text).to_str().expect("UTF-8").replace("samemap.0.", "samemap.65534.");
        assert_eq!(byte_of(&region), 4);
        assert!(Path::new(&file).exists(), "{file}");
        drop(region);
        assert!(!Path::new(&file).exists(), "C17: {file}");
    }

    pub fn owner(arguments: &[String]) {
        // SAFETY: passed on to this process for that.
        let stream = unsafe { UnixStream::from_raw_fd(arguments[0].parse().expect("a number")) };
        // SAFETY: this process gives up root.
        assert_eq!(unsafe { libc::setresuid(65_534, 65_534, 65_534) }, 0);
        let region = Region::create(&name(&arguments[1]), &CreateOptions::new(1)).expect("free");
        view_of(&region).put(0, &4u8).expect("in range");
        Courier::over(stream).send(&region, Access::ReadWrite).expect("sent");
        say("sent");
        hear();
    }

    #[test]
    fn objects_of_a_user_who_is_not_trusted_are_refused() {
        if !aside::root_or_aside("handles: a user who is not trusted") {
            return;
        }
        let (ours, theirs) = UnixStream::pair().expect("sockets");
        let mut child = Start::role("untrusted").argument(pass_on(&theirs)).start();
        drop(theirs);
        child.expect("sent");
        let mut courier = Courier::over(ours);
        assert!(matches!(kind(courier.receive(&Trust::default())), ErrorKind::UntrustedOwner { .. }));
        let user = Trust::User(samemap::UserId::new("65534"));
        assert_eq!(byte_of(&courier.receive(&user).expect("accepted")), 3);
        child.say("end");
        child.finish();
    }

    pub fn untrusted(arguments: &[String]) {
        // SAFETY: passed on to this process for that.
        let stream = unsafe { UnixStream::from_raw_fd(arguments[0].parse().expect("a number")) };
        // SAFETY: this process gives up root.
        assert_eq!(unsafe { libc::setresuid(65_534, 65_534, 65_534) }, 0);
        let memory = Region::anonymous(&CreateOptions::new(1)).expect("memory");
        view_of(&memory).put(0, &3u8).expect("in range");
        let mut courier = Courier::over(stream);
        for _ in 0..2 {
            courier.send(&memory, Access::ReadWrite).expect("sent");
        }
        say("sent");
        hear();
    }

    /// The middle one of three: it has the region made, offers it to a child that waits, and waits to be killed.
    pub fn middle(arguments: &[&str]) {
        let region = Region::create(&name(arguments[0]), &CreateOptions::new(1)).expect("free");
        view_of(&region).put(0, &8u8).expect("in range");
        let mut command = Part::Holder.command(&["wait", "it"]);
        let _offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
        let mut child = command.spawn().expect("started");
        child.wait().expect("our child");
    }

    pub fn lister(_: &[&str]) {
        let offers: Vec<String> = std::env::vars().map(|(key, _)| key).collect();
        let offers: Vec<&str> = offers.iter().filter_map(|key| key.strip_prefix("SAMEMAP_OFFER_")).collect();
        println!("objects: {} offers: {}", own_objects().len(), offers.len());
        offers.iter().for_each(|key| drop(Region::adopt(key).expect("offered")));
        println!("after: {}", own_objects().len());
    }

    pub fn locker(arguments: &[&str]) {
        use samemap_platform::{Lockable as _, SharedMutex};
        let region = Region::adopt(arguments[0]).expect("offered");
        let view = view_of(&region);
        let lock = SharedMutex::<u64>::open(&view, 64).expect("made by the parent");
        let _guard = lock.lock().expect("whole");
        println!("locked");
        lines().for_each(drop);
    }

    /// This process's descriptors of shared memory.
    fn own_objects() -> Vec<i32> {
        let entries = fs::read_dir("/proc/self/fd").expect("Linux");
        let numbers =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        let is_object = |number: &String| {
            fs::read_link(format!("/proc/self/fd/{number}")).is_ok_and(|path| {
                let path = path.to_string_lossy();
                // A file that was made without a name is called by its number there.
                path.starts_with("/dev/shm/") || path.starts_with("/memfd:samemap")
            })
        };
        numbers.filter(is_object).map(|number| number.parse().expect("a number")).collect()
    }

    /// Lets a socket reach the children that this process starts; answers its number.
    fn pass_on(stream: &UnixStream) -> i32 {
        let fd = stream.as_raw_fd();
        // SAFETY: a descriptor of ours. Other tests' children may get it too, and do nothing with it.
        assert_eq!(unsafe { libc::fcntl(fd, libc::F_SETFD, 0) }, 0);
        fd
    }
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    use on_linux::{crowded, other_user, owner, untrusted};
    linux::child::play(&[
        ("other_user", other_user),
        ("untrusted", untrusted),
        ("owner", owner),
        ("crowded", crowded),
    ]);
}

// ---- parts that this binary plays in other processes, on every system -------------------------------------

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Holder,
    Receiver,
    Sender,
    KilledSender,
    Adder,
    Retrier,
    #[cfg(target_os = "linux")]
    Middle,
    #[cfg(target_os = "linux")]
    Lister,
    #[cfg(target_os = "linux")]
    Locker,
}

const PART: &str = "SAMEMAP_TEST_PART";
const ARGUMENTS: &str = "SAMEMAP_TEST_PART_ARGUMENTS";

impl Part {
    fn command(self, arguments: &[&str]) -> Command {
        let mut command = Command::new(std::env::current_exe().expect("a program knows its path"));
        command
            .args(["--exact", "part_entry", "--ignored", "--nocapture", "--test-threads=1"])
            .env(PART, format!("{self:?}"))
            .env(ARGUMENTS, arguments.join("\n"));
        command
    }

    #[cfg(target_os = "linux")]
    fn start_program(self, arguments: &[&str]) -> Program {
        Program::start(self.command(arguments))
    }
}

#[test]
#[ignore = "the body of this file's other processes"]
fn part_entry() {
    // Without one, a person runs the ignored tests.
    let Ok(part) = std::env::var(PART) else { return };
    let arguments = std::env::var(ARGUMENTS).expect("set with the part");
    let arguments: Vec<&str> = arguments.lines().collect();
    match &*part {
        "Holder" => holder(&arguments),
        "Adder" => adder(&arguments),
        "Retrier" => retrier(arguments[0]),
        "Receiver" => receiver(&arguments),
        "Sender" => sender(&arguments, false),
        "KilledSender" => sender(&arguments, true),
        #[cfg(target_os = "linux")]
        "Middle" => on_linux::middle(&arguments),
        #[cfg(target_os = "linux")]
        "Lister" => on_linux::lister(&arguments),
        #[cfg(target_os = "linux")]
        "Locker" => on_linux::locker(&arguments),
        part => panic!("{part}"),
    }
}

fn lines() -> impl Iterator<Item = String> {
    std::io::stdin().lines().map_while(Result::ok).take_while(|line| !line.is_empty())
}

/// Adopts what its arguments name, and says what it got.
fn holder(keys: &[&str]) {
    let mut held: Vec<(String, Region)> = Vec::new();
    for &key in keys {
        if key == "wait" {
            println!("waiting");
            lines().next();
            continue;
        }
        match Region::adopt(key) {
            Ok(region) => held.push((key.to_owned(), region)),
            Err(error) => println!("{key}: {:?} {}", error.kind(), text_behind_colon(&error)),
        }
    }
    obey(&held);
}

fn adder(keys: &[&str]) {
    let region = Region::adopt(keys[0]).expect("offered");
    let byte = byte_of(&region);
    view_of(&region).put(0, &(byte + 1)).expect("in range");
}

/// Is told nonsense first, then of an offer that is gone, and then what was offered.
fn retrier(key: &str) {
    let variable = format!("SAMEMAP_OFFER_{key}");
    let offer = std::env::var(&variable).expect("offered");
    // The last number belongs to what is offered: a nonce, or a file's.
    let (rest, last) = offer.rsplit_once(':').expect("numbers");
    let other = format!("{rest}:{}", last.parse::<u64>().expect("a number") ^ 1);
    let told = |text: &str| {
        // SAFETY: this program's only test runs, and no other thread looks at the environment.
        unsafe { std::env::set_var(&variable, text) };
        Region::adopt(key)
    };
    for wrong in ["nonsense", &other] {
        println!("failed: {:?}", told(wrong).expect_err("wrong").kind());
    }
    let region = told(&offer).expect("neither attempt took it");
    obey(&[(key.to_owned(), region)]);
}

/// Receives so many, and says what it got.
fn receiver(arguments: &[&str]) {
    let mut courier = Meeting::receive_at(arguments[0]);
    let count: usize = arguments[1].parse().expect("a number");
    let receive = |at: usize| (at.to_string(), courier.receive(&Trust::default()).expect("sent"));
    obey(&(0..count).map(receive).collect::<Vec<_>>());
}

fn sender(arguments: &[&str], stays: bool) {
    let mut courier = Meeting::send_at(arguments[0], arguments[2].parse().expect("a number"));
    let region = Region::create(&name(arguments[1]), &CreateOptions::new(1)).expect("free");
    let memory = Region::anonymous(&CreateOptions::new(1)).expect("memory");
    for (region, byte) in [(&region, 42u8), (&memory, 43)] {
        view_of(region).put(0, &byte).expect("in range");
        courier.send(region, Access::ReadWrite).expect("sent");
    }
    println!("sent");
    if !stays {
        drop((region, memory, courier));
    }
    lines().for_each(drop);
}

/// Says what is held, and does what is typed.
fn obey(held: &[(String, Region)]) {
    for (key, region) in held {
        let (len, access, over_file) = (region.len(), region.access(), region.is_over_file());
        println!("{key} {len} {access:?} {over_file} {:?} {}.", region.name(), byte_of(region));
    }
    println!("ready");
    for line in lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let (key, region) = held.iter().find(|(key, _)| key == words[1]).expect("a region of this name");
        match words[0] {
            "get" => println!("{key} holds {}.", byte_of(region)),
            "set" => match region.view(.., Access::ReadWrite) {
                Ok(view) => {
                    view.put(0, &words[2].parse::<u8>().expect("a number")).expect("in range");
                    println!("{key} is set to {}.", words[2]);
                }
                Err(error) => println!("{key} cannot be set: {:?}.", error.kind()),
            },
            _ => {
                view_of(region).flush(..).expect("a disk");
                println!("{key} is flushed.");
            }
        }
    }
}

// ---- where two processes meet -------------------------------------------------------------------------

/// A place where a child connects to this process.
#[cfg(unix)]
struct Meeting {
    place: String,
    listener: std::os::unix::net::UnixListener,
    _dir: TestFile,
}

#[cfg(unix)]
impl Meeting {
    fn new() -> Meeting {
        let dir = TestFile::with(b"");
        let place = dir.path().with_file_name("socket").to_str().expect("UTF-8").to_owned();
        let listener = std::os::unix::net::UnixListener::bind(&place).expect("a free path");
        Meeting { place, listener, _dir: dir }
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn courier_to(&self, _child: &Program) -> Courier {
        self.courier_from()
    }

    fn courier_from(&self) -> Courier {
        Courier::over(self.listener.accept().expect("a child that connects").0)
    }

    fn receive_at(place: &str) -> Courier {
        Courier::over(std::os::unix::net::UnixStream::connect(place).expect("the test listens"))
    }

    fn send_at(place: &str, _to: u32) -> Courier {
        Self::receive_at(place)
    }
}

#[cfg(windows)]
struct Meeting {
    place: String,
    listener: std::net::TcpListener,
}

#[cfg(windows)]
impl Meeting {
    fn new() -> Meeting {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        Meeting { place: listener.local_addr().expect("bound").to_string(), listener }
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn courier_to(&self, child: &Program) -> Courier {
        let stream = self.listener.accept().expect("a child that connects").0;
        Courier::to_process(stream, child.handle())
    }

    fn courier_from(&self) -> Courier {
        Courier::receiving(self.listener.accept().expect("a child that connects").0)
    }

    fn receive_at(place: &str) -> Courier {
        Courier::receiving(std::net::TcpStream::connect(place).expect("the test listens"))
    }

    fn send_at(place: &str, to: u32) -> Courier {
        let stream = std::net::TcpStream::connect(place).expect("the test listens");
        Courier::to_process_id(stream, to).expect("the same user's")
    }
}

// ---- helpers ------------------------------------------------------------------------------------------

/// One of each: with and without a name, memory and file.
struct Regions {
    memory: Region,
    named: Region,
    file: Region,
    named_file: Region,
    name: ObjectName,
    file_name: ObjectName,
    _files: [TestFile; 2],
}

impl Regions {
    fn new() -> Regions {
        let files = [TestFile::with(&[0; 1000]), TestFile::with(&[0; 1000])];
        let (text, file_text) = (unique_name("handles"), unique_name("handles-file"));
        let options = FileOptions::read_write();
        Regions {
            memory: Region::anonymous(&CreateOptions::new(1)).expect("memory"),
            named: Region::create(&name(&text), &CreateOptions::new(1)).expect("free"),
            file: Region::over_file(files[0].path(), &options).expect("a file"),
            named_file: Region::create_over_file(&name(&file_text), files[1].path(), &options).expect("free"),
            name: name(&text),
            file_name: name(&file_text),
            _files: files,
        }
    }

    fn write_numbers(&self) {
        let regions = [&self.memory, &self.named, &self.file, &self.named_file];
        for (number, region) in (1u8..).zip(regions) {
            view_of(region).put(0, &number).expect("in range");
        }
    }

    #[track_caller]
    fn end(self) {
        let Regions { memory, named, file, named_file, name, file_name, _files } = self;
        drop((memory, named, file, named_file));
        assert_nothing_left(&name.to_string());
        assert_nothing_left(&file_name.to_string());
    }
}

/// A file in a folder of its own, both removed with the value.
struct TestFile {
    path: PathBuf,
}

impl TestFile {
    fn with(bytes: &[u8]) -> TestFile {
        let dir = unique_name("dir").replace("Local\\", "samemap-");
        let dir = std::env::temp_dir().join(dir);
        fs::create_dir(&dir).expect("a free path");
        let path = dir.join("file");
        fs::write(&path, bytes).expect("room on the disk");
        TestFile { path }
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let dir = self.path.parent().expect("it lies in one");
        let removed = fs::remove_dir_all(dir);
        assert!(removed.is_ok() || std::thread::panicking(), "{}: {removed:?}", dir.display());
    }
}

/// After an end in which the last holder was killed, what is left goes with the first look; nothing else is left.
#[track_caller]
fn assert_left_nothing(text: &str) {
    assert!(is_free(text));
    assert_nothing_left(text);
}

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).expect("a valid name")
}

fn open(text: &str) -> Result<Region, Error> {
    Region::open(&name(text), &OpenOptions::read_only())
}

#[track_caller]
fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.expect_err("it should fail").kind().clone()
}

fn text_behind_colon(error: &Error) -> String {
    let text = error.to_string();
    text.split_once(": ").map_or(text.clone(), |(_, rest)| rest.to_owned())
}

fn view_of(region: &Region) -> samemap::View {
    region.view(.., region.access()).expect("all of it")
}

#[track_caller]
fn byte_of(region: &Region) -> u8 {
    region.view(.., Access::ReadOnly).and_then(|view| view.get(0)).expect("all of it")
}
