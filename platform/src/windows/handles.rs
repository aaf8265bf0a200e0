//! Sharing by handle: handles that a child pulls out of its parent, or that are pushed into a process.
//!
//! No handle is ever inheritable: `CreateProcess` gives every inheritable handle to every child that inherits
//! any, and std's [`Command`] starts each so (it cannot pass a list of handles). A handle that is made inheritable
//! around one `spawn` would reach what other threads start meanwhile. So:
//!
//! - A *child* is told, in its environment, who offers, and the number of a *ticket*: a small section of the
//!   offering process that says what is offered. It duplicates ticket and section out of that process, and looks
//!   at the ticket before and after. Process ids and handle numbers are used again when their owners are gone;
//!   the time at which the process began and a random number in the ticket tell.
//! - A *sender* duplicates the section into the receiver, which so holds it from that moment, and says its number
//!   over the connection. What can be duplicated into a process is decided by that process's own security: whoever
//!   may do it could do anything to it, so a receiver takes the numbers that such a peer says for true. They
//!   must not come over a connection to anybody else.

use std::fmt;
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read, Write};
use std::os::windows::io::{
    AsHandle, AsRawHandle as _, BorrowedHandle, FromRawHandle as _, OwnedHandle, RawHandle,
};
use std::process::Command;
use std::ptr;

use windows_sys::Win32::Foundation::{
    DUPLICATE_CLOSE_SOURCE, DUPLICATE_SAME_ACCESS, DuplicateHandle, ERROR_INVALID_HANDLE, FILETIME,
};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, GetProcessTimes, OpenProcess, PROCESS_DUP_HANDLE, PROCESS_QUERY_LIMITED_INFORMATION,
};

use super::error::{Attempt, code_of, is_denied};
use super::region::check_owner;
use super::section::{READ_CONTROL, READ_RIGHTS, READ_WRITE_RIGHTS, Section};
use super::view;
use crate::{
    Access, CreateOptions, Error, ErrorKind, MapRequest, ObjectName, Region, Result, SharedRegion as _,
    Trust, View,
};

// ---- what is handed over ------------------------------------------------------------------------------

/// Handles of a region by number, and what is said of it. The numbers mean something in one process.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Waybill {
    section: u64,
    /// The file that it lies over, to flush it; zero where there is none.
    file: u64,
    access: Access,
    name: Option<ObjectName>,
}

/// `SMHANDLE`, version, access, section, file, length of the name, and zeros: in little-endian order. The name
/// follows.
const HEAD_LEN: usize = 40;
const MAGIC: &[u8; 8] = b"SMHANDLE";
const VERSION: u32 = 1;
/// The longest name is 259 UTF-16 units of at most three UTF-8 bytes each, and `Local\` in front.
const LONGEST_NAME: usize = crate::MAX_NAME_UNITS * 3 + 6;

impl Waybill {
    fn bytes(&self) -> Vec<u8> {
        let name = self.name.as_ref().map_or_else(String::new, ToString::to_string);
        let mut bytes = Vec::with_capacity(HEAD_LEN + name.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&code_of_access(self.access).to_le_bytes());
        bytes.extend_from_slice(&self.section.to_le_bytes());
        bytes.extend_from_slice(&self.file.to_le_bytes());
        bytes.extend_from_slice(&(name.len() as u64).to_le_bytes());
        bytes.extend_from_slice(name.as_bytes());
        bytes
    }

    /// How many bytes of a name follow a head.
    fn name_len(head: &[u8; HEAD_LEN]) -> Option<usize> {
        let len = usize::try_from(long(head, 32)?).ok()?;
        (head.starts_with(MAGIC) && word(head, 8)? == VERSION && len <= LONGEST_NAME).then_some(len)
    }

