//! What threads do with an event, a semaphore, a lock and a gate, what each call answers, and whether some order of whole
//! calls explains all answers.

/// What there is to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// The auto-reset event.
    Event,
    /// The semaphore.
    Permit,
    /// The lock.
    Lock,
    /// The manual-reset event, which stays as it is.
    Gate,
}

/// A call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Sets the event.
    Set,
    /// Sets the event as a setter does that saw a sleeper: the kernel stores the value.
    SetAsleep,
    /// Unsets the event.
    Reset,
    /// Takes one thing, if it can.
    Take(Thing),
    /// Gives a permit.
    Release,
    /// Gives the lock up, if the thread owns it.
    Give,
    /// Sets the manual-reset event.
    Open,
    /// Unsets it.
    Close,
    /// Takes all of these, if it can, in two tries.
    All(&'static [Thing]),
    /// The same, by a thread that is killed or stopped for ever after so many steps: it begins, tags one after the
    /// other, decides, and settles one after the other.
    Stopped(&'static [Thing], usize),
}

/// What a call answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It took, or gave, what it wanted.
    Yes,
    /// It could not.
    No,
    /// It may have done so or not: it was stopped, or gave up.
    AllOrNone,
}

/// A call that was made.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) thread: u32,
    pub(crate) call: Call,
    pub(crate) answer: Answer,
    /// The number of the thread's calls before it.
    pub(crate) turn: usize,
}

/// The things, as a sequence of calls leaves them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Whether the event is set.
    pub event: bool,
    /// The permits.
    pub permits: u32,
    /// The thread that owns the lock, or zero.
    pub owner: u32,
    /// Whether the manual-reset event is set.
    pub gate: bool,
}

pub(crate) const MAXIMUM: u32 = 1;

impl State {
    fn can_take(&self, thing: Thing) -> bool {
        match thing {
            Thing::Event => self.event,
            Thing::Permit => self.permits > 0,
            Thing::Lock => self.owner == 0,
            Thing::Gate => self.gate,
        }
    }

    fn take(&mut self, thing: Thing, thread: u32) {
        match thing {
            Thing::Event => self.event = false,
            Thing::Permit => self.permits -= 1,
            Thing::Lock => self.owner = thread,
            Thing::Gate => {}
        }
    }

    /// The state after the call, if it can have given that answer.
    fn after(mut self, record: &Record, takes: bool) -> Option<State> {
        let all = |things: &[Thing]| things.iter().all(|&thing| self.can_take(thing));
        match record.call {
            Call::Set | Call::SetAsleep => self.event = true,
            Call::Reset => self.event = false,
            Call::Open => self.gate = true,
            Call::Close => self.gate = false,
            Call::Release => match (record.answer, self.permits < MAXIMUM) {
                (Answer::Yes, true) => self.permits += 1,
                (Answer::No, false) => {}
                _ => return None,
            },
            Call::Give if takes => self.owner = 0,
            Call::Give => {}
            Call::Take(thing) if takes == self.can_take(thing) => {
                if takes {
                    self.take(thing, record.thread);
                }
            }
            Call::Take(_) => return None,
            Call::All(things) | Call::Stopped(things, _) => {
                let can = all(things);
                let may = record.answer == Answer::AllOrNone;
                if takes && can {
                    things.iter().for_each(|&thing| self.take(thing, record.thread));
                } else if takes || (can && !may) {
                    return None;
                }
            }
        }
        Some(self)
    }
}

/// Whether an order of the calls leads from one state to the other. The calls of a thread keep theirs; those of two
/// threads have none but what they see of each other, because a processor may delay stores.
pub(crate) fn explains(state: State, last: State, records: &[Record]) -> bool {
    if records.is_empty() {
        return state == last;
    }
    records.iter().enumerate().any(|(index, record)| {
        if records.iter().any(|other| other.thread == record.thread && other.turn < record.turn) {
            return false;
        }
        let mut others = records.to_vec();
        others.remove(index);
        let outcomes: &[bool] = match record.answer {
            Answer::Yes => &[true],
            Answer::No => &[false],
            Answer::AllOrNone => &[true, false],
        };
        outcomes
            .iter()
            .any(|&takes| state.after(record, takes).is_some_and(|state| explains(state, last, &others)))
    })
}
