//! Taking all of several words at one moment: tag, decide, settle.
//!
//! An attempt takes a number, its *tag*, with a place in a table of [`Decisions`] that all peers of its words reach. It
//! puts the tag on each word that is signalled, and then decides by one compare-and-swap in its place of the table. From
//! then on all words are taken, although their values say so only when they are settled, by the attempt itself or by any
//! call that meets the tag (see [`tagged`](super::tagged)). An attempt that finds a word not signalled is aborted, and so
//! is one whose tag is met before it decides. So *no thread sleeps with a tag on a word, and none waits for one*; a
//! thread that is killed or stopped at any step delays nobody, and has taken all or none.
//!
//! # Why a late step does no harm
//! - *A thread puts a tag on a word after its attempt was aborted,* because it was stopped meanwhile. The attempt's place
//!   in the table says aborted, or is a later attempt's with another tag. By both the tag goes and the value comes back.
//! - *A call settles by an old verdict.* The word has another tag by then, or none, and the compare-and-swap fails: tags
//!   are used again after four thousand million attempts.
//! - *A place in the table is used again* when its attempt was aborted or all its words are settled. A place that a killed
//!   thread left as committed is passed over, until a table is full of them.
//!
//! # Words that are read and not taken
//! A manual-reset event stays signalled, so it gets no tag. It is read when the others are tagged, and read again when
//! all are; the count in its word tells that it was signalled all the time between.

use super::lock::{ABANDONED, Found, OWNER, WAITERS};
use super::tagged::{Tagged, Verdict, both, settle, settled, tag_of, value_of};
use super::{Damaged, event, permits};

/// Eight bytes of the table of decisions.
pub trait Cell: Sync {
    /// Reads it; acquires.
    fn load(&self) -> u64;
    /// Replaces `current` by `new`, or tells what it is instead. Acquires and releases.
    ///
    /// # Errors
    /// What it is, when it is not `current`.
    fn replace(&self, current: u64, new: u64) -> Result<(), u64>;
}

impl Cell for std::sync::atomic::AtomicU64 {
    fn load(&self) -> u64 {
        self.load(std::sync::atomic::Ordering::SeqCst)
    }

    fn replace(&self, current: u64, new: u64) -> Result<(), u64> {
        use std::sync::atomic::Ordering::SeqCst;
        self.compare_exchange(current, new, SeqCst, SeqCst).map(|_| ())
    }
}

/// The attempt is aborted, or all its words are settled.
const OVER: u32 = 0;
/// It may still be aborted.
const UNDECIDED: u32 = 1;
/// It has taken all its words, and some may have their tags.
const COMMITTED: u32 = 2;

/// How often a step is tried while others change what it needs: only a hostile peer makes that many needed.
const TRIES: u32 = 10_000;

/// How many places of killed threads are passed over.
const PASSES: u32 = 64;

/// The table where attempts are decided.
#[derive(Clone, Copy, Debug)]
pub struct Decisions<'a, C> {
    /// The last tag.
    pub last: &'a C,
    /// A place for each attempt: its state and its tag.
    pub places: &'a [C],
}

