//! What a forked child (without exec) keeps of its parent's handles: the bytes, and nothing else (C15).
//!
//! A fork shares open file descriptions, and with them the locks that mean *somebody holds this*. A child that lived
//! longer than its killed parent would keep the parent's objects alive. So every descriptor that carries a lock is
//! registered here, and in the child, before `fork` returns there, a descriptor that carries none takes its number:
//! a copy (`dup3`) of one that was opened with `O_PATH` long before. That needs no right, no /proc and no free number,
//! and the number does not fall free for a stranger's file.
//!
//! Descriptions that are mapped carry no locks, because a mapping keeps its description alive after every `close`. So
//! nothing has to be done about mappings: the child's copies of views show the same memory as before, live, and hold
//! nothing. The price is a second description for each object, which costs one `open`.
//!
//! `posix_spawn` and `vfork` do not come here and need not: they exec at once, and our descriptors are close-on-exec.
//! What a child must not find locked is `PerProcess`, and the handlers are registered without a lock of std's.
//!
//! A raw `clone` and glibc's `_Fork` do not come here either. Their child is told apart by its process id where a handle
//! goes, so it neither unlocks nor unlinks, but it does keep the descriptions, and with them the objects, alive. It must
//! not drop a copy of a mutex's guard: that makes no system call, and so gives up its parent's lock.

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::signature::{Identity, Signature, behind_standard_streams, part_positions};
use crate::seam::per_process;

/// How many forks lie between this process and the one that loaded the program.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Which process made a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProcessMark {
    pid: u32,
    // Two processes in different PID namespaces may have one number; parent and child are told apart by this.
    generation: u32,
}

impl ProcessMark {
    pub(super) fn current() -> ProcessMark {
        ProcessMark { pid: std::process::id(), generation: GENERATION.load(Ordering::Relaxed) }
    }

    pub(super) fn is_current(self) -> bool {
        self == ProcessMark::current()
    }
}

/// The process that something belongs to, which a forked child can come to be.
#[derive(Debug)]
pub(super) struct HolderMark(AtomicU64);

impl Clone for HolderMark {
    fn clone(&self) -> Self {
        HolderMark(AtomicU64::new(self.0.load(Ordering::Acquire)))
    }
}

impl HolderMark {
    pub(super) fn current() -> HolderMark {
        HolderMark(AtomicU64::new(Self::bits()))
    }

    pub(super) fn is_current(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::bits()
    }

    /// The same without a system call, for what does no harm in the child of a raw clone.
    pub(super) fn is_of_this_generation(&self) -> bool {
        self.0.load(Ordering::Acquire) as u32 == GENERATION.load(Ordering::Relaxed)
    }

    pub(super) fn set_current(&self) {
        self.0.store(Self::bits(), Ordering::Release);
    }

    fn bits() -> u64 {
        let ProcessMark { pid, generation } = ProcessMark::current();
        u64::from(pid) << 32 | u64::from(generation)
    }
}

/// How many forks lie behind a process: tells parent and child apart without a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation(u32);

impl Generation {
    pub(super) fn current() -> Generation {
        handlers::install();
        Generation(GENERATION.load(Ordering::Relaxed))
    }

    #[inline]
    pub(super) fn is_current(self) -> bool {
        self.0 == GENERATION.load(Ordering::Relaxed)
    }
}

/// The same as a number.
#[derive(Debug)]
pub struct Forks;

impl per_process::Forks for Forks {
    fn count() -> u32 {
        Generation::current().0
    }
}

pub(super) type PerProcess<T> = per_process::PerProcess<T, Forks>;

/// The descriptors that carry locks.
pub(super) struct Registry {
    entries: Vec<Entry>,
    first_free: usize,
}

#[derive(Clone, Copy, Debug)]
enum Entry {
    Free { next: usize },
    Lockable { fd: RawFd, signature: Signature },
}

/// Place of an entry, to take it out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(usize);

const NONE_FREE: usize = usize::MAX;

