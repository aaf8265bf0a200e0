//! The other process: this program again, told what to do on its command line and through shared words.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use samemap::{Access, CreateOptions, ObjectName, OpenOptions, Region, SharedRegion, View};

/// How long either side waits for the other before it gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// What both processes share: some control words, and room for the rivals' objects behind them.
pub struct Arena {
    name: ObjectName,
    view: View,
    _region: Region,
}

/// Offset of the rivals' room in the view.
pub const ROOM: usize = 4096;
const SIZE: u64 = 64 << 10;

/// Offsets of the control words.
const READY: usize = 0;
const STOP: usize = 64;
const COUNT: usize = 128;

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

    /// Opens the one that the first process made.
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
    pub fn name(&self) -> &ObjectName {
        &self.name
    }

    /// The memory.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// A word in the rivals' room.
    pub fn word(&self, index: usize) -> &AtomicU32 {
        self.view.atomic_u32(ROOM + index * 64).expect("aligned and inside")
    }

    /// How much the second process has done.
    pub fn count(&self) -> &AtomicU64 {
        self.view.atomic_u64(COUNT).expect("aligned and inside")
    }

    fn ready(&self) -> &AtomicU32 {
        self.view.atomic_u32(READY).expect("aligned and inside")
    }

    fn stop(&self) -> &AtomicU32 {
        self.view.atomic_u32(STOP).expect("aligned and inside")
    }

    /// Starts the second process, and waits until it is ready.
    pub fn start(&self, role: &str, cpu: Option<usize>) -> Child {
        self.ready().store(0, Ordering::SeqCst);
        self.stop().store(0, Ordering::SeqCst);
        let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
        command.args(["--peer", role, "--arena", &self.name.to_string()]);
        if let Some(cpu) = cpu {
            command.args(["--cpu", &cpu.to_string()]);
        }
        let child = command.stdin(Stdio::null()).spawn().expect("start the second process");
        let start = Instant::now();
        while self.ready().load(Ordering::SeqCst) == 0 {
            assert!(start.elapsed() < PATIENCE, "the second process does not get ready");
            std::thread::sleep(Duration::from_micros(200));
        }
        child
    }

    /// The second process says that it is ready.
    pub fn say_ready(&self) {
        self.ready().store(1, Ordering::SeqCst);
    }

    /// Whether the second process should end.
    pub fn is_stopped(&self) -> bool {
        self.stop().load(Ordering::Relaxed) != 0
    }

    /// Tells the second process to end.
    pub fn say_stop(&self) {
        self.stop().store(1, Ordering::SeqCst);
    }

    /// Ends the second process in order.
    pub fn end(&self, mut child: Child) {
        self.say_stop();
        let status = child.wait().expect("wait for the second process");
        assert!(status.success(), "the second process failed: {status}");
    }
}

/// Pins this thread to a processor; `None` lets it run anywhere.
pub fn pin(cpu: Option<usize>) {
    // SAFETY: a plain set of bits, and the call reads it.
    let answer = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        match cpu {
            Some(cpu) => libc::CPU_SET(cpu, &mut set),
            None => (0..processors()).for_each(|cpu| libc::CPU_SET(cpu, &mut set)),
        }
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set)
    };
    assert_eq!(answer, 0, "sched_setaffinity: {}", std::io::Error::last_os_error());
}

/// How many processors there are.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
