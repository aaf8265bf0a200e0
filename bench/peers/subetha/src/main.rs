//! `subetha-cxc`, as samemap-bench measures it: arguments KEY WORK SIZE SLICE_US CPU1 CPU2 NAME, prints nanoseconds a
//! turn, or says on stderr what is wrong. WORK is pingpong or stream.
//!
//! - `subetha-ring`: `SharedRing`, with its fast path for one sender and one receiver; 56 bytes at most
//! - `subetha-spsc`: `SharedRingSpsc`, made for one sender and one receiver; 64 bytes at most
//! - `subetha-frame`: `FrameRing`, for messages of any size
//! - `subetha-blocking`: `BlockingSpscRing`, which looks for a while and then sleeps; 64 bytes at most
//! - `subetha-sleeping`: the same, told to sleep at once
//!
//! What was chosen: a ring each way, mapped from a file on /dev/shm (its own comparison takes shared memory, too);
//! 4096 slots, and `spin_loop` between looks, as in its example `spsc_shootout`. A `FrameRing` has slots of 64 bytes,
//! as in its examples, or of 128 where a message then lies within its slot, and a region of [`REGION`] bytes: of those
//! from 64 KiB to 16 MiB the one that was best, or as good, at every size. No feature of the crate is on: none concerns
//! these rings. Its calibration of waits is off: that is a thread which measures beside us for seconds, and leaves
//! files; without it a blocking ring looks 32 times, and as long as the processor can watch a line, before it sleeps.
//! The whole program is optimised across crates: the crate's short functions would be calls otherwise.
//!
//! The names of its files begin with NAME. The second end opens them by name; they are removed as soon as it has.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use subetha_cxc::shared_ring::{Consumer, Producer};
use subetha_cxc::{BlockingSpscRing, FrameRing, RingError, SharedRing, SharedRingSpsc};

