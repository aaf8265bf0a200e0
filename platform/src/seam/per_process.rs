//! Values that a fork cannot leave locked. A forked child has only the thread that forked: a lock of another thread is
//! never given up in the child, and a value that another thread was making is never made.

use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU8, Ordering};

/// A value that each process has once. A forked child makes its own, because the parent's may be locked for good.
pub struct PerProcess<T: 'static, F>(AtomicPtr<OfProcess<T>>, PhantomData<fn() -> F>);

/// Tells a forked child from its parent.
pub trait Forks {
    /// The number of forks between the first process and this one.
    fn count() -> u32;
}

/// For systems without forks.
#[cfg_attr(target_os = "linux", allow(dead_code, reason = "Linux has forks"))]
#[derive(Debug)]
pub struct NoForks;

impl Forks for NoForks {
    #[inline]
    fn count() -> u32 {
        0
    }
}

struct OfProcess<T> {
    /// The number of forks of the process that made it.
    forks: u32,
    value: T,
}

impl<T: Default + Sync, F: Forks> PerProcess<T, F> {
    /// A value that is made at its first use.
    #[must_use]
    pub const fn new() -> Self {
        PerProcess(AtomicPtr::new(ptr::null_mut()), PhantomData)
    }

    /// This process's value.
    pub fn get(&self) -> &'static T {
        loop {
            let seen = self.0.load(Ordering::Acquire);
            // SAFETY: null, or made below and never freed.
            match unsafe { seen.as_ref() } {
                Some(made) if made.forks == F::count() => return &made.value,
                _ => self.begin(seen),
            }
        }
    }

    #[cold]
    fn begin(&self, seen: *mut OfProcess<T>) {
        let new = Box::into_raw(Box::new(OfProcess { forks: F::count(), value: T::default() }));
        // The parent's value is never freed: references to it may exist.
        if self.0.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            // SAFETY: made above, and no other thread has seen it.
            drop(unsafe { Box::from_raw(new) });
        }
    }
}

impl<T: Default + Sync, F: Forks> Default for PerProcess<T, F> {
    fn default() -> Self {
        PerProcess::new()
    }
}

/// A fixed yes or no. Each thread that asks before it is known finds it out itself, so it needs no lock.
#[derive(Debug, Default)]
pub struct Fact(AtomicU8);

const YES: u8 = 1;
const NO: u8 = 2;

impl Fact {
    /// An answer that is not known yet.
    #[must_use]
    pub const fn unknown() -> Fact {
        Fact(AtomicU8::new(0))
    }

    /// The answer; calls `find_out` when it is not known.
    pub fn get(&self, find_out: impl FnOnce() -> bool) -> bool {
        match self.0.load(Ordering::Relaxed) {
            YES => true,
            NO => false,
            _ => {
                let answer = find_out();
                self.0.store(if answer { YES } else { NO }, Ordering::Relaxed);
                answer
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn a_process_has_one() {
        static NUMBERS: PerProcess<Mutex<Vec<u32>>, NoForks> = PerProcess::new();
        NUMBERS.get().lock().unwrap().push(1);
        NUMBERS.get().lock().unwrap().push(2);
        assert_eq!(*NUMBERS.get().lock().unwrap(), [1, 2]);
    }

    #[test]
    fn a_fact_is_found_out_once() {
        for answer in [true, false] {
            let fact = Fact::unknown();
            assert_eq!(fact.get(|| answer), answer);
            assert_eq!(fact.get(|| unreachable!("it is known")), answer);
        }
    }
}
