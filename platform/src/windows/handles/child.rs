//! Regions that a child takes out of its parent.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::windows::io::{
    AsHandle as _, AsRawHandle as _, BorrowedHandle, FromRawHandle as _, OwnedHandle,
};
use std::process::Command;

use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, FILETIME};
use windows_sys::Win32::System::Threading::{
    GetProcessTimes, PROCESS_DUP_HANDLE, PROCESS_QUERY_LIMITED_INFORMATION,
};

use super::assembly::{Nonce, Parts, assemble, new_nonce};
use super::duplicate::{
    copy_out_of, duplicate_file, is_number, number_of, open_process, own_copy, this_process,
};
use super::waybill::Waybill;
use crate::contract::context::Context;
use crate::contract::region::Bytes;
use crate::contract::wire::{not_understood, numbers_in, to_text};
use crate::seam::region::{Kept, Offered, RawRegion as _};
use crate::windows::calls::succeeded;
use crate::windows::error::{Attempt, code_of, is_denied};
use crate::windows::region::Region;
use crate::windows::section::Section;
use crate::{Access, CreateOptions, Error, ErrorKind, MapRequest, Result};

/// An offer: handles with the offered rights only, and the ticket that describes them. Dropping it closes them and
/// withdraws the offer.
struct Offer {
    _ticket: Region,
    _section: OwnedHandle,
    _file: Option<OwnedHandle>,
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer").finish_non_exhaustive()
    }
}

/// The waybill's place in a ticket, after the nonce.
const WAYBILL_AT: usize = size_of::<Nonce>();

impl Offered for Region {
    fn offer(&self, _command: &mut Command, access: Access, context: Context<'_>) -> Result<(String, Kept)> {
        let attempt = Attempt::of(context);
        let failed = |cause| attempt.failed(cause);
        let section = own_copy(&self.section, access).map_err(failed)?;
        let file = duplicate_file(&self.section, this_process(), access).map_err(failed)?;
        // SAFETY: made for this process just now, and nothing else closes it.
        let file = file.map(|file| unsafe { OwnedHandle::from_raw_handle(file) });
        let file_number = file.as_ref().map(|file| number_of(file.as_raw_handle()));
        let waybill = Waybill::of(self.facts(), access, number_of(section.as_raw_handle()), file_number);
        let nonce = new_nonce();
        let ticket = ticket_of(nonce, &waybill, context)?;
        let sender = Sender {
            id: std::process::id(),
            began: began(this_process()).map_err(failed)?,
            ticket: number_of(ticket.section.as_handle().as_raw_handle()),
            nonce,
        };
        Ok((sender.to_text(), Box::new(Offer { _ticket: ticket, _section: section, _file: file })))
    }

    fn adopt(offer: &str, context: Context<'_>) -> Result<Region> {
        let attempt = Attempt::of(context);
        let sender = Sender::from_text(offer).ok_or_else(|| not_understood(attempt.context))?;
        let parent = Parent::of(&sender, attempt)?;
        let waybill = parent.waybill(&sender, attempt)?;
        let pull = |number| parent.pull(number).map_err(|cause| withdrawn(cause, attempt));
        let parts = Parts {
            section: pull(waybill.section)?,
            file: waybill.file.map(pull).transpose()?.map(File::from),
        };
        // The offer's handles are closed with the ticket, so a ticket that is still valid proves the copies.
        if parent.waybill(&sender, attempt)? != waybill {
            return Err(not_understood(attempt.context));
        }
        // The parent could have started any program in place of this one, so its owner is not checked.
        assemble(parts, &waybill, attempt)
    }
}

/// The size of a ticket; a waybill with the longest name fits.
const TICKET_LEN: u64 = 4096;

fn ticket_of(nonce: Nonce, waybill: &Waybill, context: Context<'_>) -> Result<Region> {
    let ticket = Region::nameless(Bytes::Zeros(&CreateOptions::new(TICKET_LEN)), context.operation)?;
    let view = ticket.map(&MapRequest::new(0, TICKET_LEN, Access::ReadWrite), context)?;
    view.put(0, &nonce)?;
    view.write(WAYBILL_AT, &waybill.bytes())?;
    Ok(ticket)
}

/// The identity of the offering process, as the child gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sender {
    id: u32,
    began: u64,
    ticket: u64,
    nonce: Nonce,
}

impl Sender {
    fn to_text(self) -> String {
        let Sender { id, began, ticket, nonce: [first, second] } = self;
        to_text(&[id.into(), began, ticket, first, second])
    }

    fn from_text(text: &str) -> Option<Sender> {
        let [id, began, ticket, first, second] = numbers_in(text)?[..] else { return None };
        let id = u32::try_from(id).ok()?;
        is_number(ticket).then_some(Sender { id, began, ticket, nonce: [first, second] })
    }
}

/// The start time of a process, which with its id identifies it.
fn began(process: BorrowedHandle<'_>) -> io::Result<u64> {
    let [mut began, mut ended, mut kernel, mut user] = [FILETIME::default(); 4];
    // SAFETY: the handle is open, and the four are valid for writes.
    let told =
        unsafe { GetProcessTimes(process.as_raw_handle(), &mut began, &mut ended, &mut kernel, &mut user) };
    succeeded(told)?;
    Ok(u64::from(began.dwHighDateTime) << 32 | u64::from(began.dwLowDateTime))
}