    fn read(head: &[u8; HEAD_LEN], name: &[u8]) -> Option<Waybill> {
        let name = match name {
            [] => None,
            name => Some(ObjectName::read_back(std::str::from_utf8(name).ok()?).ok()?),
        };
        let waybill = Waybill {
            access: access_of(word(head, 12)?)?,
            section: long(head, 16)?,
            file: long(head, 24)?,
            name,
        };
        let good = is_number(waybill.section)
            && (waybill.file == 0 || is_number(waybill.file))
            && waybill.file != waybill.section;
        good.then_some(waybill)
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// Whether it can be a handle's: not a pseudo handle, which means another object in every process. Handles are
/// multiples of four of at most 32 bits, also those of 64-bit processes.
fn is_number(handle: u64) -> bool {
    handle != 0 && handle % 4 == 0 && handle < u64::from(u32::MAX - 16)
}

fn code_of_access(access: Access) -> u32 {
    match access {
        Access::ReadOnly => 1,
        Access::ReadWrite => 2,
        Access::CopyOnWrite => 3,
    }
}

fn access_of(code: u32) -> Option<Access> {
    let all = [Access::ReadOnly, Access::ReadWrite, Access::CopyOnWrite];
    all.into_iter().find(|&access| code_of_access(access) == code)
}

fn number_of(handle: RawHandle) -> u64 {
    handle.addr() as u64
}

fn raw(number: u64) -> RawHandle {
    ptr::without_provenance_mut(number as usize)
}

fn nonsense(attempt: Attempt<'_>) -> Error {
    attempt
        .error(ErrorKind::InvalidArgument)
        .with_detail("what arrived is no region of samemap; both sides must use the same version of it")
}

// ---- duplicating --------------------------------------------------------------------------------------

/// Duplicates a handle with these rights, or with those that it has; answers the copy's number in `to`.
fn duplicate(
    from: BorrowedHandle<'_>,
    handle: RawHandle,
    to: BorrowedHandle<'_>,
    rights: Option<u32>,
) -> io::Result<RawHandle> {
    const INHERITABLE: i32 = 0;
    let mut copy = ptr::null_mut();
    let options = if rights.is_none() { DUPLICATE_SAME_ACCESS } else { 0 };
    // SAFETY: both processes' handles are open, a number that is none is an error, and `copy` is valid for a write.
    let made = unsafe {
        DuplicateHandle(
            from.as_raw_handle(),
            handle,
            to.as_raw_handle(),
            &mut copy,
            rights.unwrap_or(0),
            INHERITABLE,
            options,
        )
    };
    if made == 0 { Err(io::Error::last_os_error()) } else { Ok(copy) }
}

fn this_process() -> BorrowedHandle<'static> {
    // SAFETY: the pseudo handle of this process, which is never closed.
    unsafe { BorrowedHandle::borrow_raw(GetCurrentProcess()) }
}

/// A section's handle for `to`, with the rights that the access takes; the right to look at its owner too, where
/// this process has that.
fn duplicate_section(section: &Section, to: BorrowedHandle<'_>, access: Access) -> io::Result<RawHandle> {
    let rights = if access.writes_object() { READ_WRITE_RIGHTS } else { READ_RIGHTS };
    let handle = section.as_handle().as_raw_handle();
    match duplicate(this_process(), handle, to, Some(rights | READ_CONTROL)) {
        Err(cause) if is_denied(&cause) => duplicate(this_process(), handle, to, Some(rights)),
        answer => answer,
    }
}

/// The file's handle, for those who may write to it: to flush it.
fn duplicate_file(
    section: &Section,
    to: BorrowedHandle<'_>,
    access: Access,
) -> io::Result<Option<RawHandle>> {
    match section.file() {
        Some(file) if access.writes_object() => {
            duplicate(this_process(), file.as_raw_handle(), to, None).map(Some)
        }
        _ => Ok(None),
    }
}

/// Makes a region of handles that are this process's own.
fn assemble(
    section: OwnedHandle,
    file: Option<File>,
    waybill: &Waybill,
    trust: &Trust,
    attempt: Attempt<'_>,
) -> Result<Region> {
    let section = Section::from_handle(section).with_file(file);
    check_owner(&section, trust, attempt)?;
    let region = Region::of(section, waybill.name.as_ref(), waybill.access, attempt)?;
    view::check_can_be_mapped(&region.section, waybill.access).map_err(|cause| attempt.failed(cause))?;
    Ok(region)
}

// ---- to a child ---------------------------------------------------------------------------------------

/// What the child takes: copies with no more rights than are offered, and the ticket that says so. Closed when
/// this is dropped, and then the offer is withdrawn.
pub(crate) struct Offer {
    _ticket: Region,
    _section: OwnedHandle,
    _file: Option<OwnedHandle>,
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer").finish_non_exhaustive()
    }
}

