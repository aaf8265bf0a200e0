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
//! A raw `clone` and glibc's `_Fork` do not come here either. Their child is told apart by its process id where a handle
//! goes, so it neither unlocks nor unlinks, but it does keep the descriptions, and with them the objects, alive. It must
//! not drop a copy of a mutex's guard: that makes no system call, and so gives up its parent's lock.

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use super::descriptor::{Identity, behind_standard_streams};

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

/// The process that holds, which a forked child can come to be.
#[derive(Debug)]
pub(super) struct HolderMark(AtomicU64);

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

/// What a process has one of, and a forked child begins anew: the parent's may be locked by a thread that the
/// child does not have, and says what the parent owns.
pub(super) struct PerProcess<T: 'static>(AtomicPtr<OfGeneration<T>>);

struct OfGeneration<T> {
    generation: Generation,
    value: T,
}

impl<T: Default + Sync> PerProcess<T> {
    pub(super) const fn new() -> Self {
        PerProcess(AtomicPtr::new(std::ptr::null_mut()))
    }

    /// This process's own.
    pub(super) fn get(&self) -> &'static T {
        loop {
            let seen = self.0.load(Ordering::Acquire);
            // SAFETY: null, or made below and never freed.
            match unsafe { seen.as_ref() } {
                Some(made) if made.generation.is_current() => return &made.value,
                _ => self.begin(seen),
            }
        }
    }

    #[cold]
    fn begin(&self, seen: *mut OfGeneration<T>) {
        let new = Box::new(OfGeneration { generation: Generation::current(), value: T::default() });
        let new = Box::into_raw(new);
        // What the parent left stays where it is: a reference to it may be kept.
        if self.0.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            // SAFETY: made above, and nobody else has seen it.
            drop(unsafe { Box::from_raw(new) });
        }
    }
}

/// The descriptors that carry locks.
pub(super) struct Registry {
    entries: Vec<Entry>,
    first_free: usize,
}

#[derive(Clone, Copy, Debug)]
enum Entry {
    Free { next: usize },
    Lockable { fd: RawFd, identity: Identity },
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
    pub(super) fn insert(&mut self, fd: RawFd, identity: Identity) -> Ticket {
        let entry = Entry::Lockable { fd, identity };
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
    GENERATION.load(Ordering::Relaxed) > 0
        && handlers::placeholder_identity().is_some_and(|it| it.is_open_as(fd))
}

mod handlers {
    use super::{
        AtomicI32, Entry, GENERATION, Identity, MutexGuard, Once, Ordering, RawFd, Registry,
        behind_standard_streams, registry,
    };
    use rustix::fs::{Mode, OFlags, fstat, open};
    use std::cell::UnsafeCell;
    use std::os::fd::IntoRawFd as _;
    use std::sync::OnceLock;

    /// The registry's lock, held over a fork so that the child finds the registry whole.
    struct HeldOverFork(UnsafeCell<Option<MutexGuard<'static, Registry>>>);

    // SAFETY: touched only by the fork handlers, and only while the thread that runs them holds the
    // registry's lock: `prepare` takes it, and one of the other two gives it back.
    unsafe impl Sync for HeldOverFork {}

    static HELD: HeldOverFork = HeldOverFork(UnsafeCell::new(None));

    /// A descriptor of `/` that can do nothing, and so needs no right.
    static PLACEHOLDER: AtomicI32 = AtomicI32::new(-1);
    static PLACEHOLDER_IDENTITY: OnceLock<Identity> = OnceLock::new();

    pub(super) fn placeholder_identity() -> Option<Identity> {
        PLACEHOLDER_IDENTITY.get().copied()
    }

    pub(super) fn install() {
        static INSTALL: Once = Once::new();
        INSTALL.call_once(|| {
            keep_placeholder();
            // SAFETY: the three handlers are functions that live as long as the program, or the library, is loaded:
            // the C library forgets them when it is unloaded.
            let answer = unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(in_child)) };
            // Only for want of memory; then a forked child keeps its copies of our locks, as documented
            // for a raw clone.
            debug_assert_eq!(answer, 0);
        });
    }

    /// Where it cannot be had, a child closes the descriptors instead, and their numbers fall free.
    fn keep_placeholder() {
        let opened = open("/", OFlags::PATH | OFlags::CLOEXEC | OFlags::DIRECTORY, Mode::empty());
        let Ok(fd) = opened.and_then(behind_standard_streams) else { return };
        if let Ok(stat) = fstat(&fd) {
            let _ = PLACEHOLDER_IDENTITY.set(Identity::from(&stat));
            PLACEHOLDER.store(fd.into_raw_fd(), Ordering::Release);
        }
    }

    extern "C" fn prepare() {
        let guard = registry();
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
        // SAFETY: as in `in_parent`; the child's only thread is the copy of the one that forked.
        if let Some(registry) = unsafe { (*HELD.0.get()).take() } {
            let placeholder = placeholder();
            for entry in &registry.entries {
                if let Entry::Lockable { fd, identity } = *entry {
                    leave(fd, identity, placeholder);
                }
            }
        }
    }

    /// The one that was kept, unless something closed it.
    fn placeholder() -> Option<RawFd> {
        let fd = PLACEHOLDER.load(Ordering::Acquire);
        placeholder_identity().filter(|identity| identity.is_open_as(fd)).map(|_| fd)
    }

    /// Leaves a description to the parent, unless the number has come to mean something else.
    fn leave(fd: RawFd, identity: Identity, placeholder: Option<RawFd>) {
        if !identity.is_open_as(fd) {
            return;
        }
        // SAFETY: the number is that of a descriptor of ours, to be replaced or closed in this process only.
        unsafe {
            match placeholder {
                Some(placeholder) if libc::dup3(placeholder, fd, libc::O_CLOEXEC) >= 0 => {}
                _ => {
                    libc::close(fd);
                }
            }
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
        let identity = Identity::from_parts(1, 2);
        let (first, second) = (registry.insert(5, identity), registry.insert(6, identity));
        registry.remove(first);
        registry.remove(second);
        assert_eq!((registry.insert(7, identity), registry.insert(8, identity)), (second, first));
        assert_eq!(registry.entries.len(), 2);
    }

    #[test]
    fn nothing_is_a_placeholder_in_a_process_that_was_not_forked() {
        let _held_off = held_off();
        assert!(!is_placeholder(std::io::stdout().as_raw_fd()));
    }
}
