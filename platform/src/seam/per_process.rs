//! What a fork must not find locked. A child has only the thread that forked: a lock that another thread of the parent
//! held at that moment is never given up in the child, and a value that it was about to make is never made.

use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU8, Ordering};

/// What a process has one of. A forked child begins its own, since the parent's may be locked for good, and says what
/// the parent has.
#[doc(hidden)]
pub struct PerProcess<T: 'static, F>(AtomicPtr<OfProcess<T>>, PhantomData<fn() -> F>);

/// Tells a forked child from its parent. As it stands here, for systems without forks, or where nothing is shared by one.
pub trait Forks {
    /// How many forks lie behind this process.
    fn count() -> u32 {
        0
    }
}

struct OfProcess<T> {
    /// How many forks lie behind the process that made it.
    forks: u32,
    value: T,
}

impl<T: Default + Sync, F: Forks> PerProcess<T, F> {
    /// To be made when it is asked for.
    #[must_use]
    pub const fn new() -> Self {
        PerProcess(AtomicPtr::new(ptr::null_mut()), PhantomData)
    }

    /// This process's own.
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
        // What the parent left stays where it is: a reference to it may be kept.
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

/// A yes or no that stays as it is: found out by each thread that asks before it is known, and so never locked.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Fact(AtomicU8);

const YES: u8 = 1;
const NO: u8 = 2;

impl Fact {
    /// To be found out.
    #[must_use]
    pub const fn unknown() -> Fact {
        Fact(AtomicU8::new(0))
    }

    /// The answer, which `find_out` gives where it is not known.
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

    struct NoForks;

    impl Forks for NoForks {}

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
