//! The steps of an object's life on Linux, named once for the model in `models/`, the stop points between the system
//! calls, and the tests that kill there.

/// One step of a process that creates, opens, closes, removes, sweeps or hands over: it ends when the system call in
/// its name has returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// One file: it exists, nameless or with a temporary name.
    CreateFileMade,
    /// Directory: it exists, empty, with a temporary name.
    CreateDirMade,
    /// Directory: its file of facts exists, empty.
    CreateFactsMade,
    /// The creator is its first holder.
    CreateHeld,
    /// No sweep removed it: its temporary name still leads to it.
    CreateHoldChecked,
    /// The mode bits that the umask removed are set.
    CreateModeSet,
    /// Directory: its file of data exists.
    CreateDataMade,
    /// Directory: its file of locks exists.
    CreateLocksMade,
    /// The memory is committed.
    CreateCommitted,
    /// One file: its trailer is written.
    CreateTrailerWritten,
    /// Directory: its facts are written.
    CreateFactsWritten,
    /// Directory: its files and then the directory have their final modes.
    CreateWidened,
    /// It has its name.
    CreatePublished,
    /// A creator opened the candidate at its name.
    ClearOpened,
    /// It knows the candidate's holders.
    ClearSawHolders,
    /// It knows the candidate's facts.
    ClearFactsRead,
    /// The file or the directory with the name is open.
    OpenOpened,
    /// Directory: its facts are open.
    OpenFactsOpened,
    /// The opener knows its holders.
    OpenSawHolders,
    /// Facts or trailer are read.
    OpenFactsRead,
    /// The opener has its lock.
    OpenHeld,
    /// The name still leads to the opened object.
    OpenNameChecked,
    /// A holder let go of its lock.
    CloseReleased,
    /// It was the last holder.
    CloseSawNobody,
    /// A remover has the exclusive lock.
    RemoveLocked,
    /// The name leads to the locked object.
    RemoveNameChecked,
    /// One file: it is marked as dead.
    RemoveMarkedDead,
    /// One file: the name is gone.
    RemoveUnlinked,
    /// Directory: the name is gone, the directory has a temporary one.
    RemoveRenamed,
    /// One file: another process has a lock on the file that is marked as dead.
    RemoveContended,
    /// One file: only this process takes names from it, whatever locks others have.
    TakeLocked,
    /// The name still leads to it.
    TakeNameChecked,
    /// The name is gone.
    TakeUnlinked,
    /// Directory: its data are gone.
    RemoveDataUnlinked,
    /// Directory: its file of locks is gone.
    RemoveLocksUnlinked,
    /// Directory: its facts are gone, the last file in it.
    RemoveEmptied,
    /// Directory: it is gone.
    RemoveDirGone,
    /// The remover let go of its lock.
    RemoveReleased,
    /// A sweep opened a candidate.
    SweepOpened,
    /// Directory: the sweep opened its facts.
    SweepFactsOpened,
    /// It has no holder.
    SweepSawNobody,
    /// One file: it is marked as writable by another process.
    SendMarked,
    /// The description to send is open, without a lock.
    SendOpened,
    /// The description to send holds the object.
    SendHeld,
    /// The description is sent.
    SendSent,
    /// The receiver has the description.
    ReceiveTaken,
    /// The receiver opened a description of its own.
    ReceiveOpened,
    /// The receiver holds the object with its own description.
    ReceiveHeld,
}

impl Step {
    /// Every step.
    pub const ALL: [Step; 48] = [
        Step::CreateFileMade,
        Step::CreateDirMade,
        Step::CreateFactsMade,
        Step::CreateHeld,
        Step::CreateHoldChecked,
        Step::CreateModeSet,
        Step::CreateDataMade,
        Step::CreateLocksMade,
        Step::CreateCommitted,
        Step::CreateTrailerWritten,
        Step::CreateFactsWritten,
        Step::CreateWidened,
        Step::CreatePublished,
        Step::ClearOpened,
        Step::ClearSawHolders,
        Step::ClearFactsRead,
        Step::OpenOpened,
        Step::OpenFactsOpened,
        Step::OpenSawHolders,
        Step::OpenFactsRead,
        Step::OpenHeld,
        Step::OpenNameChecked,
        Step::CloseReleased,
        Step::CloseSawNobody,
        Step::RemoveLocked,
        Step::RemoveNameChecked,
        Step::RemoveMarkedDead,
        Step::RemoveUnlinked,
        Step::RemoveRenamed,
        Step::RemoveContended,
        Step::TakeLocked,
        Step::TakeNameChecked,
        Step::TakeUnlinked,
        Step::RemoveDataUnlinked,
        Step::RemoveLocksUnlinked,
        Step::RemoveEmptied,
        Step::RemoveDirGone,
        Step::RemoveReleased,
        Step::SweepOpened,
        Step::SweepFactsOpened,
        Step::SweepSawNobody,
        Step::SendMarked,
        Step::SendOpened,
        Step::SendHeld,
        Step::SendSent,
        Step::ReceiveTaken,
        Step::ReceiveOpened,
        Step::ReceiveHeld,
    ];

    /// The name of its stop point.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Step::CreateFileMade => "create: file made",
            Step::CreateDirMade => "create: directory made",
            Step::CreateFactsMade => "create: facts made",
            Step::CreateHeld => "create: held",
            Step::CreateHoldChecked => "create: hold checked",
            Step::CreateModeSet => "create: mode set",
            Step::CreateDataMade => "create: data made",
            Step::CreateLocksMade => "create: locks made",
            Step::CreateCommitted => "create: committed",
            Step::CreateTrailerWritten => "create: trailer written",
            Step::CreateFactsWritten => "create: facts written",
            Step::CreateWidened => "create: widened",
            Step::CreatePublished => "create: published",
            Step::ClearOpened => "clear: opened",
            Step::ClearSawHolders => "clear: saw its holders",
            Step::ClearFactsRead => "clear: facts read",
            Step::OpenOpened => "open: opened",
            Step::OpenFactsOpened => "open: facts opened",
            Step::OpenSawHolders => "open: saw its holders",
            Step::OpenFactsRead => "open: facts read",
            Step::OpenHeld => "open: held",
            Step::OpenNameChecked => "open: name checked",
            Step::CloseReleased => "close: released",
            Step::CloseSawNobody => "close: saw nobody",
            Step::RemoveLocked => "remove: locked",
            Step::RemoveNameChecked => "remove: name checked",
            Step::RemoveMarkedDead => "remove: marked dead",
            Step::RemoveUnlinked => "remove: unlinked",
            Step::RemoveRenamed => "remove: renamed",
            Step::RemoveContended => "remove: contended",
            Step::TakeLocked => "take: locked",
            Step::TakeNameChecked => "take: name checked",
            Step::TakeUnlinked => "take: unlinked",
            Step::RemoveDataUnlinked => "remove: data unlinked",
            Step::RemoveLocksUnlinked => "remove: locks unlinked",
            Step::RemoveEmptied => "remove: emptied",
            Step::RemoveDirGone => "remove: directory gone",
            Step::RemoveReleased => "remove: released",
            Step::SweepOpened => "sweep: opened",
            Step::SweepFactsOpened => "sweep: facts opened",
            Step::SweepSawNobody => "sweep: saw nobody",
            Step::SendMarked => "send: marked",
            Step::SendOpened => "send: opened",
            Step::SendHeld => "send: held",
            Step::SendSent => "send: sent",
            Step::ReceiveTaken => "receive: taken",
            Step::ReceiveOpened => "receive: opened",
            Step::ReceiveHeld => "receive: held",
        }
    }
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
