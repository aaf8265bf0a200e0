//! Doorbells: a ring after a change wakes the sleeper, whatever the two threads were about to do.
//!
//! The algorithm is the library's own (`platform/src/words/bell.rs`), over loom's words and the two ways that systems
//! have to sleep. No sleep of the model ends by itself, so a wake-up that is lost is a deadlock, which loom reports;
//! the library's own sleeps end after 80 ms besides.
//!
//! membarrier(2) is outside what loom can express. What it promises is that every other processor makes a full fence
//! somewhere between two of its instructions; where the ringer has stored but not looked yet, that is a fence between
//! the two. So here the ringer makes that fence itself, where the library keeps but the compiler from changing the
//! order; the sleeper's part is the fence that follows its swap.

use std::time::Duration;

use loom::sync::atomic::{AtomicU32, Ordering, fence};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use samemap_models::with_few_interruptions;
use samemap_platform::internal::Sleepers;
use samemap_platform::internal::words::bell::{self, ALERT, ASLEEP, LIGHT};

/// How a system puts to sleep.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sleep {
    /// While the word is as expected: Linux.
    OnTheWord,
    /// Until a kernel's event is set, which the sleeper unsets: Windows.
    OnAnEvent,
}

struct Bell {
    word: AtomicU32,
    sleep: Sleep,
    /// How many wakes there were; the kernel's queue.
    wakes: Mutex<u32>,
    woken: Condvar,
    is_fenced: bool,
}

impl Bell {
    fn new(word: u32, sleep: Sleep, is_fenced: bool) -> Bell {
        Bell { word: AtomicU32::new(word), sleep, wakes: Mutex::new(0), woken: Condvar::new(), is_fenced }
    }
}

impl bell::Bell for Bell {
    fn load(&self) -> u32 {
        self.word.load(Ordering::Relaxed)
    }

    fn swap(&self, new: u32) -> u32 {
        self.word.swap(new, Ordering::SeqCst)
    }

    fn replace(&self, current: u32, new: u32) {
        let _ = self.word.compare_exchange(current, new, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn fence(&self) {
        if self.is_fenced {
            fence(Ordering::SeqCst);
        }
    }

    fn compiler_fence(&self) {
        if self.sleep == Sleep::OnTheWord {
            self.fence();
        }
    }

    fn fence_everywhere(&self) {}

    fn can_be_light(&self) -> bool {
        self.sleep == Sleep::OnTheWord
    }

    fn announced(&self, _seen: u32) {}

    fn sleep(&self, limit: Duration) {
        Self::sleep_on_any(&[self], limit);
    }

    fn sleep_on_any(bells: &[&Bell], _limit: Duration) {
        let [bell] = bells else { unreachable!("one bell is modelled") };
        let mut wakes = bell.wakes.lock().unwrap();
        match bell.sleep {
            Sleep::OnTheWord => {
                let before = *wakes;
                // As the kernel does: the word is compared under the lock that wakers take.
                while bell.load() == ASLEEP && *wakes == before {
                    wakes = bell.woken.wait(wakes).unwrap();
                }
            }
            Sleep::OnAnEvent => {
                while *wakes == 0 {
                    wakes = bell.woken.wait(wakes).unwrap();
                }
                *wakes = 0;
            }
        }
    }

    fn wake(&self) {
        *self.wakes.lock().unwrap() += 1;
        self.woken.notify_all();
    }
}

struct Shared {
    bell: Bell,
    news: AtomicU32,
}

/// One thread stores news and rings, this many times; the other waits for each.
fn news_arrives(bell: fn() -> Bell, times: u32, relaxes: bool) {
    // Every order takes more than a minute, and was tried.
    with_few_interruptions(move || {
        let shared = Arc::new(Shared { bell: bell(), news: AtomicU32::new(0) });
        let ringer = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                for news in 1..=times {
                    shared.news.store(news, Ordering::Release);
                    bell::ring(&shared.bell);
                }
            })
        };
        for awaited in 1..=times {
            let has_come = || shared.news.load(Ordering::Acquire) >= awaited;
            while !has_come() {
                bell::sleep(&shared.bell, Sleepers::One, Duration::MAX, has_come);
            }
            if relaxes {
                bell::relax(&shared.bell, Sleepers::One);
            }
        }
        ringer.join().expect("no panics");
    });
}

#[test]
fn nobody_sleeps_through_a_ring() {
    news_arrives(|| Bell::new(ALERT, Sleep::OnTheWord, true), 2, false);
}

#[test]
fn nobody_sleeps_through_the_ring_of_a_light_bell() {
    news_arrives(|| Bell::new(LIGHT, Sleep::OnTheWord, true), 2, true);
}

#[test]
fn nobody_sleeps_through_the_ring_of_a_bell_with_an_event() {
    news_arrives(|| Bell::new(ALERT, Sleep::OnAnEvent, true), 2, true);
}

/// A word that was left behind by a sleeper that died, or was scribbled over.
#[test]
fn a_bell_that_says_rubbish_wakes_still() {
    news_arrives(|| Bell::new(ASLEEP, Sleep::OnTheWord, true), 1, false);
    news_arrives(|| Bell::new(77, Sleep::OnTheWord, true), 1, false);
    news_arrives(|| Bell::new(77, Sleep::OnAnEvent, true), 1, false);
}

/// The model would see it.
#[test]
#[should_panic(expected = "deadlock")]
fn without_fences_a_ring_is_slept_through() {
    news_arrives(|| Bell::new(ALERT, Sleep::OnTheWord, false), 1, false);
}
