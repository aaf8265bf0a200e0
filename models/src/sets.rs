//! Words with tags, and the table where attempts to take several are decided, in loom's world.
//!
//! A [`World`] has an auto-reset event, a semaphore of one permit at most, a lock and a manual-reset event. What threads
//! do there is recorded with its answer, and [`World::is_explained`] looks for an order of all calls, one after the
//! other, in which each gives its answer: by brute force.

use crate::history::{Answer, Call, MAXIMUM, Record, State, Thing, explains};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering};
use samemap_platform::internal::words::all::{
    Attempt, Cell, Decisions, LockTaker, Member, attempt, look, tag_event, tag_permits, take_tag_off,
};
use samemap_platform::internal::words::lock::Found;
use samemap_platform::internal::words::tagged::{self, Tagged, Verdict};
use samemap_platform::internal::words::{
    Damaged, Outcome, Sleeper, Slept, Until, Word as _, event, lock, permits,
};

/// Eight bytes that the model's threads share.
#[derive(Debug)]
pub struct ModelCell(AtomicU64);

impl Cell for ModelCell {
    fn load(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn replace(&self, current: u64, new: u64) -> Result<(), u64> {
        self.0.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst).map(|_| ())
    }
}

/// The table, with so few places that attempts come to use them again.
#[derive(Debug)]
pub struct Table {
    last: ModelCell,
    places: Vec<ModelCell>,
}

impl Table {
    fn new(places: usize) -> Arc<Table> {
        let cell = || ModelCell(AtomicU64::new(0));
        Arc::new(Table { last: cell(), places: (0..places).map(|_| cell()).collect() })
    }

    /// Where attempts are decided.
    #[must_use]
    pub fn decisions(&self) -> Decisions<'_, ModelCell> {
        Decisions { last: &self.last, places: &self.places }
    }
}

/// A word with a tag.
#[derive(Debug)]
pub struct ModelPair<K> {
    both: AtomicU64,
    table: Arc<Table>,
    kind: std::marker::PhantomData<fn() -> K>,
}

impl<K> ModelPair<K> {
    fn new(value: u32, table: &Arc<Table>) -> Self {
        let both = AtomicU64::new(value.into());
        ModelPair { both, table: Arc::clone(table), kind: std::marker::PhantomData }
    }

    /// Stores the value and leaves the tag, as the kernel does it.
    fn store_half(&self, value: u32) {
        let mut seen = self.both.load(Ordering::Relaxed);
        loop {
            let new = seen & !u64::from(u32::MAX) | u64::from(value);
            match self.both.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }
}

impl<K: tagged::Kind> Tagged for ModelPair<K> {
    type Kind = K;
    const PATIENCE: u32 = 0;

    fn load_both(&self) -> u64 {
        self.both.load(Ordering::Acquire)
    }

    fn replace_both(&self, current: u64, new: u64) -> Result<(), u64> {
        self.both.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire).map(|_| ())
    }

    // As 32-bit processors do it.
    fn replace_untagged(&self, current: u32, new: u32) -> Result<(), u64> {
        if !K::VALUE_TELLS_TAG {
            return self.replace_both(current.into(), new.into());
        }
        let mut seen = self.load_both();
        while seen as u32 == current {
            match self.replace_both(seen, seen - u64::from(current) + u64::from(new)) {
                Ok(()) => return Ok(()),
                Err(now) => seen = now,
            }
        }
        Err(seen)
    }

    fn swap_both(&self, new: u64) -> u64 {
        self.both.swap(new, Ordering::AcqRel)
    }

    fn verdict(&self, tag: u32) -> Verdict {
        self.table.decisions().verdict(tag)
    }

    fn wake_one(&self) {}
}

/// Nobody sleeps in these models: all calls poll.
#[derive(Debug)]
pub struct Sleepless;

impl<K: tagged::Kind> Sleeper<ModelPair<K>> for Sleepless {
    const LOOKS: u32 = 0;

    fn sleep(&self, _: &ModelPair<K>, _: u32, _: Until) -> Slept {
        unreachable!("all calls poll")
    }

    fn sleep_until_woken(&self, _: &ModelPair<K>, _: u32, _: Until) -> Slept {
        unreachable!("all calls poll")
    }

    fn wake_one(&self, _: &ModelPair<K>) {}

    fn wake_all(&self, _: &ModelPair<K>) {}

    fn set_and_wake_one(&self, word: &ModelPair<K>, new: u16) {
        word.store_half(new.into());
    }
}

/// All things, and what was done with them.
#[derive(Debug)]
pub struct World {
    table: Arc<Table>,
    event: ModelPair<tagged::Event>,
    permits: ModelPair<tagged::Permits>,
    lock: ModelPair<tagged::Lock>,
    gate: ModelPair<tagged::Event>,
    first: State,
    /// Not loom's: it runs one thread at a time, and this is no part of the model.
    records: std::sync::Mutex<Vec<Record>>,
}

impl World {
    /// A world in this state, with a table of so many places.
    #[must_use]
    pub fn new(first: State, places: usize) -> Arc<World> {
        let table = Table::new(places);
        let gate = if first.gate { event::SET } else { event::UNSET };
        Arc::new(World {
            event: ModelPair::new(first.event.into(), &table),
            permits: ModelPair::new(first.permits, &table),
            lock: ModelPair::new(first.owner, &table),
            gate: ModelPair::new(gate, &table),
            table,
            first,
            records: std::sync::Mutex::new(Vec::new()),
        })
    }

