//! Semaphores: no more are inside than there are permits.

use crate::common::*;

const MAXIMUM: u32 = 3;
const USES: u64 = 300;
/// In the region: a semaphore, and what the mutex protects: how many are inside, and the most that were.
const PERMITS_AT: usize = 0;
const INSIDE_AT: usize = 64;

pub fn use_permits(arguments: &[String]) {
    let (semaphore, memory) = (&name(&arguments[0]), &name(&arguments[1]));
    let named = Semaphore::open(semaphore, &OpenOptions::default()).unwrap();
    let view = opened(memory);
    let inside = SharedSemaphore::open(&view, PERMITS_AT).unwrap();
    let crowds = SharedMutex::<[u64; 4]>::open(&view, INSIDE_AT).unwrap();
    for round in 0..USES {
        let which = (round % 2) as usize;
        let semaphore: &dyn Permits = if which == 0 { &named } else { &inside };
        assert!(semaphore.wait_timeout(PATIENCE).unwrap());
        let crowd = |by: fn(u64) -> u64| {
            let guard = crowds.lock().unwrap();
            guard
                .update(|mut crowd| {
                    crowd[which] = by(crowd[which]);
                    crowd[2 + which] = crowd[2 + which].max(crowd[which]);
                    crowd
                })
                .unwrap();
        };
        crowd(|count| count + 1);
        std::thread::yield_now();
        crowd(|count| count - 1);
        assert!(semaphore.release(1).unwrap() < MAXIMUM);
    }
}

#[test]
fn c24_no_more_are_inside_than_there_are_permits() {
    let (semaphore, memory) = (unique("permits"), unique("crowd"));
    let options = SemaphoreOptions::new(MAXIMUM, MAXIMUM);
    let named = Semaphore::create(&semaphore, &options).unwrap();
    let region = Region::create(&memory, &CreateOptions::new(4096)).unwrap();
    let view = mapped(&region);
    let inside = SharedSemaphore::create(&view, PERMITS_AT, &options).unwrap();
    let crowds = SharedMutex::create(&view, INSIDE_AT, &[0u64; 4]).unwrap();
    let users = children("permits", 5, |_| vec![semaphore.to_string(), memory.to_string()]);
    users.into_iter().for_each(ends_well);
    let crowd = crowds.lock().unwrap().load().unwrap();
    assert_eq!(crowd[..2], [0, 0]);
    assert!(crowd[2..].iter().all(|&most| (1..=u64::from(MAXIMUM)).contains(&most)), "{crowd:?}");
    for semaphore in [&named as &dyn Permits, &inside] {
        let error = semaphore.release(1).expect_err("all of them are there");
        assert!(matches!(error.kind(), ErrorKind::LimitExceeded { maximum: Some(MAXIMUM) }), "{error}");
        for _ in 0..MAXIMUM {
            assert!(semaphore.try_wait().unwrap());
        }
        assert!(!semaphore.try_wait().unwrap(), "and not one more");
    }
}