/// The offering process.
struct Parent(OwnedHandle);

impl Parent {
    fn of(sender: &Sender, attempt: Attempt<'_>) -> Result<Parent> {
        let opened = open_process(sender.id, PROCESS_DUP_HANDLE | PROCESS_QUERY_LIMITED_INFORMATION);
        let process = opened.map_err(|cause| match is_denied(&cause) {
            true => attempt.failed(cause).with_detail(
                "this process may not reach into the one that offers (is that one elevated?); let it send the region by a Courier",
            ),
            false => ended(attempt).with_source(cause),
        })?;
        match began(process.as_handle()) {
            Ok(time) if time == sender.began => Ok(Parent(process)),
            Ok(_) => Err(ended(attempt)),
            Err(cause) => Err(attempt.failed(cause)),
        }
    }

    fn pull(&self, number: u64) -> io::Result<OwnedHandle> {
        copy_out_of(self.0.as_handle(), number)
    }

    /// The waybill in the ticket, if the number is still that of the ticket.
    fn waybill(&self, sender: &Sender, attempt: Attempt<'_>) -> Result<Waybill> {
        let ticket = self.pull(sender.ticket).map_err(|cause| withdrawn(cause, attempt))?;
        read_ticket(Section::from_handle(ticket), sender.nonce, attempt)
            .ok_or_else(|| withdrawn(io::Error::from_raw_os_error(ERROR_INVALID_HANDLE as i32), attempt))
    }
}

/// Reads a ticket; `None` for any other section or handle.
fn read_ticket(ticket: Section, nonce: Nonce, attempt: Attempt<'_>) -> Option<Waybill> {
    let region = Region::of(ticket, None, Access::ReadOnly, attempt).ok()?;
    if region.facts().len < TICKET_LEN {
        return None;
    }
    let request = MapRequest::new(0, TICKET_LEN, Access::ReadOnly);
    let view = region.map(&request, attempt.context).ok()?;
    let mut bytes = [0; TICKET_LEN as usize];
    view.read(0, &mut bytes).ok()?;
    let (told, mut waybill) = bytes.split_at(WAYBILL_AT);
    if told != nonce.map(u64::to_le_bytes).concat() {
        return None;
    }
    Waybill::read_from(&mut waybill).ok()?
}

fn ended(attempt: Attempt<'_>) -> Error {
    attempt.error(ErrorKind::NotFound).with_detail(
        "the process that offered it has ended; it must live until the region is adopted, or send it by a Courier",
    )
}

fn withdrawn(cause: io::Error, attempt: Attempt<'_>) -> Error {
    if code_of(&cause) != ERROR_INVALID_HANDLE {
        return attempt.failed(cause);
    }
    let error = attempt.error(ErrorKind::NotFound).with_source(cause);
    error.with_detail(
        "the offer was withdrawn; the process that offers must keep the Offer until it is adopted",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::wire::{Form, Label};
    use crate::seam::region::Native as _;

    fn waybill() -> Waybill {
        let label = Label { form: Form::File, access: Access::ReadWrite, len: 1000 };
        Waybill { label, section: 0x1234, file: Some(8), name: None }
    }

    #[test]
    fn senders_read_back() {
        let sender = Sender { id: 7, began: u64::MAX, ticket: 16, nonce: [1, u64::MAX] };
        assert_eq!(Sender::from_text(&sender.to_text()), Some(sender));
        for text in
            ["", "1", "2:1:1:4:1:1", "1:1:1:4:1", "1:1:1:5:1:1", "1:1:1:0:1:1", "1:99999999999:1:4:1:1"]
        {
            assert_eq!(Sender::from_text(text), None, "{text}");
        }
    }

    #[test]
    fn a_ticket_is_told_from_everything_else() {
        let attempt = Attempt::new("try", None);
        let ticket = ticket_of([1, 2], &waybill(), attempt.context).expect("memory");
        let section = || Section::from_handle(ticket.to_handle(attempt.context).expect("a handle"));
        assert_eq!(read_ticket(section(), [1, 2], attempt), Some(waybill()));
        assert_eq!(read_ticket(section(), [1, 3], attempt), None);
        let file = File::open(std::env::current_exe().expect("this program")).expect("readable");
        assert_eq!(read_ticket(Section::from_handle(file.into()), [1, 2], attempt), None);
    }

    #[test]
    fn a_process_is_told_by_when_it_began() {
        let attempt = Attempt::new("try", None);
        let own = began(this_process()).expect("this process");
        let mut sender = Sender { id: std::process::id(), began: own, ticket: 16, nonce: [0, 0] };
        assert!(Parent::of(&sender, attempt).is_ok());
        sender.began += 1;
        let error = Parent::of(&sender, attempt).err().expect("another process of this id");
        assert!(error.is(ErrorKind::NotFound));
    }
}
