//! What the two ends of a measurement share beside the thing that is measured: orders, and their answers.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use samemap::{Access, CreateOptions, ObjectName, OpenOptions, Region, View};

/// How long either end waits for the other before it gives up.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Offset of the room for what is measured, behind the words below.
pub const ROOM: usize = 4096;
const SIZE: u64 = 64 << 10;

/// Offsets of the words, a cache line each.
const READY: usize = 0;
const ORDERED: usize = 64;
const DONE: usize = 128;
const COUNT: usize = 192;

/// The second end is to stop.
const STOP: u64 = u64::MAX;

/// A small region of both ends.
pub struct Arena {
    name: ObjectName,
    view: View,
    _region: Region,
}

impl Arena {
    /// Creates it, empty.
    pub fn create(what: &str) -> Arena {
        static ARENAS: AtomicU32 = AtomicU32::new(0);
        let number = ARENAS.fetch_add(1, Ordering::Relaxed);
        let name = format!("bench-{what}-{}-{number}", std::process::id());
        let name = ObjectName::new(name).expect("a valid name");
        let region = Region::create(&name, &CreateOptions::new(SIZE)).expect("create the arena");
        Arena::over(name, region)
    }

    /// Opens the one that the first end made.
    pub fn open(name: &str) -> Arena {
        let name = ObjectName::new(name).expect("a valid name");
        let region = Region::open(&name, &OpenOptions::read_write()).expect("open the arena");
        Arena::over(name, region)
    }

    fn over(name: ObjectName, region: Region) -> Arena {
        let view = region.view(.., Access::ReadWrite).expect("map the arena");
        Arena { name, view, _region: region }
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.name.to_string()
    }

    /// The memory.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// A word in the room, one a cache line.
    pub fn word(&self, index: usize) -> &AtomicU32 {
        self.view.atomic_u32(ROOM + index * 64).expect("aligned and inside")
    }

    /// How much the second end has done, in work that has no number of turns.
    pub fn count(&self) -> &AtomicU64 {
        self.view.atomic_u64(COUNT).expect("aligned and inside")
    }

    fn long(&self, at: usize) -> &AtomicU64 {
        self.view.atomic_u64(at).expect("aligned and inside")
    }

    /// The second end is ready.
    pub fn say_ready(&self) {
        self.long(READY).store(1, Ordering::SeqCst);
    }

    /// Waits for that.
    pub fn wait_ready(&self) {
        wait_for("the second end does not get ready", || self.long(READY).load(Ordering::SeqCst) != 0);
    }

    /// Orders so many turns.
    pub fn order(&self, turns: u64) {
        self.long(DONE).store(0, Ordering::SeqCst);
        self.long(ORDERED).store(turns, Ordering::SeqCst);
    }

    /// Tells the second end to stop.
    pub fn order_stop(&self) {
        self.order(STOP);
    }

    /// Whether that was said.
    pub fn is_stopped(&self) -> bool {
        self.long(ORDERED).load(Ordering::Relaxed) == STOP
    }

    /// The next order; `None` is to stop.
    pub fn next_order(&self) -> Option<u64> {
        wait_for("no order comes", || self.long(ORDERED).load(Ordering::SeqCst) != 0);
        let turns = self.long(ORDERED).swap(0, Ordering::SeqCst);
        (turns != STOP).then_some(turns)
    }

    /// The order is carried out.
    pub fn say_done(&self) {
        self.long(DONE).store(1, Ordering::SeqCst);
    }

    /// Waits for that.
    pub fn wait_done(&self) {
        wait_for("the order is not carried out", || self.long(DONE).load(Ordering::SeqCst) != 0);
    }
}

/// Both ends may be on one processor, so it gives way at each look.
fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}
