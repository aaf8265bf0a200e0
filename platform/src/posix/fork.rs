//! What a forked child (without exec) keeps of its parent's handles: the bytes, and nothing else (C15).
//!
//! A fork shares open file descriptions, and with them the locks that mean *somebody holds this*. A
//! child that lived longer than its killed parent would keep the parent's objects alive. So in the child,
//! before `fork` returns there, every holder's descriptor is replaced by one of a fresh description, and
//! every shared mapping is made anew from that. The child's copies of handles then work for reading, and
//! closing them does nothing to the parent's.
//!
//! `posix_spawn` and `vfork` do not come here and need not: they exec at once, and our descriptors are
//! close-on-exec. A raw `clone` does not come here either; its child is told apart by its process id where a handle
//! goes, so it neither unlocks nor unlinks, but it does keep the description alive. It must not drop a copy of a
//! mutex's guard: that makes no system call, and so gives up its parent's lock.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

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
        // What the parent left stays where it is: whoever has a reference may keep it.
        if self.0.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            // SAFETY: made above, and nobody else has seen it.
            drop(unsafe { Box::from_raw(new) });
        }
    }
}

/// What a forked child has to make anew.
#[derive(Clone, Copy, Debug)]
enum Entry {
    Free { next: usize },
    Holder { fd: RawFd, writable: bool },
    Mapping(SharedMapping),
}

/// A shared mapping of a holder's descriptor.
#[derive(Clone, Copy, Debug)]
pub(super) struct SharedMapping {
    pub(super) address: usize,
    pub(super) len: usize,
    pub(super) offset: u64,
    pub(super) writable: bool,
    pub(super) fd: RawFd,
}

/// Place of an entry, to take it out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(usize);

struct Registry {
    entries: Vec<Entry>,
    first_free: usize,
    /// How often this process began to fork.
    forks: u32,
}

const NONE_FREE: usize = usize::MAX;

static REGISTRY: Mutex<Registry> =
    Mutex::new(Registry { entries: Vec::new(), first_free: NONE_FREE, forks: 0 });

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Registry {
    fn insert(&mut self, entry: Entry) -> Ticket {
        let Some(Entry::Free { next }) = self.entries.get(self.first_free).copied() else {
            self.entries.push(entry);
            return Ticket(self.entries.len() - 1);
        };
        let place = std::mem::replace(&mut self.first_free, next);
        self.entries[place] = entry;
        Ticket(place)
    }

    fn remove(&mut self, ticket: Ticket) {
        self.entries[ticket.0] = Entry::Free { next: self.first_free };
        self.first_free = ticket.0;
    }
}

/// Remembers a descriptor that carries a holder's lock.
pub(super) fn register_holder(fd: BorrowedFd<'_>, writable: bool) -> Ticket {
    handlers::install();
    registry().insert(Entry::Holder { fd: fd.as_raw_fd(), writable })
}

/// Maps such a descriptor and remembers the mapping. No fork comes in between: its child would keep the
/// description.
pub(super) fn register_mapping<A, E>(
    map: impl FnOnce() -> Result<(A, SharedMapping), E>,
) -> Result<(A, Ticket), E> {
    let mut registry = registry();
    let (address, mapping) = map()?;
    Ok((address, registry.insert(Entry::Mapping(mapping))))
}

/// Forgets a mapping and unmaps it. No fork comes in between: its child would put a mapping in a place that
/// is somebody else's, or keep one.
pub(super) fn unregister_mapping(ticket: Ticket, unmap: impl FnOnce()) {
    let mut registry = registry();
    registry.remove(ticket);
    unmap();
}

/// Opens a descriptor that may come to carry a lock, and remembers it; `open` also answers whether it may be
/// written to. No fork comes in between: its child would share the description, and so every lock that it is
/// given later.
pub(super) fn register_opened<E>(
    open: impl FnOnce() -> Result<(OwnedFd, bool), E>,
) -> Result<(OwnedFd, bool, Ticket), E> {
    handlers::install();
    let mut registry = registry();
    let (fd, writable) = open()?;
    let ticket = registry.insert(Entry::Holder { fd: fd.as_raw_fd(), writable });
    Ok((fd, writable, ticket))
}

/// How often a process may fork while it opens one file, before that file is taken as it is.
const TURNS: u32 = 100;

/// Opens a descriptor that may come to carry a lock, and remembers it. That may take its time, so it holds no fork up:
/// where one came in between, whose child shares the description, it is opened anew.
pub(super) fn register_opened_at_leisure<E>(
    writable: bool,
    open: impl Fn() -> Result<OwnedFd, E>,
) -> Result<(OwnedFd, Ticket), E> {
    handlers::install();
    let mut turns = 0..TURNS;
    loop {
        let forks = registry().forks;
        let fd = open()?;
        let mut registry = registry();
        if registry.forks == forks || turns.next().is_none() {
            let ticket = registry.insert(Entry::Holder { fd: fd.as_raw_fd(), writable });
            return Ok((fd, ticket));
        }
    }
}

/// Forgets a holder's descriptor, before it is closed.
pub(super) fn unregister(ticket: Ticket) {
    registry().remove(ticket);
}

