//! Sharing by handle: descriptors that pass to a child, or through a socket.
//!
//! A lock that means *somebody holds this* belongs to an open file description, and whatever shares the
//! description (`dup`, `fork`, inheritance, `SCM_RIGHTS`) shares the lock: one side's unlock would unlock both.
//! So each process gets a description of its own, opened anew through /proc:
//!
//! - A *child* opens and locks its own between `fork` and `exec`, while its parent still holds. It has the region
//!   from its first instruction, whatever becomes of the parent.
//! - A *sender* opens and locks one for the receiver, and forgets it once it is sent: closed, never unlocked. In
//!   flight it keeps its lock.
//! - A *receiver*, and a child that adopts, opens and locks its own once more where it may, and closes what it
//!   got: that may be shared with whoever stood between.
//!
//! The same goes for memory without a name and for files, which carry no such lock: the objects inside a region
//! have locks of theirs.

use std::cmp::Ordering;
use std::ffi::CString;
use std::fmt::Write as _;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::Arc;

use rustix::fs::{self, OFlags};
use rustix::io::{Errno, FdFlags};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use super::errors::Context;
use super::file::{self, Description, MappedFile, access_of, code_of};
use super::fork;
use super::lifetime::{self, Object};
use super::object::{Identity, check_owner};
use super::region::Held;
use crate::testing::reached;
use crate::{Access, Error, ErrorKind, Region, Result, SharedRegion as _, Trust};

// ---- what is handed over ------------------------------------------------------------------------------

/// What a region is made of, for whoever gets its descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Named,
    Anonymous,
    File,
    NamedFile,
}

impl Form {
    const ALL: [Form; 4] = [Form::Named, Form::Anonymous, Form::File, Form::NamedFile];

    fn of(held: &Held) -> Form {
        match held {
            Held::Named(_) => Form::Named,
            Held::Anonymous(_) => Form::Anonymous,
            Held::File { object: None, .. } => Form::File,
            Held::File { object: Some(_), .. } => Form::NamedFile,
        }
    }

    fn code(self) -> u32 {
        match self {
            Form::Named => 1,
            Form::Anonymous => 2,
            Form::File => 3,
            Form::NamedFile => 4,
        }
    }

    fn descriptors(self) -> usize {
        if self == Form::NamedFile { 2 } else { 1 }
    }
}

/// What is said of a region beside its descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Label {
    form: Form,
    access: Access,
    /// Of a file, the region's part of it.
    len: u64,
}

impl Label {
    fn of(region: &Region, access: Access) -> Label {
        Label { form: Form::of(region.held()), access, len: region.len() }
    }

    fn from_codes(form: u32, access: u32, len: u64) -> Option<Label> {
        let form = Form::ALL.into_iter().find(|known| known.code() == form)?;
        Some(Label { form, access: access_of(access)?, len })
    }
}

/// One of a region's descriptors.
struct Part<'a> {
    fd: BorrowedFd<'a>,
    /// Whether it is to be locked, as a holder's.
    holds: bool,
    writable: bool,
}

fn parts(held: &Held, access: Access) -> Vec<Part<'_>> {
    let writable = access.writes_object();
    match held {
        Held::Named(object) => vec![Part { fd: object.fd(), holds: true, writable }],
        Held::Anonymous(file) | Held::File { file, object: None } => {
            vec![Part { fd: file.fd(), holds: false, writable }]
        }
        Held::File { file, object: Some(object) } => vec![
            Part { fd: object.fd(), holds: true, writable: false },
            Part { fd: file.fd(), holds: false, writable },
        ],
    }
}

fn check_can_hand_over(region: &Region, context: Context<'_>) -> Result<()> {
    if lifetime::REOPENS || matches!(Form::of(region.held()), Form::Anonymous | Form::File) {
        return Ok(());
    }
    Err(context.error(ErrorKind::Unsupported).with_detail(
        "this system's named objects cannot be handed over: open it by its name, or use a region without one",
    ))
}

/// Makes a region of the descriptors that arrived. They are this process's own.
fn assemble(label: Label, fds: Vec<OwnedFd>, trust: &Trust, context: Context<'_>) -> Result<Region> {
    let mut fds = fds.into_iter();
    let (Some(first), second) = (fds.next(), fds.next()) else { return Err(nonsense(context)) };
    let stat = fs::fstat(&first).map_err(|errno| context.os(errno))?;
    check_owner(stat.st_uid, trust, context)?;
    match (label.form, second) {
        (Form::Anonymous, None) => anonymous(first, label.access, MappedFile::handed_over, context),
        (Form::File, None) => file::received(first, label.len, label.access, context),
        (Form::Named, None) => named(first, label.access, context),
        (Form::NamedFile, Some(file)) => {
            let (object, name) = Object::received(first, context)?;
            file::join(object, file, &name, label.access, context)
        }
        _ => Err(nonsense(context)),
    }
}

