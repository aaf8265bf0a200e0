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

/// A region that was opened, with a view of all of it, the first byte read.
pub struct Opened {
    address: *mut u8,
    len: usize,
    fd: i32,
}

impl Opened {
    /// Opens it.
    pub fn open(name: &CStr) -> Opened {
        // SAFETY: plain system calls; the size is the file's own, and the mapping is longer than a byte.
        unsafe {
            let fd = libc::shm_open(name.as_ptr(), libc::O_RDWR, 0);
            assert!(fd >= 0, "shm_open: {}", std::io::Error::last_os_error());
            let mut stat: libc::stat = std::mem::zeroed();
            assert_eq!(libc::fstat(fd, &mut stat), 0);
            let len = stat.st_size as usize;
            let address = map(fd, len);
            std::hint::black_box(address.read_volatile());
            Opened { address, len, fd }
        }
    }
}

impl Opened {
    /// Writes a byte to every page of it.
    pub fn write_every_page(&self) {
        // SAFETY: its own mapping of that length; nobody else writes there meanwhile.
        unsafe { write_every_page(self.address, self.len) };
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: its own mapping and descriptor, used no more.
        unsafe {
            libc::munmap(self.address.cast(), self.len);
            libc::close(self.fd);
        }
    }
}

/// `shm_open` + `posix_fallocate` + `shm_unlink` + `close`.
pub fn create_close(name: &CStr, len: usize) {
    // SAFETY: plain system calls on a name of our own.
    unsafe {
        let fd = libc::shm_open(name.as_ptr(), libc::O_CREAT | libc::O_EXCL | libc::O_RDWR, 0o600);
        assert!(fd >= 0, "shm_open: {}", std::io::Error::last_os_error());
        assert_eq!(libc::posix_fallocate(fd, 0, len as libc::off_t), 0);
        assert_eq!(libc::shm_unlink(name.as_ptr()), 0);
        libc::close(fd);
    }
}

/// `shm_open` + `fstat` + `close`.
pub fn open_close(name: &CStr) {
    // SAFETY: plain system calls.
    unsafe {
        let fd = libc::shm_open(name.as_ptr(), libc::O_RDWR, 0);
        assert!(fd >= 0, "shm_open: {}", std::io::Error::last_os_error());
        let mut stat: libc::stat = std::mem::zeroed();
        assert_eq!(libc::fstat(fd, &mut stat), 0);
        libc::close(fd);
    }
}

/// Creates and commits a region, writes to every page of it, and closes it: under a name, or as a memfd without one.
pub fn create_write_all_close(name: Option<&CStr>, len: usize) {
    // SAFETY: plain system calls, on a name of our own where there is one; the mapping is `len` bytes long.
    unsafe {
        let fd = match name {
            Some(name) => libc::shm_open(name.as_ptr(), libc::O_CREAT | libc::O_EXCL | libc::O_RDWR, 0o600),
            None => libc::memfd_create(c"samemap-bench".as_ptr(), libc::MFD_CLOEXEC),
        };
        assert!(fd >= 0, "no memory object: {}", std::io::Error::last_os_error());
        // Gone when it is closed, also when this fails.
        name.map(|name| libc::shm_unlink(name.as_ptr()));
        let refused = libc::posix_fallocate(fd, 0, len as libc::off_t);
        if refused != 0 {
            libc::close(fd);
            panic!("posix_fallocate: {}", std::io::Error::from_raw_os_error(refused));
        }
        let address = map(fd, len);
        write_every_page(address, len);
        libc::munmap(address.cast(), len);
        libc::close(fd);
    }
}

/// Writes a byte to every page.
///
/// # Safety
/// `address` is memory of `len` bytes that may be written to, and nobody else uses it.
pub unsafe fn write_every_page(address: *mut u8, len: usize) {
    for at in (0..len).step_by(4096) {
        // SAFETY: inside, by contract.
        unsafe { address.add(at).write_volatile(1) };
    }
}