/// Random, so that a number that is used again is not taken for the ticket.
type Nonce = [u64; 2];

/// Where the waybill begins in a ticket, behind the nonce.
const WAYBILL_AT: usize = size_of::<Nonce>();

pub(crate) fn offer(region: &Region, command: &mut Command, variable: &str, access: Access) -> Result<Offer> {
    let attempt = Attempt::new("offer the region to a child", region.name());
    let failed = |cause| attempt.failed(cause);
    let section = duplicate_section(&region.section, this_process(), access).map_err(failed)?;
    // SAFETY: made for this process just now, and nobody else closes it.
    let section = unsafe { OwnedHandle::from_raw_handle(section) };
    let file = duplicate_file(&region.section, this_process(), access).map_err(failed)?;
    // SAFETY: as above.
    let file = file.map(|file| unsafe { OwnedHandle::from_raw_handle(file) });
    let waybill = Waybill {
        section: number_of(section.as_raw_handle()),
        file: file.as_ref().map_or(0, |file| number_of(file.as_raw_handle())),
        access,
        name: region.name().cloned(),
    };
    let nonce: Nonce = [RandomState::new().hash_one(0), RandomState::new().hash_one(1)];
    let ticket = ticket_of(nonce, &waybill)?;
    let sender = Sender {
        id: std::process::id(),
        began: began(this_process()).map_err(failed)?,
        ticket: number_of(ticket.section.as_handle().as_raw_handle()),
        nonce,
    };
    command.env(variable, sender.to_text());
    Ok(Offer { _ticket: ticket, _section: section, _file: file })
}

fn ticket_of(nonce: Nonce, waybill: &Waybill) -> Result<Region> {
    let ticket = Region::anonymous(&CreateOptions::new(4096))?;
    let view = ticket.view(.., Access::ReadWrite)?;
    view.put(0, &nonce)?;
    view.write(WAYBILL_AT, &waybill.bytes())?;
    Ok(ticket)
}

/// Who offers, as the child is told.
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
        format!("1:{id}:{began}:{ticket}:{first}:{second}")
    }

    fn from_text(text: &str) -> Option<Sender> {
        let words: Vec<u64> = text.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
        let [1, id, began, ticket, first, second] = words[..] else { return None };
        let id = u32::try_from(id).ok()?;
        is_number(ticket).then_some(Sender { id, began, ticket, nonce: [first, second] })
    }
}

/// When a process began: with its id, this tells it from every other.
fn began(process: BorrowedHandle<'_>) -> io::Result<u64> {
    let [mut began, mut ended, mut kernel, mut user] = [FILETIME::default(); 4];
    // SAFETY: the handle is open, and the four are valid for writes.
    let told =
        unsafe { GetProcessTimes(process.as_raw_handle(), &mut began, &mut ended, &mut kernel, &mut user) };
    if told == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(u64::from(began.dwHighDateTime) << 32 | u64::from(began.dwLowDateTime))
}

fn open_process(id: u32, rights: u32) -> io::Result<OwnedHandle> {
    const INHERITABLE: i32 = 0;
    // SAFETY: takes no pointers; an id that is none is an error.
    let process = unsafe { OpenProcess(rights, INHERITABLE, id) };
    if process.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: opened just now, and nobody else closes it.
    Ok(unsafe { OwnedHandle::from_raw_handle(process) })
}

