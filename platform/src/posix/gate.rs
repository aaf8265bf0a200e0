//! Gates on Linux: sockets, whose other end the kernel tells (`SO_PEERCRED` in unix(7)).
//!
//! A client listens at a socket of its own with an abstract address, and leaves the address's number at its place. The
//! listener connects to it. So the kernel tells each which process the other one is, and the channel's memory goes
//! through that connection to that one process.
//!
//! Any process in the network namespace can find such an address, and connect to it. So the client takes memory only
//! from a process whose user may write to the listener's region, and that says the gate's number, which stands in that
//! region alone. Of the client's user the listener asks the same. Strangers that fill the backlog of one client's socket
//! delay that client only, until it comes again with another address.
//!
//! Whether a user may write is decided as the kernel does it for an opener of that region: by the owner, the group and
//! the mode. A client in another network namespace is not found.

use std::error::Error as _;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::fs;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, connect,
    listen, recv, send, socket_with,
};

use super::advice::Call;
use super::descriptor::behind_standard_streams;
use super::errors::is_shortage;
use super::owner;
use super::region::Region;
use crate::contract::context::Context;
use crate::contract::peer::Peer;
use crate::seam::gate::{RawClient, RawGate, RawKnownClient, Sought, WaybillBytes};
use crate::seam::random::random;
use crate::{Access, Error, ErrorKind, Result, Trust};

/// How many connections may wait at a client's socket, strangers' too.
const BACKLOG: i32 = 16;

/// How many addresses a client tries: another one has the same number once in four thousand million times.
const TRIES: usize = 4;

const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

const CONTEXT: Context<'static> = Context { operation: "connect to the channel", name: None };

fn address(note: u32) -> Result<SocketAddrUnix, Errno> {
    SocketAddrUnix::new_abstract_name(format!("samemap-{note:08x}").as_bytes())
}

fn new_socket() -> Result<OwnedFd, Errno> {
    behind_standard_streams(socket_with(AddressFamily::UNIX, SocketType::STREAM, FLAGS, None)?)
}

/// What the listener checks its clients by.
#[derive(Debug)]
pub(super) struct Gate {
    number: u64,
    rule: Rule,
}

impl Gate {
    pub(super) fn open(region: &Region) -> Option<Gate> {
        Some(Gate { number: random().max(1), rule: Rule::of(region)? })
    }
}

impl RawGate<Region> for Gate {
    fn number(&self) -> u64 {
        self.number
    }

    fn find(&mut self, note: u32) -> Result<Sought<Box<dyn RawKnownClient<Region>>>> {
        let connected = new_socket().and_then(|socket| connect(&socket, &address(note)?).map(|()| socket));
        let socket = match connected {
            Ok(socket) => socket,
            Err(Errno::AGAIN) => return Ok(Sought::BacklogFull),
            Err(errno) if is_shortage(errno) => return Err(CONTEXT.os(Call::MakeSocket, errno)),
            Err(_) => return Ok(Sought::OutOfReach),
        };
        let end = OtherEnd::of(socket.as_fd()).filter(|end| self.rule.admits(end, socket.as_fd()));
        let Some(end) = end else { return Ok(Sought::OutOfReach) };
        let (socket, gate) = (UnixStream::from(socket), self.number);
        Ok(Sought::Known(Box::new(KnownClient { socket, end, gate })))
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

    fn admits(self, end: &OtherEnd, socket: BorrowedFd<'_>) -> bool {
        end.user == 0 || self.bit_for(end, socket).is_some_and(|bit| self.mode & bit != 0)
    }

    /// The bit of the mode that decides for a process; `None` where its id stands for several users or groups.
    fn bit_for(self, end: &OtherEnd, socket: BorrowedFd<'_>) -> Option<u32> {
        const OWNER: u32 = 0o200;
        const GROUP: u32 = 0o020;
        const OTHERS: u32 = 0o002;
        let told_by = |id: u32, bit: u32| (!owner::cannot_be_told(id)).then_some(bit);
        // Otherwise members of the group may do what others may, and the kernel need not be asked for groups.
        let group_decides = (self.mode & GROUP != 0) != (self.mode & OTHERS != 0);
        if end.user == self.owner {
            told_by(end.user, OWNER)
        } else if group_decides && end.is_in(self.group, socket) {
            told_by(self.group, GROUP)
        } else {
            Some(OTHERS)
        }
    }
}

/// The process at the other end of a connection, as it was when it connected, or began to listen.
#[derive(Debug)]
struct OtherEnd {
    process: i32,
    user: u32,
    group: u32,
}

impl OtherEnd {
    fn of(socket: BorrowedFd<'_>) -> Option<OtherEnd> {
        let mut credentials = libc::ucred { pid: 0, uid: 0, gid: 0 };
        let room = size_of::<libc::ucred>();
        // SAFETY: the struct is valid for writes of its size, and any bytes are one.
        let len = unsafe { option(socket, libc::SO_PEERCRED, (&raw mut credentials).cast(), room) };
        let libc::ucred { pid, uid, gid } = credentials;
        (len.ok()? == room).then_some(OtherEnd { process: pid, user: uid, group: gid })
    }

    /// Whether this group is its process's own, or one of its supplementary groups.
    fn is_in(&self, group: u32, socket: BorrowedFd<'_>) -> bool {
        self.group == group || other_groups(socket).is_some_and(|all| all.contains(&group))
    }

