//! The process's handles: one table, which every call looks at, and no lock that all of them share.
//!
//! Places lie in chunks that are made when they are needed
//! and never move, so a look-up takes no lock but the place's own, for reading. A wait copies the object out first, so
//! that closing never waits for it. A closed place is used anew only after others, so that a stale handle is found out.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex as StdMutex, OnceLock, PoisonError, RwLock};

use samemap::sync::WaitAny;
use samemap::{Event, Mutex, Region, Semaphore, Timer};

use super::codes::{error, right};
use super::handle::Handle;
use super::last_error::Done;
use super::open_file::OpenFile;
use super::pointers::Out;

/// An object of any kind.
#[derive(Clone)]
pub(super) enum Object {
    Mapping(Region),
    File(Arc<OpenFile>),
    Mutex(Mutex),
    Event(Event),
    Semaphore(Semaphore),
    Timer(Timer),
}

impl Object {
    /// Itself, where a thread can wait for it.
    pub(super) fn as_waitable(&self) -> Option<&dyn WaitAny> {
        match self {
            Object::Mapping(_) | Object::File(_) => None,
            Object::Mutex(mutex) => Some(mutex),
            Object::Event(event) => Some(event),
            Object::Semaphore(semaphore) => Some(semaphore),
            Object::Timer(timer) => Some(timer),
        }
    }

    /// All rights to it.
    fn all_rights(&self) -> u32 {
        match self {
            Object::Mapping(_) => right::MAP_ALL,
            Object::File(_) => right::FILE_READ | right::FILE_WRITE,
            Object::Mutex(_) => right::MUTEX_ALL,
            Object::Event(_) | Object::Semaphore(_) | Object::Timer(_) => right::OBJECT_ALL,
        }
    }
}

/// An object that is open, and the rights that its handle has.
#[derive(Clone)]
pub(super) struct Opened {
    pub(super) object: Object,
    pub(super) rights: u32,
}

impl Opened {
    /// `asked` may name rights in general, too.
    pub(super) fn new(object: Object, asked: u32) -> Opened {
        let all = object.all_rights();
        let mut rights = asked & !(right::GENERIC_ALL | right::MAXIMUM_ALLOWED);
        if asked & (right::GENERIC_ALL | right::MAXIMUM_ALLOWED) != 0 {
            rights |= all;
        }
        if asked & right::GENERIC_EXECUTE != 0 {
            rights |= all & right::SYNCHRONIZE;
        }
        if asked & right::GENERIC_WRITE != 0 {
            rights |= all & right::MODIFY_STATE;
        }
        if asked & right::GENERIC_READ != 0 {
            rights |= if let Object::Mapping(_) = object { right::MAP_READ } else { all & 1 };
        }
        Opened { object, rights }
    }

    /// Checks that the handle has a right.
    #[inline]
    pub(super) fn check(&self, wanted: u32) -> Result<(), u32> {
        if self.rights & wanted == wanted { Ok(()) } else { Err(error::ACCESS_DENIED) }
    }
}

type Place = RwLock<Option<Opened>>;

/// The places of the first chunk; each further chunk has twice as many as the one before.
const FIRST: usize = 256;
/// Sixteen million places, as on Windows.
const CHUNKS: usize = 16;
/// So many places are free before one is used anew.
const REST: usize = 64;

struct Table {
    chunks: [OnceLock<Box<[Place]>>; CHUNKS],
    free: StdMutex<Free>,
}

struct Free {
    /// Closed places, the one first that was closed first.
    closed: VecDeque<usize>,
    /// The first place that was never used.
    fresh: usize,
}

static TABLE: Table = Table::new();

impl Table {
    const fn new() -> Table {
        Table {
            chunks: [const { OnceLock::new() }; CHUNKS],
            free: StdMutex::new(Free { closed: VecDeque::new(), fresh: 0 }),
        }
    }

    /// The chunk of a place, and its index there.
    #[inline]
    fn split(place: usize) -> (usize, usize) {
        let chunk = (place / FIRST + 1).ilog2() as usize;
        (chunk, place - FIRST * ((1 << chunk) - 1))
    }

    /// The place of a handle, if it was ever used.
    #[inline]
    fn look_up(&self, handle: Handle) -> Option<&Place> {
        let (chunk, index) = Table::split(handle.place()?);
        self.chunks.get(chunk)?.get()?.get(index)
    }

    fn take_free(&self) -> Option<usize> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.closed.len() >= REST {
            return free.closed.pop_front();
        }
        let place = free.fresh;
        (place < FIRST * ((1 << CHUNKS) - 1)).then(|| {
            free.fresh += 1;
            place
        })
    }

    fn open(&self, opened: Opened) -> Option<Handle> {
        let place = self.take_free()?;
        let (chunk, index) = Table::split(place);
        let chunk =
            self.chunks[chunk].get_or_init(|| (0..FIRST << chunk).map(|_| RwLock::new(None)).collect());
        *chunk[index].write().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        Some(Handle::of(place))
    }

    /// Takes out what a handle stood for.
    fn close(&self, handle: Handle) -> Option<Opened> {
        let opened = self.look_up(handle)?.write().unwrap_or_else(PoisonError::into_inner).take()?;
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.closed.extend(handle.place());
        Some(opened)
    }
}

