//! Hands regions to a running process: descriptors that go through a socket.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, recv, recvmsg, sendmsg,
};

use super::advice::{Call, InCall as _, Of as _, Refused};
use super::descriptor::Lockable;
use super::fork;
use super::handover::{self, MOST_DESCRIPTORS, Part};
use super::kernel::{RECEIVE, SEND};
use super::ofd_lock;
use super::region::Region;
use crate::contract::context::Context;
use crate::contract::wire::{HEAD_LEN, Label, NO_ANSWER, not_understood};
use crate::seam::region::Sent;
use crate::testing::{Step, reached};
use crate::{Access, Error, ErrorKind, Result, Trust};

impl Sent for Region {
    type Courier = UnixStream;

    fn send(&self, courier: &mut UnixStream, access: Access, context: Context<'_>) -> Result<()> {
        let parts = handover::parts(self.held(), access, context)?;
        let fds: Vec<Lockable> =
            parts.iter().map(for_the_receiver).collect::<Result<_, _>>().in_call(context)?;
        let borrowed: Vec<BorrowedFd<'_>> = fds.iter().map(Lockable::as_fd).collect();
        self.send_these(courier, access, &borrowed, context)
        // The descriptors are closed here, not unlocked: in flight they keep the lock.
    }

    fn receive(courier: &mut UnixStream, trust: &Trust, context: Context<'_>) -> Result<Region> {
        received(courier, context).and_then(|(label, fds)| handover::assemble(label, fds, trust, context))
    }
}

impl Region {
    /// Sends memory without a name to a process that has the descriptors for itself. It needs to open none anew, as other
    /// receivers do: the description for locks is new, and that of the data, which both sides have then, has no lock.
    pub(super) fn send_for_good(
        &self,
        courier: &mut UnixStream,
        access: Access,
        context: Context<'_>,
    ) -> Result<()> {
        let parts = handover::parts(self.held(), access, context)?;
        let [data, locks] = &parts[..] else { return self.send(courier, access, context) };
        let locks = for_the_receiver(locks).in_call(context)?;
        self.send_these(courier, access, &[data.fd, locks.as_fd()], context)
    }

    /// Receives such memory.
    pub(super) fn receive_for_good(
        courier: &mut UnixStream,
        trust: &Trust,
        context: Context<'_>,
    ) -> Result<Region> {
        received(courier, context)
            .and_then(|(label, fds)| handover::assemble_for_good(label, fds, trust, context))
    }

    fn send_these(
        &self,
        courier: &UnixStream,
        access: Access,
        fds: &[BorrowedFd<'_>],
        context: Context<'_>,
    ) -> Result<()> {
        let message = Label::of(&self.facts, access).head(fds.len() as u32);
        send_message(courier, &message, fds)
            .map_err(|errno| connection_failed(Call::Send, errno, context))?;
        reached(Step::SendSent);
        Ok(())
    }
}

/// The label of a region, and its descriptors.
fn received(courier: &UnixStream, context: Context<'_>) -> Result<(Label, Vec<Lockable>)> {
    let Received { message, fds, lost_some } =
        receive_message(courier).map_err(|errno| connection_failed(Call::Receive, errno, context))?;
    reached(Step::ReceiveTaken);
    let (label, descriptors) = Label::from_head(&message).ok_or_else(|| not_understood(context))?;
    let descriptors = descriptors as usize;
    if fds.len() < descriptors && lost_some {
        return Err(context.os(Call::Receive, Errno::MFILE).with_detail(
            "this process had no room for the descriptors that came; close some, or raise the limit (ulimit -n), before the next try",
        ));
    }
    if fds.len() == descriptors { Ok((label, fds)) } else { Err(not_understood(context)) }
}

// ---- sending ------------------------------------------------------------------------------------------

/// A description for the receiver alone, locked where its lock holds the object.
fn for_the_receiver(part: &Part<'_>) -> Result<Lockable, Refused> {
    let description = Lockable::open(|| part.opened_anew()).of(Call::OpenAnew)?;
    reached(Step::SendOpened);
    if part.holds && !ofd_lock::try_hold(description.as_fd()).of(Call::Lock)? {
        return Err(Refused { call: Call::Lock, errno: Errno::AGAIN });
    }
    reached(Step::SendHeld);
    Ok(description)
}

fn send_message(stream: &UnixStream, message: &[u8], fds: &[BorrowedFd<'_>]) -> Result<(), Errno> {
    let mut sent = 0;
    while sent < message.len() {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        // The descriptors go with the first bytes only.
        if sent == 0 && !ancillary.push(SendAncillaryMessage::ScmRights(fds)) {
            return Err(Errno::TOOBIG);
        }
        let piece = [io::IoSlice::new(&message[sent..])];
        match sendmsg(stream, &piece, &mut ancillary, SEND) {
            Ok(more) => sent += more,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

// ---- receiving ----------------------------------------------------------------------------------------

struct Received {
    message: [u8; HEAD_LEN],
    fds: Vec<Lockable>,
    /// Whether more descriptors came than there was room for.
    lost_some: bool,
}

fn receive_message(stream: &UnixStream) -> Result<Received, Errno> {
    let mut came = Received { message: [0; HEAD_LEN], fds: Vec::new(), lost_some: false };
    let mut received = 0;
    while received < HEAD_LEN {
        match wait(stream).and_then(|()| receive_piece(stream, received, &mut came)) {
            // The other side closed the connection.
            Ok(0) => return Err(Errno::CONNRESET),
            Ok(more) => received += more,
            // Another thread took it.
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(came)
}

/// Waits for bytes with the connection's timeout, and takes none.
fn wait(stream: &UnixStream) -> Result<(), Errno> {
    let mut byte = [0u8; 1];
    recv(stream, &mut byte[..], RecvFlags::PEEK).map(|_| ())
}

/// Receives the bytes that are there. Forks are held off between a descriptor's arrival and its registration, because a
/// child would share its description.
fn receive_piece(stream: &UnixStream, received: usize, came: &mut Received) -> Result<usize, Errno> {
    let mut held_off = fork::held_off();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut piece = [io::IoSliceMut::new(&mut came.message[received..])];
    let answer = match recvmsg(stream, &mut piece, &mut ancillary, RECEIVE) {
        Err(Errno::AGAIN) => return Err(Errno::INTR),
        answer => answer?,
    };
    let mut arrived = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            arrived.extend(fds);
        }
    }
    for fd in arrived {
        came.fds.push(Lockable::arrived(fd, &mut held_off)?);
    }
    came.lost_some |= answer.flags.contains(ReturnFlags::CTRUNC);
    Ok(answer.bytes)
}

fn connection_failed(call: Call, errno: Errno, context: Context<'_>) -> Error {
    match errno {
        Errno::AGAIN => context.error(ErrorKind::TimedOut).with_detail(NO_ANSWER).with_source(errno.into()),
        Errno::CONNRESET | Errno::PIPE => {
            context.os(call, errno).with_detail("the other side closed the connection; see why it ended")
        }
        errno => context.os(call, errno),
    }
}
