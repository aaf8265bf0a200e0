//! The model for stateright: which actions there are in a state, and what they lead to.

use std::time::{Duration, Instant};

use samemap_platform::internal::testing::Step;
use stateright::{Checker, HasDiscoveries, Model, Property};

use super::adversary::{self, Move};
use super::protocol::{Life, Turn};
use super::rules;
use super::state::{Call, Fault, Process, State};
use super::world::{
    Description, FLIGHT, Files, Form, Lock, Name, Number, OBJECTS, PROCESSES, Path, Temporary, User, mine,
};

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A process begins a call, and takes its first step.
    Begin(usize, Call, Path),
    /// A process takes the next step of its call.
    Take(usize, Step),
    /// A process is killed.
    Kill(usize),
    /// A process that rests takes the handle that was sent.
    Receive(usize),
    /// The handle that was sent is lost with its receiver.
    LoseHandle,
    /// The adversary moves.
    Adversary(Move),
}

impl Model for Life {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            files: Files::new(),
            processes: self.users.map(Process::resting),
            kills: self.kills,
            moves: self.adversary.moves,
            calls: self.calls,
            fault: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.fault.is_some() {
            return;
        }
        for at in 0..PROCESSES {
            self.actions_of(state, at, actions);
        }
        if state.kills > 0 && state.flight().is_some() {
            actions.push(Action::LoseHandle);
        }
        if state.moves > 0 {
            actions.extend(adversary::moves(self, state).into_iter().map(Action::Adversary));
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut state = state.clone();
        match action {
            Action::Begin(at, call, path) => self.begin(&mut state, at, call, path),
            Action::Take(at, _) => self.take(&mut state, at),
            Action::Kill(at) => {
                state.kill(at);
                state.kills -= 1;
            }
            Action::Receive(at) => {
                self.receive(&mut state, at);
                state.calls -= 1;
            }
            Action::LoseHandle => {
                state.drop_excused(FLIGHT);
                state.kills -= 1;
            }
            Action::Adversary(made) => {
                if !adversary::make(&mut state, made) {
                    return None;
                }
                state.moves -= 1;
            }
        }
        let mut state = state.canonical();
        rules::check(self, &mut state);
        state.witness();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(CONTRACT, |_, state: &State| state.fault.is_none()),
            Property::sometimes("two hold one object", |_, state: &State| {
                (1..PROCESSES).any(|at| holds_the_same(state, at))
            }),
            Property::sometimes("a remover meets an opener", |_, state: &State| {
                removes_what_is_opened(state)
            }),
        ]
    }
}

impl Life {
    fn actions_of(&self, state: &State, at: usize, actions: &mut Vec<Action>) {
        let twin = at > 0
            && state.processes[at] == state.processes[at - 1]
            && state.mine(at) == state.mine(at - 1)
            && state.other(at) == state.other(at - 1);
        if twin {
            return;
        }
        let process = &state.processes[at];
        let holds = state.mine(at).is_some();
        if state.kills > 0 && (holds || process.call != Call::Rest) {
            actions.push(Action::Kill(at));
        }
        if process.call != Call::Rest {
            let next = Turn { life: self, state: &mut state.clone(), at }.next();
            actions.extend(next.map(|step| Action::Take(at, step)));
            return;
        }
        if holds {
            actions.push(Action::Begin(at, Call::Close, Path::Named(Name::Used)));
        }
        if state.calls > 0 {
            self.calls_of(state, at, actions);
        }
    }

    fn calls_of(&self, state: &State, at: usize, actions: &mut Vec<Action>) {
        let owner = state.processes[at].user == User::Owner;
        let mut begin = |call, path| actions.push(Action::Begin(at, call, path));
        if state.mine(at).is_some() {
            if self.sends && state.flight().is_none() && (owner || self.form == Form::Directory) {
                begin(Call::Send, Path::Named(Name::Used));
            }
            return;
        }
        begin(Call::Open, Path::Named(Name::Used));
        if self.adversary.moves > 0 {
            begin(Call::Open, Path::Named(Name::Never));
        }
        if owner {
            begin(Call::Create, Path::Named(Name::Used));
            for path in sweepable(state) {
                begin(Call::Sweep, path);
            }
        }
        if state.flight().is_some() {
            actions.push(Action::Receive(at));
        }
    }

