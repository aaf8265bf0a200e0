//! Peers that overwrite the table where waits for all are decided.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use crate::common::*;
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