/// A new handle.
pub(super) fn open(opened: Opened) -> Result<Handle, u32> {
    TABLE.open(opened).ok_or(error::NOT_ENOUGH_MEMORY)
}

/// Runs `call` on what a handle stands for. The call must not wait: a thread that closes the handle waits for it.
#[inline]
pub(super) fn with<T>(handle: Handle, call: impl FnOnce(&Opened) -> Result<T, u32>) -> Result<T, u32> {
    let place = TABLE.look_up(handle).ok_or(error::INVALID_HANDLE)?;
    let place = place.read().unwrap_or_else(PoisonError::into_inner);
    call(place.as_ref().ok_or(error::INVALID_HANDLE)?)
}

/// A copy of what a handle stands for, which closing the handle does not touch.
pub(super) fn copy(handle: Handle) -> Result<Opened, u32> {
    with(handle, |opened| Ok(opened.clone()))
}

/// Closes a handle, and the object with its last one.
fn close(handle: Handle) -> Result<(), u32> {
    // What lets the object go runs outside of the place's lock.
    TABLE.close(handle).map(drop).ok_or(error::INVALID_HANDLE)
}

const CLOSE_SOURCE: u32 = 1;
const SAME_ACCESS: u32 = 2;

super::calls! {
    fn CloseHandle(handle: Handle) -> Done {
        if handle == Handle::INVALID { Ok(()) } else { close(handle) }
    }

    fn DuplicateHandle(
        from: Handle,
        source: Handle,
        to: Handle,
        target: Out<Handle>,
        access: u32,
        _inherit: i32,
        options: u32,
    ) -> Done {
        if from != Handle::INVALID || to != Handle::INVALID {
            return Err(error::INVALID_HANDLE);
        }
        let opened = copy(source)?;
        if options & CLOSE_SOURCE != 0 {
            close(source)?;
        }
        let opened = match options & SAME_ACCESS {
            0 => narrowed(opened, access)?,
            _ => opened,
        };
        if target.is_null() {
            return if options & CLOSE_SOURCE != 0 { Ok(()) } else { Err(error::INVALID_PARAMETER) };
        }
        target.put(open(opened)?)
    }
}

/// The object with other rights. A region that is open for reading, or a file, gets no more than it has.
fn narrowed(opened: Opened, access: u32) -> Result<Opened, u32> {
    let before = opened.rights;
    let narrowed = Opened::new(opened.object, access);
    let is_fixed = matches!(narrowed.object, Object::Mapping(_) | Object::File(_));
    if is_fixed && narrowed.rights & !before & (right::MAP_WRITE | right::FILE_WRITE) != 0 {
        return Err(error::ACCESS_DENIED);
    }
    Ok(narrowed)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use samemap::sync::{EventOptions, Reset};
    use samemap::{Event, ObjectName};

    use super::*;

    fn event() -> Opened {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = ObjectName::new(format!("win32-handles-{}-{number}", std::process::id())).unwrap();
        let event = Event::create(&name, &EventOptions::new(Reset::Manual)).unwrap();
        Opened::new(Object::Event(event), right::OBJECT_ALL)
    }

    fn is_open(table: &Table, handle: Handle) -> bool {
        table.look_up(handle).is_some_and(|place| place.read().unwrap().is_some())
    }

    #[test]
    fn chunks_follow_each_other_without_a_gap() {
        let (mut chunk, mut index) = (0, 0);
        for place in 0..FIRST * 31 {
            assert_eq!(Table::split(place), (chunk, index), "place {place}");
            index += 1;
            if index == FIRST << chunk {
                (chunk, index) = (chunk + 1, 0);
            }
        }
        let last = FIRST * ((1 << CHUNKS) - 1) - 1;
        assert_eq!(Table::split(last), (CHUNKS - 1, (FIRST << (CHUNKS - 1)) - 1));
    }

    #[test]
    fn no_number_is_a_handle_by_chance() {
        let table = Table::new();
        table.open(event()).unwrap();
        for number in [0, 1, 3, 8, -1, -4, isize::MIN, isize::MAX, 4 << 40, 0x7fff_fff0] {
            assert!(!is_open(&table, Handle(number)), "{number:#x}");
        }
    }

    #[test]
    fn a_stale_handle_stays_stale_for_a_while() {
        let (table, kept) = (Table::new(), event());
        let stale = table.open(kept.clone()).unwrap();
        assert!(is_open(&table, stale) && table.close(stale).is_some());
        for _ in 1..REST {
            let other = table.open(kept.clone()).unwrap();
            assert!(other != stale && !is_open(&table, stale) && table.close(stale).is_none());
            table.close(other).unwrap();
        }
        assert_eq!(table.open(kept), Some(stale), "then it is used anew");
    }

    #[test]
    fn threads_open_use_and_close_at_once() {
        let (table, kept) = (Table::new(), event());
        let shared: Vec<_> = (0..8).map(|_| table.open(kept.clone()).unwrap()).collect();
        let run = || {
            for _ in 0..500 {
                let own = table.open(kept.clone()).unwrap();
                assert!(is_open(&table, own) && !shared.contains(&own));
                assert!(table.close(own).is_some());
            }
        };
        thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(run))));
        let close = || shared.iter().filter(|&&handle| table.close(handle).is_some()).count();
        let closed: usize = thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(close)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(closed, shared.len(), "each is closed once");
    }
}
