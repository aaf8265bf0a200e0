//! What arrives is checked, and what is never received is let go.

use super::common::*;

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
    // A file that is said to be memory, or an object.
    for (form, expected) in [(2, "no memory of memfd_create"), (1, "without samemap's trailer")] {
        send_raw(&ours, &message(form, 1, 1, 8192), &[plain()]);
        let error = courier.receive(&Trust::Anyone).expect_err("a plain file");
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
    shm::plant_remains(&name(&text), 4096);
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    let file = fs::OpenOptions::new().read(true).write(true).open(shm_file(&text)).expect("ours");
    send_raw(&ours, &message(1, 2, 1, 4096), &[file.into()]);
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

fn message(form: u32, access: u32, count: u32, len: u64) -> Vec<u8> {
    let mut bytes = b"SMHANDLE".to_vec();
    for word in [1, form, access, count] {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes.extend_from_slice(&len.to_le_bytes());
    bytes
}

fn memfd(size: i64, seals: i32) -> OwnedFd {
    // SAFETY: a name that ends in NUL; what is made is ours.
    unsafe {
        let fd = libc::memfd_create(c"samemap-test".as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING);
        assert!(fd >= 0);
        assert_eq!(libc::ftruncate(fd, size), 0);
        assert_eq!(libc::fcntl(fd, libc::F_ADD_SEALS, seals), 0);
        OwnedFd::from_raw_fd(fd)
    }
}

/// Sends bytes and descriptors, as a peer that is not ours could.
fn send_raw(stream: &UnixStream, bytes: &[u8], fds: &[OwnedFd]) {
    let numbers: Vec<i32> = fds.iter().map(|fd| fd.as_fd().as_raw_fd()).collect();
    let len = size_of_val(&*numbers) as u32;
    // SAFETY: all-zero structs of plain numbers and pointers are valid; the buffers outlive the call, and the
    // control buffer is large and aligned enough for one header and the numbers.
    unsafe {
        let mut control = [0u64; 8];
        let mut piece = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
        let mut header: libc::msghdr = std::mem::zeroed();
        header.msg_iov = &raw mut piece;
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = libc::CMSG_SPACE(len) as _;
        let first = libc::CMSG_FIRSTHDR(&raw const header);
        (*first).cmsg_level = libc::SOL_SOCKET;
        (*first).cmsg_type = libc::SCM_RIGHTS;
        (*first).cmsg_len = libc::CMSG_LEN(len) as _;
        std::ptr::copy_nonoverlapping(numbers.as_ptr().cast::<u8>(), libc::CMSG_DATA(first), len as usize);
        assert_eq!(libc::sendmsg(stream.as_raw_fd(), &raw const header, 0), bytes.len() as isize);
    }
}
