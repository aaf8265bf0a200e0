//! What arrives is checked, and what is never received is let go.

use super::common::*;
use crate::support::linux::raw::{memfd, message, send_raw};

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
    assert!(error.to_string().contains("not memory of memfd_create"), "{error}");
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
    // A process of 32 bits has no addresses for it, and looks no further.
    match kind(region.view(.., Access::ReadOnly)) {
        ErrorKind::OutOfRange { .. } => {}
        ErrorKind::OutOfMemory { .. } if cfg!(target_pointer_width = "32") => {}
        other => panic!("{other:?}"),
    }
    drop(ours);
    assert_eq!(kind(courier.receive(&Trust::Anyone)), ErrorKind::Os);
    assert_eq!(kind(courier.send(&region, Access::ReadOnly)), ErrorKind::Os);
}

/// An object that nobody holds is dead, and is not brought to life by a process that has a descriptor of it.
#[test]
fn a_dead_object_is_not_received() {
    let text = unique_name("dead");
    shm::plant_remains(&name(&text), 4096);
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