fn named(fd: OwnedFd, access: Access, context: Context<'_>) -> Result<Region> {
    let (object, name) = Object::received(fd, context)?;
    let context = Context { name: Some(&name), ..context };
    if object.form() != super::trailer::Form::Memory {
        return Err(nonsense(context));
    }
    if access.writes_object() && !is_open_for(object.fd(), access, context)? {
        return Err(not_enough(context));
    }
    let len = object.len();
    Ok(Region::of(Held::Named(object), Some(&name), len, access))
}

/// Memory that somebody sent, which nobody may be able to shrink: touching it would raise SIGBUS.
fn anonymous(
    fd: OwnedFd,
    access: Access,
    own: fn(OwnedFd, bool) -> MappedFile,
    context: Context<'_>,
) -> Result<Region> {
    let stat = fs::fstat(&fd).map_err(|errno| context.os(errno))?;
    if !is_open_for(fd.as_fd(), access, context)? {
        return Err(not_enough(context));
    }
    check_seals(fd.as_fd(), access, context)?;
    let len = stat.st_size as u64;
    if len == 0 {
        return Err(context.error(ErrorKind::InvalidArgument).with_detail("it has no bytes; give it a size"));
    }
    let held = Held::Anonymous(own(fd, access.writes_object()));
    Ok(Region::of(held, None, len, access))
}

#[cfg(target_os = "linux")]
fn check_seals(fd: BorrowedFd<'_>, access: Access, context: Context<'_>) -> Result<()> {
    use rustix::fs::{SealFlags, fcntl_get_seals};
    let invalid = |detail| Err(context.error(ErrorKind::InvalidArgument).with_detail(detail));
    let seals = match fcntl_get_seals(fd) {
        Ok(seals) => seals,
        Err(Errno::INVAL) => {
            return invalid("it is no memory of memfd_create; for a file there is Region::over_file");
        }
        Err(errno) => return Err(context.os(errno)),
    };
    if !seals.contains(SealFlags::SHRINK) {
        return invalid(
            "it is not sealed against shrinking, so whoever has it could make touching it raise SIGBUS; add F_SEAL_SHRINK",
        );
    }
    if access.writes_object() && seals.intersects(SealFlags::WRITE | SealFlags::FUTURE_WRITE) {
        let error = context.error(ErrorKind::AccessDenied);
        return Err(error.with_detail("it is sealed against writing; ask for Access::ReadOnly"));
    }
    Ok(())
}

/// There are no seals to be seen.
#[cfg(not(target_os = "linux"))]
fn check_seals(_fd: BorrowedFd<'_>, _access: Access, _context: Context<'_>) -> Result<()> {
    Ok(())
}

fn is_open_for(fd: BorrowedFd<'_>, access: Access, context: Context<'_>) -> Result<bool> {
    let mode = fs::fcntl_getfl(fd).map_err(|errno| context.os(errno))? & OFlags::RWMODE;
    Ok(mode == OFlags::RDWR || (mode == OFlags::RDONLY && !access.writes_object()))
}

fn nonsense(context: Context<'_>) -> Error {
    context
        .error(ErrorKind::InvalidArgument)
        .with_detail("what arrived is no region of samemap; both sides must use the same version of it")
}

fn not_enough(context: Context<'_>) -> Error {
    context.error(ErrorKind::AccessDenied).with_detail(
        "the descriptor is not open for as much as was asked; ask for less, or open it with more",
    )
}

// ---- to a child ---------------------------------------------------------------------------------------

/// Nothing: the command itself keeps what it carries.
#[derive(Debug)]
pub(crate) struct Offer;

/// A descriptor whose number stands for the child's. It is not one of the standard streams', which are
/// replaced in the child before.
struct Slot {
    fd: OwnedFd,
    ticket: Option<fork::Ticket>,
    // Keeps the object held until the child has its own lock.
    _held: Arc<Held>,
}

