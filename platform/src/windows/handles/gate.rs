//! Gates on Windows: a client says which process it is, and the listener puts handles of the channel's memory into that
//! process.
//!
//! A client that names another process gets nothing: the handles are in that process, which does not know of them, and
//! are taken back. So the process that takes the peer's seat is the one that was named.

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
use crate::seam::gate::{RawClient, RawGate, RawKnownClient, Sought, WAYBILL_LEN, WaybillBytes};
use crate::seam::region::Sent as _;
use crate::windows::calls::succeeded;
use crate::windows::region::Region;
use crate::windows::user::user_of_token;
use crate::{Access, ErrorKind, Result, Trust, UserId};

/// Empty: the listener needs nothing but the clients' processes.
#[derive(Debug)]
pub(in crate::windows) struct Gate;

impl RawGate<Region> for Gate {
    fn number(&self) -> u64 {
        1
    }

    fn find(&mut self, process_id: u32) -> Result<Sought<Box<dyn RawKnownClient<Region>>>> {
        let rights = PROCESS_DUP_HANDLE | PROCESS_QUERY_LIMITED_INFORMATION;
        let Ok(process) = open_process(process_id, rights) else { return Ok(Sought::OutOfReach) };
        let peer = Peer::new(user_of_process(&process).ok(), Some(process_id));
        Ok(Sought::Known(Box::new(KnownClient { peer, process, parcel: None })))
    }
}

/// A client's process, and the handles that were put there.
#[derive(Debug)]
struct KnownClient {
    process: OwnedHandle,
    peer: Peer,
    parcel: Option<Parcel>,
}

impl RawKnownClient<Region> for KnownClient {
    fn peer(&self) -> Peer {
        self.peer.clone()
    }

    fn hand_over(&mut self, region: &Region, waybill: &mut WaybillBytes) -> Result<bool> {
        let packed = self.process.try_clone().and_then(|process| {
            let mut parcel = Parcel::to(process);
            Ok((parcel.pack(region, Access::ReadWrite)?, parcel))
        });
        // It has ended, or takes no handles from this process.
        let Ok((message, parcel)) = packed else { return Ok(false) };
        debug_assert!(message.len() <= WAYBILL_LEN);
        waybill[..message.len()].copy_from_slice(&message);
        self.parcel = Some(parcel);
        Ok(true)
    }

    fn has_taken(&mut self) {
        if let Some(parcel) = self.parcel.take() {
            parcel.delivered();
        }
    }
}

/// This process, which its id names.
#[derive(Debug)]
pub(in crate::windows) struct Client;

impl RawClient<Region> for Client {
    fn note(&self) -> u32 {
        std::process::id()
    }

    fn receive(&mut self, _gate: u64, waybill: &WaybillBytes, trust: &Trust) -> Result<Option<Region>> {
        let context = Context { operation: "connect to the channel", name: None };
        let mut courier = Courier::Receiving { stream: Box::new(Cursor::new(*waybill)) };
        match Region::receive(&mut courier, trust, context) {
            // The memory was taken back, or a peer has written over the waybill.
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
    succeeded(unsafe { OpenProcessToken(process.as_raw_handle(), TOKEN_QUERY, &mut token) })?;
    // SAFETY: opened just now, and nothing else closes it.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    user_of_token(token.as_handle())
}