pub(crate) fn adopt(offer: &str) -> Result<Region> {
    let attempt = Attempt::new("adopt the region that was offered", None);
    let sender = Sender::from_text(offer).ok_or_else(|| nonsense(attempt))?;
    let parent = Parent::of(&sender, attempt)?;
    let waybill = parent.waybill(&sender, attempt)?;
    let section = parent.pull(waybill.section).map_err(|cause| withdrawn(cause, attempt))?;
    let file = match waybill.file {
        0 => None,
        file => Some(File::from(parent.pull(file).map_err(|cause| withdrawn(cause, attempt))?)),
    };
    // The ticket outlives its handles' copies in no case: so it was good when they were pulled.
    if parent.waybill(&sender, attempt)? != waybill {
        return Err(nonsense(attempt));
    }
    // Whoever started this process could have started anything in its place: there is nobody to distrust.
    assemble(section, file, &waybill, &Trust::Anyone, attempt)
}

/// The process that offers.
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
        let copy = duplicate(self.0.as_handle(), raw(number), this_process(), None)?;
        // SAFETY: made for this process just now, and nobody else closes it.
        Ok(unsafe { OwnedHandle::from_raw_handle(copy) })
    }

    /// What the ticket says, if the number is still a ticket's.
    fn waybill(&self, sender: &Sender, attempt: Attempt<'_>) -> Result<Waybill> {
        let ticket = self.pull(sender.ticket).map_err(|cause| withdrawn(cause, attempt))?;
        read_ticket(Section::from_handle(ticket), sender.nonce, attempt)
            .ok_or_else(|| withdrawn(io::Error::from_raw_os_error(ERROR_INVALID_HANDLE as i32), attempt))
    }
}

/// Nothing where it is something else.
fn read_ticket(ticket: Section, nonce: Nonce, attempt: Attempt<'_>) -> Option<Waybill> {
    let region = Region::of(ticket, None, Access::ReadOnly, attempt).ok()?;
    let view: View = region.map(&MapRequest::new(0, region.len(), Access::ReadOnly)).ok()?;
    if view.get::<Nonce>(0).ok()? != nonce {
        return None;
    }
    let mut head = [0; HEAD_LEN];
    view.read(WAYBILL_AT, &mut head).ok()?;
    let mut name = vec![0; Waybill::name_len(&head)?];
    view.read(WAYBILL_AT + HEAD_LEN, &mut name).ok()?;
    Waybill::read(&head, &name)
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

// ---- to a process that runs ---------------------------------------------------------------------------

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

impl crate::Courier {
    /// A courier that sends to the process with this id, over a stream that leads there.
    ///
    /// This process must be allowed to duplicate handles into that one (`PROCESS_DUP_HANDLE`), as processes of the
    /// same user are.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is no such process;
    /// [`AccessDenied`](ErrorKind::AccessDenied).
    pub fn to_process_id(stream: impl Write + Send + 'static, id: u32) -> Result<crate::Courier> {
        let attempt = Attempt::new("open the process to send regions to", None);
        let process = open_process(id, PROCESS_DUP_HANDLE).map_err(|cause| match is_denied(&cause) {
            true => attempt.failed(cause),
            false => attempt
                .error(ErrorKind::NotFound)
                .with_detail(format!("there is no process {id}"))
                .with_source(cause),
        })?;
        Ok(Self::to_process(stream, process))
    }

    /// A courier that sends to a process, over a stream that leads there. The handle needs the right
    /// `PROCESS_DUP_HANDLE`; that of a [`Child`](std::process::Child) has it.
    #[must_use]
    pub fn to_process(stream: impl Write + Send + 'static, process: OwnedHandle) -> crate::Courier {
        crate::Courier(Courier::Sending { stream: Box::new(stream), process })
    }

    /// A courier that receives what its peer sends over a stream.
    ///
    /// The stream must lead to a process that may duplicate handles into this one, and so could do anything to it:
    /// what it says of them is believed.
    #[must_use]
    pub fn receiving(stream: impl Read + Send + 'static) -> crate::Courier {
        crate::Courier(Courier::Receiving { stream: Box::new(stream) })
    }
}

pub(crate) fn send(courier: &mut Courier, region: &Region, access: Access) -> Result<()> {
    let attempt = Attempt::new("send the region", region.name());
    let Courier::Sending { stream, process } = courier else {
        return Err(attempt
            .error(ErrorKind::InvalidArgument)
            .with_detail("this courier receives; send by one of Courier::to_process"));
    };
    let failed = |cause| attempt.failed(cause);
    let section = Pushed::new(process, duplicate_section(&region.section, process.as_handle(), access))
        .map_err(failed)?;
    let file = duplicate_file(&region.section, process.as_handle(), access)
        .map_err(failed)?
        .map(|file| Pushed { process, handle: file });
    let waybill = Waybill {
        section: number_of(section.handle),
        file: file.as_ref().map_or(0, |file| number_of(file.handle)),
        access,
        name: region.name().cloned(),
    };
    let sent = stream.write_all(&waybill.bytes()).and_then(|()| stream.flush());
    sent.map_err(|cause| connection_failed(cause, attempt))?;
    // They are the receiver's from now on.
    std::mem::forget((section, file));
    Ok(())
}

/// A handle in another process, closed there unless that process learns of it.
struct Pushed<'a> {
    process: &'a OwnedHandle,
    handle: RawHandle,
}