    fn peer(&self) -> Peer {
        let user = (!owner::cannot_be_told(self.user)).then(|| owner::user_id(self.user));
        Peer::new(user, u32::try_from(self.process).ok().filter(|&process| process != 0))
    }
}

/// A client that the listener has connected to, and its process.
#[derive(Debug)]
struct KnownClient {
    socket: UnixStream,
    end: OtherEnd,
    gate: u64,
}

impl RawKnownClient<Region> for KnownClient {
    fn peer(&self) -> Peer {
        self.end.peer()
    }

    fn hand_over(&mut self, region: &Region, _waybill: &mut WaybillBytes) -> Result<bool> {
        if send(&self.socket, &self.gate.to_ne_bytes(), SendFlags::NOSIGNAL) != Ok(size_of::<u64>()) {
            return Ok(false);
        }
        let context = region.facts.context("hand the channel over");
        let sent = region.send_for_good(&mut self.socket, Access::ReadWrite, context);
        has_come(sent).map(|sent| sent.is_some())
    }
}

/// What went through a connection; `None` when the other side has closed it, or has sent nothing.
fn has_come<T>(passed: Result<T>) -> Result<Option<T>> {
    use io::ErrorKind::{BrokenPipe, ConnectionReset};
    let is_over = |error: &Error| {
        let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        error.is(ErrorKind::TimedOut)
            || cause.is_some_and(|cause| matches!(cause.kind(), BrokenPipe | ConnectionReset))
    };
    match passed {
        Err(error) if is_over(&error) => Ok(None),
        passed => passed.map(Some),
    }
}

/// A client's socket, at which it awaits its listener.
#[derive(Debug)]
pub(super) struct Client {
    socket: OwnedFd,
    note: u32,
    rule: Rule,
    listener: Option<Peer>,
}

impl Client {
    pub(super) fn at(desk: &Region) -> Result<Option<Box<dyn RawClient<Region>>>> {
        let Some(rule) = Rule::of(desk) else { return Ok(None) };
        match awaiting() {
            Ok((socket, note)) => Ok(Some(Box::new(Client { socket, note, rule, listener: None }))),
            Err(errno) if is_shortage(errno) => Err(CONTEXT.os(Call::MakeSocket, errno)),
            Err(_) => Ok(None),
        }
    }
}

impl RawClient<Region> for Client {
    fn note(&self) -> u32 {
        self.note
    }

    fn receive(&mut self, gate: u64, _waybill: &WaybillBytes, trust: &Trust) -> Result<Option<Region>> {
        // A stranger's memory is refused, and the listener's may come behind it.
        let mut refused = None;
        loop {
            let mut socket = match accept_with(&self.socket, FLAGS).and_then(behind_standard_streams) {
                Ok(socket) => UnixStream::from(socket),
                Err(Errno::CONNABORTED | Errno::INTR) => continue,
                Err(errno) if is_shortage(errno) => return Err(CONTEXT.os(Call::MakeSocket, errno)),
                Err(_) => return refused.map_or(Ok(None), Err),
            };
            let end = OtherEnd::of(socket.as_fd()).filter(|end| self.rule.admits(end, socket.as_fd()));
            let Some(end) = end.filter(|_| says(&socket, gate)) else { continue };
            match has_come(Region::receive_for_good(&mut socket, trust, CONTEXT)) {
                Ok(None) => {}
                Ok(region) => {
                    self.listener = Some(end.peer());
                    return Ok(region);
                }
                Err(error) => refused = Some(error),
            }
        }
    }

    fn listener(&self) -> Option<Peer> {
        self.listener.clone()
    }
}

/// A socket that listens, and the number of its address.
fn awaiting() -> Result<(OwnedFd, u32), Errno> {
    let socket = new_socket()?;
    let mut tries = 1..TRIES;
    loop {
        let note = (random() as u32).max(1);
        match bind(&socket, &address(note)?) {
            Err(Errno::ADDRINUSE) if tries.next().is_some() => {}
            bound => {
                bound?;
                listen(&socket, BACKLOG)?;
                return Ok((socket, note));
            }
        }
    }
}

/// Whether the other side says this number.
fn says(socket: &UnixStream, gate: u64) -> bool {
    let mut said = [0_u8; size_of::<u64>()];
    let came = recv(socket, &mut said[..], RecvFlags::DONTWAIT);
    came.is_ok_and(|(len, _)| len == said.len()) && u64::from_ne_bytes(said) == gate
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

    #[test]
    fn users_that_may_write_come_in() {
        let (socket, _) = UnixStream::pair().unwrap();
        let admits = |mode: u32, user: u32, group: u32| {
            let rule = Rule { owner: 1000, group: 7777, mode: 0o100_000 | mode };
            rule.admits(&OtherEnd { process: 1, user, group }, socket.as_fd())
        };
        assert!(admits(0o600, 1000, 1) && admits(0o600, 0, 1));
        assert!(!admits(0o600, 1001, 7777) && !admits(0o644, 1001, 7777) && !admits(0o466, 1000, 7777));
        assert!(admits(0o660, 1001, 7777) && !admits(0o660, 1001, 7778) && admits(0o666, 1001, 7778));
        assert!(!admits(0o606, 1001, 7777), "the group's bits decide for its members");
    }
}
