//! The locks that are contended for.

use named_lock::NamedLock;
use raw_sync::locks::{LockImpl, LockInit, Mutex as RawMutex};
use samemap::sync::SharedMutex;

use super::arena::ROOM;
use super::bare;
use super::contend::Lock;
use super::leftovers;
use super::link::Spec;

/// Where a lock lies in the arena.
const AT: usize = ROOM + 1024;

fn memory(spec: &Spec<'_>) -> *mut u8 {
    // SAFETY: inside the arena, which is larger.
    unsafe { spec.arena.view().as_ptr().add(AT) }
}

fn nothing_to_tell<L>(lock: L) -> Result<(L, String), String> {
    Ok((lock, String::new()))
}

/// A three-state futex lock.
pub struct Bare(&'static std::sync::atomic::AtomicU32);

impl Bare {
    fn at(spec: &Spec<'_>) -> Bare {
        // SAFETY: an aligned word of the arena, which both ends keep mapped until they have ended their work.
        Bare(unsafe { &*memory(spec).cast() })
    }
}

impl Lock for Bare {
    fn create(spec: &Spec<'_>) -> Result<(Self, String), String> {
        nothing_to_tell(Bare::at(spec))
    }

    fn connect(spec: &Spec<'_>, _token: &str) -> Self {
        Bare::at(spec)
    }

    fn work(&mut self) {
        bare::lock(self.0);
        bare::unlock(self.0);
    }
}

/// A robust pthread mutex.
pub struct Robust(bare::Robust);

impl Lock for Robust {
    fn create(spec: &Spec<'_>) -> Result<(Self, String), String> {
        // SAFETY: aligned room in the arena, which both ends keep mapped until they have ended their work.
        nothing_to_tell(Robust(unsafe { bare::Robust::initialise(memory(spec)) }))
    }

    fn connect(spec: &Spec<'_>, _token: &str) -> Self {
        // SAFETY: as above, and the first end has initialised it.
        Robust(unsafe { bare::Robust::open(memory(spec)) })
    }

    fn work(&mut self) {
        self.0.lock_and_unlock();
    }
}

/// samemap's.
pub struct Ours(SharedMutex<u64>);

impl Lock for Ours {
    fn create(spec: &Spec<'_>) -> Result<(Self, String), String> {
        nothing_to_tell(Ours(
            SharedMutex::create(spec.arena.view(), AT, &0).map_err(|error| error.to_string())?,
        ))
    }

    fn connect(spec: &Spec<'_>, _token: &str) -> Self {
        Ours(SharedMutex::open(spec.arena.view(), AT).expect("the first end has made it"))
    }

    fn work(&mut self) {
        drop(self.0.lock().expect("lock"));
    }
}

/// raw_sync's.
pub struct RawSync(Box<dyn LockImpl>);

impl Lock for RawSync {
    fn create(spec: &Spec<'_>) -> Result<(Self, String), String> {
        // SAFETY: aligned room in the arena, which both ends keep mapped until they have ended their work.
        let made = unsafe { RawMutex::new(memory(spec), memory(spec).add(512)) };
        nothing_to_tell(RawSync(made.map_err(|error| error.to_string())?.0))
    }

    fn connect(spec: &Spec<'_>, _token: &str) -> Self {
        // SAFETY: as above, and the first end has initialised it.
        let opened = unsafe { RawMutex::from_existing(memory(spec), memory(spec).add(512)) };
        RawSync(opened.expect("the first end has made it").0)
    }

    fn work(&mut self) {
        drop(self.0.lock().expect("not poisoned"));
    }
}

/// named-lock's: `flock` on a file in memory, behind a lock of the process's own. It has no settings but the path.
pub struct Named(NamedLock);

impl Named {
    /// Of that path.
    pub fn at(path: &std::path::Path) -> Result<Named, String> {
        NamedLock::with_path(path).map(Named).map_err(|error| error.to_string())
    }

    /// Of both ends.
    fn of_both() -> Result<Named, String> {
        Named::at(&leftovers::folder().join("lock"))
    }
}

impl Lock for Named {
    fn create(_spec: &Spec<'_>) -> Result<(Self, String), String> {
        nothing_to_tell(Named::of_both()?)
    }

    fn connect(_spec: &Spec<'_>, _token: &str) -> Self {
        Named::of_both().expect("the first end has made it")
    }

    fn work(&mut self) {
        drop(self.0.lock().expect("lock"));
    }
}
