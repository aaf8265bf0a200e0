//! The world: files, directories, names, open descriptions and their locks, as the kernel treats them.
//!
//! Every function here is one system call or a part of one.

/// An object's number: index into [`Files::objects`]. It means nothing by itself; see
/// [`State::canonical`](super::State::canonical).
pub type Number = u8;

/// How many objects there can be at once: with a name, or open in a process.
pub const OBJECTS: usize = 8;

/// How many honest processes there are.
pub const PROCESSES: usize = 3;

/// The user of a process, or the owner of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum User {
    /// The user whose objects these are.
    Owner,
    /// Another ordinary user: a peer, and the adversary's user.
    Other,
}

/// A name in the folder for shared memory, which is sticky.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// Every process creates and opens it.
    Used,
    /// Every process opens it, only the adversary creates it.
    Never,
}

/// Where an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Path {
    /// A name.
    Named(Name),
    /// The temporary name of an object that is being made.
    New(Number),
    /// The temporary name of a directory that is being removed.
    Gone(Number),
}

/// Which file of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The one file, or the directory.
    Whole,
    /// The file `facts` in the directory.
    Facts,
    /// The file `data` in the directory.
    Data,
}

/// The two forms of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// One file, its facts in a trailer.
    OneFile,
    /// A directory of `facts` and `data`.
    Directory,
}

/// Mode and marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// One file: 01600. Directory: 0700.
    Private,
    /// One file: 01700, others have it open for writing.
    Handed,
    /// One file: 01710, the mark of death.
    Dead,
    /// Directory: others may look in.
    Wide,
}

/// What the facts say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facts {
    /// Nothing yet.
    Empty,
    /// What the creator wrote: complete, and of this name.
    Written(Name),
    /// What a peer wrote over it.
    Forged(Name),
}

impl Facts {
    /// The name that they claim.
    #[must_use]
    pub fn name(self) -> Option<Name> {
        match self {
            Facts::Empty => None,
            Facts::Written(name) | Facts::Forged(name) => Some(name),
        }
    }
}

/// Whether an object has a temporary name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Temporary {
    /// It has none.
    No,
    /// Its creator's.
    New,
    /// Its remover's.
    Gone,
}

/// An object with all of its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Object {
    /// Its owner.
    pub owner: User,
    /// What it is made of.
    pub form: Form,
    /// Mode and marks.
    pub mode: Mode,
    /// The trailer, or the contents of the file `facts`.
    pub facts: Facts,
    /// Its temporary name.
    pub temporary: Temporary,
    /// Directory: `facts` is in it.
    pub has_facts: bool,
    /// Directory: `data` is in it.
    pub has_data: bool,
    /// Directory: the owner took the others' rights from `data`, whose old descriptors still write.
    pub narrowed: bool,
    /// Directory: what a peer wrote where a trailer would be in `data`.
    pub forged: Option<Name>,
    /// For the rules: the name under which its owner published it.
    pub published: Option<Name>,
    /// For C17: a kill, or a user that may not remove it, had to do with it.
    pub excused: bool,
}

/// A lock of a description on the life byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lock {
    /// None.
    No,
    /// A holder's.
    Shared,
    /// A remover's.
    Exclusive,
}

/// What `F_OFD_GETLK` says of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holders {
    /// No lock.
    Nobody,
    /// A shared one.
    Some,
    /// An exclusive one.
    Remover,
}

/// An open file description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Description {
    /// The object.
    pub object: Number,
    /// Which of its files.
    pub part: Part,
    /// Its lock.
    pub lock: Lock,
    /// Whether it has the name byte: it alone takes names from the file.
    pub takes_names: bool,
    /// Open for writing.
    pub writable: bool,
    /// For the rules: its lock was taken while the object lived, and so carries the life on.
    pub carries_life: bool,
}

/// What a name leads to.
pub type Entry = (Number, Part);

/// All objects, names and descriptions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Files {
    /// The objects.
    pub objects: [Option<Object>; OBJECTS],
    /// What the names lead to.
    pub names: [Option<Entry>; 2],
    /// The adversary's own folder, with one entry: a spare link.
    pub aside: Option<Entry>,
    /// The open descriptions: each process's two, the one in flight, the adversary's.
    pub open: [Option<Description>; SLOTS],
}

/// Where a description is.
pub type Slot = usize;

const SLOTS: usize = 2 * PROCESSES + 2;

/// The description in flight.
pub const FLIGHT: Slot = 2 * PROCESSES;

/// The adversary's description.
pub const ADVERSARY: Slot = 2 * PROCESSES + 1;

/// What the process holds, or is making.
#[must_use]
pub const fn mine(process: usize) -> Slot {
    2 * process
}

/// What the process looks at.
#[must_use]
pub const fn other(process: usize) -> Slot {
    2 * process + 1
}

impl Files {
    /// Nothing.
    #[must_use]
    pub fn new() -> Files {
        Files { objects: [None; OBJECTS], names: [None; 2], aside: None, open: [None; SLOTS] }
    }

    /// The object of this number.
    #[must_use]
    pub fn object(&self, number: Number) -> &Object {
        self.objects[usize::from(number)].as_ref().expect("whatever is referred to is there")
    }

    /// The same, to be changed.
    pub fn object_mut(&mut self, number: Number) -> &mut Object {
        self.objects[usize::from(number)].as_mut().expect("whatever is referred to is there")
    }

    /// `open(O_CREAT | O_EXCL)`, `open(O_TMPFILE)` or `mkdir`.
    pub fn make(&mut self, owner: User, form: Form, temporary: Temporary) -> Number {
        let free = self.objects.iter().position(Option::is_none).expect("room for one more object");
        self.objects[free] = Some(Object {
            owner,
            form,
            mode: Mode::Private,
            facts: Facts::Empty,
            temporary,
            has_facts: false,
            has_data: false,
            narrowed: false,
            forged: None,
            published: None,
            excused: false,
        });
        free as Number
    }