impl<'a> Pushed<'a> {
    fn new(process: &'a OwnedHandle, handle: io::Result<RawHandle>) -> io::Result<Pushed<'a>> {
        handle.map(|handle| Pushed { process, handle })
    }
}

impl Drop for Pushed<'_> {
    fn drop(&mut self) {
        // SAFETY: the process's handle is open. The number is that of a handle which was made there for us, and
        // which that process has not been told of.
        unsafe {
            DuplicateHandle(
                self.process.as_raw_handle(),
                self.handle,
                ptr::null_mut(),
                ptr::null_mut(),
                0,
                0,
                DUPLICATE_CLOSE_SOURCE,
            );
        }
    }
}

pub(crate) fn receive(courier: &mut Courier, trust: &Trust) -> Result<Region> {
    let attempt = Attempt::new("receive a region", None);
    let Courier::Receiving { stream } = courier else {
        return Err(attempt
            .error(ErrorKind::InvalidArgument)
            .with_detail("this courier sends; receive by one of Courier::receiving"));
    };
    let mut head = [0; HEAD_LEN];
    stream.read_exact(&mut head).map_err(|cause| connection_failed(cause, attempt))?;
    let name_len = Waybill::name_len(&head).ok_or_else(|| nonsense(attempt))?;
    let mut name = vec![0; name_len];
    stream.read_exact(&mut name).map_err(|cause| connection_failed(cause, attempt))?;
    let waybill = Waybill::read(&head, &name).ok_or_else(|| nonsense(attempt))?;
    // SAFETY: the peer duplicated both into this process for it to close; that it speaks the truth is what the
    // maker of the courier vouches for.
    let (section, file) = unsafe {
        let file = (waybill.file != 0).then(|| File::from_raw_handle(raw(waybill.file)));
        (OwnedHandle::from_raw_handle(raw(waybill.section)), file)
    };
    assemble(section, file, &waybill, trust, attempt)
}

fn connection_failed(cause: io::Error, attempt: Attempt<'_>) -> Error {
    match cause.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => attempt
            .error(ErrorKind::TimedOut)
            .with_detail(
                "the other side did not answer within the connection's timeout; close the connection",
            )
            .with_source(cause),
        _ => attempt
            .error(ErrorKind::Os)
            .with_detail("the connection failed, or the other side closed it; see why it ended")
            .with_source(cause),
    }
}

// ---- handles of the caller's --------------------------------------------------------------------------

/// Borrows the section's handle. A copy of it holds the object as the region itself does, which is how the
/// kernel counts.
impl AsHandle for Region {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.section.as_handle()
    }
}

