//! Semaphores: rule C24.

use super::family::{Making, SyncObjects};
use super::puppet::Harness;
use super::support::{fails, good, unique_name};
use super::sync_support::{new_semaphore, nothing, patience_in_millis, puppet_with, something};
use crate::{Disposition, ErrorKind, Permits as _, SemaphoreOptions, Waitable as _};

/// `0 <= initial <= maximum`, and the maximum is one or more, up to that of Win32.
pub fn c24_numbers_that_make_no_semaphore_are_refused<O: SyncObjects>(_: &Harness) {
    let limit = SemaphoreOptions::LIMIT;
    for (initial, maximum) in [(0, 0), (1, 0), (2, 1), (0, limit + 1), (0, u32::MAX), (u32::MAX, u32::MAX)] {
        let options = SemaphoreOptions::new(initial, maximum);
        for how in [Making::Create, Making::CreateOrOpen] {
            let made = O::semaphore(&unique_name(), how, &options);
            fails(made, &format!("{initial} of {maximum}"), &ErrorKind::InvalidArgument);
        }
    }
    for (initial, maximum) in [(0, 1), (1, 1), (limit, limit)] {
        let semaphore = new_semaphore::<O>(&unique_name(), initial, maximum);
        assert_eq!(good(semaphore.try_wait()), initial > 0, "{initial} of {maximum}");
    }
}

/// A release returns how many permits there were before.
pub fn c24_release_returns_the_count_before<O: SyncObjects>(_: &Harness) {
    let semaphore = new_semaphore::<O>(&unique_name(), 1, 10);
    assert_eq!(good(semaphore.release(2)), 1);
    assert_eq!(good(semaphore.release(3)), 3);
    for _ in 0..6 {
        something(&semaphore, "there are six permits");
    }
    nothing(&semaphore, "there were six permits");
    assert_eq!(good(semaphore.release(10)), 0);
}

/// A release past the maximum fails and changes nothing, and a release of none is no release.
pub fn c24_release_past_the_maximum_changes_nothing<O: SyncObjects>(_: &Harness) {
    let semaphore = new_semaphore::<O>(&unique_name(), 2, 3);
    for count in [2, 3, i32::MAX as u32, i32::MAX as u32 + 1, u32::MAX] {
        let released = semaphore.release(count);
        fails(released, &format!("releasing {count}"), &ErrorKind::LimitExceeded { maximum: Some(3) });
    }
    fails(semaphore.release(0), "releasing none", &ErrorKind::InvalidArgument);
    assert_eq!(good(semaphore.release(1)), 2, "what failed changed nothing");
    fails(semaphore.release(1), "releasing one of none", &ErrorKind::LimitExceeded { maximum: Some(3) });
}

/// Every permit is had once, by any process.
pub fn c24_each_permit_is_had_once<O: SyncObjects>(harness: &Harness) {
    const PERMITS: u32 = 1000;
    let name = unique_name();
    let semaphore = new_semaphore::<O>(&name, PERMITS, PERMITS);
    let mut puppets: Vec<_> = (0..3).map(|_| puppet_with(harness, "semaphore", &name)).collect();
    for puppet in &mut puppets {
        puppet.tell("acquire-all it");
    }
    let had = puppets.iter_mut().map(|puppet| puppet.answer().expect("it waits"));
    let had: u32 = had.map(|count| count.parse::<u32>().expect("a count")).sum();
    assert_eq!(had, PERMITS);
    assert_eq!(good(semaphore.release(PERMITS)), 0);
}

/// A release of several lets as many waiters through.
pub fn c24_release_lets_as_many_through<O: SyncObjects>(harness: &Harness) {
    let name = unique_name();
    let semaphore = new_semaphore::<O>(&name, 0, 8);
    let mut puppets: Vec<_> = (0..4).map(|_| puppet_with(harness, "semaphore", &name)).collect();
    for puppet in &mut puppets {
        puppet.tell(&format!("acquire it {}", patience_in_millis()));
    }
    assert_eq!(good(semaphore.release(1)), 0);
    good(semaphore.release(3));
    for puppet in &mut puppets {
        assert_eq!(puppet.answer().as_deref(), Ok("signalled"));
    }
    nothing(&semaphore, "there were four");
}

/// An opener gets the semaphore as it is: its permits and its maximum.
pub fn c24_opening_ignores_what_is_asked<O: SyncObjects>(_: &Harness) {
    let name = unique_name();
    let semaphore = new_semaphore::<O>(&name, 1, 2);
    for how in [Making::Open, Making::CreateOrOpen] {
        let (same, disposition) = good(O::semaphore(&name, how, &SemaphoreOptions::new(5, 9)));
        assert_eq!(disposition, Disposition::Opened, "{how:?}");
        something(&same, "it had one permit");
        nothing(&same, "it had one permit");
        fails(same.release(3), "releasing three of two", &ErrorKind::LimitExceeded { maximum: Some(2) });
        assert_eq!(good(semaphore.release(1)), 0);
    }
}