/// What is measured.
struct Job {
    work: Work,
    size: usize,
    slice: Duration,
    first: Option<usize>,
    second: Option<usize>,
    name: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    PingPong,
    Stream,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    choose_waits(&words);
    match measure(&words) {
        Ok(time) => {
            println!("{time}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// Its settings of waits are variables of the environment.
fn choose_waits(words: &[String]) {
    let set = |name: &str, value: &str| {
        // SAFETY: this process has one thread.
        unsafe { std::env::set_var(name, value) };
    };
    set("SUBETHA_WAIT_CALIBRATION", "off");
    if words.first().is_some_and(|key| key == "subetha-sleeping") {
        set("SUBETHA_PRE_PARK_SPIN", "0");
        set("SUBETHA_NO_MONITOR_WAIT", "1");
    }
}

fn measure(words: &[String]) -> Result<f64, String> {
    let [key, work, size, slice, first, second, name] = words else {
        return Err("usage: peer-subetha KEY WORK SIZE SLICE_US CPU1 CPU2 NAME".to_owned());
    };
    let work = match work.as_str() {
        "pingpong" => Work::PingPong,
        "stream" => Work::Stream,
        _ => return Err(format!("not what is measured here: {work}")),
    };
    let job = Job {
        work,
        size: size.parse().map_err(|_| "SIZE is a number")?,
        slice: Duration::from_micros(slice.parse().map_err(|_| "SLICE_US is a number")?),
        first: first.parse().ok(),
        second: second.parse().ok(),
        name: name.clone(),
    };
    match key.as_str() {
        "subetha-ring" => carry::<Ring>(&job),
        "subetha-spsc" => carry::<Spsc>(&job),
        "subetha-frame" => carry::<Frames>(&job),
        "subetha-blocking" | "subetha-sleeping" => carry::<Blocking>(&job),
        _ => Err(format!("not what is measured here: {key}")),
    }
}

// ---- Its rings --------------------------------------------------------------------------------------------

/// Slots of a ring.
const SLOTS: usize = 4096;

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Second,
}

/// A ring each way.
trait Link: Sized {
    /// The longest message in bytes.
    const MAX: usize;
    /// One of the two, made by the first end.
    type Half;
    fn half(job: &Job, end: End, path: PathBuf) -> Result<Self::Half, RingError>;
    fn of(outgoing: Self::Half, incoming: Self::Half) -> Self;
    fn send(&mut self, message: &[u8]);
    /// Copies the message to the start of `into`, which was made with [`room`](Self::room) bytes.
    fn receive(&mut self, into: &mut Vec<u8>);
    /// Its rings of slots hand out whole ones.
    fn room(_size: usize) -> usize {
        Self::MAX
    }
}

/// Where the files lie.
const FOLDER: &str = "/dev/shm";

fn connect<L: Link>(job: &Job, end: End) -> Result<L, String> {
    let half = |which: &str| {
        let path = PathBuf::from(FOLDER).join(format!("{}{which}", job.name));
        L::half(job, end, path).map_err(|error| format!("{error:?}"))
    };
    let (there, back) = (half("there")?, half("back")?);
    Ok(if end == End::First { L::of(there, back) } else { L::of(back, there) })
}

/// All files whose names begin with that one.
fn remove_files(name: &str) {
    let Ok(entries) = std::fs::read_dir(FOLDER) else { return };
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(name.as_bytes()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Removes the files whatever happens.
struct Files<'a>(&'a str);

impl Drop for Files<'_> {
    fn drop(&mut self) {
        remove_files(self.0);
    }
}

/// Tries until it does not find the ring full, or empty.
#[inline]
fn spin<T>(mut attempt: impl FnMut() -> Result<T, RingError>) -> T {
    loop {
        match attempt() {
            Ok(done) => return done,
            Err(RingError::Full | RingError::Empty) => std::hint::spin_loop(),
            Err(error) => panic!("{error:?}"),
        }
    }
}

struct Ring {
    outgoing: SharedRing,
    incoming: SharedRing,
}

impl Link for Ring {
    const MAX: usize = 56;
    type Half = SharedRing;

    fn half(_job: &Job, end: End, path: PathBuf) -> Result<SharedRing, RingError> {
        match end {
            End::First => SharedRing::create(path, SLOTS),
            End::Second => SharedRing::open(path, SLOTS),
        }
    }

    fn of(outgoing: SharedRing, incoming: SharedRing) -> Self {
        Ring { outgoing, incoming }
    }

    #[inline]
    fn send(&mut self, message: &[u8]) {
        spin(|| self.outgoing.try_push_spsc(message));
    }

    #[inline]
    fn receive(&mut self, into: &mut Vec<u8>) {
        spin(|| self.incoming.try_pop_spsc(into));
    }
}

struct Spsc {
    outgoing: Producer,
    incoming: Consumer,
}

impl Link for Spsc {
    const MAX: usize = 64;
    type Half = (Producer, Consumer);

    fn half(_job: &Job, end: End, path: PathBuf) -> Result<Self::Half, RingError> {
        match end {
            End::First => SharedRingSpsc::create_pair(path, SLOTS),
            End::Second => SharedRingSpsc::open_pair(path, SLOTS),
        }
    }

    fn of(outgoing: Self::Half, incoming: Self::Half) -> Self {
        Spsc { outgoing: outgoing.0, incoming: incoming.1 }
    }

    #[inline]
    fn send(&mut self, message: &[u8]) {
        spin(|| self.outgoing.try_push(message));
    }

    #[inline]
    fn receive(&mut self, into: &mut Vec<u8>) {
        spin(|| self.incoming.try_pop(into));
    }
}

/// Bytes of a frame ring's region, of which a message may take half.
const REGION: usize = 4 << 20;

/// Bytes of a frame ring's slot, of which 8 are its own.
fn slot(size: usize) -> usize {
    if (57..=120).contains(&size) { 128 } else { 64 }
}

struct Frames {
    outgoing: FrameRing,
    incoming: FrameRing,
}

impl Link for Frames {
    const MAX: usize = REGION / 2;
    type Half = FrameRing;

    fn half(job: &Job, end: End, path: PathBuf) -> Result<FrameRing, RingError> {
        let slot = slot(job.size);
        match end {
            End::First => FrameRing::create(path, SLOTS, slot, REGION),
            End::Second => FrameRing::open(path, SLOTS, slot, REGION),
        }
    }

    fn of(outgoing: FrameRing, incoming: FrameRing) -> Self {
        Frames { outgoing, incoming }
    }

    #[inline]
    fn send(&mut self, message: &[u8]) {
        spin(|| self.outgoing.send(message));
    }

    #[inline]
    fn receive(&mut self, into: &mut Vec<u8>) {
        spin(|| self.incoming.recv_into(into));
    }

    fn room(size: usize) -> usize {
        size
    }
}

struct Blocking {
    outgoing: BlockingSpscRing,
    incoming: BlockingSpscRing,
}

impl Link for Blocking {
    const MAX: usize = 64;
    type Half = BlockingSpscRing;

    fn half(_job: &Job, end: End, path: PathBuf) -> Result<BlockingSpscRing, RingError> {
        let made = match end {
            End::First => BlockingSpscRing::create(path, SLOTS),
            End::Second => BlockingSpscRing::open(path, SLOTS),
        };
        Ok(made.unwrap_or_else(|error| panic!("{error:?}")))
    }

    fn of(outgoing: BlockingSpscRing, incoming: BlockingSpscRing) -> Self {
        Blocking { outgoing, incoming }
    }

    fn send(&mut self, message: &[u8]) {
        self.outgoing.send_blocking(message, None).expect("send");
    }

    fn receive(&mut self, into: &mut Vec<u8>) {
        self.incoming.recv_blocking(into, None).expect("receive");
    }
}

// ---- Two ends ---------------------------------------------------------------------------------------------

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
fn carry<L: Link>(job: &Job) -> Result<f64, String> {
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