impl<C: Cell> Decisions<'_, C> {
    fn place(&self, tag: u32) -> &C {
        &self.places[tag as usize % self.places.len()]
    }

    /// Begins an attempt and returns its tag.
    ///
    /// # Errors
    /// [`Damaged`] when peers leave it no place.
    pub fn begin(&self) -> Result<u32, Damaged> {
        for tries in 0..TRIES {
            let last = self.last.load();
            let tag = (last as u32).wrapping_add(1);
            if self.last.replace(last, u64::from(tag)).is_err() || tag == 0 {
                continue;
            }
            let place = self.place(tag);
            let seen = place.load();
            if value_of(seen) == COMMITTED && tries < PASSES {
                continue;
            }
            // This also revokes an attempt that began as many attempts ago as there are places.
            if place.replace(seen, both(UNDECIDED, tag)).is_ok() {
                return Ok(tag);
            }
        }
        Err(Damaged)
    }

    /// Decides that the attempt takes its words. False when it was aborted.
    #[must_use]
    pub fn commit(&self, tag: u32) -> bool {
        self.place(tag).replace(both(UNDECIDED, tag), both(COMMITTED, tag)).is_ok()
    }

    /// The attempt has no tag on a word any more.
    pub fn end(&self, tag: u32) {
        let place = self.place(tag);
        let seen = place.load();
        if tag_of(seen) == tag {
            // It fails when the place is another attempt's.
            let _ = place.replace(seen, both(OVER, tag));
        }
    }

    /// The verdict on an attempt, which is aborted if it is not decided.
    #[must_use]
    pub fn verdict(&self, tag: u32) -> Verdict {
        let place = self.place(tag);
        let undecided = both(UNDECIDED, tag);
        let mut seen = place.load();
        if seen == undecided {
            match place.replace(undecided, both(OVER, tag)) {
                Ok(()) => return Verdict::Aborted,
                Err(now) => seen = now,
            }
        }
        if seen == both(COMMITTED, tag) { Verdict::Committed } else { Verdict::Aborted }
    }
}

/// An object of a set, as one attempt sees it.
pub trait Member {
    /// Puts the tag on it, if it is signalled. `None` when it is not; otherwise a note for the calls that follow.
    ///
    /// # Errors
    /// [`Damaged`] when its word is in no state of its kind.
    fn tag(&self, tag: u32) -> Result<Option<u64>, Damaged>;
    /// Whether it was signalled all the time since it was tagged: for what has no tag of its own.
    fn is_still_signalled(&self, note: u64) -> bool;
    /// Settles it, if it has the tag.
    fn settle(&self, tag: u32, verdict: Verdict);
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// All are taken; the notes of the members.
    Taken(Vec<u64>),
    /// None is taken, because this one was not signalled.
    Missed(usize),
    /// None is taken, because another call met a tag.
    Revoked,
}

/// Takes all members, or none.
///
/// # Errors
/// The index of a member in no state of its kind, or the first for a damaged table; none is taken.
pub fn attempt<M: Member, C: Cell>(
    members: &[M],
    decisions: &Decisions<'_, C>,
) -> Result<Attempt, (usize, Damaged)> {
    let tag = decisions.begin().map_err(|damaged| (0, damaged))?;
    crate::testing::reached("all: begun");
    let mut notes = Vec::with_capacity(members.len());
    let tagged = tag_all(members, tag, &mut notes);
    let is_ready = matches!(tagged, Ok(None));
    let is_taken = is_ready && decisions.commit(tag);
    if !is_taken {
        // Recorded before the words are settled, so that every call that meets the tag gets the same verdict.
        let _ = decisions.verdict(tag);
    }
    let verdict = if is_taken { Verdict::Committed } else { Verdict::Aborted };
    crate::testing::reached("all: decided");
    for member in members {
        member.settle(tag, verdict);
        crate::testing::reached("all: settled one");
    }
    decisions.end(tag);
    match tagged? {
        None if is_taken => Ok(Attempt::Taken(notes)),
        None => Ok(Attempt::Revoked),
        Some(index) => Ok(Attempt::Missed(index)),
    }
}

/// Tags all, and returns the index of the first one that is not signalled.
fn tag_all<M: Member>(
    members: &[M],
    tag: u32,
    notes: &mut Vec<u64>,
) -> Result<Option<usize>, (usize, Damaged)> {
    for (index, member) in members.iter().enumerate() {
        match member.tag(tag).map_err(|damaged| (index, damaged))? {
            Some(note) => notes.push(note),
            None => return Ok(Some(index)),
        }
        crate::testing::reached("all: tagged one");
    }
    let changed = members.iter().zip(&*notes).position(|(member, &note)| !member.is_still_signalled(note));
    Ok(changed)
}

