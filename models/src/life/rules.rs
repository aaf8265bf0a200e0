//! The contract's rules that a state keeps or breaks.

use super::protocol::{Life, Turn};
use super::state::{Call, Fault, State};
use super::world::{FLIGHT, Mode, Name, Number, OBJECTS, Object, PROCESSES, Part, Path, Temporary, User};

/// No honest process takes so many steps when it is alone.
const ALONE: usize = 60;

/// Looks at a state by every rule.
pub(super) fn check(life: &Life, state: &mut State) {
    if !holders_keep_their_names(state) {
        state.fail(Fault::NameLost);
    }
    if state.is_quiet() {
        check_quiet(life, state);
    }
}

/// C15: whatever an honest process holds, or has sent, is what its name leads to.
fn holders_keep_their_names(state: &State) -> bool {
    let held =
        (0..PROCESSES).filter(|process| state.holds(*process)).filter_map(|process| state.mine(process));
    held.chain(state.files.open[FLIGHT]).all(|open| {
        let object = state.files.object(open.object);
        let named = object
            .published
            .is_some_and(|name| state.files.at(Path::Named(name)) == Some((open.object, Part::Whole)));
        named && object.mode != Mode::Dead
    })
}

/// C16 and C17, when every process rests and holds nothing.
fn check_quiet(life: &Life, state: &mut State) {
    if remains(state, |object| !object.excused) {
        state.fail(Fault::LeftBehind);
    }
    let Some(owner) = state.processes.iter().position(|process| process.user == User::Owner) else { return };
    let mut swept = state.clone();
    let temporary = (0..OBJECTS as Number).flat_map(|number| [Path::New(number), Path::Gone(number)]);
    for path in temporary.chain([Path::Named(Name::Used)]) {
        run(life, &mut swept, owner, Call::Sweep, path);
    }
    if remains(&swept, |_| true) {
        state.fail(Fault::SweepLeft);
    }
    let in_the_way = state.files.names[Name::Used as usize].is_some_and(|entry| !state.is_owners(entry));
    let mut created = state.clone();
    run(life, &mut created, owner, Call::Create, Path::Named(Name::Used));
    if !in_the_way && created.mine(owner).is_none() {
        state.fail(Fault::NameNotFree);
    }
}

/// Whether an object of the owner's lies about.
fn remains(state: &State, counts: impl Fn(&Object) -> bool) -> bool {
    let named =
        state.files.names[Name::Used as usize].filter(|entry| state.is_owners(*entry)).map(|entry| entry.0);
    state.files.objects.iter().enumerate().any(|(number, object)| {
        object.as_ref().is_some_and(|object| {
            let there = named == Some(number as Number) || object.temporary != Temporary::No;
            there && counts(object)
        })
    })
}

/// One call of one process, while the others rest.
fn run(life: &Life, state: &mut State, at: usize, call: Call, path: Path) {
    let mut turn = Turn { life, state, at };
    turn.begin(call, path);
    for _ in 0..ALONE {
        turn.step();
        if turn.next().is_none() {
            return;
        }
    }
}