    fn begin(&self, state: &mut State, at: usize, call: Call, path: Path) {
        if call != Call::Close {
            state.calls -= 1;
        }
        Turn { life: self, state, at }.begin(call, path);
        state.witness();
        self.take(state, at);
    }

    /// The receiver's own description, where it may open one, is locked before the one that was sent is closed: that
    /// there are two for a moment changes nothing for any process.
    fn receive(&self, state: &mut State, at: usize) {
        let Some(mut sent) = state.files.open[FLIGHT].take() else { return };
        sent.writable |= state.files.object(sent.object).owner == state.processes[at].user;
        state.files.open[mine(at)] = Some(sent);
    }

    /// Takes a step, and with it the steps that no other process can see: on a file without a name, which no other
    /// process has open, they commute with whatever others do.
    fn take(&self, state: &mut State, at: usize) {
        let mut turn = Turn { life: self, state, at };
        turn.step();
        while turn.next().is_some_and(|step| self.is_unseen(step)) {
            turn.step();
        }
    }

    fn is_unseen(&self, step: Step) -> bool {
        let nameless = self.form == Form::OneFile && !self.temporary_names;
        nameless
            && self.flaw != Some(super::Flaw::FactsAfterName)
            && matches!(step, Step::CreateHeld | Step::CreateTrailerWritten)
    }
}

/// What a sweep may look at.
fn sweepable(state: &State) -> impl Iterator<Item = Path> {
    let temporary = (0..OBJECTS as Number).filter_map(|number| {
        let object = state.files.objects[usize::from(number)]?;
        match object.temporary {
            Temporary::No => None,
            Temporary::New => Some(Path::New(number)),
            Temporary::Gone => Some(Path::Gone(number)),
        }
    });
    let named = [Name::Used, Name::Never].map(Path::Named).into_iter();
    temporary.chain(named.filter(|path| state.files.at(*path).is_some()))
}

const CONTRACT: &str = "the contract";

fn holds_the_same(state: &State, at: usize) -> bool {
    let objects = [at - 1, at].map(|at| state.mine(at).filter(|_| state.holds(at)).map(|open| open.object));
    objects[0].is_some() && objects[0] == objects[1]
}

fn removes_what_is_opened(state: &State) -> bool {
    let opens = (0..PROCESSES).filter(|at| state.processes[*at].call == Call::Open);
    opens.filter_map(|at| state.other(at)).any(|opened| {
        let same = |open: &&Description| (open.object, open.lock) == (opened.object, Lock::Exclusive);
        opened.lock == Lock::No && state.files.open.iter().flatten().any(|open| same(&open))
    })
}

/// What a search found.
#[derive(Debug)]
pub struct Outcome {
    /// How many different states there were.
    pub states: usize,
    /// How many steps the longest way had.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// The shortest way to a fault, if there is one.
    pub found: Option<(Fault, Vec<Action>)>,
    /// What was never seen, and ought to be in every world: a search that saw less proves nothing.
    pub missed: Vec<&'static str>,
}

/// Searches in breadth, until a fault is found or everything was seen.
#[must_use]
pub fn search(life: &Life) -> Outcome {
    let began = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let checker =
        life.clone().checker().threads(threads).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let found = checker.discovery(CONTRACT).map(|path| {
        let fault = path.last_state().fault.expect("a fault was found");
        (fault, path.into_actions())
    });
    let properties = life.properties();
    let seen =
        |property: &&Property<Life>| property.name == CONTRACT || checker.discovery(property.name).is_some();
    Outcome {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        took: began.elapsed(),
        found,
        missed: properties.iter().filter(|property| !seen(property)).map(|property| property.name).collect(),
    }
}
