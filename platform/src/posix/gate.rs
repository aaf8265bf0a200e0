//! Gates on Linux: sockets, of which the kernel tells the process at the other end (`SO_PEERCRED` in unix(7)).
//!
//! A listener's gate is a socket with an abstract address, so a killed listener leaves nothing. A client connects to it
//! and sends its turn; the memory of its channel goes through that connection, so no other process gets it.
//!
//! Any process in the network namespace may connect to such an address. So the gate asks what the kernel would ask of
//! one that opens the listener's region for writing: whether its user is the owner, or in the group, and what the mode
//! grants. A client in another network namespace finds no gate.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use rustix::fs;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with, connect, recv,
    send, socket_with,
};

use super::descriptor::Descriptor;
use super::owner;
use super::region::Region;
use crate::contract::context::Context;
use crate::contract::peer::Peer;
use crate::seam::gate::{Paper, RawCaller, RawGate, RawGuest};
use crate::seam::random::random;
use crate::seam::region::Sent as _;
use crate::{Access, ErrorKind, Result, Trust};

/// Clients that came before their turn, as far as they are remembered. One that is forgotten comes again.
const MOST_EARLY: usize = 128;

/// How many a listener looks at in one call. The kernel queues fewer.
const MOST_AT_ONCE: usize = 8192;

/// What the number of a caller without a connection is not.
const CALLS: u32 = 1;

fn address(gate: u64) -> String {
    format!("samemap-{gate:016x}")
}

/// A listener's socket.
#[derive(Debug)]
pub(crate) struct Gate {
    socket: Descriptor,
    number: u64,
    rule: Rule,
    early: VecDeque<Guest>,
}

impl RawGate for Gate {
    type Region = Region;
    type Caller = Caller;
    type Guest = Guest;

    fn open(desk: &Region) -> Option<Gate> {
        let number = random().max(1);
        let rule = Rule::of(desk)?;
        let address = SocketAddr::from_abstract_name(address(number)).ok()?;
        let listener = UnixListener::bind_addr(&address).ok()?;
        listener.set_nonblocking(true).ok()?;
        let socket = Descriptor::shared(OwnedFd::from(listener)).ok()?;
        Some(Gate { socket, number, rule, early: VecDeque::new() })
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn guest(&mut self, turn: u64, _note: u32) -> Option<Guest> {
        if let Some(at) = self.early.iter_mut().position(|guest| guest.says() == Some(turn)) {
            return self.early.remove(at);
        }
        for _ in 0..MOST_AT_ONCE {
            let mut guest = self.next()?;
            if !self.rule.admits(&guest) {
                continue;
            }
            if guest.says() == Some(turn) {
                return Some(guest);
            }
            if self.early.len() == MOST_EARLY {
                self.early.pop_front();
            }
            self.early.push_back(guest);
        }
        None
    }
}

impl Gate {
    /// The next process that has connected.
    fn next(&self) -> Option<Guest> {
        loop {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            match accept_with(self.socket.verified().ok()?, flags) {
                Ok(socket) => return Guest::behind(socket),
                Err(Errno::CONNABORTED | Errno::INTR) => {}
                Err(_) => return None,
            }
        }
    }
}

/// Which processes may write to the listener's region.
#[derive(Clone, Copy, Debug)]
struct Rule {
    owner: u32,
    group: u32,
    mode: u32,
}

impl Rule {
    fn of(desk: &Region) -> Option<Rule> {
        use super::mapping::Backing as _;
        let stat = fs::fstat(desk.held().data().verified().ok()?).ok()?;
        Some(Rule { owner: stat.st_uid, group: stat.st_gid, mode: stat.st_mode })
    }

    fn admits(self, guest: &Guest) -> bool {
        let is_told = |id: u32| !owner::cannot_be_told(id);
        let class = if guest.user == 0 {
            return true;
        } else if guest.user == self.owner {
            if !is_told(guest.user) {
                return false;
            }
            0o200
        } else if self.mode & 0o020 == (self.mode & 0o002) << 3 {
            0o002
        } else if guest.is_in(self.group) {
            if !is_told(self.group) {
                return false;
            }
            0o020
        } else {
            0o002
        };
        self.mode & class != 0
    }
}

/// A process that has connected.
#[derive(Debug)]
pub(crate) struct Guest {
    socket: UnixStream,
    process: i32,
    user: u32,
    group: u32,
    turn: Option<u64>,
}

impl Guest {
    fn behind(socket: OwnedFd) -> Option<Guest> {
        let socket = UnixStream::from(socket);
        let libc::ucred { pid, uid, gid } = credentials(socket.as_fd())?;
        Some(Guest { socket, process: pid, user: uid, group: gid, turn: None })
    }

    /// The turn that it has sent, if it has.
    fn says(&mut self) -> Option<u64> {
        let mut bytes = [0_u8; 8];
        if self.turn.is_none() && recv(&self.socket, &mut bytes[..], RecvFlags::DONTWAIT).ok()?.0 == 8 {
            self.turn = Some(u64::from_ne_bytes(bytes));
        }
        self.turn
    }

