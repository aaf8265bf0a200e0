//! The floors: the same work in the simplest raw system calls, without checks or promises.

use std::ffi::{CStr, CString};
use std::ptr;

/// `shm_open` + `posix_fallocate` + `mmap` + one write + `munmap` + `shm_unlink` + `close`.
pub fn create_view_close(name: &CStr, len: usize) {
    // SAFETY: plain system calls on a name of our own; the one write goes to the mapping just made.
    unsafe {
        let fd = libc::shm_open(name.as_ptr(), libc::O_CREAT | libc::O_EXCL | libc::O_RDWR, 0o600);
        assert!(fd >= 0, "shm_open: {}", std::io::Error::last_os_error());
        assert_eq!(libc::posix_fallocate(fd, 0, len as libc::off_t), 0);
        touch(map(fd, len), len, Touch::Write);
        assert_eq!(libc::shm_unlink(name.as_ptr()), 0);
        libc::close(fd);
    }
}

/// `shm_open` + `fstat` + `mmap` + one read + `munmap` + `close`.
pub fn open_view_close(name: &CStr) {
    // SAFETY: as above; the size is the file's own.
    unsafe {
        let fd = libc::shm_open(name.as_ptr(), libc::O_RDWR, 0);
        assert!(fd >= 0, "shm_open: {}", std::io::Error::last_os_error());
        let mut stat: libc::stat = std::mem::zeroed();
        assert_eq!(libc::fstat(fd, &mut stat), 0);
        let len = stat.st_size as usize;
        touch(map(fd, len), len, Touch::Read);
        libc::close(fd);
    }
}

enum Touch {
    Read,
    Write,
}

/// # Safety
/// `fd` is an open file of at least `len` bytes.
unsafe fn map(fd: i32, len: usize) -> *mut u8 {
    // SAFETY: a new mapping that replaces nothing.
    let address = unsafe {
        libc::mmap(ptr::null_mut(), len, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED, fd, 0)
    };
    assert_ne!(address, libc::MAP_FAILED, "mmap: {}", std::io::Error::last_os_error());
    address.cast()
}

/// Touches the first byte, and unmaps.
///
/// # Safety
/// `address` is a mapping of `len` bytes that nobody else uses.
unsafe fn touch(address: *mut u8, len: usize, touch: Touch) {
    // SAFETY: by contract.
    unsafe {
        match touch {
            Touch::Read => drop(std::hint::black_box(address.read_volatile())),
            Touch::Write => address.write_volatile(1),
        }
        libc::munmap(address.cast(), len);
    }
}

/// An object of the floor's own, for `open_view_close`.
pub struct Standing {
    name: CString,
}

impl Standing {
    /// Creates it.
    pub fn create(name: &str, len: usize) -> Standing {
        let name = CString::new(name).expect("no NUL");
        // SAFETY: plain system calls on a name of our own.
        unsafe {
            let fd = libc::shm_open(name.as_ptr(), libc::O_CREAT | libc::O_EXCL | libc::O_RDWR, 0o600);
            assert!(fd >= 0, "shm_open: {}", std::io::Error::last_os_error());
            assert_eq!(libc::posix_fallocate(fd, 0, len as libc::off_t), 0);
            libc::close(fd);
        }
        Standing { name }
    }

    /// Its name.
    pub fn name(&self) -> &CStr {
        &self.name
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        // SAFETY: a name of our own.
        unsafe { libc::shm_unlink(self.name.as_ptr()) };
    }
}
