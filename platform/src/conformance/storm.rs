//! A process that creates, opens and drops one name as fast as it can, and checks at every step what the
//! contract promises (rules C5, C6, C9, C15 and C16).

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::random::Random;
use super::support::{kind_word, tell};
use crate::{
    Access, CreateOptions, Disposition, Error, ErrorKind, ObjectName, OpenOptions, Result, SharedRegion, View,
};

/// Written by the creator once the object is found zeroed.
const MADE: u64 = 0x5A4D_4150_4D41_4453;
/// Behind the creator's word: one word for each process, to tell one object from another.
const FIRST_SLOT: usize = 8;

/// One process's part in a storm.
#[derive(Clone, Copy)]
pub(super) struct Storm {
    /// It lasts for as many rounds at least,
    pub(super) rounds: u64,
    /// and for as long.
    pub(super) time: Duration,
    /// Which of the object's words is this process's own.
    pub(super) index: usize,
    /// The length that every opener must see.
    pub(super) len: u64,
}

/// Answers with the numbers of objects created and opened. An error says what promise was broken.
pub(super) fn run<R: SharedRegion>(storm: Storm, name: &ObjectName) -> Result<String, String> {
    dawdle_at_stop_points();
    let began = Instant::now();
    let mut random = Random::new();
    let (mut created, mut opened) = (0_u64, 0_u64);
    for round in 0.. {
        if round >= storm.rounds && began.elapsed() >= storm.time {
            break;
        }
        let pick = random.next();
        idle(pick);
        let Some((region, view, disposition)) = storm.get::<R>(name, pick)? else { continue };
        match disposition {
            Disposition::Created => created += 1,
            Disposition::Opened => opened += 1,
        }
        if pick & 0x100 != 0 || disposition == Disposition::Opened {
            storm.meet_again::<R>(name, &view, pick)?;
        }
        // Either may go first.
        if pick & 0x200 != 0 {
            drop(region);
            drop(view);
        } else {
            drop(view);
            drop(region);
        }
    }
    Ok(format!("{created} {opened}"))
}

/// Between rounds every process is away longer than it holds, so that the name becomes free often: the last
/// holder's leaving is what others are most likely to trip over.
fn idle(pick: u64) {
    for _ in 0..(pick >> 16) % 8192 {
        std::hint::spin_loop();
    }
}

/// With the feature `testing`, a process pauses now and then between two of its system calls, so that the calls of the
/// others fall in between.
#[cfg(feature = "testing")]
fn dawdle_at_stop_points() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        crate::testing::at_stop_points(|_| match Random::new().below(16) {
            0 => std::thread::sleep(Duration::from_micros(Random::new().below(300))),
            1..4 => std::thread::yield_now(),
            _ => {}
        });
    });
}

#[cfg(not(feature = "testing"))]
fn dawdle_at_stop_points() {}

impl Storm {
    /// Tries to get hold of the object in one of the three ways.
    fn get<R: SharedRegion>(
        &self,
        name: &ObjectName,
        pick: u64,
    ) -> Result<Option<(R, View, Disposition)>, String> {
        let options = CreateOptions::new(self.len);
        let (got, may_be) = match pick % 4 {
            0 => (
                R::create(name, &options).map(|region| (region, Disposition::Created)),
                ErrorKind::AlreadyExists,
            ),
            1 => {
                let opening = R::open(name, &OpenOptions::read_write());
                (opening.map(|region| (region, Disposition::Opened)), ErrorKind::NotFound)
            }
            // No error at all is allowed here; a kind that cannot come stands for that.
            _ => (R::create_or_open(name, &options), ErrorKind::TimedOut),
        };
        match got {
            Ok((region, disposition)) => {
                let view = self.look(&region, disposition)?;
                Ok(Some((region, view, disposition)))
            }
            Err(error) if *error.kind() == may_be => Ok(None),
            Err(error) => Err(spell("getting hold of the object", &error)),
        }
    }

    /// Checks that the object is whole: its length, its memory to the last byte, its contents.
    fn look<R: SharedRegion>(&self, region: &R, disposition: Disposition) -> Result<View, String> {
        if region.len() != self.len {
            return Err(format!("{disposition:?} one of {} bytes, not {}", region.len(), self.len));
        }
        let view = region.view(.., Access::ReadWrite).map_err(|error| spell("mapping", &error))?;
        let last: u8 = view.get(view.len() - 1).map_err(|error| spell("reading", &error))?;
        let word = view.atomic_u64(0).map_err(|error| spell("reading", &error))?;
        let made = word.load(Ordering::Acquire);
        match disposition {
            Disposition::Created if made != 0 || last != 0 => {
                Err(format!("a new object holds {made:x}, {last:x}"))
            }
            Disposition::Opened if (made != 0 && made != MADE) || last != 0 => {
                Err(format!("an opened object holds {made:x}, {last:x}"))
            }
            Disposition::Created => {
                word.store(MADE, Ordering::Release);
                Ok(view)
            }
            Disposition::Opened => Ok(view),
        }
    }

    /// While one holder holds, the name leads to that object, by whatever call.
    fn meet_again<R: SharedRegion>(&self, name: &ObjectName, held: &View, pick: u64) -> Result<(), String> {
        let options = CreateOptions::new(self.len);
        match R::create(name, &options) {
            Err(error) if error.is(ErrorKind::AlreadyExists) => {}
            Err(error) => return Err(spell("creating a held name", &error)),
            Ok(_) => return Err("a held name was created a second time".to_owned()),
        }
        let again = if pick & 0x400 != 0 {
            R::open(name, &OpenOptions::read_write())
        } else {
            R::create_or_open(name, &options).map(|(region, _)| region)
        };
        let again = again.map_err(|error| spell("opening a held name", &error))?;
        let other = self.look(&again, Disposition::Opened)?;
        let slot = (FIRST_SLOT + self.index) * 8;
        held.atomic_u64(slot).map_err(|error| spell("reading", &error))?.store(pick, Ordering::Release);
        let seen = other.atomic_u64(slot).map_err(|error| spell("reading", &error))?.load(Ordering::Acquire);
        if seen == pick { Ok(()) } else { Err("a held name led to another object".to_owned()) }
    }
}

fn spell(doing: &str, error: &Error) -> String {
    format!("{doing}: {} {}", kind_word(error.kind()), tell(error))
}