    /// Whether its process is of this group, or counts it among its other ones.
    fn is_in(&self, group: u32) -> bool {
        self.group == group || other_groups(self.socket.as_fd()).is_some_and(|all| all.contains(&group))
    }
}

impl RawGuest for Guest {
    type Region = Region;

    fn peer(&self) -> Peer {
        told(self.process, self.user)
    }

    fn hand(&mut self, region: &Region, _paper: &mut Paper) -> Result<()> {
        region.send(&mut self.socket, Access::ReadWrite, region.facts.context("hand the channel over"))
    }
}

/// A client's connection. Without one the listener asks it to come again.
#[derive(Debug)]
pub(crate) struct Caller(Option<UnixStream>);

impl RawCaller for Caller {
    type Region = Region;

    fn at(gate: u64) -> Option<Caller> {
        match connected(gate) {
            Ok(socket) => Some(Caller(Some(socket))),
            // Too many wait there.
            Err(Errno::AGAIN) => Some(Caller(None)),
            Err(_) => None,
        }
    }

    fn say(&mut self, turn: u64) {
        if let Some(socket) = &self.0 {
            // Where the listener has ended, the client finds that out.
            let _ = send(socket, &turn.to_ne_bytes(), SendFlags::NOSIGNAL);
        }
    }

    fn note(&self) -> u32 {
        CALLS
    }

    fn receive(&mut self, _paper: &Paper, trust: &Trust) -> Result<Option<Region>> {
        let context = Context { operation: "connect to the channel", name: None };
        let Some(socket) = &mut self.0 else { return Ok(None) };
        match Region::receive(socket, trust, context) {
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Os) => Ok(None),
            region => region.map(Some),
        }
    }

    fn listener(&self) -> Option<Peer> {
        let libc::ucred { pid, uid, .. } = credentials(self.0.as_ref()?.as_fd())?;
        Some(told(pid, uid))
    }
}

fn connected(gate: u64) -> Result<UnixStream, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let socket = super::descriptor::behind_standard_streams(socket)?;
    connect(&socket, &SocketAddrUnix::new_abstract_name(address(gate).as_bytes())?)?;
    Ok(UnixStream::from(socket))
}

fn told(process: i32, user: u32) -> Peer {
    let user = (!owner::cannot_be_told(user)).then(|| owner::user_id(user));
    Peer::new(user, u32::try_from(process).ok().filter(|&process| process != 0))
}

/// The process at the other end when it connected, or when it began to listen.
fn credentials(socket: BorrowedFd<'_>) -> Option<libc::ucred> {
    let mut credentials = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let room = size_of::<libc::ucred>();
    // SAFETY: the struct is valid for writes of its size, and any bytes are one.
    let len = unsafe { option(socket, libc::SO_PEERCRED, (&raw mut credentials).cast(), room) };
    (len.ok()? == room).then_some(credentials)
}

/// The supplementary groups of that process.
fn other_groups(socket: BorrowedFd<'_>) -> Option<Vec<libc::gid_t>> {
    // The most that a process can have (NGROUPS_MAX).
    let mut groups: Vec<libc::gid_t> = vec![0; 65536];
    let room = size_of_val(&groups[..]);
    // SAFETY: the vector is valid for writes of its size, and any bytes are numbers.
    let len = unsafe { option(socket, libc::SO_PEERGROUPS, groups.as_mut_ptr().cast(), room) };
    groups.truncate(len.ok()? / size_of::<libc::gid_t>());
    Some(groups)
}

/// Asks for a socket's option, and returns its length.
///
/// # Safety
/// `into` is valid for writes of `room` bytes.
unsafe fn option(
    socket: BorrowedFd<'_>,
    name: i32,
    into: *mut libc::c_void,
    room: usize,
) -> io::Result<usize> {
    let mut len = room as libc::socklen_t;
    // SAFETY: the caller vouches for the room; `len` is valid for a write.
    let answer = unsafe { libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, name, into, &raw mut len) };
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(len as usize) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(user: u32, group: u32) -> Guest {
        let (socket, _) = UnixStream::pair().unwrap();
        Guest { socket, process: 1, user, group, turn: None }
    }

    #[test]
    fn those_who_may_write_come_in() {
        let admits = |mode: u32, user: u32, group: u32| {
            Rule { owner: 1000, group: 7777, mode: 0o100_000 | mode }.admits(&guest(user, group))
        };
        assert!(admits(0o600, 1000, 1) && admits(0o600, 0, 1));
        assert!(!admits(0o600, 1001, 7777) && !admits(0o644, 1001, 7777) && !admits(0o466, 1000, 7777));
        assert!(admits(0o660, 1001, 7777) && !admits(0o660, 1001, 7778) && admits(0o666, 1001, 7778));
        assert!(!admits(0o606, 1001, 7777), "the group's bits decide for its members");
    }
}
