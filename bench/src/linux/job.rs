//! What is measured between two ends, and what a system is to samemap.

use std::process::Command;
use std::time::Duration;

use super::link::Work;
use super::place::Placement;

/// What two ends may be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Carry messages.
    Carry(Work),
    /// Lock and unlock, both at once.
    Contend,
    /// Share the newest value.
    Newest(Turn),
}

impl Act {
    /// As it stands on a command line.
    pub fn word(self) -> &'static str {
        match self {
            Act::Carry(work) => work.word(),
            Act::Contend => "contend",
            Act::Newest(turn) => turn.word(),
        }
    }

    /// The act of that word.
    pub fn of(word: &str) -> Act {
        let all = [
            Act::Carry(Work::PingPong),
            Act::Carry(Work::Stream),
            Act::Contend,
            Act::Newest(Turn::Read(Pace::FlatOut)),
            Act::Newest(Turn::Read(Pace::Quick)),
            Act::Newest(Turn::Read(Pace::Slow)),
            Act::Newest(Turn::Write),
            Act::Newest(Turn::WriteRead),
        ];
        *all.iter().find(|act| act.word() == word).expect("an act")
    }
}

/// What a row's system is to samemap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The simplest that can do the work, without checks or promises.
    Floor,
    /// samemap.
    Ours,
    /// What else a user could take.
    Peer,
}

/// What the ends do with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The first end reads, the second one writes.
    Read(Pace),
    /// The first end writes, nobody reads.
    Write,
    /// The first end writes, the second one reads without a pause.
    WriteRead,
}

impl Turn {
    /// As it stands on a command line.
    pub fn word(self) -> &'static str {
        match self {
            Turn::Read(Pace::FlatOut) => "read",
            Turn::Read(Pace::Quick) => "read-quick",
            Turn::Read(Pace::Slow) => "read-slow",
            Turn::Write => "write",
            Turn::WriteRead => "write-read",
        }
    }
}

/// How often a writer writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Without a pause.
    FlatOut,
    /// 100,000 times a second.
    Quick,
    /// 1000 times a second.
    Slow,
}

impl Pace {
    /// From one write to the next.
    pub fn period(self) -> Duration {
        match self {
            Pace::FlatOut => Duration::ZERO,
            Pace::Quick => Duration::from_micros(10),
            Pace::Slow => Duration::from_millis(1),
        }
    }
}

/// What is measured, once.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// What the ends do.
    pub act: Act,
    /// Bytes of a message; zero for none.
    pub size: usize,
    /// How long it should take.
    pub slice: Duration,
    /// Where the ends run.
    pub placement: Placement,
}

/// What an end says of itself on a line of its standard error, where that must stand in the report, begins with this.
pub const REMARK: &str = "remark: ";

/// This program again, as what its first argument says.
pub fn this_program(word: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.arg(word);
    command
}

/// What an object of this process is called.
pub fn unique(what: &str) -> String {
    format!("bench-{what}-{}", std::process::id())
}
