//! How cost grows: with the objects in the name space, with the processes that open one, with those who wait for one,
//! and with the size.

use std::ffi::CString;
use std::hint::black_box;

use raw_sync::events::{Event as RawEvent, EventImpl, EventInit as _, EventState};
use samemap::sync::{EventOptions, Reset, SharedEvent};
use samemap::{CreateOptions, ObjectName, OpenOptions, Region, catalog};
use shared_memory::ShmemConf;

use super::arena::Arena;
use super::bare;
use super::counted::{CREATE, HOLDING, LIST, OPEN, OPENING, SET_ALL, SET_ONE, SIZES, SWEEP};
use super::crowd::{self, Crowd, Order};
use super::floor::{self, Standing};
use super::held::{self, Held};
use super::job::{Kind, unique};
use super::machine;
use super::place::UNPINNED;
use super::region;
use super::report::{Report, Subject};
use super::rounds::{self, Plan, Rival, Times};
use super::tables;

/// All of it.
pub fn measure(plan: Plan, report: &mut Report) {
    objects(plan, report);
    let crowds: &[usize] = if plan.is_quick { &[1, 2, 4] } else { &[1, 2, 4, 8, 16, 32, 64] };
    for &count in crowds {
        openers(plan, report, count);
    }
    for &count in crowds {
        waiters(plan, report, count, Reset::Manual);
        waiters(plan, report, count, Reset::Auto);
    }
    sizes(plan, report);
}

// ---- Objects in the name space ------------------------------------------------------------------------------

/// The memory of an object: its page, and the one of its facts.
const OBJECT: u64 = 8192;
/// What is left free of the memory behind /dev/shm.
const LEFT_FREE: u64 = 2 << 30;

fn objects(plan: Plan, report: &mut Report) {
    let counts: &[u64] = if plan.is_quick { &[1, 10, 100] } else { &[1, 10, 100, 1_000, 10_000, 100_000] };
    let mut held = Held::new();
    for &count in counts {
        let room = if count * OBJECT > machine::free_for_shm().saturating_sub(LEFT_FREE) {
            Err("not enough free memory behind /dev/shm".to_owned())
        } else {
            held.grow_to(count)
        };
        if let Err(reason) = room {
            for bench in [CREATE, OPEN, LIST, SWEEP] {
                report.add(Subject { bench, size: count }, vec![absent("samemap", Kind::Ours, &reason)]);
            }
            break;
        }
        if count > held::descriptors() {
            report.note(format!(
                "{} named objects were held by {} processes, because one may have {} descriptors",
                tables::grouped(count),
                held.holders(),
                held::descriptors(),
            ));
        }
        one_among(fewer_rounds(plan, count >= 10_000), report, &held, count);
    }
}

fn absent(system: &'static str, kind: Kind, reason: &str) -> Times {
    Times { absent: Some(reason.to_owned()), ..Times::new(system, kind) }
}

/// Where one round takes a second or so.
fn fewer_rounds(plan: Plan, is_long: bool) -> Plan {
    if is_long { Plan { rounds: plan.rounds.min(5), ..plan } } else { plan }
}

fn one_among(plan: Plan, report: &mut Report, held: &Held, count: u64) {
    let raw_name = CString::new(format!("/{}", unique("floor"))).expect("no NUL");
    let name = ObjectName::new(unique("one-more")).expect("a valid name");
    let raw_create = Rival::floor("raw system calls", || floor::create_close(&raw_name, 4096));
    let create = Rival::ours("samemap", || {
        drop(Region::create(&name, &CreateOptions::new(4096)).expect("create"));
    });
    add(plan, report, (CREATE, count), [raw_create, create]);

    let standing = Standing::create(&format!("/{}", unique("standing")), 4096);
    let any = held.any();
    let raw_open = Rival::floor("raw system calls", || floor::open_close(standing.name()));
    let open = Rival::ours("samemap", || {
        drop(Region::open(&any, &OpenOptions::read_write()).expect("open"));
    });
    add(plan, report, (OPEN, count), [raw_open, open]);

    let list = Rival::ours("samemap", || drop(black_box(catalog::list().expect("list"))));
    add(plan, report, (LIST, count), [reading_the_directory(), list]);
    let sweep = Rival::ours("samemap", || drop(black_box(catalog::reclaim().expect("sweep"))));
    add(plan, report, (SWEEP, count), [reading_the_directory(), sweep]);
}

fn reading_the_directory() -> Rival<'static> {
    Rival::floor("reading the directory", || {
        let names = std::fs::read_dir("/dev/shm").expect("/dev/shm");
        black_box(names.flatten().count());
    })
}

