use crate::UserId;

/// The process at the other end of a channel, as the kernel told it when that process connected.
///
/// It is the process that the kernel has seen, whatever that process says or writes. It may end, and its id may then be
/// another process's; it may also hand its end to other processes, or have their messages pass through it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    user: Option<UserId>,
    process_id: Option<u32>,
}

impl Peer {
    pub(crate) fn new(user: Option<UserId>, process_id: Option<u32>) -> Peer {
        Peer { user, process_id }
    }

    /// The user that it acted as. `None` where the system has no id for that user here: in a user namespace without it.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        self.user.as_ref()
    }

    /// Its process id. `None` where the system has none here: in a PID namespace without that process.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.process_id
    }
}
