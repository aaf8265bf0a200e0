//! A child's commands for objects to wait for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::child::{
    Actor, Answer, answer, done, enter, named, no_slot, number, obey, spell, unknown, word_of,
};
use super::family::{Making, SyncObjects};
use super::puppet::Harness;
use super::suite::sync_rules;
use super::support::patience;
use crate::{
    Access, EventOptions, LockGuard as _, Lockable as _, OpenOptions, Permits as _, Region, Reset,
    SemaphoreOptions, Settable as _, WaitAny, Waitable as _, wait_all_timeout,
};

/// The body of the test `conformance_child` of a [`sync_conformance_suite!`](crate::sync_conformance_suite).
///
/// # Panics
/// As for [`child_entry`](super::child_entry).
pub fn sync_child_entry<O: SyncObjects>(harness: &Harness) {
    enter(harness, sync_rules::<O>, &mut SyncStage::<O>::default());
}

/// Objects to wait for, known by slot names.
pub(super) struct SyncStage<O: SyncObjects> {
    mutexes: BTreeMap<String, Arc<O::Mutex>>,
    events: BTreeMap<String, O::Event>,
    semaphores: BTreeMap<String, O::Semaphore>,
}

impl<O: SyncObjects> Default for SyncStage<O> {
    fn default() -> Self {
        SyncStage { mutexes: BTreeMap::new(), events: BTreeMap::new(), semaphores: BTreeMap::new() }
    }
}

impl<O: SyncObjects> Actor for SyncStage<O> {
    fn perform(&mut self, words: &[&str]) -> Answer {
        match *words {
            ["ping"] => done(),
            ["mutex", slot, how, name] => {
                let (mutex, disposition) = O::mutex(&named(name)?, making(how)?).map_err(spell)?;
                self.mutexes.insert(slot.to_owned(), Arc::new(mutex));
                Ok(word_of(disposition).to_owned())
            }
            ["event", slot, how, options, name] => {
                let options = event_options(options)?;
                let (event, disposition) = O::event(&named(name)?, making(how)?, &options).map_err(spell)?;
                self.events.insert(slot.to_owned(), event);
                Ok(word_of(disposition).to_owned())
            }
            ["semaphore", slot, how, initial, maximum, name] => {
                let options = SemaphoreOptions::new(number(initial)? as u32, number(maximum)? as u32);
                let (semaphore, disposition) =
                    O::semaphore(&named(name)?, making(how)?, &options).map_err(spell)?;
                self.semaphores.insert(slot.to_owned(), semaphore);
                Ok(word_of(disposition).to_owned())
            }
            ["lock", slot, timeout] => self.lock(slot, timeout),
            ["try-lock", slot, timeout] => self.try_lock(slot, timeout),
            ["count", slot, rounds, name] => self.count(slot, rounds, name),
            ["set", slot] => self.seen(slot)?.set().map_err(spell).and_then(|()| done()),
            ["reset", slot] => self.seen(slot)?.reset().map_err(spell).and_then(|()| done()),
            ["set-again-and-again", slot] => {
                answer("ok setting");
                loop {
                    self.seen(slot)?.set().map_err(spell)?;
                }
            }
            ["wait", slot, timeout] => waited(self.seen(slot)?.wait_for(duration(timeout)?)),
            ["bounce", from, to, rounds] => self.bounce(from, to, rounds),
            ["wait-all", slots, timeout] => self.wait_all(slots, timeout),
            ["count-all", slots, rounds, name] => self.count_all(slots, rounds, name),
            ["acquire", slot, timeout] => waited(self.permits(slot)?.wait_for(duration(timeout)?)),
            ["acquire-all", slot] => self.acquire_all(slot),
            ["release", slot, count] => {
                let before = self.permits(slot)?.release(number(count)? as u32).map_err(spell)?;
                Ok(before.to_string())
            }
            ["drop-mutex", slot] => self.mutexes.remove(slot).map_or_else(|| no_slot(slot), |_| done()),
            ["drop-event", slot] => self.events.remove(slot).map_or_else(|| no_slot(slot), |_| done()),
            ["drop-semaphore", slot] => {
                self.semaphores.remove(slot).map_or_else(|| no_slot(slot), |_| done())
            }
            _ => unknown(words),
        }
    }
}

impl<O: SyncObjects> SyncStage<O> {
    fn mutex(&self, slot: &str) -> Result<Arc<O::Mutex>, String> {
        self.mutexes.get(slot).map(Arc::clone).ok_or_else(|| format!("no mutex {slot}"))
    }

    fn seen(&self, slot: &str) -> Result<&O::Event, String> {
        self.events.get(slot).ok_or_else(|| format!("no event {slot}"))
    }

    fn permits(&self, slot: &str) -> Result<&O::Semaphore, String> {
        self.semaphores.get(slot).ok_or_else(|| format!("no semaphore {slot}"))
    }

    /// Owns the mutex until the command `unlock` or `forget`, and carries out other commands meanwhile.
    fn lock(&mut self, slot: &str, timeout: &str) -> Answer {
        let mutex = self.mutex(slot)?;
        let Some(guard) = mutex.lock_for(duration(timeout)?).map_err(spell)? else {
            return Ok("timed out".to_owned());
        };
        answer(if guard.abandoned() { "ok abandoned" } else { "ok owned" });
        if obey(self, &["unlock", "forget"]) == Some("forget") {
            std::mem::forget(guard);
        }
        done()
    }

