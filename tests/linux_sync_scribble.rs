//! A peer that may write to the objects scribbles over them while others use them (C21): that costs errors,
//! signals that nobody gave and signals that are lost, but no crash, no panic, and no wait beyond its timeout.
//!
//! Longer on demand: `SAMEMAP_SCRIBBLE_SECONDS=600 cargo test --release --test linux_sync_scribble`.

#![cfg(target_os = "linux")]

mod support;

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant, SystemTime};

use samemap::sync::{
    Due, EventOptions, Reset, SemaphoreOptions, SharedEvent, SharedMutex, SharedSemaphore, SyncOptions,
    TimerOptions, WaitAny, try_wait_all, wait_all_timeout, wait_any_timeout,
};
use samemap::traits::Waitable;
use samemap::{
    Access, CreateOptions, Error, ErrorKind, Event, Mutex, ObjectName, OpenOptions, Region, Semaphore, Timer,
    View,
};
use support::Random;
use support::linux::child::{Child, Start, hear, play, say};
use support::linux::shm::{FACTS_LEN, file_of, kind_of, name, unique_name, view_of};

/// What the users ask for, and what they get on however busy a machine. Making an object in a region, and setting
/// a timer, may wait half a second for somebody who seems to be at it.
const ASKED: Duration = Duration::from_millis(1);
const AT_MOST: Duration = Duration::from_secs(3);

const USERS: usize = 3;

fn seconds() -> Duration {
    let asked = std::env::var("SAMEMAP_SCRIBBLE_SECONDS").ok();
    Duration::from_secs_f64(asked.map_or(2.0, |text| text.parse().expect("a number")))
}

#[test]
fn scribbling_over_objects_in_use_costs_errors_and_nothing_else() {
    let victims = Victims::create();
    let start = || Start::role("user").argument(&victims.label).start();
    let mut users: Vec<Child> = (0..USERS).map(|_| start()).collect();
    users.iter_mut().for_each(|user| user.expect("ready"));
    let over = Instant::now() + seconds();
    let mut random = Random::new();
    let mut scribbled = 0u64;
    while Instant::now() < over {
        victims.scribble(&mut random);
        scribbled += 1;
        if scribbled % 64 == 0 {
            victims.heal();
            std::thread::sleep(Duration::from_micros(random.below(500)));
        }
        for user in &mut users {
            assert_eq!(user.failure(), None);
        }
    }
    for user in &mut users {
        user.say("enough");
    }
    let used: Vec<u64> = users.iter_mut().map(|user| user.hear().parse().expect("a number")).collect();
    users.iter_mut().for_each(Child::finish);
    println!("{scribbled} scribbles; used {used:?} times");
    assert!(used.iter().all(|&times| times > 0));
    // Made good again, they work as if nothing had been.
    victims.heal();
    let objects = Objects::open(&victims.label).expect("they are whole again");
    assert!(objects.mutex.try_lock().expect("a mutex").is_some());
    assert!(objects.inside_mutex.try_lock().expect("a mutex").is_some());
    objects.event.set().expect("an event");
    assert!(objects.event.try_wait().expect("an event"));
    objects.timer.set(Due::After(Duration::ZERO)).expect("a timer");
    assert!(objects.timer.try_wait().expect("a timer"));
}

/// The sleeper's mark goes while it sleeps, so that no set sees it: it comes through all the same.
#[test]
fn a_sleeper_whose_mark_is_gone_comes_through() {
    const WORD_AT: u64 = 8;
    let name = unique_name("flipped");
    let event = Event::create(&name, &EventOptions::new(Reset::Auto)).expect("a free name");
    let file = File::options().read(true).write(true).open(file_of(&name)).expect("its file");
    let word = || {
        let mut word = [0; 4];
        file.read_exact_at(&mut word, WORD_AT).expect("its file");
        u32::from_ne_bytes(word)
    };
    std::thread::scope(|scope| {
        let sleeper = scope.spawn(|| event.wait_timeout(AT_MOST * 10).expect("an event"));
        support::wait_until("it says that it sleeps", || word() != 0);
        // Nothing tells that it does.
        std::thread::sleep(Duration::from_millis(50));
        file.write_all_at(&[0; 4], WORD_AT).expect("its file");
        let start = Instant::now();
        (0..27).for_each(|_| event.set().expect("an event"));
        assert!(sleeper.join().expect("no panic"));
        assert!(start.elapsed() < AT_MOST, "{:?}", start.elapsed());
    });
}

