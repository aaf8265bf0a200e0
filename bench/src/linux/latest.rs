//! The newest value of one writer: how fast it is read while the writer writes without a pause, and how fast it is
//! written while nobody reads.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::compare::{self, Entrant};
use super::ends::{Job, REMARK};
use super::link::Spec;
use super::place::{Placement, TWO_CORES, UNPINNED};
use super::report::{Report, Subject};
use super::rounds::Plan;
use super::systems::Act;

/// What the ends do with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The first end reads, the second one writes without a pause.
    Read,
    /// The first end writes, nobody reads.
    Write,
}

impl Turn {
    /// As it stands on a command line.
    pub fn word(self) -> &'static str {
        match self {
            Turn::Read => "read",
            Turn::Write => "write",
        }
    }
}

/// A way of sharing the newest value of `N` bytes.
pub trait Newest<const N: usize> {
    /// Who writes.
    type Writer;
    /// Who reads.
    type Reader;
    /// Becomes the writer; or why it cannot be had here.
    fn writer(spec: &Spec<'_>) -> Result<Self::Writer, String>;
    /// A reader, once something was written.
    fn reader(spec: &Spec<'_>) -> Result<Self::Reader, String>;
    /// Writes.
    fn write(writer: &mut Self::Writer, value: &[u8; N]);
    /// Reads: at least the first and the last 8 bytes.
    fn read(reader: &mut Self::Reader, into: &mut [u8; N]);
}

/// The sizes of values that are measured.
const SIZES: [usize; 2] = [SMALL, LARGE];
const SMALL: usize = 64;
const LARGE: usize = 4 << 10;
/// The largest.
pub const MAX: usize = LARGE;

const SHARING: [&str; 5] = ["bare-newest", "latest", "latest-bytes", "mmap-sync", "mmap-sync-in-place"];
/// What is read in place is written as what is copied out.
const WRITING: [&str; 4] = ["bare-newest", "latest", "latest-bytes", "mmap-sync"];

/// All rows about newest values.
pub fn measure(plan: Plan, report: &mut Report) {
    for placement in Placement::possible(&[TWO_CORES, UNPINNED]) {
        for size in SIZES {
            let job = |turn| Job { act: Act::Newest(turn), size, slice: plan.slice, placement };
            let subject = |bench| Subject { bench, size: size as u64 };
            let readers = SHARING.map(Entrant::of);
            let bench = subject("newest value, a read while it is written");
            compare::run(plan, report, bench, job(Turn::Read), &readers);
            let writers = WRITING.map(Entrant::of);
            let bench = subject("newest value, a write, nobody reads");
            compare::run(plan, report, bench, job(Turn::Write), &writers);
        }
    }
}

/// The first end's part: nanoseconds a turn.
pub fn first<T: Newest<SMALL> + Newest<LARGE>>(
    turn: Turn,
    spec: &Spec<'_>,
    slice: Duration,
    start_second: impl FnOnce(&str),
) -> Result<f64, String> {
    match spec.size {
        SMALL => first_of::<SMALL, T>(turn, spec, slice, start_second),
        LARGE => first_of::<LARGE, T>(turn, spec, slice, start_second),
        size => Err(format!("no values of {size} bytes")),
    }
}

/// The second end's part, until it is told to stop.
pub fn second<T: Newest<SMALL> + Newest<LARGE>>(turn: Turn, spec: &Spec<'_>) {
    match (turn, spec.size) {
        (Turn::Write, _) => {}
        (Turn::Read, SMALL) => write_until_stopped::<SMALL, T>(spec),
        (Turn::Read, LARGE) => write_until_stopped::<LARGE, T>(spec),
        (Turn::Read, size) => panic!("no values of {size} bytes"),
    }
}

fn first_of<const N: usize, T: Newest<N>>(
    turn: Turn,
    spec: &Spec<'_>,
    slice: Duration,
    start_second: impl FnOnce(&str),
) -> Result<f64, String> {
    start_second("");
    if turn == Turn::Write {
        return written::<N, T>(spec, slice);
    }
    spec.arena.wait_ready();
    let time = read::<N, T>(spec, slice);
    spec.arena.order_stop();
    time
}

/// Turns between two looks at the clock.
const BATCH: u64 = 64;

/// Each value says at both of its ends which it is.
#[inline]
fn stamp<const N: usize>(value: &mut [u8; N], number: u64) {
    *value.first_chunk_mut().expect("room for a number") = number.to_le_bytes();
    *value.last_chunk_mut().expect("room for a number") = number.to_le_bytes();
}

/// Which it is by its first bytes, and by its last.
#[inline]
fn numbers<const N: usize>(value: &[u8; N]) -> [u64; 2] {
    [value.first_chunk(), value.last_chunk()].map(|end| u64::from_le_bytes(*end.expect("room for a number")))
}

fn written<const N: usize, T: Newest<N>>(spec: &Spec<'_>, slice: Duration) -> Result<f64, String> {
    let mut writer = T::writer(spec)?;
    let (mut value, mut number) = ([7; N], 0);
    let mut part = |slice: Duration| {
        let (start, before) = (Instant::now(), number);
        while start.elapsed() < slice {
            for _ in 0..BATCH {
                number += 1;
                stamp(&mut value, number);
                T::write(&mut writer, &value);
            }
        }
        start.elapsed().as_nanos() as f64 / (number - before) as f64
    };
    part(slice / 4);
    Ok(part(slice))
}

fn read<const N: usize, T: Newest<N>>(spec: &Spec<'_>, slice: Duration) -> Result<f64, String> {
    let mut reader = T::reader(spec)?;
    let mut reading = Reading { value: [0; N], reads: 0, torn: 0 };
    reading.part::<T>(&mut reader, slice / 4)?;
    let time = reading.part::<T>(&mut reader, slice)?;
    if reading.torn > 0 {
        // How many depends on who else is running: without their number, it is said once.
        eprintln!("{REMARK}some reads gave a torn value, its beginning of one write and its end of another");
        eprintln!("{} of {} reads", reading.torn, reading.reads);
    }
    Ok(time)
}

struct Reading<const N: usize> {
    value: [u8; N],
    reads: u64,
    torn: u64,
}

/// How long a reader waits for a second value.
const PATIENCE: Duration = Duration::from_secs(5);

impl<const N: usize> Reading<N> {
    /// Reads for that long, and until the writer has written something in between.
    fn part<T: Newest<N>>(&mut self, reader: &mut T::Reader, slice: Duration) -> Result<f64, String> {
        T::read(reader, &mut self.value);
        let [oldest, _] = numbers(&self.value);
        let (start, before) = (Instant::now(), self.reads);
        loop {
            (0..BATCH).for_each(|_| self.once::<T>(reader));
            let (took, [newest, _]) = (start.elapsed(), numbers(&self.value));
            if took > PATIENCE {
                return Err("the writer stands still".to_owned());
            }
            if took > slice && newest != oldest {
                break;
            }
        }
        Ok(start.elapsed().as_nanos() as f64 / (self.reads - before) as f64)
    }

    #[inline]
    fn once<T: Newest<N>>(&mut self, reader: &mut T::Reader) {
        T::read(reader, &mut self.value);
        let [first, last] = numbers(black_box(&self.value));
        self.torn += u64::from(first != last);
        self.reads += 1;
    }
}

fn write_until_stopped<const N: usize, T: Newest<N>>(spec: &Spec<'_>) {
    let mut writer = T::writer(spec).expect("become the writer");
    let (mut value, mut number) = ([7; N], 0);
    let mut write = || {
        number += 1;
        stamp(&mut value, number);
        T::write(&mut writer, &value);
    };
    write();
    spec.arena.say_ready();
    while !spec.arena.is_stopped() {
        (0..BATCH).for_each(|_| write());
    }
}
