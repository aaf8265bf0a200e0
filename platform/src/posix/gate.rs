//! Gates on Linux: sockets, whose other end the kernel tells (`SO_PEERCRED` in unix(7)).
//!
//! A listener's gate is a socket with an abstract address, so a killed listener leaves nothing. A client connects to it
//! and sends its turn. The memory of its channel goes through that connection, so no other process gets it.
//!
//! Any process in the network namespace may connect to such an address. So the gate asks what the kernel asks of a
//! process that opens the listener's region for writing: whether its user is the owner, or in the group, and what the
//! mode grants. A client in another network namespace finds no gate.

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
use crate::seam::gate::{RawClient, RawGate, RawKnownClient, WaybillBytes};
use crate::seam::random::random;
use crate::seam::region::Sent as _;
use crate::{Access, ErrorKind, Result, Trust};

/// How many clients that came before their turn are remembered. A client that is forgotten comes again.
const MOST_EARLY: usize = 128;

/// How many clients a listener looks at in one call. The kernel queues fewer.
const MOST_AT_ONCE: usize = 8192;

/// The note of every client: the connection identifies it.
const NOTE: u32 = 1;

fn address(gate: u64) -> String {
    format!("samemap-{gate:016x}")
}

/// A listener's socket.
#[derive(Debug)]
pub(super) struct Gate {
    socket: Descriptor,
    number: u64,
    rule: Rule,
    early: VecDeque<KnownClient>,
}

impl RawGate<Region> for Gate {
    fn number(&self) -> u64 {
        self.number
    }

    fn find(&mut self, turn: u64, _note: u32) -> Option<Box<dyn RawKnownClient<Region>>> {
        Some(Box::new(self.client_with(turn)?))
    }
}

impl Gate {
    pub(super) fn open(region: &Region) -> Option<Gate> {
        let number = random().max(1);
        let rule = Rule::of(region)?;
        let address = SocketAddr::from_abstract_name(address(number)).ok()?;
        let listener = UnixListener::bind_addr(&address).ok()?;
        listener.set_nonblocking(true).ok()?;
        let socket = Descriptor::shared(OwnedFd::from(listener)).ok()?;
        Some(Gate { socket, number, rule, early: VecDeque::new() })
    }

    fn client_with(&mut self, turn: u64) -> Option<KnownClient> {
        if let Some(at) = self.early.iter_mut().position(|client| client.sent_turn() == Some(turn)) {
            return self.early.remove(at);
        }
        for _ in 0..MOST_AT_ONCE {
            let mut client = self.next()?;
            if !self.rule.admits(&client) {
                continue;
            }
            if client.sent_turn() == Some(turn) {
                return Some(client);
            }
            if self.early.len() == MOST_EARLY {
                self.early.pop_front();
            }
            self.early.push_back(client);
        }
        None
    }