/// Puts a tag on a word, and replaces its value by what `hold` makes of it. Returns the value before; `None` when `hold`
/// answers `None`, or the word changes too often.
pub fn put_tag<W: Tagged>(word: &W, tag: u32, hold: impl Fn(u32) -> Option<u32>) -> Option<u32> {
    for _ in 0..TRIES {
        let value = look(word);
        let held = hold(value)?;
        if word.replace_both(both(value, 0), both(held, tag)).is_ok() {
            return Some(value);
        }
    }
    None
}

/// Tags an auto-reset event that is set.
///
/// # Errors
/// [`Damaged`] when the word is in no state of an event.
pub fn tag_event<W: Tagged>(word: &W, tag: u32) -> Result<bool, Damaged> {
    Ok(looks_set(word)? && put_tag(word, tag, |seen| (seen == event::SET).then_some(event::HELD)).is_some())
}

/// Whether an auto-reset event is set.
///
/// # Errors
/// Those of [`tag_event`].
pub fn looks_set<W: Tagged>(word: &W) -> Result<bool, Damaged> {
    match look(word) {
        event::SET => Ok(true),
        event::UNSET | event::AWAITED => Ok(false),
        _ => Err(Damaged),
    }
}

/// Tags a semaphore that has a permit.
///
/// # Errors
/// [`Damaged`] when the word is in no state of a semaphore.
pub fn tag_permits<W: Tagged>(word: &W, maximum: u32, tag: u32) -> Result<bool, Damaged> {
    let has_one = |seen| (1..=maximum).contains(&seen).then_some(seen);
    Ok(looks_available(word, maximum)? && put_tag(word, tag, has_one).is_some())
}

/// Whether a semaphore has a permit.
///
/// # Errors
/// Those of [`tag_permits`].
pub fn looks_available<W: Tagged>(word: &W, maximum: u32) -> Result<bool, Damaged> {
    match look(word) {
        permits::AWAITED => Ok(false),
        count if count <= maximum => Ok(count > 0),
        _ => Err(Damaged),
    }
}

/// A thread that takes a lock together with other words.
#[derive(Clone, Copy, Debug)]
pub struct LockTaker {
    /// Its claim.
    pub claim: u32,
    /// An owner that is known to be dead, or zero.
    pub dead: u32,
    /// Whether it slept on the lock: then others may still sleep on it.
    pub has_slept: bool,
}

impl LockTaker {
    /// Tags a lock that is free, or whose owner is dead.
    pub fn tag<W: Tagged>(&self, word: &W, tag: u32) -> Option<Found> {
        let mark = if self.has_slept { WAITERS } else { 0 };
        let found = |seen: u32| match seen & OWNER {
            0 if seen & ABANDONED == 0 => Some(Found::InOrder),
            owner if owner == 0 || owner == self.dead => Some(Found::Abandoned),
            _ => None,
        };
        let before = put_tag(word, tag, |seen| {
            let how = if found(seen)? == Found::Abandoned { ABANDONED } else { 0 };
            Some(self.claim | seen & WAITERS | mark | how)
        });
        before.and_then(found)
    }
}

/// Settles a word that has this tag.
pub fn take_tag_off<W: Tagged>(word: &W, tag: u32, verdict: Verdict) {
    for _ in 0..TRIES {
        let seen = word.load_both();
        if tag_of(seen) != tag {
            return;
        }
        settle(word, seen, verdict);
    }
}

/// The value of a word, for a thread that waits for all. Another thread's attempt gets a moment to end before its tag is
/// settled.
pub fn look<W: Tagged>(word: &W) -> u32 {
    let mut seen = word.load_both();
    for _ in 0..W::PATIENCE {
        if tag_of(seen) == 0 {
            return value_of(seen);
        }
        std::hint::spin_loop();
        seen = word.load_both();
    }
    if tag_of(seen) == 0 { value_of(seen) } else { settled(word, seen) }
}