/// Each field of an object's state, and of the page of its facts, has each of the values that mean something
/// anywhere.
#[test]
fn every_field_may_hold_anything() {
    let fields = |first: u64, len: u64| (first..first + len).step_by(4);
    let facts = fields(4096, 32);
    // The region's objects lie one behind the other; the others' state is their page's beginning.
    // The first of them is a manual-reset event, which counts its sets as well.
    let inside: Vec<u64> = fields(0, 24)
        .chain(fields(48, 4))
        .chain(fields(64, 24))
        .chain(fields(128, 24))
        .chain(facts.clone())
        .collect();
    let named: Vec<u64> = fields(0, 24).chain(fields(48, 4)).chain(facts.clone()).collect();
    let timer: Vec<u64> = fields(0, 24).chain(fields(48, 4)).chain(fields(64, 72)).chain(facts).collect();
    std::thread::scope(|scope| {
        // Most of the time they wait.
        for (file, places) in [&inside, &named, &named, &timer, &named].into_iter().enumerate() {
            scope.spawn(move || try_values(file, places));
        }
    });
}

fn try_values(file: usize, places: &[u64]) {
    let victims = Victims::create();
    let objects = Objects::open(&victims.label).expect("they were made");
    let (file, fresh) = &victims.files[file];
    for &at in places {
        for value in VALUES {
            file.write_all_at(&value.to_ne_bytes(), at).expect("its file");
            objects.use_all();
            // By whoever comes new, too.
            let _ = Objects::open(&victims.label).map(|objects| objects.use_all());
        }
        file.write_all_at(&fresh[at as usize..][..4], at).expect("its file");
        victims.heal();
    }
}

/// A peer may also lock what only the living should have locked: all that there is to claim.
#[test]
fn a_peer_that_claims_everything_is_an_error() {
    let lock = unique_name("claimed");
    let mutex = Mutex::create(&lock, &SyncOptions::new()).expect("a free name");
    let peer = File::options().read(true).write(true).open(file_of(&lock)).expect("its file");
    let taken = claim_all_that_is_free(&peer, &mutex);
    assert!(taken, "nothing was claimed");
    let began = Instant::now();
    let opened = std::thread::spawn({
        let lock = lock.clone();
        move || kind_of(Mutex::open(&lock, &OpenOptions::default()))
    });
    // This process has the lock open, and needs no claim more.
    assert_eq!(opened.join().expect("no panic"), None);
    let mut other = Start::role("opener").argument(&lock).start();
    other.expect("error Os");
    other.finish();
    assert!(began.elapsed() < AT_MOST, "{:?}", began.elapsed());
    assert!(mutex.try_lock().expect("a mutex").is_some());
    drop(peer);
    let mut other = Start::role("opener").argument(&lock).start();
    other.expect("opened");
    other.finish();
}

/// Other people's data are not taken for what a dead process began.
#[test]
fn memory_that_is_in_use_is_not_made_an_object() {
    let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
    let view = view_of(&region);
    for number in [1u32, 2, 4096, 0xFFFF, 0x3FFF_FFFF, 0x8000_0000, u32::MAX] {
        view.put(0, &number).expect("in range");
        let options = EventOptions::new(Reset::Auto);
        assert_eq!(kind_of(SharedEvent::create(&view, 0, &options)), Some(ErrorKind::Damaged), "{number:#x}");
        let made = SharedMutex::<u64>::create_or_open(&view, 0);
        assert_eq!(kind_of(made), Some(ErrorKind::Damaged), "{number:#x}");
        assert_eq!(view.get::<u32>(0).expect("in range"), number);
    }
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    play(&[("user", user), ("opener", opener)]);
}

fn opener(arguments: &[String]) {
    match Mutex::open(&name(&arguments[0]), &OpenOptions::default()) {
        Ok(_) => say("opened"),
        Err(error) => say(&format!("error {:?}", error.kind())),
    }
}

/// Locks every byte that a claim may be, but for those that others have; false when that was none.
fn claim_all_that_is_free(peer: &File, mutex: &Mutex) -> bool {
    // The claim of this process stands in the word while it owns the lock.
    let guard = mutex.lock().expect("a mutex");
    let mut word = [0; 4];
    peer.read_exact_at(&mut word, 8).expect("its file");
    drop(guard);
    let mine = i64::from(u32::from_ne_bytes(word));
    let first = (1i64 << 62) + 1;
    lock_range(peer, first, mine - 1) && lock_range(peer, first + mine, (1 << 30) - mine)
}

