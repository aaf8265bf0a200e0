//! What a forked child without exec keeps of its parent's handles: only the memory (C15).
//!
//! A fork shares open file descriptions, and with them the locks of holders. A child that outlives its killed parent
//! would keep the parent's objects alive. So every descriptor with a lock is registered here. Before `fork` returns in
//! the child, a *placeholder* without a lock takes its number: a copy (`dup3`) of a descriptor that was opened with
//! `O_PATH` before. That needs no right, no /proc and no free number, and keeps the number from being reused.
//!
//! A mapped description carries no lock, because a mapping keeps its description alive after every `close`. So the
//! child's copies of views show the same live memory as before and hold nothing. The price is a second description for
//! each object, which costs one `open`.
//!
//! `posix_spawn` and `vfork` run no fork handlers and need none: they exec at once, and these descriptors are
//! close-on-exec. Values that must not be locked in the child are `PerProcess`, and the handlers are registered without
//! a lock.
//!
//! A raw `clone` and glibc's `_Fork` run no fork handlers either. A handle that is dropped in their child recognises it
//! by its process id, so it neither unlocks nor unlinks. But the child keeps the descriptions, and with them the
//! objects, alive. It must not drop a copy of a mutex's guard: that makes no system call, and so gives up its parent's
//! lock. Nor does it know that its parent's thread for sleeps without a timer is not there.

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::signature::{Identity, Signature, behind_standard_streams, part_positions};
use crate::seam::per_process;

/// The number of forks between the process that loaded the program and this one.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// The process that a handle belongs to: its id, and the number of forks before it, because parent and child may have
/// one id in different PID namespaces. A forked child can take the handle over.
#[derive(Debug)]
pub(super) struct HolderMark(AtomicU64);

impl Clone for HolderMark {
    fn clone(&self) -> Self {
        HolderMark(AtomicU64::new(self.0.load(Ordering::Acquire)))
    }
}

impl HolderMark {
    pub(super) fn current() -> HolderMark {
        handlers::install();
        HolderMark(AtomicU64::new(Self::bits()))
    }

    pub(super) fn is_current(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::bits()
    }

    /// Whether this is that process, without a system call. The child of a raw clone passes, too.
    #[inline]
    pub(super) fn is_of_this_generation(&self) -> bool {
        self.0.load(Ordering::Acquire) as u32 == GENERATION.load(Ordering::Relaxed)
    }

    pub(super) fn set_current(&self) {
        self.0.store(Self::bits(), Ordering::Release);
    }

    fn bits() -> u64 {
        u64::from(std::process::id()) << 32 | u64::from(GENERATION.load(Ordering::Relaxed))
    }
}

/// Counts the forks.
#[derive(Debug)]
pub struct Forks;

impl per_process::Forks for Forks {
    #[inline]
    fn count() -> u32 {
        handlers::install();
        GENERATION.load(Ordering::Relaxed)
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

/// The place of an entry, for its removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(usize);

const NONE_FREE: usize = usize::MAX;

static REGISTRY: Mutex<Registry> = Mutex::new(Registry { entries: Vec::new(), first_free: NONE_FREE });

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Registry {
    /// Registers a descriptor that was opened while forks were held off.
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

    /// Removes a descriptor before it is closed.
    pub(super) fn remove(&mut self, ticket: Ticket) {
        self.entries[ticket.0] = Entry::Free { next: self.first_free };
        self.first_free = ticket.0;
    }
}

/// Holds forks off: no thread forks this process while the guard lives.
pub(super) fn held_off() -> MutexGuard<'static, Registry> {
    handlers::install();
    registry()
}

/// Whether the number is that of a placeholder in this process, a forked child.
pub(super) fn is_placeholder(fd: RawFd) -> bool {
    GENERATION.load(Ordering::Relaxed) > 0 && handlers::PLACEHOLDER.is_open_as(fd)
}

mod handlers {
    use super::{
        AtomicI32, AtomicU32, AtomicU64, Entry, GENERATION, Identity, MutexGuard, Ordering, RawFd, Registry,
        Signature, behind_standard_streams, part_positions, registry,
    };
    use crate::posix::kernel;
    use rustix::fs::{Mode, OFlags, fstat, open};
    use std::cell::UnsafeCell;
    use std::os::fd::IntoRawFd as _;

