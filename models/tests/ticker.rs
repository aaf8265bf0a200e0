//! Sleeps without a timer: a thread that sleeps so is woken, whatever it and the ticker were about to do.
//!
//! The algorithm is the library's own (`platform/src/words/ticker.rs`). A sleep of the model ends by a wake-up alone,
//! so a ticker that rests while a thread sleeps is a deadlock, which loom reports.

use loom::sync::atomic::{AtomicBool, Ordering, fence};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use samemap_models::with_few_interruptions;
use samemap_platform::internal::words::ticker::{Flag, falls_asleep, may_rest};

/// With the library's fences, or without.
struct Said<const FENCED: bool>(AtomicBool);

impl<const FENCED: bool> Flag for Said<FENCED> {
    fn load(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn store(&self, new: bool) {
        self.0.store(new, Ordering::Relaxed);
    }

    fn fence() {
        if FENCED {
            fence(Ordering::SeqCst);
        }
    }
}

struct Process<const FENCED: bool> {
    asleep: Said<FENCED>,
    at_work: Said<FENCED>,
    /// How many wakes there were; the kernel's queue.
    wakes: Mutex<u32>,
    woken: Condvar,
}

impl<const FENCED: bool> Process<FENCED> {
    /// Sleeps once; with a timer, which ends, if the ticker is not at work.
    fn sleep(&self) {
        if falls_asleep(&self.asleep, &self.at_work) {
            let mut wakes = self.wakes.lock().unwrap();
            // An earlier wake-up is missed.
            let before = *wakes;
            while *wakes == before {
                wakes = self.woken.wait(wakes).unwrap();
            }
            drop(wakes);
            self.asleep.store(false);
        }
    }

    /// Wakes the sleeper until it may rest.
    fn wake(&self) {
        loop {
            if self.asleep.load() {
                *self.wakes.lock().unwrap() += 1;
                self.woken.notify_all();
            }
            if may_rest(&self.at_work, [&self.asleep].into_iter()) {
                return;
            }
            thread::yield_now();
        }
    }
}

fn a_sleeper_wakes_up<const FENCED: bool>() {
    // Every order takes minutes, and was tried.
    with_few_interruptions(|| {
        let process = Arc::new(Process::<FENCED> {
            asleep: Said(AtomicBool::new(false)),
            at_work: Said(AtomicBool::new(true)),
            wakes: Mutex::new(0),
            woken: Condvar::new(),
        });
        let ticker = {
            let process = Arc::clone(&process);
            thread::spawn(move || process.wake())
        };
        process.sleep();
        process.sleep();
        ticker.join().expect("no panics");
    });
}

#[test]
fn no_thread_sleeps_while_the_ticker_rests() {
    a_sleeper_wakes_up::<true>();
}

/// The model would see it.
#[test]
#[should_panic(expected = "deadlock")]
fn without_fences_a_thread_sleeps_while_the_ticker_rests() {
    a_sleeper_wakes_up::<false>();
}