    /// What lies at a path.
    #[must_use]
    pub fn at(&self, path: Path) -> Option<Entry> {
        match path {
            Path::Named(name) => self.names[name as usize],
            Path::New(number) => self.temporary(number, Temporary::New),
            Path::Gone(number) => self.temporary(number, Temporary::Gone),
        }
    }

    fn temporary(&self, number: Number, wanted: Temporary) -> Option<Entry> {
        let object = self.objects.get(usize::from(number)).copied().flatten()?;
        (object.temporary == wanted).then_some((number, Part::Whole))
    }

    /// Takes away what lies at a path, whatever it is.
    pub fn take(&mut self, path: Path) -> Option<Entry> {
        let entry = self.at(path);
        match path {
            Path::Named(name) => self.names[name as usize] = None,
            Path::New(number) | Path::Gone(number) => {
                if entry.is_some() {
                    self.object_mut(number).temporary = Temporary::No;
                }
            }
        }
        entry
    }

    /// `linkat` or `renameat2(RENAME_NOREPLACE)` to a name; `false` is EEXIST.
    pub fn name(&mut self, entry: Entry, name: Name) -> bool {
        let free = self.names[name as usize].is_none();
        if free {
            self.names[name as usize] = Some(entry);
        }
        free
    }

    /// Whether a directory still has any name.
    #[must_use]
    pub fn is_somewhere(&self, number: Number) -> bool {
        self.links((number, Part::Whole)) > 0
    }

    /// `st_nlink` of a file, and 0 or 1 for a directory.
    #[must_use]
    pub fn links(&self, entry: Entry) -> usize {
        let object = self.object(entry.0);
        let home = match entry.1 {
            Part::Whole => object.temporary != Temporary::No,
            Part::Facts => object.has_facts,
            Part::Data => object.has_data,
        };
        let named = self.names.iter().chain([&self.aside]).filter(|at| **at == Some(entry)).count();
        named + usize::from(home)
    }

    /// `F_OFD_GETLK` by the description in a slot.
    #[must_use]
    pub fn holders(&self, slot: Slot) -> Holders {
        let Some(asking) = self.open[slot] else { return Holders::Nobody };
        let mut found = Holders::Nobody;
        for (other, description) in self.open.iter().enumerate() {
            let Some(description) = description else { continue };
            if other == slot || (description.object, description.part) != (asking.object, asking.part) {
                continue;
            }
            match description.lock {
                Lock::No => {}
                Lock::Shared => found = Holders::Some,
                Lock::Exclusive => return Holders::Remover,
            }
        }
        found
    }

    /// `F_OFD_SETLK` by the description in a slot; `false` is EAGAIN. A remover of one file locks the name byte, too.
    pub fn lock(&mut self, slot: Slot, lock: Lock) -> bool {
        let free = match (lock, self.holders(slot)) {
            (Lock::No, _) | (Lock::Shared, Holders::Nobody | Holders::Some) => true,
            (Lock::Exclusive, Holders::Nobody) => !self.others_take_names(slot),
            (Lock::Shared, Holders::Remover) | (Lock::Exclusive, _) => false,
        };
        if let Some(description) = self.open[slot].as_mut().filter(|_| free) {
            description.lock = lock;
            description.takes_names &= lock != Lock::No;
        }
        free
    }

    /// The same for the name byte alone.
    pub fn take_names(&mut self, slot: Slot) -> bool {
        let free = self.holders(slot) != Holders::Remover && !self.others_take_names(slot);
        if let Some(description) = self.open[slot].as_mut().filter(|_| free) {
            description.takes_names = true;
        }
        free
    }

    fn others_take_names(&self, slot: Slot) -> bool {
        let Some(asking) = self.open[slot] else { return false };
        let others = self.open.iter().enumerate().filter(|(other, _)| *other != slot);
        let mut others = others.filter_map(|(_, open)| *open);
        others.any(|open| open.takes_names && (open.object, open.part) == (asking.object, asking.part))
    }

    /// `open`: a description without a lock.
    pub fn opened(&mut self, slot: Slot, entry: Entry, writable: bool) {
        let (object, part) = entry;
        self.open[slot] = Some(Description {
            object,
            part,
            lock: Lock::No,
            takes_names: false,
            writable,
            carries_life: false,
        });
    }

    /// The file of an object on which its life byte is.
    #[must_use]
    pub fn life_of(&self, number: Number) -> Part {
        match self.object(number).form {
            Form::OneFile => Part::Whole,
            Form::Directory => Part::Facts,
        }
    }

    /// Whether another description than the one in a slot carries the life of its file.
    #[must_use]
    pub fn is_carried(&self, slot: Slot) -> bool {
        let others = self.open.iter().enumerate().filter(|(other, _)| *other != slot);
        let mut others = others.filter_map(|(_, open)| *open);
        self.open[slot].is_some_and(|asking| others.any(|open| open.carries((asking.object, asking.part))))
    }

    /// Whether a living object of this name is there: published by its owner, and held.
    #[must_use]
    pub fn lives(&self, name: Name) -> bool {
        let Some((number, Part::Whole)) = self.names[name as usize] else { return false };
        let object = self.object(number);
        let life = (number, self.life_of(number));
        let held = self.open.iter().flatten().any(|open| open.carries(life));
        object.published == Some(name) && object.mode != Mode::Dead && held
    }
}

impl Description {
    fn carries(&self, entry: Entry) -> bool {
        (self.object, self.part) == entry && self.lock == Lock::Shared && self.carries_life
    }
}

impl Default for Files {
    fn default() -> Self {
        Files::new()
    }
}