fn lock_range(file: &File, start: i64, len: i64) -> bool {
    // SAFETY: an all-zero flock64 is valid, and the command reads that one.
    unsafe {
        let mut lock: libc::flock64 = std::mem::zeroed();
        lock.l_type = libc::F_WRLCK as libc::c_short;
        lock.l_start = start;
        lock.l_len = len;
        libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw mut lock) == 0
    }
}

// ---- what is scribbled over ---------------------------------------------------------------------------

/// The states, marks and limits of all kinds of objects, and numbers that make sums overflow.
const VALUES: [u32; 14] = [
    0,
    1,
    2,
    3,
    u32::from_le_bytes(*b"SMY\x81"),
    0x3FFF_FFFF,
    0x4000_0000,
    0x4000_0001,
    0x7FFF_FFFF,
    0x8000_0000,
    0x8000_0001,
    0xC000_0000,
    0xFFFF_FFFE,
    0xFFFF_FFFF,
];

/// The objects, each of whose files is open, with what stood there at first.
struct Victims {
    label: ObjectName,
    files: Vec<(File, Vec<u8>)>,
    _keep: (Objects, Region),
}

impl Victims {
    fn create() -> Victims {
        let label = unique_name("scribbled");
        let region = Region::create(&label, &CreateOptions::new(4096)).expect("a free name");
        let objects = Objects::create(&label, &view_of(&region));
        let names = [
            &label,
            objects.event.name(),
            objects.semaphore.name(),
            objects.timer.name(),
            objects.mutex.name(),
        ];
        let files = names
            .into_iter()
            .map(|name| {
                let path = file_of(name);
                let file = File::options().read(true).write(true).open(&path).expect("its file");
                (file, std::fs::read(path).expect("its file"))
            })
            .collect();
        Victims { label, files, _keep: (objects, region) }
    }

    /// Writes something where the state is, or in the page of the object's facts.
    fn scribble(&self, random: &mut Random) {
        let (file, _) = &self.files[random.below(self.files.len() as u64) as usize];
        let at = match random.below(8) {
            0 => 4096 + random.below(FACTS_LEN as u64),
            1..=3 => random.below(256),
            _ => random.below(64) * 4,
        };
        let bytes = match random.below(3) {
            0 => random.next().to_ne_bytes(),
            1 => u64::from(VALUES[random.below(VALUES.len() as u64) as usize]).to_ne_bytes(),
            _ => [random.below(256) as u8; 8],
        };
        let len = 1 + random.below(8) as usize;
        file.write_all_at(&bytes[..len], at).expect("its file");
    }

    fn heal(&self) {
        for (file, fresh) in &self.files {
            file.write_all_at(fresh, 0).expect("its file");
        }
    }
}

struct Objects {
    event: Event,
    semaphore: Semaphore,
    mutex: Mutex,
    timer: Timer,
    inside_event: SharedEvent,
    inside_semaphore: SharedSemaphore,
    inside_mutex: SharedMutex<u64>,
    view: View,
}

fn beside(label: &ObjectName, what: &str) -> ObjectName {
    name(&format!("{label}-{what}"))
}

impl Objects {
    fn create(label: &ObjectName, view: &View) -> Objects {
        let (event, semaphore) = (EventOptions::new(Reset::Auto), SemaphoreOptions::new(1, 5));
        let timer = TimerOptions::new(Reset::Auto);
        Objects {
            event: Event::create(&beside(label, "event"), &event).expect("a free name"),
            semaphore: Semaphore::create(&beside(label, "semaphore"), &semaphore).expect("a free name"),
            mutex: Mutex::create(&beside(label, "mutex"), &SyncOptions::new()).expect("a free name"),
            timer: Timer::create(&beside(label, "timer"), &timer).expect("a free name"),
            inside_event: SharedEvent::create(view, 0, &EventOptions::new(Reset::Manual)).expect("zeros"),
            inside_semaphore: SharedSemaphore::create(view, 64, &semaphore).expect("zeros"),
            inside_mutex: SharedMutex::create(view, 128, &0).expect("zeros"),
            view: view.clone(),
        }
    }