fn add(plan: Plan, report: &mut Report, (bench, size): (&'static str, u64), mut rivals: [Rival<'_>; 2]) {
    report.progress(bench, size as usize, UNPINNED, (0, 1));
    let times = rounds::run(plan, &mut rivals);
    report.add(Subject { bench, size }, times);
}

// ---- Processes that open one --------------------------------------------------------------------------------

/// Bytes of the region that all open.
const REGION: usize = 64 << 10;

fn openers(plan: Plan, report: &mut Report, count: usize) {
    let standing_name = format!("/{}", unique("standing"));
    let _standing = Standing::create(&standing_name, REGION);
    let name = ObjectName::new(unique("opened")).expect("a valid name");
    let _ours = Region::create(&name, &CreateOptions::new(REGION as u64)).expect("create");
    let peer_name = format!("/{}", unique("peer"));
    let _peer = ShmemConf::new().size(REGION).os_id(&peer_name).create().expect("create");
    let ours_name = name.to_string();
    let mut crowds = [
        ("raw system calls", Kind::Floor, "open-raw", standing_name.as_str()),
        ("samemap", Kind::Ours, "open-samemap", ours_name.as_str()),
        ("shared_memory 0.12", Kind::Peer, "open-shared-memory", peer_name.as_str()),
    ]
    .map(|(system, kind, what, name)| Entrant::start(system, kind, count, what, name, |_| None));
    let once = in_turns(plan, &mut crowds, open_and_close);
    report.add(Subject { bench: OPENING, size: count as u64 }, once);
    let hold = in_turns(plan, &mut crowds, hold);
    report.add(Subject { bench: HOLDING, size: count as u64 }, hold);
}

/// Microseconds of one opening, on average of all of them.
fn open_and_close(crowd: &mut Crowd, _event: Option<&dyn Flag>) -> Result<f64, String> {
    crowd.order(Order::OpenAndClose);
    crowd.wait_done()?;
    let answers = crowd.answers();
    Ok(answers.iter().sum::<u64>() as f64 / answers.len() as f64 / 1e3)
}

/// Microseconds until all hold it.
fn hold(crowd: &mut Crowd, _event: Option<&dyn Flag>) -> Result<f64, String> {
    let ordered = crowd.order(Order::Hold);
    crowd.wait_done()?;
    let last = crowd.answers().into_iter().max().unwrap_or(ordered);
    crowd.order(Order::LetGo);
    crowd.wait_done()?;
    Ok((last - ordered) as f64 / 1e3)
}

/// A system and its crowd.
struct Entrant {
    system: &'static str,
    kind: Kind,
    /// Before the crowd, in whose arena it lies.
    event: Option<Box<dyn Flag>>,
    crowd: Result<Crowd, String>,
}

impl Entrant {
    fn start(
        system: &'static str,
        kind: Kind,
        count: usize,
        what: &str,
        name: &str,
        event: impl FnOnce(&Arena) -> Option<Box<dyn Flag>>,
    ) -> Entrant {
        let arena = Arena::create("crowd");
        let event = event(&arena);
        Entrant { system, kind, event, crowd: Crowd::start(arena, what, name, count) }
    }

    fn measure(&mut self, work: Work) -> Result<f64, String> {
        let crowd = self.crowd.as_mut().map_err(|reason| reason.clone())?;
        let answer = work(crowd, self.event.as_deref());
        if let Err(reason) = &answer {
            // What it does now is not known any more.
            self.event = None;
            self.crowd = Err(reason.clone());
        }
        answer
    }
}

type Work = fn(&mut Crowd, Option<&dyn Flag>) -> Result<f64, String>;

/// Each crowd does it in turn: once to warm up, and then round by round.
fn in_turns(plan: Plan, entrants: &mut [Entrant], work: Work) -> Vec<Times> {
    let mut times: Vec<Times> = entrants.iter().map(|one| Times::new(one.system, one.kind)).collect();
    for round in 0..=plan.rounds.min(15) {
        for (entrant, times) in entrants.iter_mut().zip(&mut times) {
            match entrant.measure(work) {
                Ok(time) if round > 0 => times.add(time),
                Ok(_) => {}
                Err(reason) => times.absent = Some(reason),
            }
        }
    }
    times
}

// ---- Waiters for one event ----------------------------------------------------------------------------------

/// What a crowd waits for.
trait Flag {
    fn set(&self);
    fn reset(&self);
}