impl Slot {
    fn new(part: &Part<'_>, held: &Arc<Held>) -> Result<Slot, Errno> {
        const BEHIND_STANDARD_STREAMS: RawFd = 3;
        let fd = rustix::io::fcntl_dupfd_cloexec(part.fd, BEHIND_STANDARD_STREAMS)?;
        // Children that only fork must not keep our locks by it.
        let ticket = lifetime::REOPENS.then(|| fork::register_holder(fd.as_fd(), part.writable));
        Ok(Slot { fd, ticket, _held: Arc::clone(held) })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            fork::unregister(ticket);
        }
    }
}

pub(crate) fn offer(region: &Region, command: &mut Command, variable: &str, access: Access) -> Result<Offer> {
    let context = Context { operation: "offer the region to a child", name: region.name() };
    check_can_hand_over(region, context)?;
    let mut value = Label::of(region, access).to_text();
    let mut handovers = Vec::new();
    for part in parts(region.held(), access) {
        let slot = Slot::new(&part, region.held()).map_err(|errno| context.os(errno))?;
        let stat = fs::fstat(&slot.fd).map_err(|errno| context.os(errno))?;
        let (dev, ino) = Identity::from(&stat).parts();
        write!(value, ":{}:{dev}:{ino}", slot.fd.as_raw_fd()).expect("a String takes all text");
        handovers.push(Handover::new(slot, &part));
    }
    // SAFETY: between fork and exec the closure makes plain system calls only, on numbers and texts that were
    // made before: no allocation, no lock.
    unsafe { command.pre_exec(move || handovers.iter().try_for_each(Handover::in_child)) };
    command.env(variable, value);
    Ok(Offer)
}

/// What a child does to get a descriptor of its own.
struct Handover {
    slot: Slot,
    path: CString,
    flags: i32,
    holds: bool,
}

impl Handover {
    fn new(slot: Slot, part: &Part<'_>) -> Handover {
        let path = format!("/proc/self/fd/{}", slot.fd.as_raw_fd());
        let mode = if part.writable { libc::O_RDWR } else { libc::O_RDONLY };
        Handover {
            slot,
            path: CString::new(path).expect("no NUL"),
            flags: mode | libc::O_CLOEXEC | libc::O_NONBLOCK,
            holds: part.holds,
        }
    }

    /// In the child, before exec: async-signal-safe calls only.
    fn in_child(&self) -> io::Result<()> {
        let slot = self.slot.fd.as_raw_fd();
        if !lifetime::REOPENS {
            // SAFETY: a descriptor of this process; others do not see the flag.
            return check(unsafe { libc::fcntl(slot, libc::F_SETFD, 0) });
        }
        // SAFETY: the path ends in NUL.
        let fresh = unsafe { libc::open(self.path.as_ptr(), self.flags) };
        check(fresh)?;
        if self.holds {
            // SAFETY: opened just now.
            let fd = unsafe { BorrowedFd::borrow_raw(fresh) };
            if !lifetime::hold(fd)? {
                return Err(io::Error::from_raw_os_error(libc::EAGAIN));
            }
        }
        // Under the number that the child will look for; the copy is not closed on exec, and `fresh` is.
        // SAFETY: `slot` is this process's copy of a descriptor that nothing else uses.
        check(unsafe { libc::dup2(fresh, slot) })
    }
}

fn check(answer: i32) -> io::Result<()> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

pub(crate) fn adopt(offer: &str) -> Result<Region> {
    let context = Context { operation: "adopt the region that was offered", name: None };
    let Some((label, claims)) = Label::from_text(offer) else { return Err(nonsense(context)) };
    let mut fds = Vec::new();
    for claim in claims {
        fds.push(claim.take(context)?);
    }
    // Whoever started this process could have started anything in its place: there is nobody to distrust.
    assemble(label, fds, &Trust::Anyone, context)
}

/// A descriptor that was passed on, and the file that it must lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Claim {
    fd: RawFd,
    file: Identity,
}

