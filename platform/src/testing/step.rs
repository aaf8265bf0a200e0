//! The steps of an object's life on Linux, named once for the model in `models/`, the stop points between the system
//! calls, and the tests that kill there.

/// Each step with its meaning and the name of its stop point.
macro_rules! steps {
    ($(#[$meaning:meta] $step:ident: $name:literal,)*) => {
        /// One step of a process that creates, opens, closes, removes, sweeps or hands over: it ends when the system call in
        /// its name has returned.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Step {
            $(#[$meaning] $step,)*
        }

        impl Step {
            /// Every step.
            pub const ALL: &'static [Step] = &[$(Step::$step),*];

            /// The name of its stop point.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Step::$step => $name,)*
                }
            }
        }
    };
}

steps! {
    /// One file: it exists, nameless or with a temporary name.
    CreateFileMade: "create: file made",
    /// Directory: it exists, empty, with a temporary name.
    CreateDirMade: "create: directory made",
    /// Directory: its file of facts exists, empty.
    CreateFactsMade: "create: facts made",
    /// The creator is its first holder.
    CreateHeld: "create: held",
    /// No sweep removed it: its temporary name still leads to it.
    CreateHoldChecked: "create: hold checked",
    /// The mode bits that the umask removed are set.
    CreateModeSet: "create: mode set",
    /// Directory: its file of data exists.
    CreateDataMade: "create: data made",
    /// Directory: its file of locks exists.
    CreateLocksMade: "create: locks made",
    /// The memory is committed.
    CreateCommitted: "create: committed",
    /// One file: its trailer is written.
    CreateTrailerWritten: "create: trailer written",
    /// Directory: its facts are written.
    CreateFactsWritten: "create: facts written",
    /// Directory: its files and then the directory have their final modes.
    CreateWidened: "create: widened",
    /// It has its name.
    CreatePublished: "create: published",
    /// A creator opened the candidate at its name.
    ClearOpened: "clear: opened",
    /// It knows the candidate's holders.
    ClearSawHolders: "clear: saw its holders",
    /// It knows the candidate's facts.
    ClearFactsRead: "clear: facts read",
    /// The file or the directory with the name is open.
    OpenOpened: "open: opened",
    /// Directory: its facts are open.
    OpenFactsOpened: "open: facts opened",
    /// The opener knows its holders.
    OpenSawHolders: "open: saw its holders",
    /// Facts or trailer are read.
    OpenFactsRead: "open: facts read",
    /// The opener has its lock.
    OpenHeld: "open: held",
    /// The name still leads to the opened object.
    OpenNameChecked: "open: name checked",
    /// A holder let go of its lock.
    CloseReleased: "close: released",
    /// It was the last holder.
    CloseSawNobody: "close: saw nobody",
    /// A remover has the exclusive lock.
    RemoveLocked: "remove: locked",
    /// The name leads to the locked object.
    RemoveNameChecked: "remove: name checked",
    /// One file: it is marked as dead.
    RemoveMarkedDead: "remove: marked dead",
    /// One file: the name is gone.
    RemoveUnlinked: "remove: unlinked",
    /// Directory: the name is gone, the directory has a temporary one.
    RemoveRenamed: "remove: renamed",
    /// One file: another process has a lock on the file that is marked as dead.
    RemoveContended: "remove: contended",
    /// One file: only this process takes names from it, whatever locks others have.
    TakeLocked: "take: locked",
    /// The name still leads to it.
    TakeNameChecked: "take: name checked",
    /// The name is gone.
    TakeUnlinked: "take: unlinked",
    /// Directory: its data are gone.
    RemoveDataUnlinked: "remove: data unlinked",
    /// Directory: its file of locks is gone.
    RemoveLocksUnlinked: "remove: locks unlinked",
    /// Directory: its facts are gone, the last file in it.
    RemoveEmptied: "remove: emptied",
    /// Directory: it is gone.
    RemoveDirGone: "remove: directory gone",
    /// The remover let go of its lock.
    RemoveReleased: "remove: released",
    /// A sweep opened a candidate.
    SweepOpened: "sweep: opened",
    /// Directory: the sweep opened its facts.
    SweepFactsOpened: "sweep: facts opened",
    /// It has no holder.
    SweepSawNobody: "sweep: saw nobody",
    /// One file: it is marked as writable by another process.
    SendMarked: "send: marked",
    /// The description to send is open, without a lock.
    SendOpened: "send: opened",
    /// The description to send holds the object.
    SendHeld: "send: held",
    /// The description is sent.
    SendSent: "send: sent",
    /// The receiver has the description.
    ReceiveTaken: "receive: taken",
    /// The receiver opened a description of its own.
    ReceiveOpened: "receive: opened",
    /// The receiver holds the object with its own description.
    ReceiveHeld: "receive: held",
}

impl From<Step> for &'static str {
    fn from(step: Step) -> &'static str {
        step.name()
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_steps_have_one_name() {
        let names: std::collections::BTreeSet<_> = Step::ALL.iter().map(|step| step.name()).collect();
        assert_eq!(names.len(), Step::ALL.len());
    }
}