/// # Handles
/// A handle of a section is a hold of its own, in every process, so the region [lends](AsHandle) its handle and
/// copies of it do no harm: the object and its name live until the last one is closed.
impl Region {
    /// A new handle of the region's section, with the rights that the region's access takes. It holds the object.
    ///
    /// # Errors
    /// [`Os`](ErrorKind::Os).
    pub fn to_handle(&self) -> Result<OwnedHandle> {
        let attempt = Attempt::new("make a handle of the region", self.name());
        let handle = duplicate_section(&self.section, this_process(), self.access());
        let handle = handle.map_err(|cause| attempt.failed(cause))?;
        // SAFETY: made for this process just now, and nobody else closes it.
        Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
    }

    /// A region without a known name over any section of plain memory or of a file. The handle needs the right to
    /// query (`SECTION_QUERY`) beside those to map.
    ///
    /// Its length is the section's, in whole pages where it does not lie over a file.
    ///
    /// # Errors
    /// [`KindMismatch`](ErrorKind::KindMismatch) for what is no such section;
    /// [`AccessDenied`](ErrorKind::AccessDenied) for more access than the handle or the section allow.
    pub fn from_handle(handle: OwnedHandle, access: Access) -> Result<Region> {
        let attempt = Attempt::new("make a region of the handle", None);
        let waybill = Waybill { section: 0, file: 0, access, name: None };
        assemble(handle, None, &waybill, &Trust::Anyone, attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waybill(name: Option<&str>) -> Waybill {
        let name = name.map(|name| ObjectName::new(name).expect("a valid name"));
        Waybill { section: 0x1234, file: 8, access: Access::ReadWrite, name }
    }

    fn read(bytes: &[u8]) -> Option<Waybill> {
        let head: &[u8; HEAD_LEN] = bytes.first_chunk()?;
        let len = Waybill::name_len(head)?;
        Waybill::read(head, bytes.get(HEAD_LEN..HEAD_LEN + len)?)
    }

    #[test]
    fn waybills_read_back() {
        let longest = "\u{FFFD}".repeat(crate::MAX_NAME_UNITS);
        for name in [None, Some("X"), Some(r"Global\X"), Some(&*longest)] {
            assert_eq!(read(&waybill(name).bytes()), Some(waybill(name)), "{name:?}");
        }
        let sender = Sender { id: 7, began: u64::MAX, ticket: 16, nonce: [1, u64::MAX] };
        assert_eq!(Sender::from_text(&sender.to_text()), Some(sender));
    }

    #[test]
    fn nothing_that_arrives_is_believed() {
        let good = waybill(Some("X")).bytes();
        for at in 0..HEAD_LEN {
            for value in [0xFF, 0x03] {
                let mut bytes = good.clone();
                bytes[at] = value;
                if let Some(waybill) = read(&bytes) {
                    assert!(is_number(waybill.section), "byte {at}");
                }
            }
        }
        for number in [0, 1, 6, u64::MAX, u64::MAX - 3, 0xFFFF_FFFC, 1 << 40] {
            assert!(!is_number(number), "{number}");
        }
        for text in
            ["", "1", "2:1:1:4:1:1", "1:1:1:4:1", "1:1:1:5:1:1", "1:1:1:0:1:1", "1:99999999999:1:4:1:1"]
        {
            assert_eq!(Sender::from_text(text), None, "{text}");
        }
    }

    #[test]
    fn a_ticket_is_told_from_everything_else() {
        let attempt = Attempt::new("try", None);
        let ticket = ticket_of([1, 2], &waybill(None)).expect("memory");
        let section = || Section::from_handle(ticket.to_handle().expect("a handle"));
        assert_eq!(read_ticket(section(), [1, 2], attempt), Some(waybill(None)));
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
        assert_eq!(*error.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_section_made_for_reading_stays_so() {
        let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
        let handle = duplicate_section(&region.section, this_process(), Access::ReadOnly).expect("less");
        // SAFETY: made for this process just now.
        let handle = unsafe { OwnedHandle::from_raw_handle(handle) };
        let error = Region::from_handle(handle, Access::ReadWrite).expect_err("it has less");
        assert_eq!(*error.kind(), ErrorKind::AccessDenied);
    }
}
