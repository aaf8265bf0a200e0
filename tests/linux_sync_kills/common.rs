//! What the actors share.

pub use std::fs::File;
pub use std::io::{Read as _, Write as _};
pub use std::os::fd::{AsRawFd as _, FromRawFd as _};
pub use std::os::unix::fs::FileExt as _;
pub use std::sync::atomic::{AtomicU64, Ordering};
pub use std::time::{Duration, Instant};

pub use crate::support::Random;
pub use crate::support::linux;
pub use crate::support::linux::child::{Child, Start, hear, say};
pub use crate::support::linux::forked::{Forked, fork};
pub use crate::support::linux::shm::{assert_no_file, file_of, name, unique_name, view_of};
pub use samemap::sync::{
    Due, EventOptions, Reset, SemaphoreOptions, SharedEvent, SharedMutex, SharedSemaphore, SyncOptions,
    TimerOptions,
};
pub use samemap::traits::{LockGuard as _, Lockable, Permits, Settable, SharedRegion as _, Waitable};
pub use samemap::{
    CreateOptions, Disposition, ErrorKind, Event, Mutex, ObjectName, OpenOptions, Region, Semaphore, Timer,
    View,
};

/// Longer than any wait here takes; one that reaches it has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// C22 says 50 ms; a busy machine may be late with anything, but not by this.
pub const AT_MOST: Duration = Duration::from_secs(1);
/// The half of them is let in within this.
pub const MEDIAN: Duration = Duration::from_millis(50);

/// How many rounds each process of a test does; there are [`ACTORS`] of them at a time.
pub fn rounds() -> usize {
    let all = std::env::var("SAMEMAP_SYNC_ROUNDS").ok().map_or(240, |text| text.parse().expect("a number"));
    usize::div_ceil(all, ACTORS)
}

/// Most of the time all of them sleep.
pub const ACTORS: usize = 4;

/// Lets processes play a role, each with objects of its own, and prints how long the waiters waited.
#[track_caller]
pub fn run(role: &str, how: &str) {
    run_within(MEDIAN, role, how);
}

/// The same, where half of them wait for up to `median`.
#[track_caller]
pub fn run_within(median: Duration, role: &str, how: &str) {
    let start = || Start::role(role).argument(rounds()).argument(how).start();
    let mut actors: Vec<Child> = (0..ACTORS).map(|_| start()).collect();
    let mut times: Vec<Duration> = Vec::new();
    for actor in &mut actors {
        loop {
            let line = actor.hear();
            let Some(time) = line.strip_prefix("took ") else {
                assert_eq!(line, "done", "{}", actor.words());
                break;
            };
            times.push(Duration::from_nanos(time.parse().expect("a number")));
        }
        actor.finish();
    }
    report(median, role, how, &mut times);
}

#[track_caller]
pub fn report(half_within: Duration, role: &str, how: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let [Some(least), Some(median), Some(most)] = [times.first(), times.get(times.len() / 2), times.last()]
    else {
        panic!("{role} did nothing")
    };
    println!("{role} {how}: {} rounds, {least:?} / {median:?} / {most:?} (min/median/max)", times.len());
    assert!(*median < half_within, "half of them waited longer than {half_within:?}: {median:?}");
    assert!(*most < AT_MOST, "one of them waited for {most:?}");
}

pub fn rounds_of(arguments: &[String]) -> usize {
    arguments[0].parse().expect("a number")
}

/// A round is over.
pub fn took(time: Duration) {
    say(&format!("took {}", time.as_nanos()));
}

/// A pipe whose ends processes that are forked from here share.
pub struct Signal {
    pub read: File,
    pub write: File,
}