fn waiters(plan: Plan, report: &mut Report, count: usize, reset: Reset) {
    let is_auto = reset == Reset::Auto;
    let (bench, work, futex): (_, Work, _) = match reset {
        Reset::Manual => (SET_ALL, until_all, "wait-futex"),
        Reset::Auto => (SET_ONE, until_one, "wait-futex-auto"),
    };
    let mut crowds = [
        Entrant::start("bare futex", Kind::Floor, count, futex, "-", |arena| {
            Some(Box::new(Futex { word: word_of(arena), is_auto }))
        }),
        Entrant::start("samemap SharedEvent", Kind::Ours, count, "wait-samemap", "-", |arena| {
            Some(Box::new(SharedEvent::create(arena.view(), crowd::EVENT, &EventOptions::new(reset)).ok()?))
        }),
        Entrant::start("raw_sync 0.1 Event", Kind::Peer, count, "wait-raw-sync", "-", |arena| {
            // SAFETY: aligned room of the arena, which is dropped after the event.
            let made = unsafe { RawEvent::new(arena.view().as_ptr().add(crowd::RAW_EVENT), is_auto) };
            Some(Box::new(Raw(made.ok()?.0)))
        }),
    ];
    let times = in_turns(plan, &mut crowds, work);
    report.add(Subject { bench, size: count as u64 }, times);
}

/// Sets the event when the whole crowd sleeps on it: the event, and when that was.
fn set_when_all_sleep<'a>(
    crowd: &mut Crowd,
    event: Option<&'a dyn Flag>,
) -> Result<(&'a dyn Flag, u64), String> {
    let event = event.ok_or("the event could not be made")?;
    event.reset();
    crowd.order(Order::Wait);
    crowd.wait_asleep()?;
    let set = crowd::now();
    event.set();
    Ok((event, set))
}

/// Microseconds from the set of a manual-reset event until all are through.
fn until_all(crowd: &mut Crowd, event: Option<&dyn Flag>) -> Result<f64, String> {
    let (_, set) = set_when_all_sleep(crowd, event)?;
    crowd.wait_done()?;
    let last = crowd.answers().into_iter().max().unwrap_or(set);
    Ok((last - set) as f64 / 1e3)
}

/// Microseconds from the set of an auto-reset event until one is through; the others go through after it.
fn until_one(crowd: &mut Crowd, event: Option<&dyn Flag>) -> Result<f64, String> {
    let (event, set) = set_when_all_sleep(crowd, event)?;
    crowd.wait_done_by(1)?;
    let first = crowd.answers().into_iter().max().unwrap_or(set);
    for through in 2..=crowd.len() {
        event.set();
        crowd.wait_done_by(through)?;
    }
    Ok((first - set) as f64 / 1e3)
}

/// A word of a crowd's arena; an entrant drops its event before its crowd, and the arena with that.
struct Futex {
    word: *const std::sync::atomic::AtomicU32,
    is_auto: bool,
}

fn word_of(arena: &Arena) -> *const std::sync::atomic::AtomicU32 {
    crowd::flag(arena)
}

impl Futex {
    fn word(&self) -> &std::sync::atomic::AtomicU32 {
        // SAFETY: the arena is mapped until the crowd is dropped, and who uses this has the crowd.
        unsafe { &*self.word }
    }
}

impl Flag for Futex {
    fn set(&self) {
        if self.is_auto {
            bare::set(self.word());
        } else {
            self.word().store(1, std::sync::atomic::Ordering::SeqCst);
            bare::wake_all(self.word());
        }
    }

    fn reset(&self) {
        self.word().store(0, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Flag for SharedEvent {
    fn set(&self) {
        SharedEvent::set(self).expect("set");
    }

    fn reset(&self) {
        SharedEvent::reset(self).expect("reset");
    }
}

struct Raw(Box<dyn EventImpl>);

impl Flag for Raw {
    fn set(&self) {
        self.0.set(EventState::Signaled).expect("set");
    }

    fn reset(&self) {
        self.0.set(EventState::Clear).expect("reset");
    }
}

// ---- Sizes --------------------------------------------------------------------------------------------------

fn sizes(plan: Plan, report: &mut Report) {
    let wanted: &[usize] = if plan.is_quick {
        &[64 << 10, 1 << 20]
    } else {
        &[64 << 10, 1 << 20, 16 << 20, 256 << 20, 1 << 30, 4 << 30]
    };
    for &size in wanted {
        region::create_and_write_all(fewer_rounds(plan, size >= 256 << 20), report, SIZES, size);
    }
}