    /// The registry's lock, held during a fork so that the child finds the registry whole.
    struct HeldOverFork(UnsafeCell<Option<MutexGuard<'static, Registry>>>);

    // SAFETY: accessed only by the fork handlers, and only while the thread that runs them holds the
    // registry's lock: `prepare` takes it, and one of the other two gives it back.
    unsafe impl Sync for HeldOverFork {}

    static HELD: HeldOverFork = HeldOverFork(UnsafeCell::new(None));

    /// The process that registers the handlers, or [`DONE`]. Not a lock: a fork in the middle would leave it locked in
    /// the child.
    static INSTALLED: AtomicU32 = AtomicU32::new(NOBODY);
    const NOBODY: u32 = 0;
    const DONE: u32 = u32::MAX;

    /// Registers the handlers, before the first descriptor that they handle exists.
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
                // Another thread is registering them.
                installer if installer == this_process => std::thread::yield_now(),
                // No process, or the parent, which forked before the handlers were registered: otherwise `in_child`
                // would have stored it.
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
        // It fails only without memory. Then a forked child keeps its parent's locks, as documented for a raw clone.
        debug_assert_eq!(answer, 0);
    }

    extern "C" fn prepare() {
        let guard = registry();
        // The process may have closed all its descriptors.
        PLACEHOLDER.keep();
        // SAFETY: this thread has just taken the registry's lock.
        unsafe { *HELD.0.get() = Some(guard) };
    }

    extern "C" fn in_parent() {
        // SAFETY: this thread still holds the lock that `prepare` took.
        drop(unsafe { (*HELD.0.get()).take() });
    }

    /// Only async-signal-safe calls are allowed here: the other threads are gone, and one of them may have held the
    /// allocator's lock.
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

    /// Leaves a description to the parent, unless its number was reused.
    fn leave(fd: RawFd, signature: Signature, placeholder: Option<RawFd>) {
        if !signature.is_on(fd) {
            return;
        }
        // SAFETY: the number is that of a registered descriptor, replaced or closed in this process only.
        unsafe {
            match placeholder {
                Some(placeholder) if kernel::replace(placeholder, fd) => {}
                // No placeholder could be opened: the number becomes free.
                _ => {
                    libc::close(fd);
                }
            }
        }
    }

    /// A descriptor of `/` that allows nothing, and so needs no right.
    pub(super) struct Placeholder {
        fd: AtomicI32,
        dev: AtomicU64,
        ino: AtomicU64,
    }

    pub(super) static PLACEHOLDER: Placeholder =
        Placeholder { fd: AtomicI32::new(-1), dev: AtomicU64::new(0), ino: AtomicU64::new(0) };

    impl Placeholder {
        /// Opens it, unless it is open. One thread at a time may call this.
        fn keep(&self) {
            if self.number().is_some() {
                return;
            }
            let opened = open("/", kernel::PLACEHOLDER, Mode::empty());
            let Ok(fd) = opened.and_then(behind_standard_streams) else { return };
            let Ok(stat) = fstat(&fd) else { return };
            let (dev, ino) = Identity::from(&stat).parts();
            self.dev.store(dev, Ordering::Relaxed);
            self.ino.store(ino, Ordering::Relaxed);
            self.fd.store(fd.into_raw_fd(), Ordering::Release);
        }

        /// Its number, unless it was closed.
        fn number(&self) -> Option<RawFd> {
            let fd = self.fd.load(Ordering::Acquire);
            self.is_open_as(fd).then_some(fd)
        }

        /// Whether the number is that of a copy of the placeholder.
        pub(super) fn is_open_as(&self, fd: RawFd) -> bool {
            let (dev, ino) = (self.dev.load(Ordering::Relaxed), self.ino.load(Ordering::Relaxed));
            // SAFETY: reads flags, or fails, for any number.
            let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
            flags != -1
                && kernel::may_be_placeholder(OFlags::from_bits_retain(flags as _))
                && Identity::from_parts(dev, ino).is_open_as(fd)
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
