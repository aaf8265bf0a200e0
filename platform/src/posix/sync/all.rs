//! Waits for all of several objects (rule C31).
//!
//! A waiter looks at its objects without changing them. When one is not signalled, it sleeps on that one alone and looks
//! again; when all are, it tries to take them together (see `crate::words::all`). It sorts them by where they lie, so
//! that two waiters seldom revoke each other's attempts.

use std::time::Duration;

use super::futex::sleep_on_any;
use super::member::Member;
use super::object::Object;
use super::table::{Table, table_of};
use super::wait::Awaited as _;
use crate::ErrorKind;
use crate::seam::object::{Failure, Reason, TookAll};
use crate::words::all::{Attempt, attempt};
use crate::words::{Damaged, Slept, Until};

/// How often a wait of no time tries anew when another call met its attempt.
const POLLS: u32 = 200;

/// See `RawObject::wait_all`.
pub(super) fn wait_all(objects: &[&Object], timeout: Option<Duration>) -> Result<Option<TookAll>, Failure> {
    let order = in_order(objects)?;
    let table = common_table(objects)?;
    let mut members = Vec::with_capacity(objects.len());
    for index in order {
        members.extend(Member::of(objects[index], index).map_err(|failure| failure.of_object(index))?);
    }
    let set = Set { objects, members, table };
    let taken = set.wait(Until::after(timeout))?;
    taken.map(|notes| set.take_over(&notes)).transpose()
}

/// The indices of the objects, in the order in which every process takes them.
fn in_order(objects: &[&Object]) -> Result<Vec<usize>, Failure> {
    let key = |(index, object): (usize, &&Object)| match object.key() {
        Ok(key) => Ok((key, index)),
        Err(failure) => Err(failure.of_object(index)),
    };
    let mut order = objects.iter().enumerate().map(key).collect::<Result<Vec<_>, _>>()?;
    order.sort_unstable();
    match order.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(Failure::twice(pair[1].1)),
        None => Ok(order.into_iter().map(|(_, index)| index).collect()),
    }
}

/// The one table of all the objects.
fn common_table(objects: &[&Object]) -> Result<&'static Table, Failure> {
    const APART: &str = "objects of different owners, or with different permissions to write, cannot be waited for together; make them alike, or put them into one region";
    let table = table_of(objects[0].place()).map_err(|reason| Failure::from(reason).of_object(0))?;
    for (index, object) in objects.iter().enumerate().skip(1) {
        if table.is_noted_in(object.place()) {
            continue;
        }
        let other = table_of(object.place()).map_err(|reason| Failure::from(reason).of_object(index))?;
        if !std::ptr::eq(table, other) {
            let apart = Reason { detail: Some(APART.into()), ..ErrorKind::Unsupported.into() };
            return Err(Failure::from(apart).of_object(index));
        }
    }
    Ok(table)
}

/// The objects of a wait.
struct Set<'a> {
    objects: &'a [&'a Object],
    /// What is to be taken: all but the mutexes that this thread owns already.
    members: Vec<Member<'a>>,
    table: &'static Table,
}

/// Notes of the members that an attempt took.
type Notes = Vec<u64>;

impl Set<'_> {
    fn wait(&self, until: Until) -> Result<Option<Notes>, Failure> {
        let mut backoff = Backoff::default();
        let (mut ask, mut is_over) = (until == Until::Now, until == Until::Now);
        let mut slept_on = None;
        loop {
            let attempt = self.look(ask);
            if let Some(index) = slept_on.take() {
                // Its wake-up was not used, or others are asleep still.
                self.object(index).pass_on();
            }
            match attempt? {
                Attempt::Taken(notes) => return Ok(Some(notes)),
                Attempt::Revoked if !is_over || backoff.tries < POLLS => backoff.wait(),
                Attempt::Missed(_) | Attempt::Revoked if is_over || until.is_over() => return Ok(None),
                Attempt::Missed(index) => {
                    let Some((slept, is_last)) = self.sleep_on(index, until) else { continue };
                    slept_on = Some(index);
                    ask = slept != Slept::LookAgain;
                    is_over = slept == Slept::DeadlineOver && is_last;
                    continue;
                }
                Attempt::Revoked => {}
            }
            is_over |= until.is_over();
        }
    }

    fn object(&self, member: usize) -> &Object {
        self.objects[self.members[member].index]
    }

    /// Takes all the members if none is missing.
    fn look(&self, ask: bool) -> Result<Attempt, Failure> {
        match self.first_missing(ask)? {
            Some(missing) => Ok(Attempt::Missed(missing)),
            None => self.attempt(),
        }
    }

    /// The first member that is not signalled. Changes nothing. `ask` says that the kernel is asked about the owners of
    /// mutexes.
    fn first_missing(&self, ask: bool) -> Result<Option<usize>, Failure> {
        for (index, member) in self.members.iter().enumerate() {
            if !member.looks_signalled(ask).map_err(|damaged| self.damaged(index, damaged))? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    fn attempt(&self) -> Result<Attempt, Failure> {
        let attempt = attempt(&self.members, &self.table.decisions());
        for member in &self.members {
            member.forget_pulse();
        }
        attempt.map_err(|(index, damaged)| self.damaged(index, damaged))
    }

    #[cold]
    fn damaged(&self, member: usize, damaged: Damaged) -> Failure {
        let index = self.members.get(member).map_or(0, |member| member.index);
        Failure::from(damaged).of_object(index)
    }

    /// Sleeps until the member may be signalled. `None` when it may be so now; otherwise how the sleep ended, and whether
    /// its end was that of the wait.
    fn sleep_on(&self, index: usize, until: Until) -> Option<(Slept, bool)> {
        let member = &self.members[index];
        let (expectation, next) = self.object(index).announce(member.begun())?;
        let (sleep_until, is_last) = until.or_after(next);
        let slept = sleep_on_any(&[expectation], sleep_until);
        member.note_sleep();
        Some((slept, is_last))
    }

    /// Notes in this process what was taken.
    fn take_over(&self, notes: &[u64]) -> Result<TookAll, Failure> {
        let mut found = TookAll::InOrder;
        for (member, &note) in self.members.iter().zip(notes) {
            if member.take_over(note) {
                found = TookAll::Abandoned;
            }
        }
        // The others are this thread's own already.
        for object in self.objects {
            let Object::Mutex(lock) = object else { continue };
            if !self.members.iter().any(|member| std::ptr::eq(self.objects[member.index], *object)) {
                lock.take(Some(Duration::ZERO))?;
            }
        }
        Ok(found)
    }
}

/// Growing pauses between attempts that were revoked.
#[derive(Default)]
struct Backoff {
    tries: u32,
}

impl Backoff {
    /// So many tries only spin.
    const SPINS: u32 = 10;

    fn wait(&mut self) {
        self.tries += 1;
        if self.tries <= Self::SPINS {
            for _ in 0..1 << self.tries {
                std::hint::spin_loop();
            }
        } else {
            // Of different lengths, so that two do not meet again and again.
            let micros = crate::seam::random::random() % u64::from(self.tries.min(200));
            std::thread::sleep(Duration::from_micros(micros));
        }
    }
}