static REGISTRY: Mutex<Registry> = Mutex::new(Registry { entries: Vec::new(), first_free: NONE_FREE });

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Registry {
    /// Remembers a descriptor that was opened since forks are held off.
    pub(super) fn insert(&mut self, fd: RawFd, signature: Signature) -> Ticket {
        let entry = Entry::Lockable { fd, signature };
        let Some(Entry::Free { next }) = self.entries.get(self.first_free).copied() else {
            self.entries.push(entry);
            return Ticket(self.entries.len() - 1);
        };
        let place = std::mem::replace(&mut self.first_free, next);
        self.entries[place] = entry;
        Ticket(place)
    }

    /// Forgets a descriptor, before it is closed.
    pub(super) fn remove(&mut self, ticket: Ticket) {
        self.entries[ticket.0] = Entry::Free { next: self.first_free };
        self.first_free = ticket.0;
    }
}

/// No thread forks this process while the answer lives.
pub(super) fn held_off() -> MutexGuard<'static, Registry> {
    handlers::install();
    registry()
}

/// Whether the number is that of what takes the place of locked descriptors in this process, a forked child.
pub(super) fn is_placeholder(fd: RawFd) -> bool {
    GENERATION.load(Ordering::Relaxed) > 0 && handlers::PLACEHOLDER.is_open_as(fd)
}

mod handlers {
    use super::{
        AtomicI32, AtomicU32, AtomicU64, Entry, GENERATION, Identity, MutexGuard, Ordering, RawFd, Registry,
        Signature, behind_standard_streams, part_positions, registry,
    };
    use rustix::fs::{Mode, OFlags, fstat, open};
    use std::cell::UnsafeCell;
    use std::os::fd::IntoRawFd as _;