    /// The next client that has connected.
    fn next(&self) -> Option<KnownClient> {
        loop {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            match accept_with(self.socket.verified().ok()?, flags) {
                Ok(socket) => return KnownClient::behind(socket),
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
    fn of(region: &Region) -> Option<Rule> {
        let stat = fs::fstat(region.held().data().verified().ok()?).ok()?;
        Some(Rule { owner: stat.st_uid, group: stat.st_gid, mode: stat.st_mode })
    }

    fn admits(self, client: &KnownClient) -> bool {
        client.user == 0 || self.bit_for(client).is_some_and(|bit| self.mode & bit != 0)
    }

    /// The bit of the mode that decides for a client; `None` where its id stands for several users or groups.
    fn bit_for(self, client: &KnownClient) -> Option<u32> {
        const OWNER: u32 = 0o200;
        const GROUP: u32 = 0o020;
        const OTHERS: u32 = 0o002;
        let told_by = |id: u32, bit: u32| (!owner::cannot_be_told(id)).then_some(bit);
        // Otherwise members of the group may do what others may, and the kernel need not be asked for groups.
        let group_decides = (self.mode & GROUP != 0) != (self.mode & OTHERS != 0);
        if client.user == self.owner {
            told_by(client.user, OWNER)
        } else if group_decides && client.is_in(self.group) {
            told_by(self.group, GROUP)
        } else {
            Some(OTHERS)
        }
    }
}

/// A client that has connected, and its process.
#[derive(Debug)]
pub(super) struct KnownClient {
    socket: UnixStream,
    process: i32,
    user: u32,
    group: u32,
    turn: Option<u64>,
}

impl KnownClient {
    fn behind(socket: OwnedFd) -> Option<KnownClient> {
        let socket = UnixStream::from(socket);
        let libc::ucred { pid, uid, gid } = credentials(socket.as_fd())?;
        Some(KnownClient { socket, process: pid, user: uid, group: gid, turn: None })
    }

    /// The turn that it has sent, if it has sent one.
    fn sent_turn(&mut self) -> Option<u64> {
        let mut bytes = [0_u8; 8];
        if self.turn.is_none() && recv(&self.socket, &mut bytes[..], RecvFlags::DONTWAIT).ok()?.0 == 8 {
            self.turn = Some(u64::from_ne_bytes(bytes));
        }
        self.turn
    }

    /// Whether this group is its process's own, or one of its supplementary groups.
    fn is_in(&self, group: u32) -> bool {
        self.group == group || other_groups(self.socket.as_fd()).is_some_and(|all| all.contains(&group))
    }
}

impl RawKnownClient<Region> for KnownClient {
    fn peer(&self) -> Peer {
        peer_of(self.process, self.user)
    }

    fn hand_over(&mut self, region: &Region, _waybill: &mut WaybillBytes) -> Result<()> {
        region.send(&mut self.socket, Access::ReadWrite, region.facts.context("hand the channel over"))
    }
}

/// A client's connection; none while too many wait there, and the listener then has the client come again.
#[derive(Debug)]
pub(super) struct Client(Option<UnixStream>);

impl Client {
    pub(super) fn at(gate: u64) -> Option<Client> {
        match connected(gate) {
            Ok(socket) => Some(Client(Some(socket))),
            // Too many wait there.
            Err(Errno::AGAIN) => Some(Client(None)),
            Err(_) => None,
        }
    }
}

impl RawClient<Region> for Client {
    fn send_turn(&mut self, turn: u64) {
        if let Some(socket) = &self.0 {
            // Fails when the listener has ended, which the client's next step finds.
            let _ = send(socket, &turn.to_ne_bytes(), SendFlags::NOSIGNAL);
        }
    }

    fn note(&self) -> u32 {
        NOTE
    }

    fn receive(&mut self, _waybill: &WaybillBytes, trust: &Trust) -> Result<Option<Region>> {
        let context = Context { operation: "connect to the channel", name: None };
        let Some(socket) = &mut self.0 else { return Ok(None) };
        match Region::receive(socket, trust, context) {
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Os) => Ok(None),
            region => region.map(Some),
        }
    }

    fn listener(&self) -> Option<Peer> {
        let libc::ucred { pid, uid, .. } = credentials(self.0.as_ref()?.as_fd())?;
        Some(peer_of(pid, uid))
    }
}

fn connected(gate: u64) -> Result<UnixStream, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let socket = super::descriptor::behind_standard_streams(socket)?;
    connect(&socket, &SocketAddrUnix::new_abstract_name(address(gate).as_bytes())?)?;
    Ok(UnixStream::from(socket))
}

fn peer_of(process: i32, user: u32) -> Peer {
    let user = (!owner::cannot_be_told(user)).then(|| owner::user_id(user));
    Peer::new(user, u32::try_from(process).ok().filter(|&process| process != 0))
}

/// The process at the other end, as it was when it connected, or began to listen.
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

    fn client(user: u32, group: u32) -> KnownClient {
        let (socket, _) = UnixStream::pair().unwrap();
        KnownClient { socket, process: 1, user, group, turn: None }
    }

    #[test]
    fn users_that_may_write_come_in() {
        let admits = |mode: u32, user: u32, group: u32| {
            Rule { owner: 1000, group: 7777, mode: 0o100_000 | mode }.admits(&client(user, group))
        };
        assert!(admits(0o600, 1000, 1) && admits(0o600, 0, 1));
        assert!(!admits(0o600, 1001, 7777) && !admits(0o644, 1001, 7777) && !admits(0o466, 1000, 7777));
        assert!(admits(0o660, 1001, 7777) && !admits(0o660, 1001, 7778) && admits(0o666, 1001, 7778));
        assert!(!admits(0o606, 1001, 7777), "the group's bits decide for its members");
    }
}
