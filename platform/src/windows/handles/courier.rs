//! Regions that are sent to a running process.

use std::fmt;
use std::io::{self, Read, Write};
use std::os::windows::io::{AsHandle as _, AsRawHandle as _, OwnedHandle, RawHandle};

use windows_sys::Win32::System::Threading::PROCESS_DUP_HANDLE;

use super::assembly::assemble;
use super::duplicate::{
    close_in, duplicate, duplicate_file, duplicate_section, number_of, open_process, this_process,
};
use super::seal::{self, Print, Seal};
use super::waybill::Waybill;
use crate::contract::context::Context;
use crate::contract::wire::{NO_ANSWER, not_understood};
use crate::seam::region::{RawRegion as _, Sent};
use crate::windows::error::{Attempt, is_denied};
use crate::windows::region::Region;
use crate::windows::security::check_owner;
use crate::{Access, Error, ErrorKind, Result, Trust};

/// One end of a connection.
pub(crate) enum Courier {
    Sending { stream: Box<dyn Write + Send>, process: OwnedHandle },
    Receiving { stream: Box<dyn Read + Send> },
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Courier::Sending { .. } => "Sending",
            Courier::Receiving { .. } => "Receiving",
        })
    }
}

impl Courier {
    pub(crate) fn to_process_id(
        stream: Box<dyn Write + Send>,
        id: u32,
        context: Context<'_>,
    ) -> Result<Courier> {
        let process = open_process(id, PROCESS_DUP_HANDLE).map_err(|cause| match is_denied(&cause) {
            true => Attempt::of(context).failed(cause),
            false => context
                .error(ErrorKind::NotFound)
                .with_detail(format!("there is no process {id}"))
                .with_source(cause),
        })?;
        Ok(Courier::Sending { stream, process })
    }
}

impl Sent for Region {
    type Courier = Courier;

    fn send(&self, courier: &mut Courier, access: Access, context: Context<'_>) -> Result<()> {
        let attempt = Attempt::of(context);
        let Courier::Sending { stream, process } = courier else {
            return Err(context.invalid("this courier receives; send by one of Courier::to_process"));
        };
        let process = process.try_clone().map_err(|cause| attempt.failed(cause))?;
        let mut parcel = Parcel::to(process);
        let message = parcel.pack(self, access).map_err(|cause| attempt.failed(cause))?;
        let sent = stream.write_all(&message).and_then(|()| stream.flush());
        sent.map_err(|cause| connection_failed(cause, attempt))?;
        parcel.delivered();
        Ok(())
    }

    fn receive(courier: &mut Courier, trust: &Trust, context: Context<'_>) -> Result<Region> {
        let attempt = Attempt::of(context);
        let Courier::Receiving { stream } = courier else {
            return Err(context.invalid("this courier sends; receive by one of Courier::receiving"));
        };
        let message = read_message(stream).map_err(|cause| connection_failed(cause, attempt))?;
        let (waybill, print) = message.ok_or_else(|| not_understood(context))?;
        let parts = print.open(&waybill).map_err(|cause| attempt.failed(cause))?;
        let parts = parts.ok_or_else(|| not_for_us(attempt))?;
        check_owner(&parts.section, trust, attempt)?;
        assemble(parts, &waybill, attempt)
    }
}

/// Handles in another process. Dropping this closes them there, unless they were delivered or taken.
#[derive(Debug)]
pub(super) struct Parcel {
    process: OwnedHandle,
    numbers: Vec<u64>,
    seal: Option<Seal>,
}

impl Parcel {
    pub(super) fn to(process: OwnedHandle) -> Parcel {
        Parcel { process, numbers: Vec::new(), seal: None }
    }

    fn put(&mut self, handle: RawHandle) -> u64 {
        let number = number_of(handle);
        self.numbers.push(number);
        number
    }

    /// Puts the region's handles into the other process, and returns the message.
    pub(super) fn pack(&mut self, region: &Region, access: Access) -> io::Result<Vec<u8>> {
        let section = duplicate_section(&region.section, self.process.as_handle(), access)?;
        let section = self.put(section);
        let file = duplicate_file(&region.section, self.process.as_handle(), access)?;
        let file = file.map(|file| self.put(file));
        let waybill = Waybill::of(region.facts(), access, section, file);
        let seal = Seal::new(&waybill)?;
        let print = seal.print(|part| {
            let to = self.process.as_handle();
            let part = duplicate(this_process(), part.as_raw_handle(), to, Some(seal::RIGHTS))?;
            Ok(self.put(part))
        })?;
        self.seal = Some(seal);
        Ok([waybill.bytes(), print.bytes()].concat())
    }

    pub(super) fn delivered(mut self) {
        self.numbers.clear();
        self.seal = None;
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        // A message with a failed send may still have arrived.
        if self.seal.as_ref().is_some_and(|seal| !seal.take()) {
            return;
        }
        for &number in &self.numbers {
            // SAFETY: this process made it there, and no receiver has the permit to own it or knows of it.
            unsafe { close_in(self.process.as_handle(), number) };
        }
    }
}

fn read_message(stream: &mut impl Read) -> io::Result<Option<(Waybill, Print)>> {
    let Some(waybill) = Waybill::read_from(stream)? else { return Ok(None) };
    let print = Print::read_from(stream)?;
    Ok(print.map(|print| (waybill, print)))
}

fn not_for_us(attempt: Attempt<'_>) -> Error {
    attempt.context.invalid(
        "what the message names was not put into this process by its sender, or was received before; send to this process's id, once for each receipt",
    )
}

fn connection_failed(cause: io::Error, attempt: Attempt<'_>) -> Error {
    match cause.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            attempt.error(ErrorKind::TimedOut).with_detail(NO_ANSWER).with_source(cause)
        }
        _ => attempt
            .error(ErrorKind::Os)
            .with_detail("the connection failed, or the other side closed it; see why it ended")
            .with_source(cause),
    }
}