    /// The registry's lock, held over a fork so that the child finds the registry whole.
    struct HeldOverFork(UnsafeCell<Option<MutexGuard<'static, Registry>>>);

    // SAFETY: touched only by the fork handlers, and only while the thread that runs them holds the
    // registry's lock: `prepare` takes it, and one of the other two gives it back.
    unsafe impl Sync for HeldOverFork {}

    static HELD: HeldOverFork = HeldOverFork(UnsafeCell::new(None));

    /// The process that registers the handlers, or [`DONE`]. No lock of std's: a fork in the middle would leave it
    /// locked in the child.
    static INSTALLED: AtomicU32 = AtomicU32::new(NOBODY);
    const NOBODY: u32 = 0;
    const DONE: u32 = u32::MAX;

    /// Nothing that is to be left to the parent exists before the handlers do.
    #[inline]
    pub(super) fn install() {
        if INSTALLED.load(Ordering::Acquire) != DONE {
            install_once();
        }
    }

    #[cold]
    fn install_once() {
        let this_process = std::process::id();
        loop {
            match INSTALLED.load(Ordering::Acquire) {
                DONE => return,
                // Another thread is at it.
                installer if installer == this_process => std::thread::yield_now(),
                // No process, or the parent, which had not come to register them when it forked: else `in_child`
                // would have said so.
                before => {
                    let ours =
                        INSTALLED.compare_exchange(before, this_process, Ordering::AcqRel, Ordering::Relaxed);
                    if ours.is_ok() {
                        PLACEHOLDER.keep();
                        register();
                        INSTALLED.store(DONE, Ordering::Release);
                        return;
                    }
                }
            }
        }
    }

    fn register() {
        // SAFETY: the three handlers are functions that live as long as the program, or the library, is loaded:
        // the C library forgets them when it is unloaded.
        let answer = unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(in_child)) };
        // Only for want of memory; then a forked child keeps its copies of our locks, as documented
        // for a raw clone.
        debug_assert_eq!(answer, 0);
    }

    extern "C" fn prepare() {
        let guard = registry();
        // A process may close every descriptor that it has.
        PLACEHOLDER.keep();
        // SAFETY: this thread has just taken the registry's lock.
        unsafe { *HELD.0.get() = Some(guard) };
    }

    extern "C" fn in_parent() {
        // SAFETY: this thread still holds the lock that `prepare` took.
        drop(unsafe { (*HELD.0.get()).take() });
    }

    /// Only what is async-signal-safe may be done here: other threads are gone, and the allocator's
    /// lock may be lost with them.
    extern "C" fn in_child() {
        GENERATION.fetch_add(1, Ordering::Relaxed);
        part_positions(std::process::id());
        INSTALLED.store(DONE, Ordering::Release);
        // SAFETY: as in `in_parent`; the child's only thread is the copy of the one that forked.
        if let Some(registry) = unsafe { (*HELD.0.get()).take() } {
            let placeholder = PLACEHOLDER.number();
            for entry in &registry.entries {
                if let Entry::Lockable { fd, signature } = *entry {
                    leave(fd, signature, placeholder);
                }
            }
        }
    }

    /// Leaves a description to the parent, unless the number has come to mean something else.
    fn leave(fd: RawFd, signature: Signature, placeholder: Option<RawFd>) {
        if !signature.is_on(fd) {
            return;
        }
        // SAFETY: the number is that of a descriptor of ours, to be replaced or closed in this process only.
        unsafe {
            match placeholder {
                Some(placeholder) if libc::dup3(placeholder, fd, libc::O_CLOEXEC) >= 0 => {}
                // There was no room to open one: the number falls free.
                _ => {
                    libc::close(fd);
                }
            }
        }
    }

    /// A descriptor of `/` that can do nothing, and so needs no right.
    pub(super) struct Placeholder {
        fd: AtomicI32,
        dev: AtomicU64,
        ino: AtomicU64,
    }

    pub(super) static PLACEHOLDER: Placeholder =
        Placeholder { fd: AtomicI32::new(-1), dev: AtomicU64::new(0), ino: AtomicU64::new(0) };

    impl Placeholder {
        /// Opens it, unless it is open. By one thread at a time.
        fn keep(&self) {
            if self.number().is_some() {
                return;
            }
            let opened = open("/", OFlags::PATH | OFlags::CLOEXEC | OFlags::DIRECTORY, Mode::empty());
            let Ok(fd) = opened.and_then(behind_standard_streams) else { return };
            let Ok(stat) = fstat(&fd) else { return };
            let (dev, ino) = Identity::from(&stat).parts();
            self.dev.store(dev, Ordering::Relaxed);
            self.ino.store(ino, Ordering::Relaxed);
            self.fd.store(fd.into_raw_fd(), Ordering::Release);
        }

        /// Its number, unless something closed it.
        fn number(&self) -> Option<RawFd> {
            let fd = self.fd.load(Ordering::Acquire);
            self.is_open_as(fd).then_some(fd)
        }

        /// Whether the number is that of a copy of it.
        pub(super) fn is_open_as(&self, fd: RawFd) -> bool {
            let (dev, ino) = (self.dev.load(Ordering::Relaxed), self.ino.load(Ordering::Relaxed));
            // SAFETY: reads flags, or fails, whatever the number is.
            let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
            flags != -1 && flags & libc::O_PATH != 0 && Identity::from_parts(dev, ino).is_open_as(fd)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd as _;

    #[test]
    fn places_of_the_registry_are_used_again() {
        let mut registry = Registry { entries: Vec::new(), first_free: NONE_FREE };
        let signature = Signature::of_file(Identity::from_parts(1, 2));
        let (first, second) = (registry.insert(5, signature), registry.insert(6, signature));
        registry.remove(first);
        registry.remove(second);
        assert_eq!((registry.insert(7, signature), registry.insert(8, signature)), (second, first));
        assert_eq!(registry.entries.len(), 2);
    }

    #[test]
    fn nothing_is_a_placeholder_in_a_process_that_was_not_forked() {
        let _held_off = held_off();
        assert!(!is_placeholder(std::io::stdout().as_raw_fd()));
    }
}
