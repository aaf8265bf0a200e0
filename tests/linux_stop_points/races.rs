//! Who takes a name away takes it from what it has seen there, and from nothing that has the name by then (C16, C17).

use std::fs::File;
use std::io::Read as _;
use std::os::fd::FromRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::sync::OnceLock;

use crate::common::*;
use crate::support::linux::shm::set_mode;
use crate::support::part::Part;

pub const PARTS: [Part; 2] = [("creates_and_closes", creates_and_closes), ("creates", creates)];

const MARK: u64 = 0x5A3E_3A9A;

/// A creator finds an object that its remover has just marked dead. Before it comes to do anything about that, the remover
/// is done, and another creator has the name.
#[test]
fn a_creator_takes_the_name_from_what_it_saw_dead_and_not_from_a_new_object() {
    let _alone = alone();
    let name = unique_name("late");
    let mut remover =
        start_at_steps("creates_and_closes", &name, &[Step::CloseReleased, Step::RemoveMarkedDead]);
    // Whose first creation sweeps, before there is anything dead.
    let mut creator = start_at_steps("creates", &name, &[Step::ClearSawHolders, Step::ClearFactsRead]);
    remover.say("begin");
    remover.expect(Step::CloseReleased.name());
    creator.say("begin");
    creator.expect(Step::ClearSawHolders.name());
    remover.say("go on");
    remover.expect(Step::RemoveMarkedDead.name());
    creator.say("go on");
    creator.expect(Step::ClearFactsRead.name());
    remover.say("go on");
    remover.expect("done");
    remover.finish();

    let living = Region::create(&name, &CreateOptions::new(4096)).expect("the name is free");
    view_of(&living).put(0, &MARK).expect("in range");
    let watch = Watch::new();
    creator.say("go on");
    creator.expect("Some(AlreadyExists)");
    creator.finish();
    let events = watch.events_of(&name);
    assert!(events.is_empty(), "something was done to the name of a living object: {events:x?}");
    assert_eq!(id_of(&Region::open(&name, &OpenOptions::read_only()).expect("it is held")), MARK);
    drop(living);
    assert_nothing_left(&name);
}

/// A peer locks what is dead, so that no remover gets its lock. One creator at a time takes the name all the same: a second
/// one is told within a second, and the first has an object that keeps its name.
#[test]
fn one_creator_at_a_time_takes_a_name_from_what_is_dead_and_locked() {
    let _alone = alone();
    let name = unique_name("locked");
    // Whose first creation sweeps, before there is anything dead.
    let mut first = start_at_steps("creates", &name, &[Step::RemoveContended, Step::TakeNameChecked]);
    let lock = dead_and_locked(&name);
    first.say("begin");
    first.expect(Step::RemoveContended.name());
    first.say("go on");
    first.expect(Step::TakeNameChecked.name());
    let began = Instant::now();
    let second = Region::create(&name, &CreateOptions::new(4096));
    assert_eq!(kind_of(second), Some(ErrorKind::TimedOut));
    assert!(began.elapsed() < A_SECOND, "{:?}", began.elapsed());
    first.say("go on");
    first.expect("None");
    first.finish();
    assert!(lock.metadata().expect("an open file").nlink() == 0, "what is dead still has the name");
    assert_nothing_left(&name);
}

/// The same, killed at each step that takes the name.
#[test]
fn a_taker_that_is_killed_leaves_the_name_to_the_next() {
    let _alone = alone();
    for step in [Step::RemoveContended, Step::TakeLocked, Step::TakeNameChecked, Step::TakeUnlinked] {
        let name = unique_name("killed");
        let mut taker = start_at_steps("creates", &name, &[step]);
        let _lock = dead_and_locked(&name);
        taker.say("begin");
        taker.expect(step.name());
        taker.kill();
        let created = Region::create(&name, &CreateOptions::new(4096));
        drop(created.unwrap_or_else(|error| panic!("killed at {step}: {error}")));
        assert_nothing_left(&name);
    }
}