impl Signal {
    pub fn new() -> Signal {
        let mut ends = [0; 2];
        // SAFETY: room for two descriptors, which are checked and owned by nobody else.
        unsafe {
            assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC), 0);
            Signal { read: File::from_raw_fd(ends[0]), write: File::from_raw_fd(ends[1]) }
        }
    }

    pub fn give(&self) {
        (&self.write).write_all(b"!").expect("a pipe");
    }

    pub fn take(&self) {
        (&self.read).read_exact(&mut [0]).expect("a pipe");
    }

    /// How often it was given since; takes them all.
    pub fn count(&self) -> usize {
        let mut waiting = 0;
        // SAFETY: asks for a number of bytes.
        assert_eq!(unsafe { libc::ioctl(self.read.as_raw_fd(), libc::FIONREAD, &raw mut waiting) }, 0);
        let mut bytes = vec![0; waiting as usize];
        (&self.read).read_exact(&mut bytes).expect("a pipe");
        bytes.len()
    }
}

/// Sleeps for any time up to this; no event is waited for, because the moment is meant to be any.
pub fn a_while(random: &mut Random, at_most: Duration) {
    std::thread::sleep(Duration::from_nanos(random.below(at_most.as_nanos() as u64)));
}

pub fn forever() -> ! {
    loop {
        // SAFETY: waits for a signal.
        unsafe { libc::pause() };
    }
}

pub fn die() -> ! {
    // SAFETY: ends this process.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    forever()
}

/// At which stop point this process dies, by the address of its name's text; none for zero.
pub static DIES_AT: AtomicU64 = AtomicU64::new(0);

pub const POINTS: [&str; 6] =
    ["wake: about to", "sleep: over", "timer: filled", "inside: claimed", "inside: filled", "inside: made"];

/// From now on this process dies where it reaches the point.
pub fn die_at(point: &'static str) {
    let index = POINTS.iter().position(|&known| known == point).expect("a known point");
    DIES_AT.store(index as u64 + 1, Ordering::SeqCst);
    samemap_platform::internal::testing::at_stop_points(|reached| {
        let index = DIES_AT.load(Ordering::SeqCst) as usize;
        if index > 0 && POINTS[index - 1] == reached {
            die();
        }
    });
}

/// A mutex of either sort.
pub enum Lock {
    Named(Mutex),
    Inside(SharedMutex<u64>),
}

impl Lock {
    /// Locks it, tells by the signal, and does the rest.
    pub fn hold(&self, then: impl FnOnce(bool, &dyn Fn())) {
        match self {
            Lock::Named(mutex) => {
                let guard = mutex.lock_timeout(PATIENCE).expect("a lock").expect("in time");
                let abandoned = guard.abandoned();
                let guard = std::cell::Cell::new(Some(guard));
                then(abandoned, &|| std::mem::forget(guard.take()));
            }
            Lock::Inside(mutex) => {
                let guard = mutex.lock_timeout(PATIENCE).expect("a lock").expect("in time");
                let abandoned = guard.abandoned();
                let guard = std::cell::Cell::new(Some(guard));
                then(abandoned, &|| std::mem::forget(guard.take()));
            }
        }
    }

    /// Whether the owner before died.
    pub fn abandoned(&self) -> bool {
        let mut told = false;
        self.hold(|abandoned, _| told = abandoned);
        told
    }
}

/// The names of a mutex and of a region with one in it, kept alive.
pub struct Locks {
    pub named: ObjectName,
    pub region: ObjectName,
    pub _keep: (Mutex, Region),
}

impl Locks {
    pub fn new() -> Locks {
        let (named, region) = (unique_name("lock"), unique_name("locks"));
        let mutex = Mutex::create(&named, &SyncOptions::new()).expect("a free name");
        let memory = Region::create(&region, &CreateOptions::new(4096)).expect("a free name");
        SharedMutex::create(&view_of(&memory), 0, &0u64).expect("a zeroed place");
        Locks { named, region, _keep: (mutex, memory) }
    }

    /// Opens one of them as this process's own, the one or the other by turns.
    pub fn open(&self, round: usize) -> Lock {
        if round % 2 == 0 {
            Lock::Named(Mutex::open(&self.named, &OpenOptions::default()).expect("it is held"))
        } else {
            let region = Region::open(&self.region, &OpenOptions::read_write()).expect("it is held");
            Lock::Inside(SharedMutex::open(&view_of(&region), 0).expect("it was made"))
        }
    }
}
