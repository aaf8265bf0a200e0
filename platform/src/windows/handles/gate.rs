//! Gates on Windows: a client says which process it is, and the listener puts the channel's memory into that process.
//!
//! A client that names another process gets nothing: the handles are in that one, which does not know of them, and are
//! taken back. So the process that takes the listener's peer's seat is the one that was named.

use std::io::{self, Cursor};
use std::os::windows::io::{AsHandle as _, AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Security::TOKEN_QUERY;
use windows_sys::Win32::System::Threading::{
    OpenProcessToken, PROCESS_DUP_HANDLE, PROCESS_QUERY_LIMITED_INFORMATION,
};

use super::courier::{Courier, Parcel};
use super::duplicate::open_process;
use crate::contract::context::Context;
use crate::contract::peer::Peer;
use crate::seam::gate::{PAPER_LEN, Paper, RawCaller, RawGate, RawGuest};
use crate::seam::region::{RawRegion as _, Sent as _};
use crate::windows::error::Attempt;
use crate::windows::region::Region;
use crate::windows::user::user_of_token;
use crate::{Access, ErrorKind, Result, Trust, UserId};

/// Nothing: the clients' processes are all that is needed.
#[derive(Debug)]
pub(crate) struct Gate;

impl RawGate for Gate {
    type Region = Region;
    type Caller = Caller;
    type Guest = Guest;

    fn open(_desk: &Region) -> Option<Gate> {
        Some(Gate)
    }

    fn number(&self) -> u64 {
        1
    }

    fn guest(&mut self, _turn: u64, process_id: u32) -> Option<Guest> {
        let rights = PROCESS_DUP_HANDLE | PROCESS_QUERY_LIMITED_INFORMATION;
        let process = open_process(process_id, rights).ok()?;
        let user = user_of_process(&process).ok();
        Some(Guest { peer: Peer::new(user, Some(process_id)), process, parcel: None })
    }
}

/// A client's process, and what was put there.
#[derive(Debug)]
pub(crate) struct Guest {
    process: OwnedHandle,
    peer: Peer,
    parcel: Option<Parcel>,
}

impl RawGuest for Guest {
    type Region = Region;

    fn peer(&self) -> Peer {
        self.peer.clone()
    }

    fn hand(&mut self, region: &Region, paper: &mut Paper) -> Result<()> {
        let attempt = Attempt::of(region.facts().context("hand the channel over"));
        let packed = self.process.try_clone().and_then(|process| {
            let mut parcel = Parcel::to(process);
            Ok((parcel.pack(region, Access::ReadWrite)?, parcel))
        });
        let (message, parcel) = packed.map_err(|cause| attempt.failed(cause))?;
        debug_assert!(message.len() <= PAPER_LEN);
        paper[..message.len()].copy_from_slice(&message);
        self.parcel = Some(parcel);
        Ok(())
    }

    fn has_taken(&mut self) {
        if let Some(parcel) = self.parcel.take() {
            parcel.delivered();
        }
    }
}

/// This process.
#[derive(Debug)]
pub(crate) struct Caller;

impl RawCaller for Caller {
    type Region = Region;

    fn at(_gate: u64) -> Option<Caller> {
        Some(Caller)
    }

    fn note(&self) -> u32 {
        std::process::id()
    }

    fn receive(&mut self, paper: &Paper, trust: &Trust) -> Result<Option<Region>> {
        let context = Context { operation: "connect to the channel", name: None };
        let mut courier = Courier::Receiving { stream: Box::new(Cursor::new(*paper)) };
        match Region::receive(&mut courier, trust, context) {
            // It was taken back, or a peer has written there.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidArgument | ErrorKind::Damaged) => Ok(None),
            region => region.map(Some),
        }
    }

    fn listener(&self) -> Option<Peer> {
        None
    }
}

fn user_of_process(process: &OwnedHandle) -> io::Result<UserId> {
    let mut token = ptr::null_mut();
    // SAFETY: the process's handle is open, and `token` is valid for a write.
    if unsafe { OpenProcessToken(process.as_raw_handle(), TOKEN_QUERY, &mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: opened just now, and nothing else closes it.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    user_of_token(token.as_handle())
}
