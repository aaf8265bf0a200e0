//! The protocol as a step machine: what a process does next, one system call at a time.

use samemap_platform::internal::testing::Step;

use super::state::{Call, Fault, Process, State};
use super::world::{
    Entry, FLIGHT, Facts, Form, Lock, Mode, Name, PROCESSES, Part, Path, Temporary, User, mine, other,
};

/// A way to break the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// An opener locks, and looks then whether another process holds.
    LockBeforeLook,
    /// A closer turns its own lock into the remover's, in place of letting go first.
    UpgradeBeforeRelease,
    /// A remover looks, and does not lock.
    UnlinkWithoutLock,
    /// A creator publishes first, and writes the facts then.
    FactsAfterName,
    /// An opener believes the trailer of a file that others may write to.
    TrustTheDatasTrailer,
    /// An opener tells by today's mode whether others may write to a file.
    FormByTodaysMode,
    /// A remover leaves the mark of death out.
    NoMarkOfDeath,
    /// A remover sets the mark of death only where it sees a spare link, or the mark of a handed object.
    MarkOnlyWhereLinksAreSeen,
    /// An opener looks at the mode before it locks, and not after.
    ModeBeforeLock,
    /// A remover unlinks the facts of a directory before its data.
    FactsUnlinkedFirst,
    /// A creator of a directory does not look whether a sweep took the facts that it holds.
    HoldUnchecked,
    /// A sweep that locked an unfinished object does not follow it to the name that it got meanwhile.
    SweepLosesTrack,
    /// An opener that is disappointed only unlocks, and does not look whether it was the last.
    DisappointedOpenerLeaves,
    /// A creator whose name is taken by a directory does not look whether the name still leads there.
    ObstacleUnchecked,
    /// What is sent of a directory is its facts, open for writing.
    FactsSentForWriting,
    /// Remains of a handed object are removed only where their trailer is in order.
    RemainsNeedATrailer,
    /// A process that takes a name from a dead file that another locks looks where it leads, and does not lock.
    NameTakenWithoutLock,
}

/// What an adversary may do, and how much of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Adversary {
    /// How many moves it has.
    pub moves: u8,
    /// It is let in to read: it opens the facts of a directory, and locks there.
    pub reads: bool,
    /// It is let in to write: it opens the data of a directory, writes a trailer there, and its owner takes that right
    /// away later.
    pub writes: bool,
    /// `fs.protected_hardlinks` is 0: it links whatever it sees. Otherwise only what it may read and write by its mode.
    pub links: bool,
    /// It makes files of its own under free names.
    pub squats: bool,
}

/// The world of one run of the checker.
#[derive(Clone, Debug)]
pub struct Life {
    /// The form in which objects are made.
    pub form: Form,
    /// One file: it is made with a temporary name, where the system makes none without.
    pub temporary_names: bool,
    /// The user of each process.
    pub users: [User; PROCESSES],
    /// How many processes may be killed.
    pub kills: u8,
    /// What the adversary may do.
    pub adversary: Adversary,
    /// How many calls may begin.
    pub calls: u8,
    /// Whether handles are sent.
    pub sends: bool,
    /// What is wrong with the protocol.
    pub flaw: Option<Flaw>,
}

impl Flaw {
    /// All of them, the larger ones first.
    pub const ALL: [Flaw; 17] = [
        Flaw::LockBeforeLook,
        Flaw::UpgradeBeforeRelease,
        Flaw::UnlinkWithoutLock,
        Flaw::FactsAfterName,
        Flaw::TrustTheDatasTrailer,
        Flaw::FormByTodaysMode,
        Flaw::NoMarkOfDeath,
        Flaw::MarkOnlyWhereLinksAreSeen,
        Flaw::ModeBeforeLock,
        Flaw::FactsUnlinkedFirst,
        Flaw::HoldUnchecked,
        Flaw::SweepLosesTrack,
        Flaw::DisappointedOpenerLeaves,
        Flaw::ObstacleUnchecked,
        Flaw::FactsSentForWriting,
        Flaw::RemainsNeedATrailer,
        Flaw::NameTakenWithoutLock,
    ];
}

impl Life {
    pub(super) fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    /// The name under which objects are made.
    pub(super) fn temporary(&self) -> Temporary {
        if self.form == Form::Directory || self.temporary_names { Temporary::New } else { Temporary::No }
    }
}

/// A process's turn.
pub(super) struct Turn<'a> {
    pub(super) life: &'a Life,
    pub(super) state: &'a mut State,
    pub(super) at: usize,
}

