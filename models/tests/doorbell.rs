//! Doorbells: who sleeps is woken by whoever rings after a change, whatever the two were about to do.
//!
//! This is the protocol of `platform/src/posix/sync/doorbell.rs`, step by step and with its orderings, over loom's
//! words: that file works on a futex in shared memory. No sleep of the model ends by itself, so a wake-up that is lost
//! is a deadlock, which loom reports; the library's own sleeps end after 80 ms besides.
//!
//! membarrier(2) is outside what loom can express. What it promises is that every other processor makes a full fence
//! somewhere between two of its instructions; where the ringer has stored but not looked yet, that is a fence between the
//! two. So here the ringer makes that fence itself in every state, and returns for a light bell *behind* it; the sleeper's
//! part is the fence that follows its swap.

use loom::sync::atomic::{AtomicU32, Ordering, fence};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use samemap_models::with_few_interruptions;

const ALERT: u32 = 0;
const ASLEEP: u32 = 1;
const LIGHT: u32 = 2;

struct Bell {
    word: AtomicU32,
    /// How many wakes there were; the kernel's queue.
    wakes: Mutex<u32>,
    woken: Condvar,
    is_fenced: bool,
}

impl Bell {
    fn ring(&self) {
        if self.is_fenced {
            fence(Ordering::SeqCst);
        }
        match self.word.load(Ordering::Relaxed) {
            LIGHT => return,
            ASLEEP => {}
            _ => return,
        }
        if self.word.swap(ALERT, Ordering::AcqRel) == ASLEEP {
            *self.wakes.lock().unwrap() += 1;
            self.woken.notify_all();
        }
    }

    fn sleep(&self, changed: impl FnOnce() -> bool) {
        self.word.swap(ASLEEP, Ordering::SeqCst);
        if self.is_fenced {
            fence(Ordering::SeqCst);
        }
        if changed() {
            let _ = self.word.compare_exchange(ASLEEP, ALERT, Ordering::Relaxed, Ordering::Relaxed);
            return;
        }
        let mut wakes = self.wakes.lock().unwrap();
        let before = *wakes;
        // As the kernel does: the word is compared under the lock that wakers take.
        if self.word.load(Ordering::Relaxed) != ASLEEP {
            return;
        }
        while *wakes == before {
            wakes = self.woken.wait(wakes).unwrap();
        }
    }

    fn relax(&self) {
        let _ = self.word.compare_exchange(ALERT, LIGHT, Ordering::Relaxed, Ordering::Relaxed);
    }
}

struct Shared {
    bell: Bell,
    news: AtomicU32,
}

/// One stores news and rings, so often; the other waits for each.
fn news_arrives(first: u32, times: u32, relaxes: bool, is_fenced: bool) {
    // Every order takes more than a minute, and was tried.
    with_few_interruptions(move || {
        let bell =
            Bell { word: AtomicU32::new(first), wakes: Mutex::new(0), woken: Condvar::new(), is_fenced };
        let shared = Arc::new(Shared { bell, news: AtomicU32::new(0) });
        let ringer = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                for news in 1..=times {
                    shared.news.store(news, Ordering::Release);
                    shared.bell.ring();
                }
            })
        };
        for awaited in 1..=times {
            let has_come = || shared.news.load(Ordering::Acquire) >= awaited;
            while !has_come() {
                shared.bell.sleep(has_come);
            }
            if relaxes {
                shared.bell.relax();
            }
        }
        ringer.join().expect("no panics");
    });
}

#[test]
fn nobody_sleeps_through_a_ring() {
    news_arrives(ALERT, 2, false, true);
}

#[test]
fn nobody_sleeps_through_the_ring_of_a_light_bell() {
    news_arrives(LIGHT, 2, true, true);
}

/// A word that was left behind by a sleeper that died, or was scribbled over.
#[test]
fn a_bell_that_says_rubbish_wakes_still() {
    news_arrives(ASLEEP, 1, false, true);
    news_arrives(77, 1, false, true);
}

/// The model would see it.
#[test]
#[should_panic(expected = "deadlock")]
fn without_fences_a_ring_is_slept_through() {
    news_arrives(ALERT, 1, false, false);
}