    /// Owns the mutex for a moment.
    fn try_lock(&mut self, slot: &str, timeout: &str) -> Answer {
        let mutex = self.mutex(slot)?;
        let guard = mutex.lock_for(duration(timeout)?).map_err(spell)?;
        let found = match guard {
            Some(guard) if guard.abandoned() => "abandoned",
            Some(_) => "owned",
            None => "timed out",
        };
        Ok(found.to_owned())
    }

    /// Adds one to a number in shared memory, under the lock.
    fn count(&mut self, slot: &str, rounds: &str, name: &str) -> Answer {
        let mutex = self.mutex(slot)?;
        let region = Region::open(&named(name)?, &OpenOptions::read_write()).map_err(spell)?;
        let view = region.view(.., Access::ReadWrite).map_err(spell)?;
        for _ in 0..number(rounds)? {
            let guard = mutex.lock_for(Some(patience())).map_err(spell)?.ok_or("it is never free")?;
            let count: u64 = view.get(0).map_err(spell)?;
            view.put(0, &(count + 1)).map_err(spell)?;
            drop(guard);
        }
        done()
    }

    /// The objects in these slots, which are separated by commas.
    fn all(&self, slots: &str) -> Result<Vec<&dyn WaitAny>, String> {
        let object = |slot: &str| {
            let mutex = self.mutexes.get(slot).and_then(|mutex| O::any_mutex(mutex));
            let event = || self.events.get(slot).and_then(O::any_event);
            let semaphore = || self.semaphores.get(slot).and_then(O::any_semaphore);
            mutex.or_else(event).or_else(semaphore).ok_or_else(|| format!("no object {slot}"))
        };
        slots.split(',').map(object).collect()
    }

    fn wait_all(&self, slots: &str, timeout: &str) -> Answer {
        let timeout = duration(timeout)?.unwrap_or(Duration::MAX);
        let found = match wait_all_timeout(&self.all(slots)?, timeout).map_err(spell)? {
            Some(woken) if woken.abandoned() => "abandoned",
            Some(_) => "all",
            None => "timed out",
        };
        Ok(found.to_owned())
    }

    /// Adds one to the number of each mutex in shared memory while it owns all of them. A slot is its number's index.
    fn count_all(&self, slots: &str, rounds: &str, name: &str) -> Answer {
        let region = Region::open(&named(name)?, &OpenOptions::read_write()).map_err(spell)?;
        let view = region.view(.., Access::ReadWrite).map_err(spell)?;
        let places: Vec<usize> = slots
            .split(',')
            .map(|slot| number(slot).map(|index| index as usize * 8))
            .collect::<Result<_, _>>()?;
        let objects = self.all(slots)?;
        for round in 0..number(rounds)? {
            let woken = wait_all_timeout(&objects, patience()).map_err(spell)?;
            let woken = woken.ok_or_else(|| format!("they are never free together, in round {round}"))?;
            for &place in &places {
                let count: u64 = view.get(place).map_err(spell)?;
                view.put(place, &(count + 1)).map_err(spell)?;
            }
            drop(woken);
        }
        done()
    }

    /// Hands a signal on, again and again.
    fn bounce(&mut self, from: &str, to: &str, rounds: &str) -> Answer {
        for round in 0..number(rounds)? {
            if !self.seen(from)?.wait_for(Some(patience())).map_err(spell)? {
                return Err(format!("no signal came in round {round}"));
            }
            self.seen(to)?.set().map_err(spell)?;
        }
        done()
    }

    /// How many permits there are; none is left.
    fn acquire_all(&mut self, slot: &str) -> Answer {
        let semaphore = self.permits(slot)?;
        let mut count = 0;
        while semaphore.try_wait().map_err(spell)? {
            count += 1;
        }
        Ok(format!("{count}"))
    }
}

pub(super) fn waited(answer: crate::Result<bool>) -> Answer {
    match answer.map_err(spell)? {
        true => Ok("signalled".to_owned()),
        false => Ok("timed out".to_owned()),
    }
}

pub(super) fn making(word: &str) -> Result<Making, String> {
    match word {
        "create" => Ok(Making::Create),
        "create-or-open" => Ok(Making::CreateOrOpen),
        "open" => Ok(Making::Open),
        _ => Err(format!("unknown way {word}")),
    }
}

/// Milliseconds, or `ever`.
pub(super) fn duration(text: &str) -> Result<Option<Duration>, String> {
    if text == "ever" { Ok(None) } else { number(text).map(|millis| Some(Duration::from_millis(millis))) }
}

fn event_options(word: &str) -> Result<EventOptions, String> {
    match word {
        "auto" => Ok(EventOptions::new(Reset::Auto)),
        "auto-set" => Ok(EventOptions::new(Reset::Auto).set_at_first()),
        "manual" => Ok(EventOptions::new(Reset::Manual)),
        "manual-set" => Ok(EventOptions::new(Reset::Manual).set_at_first()),
        _ => Err(format!("unknown event {word}")),
    }
}
