//! Many processes that do the same at the same time.

use std::any::Any;
use std::ffi::CString;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use raw_sync::Timeout;
use raw_sync::events::{Event as RawEvent, EventInit as _};
use samemap::sync::SharedEvent;
use samemap::{Access, ObjectName, OpenOptions, Region};
use shared_memory::ShmemConf;

use super::arena::{Arena, PATIENCE, ROOM};
use super::bare;
use super::floor;
use super::job::this_program;

/// The first argument of a process that is one of a crowd.
pub const WORD: &str = "one-of-a-crowd";

/// The words of the arena's room: the number of orders so far, the order, who is about to wait, who is done, and the
/// floor's event.
const ORDERS: usize = 0;
const ORDER: usize = 1;
const ABOUT: usize = 2;
const DONE: usize = 3;
/// The floor's event.
pub const FLAG: usize = 4;
/// Where samemap's event and raw_sync's lie in the arena.
pub const EVENT: usize = ROOM + 1024;
pub const RAW_EVENT: usize = ROOM + 2048;
/// Where each says what it measured.
const ANSWERS: usize = ROOM + 8192;

/// What the crowd is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Go home.
    Stop,
    /// Open the region, read from it, and keep it: the answer is when.
    Hold,
    /// Let go of it.
    LetGo,
    /// Open it, read from it and close it, again and again: the answer is the nanoseconds of once.
    OpenAndClose,
    /// Wait for the event: the answer is when that ended.
    Wait,
}

const ALL: [Order; 5] = [Order::Stop, Order::Hold, Order::LetGo, Order::OpenAndClose, Order::Wait];

/// How often a region is opened and closed for one answer.
const TIMES: u32 = 50;

/// Nanoseconds of the clock that all processes share.
pub fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call fills it in.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn answer_of(arena: &Arena, index: usize) -> &AtomicU64 {
    arena.view().atomic_u64(ANSWERS + index * 64).expect("aligned and inside")
}

// ---- The one who tells them ---------------------------------------------------------------------------------

/// So many processes.
pub struct Crowd {
    /// Of all of them.
    pub arena: Arena,
    children: Vec<Child>,
}

impl Crowd {
    /// Starts them; `what` says what they open or wait for, and under which name.
    pub fn start(arena: Arena, what: &str, name: &str, count: usize) -> Result<Crowd, String> {
        let mut crowd = Crowd { arena, children: Vec::new() };
        for index in 0..count {
            let mut command = this_program(WORD);
            command.args([what, name, &crowd.arena.name(), &index.to_string()]);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            crowd.children.push(command.spawn().map_err(|error| error.to_string())?);
        }
        crowd.wait_for_all(DONE)?;
        Ok(crowd)
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.children.len()
    }

    /// Orders it, and returns the time of that.
    pub fn order(&self, order: Order) -> u64 {
        let word = |index| self.arena.word(index);
        word(ABOUT).store(0, SeqCst);
        word(DONE).store(0, SeqCst);
        (0..self.children.len()).for_each(|index| answer_of(&self.arena, index).store(0, SeqCst));
        word(ORDER).store(ALL.iter().position(|one| *one == order).expect("an order") as u32, SeqCst);
        let ordered = now();
        word(ORDERS).fetch_add(1, SeqCst);
        bare::wake_all(word(ORDERS));
        ordered
    }

    /// Waits until all have done it.
    pub fn wait_done(&mut self) -> Result<(), String> {
        self.wait_for_all(DONE)
    }

    /// Waits until all wait, as far as one can tell from outside.
    pub fn wait_asleep(&mut self) -> Result<(), String> {
        self.wait_for_all(ABOUT)?;
        std::thread::sleep(
            Duration::from_millis(2) + Duration::from_micros(100) * self.children.len() as u32,
        );
        Ok(())
    }

    fn wait_for_all(&mut self, word: usize) -> Result<(), String> {
        self.wait_for(word, self.children.len())
    }

    /// Waits until so many have done it.
    pub fn wait_done_by(&mut self, count: usize) -> Result<(), String> {
        self.wait_for(DONE, count)
    }