impl Claim {
    /// Takes the descriptor, if it is still what was passed on: the variable is also seen by the children of this
    /// process, and the number may mean something else there.
    fn take(self, context: Context<'_>) -> Result<OwnedFd> {
        let gone = || {
            Err(context.error(ErrorKind::NotFound).with_detail(
                "it was offered to another process, or closed here before it was adopted; adopt first, and once",
            ))
        };
        // SAFETY: fcntl says whether the number is that of an open descriptor; one that is not is not used.
        if self.fd < 0 || unsafe { libc::fcntl(self.fd, libc::F_GETFD) } < 0 {
            return gone();
        }
        // SAFETY: it is open, as was just seen, and nothing closes it while it is looked at.
        let fd = unsafe { BorrowedFd::borrow_raw(self.fd) };
        // What is ours is closed on exec; what was passed on cannot be, or it would not be here.
        let passed_on = rustix::io::fcntl_getfd(fd).is_ok_and(|flags| !flags.contains(FdFlags::CLOEXEC));
        let same = fs::fstat(fd).is_ok_and(|stat| Identity::from(&stat) == self.file);
        if !(passed_on && same) {
            return gone();
        }
        let _ = rustix::io::fcntl_setfd(fd, FdFlags::CLOEXEC);
        // SAFETY: passed to this process to be adopted; nobody else takes it, since a second claim finds the flag.
        Ok(unsafe { OwnedFd::from_raw_fd(self.fd) })
    }
}

impl Label {
    fn to_text(self) -> String {
        format!("1:{}:{}:{}", self.form.code(), code_of(self.access), self.len)
    }

    fn from_text(text: &str) -> Option<(Label, Vec<Claim>)> {
        let mut words = text.split(':');
        if words.next()? != "1" {
            return None;
        }
        let (form, access, len) = (words.next()?, words.next()?, words.next()?);
        let label = Label::from_codes(form.parse().ok()?, access.parse().ok()?, len.parse().ok()?)?;
        let mut claims = Vec::new();
        while let Some(fd) = words.next() {
            let (dev, ino) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            claims.push(Claim { fd: fd.parse().ok()?, file: Identity::from_parts(dev, ino) });
        }
        let different = claims.windows(2).all(|pair| pair[0].fd != pair[1].fd);
        (claims.len() == label.form.descriptors() && different).then_some((label, claims))
    }
}

// ---- to a process that runs ---------------------------------------------------------------------------

/// A connection that descriptors can go through.
#[derive(Debug)]
pub(crate) struct Courier(UnixStream);

impl crate::Courier {
    /// A courier over a connection, for sending and receiving.
    ///
    /// It uses the connection as it is: with its timeouts, and as a blocking one or not.
    #[must_use]
    pub fn over(stream: UnixStream) -> crate::Courier {
        crate::Courier(Courier(stream))
    }

    /// The connection.
    #[must_use]
    pub fn into_stream(self) -> UnixStream {
        self.0.0
    }
}

/// `SMHANDLE`, version, form, access, number of descriptors, length: in little-endian order.
const MESSAGE_LEN: usize = 32;
const MAGIC: &[u8; 8] = b"SMHANDLE";
const VERSION: u32 = 1;
const MOST_DESCRIPTORS: usize = 2;

fn message_of(label: Label) -> [u8; MESSAGE_LEN] {
    let mut message = [0; MESSAGE_LEN];
    message[..8].copy_from_slice(MAGIC);
    let words = [VERSION, label.form.code(), code_of(label.access), label.form.descriptors() as u32];
    for (at, word) in words.into_iter().enumerate() {
        message[8 + 4 * at..12 + 4 * at].copy_from_slice(&word.to_le_bytes());
    }
    message[24..].copy_from_slice(&label.len.to_le_bytes());
    message
}

fn label_of(message: &[u8; MESSAGE_LEN]) -> Option<Label> {
    let word = |at: usize| Some(u32::from_le_bytes(message[at..at + 4].try_into().ok()?));
    let len = u64::from_le_bytes(message[24..].try_into().ok()?);
    let label = Label::from_codes(word(12)?, word(16)?, len)?;
    let good =
        message.starts_with(MAGIC) && word(8)? == VERSION && word(20)? as usize == label.form.descriptors();
    good.then_some(label)
}

pub(crate) fn send(courier: &mut Courier, region: &Region, access: Access) -> Result<()> {
    let context = Context { operation: "send the region", name: region.name() };
    check_can_hand_over(region, context)?;
    let mut fds = Vec::new();
    for part in parts(region.held(), access) {
        fds.push(for_the_receiver(&part).map_err(|errno| context.os(errno))?);
    }
    let message = message_of(Label::of(region, access));
    send_message(&courier.0, &message, &fds).map_err(|errno| connection_failed(errno, context))
    // Closed here, and not unlocked: what is in flight keeps the lock.
}

/// A description that nobody else has, locked where that means to hold.
fn for_the_receiver(part: &Part<'_>) -> Result<Description, Errno> {
    let description = Description::anew(part.fd, part.writable)?;
    if part.holds && !lifetime::hold(description.as_fd())? {
        return Err(Errno::AGAIN);
    }
    reached("send: held");
    Ok(description)
}