mod handlers {
    use super::{Entry, GENERATION, MutexGuard, Once, Ordering, Registry, registry};
    use std::cell::UnsafeCell;

    /// The registry's lock, held over a fork so that the child finds the registry whole.
    struct HeldOverFork(UnsafeCell<Option<MutexGuard<'static, Registry>>>);

    // SAFETY: touched only by the fork handlers, and only while the thread that runs them holds the
    // registry's lock: `prepare` takes it, and one of the other two gives it back.
    unsafe impl Sync for HeldOverFork {}

    static HELD: HeldOverFork = HeldOverFork(UnsafeCell::new(None));

    pub(super) fn install() {
        static INSTALL: Once = Once::new();
        INSTALL.call_once(|| {
            // SAFETY: the three handlers are functions that live as long as the program.
            let answer = unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(in_child)) };
            // Only for want of memory; then a forked child keeps its copies of our locks, as documented
            // for a raw clone.
            debug_assert_eq!(answer, 0);
        });
    }

    extern "C" fn prepare() {
        let mut guard = registry();
        guard.forks = guard.forks.wrapping_add(1);
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
            renew(&registry.entries);
        }
    }

    fn renew(entries: &[Entry]) {
        for entry in entries {
            if let Entry::Holder { fd, writable } = *entry {
                super::renewal::renew_descriptor(fd, writable);
            }
        }
        for entry in entries {
            if let Entry::Mapping(mapping) = *entry {
                super::renewal::renew_mapping(mapping);
            }
        }
    }
}

/// Plain system calls, without allocation.
mod renewal {
    use super::{RawFd, SharedMapping};

    pub(super) fn renew_descriptor(fd: RawFd, writable: bool) {
        let mut path = [0u8; 32];
        write_fresh_path(fd, &mut path);
        let access = if writable { libc::O_RDWR } else { libc::O_RDONLY };
        // SAFETY: the path ends in NUL; the descriptors are integers, and `fd` is ours by the registry,
        // to be replaced in this process only.
        unsafe {
            let flags = access | libc::O_CLOEXEC | libc::O_NONBLOCK;
            let mut fresh = libc::open(path.as_ptr().cast(), flags);
            if fresh < 0 && std::io::Error::last_os_error().raw_os_error() == Some(libc::EMFILE) {
                fresh = beyond_the_limit(|| libc::open(path.as_ptr().cast(), flags));
            }
            if fresh >= 0 {
                // In one step, so that the number is never free for anybody else.
                replace(fresh, fd);
                libc::close(fresh);
            }
        }
    }

    /// All descriptors that this process may have are in use, and one more is needed for an instant: the
    /// limit is mostly a soft one.
    fn beyond_the_limit(open: impl FnOnce() -> RawFd) -> RawFd {
        // SAFETY: plain numbers, all of them set by the first call before they are used.
        unsafe {
            let mut limit: libc::rlimit = std::mem::zeroed();
            if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) != 0 {
                return -1;
            }
            let raised = libc::rlimit { rlim_cur: limit.rlim_max, ..limit };
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const raised);
            let fd = open();
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
            fd
        }
    }

    /// Makes `to` a copy of `from`, close-on-exec.
    ///
    /// # Safety
    /// Both are descriptors of this process, and `to` is ours to replace.
    unsafe fn replace(from: RawFd, to: RawFd) {
        // SAFETY: by contract.
        unsafe {
            libc::dup3(from, to, libc::O_CLOEXEC);
        }
    }

    pub(super) fn renew_mapping(mapping: SharedMapping) {
        let protection = libc::PROT_READ | if mapping.writable { libc::PROT_WRITE } else { 0 };
        // SAFETY: the range is a mapping of ours, of this very file at this very offset, so replacing it
        // changes no byte that anybody can see; where it fails, the old mapping stays.
        unsafe {
            libc::mmap(
                std::ptr::with_exposed_provenance_mut(mapping.address),
                mapping.len,
                protection,
                libc::MAP_SHARED | libc::MAP_FIXED,
                mapping.fd,
                mapping.offset as libc::off_t,
            );
        }
    }

    /// `/proc/self/fd/N`.
    fn write_fresh_path(fd: RawFd, path: &mut [u8; 32]) {
        let dir = b"/proc/self/fd/";
        path[..dir.len()].copy_from_slice(dir);
        let mut digits = [0u8; 10];
        let mut rest = fd.unsigned_abs();
        let mut first = digits.len();
        loop {
            first -= 1;
            digits[first] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        let digits = &digits[first..];
        path[dir.len()..dir.len() + digits.len()].copy_from_slice(digits);
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn paths_are_written_without_allocation_and_right() {
            for fd in [0, 7, 10, 12345, i32::MAX] {
                let mut path = [0; 32];
                super::write_fresh_path(fd, &mut path);
                let text = std::ffi::CStr::from_bytes_until_nul(&path).unwrap().to_str().unwrap();
                assert!(text.ends_with(&format!("/fd/{fd}")), "{text}");
            }
        }
    }
}
