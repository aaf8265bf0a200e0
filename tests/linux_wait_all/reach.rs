//! Objects whose peers cannot all reach one table.

use samemap::{Permissions, Share};

use crate::common::*;
use crate::support::linux::users::root_or_aside;

fn shared() -> SyncOptions {
    SyncOptions::new().permissions(Permissions::owner_only().everyone(Share::ReadWrite))
}

#[test]
fn objects_with_different_writers_are_not_taken_together() {
    let (own, open) = (unique_name("own"), unique_name("open"));
    let mine = Mutex::create(&own, &SyncOptions::new()).expect("a free name");
    let others =
        [0, 1].map(|at| Mutex::create(&name(&format!("{open}-{at}")), &shared()).expect("a free name"));
    assert_eq!(kind_of(try_wait_all(&[&mine, &others[0]])), Some(ErrorKind::Unsupported));
    for mutex in [&mine, &others[0]] {
        assert!(mutex.try_lock().expect("a mutex").is_some(), "nothing was taken");
    }
    assert!(try_wait_all(&[&others[0], &others[1]]).expect("they are alike").is_some());
    assert!(try_wait_all(&[&mine]).expect("it is alone").is_some());
}

/// Another user that may write to the objects waits for them, too, and settles what a stopped owner left.
#[test]
fn another_user_reaches_the_table_of_shared_objects() {
    const BOB: u32 = 54_321;
    if !root_or_aside("another_user_reaches_the_table_of_shared_objects") {
        return;
    }
    let label = name(&format!(r"Global\{}", unique_name("reach").rest()));
    let names = [0, 1].map(|at| name(&format!("{label}-{at}")));
    let mutexes = [0, 1].map(|at| Mutex::create(&names[at], &shared()).expect("a free name"));
    assert!(try_wait_all(&[&mutexes[0], &mutexes[1]]).expect("they are alike").is_some());
    let mut bob = Start::role("stranger").argument(&label).of_user(BOB).start();
    bob.expect("Some(true)");
    assert!(try_wait_all(&[&mutexes[0], &mutexes[1]]).expect("they are alike").is_none(), "bob has them");
    bob.say("give up");
    bob.finish();
    assert!(try_wait_all(&[&mutexes[0], &mutexes[1]]).expect("they are alike").is_some());
}

pub fn stranger(arguments: &[String]) {
    let how = OpenOptions::default().trust(samemap::Trust::Anyone);
    let mutexes =
        [0, 1].map(|at| Mutex::open(&name(&format!("{}-{at}", arguments[0])), &how).expect("it is let in"));
    let woken = try_wait_all(&[&mutexes[1], &mutexes[0]]).ok().map(|woken| woken.is_some());
    let guards = wait_all_timeout(&[&mutexes[0], &mutexes[1]], PATIENCE).expect("they are alike");
    say(&format!("{woken:?}"));
    hear();
    drop(guards);
}
