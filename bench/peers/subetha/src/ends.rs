//! The two ends: this process, and a fork of it.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use crate::job::{Job, Work};
use crate::rings::{End, Files, Link, connect, remove_files};

/// How long either end waits for the other before it gives up.
const PATIENCE: Duration = Duration::from_secs(20);
const STOP: u64 = u64::MAX;

/// A word with a cache line of its own.
#[repr(align(64))]
struct Word(AtomicU64);

/// What both ends share beside the rings.
struct Orders {
    made: Word,
    ready: Word,
    ordered: Word,
    done: Word,
}

impl Orders {
    /// In memory that a child of this process shares.
    fn share() -> Result<&'static Orders, String> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping that replaces nothing.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), size_of::<Orders>(), protection, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(format!("mmap: {}", io::Error::last_os_error()));
        }
        // SAFETY: aligned to a page, long enough, never unmapped, and words of zeros are words.
        Ok(unsafe { &*start.cast() })
    }

    fn order(&self, turns: u64) {
        self.done.0.store(0, SeqCst);
        self.ordered.0.store(turns, SeqCst);
    }

    /// The next order; `None` is to stop.
    fn next_order(&self) -> Option<u64> {
        wait_for(&self.ordered, "no order comes");
        let turns = self.ordered.0.swap(0, SeqCst);
        (turns != STOP).then_some(turns)
    }
}

/// Both ends may be on one processor, so it gives way at each look.
fn wait_for(word: &Word, what: &str) {
    let start = Instant::now();
    while word.0.load(SeqCst) == 0 {
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

/// Pins this thread to a processor; `None` lets it run anywhere.
fn pin(cpu: Option<usize>) {
    let Some(cpu) = cpu else { return };
    // SAFETY: a plain set of bits, and the call reads it.
    let answer = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set)
    };
    assert_eq!(answer, 0, "sched_setaffinity: {}", io::Error::last_os_error());
}

/// Nanoseconds for one message one way.
pub fn carry<L: Link>(job: &Job) -> Result<f64, String> {
    if job.size > L::MAX {
        return Err(format!("{} bytes at most", L::MAX));
    }
    let orders = Orders::share()?;
    let first = std::process::id();
    // SAFETY: this process has one thread, so its child is a whole one.
    match unsafe { libc::fork() } {
        -1 => Err(format!("fork: {}", io::Error::last_os_error())),
        0 => be_second::<L>(job, orders, first),
        second => be_first::<L>(job, orders, second),
    }
}

/// Ends with the first end.
fn be_second<L: Link>(job: &Job, orders: &Orders, first: u32) -> ! {
    // SAFETY: plain calls.
    let is_orphan = unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        libc::getppid() as u32 != first
    };
    if is_orphan {
        std::process::exit(1);
    }
    // A panic must not unwind into what the first end was about to do.
    let part = std::panic::catch_unwind(|| answer::<L>(job, orders));
    std::process::exit(if part.is_ok() { 0 } else { 1 });
}

fn answer<L: Link>(job: &Job, orders: &Orders) {
    pin(job.second);
    wait_for(&orders.made, "the first end makes nothing");
    let mut link: L = connect(job, End::Second).expect("open the rings");
    orders.ready.0.store(1, SeqCst);
    let mut message = vec![0; L::room(job.size)];
    while let Some(turns) = orders.next_order() {
        for _ in 0..turns {
            link.receive(&mut message);
            if job.work == Work::PingPong {
                link.send(&message[..job.size]);
            }
        }
        check(&message[..job.size], turns);
        orders.done.0.store(1, SeqCst);
    }
}

fn be_first<L: Link>(job: &Job, orders: &Orders, second: i32) -> Result<f64, String> {
    let files = Files(&job.name);
    let name = job.name.clone();
    let watcher = std::thread::spawn(move || watch(&name, second));
    pin(job.first);
    let mut link: L = connect(job, End::First)?;
    orders.made.0.store(1, SeqCst);
    wait_for(&orders.ready, "the second end does not get ready");
    drop(files);
    let mut turns = (job.slice.as_micros() as u64).clamp(4, 64);
    // Twice to see how many turns fill the time and to warm up, and once to measure.
    for part in [16, 4, 1] {
        let once = timed(job, orders, &mut link, turns);
        turns = ((job.slice / part).as_nanos() as f64 / once).clamp(4.0, 1e9) as u64;
    }
    let once = timed(job, orders, &mut link, turns);
    orders.order(STOP);
    watcher.join().map_err(|_| "the second end cannot be waited for")?;
    Ok(if job.work == Work::PingPong { once / 2.0 } else { once })
}

/// Ends this process when the second end fails: nobody would answer any more.
fn watch(name: &str, second: i32) {
    let mut status = 0;
    // SAFETY: a child of this process, and a place for its status.
    let answer = unsafe { libc::waitpid(second, &raw mut status, 0) };
    assert_eq!(answer, second, "waitpid: {}", io::Error::last_os_error());
    if status == 0 {
        return;
    }
    remove_files(name);
    if libc::WIFSIGNALED(status) {
        eprintln!("the second end was killed");
    }
    // Where it was not, it has said why.
    std::process::exit(1);
}

/// Nanoseconds a turn.
fn timed<L: Link>(job: &Job, orders: &Orders, link: &mut L, turns: u64) -> f64 {
    let mut message = vec![7; job.size];
    let mut answer = vec![0; L::room(job.size)];
    orders.order(turns);
    let start = Instant::now();
    for turn in 0..turns {
        stamp(&mut message, turn);
        link.send(&message);
        if job.work == Work::PingPong {
            link.receive(&mut answer);
        }
    }
    wait_for(&orders.done, "the order is not carried out");
    let took = start.elapsed();
    if job.work == Work::PingPong {
        check(&answer[..job.size], turns);
    }
    took.as_nanos() as f64 / turns as f64
}

/// Each message says which it is.
#[inline]
fn stamp(message: &mut [u8], turn: u64) {
    if let Some(start) = message.first_chunk_mut() {
        *start = turn.to_le_bytes();
    }
}

/// The last message of `turns` has come, whole as far as one can see.
fn check(message: &[u8], turns: u64) {
    if let Some(start) = message.first_chunk() {
        assert_eq!(u64::from_le_bytes(*start), turns - 1, "not the message that was sent last");
    }
    if message.len() > 16 {
        assert_eq!(message[message.len() - 1], 7, "the message's end did not come");
    }
}