    fn wait_for(&mut self, word: usize, count: usize) -> Result<(), String> {
        let start = Instant::now();
        while (self.arena.word(word).load(SeqCst) as usize) < count {
            if self.children.iter_mut().any(|child| child.try_wait().is_ok_and(|ended| ended.is_some())) {
                return Err("one of the processes failed".to_owned());
            }
            if start.elapsed() > PATIENCE {
                let there = self.arena.word(word).load(SeqCst);
                return Err(format!("hung: {there} of {count} after {} s", PATIENCE.as_secs()));
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        Ok(())
    }

    /// What they answered, without those who have not.
    pub fn answers(&self) -> Vec<u64> {
        let all = (0..self.children.len()).map(|index| answer_of(&self.arena, index).load(SeqCst));
        all.filter(|&answer| answer != 0).collect()
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.order(Order::Stop);
        let start = Instant::now();
        let is_gone = |child: &mut Child| child.try_wait().is_ok_and(|ended| ended.is_some());
        while !self.children.iter_mut().all(is_gone) && start.elapsed() < Duration::from_secs(2) {
            std::thread::sleep(Duration::from_millis(1));
        }
        for child in &mut self.children {
            // Those who hang in what is measured; the others have ended.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

// ---- One of them --------------------------------------------------------------------------------------------

/// What one does with what is measured.
enum Part {
    Open(Box<dyn Fn() -> Box<dyn Any>>),
    Wait(Box<dyn Fn()>),
}

/// This process is one of a crowd, until it is told to stop.
pub fn be_one(words: &[String]) -> Result<(), String> {
    let [what, name, arena, index] = words else { return Err("not the words of one of a crowd".to_owned()) };
    // SAFETY: no pointers: this process ends with the one that started it, which measures no more then.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    // It lives as long as this process, and so does what is measured in it.
    let arena: &'static Arena = Box::leak(Box::new(Arena::open(arena)));
    let index: usize = index.parse().map_err(|_| "not a number".to_owned())?;
    let part = part(what, name, arena)?;
    let mut held = None;
    arena.word(DONE).fetch_add(1, SeqCst);
    for orders in 0.. {
        bare::sleep_while(arena.word(ORDERS), orders);
        let order = ALL[arena.word(ORDER).load(SeqCst) as usize];
        if order == Order::Stop {
            break;
        }
        let answer = carry_out(order, &part, arena, &mut held);
        answer_of(arena, index).store(answer, SeqCst);
        arena.word(DONE).fetch_add(1, SeqCst);
    }
    Ok(())
}

fn carry_out(order: Order, part: &Part, arena: &Arena, held: &mut Option<Box<dyn Any>>) -> u64 {
    match (order, part) {
        (Order::Hold, Part::Open(open)) => {
            *held = Some(open());
            now()
        }
        (Order::LetGo, _) => {
            *held = None;
            now()
        }
        (Order::OpenAndClose, Part::Open(open)) => {
            let start = now();
            (0..TIMES).for_each(|_| drop(open()));
            (now() - start) / u64::from(TIMES)
        }
        (Order::Wait, Part::Wait(wait)) => {
            arena.word(ABOUT).fetch_add(1, SeqCst);
            wait();
            now()
        }
        _ => panic!("not an order for this one: {order:?}"),
    }
}

fn part(what: &str, name: &str, arena: &'static Arena) -> Result<Part, String> {
    Ok(match what {
        "open-raw" => {
            let name = CString::new(name).map_err(|error| error.to_string())?;
            Part::Open(Box::new(move || Box::new(floor::Opened::open(&name))))
        }
        "open-samemap" => {
            let name = ObjectName::new(name).map_err(|error| error.to_string())?;
            Part::Open(Box::new(move || Box::new(open_ours(&name))))
        }
        "open-shared-memory" => {
            let name = name.to_owned();
            Part::Open(Box::new(move || Box::new(open_peer(&name))))
        }
        "wait-futex" => Part::Wait(Box::new(|| bare::sleep_while(arena.word(FLAG), 0))),
        "wait-futex-auto" => Part::Wait(Box::new(|| bare::wait(arena.word(FLAG)))),
        "wait-samemap" => {
            let event = SharedEvent::open(arena.view(), EVENT).map_err(|error| error.to_string())?;
            Part::Wait(Box::new(move || event.wait().expect("wait")))
        }
        "wait-raw-sync" => {
            // SAFETY: aligned room of the arena, initialised before this process was started.
            let event = unsafe { RawEvent::from_existing(arena.view().as_ptr().add(RAW_EVENT)) };
            let event = event.map_err(|error| error.to_string())?.0;
            Part::Wait(Box::new(move || event.wait(Timeout::Infinite).expect("wait")))
        }
        _ => return Err(format!("nothing is called {what}")),
    })
}

fn open_ours(name: &ObjectName) -> (samemap::View, Region) {
    let region = Region::open(name, &OpenOptions::read_write()).expect("open");
    let view = region.view(.., Access::ReadWrite).expect("view");
    std::hint::black_box(view.get::<u8>(0).expect("read"));
    (view, region)
}

fn open_peer(name: &str) -> shared_memory::Shmem {
    let region = ShmemConf::new().os_id(name).open().expect("open");
    // SAFETY: the first byte of a mapping that is longer.
    std::hint::black_box(unsafe { region.as_ptr().read_volatile() });
    region
}

/// A word of the crowd's, for what is measured.
pub fn flag(arena: &Arena) -> &AtomicU32 {
    arena.word(FLAG)
}