fn send_message(stream: &UnixStream, message: &[u8], fds: &[Description]) -> Result<(), Errno> {
    let fds: Vec<BorrowedFd<'_>> = fds.iter().map(AsFd::as_fd).collect();
    let mut sent = 0;
    while sent < message.len() {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        // With the first bytes, and only with them.
        if sent == 0 && !ancillary.push(SendAncillaryMessage::ScmRights(&fds)) {
            return Err(Errno::TOOBIG);
        }
        let piece = [io::IoSlice::new(&message[sent..])];
        match sendmsg(stream, &piece, &mut ancillary, no_signal()) {
            Ok(more) => sent += more,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

#[cfg(not(target_vendor = "apple"))]
fn no_signal() -> SendFlags {
    SendFlags::NOSIGNAL
}

/// std's sockets are set so there.
#[cfg(target_vendor = "apple")]
fn no_signal() -> SendFlags {
    SendFlags::empty()
}

pub(crate) fn receive(courier: &mut Courier, trust: &Trust) -> Result<Region> {
    let context = Context { operation: "receive a region", name: None };
    let Received { message, fds, lost_some } =
        receive_message(&courier.0).map_err(|errno| connection_failed(errno, context))?;
    let label = label_of(&message).ok_or_else(|| nonsense(context))?;
    match fds.len().cmp(&label.form.descriptors()) {
        Ordering::Equal => assemble(label, fds, trust, context),
        Ordering::Less if lost_some => Err(context.os(Errno::MFILE).with_detail(
            "this process had no room for the descriptors that came; close some, or raise the limit (ulimit -n), and have it sent again",
        )),
        _ => Err(nonsense(context)),
    }
}

struct Received {
    message: [u8; MESSAGE_LEN],
    fds: Vec<OwnedFd>,
    /// Whether descriptors came that there was no room for.
    lost_some: bool,
}

fn receive_message(stream: &UnixStream) -> Result<Received, Errno> {
    let mut message = [0; MESSAGE_LEN];
    let (mut fds, mut lost_some) = (Vec::new(), false);
    let mut received = 0;
    while received < MESSAGE_LEN {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut piece = [io::IoSliceMut::new(&mut message[received..])];
        let answer = match recvmsg(stream, &mut piece, &mut ancillary, close_on_exec()) {
            Ok(answer) => answer,
            Err(Errno::INTR) => continue,
            Err(errno) => return Err(errno),
        };
        for arrived in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(arrived) = arrived {
                fds.extend(arrived.inspect(|fd| closed_on_exec(fd.as_fd())));
            }
        }
        lost_some |= answer.flags.contains(ReturnFlags::CTRUNC);
        // The other side closed the connection.
        if answer.bytes == 0 {
            return Err(Errno::CONNRESET);
        }
        received += answer.bytes;
    }
    Ok(Received { message, fds, lost_some })
}

#[cfg(not(target_vendor = "apple"))]
fn close_on_exec() -> RecvFlags {
    RecvFlags::CMSG_CLOEXEC
}

#[cfg(not(target_vendor = "apple"))]
fn closed_on_exec(_fd: BorrowedFd<'_>) {}

#[cfg(target_vendor = "apple")]
fn close_on_exec() -> RecvFlags {
    RecvFlags::empty()
}

/// Afterwards, since there is no flag for it.
#[cfg(target_vendor = "apple")]
fn closed_on_exec(fd: BorrowedFd<'_>) {
    let _ = rustix::io::fcntl_setfd(fd, FdFlags::CLOEXEC);
}

fn connection_failed(errno: Errno, context: Context<'_>) -> Error {
    match errno {
        Errno::AGAIN => context
            .error(ErrorKind::TimedOut)
            .with_detail(
                "the other side did not answer within the connection's timeout; close the connection",
            )
            .with_source(errno.into()),
        Errno::CONNRESET | Errno::PIPE => {
            context.os(errno).with_detail("the other side closed the connection; see why it ended")
        }
        errno => context.os(errno),
    }
}

// ---- descriptors of the caller's ----------------------------------------------------------------------

/// # Descriptors
/// There is no `AsFd`. The descriptor of a named region carries the lock by which this process holds it, and a
/// copy of it (`dup`, inheritance, `SCM_RIGHTS`) would share the lock: it would keep the object alive after this
/// process, and be unlocked by the region's drop under whoever has the copy. [`to_fd`](Self::to_fd) gives out a
/// descriptor of the same memory that carries no lock; to share the region itself there are
/// [`offer_to`](Self::offer_to) and [`Courier`](crate::Courier).
impl Region {
    /// A new descriptor of the region's memory or file, open for reading, and for writing where the region is. It
    /// does not hold the object: its bytes stay while it is open, but the name goes with the last holder.
    ///
    /// The file may be longer than the region. Whoever gets the descriptor must neither truncate nor lock it.
    ///
    /// # Errors
    /// [`AccessDenied`](ErrorKind::AccessDenied) where this user may not open it anew;
    /// [`Os`](ErrorKind::Os) where /proc is missing.
    pub fn to_fd(&self) -> Result<OwnedFd> {
        let context = Context { operation: "make a descriptor of the region", name: self.name() };
        let held: &Held = self.held();
        lifetime::fresh(held.as_fd(), self.access().writes_object()).map_err(|errno| context.os(errno))
    }

    /// A region without a name over memory of `memfd_create`, or of another region's [`to_fd`](Self::to_fd) that
    /// has no name either. For files there is [`over_file`](Self::over_file).
    ///
    /// Its length is the memory's, which need not be whole pages.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) where it is no such memory, is empty, or is not sealed
    /// against shrinking (`F_SEAL_SHRINK`); [`AccessDenied`](ErrorKind::AccessDenied) for more access than the
    /// descriptor or its seals allow.
    ///
    /// # Platform-specific behavior
    /// Only Linux tells about seals. Elsewhere any shared memory is taken. As over a [file](crate::FileSource),
    /// objects inside the region need a process that may open the memory anew.
    pub fn from_fd(fd: OwnedFd, access: Access) -> Result<Region> {
        let context = Context { operation: "make a region of the descriptor", name: None };
        anonymous(fd, access, MappedFile::given, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label() -> Label {
        Label { form: Form::NamedFile, access: Access::ReadWrite, len: 0x0102_0304_0506 }
    }

    #[test]
    fn labels_read_back() {
        let text = format!("{}:3:4:5:6:7:8", label().to_text());
        let claim = |fd, dev, ino| Claim { fd, file: Identity::from_parts(dev, ino) };
        assert_eq!(Label::from_text(&text), Some((label(), vec![claim(3, 4, 5), claim(6, 7, 8)])));
        assert_eq!(label_of(&message_of(label())), Some(label()));
    }

    #[test]
    fn nothing_that_arrives_is_believed() {
        for text in [
            "",
            ":",
            "1",
            "1:1:1:1",
            "2:1:1:1:3:4:5",
            "1:9:1:1:3:4:5",
            "1:1:9:1:3:4:5",
            "1:1:1:x:3:4:5",
            "1:1:1:1:3:4",
            "1:1:1:1:3:4:5:6:7:8",
            "1:4:1:1:3:4:5",
            "1:4:1:1:3:4:5:3:7:8",
            "1:1:1:1:-x:4:5",
        ] {
            assert_eq!(Label::from_text(text), None, "{text}");
        }
        let good = message_of(label());
        for at in 0..MESSAGE_LEN - 8 {
            let mut bytes = good;
            bytes[at] ^= 0xFF;
            assert_eq!(label_of(&bytes), None, "byte {at}");
        }
    }

    #[test]
    fn a_claim_takes_only_what_was_passed_on() {
        let context = Context { operation: "try", name: None };
        let (ours, _other) = UnixStream::pair().expect("sockets");
        let file = Identity::from(&fs::fstat(&ours).expect("open"));
        let claim = Claim { fd: ours.as_raw_fd(), file };
        assert_eq!(*claim.take(context).unwrap_err().kind(), ErrorKind::NotFound, "closed on exec");
        for fd in [-1, i32::MAX] {
            assert_eq!(*Claim { fd, file }.take(context).unwrap_err().kind(), ErrorKind::NotFound);
        }
        rustix::io::fcntl_setfd(&ours, FdFlags::empty()).expect("open");
        let other = Claim { file: Identity::from_parts(1, 1), ..claim };
        assert_eq!(*other.take(context).unwrap_err().kind(), ErrorKind::NotFound, "another file");
        let taken = claim.take(context).expect("passed on");
        std::mem::forget(ours);
        assert_eq!(*claim.take(context).unwrap_err().kind(), ErrorKind::NotFound, "once");
        drop(taken);
    }
}
