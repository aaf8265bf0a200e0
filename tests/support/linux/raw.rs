//! Messages that a courier receives, made by hand: a peer need not be a program of ours.

use std::os::fd::{AsFd as _, AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;

/// The head of a message, as `Courier` writes it: form 1 named, 2 memory, 3 a file, 4 a named file; access 1 to read, 2 to
/// write, 3 to write to a copy.
pub fn message(form: u32, access: u32, count: u32, len: u64) -> Vec<u8> {
    let mut bytes = b"SMHANDLE".to_vec();
    for word in [2, form, access, count] {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes.extend_from_slice(&len.to_le_bytes());
    bytes
}

/// Memory without a name.
pub fn memfd(size: i64, seals: i32) -> OwnedFd {
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
pub fn send_raw(stream: &UnixStream, bytes: &[u8], fds: &[OwnedFd]) {
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
