//! Peers that overwrite the table where waits for all are decided.

use std::fs::File;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::PathBuf;

use crate::common::*;
use crate::support::linux::raw::memfd;
use crate::support::linux::shm::set_mode;

/// A directory of objects for this test alone, because its table is damaged.
struct Apart(PathBuf);

impl Apart {
    fn new() -> Apart {
        let path = PathBuf::from("/dev/shm").join(unique_name("apart").rest());
        std::fs::create_dir(&path).expect("a free name");
        set_mode(&path, 0o700);
        Apart(path)
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn scribbling_over_the_table_costs_errors_and_nothing_else() {
    let apart = Apart::new();
    let directory = apart.0.to_str().expect("a path in UTF-8");
    let mut victim = Start::role("victim").env("SAMEMAP_DIR", directory).start();
    victim.expect("ready");
    let table = std::fs::read_dir(&apart.0)
        .expect("its directory")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.to_string_lossy().contains(".samemap.all."))
        .expect("the table of waits for all");
    let file = File::options().read(true).write(true).open(&table).expect("its own");
    let len = file.metadata().expect("a file").len();
    let mut random = Random::new();
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        // Mostly where the attempts are just now.
        let at = if random.below(4) == 0 { random.below(len) } else { random.below(64) };
        let bytes = random.next().to_ne_bytes();
        file.write_all_at(&bytes[..1 + random.below(8) as usize], at).expect("its file");
        assert_eq!(victim.failure(), None);
    }
    victim.say("enough");
    let times: u64 = victim.hear().parse().expect("a number");
    assert!(times > 0);
    victim.finish();
}

/// Waits for all, and uses each object, in bounded time.
pub fn victim(_: &[String]) {
    let (trio, _region) = Trio::create(&unique_name("victim"), true);
    let _ = try_wait_all(&trio.all());
    say("ready");
    let enough = std::thread::spawn(hear);
    let mut times = 0u64;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !enough.is_finished() {
                at_once(|| trio.set());
                at_once(|| trio.release());
                at_once(|| trio.take_event());
            }
        });
        while !enough.is_finished() {
            let woken = at_once(|| wait_all_timeout(&trio.all(), Duration::from_millis(1)));
            times += u64::from(woken.is_ok());
        }
    });
    say(&times.to_string());
}

/// One write of a peer: a tag on a mutex whose verdict nobody can reach. It costs errors and moments, while it is there,
/// for a waiter that has begun before, too.
#[test]
fn a_tag_that_nobody_can_settle_costs_no_time() {
    let region = Region::create(&unique_name("forged"), &CreateOptions::new(4096)).expect("a free name");
    let view = view_of(&region);
    let mutex = SharedMutex::create(&view, 0, &0u64).expect("zeros");
    let event = SharedEvent::create(&view, 128, &EventOptions::new(Reset::Auto)).expect("zeros");
    let forge = || {
        view.atomic_u64(16).expect("its table").store(0xdead, Ordering::SeqCst);
        view.atomic_u64(8).expect("its word").store(5 << 32, Ordering::SeqCst);
    };
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let begun = Instant::now();
            let timeout = Duration::from_millis(800);
            let woken = wait_all_timeout(&[&event, &mutex], timeout).map(|woken| woken.is_some());
            (woken, begun.elapsed())
        });
        std::thread::sleep(Duration::from_millis(300));
        forge();
        event.set().expect("an event");
        let (woken, took) = waiter.join().expect("no panic");
        assert!(matches!(woken, Ok(false) | Err(_)), "{woken:?}");
        assert!(took < Duration::from_secs(3), "it took {took:?}");
    });
    let quickly = Duration::from_millis(200);
    let begun = Instant::now();
    assert!(mutex.try_lock().expect("a mutex").is_none());
    assert!(begun.elapsed() < quickly, "{:?}", begun.elapsed());
    let begun = Instant::now();
    assert!(mutex.lock_timeout(Duration::from_millis(1)).expect("a mutex").is_none());
    assert!(begun.elapsed() < quickly, "{:?}", begun.elapsed());
}

/// What another user may have linked where the table belongs, where the system lets it link what is not its own.
#[test]
fn a_file_that_was_linked_there_is_no_table() {
    let apart = Apart::new();
    let directory = apart.0.to_str().expect("a path in UTF-8");
    let mut linked = Start::role("linked").env("SAMEMAP_DIR", directory).argument(directory).start();
    linked.finish();
}

/// In a directory of its own, where its tables are.
pub fn linked(arguments: &[String]) {
    let precious = PathBuf::from(&arguments[0]).join("precious");
    std::fs::write(&precious, vec![0; 65536]).expect("its file");
    set_mode(&precious, 0o600);
    // SAFETY: no arguments, no failure.
    let user = unsafe { libc::geteuid() };
    let table = precious.with_file_name(format!(".samemap.all.{user}"));
    std::fs::hard_link(&precious, &table).expect("its own file");
    let event = Event::create(&unique_name("linked"), &EventOptions::new(Reset::Auto)).expect("a free name");
    assert_eq!(kind_of(try_wait_all(&[&event])), Some(ErrorKind::Unsupported));
    assert!(std::fs::read(&precious).expect("its file").iter().all(|&byte| byte == 0), "it was written to");
}

/// Memory that says that all users may write to it, as `memfd_create` makes it, but that none of them can reach.
#[test]
fn strangers_get_no_table_of_memory_that_they_cannot_reach() {
    let apart = Apart::new();
    let directory = apart.0.to_str().expect("a path in UTF-8");
    let mut adopter = Start::role("adopter").env("SAMEMAP_DIR", directory).start();
    adopter.expect("waited");
    let modes: Vec<u32> = std::fs::read_dir(&apart.0)
        .expect("its directory")
        .map(|entry| entry.and_then(|entry| entry.metadata()).expect("an entry").permissions().mode())
        .collect();
    assert_eq!(modes, [0o100_600]);
    adopter.say("enough");
    adopter.finish();
}

pub fn adopter(_: &[String]) {
    let memory = memfd(4096, libc::F_SEAL_SHRINK);
    let region = Region::from_fd(memory, samemap::Access::ReadWrite).expect("sealed memory");
    let mutex = SharedMutex::create(&view_of(&region), 0, &0u64).expect("zeros");
    assert!(try_wait_all(&[&mutex]).expect("a mutex").is_some());
    say("waited");
    hear();
}
