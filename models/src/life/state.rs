//! A state of the model: the files, the processes with their places in the protocol, and what must not be.

use samemap_platform::internal::testing::Step;

use super::world::{
    ADVERSARY, Description, Entry, FLIGHT, Facts, Files, Holders, Lock, Mode, Name, Number, OBJECTS,
    PROCESSES, Part, Path, Temporary, User, mine, other,
};

/// What a process is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// Nothing: it may hold an object.
    Rest,
    /// It creates.
    Create,
    /// It creates, and looks at what has the name.
    Clear,
    /// It opens.
    Open,
    /// It lets go.
    Close,
    /// It sweeps one path.
    Sweep,
    /// It gives up what it has made.
    Discard,
    /// It sends what it holds.
    Send,
}

/// A process of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Process {
    /// Its user.
    pub user: User,
    /// What it is at.
    pub call: Call,
    /// The step of the call that is over.
    pub done: Option<Step>,
    /// The name that the call is about.
    pub name: Name,
    /// The path that a remover is at.
    pub path: Path,
    /// What it saw of the holders.
    pub seen: Holders,
    /// What it read in facts or trailer.
    pub read: Facts,
    /// The mode that it saw before it read.
    pub mode_seen: Option<Mode>,
    /// For the rules: the holder that it saw carries the object's life, and so its own lock does.
    pub saw_carrier: bool,
    /// For the rules: in this attempt there was a moment in which the object lived.
    pub saw_life: bool,
    /// For the rules: in this attempt there was a moment in which no such object lived.
    pub saw_none: bool,
}

impl Process {
    /// One that does nothing.
    #[must_use]
    pub fn resting(user: User) -> Process {
        Process {
            user,
            call: Call::Rest,
            done: None,
            name: Name::Used,
            path: Path::Named(Name::Used),
            seen: Holders::Nobody,
            read: Facts::Empty,
            mode_seen: None,
            saw_carrier: false,
            saw_life: false,
            saw_none: false,
        }
    }
}

/// A rule of docs/contract.md that was broken, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// C6: a process met what was not finished.
    HalfMade,
    /// C15: a holder's object lost its name, or two live under one.
    NameLost,
    /// C15: an opener was told that nothing is there, while something lived throughout.
    LifeDenied,
    /// C16: an opener got an object that was dead throughout, or a creator was told of it.
    DeadAnswered,
    /// C16: no process holds or is in the way, and a creator fails all the same.
    NameNotFree,
    /// C17: an orderly last close left something.
    LeftBehind,
    /// C17: a sweep left something.
    SweepLeft,
    /// C20: an opener believed what another user than the owner put there.
    Believed,
}

impl Fault {
    /// The rule's number in docs/contract.md.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Fault::HalfMade => "C6",
            Fault::NameLost | Fault::LifeDenied => "C15",
            Fault::DeadAnswered | Fault::NameNotFree => "C16",
            Fault::LeftBehind | Fault::SweepLeft => "C17",
            Fault::Believed => "C20",
        }
    }
}

/// A state of the model.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Objects, names and descriptions.
    pub files: Files,
    /// The processes of the library.
    pub processes: [Process; PROCESSES],
    /// How many more processes may be killed.
    pub kills: u8,
    /// How many more moves the adversary has.
    pub moves: u8,
    /// How many more calls may begin.
    pub calls: u8,
    /// What must not be.
    pub fault: Option<Fault>,
}

impl State {
    /// Remembers the first fault.
    pub fn fail(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// What the process holds or makes.
    #[must_use]
    pub fn mine(&self, process: usize) -> Option<Description> {
        self.files.open[mine(process)]
    }

    /// What the process looks at.
    #[must_use]
    pub fn other(&self, process: usize) -> Option<Description> {
        self.files.open[other(process)]
    }

    /// Whether a process holds an object.
    #[must_use]
    pub fn holds(&self, process: usize) -> bool {
        matches!(self.processes[process].call, Call::Rest | Call::Send) && self.mine(process).is_some()
    }

    /// Every process rests and holds nothing.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.processes.iter().all(|process| process.call == Call::Rest)
            && self.files.open.iter().flatten().all(|open| open.lock == Lock::No)
    }