    /// Makes the calls, one after the other, and records them.
    pub fn make(&self, thread: u32, calls: &[Call]) {
        for (turn, &call) in calls.iter().enumerate() {
            let answer = self.answer(thread, call);
            let record = Record { thread, call, answer, turn };
            self.records.lock().expect("no panics").push(record);
        }
    }

    fn answer(&self, thread: u32, call: Call) -> Answer {
        let yes = |is_yes| if is_yes { Answer::Yes } else { Answer::No };
        match call {
            Call::Set => event::set(&self.event, &Sleepless),
            Call::SetAsleep => Sleepless.set_and_wake_one(&self.event, event::SET as u16),
            Call::Reset => event::reset(&self.event),
            Call::Open => event::set_manual(&self.gate, &Sleepless),
            Call::Close => event::reset_manual(&self.gate),
            Call::Release => return yes(permits::release(&self.permits, 1, MAXIMUM, &Sleepless).is_ok()),
            Call::Give => {
                return yes(lock::give(&self.lock, thread, lock::Giving::InOrder, &Sleepless).is_ok());
            }
            Call::Take(thing) => return yes(self.take(thread, thing)),
            Call::All(things) => return self.take_all(thread, things),
            Call::Stopped(things, steps) => {
                self.be_stopped(thread, things, steps);
                return Answer::AllOrNone;
            }
        }
        Answer::Yes
    }

    fn take(&self, thread: u32, thing: Thing) -> bool {
        match thing {
            Thing::Event => event::try_take(&self.event) == Ok(true),
            Thing::Permit => permits::try_take(&self.permits, MAXIMUM) == Ok(true),
            Thing::Gate => event::is_set_manual(self.gate.load()) == Ok(true),
            Thing::Lock => {
                let is_dead = |_| false;
                let taker = lock::Taker { word: &self.lock, claim: thread, sleeper: &Sleepless, is_dead };
                matches!(taker.take(Until::Now), Outcome::Got(Found::InOrder))
            }
        }
    }

    fn members(&self, thread: u32, things: &[Thing]) -> Vec<Part<'_>> {
        things.iter().map(|&thing| Part { world: self, thread, thing }).collect()
    }

    fn take_all(&self, thread: u32, things: &[Thing]) -> Answer {
        let members = self.members(thread, things);
        for _ in 0..2 {
            match attempt(&members, &self.table.decisions()).expect("no damage") {
                Attempt::Taken(_) => return Answer::Yes,
                Attempt::Missed(_) => return Answer::No,
                Attempt::Revoked => {}
            }
        }
        Answer::AllOrNone
    }

    /// The steps of an attempt, up to the one after which it is stopped.
    fn be_stopped(&self, thread: u32, things: &[Thing], steps: usize) {
        let (members, decisions) = (self.members(thread, things), self.table.decisions());
        let tag = decisions.begin().expect("there is a place");
        for member in members.iter().take(steps) {
            if member.tag(tag).expect("no damage").is_none() {
                return;
            }
        }
        if steps > members.len() && decisions.commit(tag) {
            for member in members.iter().take(steps - members.len() - 1) {
                member.settle(tag, Verdict::Committed);
            }
        }
    }

    /// The state at the end, when no thread runs any more.
    #[must_use]
    pub fn state(&self) -> State {
        State {
            event: self.event.load() == event::SET,
            permits: match self.permits.load() {
                permits::AWAITED => 0,
                count => count,
            },
            owner: self.lock.load() & lock::OWNER,
            gate: event::is_set_manual(self.gate.load()) == Ok(true),
        }
    }

    /// Whether some order of the calls gives their answers and this end.
    ///
    /// # Panics
    /// When there is none.
    pub fn is_explained(&self) {
        let (last, records) = (self.state(), self.records.lock().expect("no panics"));
        assert!(
            explains(self.first, last, &records),
            "no order of these calls ends in {last:?}: {records:?}"
        );
    }
}

/// A thing as a member of a set.
struct Part<'a> {
    world: &'a World,
    thread: u32,
    thing: Thing,
}

impl Member for Part<'_> {
    fn tag(&self, tag: u32) -> Result<Option<u64>, Damaged> {
        let world = self.world;
        let tagged = match self.thing {
            Thing::Event => tag_event(&world.event, tag)?,
            Thing::Permit => tag_permits(&world.permits, MAXIMUM, tag)?,
            Thing::Lock => {
                LockTaker { claim: self.thread, dead: 0, has_slept: false }.tag(&world.lock, tag).is_some()
            }
            Thing::Gate => {
                let seen = look(&world.gate);
                return Ok(event::is_set_manual(seen)?.then_some(seen.into()));
            }
        };
        Ok(tagged.then_some(0))
    }

    fn is_still_signalled(&self, note: u64) -> bool {
        self.thing != Thing::Gate || u64::from(look(&self.world.gate)) == note
    }

    fn settle(&self, tag: u32, verdict: Verdict) {
        match self.thing {
            Thing::Event => take_tag_off(&self.world.event, tag, verdict),
            Thing::Permit => take_tag_off(&self.world.permits, tag, verdict),
            Thing::Lock => take_tag_off(&self.world.lock, tag, verdict),
            Thing::Gate => {}
        }
    }
}
