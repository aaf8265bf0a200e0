//! Opening with patience: what has no name yet is waited for.

use crate::common::*;

/// Far less than a name is waited for, and far more than it takes to be told of one.
const SOON: Duration = Duration::from_secs(5);

/// A while in which nothing of that name comes.
const A_WHILE: Duration = Duration::from_millis(100);

fn patient() -> OpenOptions {
    OpenOptions::read_write().patience(PATIENCE)
}

#[test]
fn a_region_that_is_not_there_yet_is_waited_for() {
    // One is a file on Linux, the other a directory: they come to their names in two ways.
    let alone = CreateOptions::new(4096);
    let shared =
        alone.clone().permissions(samemap::Permissions::owner_only().everyone(samemap::Share::ReadOnly));
    for options in [alone, shared] {
        let name = unique("patience");
        std::thread::scope(|scope| {
            let opener = scope.spawn(|| {
                let region = Region::open(&name, &patient()).unwrap();
                (region.view(.., Access::ReadOnly).unwrap().get::<u64>(0).unwrap(), Instant::now())
            });
            let until = Instant::now() + A_WHILE;
            while Instant::now() < until {
                // Others come and go, which wakes it up for nothing.
                drop(Region::create(&unique("other"), &options).unwrap());
                std::thread::sleep(Duration::from_millis(1));
            }
            let made_at = Instant::now();
            let region = Region::create(&name, &options).unwrap();
            let (value, opened_at) = opener.join().unwrap();
            assert_eq!(value, 0);
            assert!(opened_at >= made_at && opened_at - made_at < SOON);
            drop(region);
        });
    }
}

/// Makes an object, to be kept.
type Make = fn(&ObjectName) -> Box<dyn std::any::Any>;
type Open = fn(&ObjectName, &OpenOptions) -> samemap::Result<()>;

const KINDS: [(Make, Open); 4] = [
    (
        |name| Box::new(Mutex::create(name, &SyncOptions::new()).unwrap()),
        |name, options| Mutex::open(name, options).map(drop),
    ),
    (
        |name| Box::new(Event::create(name, &EventOptions::new(Reset::Auto)).unwrap()),
        |name, options| Event::open(name, options).map(drop),
    ),
    (
        |name| Box::new(Semaphore::create(name, &SemaphoreOptions::new(0, 1)).unwrap()),
        |name, options| Semaphore::open(name, options).map(drop),
    ),
    (
        |name| Box::new(Timer::create(name, &TimerOptions::new(Reset::Auto)).unwrap()),
        |name, options| Timer::open(name, options).map(drop),
    ),
];

#[test]
fn an_object_of_every_kind_is_waited_for() {
    for (make, open) in KINDS {
        let name = unique("patience");
        std::thread::scope(|scope| {
            let opener = scope.spawn(|| {
                open(&name, &patient()).unwrap();
                Instant::now()
            });
            std::thread::sleep(A_WHILE);
            let made_at = Instant::now();
            let _kept = make(&name);
            let opened_at = opener.join().unwrap();
            assert!(opened_at >= made_at && opened_at - made_at < SOON);
        });
    }
}

#[test]
fn patience_ends() {
    let name = unique("never");
    let began = Instant::now();
    let error = Region::open(&name, &OpenOptions::read_only().patience(A_WHILE)).unwrap_err();
    assert!(error.is(ErrorKind::NotFound), "{error}");
    assert!(error.to_string().contains("100ms"), "{error}");
    assert!(began.elapsed() >= A_WHILE && began.elapsed() < SOON);
}

/// What has the name and cannot be had is told at once.
#[test]
fn what_is_in_the_way_is_not_waited_out() {
    let name = unique("in-the-way");
    let _event = Event::create(&name, &EventOptions::new(Reset::Auto)).unwrap();
    let began = Instant::now();
    let error = Region::open(&name, &patient()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::KindMismatch { .. }), "{error}");
    assert!(began.elapsed() < SOON);
}
