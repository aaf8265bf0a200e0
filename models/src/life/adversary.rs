//! The adversary: a process of the other user that keeps no protocol, and whatever the kernel lets it do.

use super::protocol::Life;
use super::state::State;
use super::world::{
    ADVERSARY, Description, Entry, FLIGHT, Facts, Form, Lock, Mode, Name, Part, Temporary, User,
};

/// One move of the adversary, or one that its owner makes beside the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    /// Opens the facts (to read) or the data (to write) of the directory at a name.
    Open(Name, Part),
    /// Takes the handle that was sent.
    TakeHandle,
    /// Closes what it has open.
    Close,
    /// Takes or drops a lock.
    Lock(Lock),
    /// Writes a trailer that claims a name.
    Forge(Name),
    /// Links something into its own folder.
    LinkAside(Entry),
    /// Links something to a free name.
    LinkTo(Entry, Name),
    /// Moves its spare link to a free name.
    MoveAside(Name),
    /// Removes its spare link.
    DropAside,
    /// Makes a file of its own at a free name.
    Squat(Name),
    /// Removes that.
    Unsquat(Name),
    /// The owner takes the others' rights from the data by `chmod`.
    Narrow,
}

const NAMES: [Name; 2] = [Name::Used, Name::Never];

/// All moves that the kernel allows now.
pub(super) fn moves(life: &Life, state: &State) -> Vec<Move> {
    let mut moves = Vec::new();
    match state.adversarys() {
        None => openings(life, state, &mut moves),
        Some(open) => with_open(open, &mut moves),
    }
    links(life, state, &mut moves);
    if life.adversary.squats {
        moves.extend(NAMES.into_iter().filter_map(|name| squat(state, name)));
    }
    let wide = wide_at(state, Name::Used).filter(|number| !state.files.object(*number).narrowed);
    if life.adversary.writes && wide.is_some() {
        moves.push(Move::Narrow);
    }
    moves
}

fn links(life: &Life, state: &State, moves: &mut Vec<Move>) {
    let aside = state.files.aside;
    let free = NAMES.into_iter().filter(|name| is_free(state, *name));
    for entry in linkable(life, state) {
        if aside.is_none() {
            moves.push(Move::LinkAside(entry));
        }
        moves.extend(free.clone().map(|name| Move::LinkTo(entry, name)));
    }
    if aside.is_some() {
        moves.push(Move::DropAside);
        moves.extend(free.map(Move::MoveAside));
    }
}

fn squat(state: &State, name: Name) -> Option<Move> {
    match state.files.names[name as usize] {
        None => Some(Move::Squat(name)),
        Some((number, _)) if state.files.object(number).owner == User::Other => Some(Move::Unsquat(name)),
        Some(_) => None,
    }
}

fn is_free(state: &State, name: Name) -> bool {
    state.files.names[name as usize].is_none()
}

/// The directory at a name into which others may look.
fn wide_at(state: &State, name: Name) -> Option<u8> {
    let (number, part) = state.files.names[name as usize]?;
    let object = state.files.object(number);
    (part == Part::Whole && object.form == Form::Directory && object.mode == Mode::Wide).then_some(number)
}

fn openings(life: &Life, state: &State, moves: &mut Vec<Move>) {
    if state.flight().is_some() {
        moves.push(Move::TakeHandle);
    }
    let Some(number) = wide_at(state, Name::Used) else { return };
    let object = state.files.object(number);
    if object.has_facts && life.adversary.reads {
        moves.push(Move::Open(Name::Used, Part::Facts));
    }
    if object.has_data && !object.narrowed && life.adversary.writes {
        moves.push(Move::Open(Name::Used, Part::Data));
    }
}

fn with_open(open: Description, moves: &mut Vec<Move>) {
    moves.push(Move::Close);
    let locks: &[Lock] = if open.writable { &[Lock::Shared, Lock::Exclusive] } else { &[Lock::Shared] };
    match open.lock {
        Lock::No => moves.extend(locks.iter().map(|lock| Move::Lock(*lock))),
        _ => moves.push(Move::Lock(Lock::No)),
    }
    if open.writable {
        moves.extend(NAMES.map(Move::Forge));
    }
}

/// What it may link: everything that it sees where the system lets it, and otherwise what it may read and write by its
/// mode.
fn linkable(life: &Life, state: &State) -> Vec<Entry> {
    let files = &state.files;
    let mut entries = Vec::new();
    for name in NAMES {
        match (wide_at(state, name), files.names[name as usize]) {
            (Some(number), _) => {
                let object = files.object(number);
                entries.extend(object.has_facts.then_some((number, Part::Facts)));
                entries.extend(object.has_data.then_some((number, Part::Data)));
            }
            (None, Some(entry)) if !is_directory(state, entry) => entries.push(entry),
            _ => {}
        }
    }
    entries.extend(state.adversarys().map(|open| (open.object, open.part)));
    entries.extend(files.aside);
    entries.sort_unstable();
    entries.dedup();
    entries.retain(|entry| {
        let object = files.object(entry.0);
        let by_mode = entry.1 == Part::Data && !object.narrowed;
        object.owner == User::Owner
            && files.links(*entry) > 0
            && (life.adversary.links || life.adversary.writes && by_mode)
    });
    entries
}

fn is_directory(state: &State, entry: Entry) -> bool {
    entry.1 == Part::Whole && state.files.object(entry.0).form == Form::Directory
}

/// Makes a move; `false` where the kernel refuses it.
pub(super) fn make(state: &mut State, made: Move) -> bool {
    let files = &mut state.files;
    match made {
        Move::Open(name, part) => {
            let Some((number, _)) = files.names[name as usize] else { return false };
            files.opened(ADVERSARY, (number, part), part == Part::Data);
        }
        Move::TakeHandle => files.open[ADVERSARY] = files.open[FLIGHT].take(),
        Move::Close => state.drop_excused(ADVERSARY),
        Move::Lock(lock) => {
            if !files.lock(ADVERSARY, lock) {
                return false;
            }
            if let Some(open) = &mut files.open[ADVERSARY] {
                // C15: a user that is let in may keep an object alive.
                open.carries_life = lock == Lock::Shared;
                let number = open.object;
                files.object_mut(number).excused = true;
            }
        }
        Move::Forge(name) => {
            let Some(open) = files.open[ADVERSARY] else { return false };
            let object = files.object_mut(open.object);
            match open.part {
                Part::Data => object.forged = Some(name),
                _ => object.facts = Facts::Forged(name),
            }
        }
        Move::LinkAside(entry) => files.aside = Some(entry),
        Move::LinkTo(entry, name) => put(state, entry, name),
        Move::MoveAside(name) => {
            let Some(entry) = files.aside.take() else { return false };
            put(state, entry, name);
        }
        Move::DropAside => files.aside = None,
        Move::Squat(name) => {
            let number = files.make(User::Other, Form::OneFile, Temporary::No);
            files.object_mut(number).facts = Facts::Forged(name);
            files.names[name as usize] = Some((number, Part::Whole));
        }
        Move::Unsquat(name) => files.names[name as usize] = None,
        Move::Narrow => {
            let Some((number, _)) = files.names[Name::Used as usize] else { return false };
            files.object_mut(number).narrowed = true;
        }
    }
    true
}

fn put(state: &mut State, entry: Entry, name: Name) {
    state.files.names[name as usize] = Some(entry);
    // What it brought back is not what an orderly close left.
    state.files.object_mut(entry.0).excused = true;
}