/// What bears the mark of death, and is locked by a peer that has it open.
fn dead_and_locked(name: &ObjectName) -> File {
    plant_remains(name, 4096);
    set_mode(&file_of(name), 0o1710);
    let file = File::options().read(true).write(true).open(file_of(name)).expect("planted");
    life_lock(&file, libc::F_OFD_SETLK, libc::F_RDLCK);
    file
}

/// Starts a child that stops at these points, at each once, and goes on when it is told; first of all
/// before it begins.
fn start_at_steps(role: &str, name: &ObjectName, stops: &[Step]) -> Child {
    let stops: Vec<&str> = stops.iter().map(|step| step.name()).collect();
    let mut child = Start::role(role).argument(name).argument(stops.join(",")).start();
    child.expect("ready");
    child
}

/// What happens to names in /dev/shm.
struct Watch(File);

impl Watch {
    fn new() -> Watch {
        // SAFETY: a literal path; the descriptor is checked, and owned by nothing else.
        unsafe {
            let fd = libc::inotify_init1(libc::IN_NONBLOCK | libc::IN_CLOEXEC);
            assert!(fd >= 0, "{}", std::io::Error::last_os_error());
            let events = libc::IN_MOVED_FROM | libc::IN_MOVED_TO | libc::IN_DELETE | libc::IN_CREATE;
            assert!(libc::inotify_add_watch(fd, c"/dev/shm".as_ptr(), events) >= 0);
            Watch(File::from_raw_fd(fd))
        }
    }

    /// The masks of what happened to this name: inotify(7).
    fn events_of(mut self, name: &ObjectName) -> Vec<u32> {
        const HEAD: usize = size_of::<libc::inotify_event>();
        let (wanted, mut events) = (system_name(name).trim_start_matches('/').to_owned(), Vec::new());
        let mut bytes = vec![0; 1 << 16];
        while let Ok(read) = self.0.read(&mut bytes) {
            let mut at = 0;
            while at < read {
                let word = |offset: usize| {
                    let word = &bytes[at + offset..at + offset + 4];
                    u32::from_ne_bytes(word.try_into().expect("four bytes"))
                };
                let (mask, len) = (word(4), word(12) as usize);
                let text = String::from_utf8_lossy(&bytes[at + HEAD..at + HEAD + len]);
                if text.trim_end_matches('\0') == wanted {
                    events.push(mask);
                }
                at += HEAD + len;
            }
        }
        events
    }
}

static STOPS: OnceLock<Vec<String>> = OnceLock::new();
static NEXT_STOP: AtomicUsize = AtomicUsize::new(0);

fn at_stop_point(point: &'static str) {
    let next = NEXT_STOP.load(Ordering::Relaxed);
    if STOPS.get().and_then(|stops| stops.get(next)).is_some_and(|stop| stop == point) {
        NEXT_STOP.store(next + 1, Ordering::Relaxed);
        say(point);
        assert_eq!(hear(), "go on");
    }
}

fn stop_from_now_on(stops: &str) {
    drop(Region::create(&unique_name("warm-up"), &CreateOptions::new(1)).expect("a free name"));
    STOPS.set(stops.split(',').map(str::to_owned).collect()).expect("set once");
    samemap_platform::internal::testing::at_stop_points(at_stop_point);
    say("ready");
    assert_eq!(hear(), "begin");
}

fn creates_and_closes(arguments: &[String]) {
    stop_from_now_on(&arguments[1]);
    drop(Region::create(&name(&arguments[0]), &CreateOptions::new(4096)).expect("a free name"));
    say("done");
}

fn creates(arguments: &[String]) {
    stop_from_now_on(&arguments[1]);
    let created = Region::create(&name(&arguments[0]), &CreateOptions::new(4096));
    say(&format!("{:?}", kind_of::<Region>(created)));
}
