//! How two ends share the newest value of one writer.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::job::{Pace, REMARK, Turn};
use super::link::Spec;

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
pub const SIZES: [usize; 2] = [SMALL, LARGE];
const SMALL: usize = 64;
const LARGE: usize = 4 << 10;
/// The largest.
pub const MAX: usize = LARGE;

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
    match spec.size {
        SMALL => second_of::<SMALL, T>(turn, spec),
        LARGE => second_of::<LARGE, T>(turn, spec),
        size => panic!("no values of {size} bytes"),
    }
}

fn first_of<const N: usize, T: Newest<N>>(
    turn: Turn,
    spec: &Spec<'_>,
    slice: Duration,
    start_second: impl FnOnce(&str),
) -> Result<f64, String> {
    if matches!(turn, Turn::Read(_)) {
        start_second("");
        spec.arena.wait_ready();
        let time = read::<N, T>(spec, slice);
        spec.arena.order_stop();
        return time;
    }
    let mut writing = Writing::<N, T>::begin(spec)?;
    start_second("");
    spec.arena.wait_ready();
    writing.part(slice / 4);
    let time = writing.part(slice);
    spec.arena.order_stop();
    Ok(time)
}

fn second_of<const N: usize, T: Newest<N>>(turn: Turn, spec: &Spec<'_>) {
    match turn {
        Turn::Read(pace) => write_until_stopped::<N, T>(spec, pace),
        Turn::Write => spec.arena.say_ready(),
        Turn::WriteRead => read_until_stopped::<N, T>(spec),
    }
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

struct Writing<const N: usize, T: Newest<N>> {
    writer: T::Writer,
    value: [u8; N],
    number: u64,
}

impl<const N: usize, T: Newest<N>> Writing<N, T> {
    /// Becomes the writer, and writes once.
    fn begin(spec: &Spec<'_>) -> Result<Self, String> {
        let mut writing = Writing { writer: T::writer(spec)?, value: [7; N], number: 0 };
        writing.once();
        Ok(writing)
    }

    #[inline]
    fn once(&mut self) {
        self.number += 1;
        stamp(&mut self.value, self.number);
        T::write(&mut self.writer, &self.value);
    }

    /// Writes for that long: nanoseconds a turn.
    fn part(&mut self, slice: Duration) -> f64 {
        let (start, before) = (Instant::now(), self.number);
        while start.elapsed() < slice {
            (0..BATCH).for_each(|_| self.once());
        }
        start.elapsed().as_nanos() as f64 / (self.number - before) as f64
    }
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

fn write_until_stopped<const N: usize, T: Newest<N>>(spec: &Spec<'_>, pace: Pace) {
    let mut writing = Writing::<N, T>::begin(spec).expect("become the writer");
    spec.arena.say_ready();
    if pace == Pace::FlatOut {
        while !spec.arena.is_stopped() {
            (0..BATCH).for_each(|_| writing.once());
        }
    }
    // By the clock alone: a sleep would be longer than a period.
    let mut due = Instant::now();
    while !spec.arena.is_stopped() {
        if Instant::now() >= due {
            writing.once();
            due += pace.period();
        }
    }
}

fn read_until_stopped<const N: usize, T: Newest<N>>(spec: &Spec<'_>) {
    let mut reader = T::reader(spec).expect("something was written");
    let mut value = [0; N];
    spec.arena.say_ready();
    while !spec.arena.is_stopped() {
        (0..BATCH).for_each(|_| T::read(&mut reader, black_box(&mut value)));
    }
}
