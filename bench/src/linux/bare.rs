//! The floors of locks and wake-ups: a three-state futex lock (Drepper, "Futexes Are Tricky", mutex 2), a
//! futex event, and a robust pthread mutex, as simple as they can be.

use std::sync::atomic::{
    AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};

fn futex(word: &AtomicU32, operation: i32, value: u32) {
    // SAFETY: the word is mapped and aligned; no timeout is given.
    unsafe {
        libc::syscall(libc::SYS_futex, word.as_ptr(), operation, value, std::ptr::null::<libc::timespec>());
    }
}

/// Locks: 0 free, 1 owned, 2 owned with somebody asleep.
pub fn lock(word: &AtomicU32) {
    if word.compare_exchange(0, 1, Acquire, Relaxed).is_ok() {
        return;
    }
    for _ in 0..40 {
        if word.load(Relaxed) == 0 && word.compare_exchange(0, 1, Acquire, Relaxed).is_ok() {
            return;
        }
        std::hint::spin_loop();
    }
    while word.swap(2, Acquire) != 0 {
        futex(word, libc::FUTEX_WAIT, 2);
    }
}

/// Unlocks.
pub fn unlock(word: &AtomicU32) {
    if word.swap(0, Release) == 2 {
        futex(word, libc::FUTEX_WAKE, 1);
    }
}

/// Sleeps while the word has this value.
pub fn sleep_while(word: &AtomicU32, value: u32) {
    while word.load(Acquire) == value {
        futex(word, libc::FUTEX_WAIT, value);
    }
}

/// Wakes all who sleep on the word.
pub fn wake_all(word: &AtomicU32) {
    futex(word, libc::FUTEX_WAKE, i32::MAX as u32);
}

/// Sets an auto-reset event and wakes its one waiter.
pub fn set(word: &AtomicU32) {
    word.store(1, Release);
    futex(word, libc::FUTEX_WAKE, 1);
}

/// Waits for the event and takes it.
pub fn wait(word: &AtomicU32) {
    while word.compare_exchange(1, 0, Acquire, Relaxed).is_err() {
        futex(word, libc::FUTEX_WAIT, 0);
    }
}

/// A robust, process-shared pthread mutex in the given memory.
pub struct Robust(*mut libc::pthread_mutex_t);

impl Robust {
    /// Initialises it.
    ///
    /// # Safety
    /// `memory` is aligned to 8, long enough, nobody else's, and stays mapped as long as this is used.
    pub unsafe fn initialise(memory: *mut u8) -> Robust {
        let mutex = memory.cast();
        // SAFETY: by contract.
        unsafe {
            let mut attributes = std::mem::zeroed();
            libc::pthread_mutexattr_init(&raw mut attributes);
            libc::pthread_mutexattr_setpshared(&raw mut attributes, libc::PTHREAD_PROCESS_SHARED);
            libc::pthread_mutexattr_setrobust(&raw mut attributes, libc::PTHREAD_MUTEX_ROBUST);
            assert_eq!(libc::pthread_mutex_init(mutex, &raw const attributes), 0);
        }
        Robust(mutex)
    }

    /// Opens one that the other process initialised.
    ///
    /// # Safety
    /// As for [`initialise`](Self::initialise), and it was initialised.
    pub unsafe fn open(memory: *mut u8) -> Robust {
        Robust(memory.cast())
    }

    /// Locks and unlocks.
    pub fn lock_and_unlock(&self) {
        // SAFETY: initialised, by the constructors' contract.
        unsafe {
            assert_eq!(libc::pthread_mutex_lock(self.0), 0);
            assert_eq!(libc::pthread_mutex_unlock(self.0), 0);
        }
    }
}

/// For how many looks the hand-made wait spins before it sleeps.
const LOOKS: u32 = 2000;
/// Said by a waiter that is about to sleep.
const ASLEEP: u32 = 2;

/// Sets an auto-reset event; wakes its one waiter if that said that it sleeps.
#[inline]
pub fn set_if_asleep(word: &AtomicU32) {
    if word.swap(1, Release) == ASLEEP {
        futex(word, libc::FUTEX_WAKE, 1);
    }
}

/// Waits for the event and takes it: looks for a while, and then sleeps.
#[inline]
pub fn spin_then_wait(word: &AtomicU32) {
    for _ in 0..LOOKS {
        if word.load(Relaxed) == 1 && word.compare_exchange(1, 0, Acquire, Relaxed).is_ok() {
            return;
        }
    }
    while word.compare_exchange(1, 0, Acquire, Relaxed).is_err() {
        let _ = word.compare_exchange(0, ASLEEP, Relaxed, Relaxed);
        futex(word, libc::FUTEX_WAIT, ASLEEP);
    }
}

/// Memory of both ends: a memfd that the second one inherits. Mapped until the process ends.
pub struct Memory {
    start: *mut u8,
    fd: i32,
    len: usize,
}

impl Memory {
    /// Makes it, committed.
    pub fn create(len: usize) -> Result<Memory, String> {
        let error = || std::io::Error::last_os_error().to_string();
        // SAFETY: plain system calls.
        unsafe {
            // Inherited: no close-on-exec.
            let fd = libc::memfd_create(c"samemap-bench".as_ptr(), 0);
            if fd < 0 || libc::posix_fallocate(fd, 0, len as libc::off_t) != 0 {
                return Err(error());
            }
            Ok(Memory { start: map(fd, len), fd, len })
        }
    }

    /// What the second end needs.
    pub fn token(&self) -> String {
        format!("{}:{}", self.fd, self.len)
    }

    /// Maps what the first end made.
    pub fn open(token: &str) -> Memory {
        let (fd, len) = token.split_once(':').expect("a token of memory");
        let (fd, len) = (fd.parse().expect("a descriptor"), len.parse().expect("a length"));
        // SAFETY: the descriptor was inherited, of a file of this length.
        Memory { start: unsafe { map(fd, len) }, fd, len }
    }

    /// Its first byte.
    pub fn start(&self) -> *mut u8 {
        self.start
    }
}

/// # Safety
/// `fd` is an open file of at least `len` bytes.
unsafe fn map(fd: i32, len: usize) -> *mut u8 {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // All pages are there from the start, so that no measurement pays for them.
    let flags = libc::MAP_SHARED | libc::MAP_POPULATE;
    // SAFETY: a new mapping that replaces nothing.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), len, protection, flags, fd, 0) };
    assert_ne!(start, libc::MAP_FAILED, "mmap: {}", std::io::Error::last_os_error());
    start.cast()
}
