//! The abandoned mutexes that this thread was told of. Windows tells once: a thread that takes such a mutex again before
//! it gives it up learns nothing new, while the library's guards all say the same.

use std::cell::{Cell, RefCell};

use samemap::{Mutex, ObjectName};

/// A mutex, and how often this thread owns it.
struct Told {
    name: ObjectName,
    times: usize,
}

thread_local! {
    static TOLD: RefCell<Vec<Told>> = const { RefCell::new(Vec::new()) };
    /// Whether there is any: nearly always there is none.
    static ANY: Cell<bool> = const { Cell::new(false) };
}

/// Counts that this thread took an abandoned mutex; `true` for the first time.
#[cold]
pub(super) fn first(mutex: &Mutex) -> bool {
    TOLD.with_borrow_mut(|told| {
        if let Some(again) = told.iter_mut().find(|told| told.name == *mutex.name()) {
            again.times += 1;
            return false;
        }
        told.push(Told { name: mutex.name().clone(), times: 1 });
        ANY.set(true);
        true
    })
}

/// Counts that this thread gave a mutex up.
#[inline]
pub(super) fn given_up(mutex: &Mutex) {
    if ANY.get() {
        forget_once(mutex);
    }
}

#[cold]
fn forget_once(mutex: &Mutex) {
    TOLD.with_borrow_mut(|told| {
        let Some(at) = told.iter().position(|told| told.name == *mutex.name()) else { return };
        told[at].times -= 1;
        if told[at].times == 0 {
            told.swap_remove(at);
        }
        ANY.set(!told.is_empty());
    });
}