    fn open(label: &ObjectName) -> Result<Objects, Error> {
        let how = OpenOptions::default();
        let view = Region::open(label, &OpenOptions::read_write())?.view(.., Access::ReadWrite)?;
        Ok(Objects {
            event: Event::open(&beside(label, "event"), &how)?,
            semaphore: Semaphore::open(&beside(label, "semaphore"), &how)?,
            mutex: Mutex::open(&beside(label, "mutex"), &how)?,
            timer: Timer::open(&beside(label, "timer"), &how)?,
            inside_event: SharedEvent::open(&view, 0)?,
            inside_semaphore: SharedSemaphore::open(&view, 64)?,
            inside_mutex: SharedMutex::open(&view, 128)?,
            view,
        })
    }

    /// Does everything with all of them. What comes of it is not to be told; that it ends is.
    fn use_all(&self) {
        in_time("signal", || {
            let _ = self.event.set();
            let _ = self.inside_event.set();
            let _ = self.event.reset();
            let _ = self.inside_event.reset();
            let _ = self.semaphore.release(2);
            let _ = self.inside_semaphore.release(1);
        });
        in_time("set a timer", || {
            let _ = self.timer.set_periodic(Due::After(Duration::from_millis(1)), Duration::from_millis(1));
        });
        for object in [&self.event as &dyn Waitable, &self.inside_event, &self.semaphore] {
            in_time("wait", || object.wait_timeout(ASKED).map(|_| ()));
        }
        in_time("wait for permits", || self.inside_semaphore.wait_timeout(ASKED).map(|_| ()));
        in_time("wait for a timer", || self.timer.wait_timeout(ASKED).map(|_| ()));
        in_time("cancel a timer", || self.timer.cancel());
        in_time("set a timer again", || self.timer.set(Due::At(SystemTime::now())));
        in_time("lock", || {
            let outer = self.mutex.lock_timeout(ASKED);
            let inner = self.mutex.lock_timeout(ASKED);
            drop(outer);
            drop(inner);
        });
        in_time("lock inside", || {
            if let Ok(Some(guard)) = self.inside_mutex.lock_timeout(ASKED) {
                let _ = guard.update(|value| value.wrapping_add(1));
            }
        });
        in_time("wait for any", || {
            let objects: [&dyn WaitAny; 6] = [
                &self.event,
                &self.inside_event,
                &self.timer,
                &self.semaphore,
                &self.inside_semaphore,
                &self.mutex,
            ];
            wait_any_timeout(&objects, ASKED).map(|woken| woken.map(|woken| woken.index()))
        });
        in_time("wait for all", || {
            let objects: [&dyn WaitAny; 4] = [&self.event, &self.inside_semaphore, &self.timer, &self.mutex];
            let _ = wait_all_timeout(&objects, ASKED);
            let _ = try_wait_all(&[&self.inside_event, &self.inside_mutex, &self.semaphore]);
        });
        in_time("make", || {
            let _ = SharedMutex::<u64>::create_or_open(&self.view, 512);
            let _ = SharedEvent::create_or_open(&self.view, 1024, &EventOptions::new(Reset::Auto));
        });
    }
}

#[track_caller]
fn in_time<T>(what: &str, call: impl FnOnce() -> T) {
    let began = Instant::now();
    drop(call());
    let took = began.elapsed();
    assert!(took < AT_MOST, "{what} took {took:?}");
}

fn user(arguments: &[String]) {
    let label = name(&arguments[0]);
    let mut objects = Objects::open(&label).expect("they are whole");
    say("ready");
    let enough = std::thread::spawn(hear);
    let mut used = 0u64;
    while !enough.is_finished() {
        objects.use_all();
        used += 1;
        if used % 8 == 0 {
            // By somebody who comes new; where that fails, the old handles go on.
            if let Ok(anew) = Objects::open(&label) {
                objects = anew;
            }
        }
    }
    say(&used.to_string());
}

/// An object of a program that was built with another version of the library.
#[test]
fn another_version_is_told_as_that() {
    const VERSION_AT: usize = 4;
    let region = Region::create(&unique_name("version"), &CreateOptions::new(4096)).expect("a free name");
    let view = view_of(&region);
    drop(SharedMutex::create(&view, 0, &0u64).expect("zeros"));
    view.put(VERSION_AT, &1u16).expect("in range");
    let opened = [
        SharedMutex::<u64>::open(&view, 0).map(|_| ()),
        SharedMutex::<u64>::create_or_open(&view, 0).map(|_| ()),
        SharedEvent::open(&view, 0).map(|_| ()),
    ];
    for error in opened.map(|opened| opened.expect_err("it is another one's")) {
        assert!(error.is(ErrorKind::LayoutMismatch) && error.to_string().contains("version"), "{error}");
    }
}