    /// Notes for the rules what every caller can see in this moment.
    pub fn witness(&mut self) {
        let lives = [self.files.lives(Name::Used), self.files.lives(Name::Never)];
        for process in &mut self.processes {
            if matches!(process.call, Call::Clear | Call::Open) {
                process.saw_life |= lives[process.name as usize];
                process.saw_none |= !lives[process.name as usize];
            }
        }
    }

    /// The same state with the objects numbered in the order in which they are met, without the objects that no process
    /// can reach any more, and with processes of one user in order: what is alike is counted once.
    #[must_use]
    pub fn canonical(mut self) -> State {
        self.sort_processes();
        let mut numbers = Numbers { new: [None; OBJECTS], count: 0 };
        let old = self.files.objects;
        for entry in self.files.names.iter_mut().chain([&mut self.files.aside]).flatten() {
            entry.0 = numbers.of(entry.0);
        }
        for open in self.files.open.iter_mut().flatten() {
            open.object = numbers.of(open.object);
        }
        for (number, object) in old.iter().enumerate() {
            if object.is_some_and(|object| object.temporary != Temporary::No) {
                numbers.of(number as Number);
            }
        }
        self.renumber_paths(&numbers);
        self.files.objects = [None; OBJECTS];
        for (number, object) in old.into_iter().enumerate() {
            if let Some(new) = numbers.new[number] {
                self.files.objects[usize::from(new)] = object;
            }
        }
        self
    }

    fn renumber_paths(&mut self, numbers: &Numbers) {
        for process in &mut self.processes {
            let (Path::New(number) | Path::Gone(number)) = &mut process.path else { continue };
            match numbers.new[usize::from(*number)] {
                Some(new) => *number = new,
                // What it is about is gone; the number must not come to mean another.
                None => *number = OBJECTS as Number,
            }
        }
    }

    fn sort_processes(&mut self) {
        let key = |state: &State, at: usize| {
            let open = |slot: Option<Description>| slot.map(|open| Description { object: 0, ..open });
            let process = state.processes[at];
            let path = match process.path {
                Path::New(_) => Path::New(0),
                Path::Gone(_) => Path::Gone(0),
                named @ Path::Named(_) => named,
            };
            (process.user, Process { path, ..process }, open(state.mine(at)), open(state.other(at)))
        };
        for end in (1..PROCESSES).rev() {
            for at in 0..end {
                if key(self, at) > key(self, at + 1) {
                    self.processes.swap(at, at + 1);
                    self.files.open.swap(mine(at), mine(at + 1));
                    self.files.open.swap(other(at), other(at + 1));
                }
            }
        }
    }

    /// A kill drops descriptions, and nothing else.
    pub fn kill(&mut self, process: usize) {
        for slot in [mine(process), other(process)] {
            self.drop_excused(slot);
        }
        if let Path::New(number) | Path::Gone(number) = self.processes[process].path {
            if let Some(Some(object)) = self.files.objects.get_mut(usize::from(number)) {
                object.excused = true;
            }
        }
        self.processes[process] = Process::resting(self.processes[process].user);
    }

    /// A description goes that no orderly close of the owner ended.
    pub fn drop_excused(&mut self, slot: usize) {
        if let Some(open) = self.files.open[slot].take() {
            self.files.object_mut(open.object).excused = true;
        }
    }

    /// The adversary's description.
    #[must_use]
    pub fn adversarys(&self) -> Option<Description> {
        self.files.open[ADVERSARY]
    }

    /// The description in flight.
    #[must_use]
    pub fn flight(&self) -> Option<Description> {
        self.files.open[FLIGHT]
    }

    /// Whether an entry is an object of the owner's under a name of samemap's.
    #[must_use]
    pub fn is_owners(&self, entry: Entry) -> bool {
        self.files.object(entry.0).owner == User::Owner && entry.1 == Part::Whole
    }
}

struct Numbers {
    new: [Option<Number>; OBJECTS],
    count: Number,
}

impl Numbers {
    fn of(&mut self, old: Number) -> Number {
        let count = &mut self.count;
        *self.new[usize::from(old)].get_or_insert_with(|| {
            *count += 1;
            *count - 1
        })
    }
}