impl Turn<'_> {
    pub(super) fn me(&mut self) -> &mut Process {
        &mut self.state.processes[self.at]
    }

    /// The process as it is now.
    pub(super) fn now(&self) -> Process {
        self.state.processes[self.at]
    }

    pub(super) fn mine(&self) -> usize {
        mine(self.at)
    }

    pub(super) fn other(&self) -> usize {
        other(self.at)
    }

    pub(super) fn done(&mut self, step: Step) {
        self.me().done = Some(step);
    }

    /// A call begins.
    pub(super) fn begin(&mut self, call: Call, path: Path) {
        self.turn_to(call, path);
        if call == Call::Close {
            let held = self.state.files.open[mine(self.at)].take();
            self.state.files.open[other(self.at)] = held;
        }
    }

    /// A call begins, or goes on in another way, with nothing seen yet.
    pub(super) fn turn_to(&mut self, call: Call, path: Path) {
        let name = if let Path::Named(name) = path { name } else { Name::Used };
        *self.me() = Process { call, path, name, ..Process::resting(self.now().user) };
    }

    /// A call is over.
    pub(super) fn end(&mut self) {
        let slot = self.other();
        self.close(slot);
        self.turn_to(Call::Rest, Path::Named(Name::Used));
    }

    /// `close`, or an unlock, in order.
    pub(super) fn close(&mut self, slot: usize) {
        let user = self.now().user;
        let Some(open) = self.state.files.open[slot].take() else { return };
        let object = self.state.files.object_mut(open.object);
        // A process that may not remove it leaves it to its owner's next sweep.
        object.excused |= user != object.owner && open.lock != Lock::No;
    }

    /// The step that the process takes next; `None` where it rests.
    pub(super) fn next(&self) -> Option<Step> {
        let me = &self.state.processes[self.at];
        Some(match (me.call, me.done) {
            (Call::Rest, _) => return None,
            (_, Some(done)) if is_removal(done) => self.next_of_removal(done),
            (Call::Create, done) => self.next_of_creation(done),
            (Call::Clear, done) => self.next_of_clearing(done),
            (Call::Open, done) => self.next_of_opening(done),
            (Call::Close, None) if self.life.has(Flaw::UpgradeBeforeRelease) => Step::RemoveLocked,
            (Call::Close, None) => Step::CloseReleased,
            (Call::Close, Some(Step::CloseReleased)) => Step::CloseSawNobody,
            (Call::Close, _) => Step::RemoveLocked,
            (Call::Sweep, done) => self.next_of_sweep(done),
            (Call::Send, None) if self.life.form == Form::OneFile => Step::SendMarked,
            (Call::Send, None | Some(Step::SendMarked)) => Step::SendHeld,
            (Call::Send, _) => Step::SendSent,
            (Call::Discard, _) => unreachable!("begins amid a removal"),
        })
    }

    /// Takes the next step.
    pub(super) fn step(&mut self) {
        let Some(step) = self.next() else { return };
        match self.state.processes[self.at].call {
            _ if is_removal(step) => self.remove(step),
            Call::Create => self.create(step),
            Call::Clear => self.clear(step),
            Call::Open => self.open(step),
            Call::Close => self.let_go(step),
            Call::Sweep => self.sweep(step),
            Call::Send => self.send(step),
            Call::Rest | Call::Discard => unreachable!("has no step of its own"),
        }
    }

    // ---- handing over ---------------------------------------------------------------------------------

    fn send(&mut self, step: Step) {
        let Some(held) = self.state.mine(self.at) else { return self.end() };
        match step {
            Step::SendMarked => {
                let object = self.state.files.object_mut(held.object);
                if object.mode == Mode::Private {
                    object.mode = Mode::Handed;
                }
            }
            Step::SendHeld => {
                let slot = self.other();
                let writable = held.part == Part::Whole || self.life.has(Flaw::FactsSentForWriting);
                self.state.files.opened(slot, (held.object, held.part), writable);
                // Never refused: its sender holds.
                self.state.files.lock(slot, Lock::Shared);
                self.carry_life(slot);
            }
            _ => {
                let slot = self.other();
                if self.state.flight().is_none() {
                    self.state.files.open[FLIGHT] = self.state.files.open[slot].take();
                }
                return self.end();
            }
        }
        self.done(step);
    }

    pub(super) fn carry_life(&mut self, slot: usize) {
        if let Some(open) = &mut self.state.files.open[slot] {
            open.carries_life = true;
        }
    }

    // ---- what is believed -----------------------------------------------------------------------------

    /// Whether a regular file is the living or dead object of a name: by what its owner alone can set.
    pub(super) fn believes(&self, entry: Entry, name: Name, read: Facts, mode: Mode) -> bool {
        let (number, part) = entry;
        let object = self.state.files.object(number);
        let marked = part == Part::Whole && object.form == Form::OneFile;
        let proved = match mode {
            _ if self.life.has(Flaw::TrustTheDatasTrailer) => mode != Mode::Dead,
            _ if self.life.has(Flaw::FormByTodaysMode) && part == Part::Data => object.narrowed,
            Mode::Private => marked,
            Mode::Handed => marked && self.state.files.links(entry) == 1,
            Mode::Dead | Mode::Wide => false,
        };
        proved && object.owner == User::Owner && read.name() == Some(name)
    }

    /// What `pread` finds where facts or a trailer would be.
    pub(super) fn facts_at(&self, entry: Entry) -> Facts {
        let object = self.state.files.object(entry.0);
        match entry.1 {
            Part::Data => object.forged.map_or(Facts::Empty, Facts::Forged),
            Part::Whole | Part::Facts => object.facts,
        }
    }

    /// Whether remains at a name are this user's to remove.
    pub(super) fn may_remove(&mut self, entry: Entry, name: Name) -> bool {
        let user = self.now().user;
        let object = self.state.files.object(entry.0);
        if object.owner != user || entry.1 == Part::Data {
            return false;
        }
        let marked = matches!(object.mode, Mode::Handed | Mode::Dead) && entry.1 == Part::Whole;
        (marked && !self.life.has(Flaw::RemainsNeedATrailer)) || object.facts.name() == Some(name)
    }

    /// Remembers what an obstacle or a swept file is, as its mode and its facts say.
    pub(super) fn see_what_it_is(&mut self, entry: Entry) {
        let (facts, mode) = (self.facts_at(entry), self.state.files.object(entry.0).mode);
        (self.me().read, self.me().mode_seen) = (facts, Some(mode));
    }

    /// Whether a file that was seen goes from its name whatever locks it: it is dead, or an object of another name.
    pub(super) fn takes_the_name(&self, entry: Entry) -> bool {
        let own = self.state.files.object(entry.0).owner == self.now().user;
        own && entry.1 == Part::Whole && (self.saw_death() || self.saw_a_spare_link())
    }

    /// What was seen is a link to an object of another name.
    pub(super) fn saw_a_spare_link(&self) -> bool {
        let me = &self.state.processes[self.at];
        me.mode_seen == Some(Mode::Private) && me.read.name().is_some_and(|name| name != me.name)
    }

    /// What a creator or a sweep saw bears the mark of death.
    pub(super) fn saw_death(&self) -> bool {
        let me = &self.state.processes[self.at];
        matches!(me.call, Call::Clear | Call::Sweep) && me.mode_seen == Some(Mode::Dead)
    }

    /// Opens what lies at a path, if this user may; `None` where nothing is there.
    pub(super) fn open_at(&mut self, path: Path) -> Option<Entry> {
        let entry = self.state.files.at(path)?;
        let writable = self.now().user == self.state.files.object(entry.0).owner;
        let slot = self.other();
        self.state.files.opened(slot, entry, writable);
        Some(entry)
    }

    /// Whether an entry is a directory.
    pub(super) fn is_directory(&self, entry: Entry) -> bool {
        entry.1 == Part::Whole && self.state.files.object(entry.0).form == Form::Directory
    }

    /// Opens `facts` in the directory that is open; `false` where it is not there.
    pub(super) fn open_facts(&mut self) -> bool {
        let slot = self.other();
        let Some(open) = self.state.files.open[slot] else { return false };
        if !self.state.files.object(open.object).has_facts {
            return false;
        }
        self.state.files.opened(slot, (open.object, Part::Facts), open.writable);
        true
    }

    /// A process met what is no object: half made, unless an adversary is about.
    pub(super) fn met_a_foreigner(&mut self) {
        if self.life.adversary.moves == 0 {
            self.state.fail(Fault::HalfMade);
        }
    }
}

/// Whether a step is one of a removal.
pub(super) fn is_removal(step: Step) -> bool {
    use Step::{
        RemoveContended, RemoveDataUnlinked, RemoveDirGone, RemoveEmptied, RemoveLocked, RemoveMarkedDead,
        RemoveNameChecked, RemoveReleased, RemoveRenamed, RemoveUnlinked, TakeLocked, TakeNameChecked,
        TakeUnlinked,
    };
    matches!(
        step,
        RemoveLocked
            | RemoveNameChecked
            | RemoveMarkedDead
            | RemoveUnlinked
            | RemoveRenamed
            | RemoveContended
            | TakeLocked
            | TakeNameChecked
            | TakeUnlinked
            | RemoveDataUnlinked
            | RemoveEmptied
            | RemoveDirGone
            | RemoveReleased
    )
}
