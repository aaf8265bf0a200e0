//! Channels and listeners: how they are made, and split.

use std::ffi::{CString, c_char};
use std::time::Duration;

use samemap::channel::{Receiver, Sender, Spin};
use samemap::{Channel, ChannelOptions, Error, Listener, Result};

use crate::arguments::{invalid, name, place, put, timeout};
use crate::handle::{Handle, InTurn, Place, close, give, in_turn, inside};
use crate::options::{Options, options, samemap_create_options_t, samemap_open_options_t};
use crate::region::samemap_region_t;
use crate::status::{SAMEMAP_OK, SAMEMAP_TIMED_OUT, border, in_time, samemap_status_t};

/// One end of a duplex stream of messages, or one half of an end. For one thread at a time: samemap_channel_split()
/// makes two halves, for a thread each.
pub struct samemap_channel_t {
    _private: [u8; 0],
}

/// Takes any number of peers, each on a channel of its own. For one thread at a time.
pub struct samemap_listener_t {
    _private: [u8; 0],
}

impl Handle for samemap_channel_t {
    type Inside = InTurn<OpenChannel>;
    const WHAT: &'static str = "the channel";
}

impl Handle for samemap_listener_t {
    type Inside = InTurn<Listener>;
    const WHAT: &'static str = "the listener";
}

/// What a channel's handle has.
#[expect(clippy::large_enum_variant, reason = "there is one for each handle, in a box")]
pub(crate) enum End {
    Whole(Channel),
    Sender(Sender),
    Receiver(Receiver),
    /// What was split leaves this, in a handle that is closed at once.
    Split,
}

/// An end, and what of its rings C has in hand.
pub(crate) struct OpenChannel {
    end: End,
    /// Room for a message, that C fills: its address and its length.
    pub(crate) reserved: Option<(usize, usize)>,
    /// Whether C reads a message in place.
    pub(crate) is_lent: bool,
    /// The peer's user, as text of C.
    user: Option<CString>,
}

impl From<End> for InTurn<OpenChannel> {
    fn from(end: End) -> Self {
        InTurn::new(OpenChannel { end, reserved: None, is_lent: false, user: None })
    }
}

impl From<Channel> for InTurn<OpenChannel> {
    fn from(channel: Channel) -> Self {
        End::Whole(channel).into()
    }
}

impl OpenChannel {
    fn whole(&mut self) -> Result<&mut Channel> {
        match &mut self.end {
            End::Whole(channel) => Ok(channel),
            _ => Err(other_half("a whole end")),
        }
    }

    #[inline]
    pub(crate) fn sender(&mut self) -> Result<&mut Sender> {
        match &mut self.end {
            End::Whole(channel) => Ok(channel.sender()),
            End::Sender(sender) => Ok(sender),
            _ => Err(other_half("a sending half")),
        }
    }

    #[inline]
    pub(crate) fn receiver(&mut self) -> Result<&mut Receiver> {
        match &mut self.end {
            End::Whole(channel) => Ok(channel.receiver()),
            End::Receiver(receiver) => Ok(receiver),
            _ => Err(other_half("a receiving half")),
        }
    }
}

#[cold]
fn other_half(wanted: &str) -> Error {
    invalid(format!("the channel's handle is not {wanted}; it was split"))
}

/// How a channel or a listener works. Begin with SAMEMAP_CHANNEL_OPTIONS_INIT; NULL stands for that.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct samemap_channel_options_t {
    /// sizeof(samemap_channel_options_t).
    pub struct_size: usize,
    /// Bytes of each of the two rings, rounded up to a power of two, up to 1 GiB. A message may take up to half of
    /// a ring. 0 stands for 64 KiB. Ignored when connecting.
    pub capacity: usize,
    /// How many clients may wait for a listener in the order in which they came. 0 stands for 1024.
    pub backlog: usize,
    /// How long a side that waits looks for news before it sleeps, in nanoseconds. 0 lets the library learn how
    /// long that pays; SAMEMAP_SPIN_NEVER sleeps at once.
    pub spin: u64,
}

/// A side that waits sleeps at once.
pub const SAMEMAP_SPIN_NEVER: u64 = u64::MAX;

pub(crate) fn spin(nanoseconds: u64) -> Spin {
    match nanoseconds {
        0 => Spin::Adaptive,
        SAMEMAP_SPIN_NEVER => Spin::Never,
        _ => Spin::For(Duration::from_nanos(nanoseconds)),
    }
}

// SAFETY: numbers behind a size.
unsafe impl Options for samemap_channel_options_t {}

/// # Safety
/// The pointer is null or leads to options.
unsafe fn of(given: *const samemap_channel_options_t) -> Result<ChannelOptions> {
    // SAFETY: as the caller vouches.
    let given = unsafe { options(given) }?;
    let mut options = ChannelOptions::new().spin(spin(given.spin));
    if given.capacity > 0 {
        options = options.capacity(given.capacity);
    }
    if given.backlog > 0 {
        options = options.backlog(given.backlog);
    }
    Ok(options)
}

/// # Safety
/// Both are null or lead to options.
unsafe fn to_make(
    channel: *const samemap_channel_options_t,
    sharing: *const samemap_create_options_t,
) -> Result<ChannelOptions> {
    // SAFETY: as the caller vouches.
    let (channel, sharing) = unsafe { (of(channel)?, samemap_create_options_t::sync(sharing)?) };
    Ok(channel.permissions(sharing.asked_permissions()).trust(sharing.accepted().clone()))
}

/// Creates a channel for one peer; the name must be free. The call does not wait for the peer:
/// samemap_channel_wait_for_peer() does. Messages that are sent before the peer comes wait for it in the ring.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_create(
    name: *const c_char,
    channel_options: *const samemap_channel_options_t,
    options: *const samemap_create_options_t,
    channel: *mut *mut samemap_channel_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(channel, || Channel::create(&self::name(name)?, &to_make(channel_options, options)?)) }
}

/// Creates a channel for one peer at the start of a new region, such as one without a name that is handed over. The
/// region has samemap_channel_region_size() bytes or more.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_create_in(
    region: *const samemap_region_t,
    channel_options: *const samemap_channel_options_t,
    channel: *mut *mut samemap_channel_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(channel, || Channel::create_in(&inside(region)?.region, &of(channel_options)?)) }
}

/// Gives the number of bytes that a channel with these options takes in a region.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_region_size(
    channel_options: *const samemap_channel_options_t,
    size: *mut u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (options, size) = unsafe { (of(channel_options)?, place(size, "the size")?) };
        *size = options.region_len()?;
        Ok(SAMEMAP_OK)
    })
}

/// Connects to the channel, or to the listener, with the name. The call waits for its turn for as long as the
/// patience of `options` says; with NULL that is a second. SAMEMAP_OPEN_OPTIONS_INIT has none: say it there.
///
/// SAMEMAP_TIMED_OUT when the listener has not accepted the caller in that time, SAMEMAP_ERROR_BUSY when a channel
/// has a peer already.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_connect(
    name: *const c_char,
    channel_options: *const samemap_channel_options_t,
    options: *const samemap_open_options_t,
    channel: *mut *mut samemap_channel_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give(channel, || {
            let mut connecting = of(channel_options)?;
            if !options.is_null() {
                let open = samemap_open_options_t::read(options)?;
                connecting = connecting.trust(open.accepted().clone()).patience(open.asked_patience());
            }
            Channel::connect(&self::name(name)?, &connecting)
        })
    }
}

/// Connects to the channel in a region.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_connect_in(
    region: *const samemap_region_t,
    channel_options: *const samemap_channel_options_t,
    channel: *mut *mut samemap_channel_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(channel, || Channel::connect_in(&inside(region)?.region, &of(channel_options)?)) }
}

/// Waits until a peer has connected to the channel that this process made.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_wait_for_peer(
    channel: *const samemap_channel_t,
    timeout: u64,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        in_turn(channel, |open| match self::timeout(timeout) {
            None => open.whole()?.wait_for_peer().map(|()| SAMEMAP_OK),
            Some(time) => open.whole()?.wait_for_peer_timeout(time).map(in_time),
        })
    }
}

/// Makes the channel new after the peer has ended, and waits until another peer has connected. Messages that were
/// sent and not received are lost. SAMEMAP_ERROR_BUSY while the peer is still there.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_wait_for_next_peer(
    channel: *const samemap_channel_t,
    timeout: u64,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        in_turn(channel, |open| {
            (open.reserved, open.is_lent) = (None, false);
            match self::timeout(timeout) {
                None => open.whole()?.wait_for_next_peer().map(|()| SAMEMAP_OK),
                Some(time) => open.whole()?.wait_for_next_peer_timeout(time).map(in_time),
            }
        })
    }
}

/// Gives the process at the other end of a channel that a listener accepted, as the system told it when that
/// process connected. `process_id` tells its id, and `user` the user that it acted as: a user's number on POSIX, a
/// SID on Windows, valid until the channel is closed. What the system does not tell is 0, or NULL; either place may
/// be NULL.
///
/// SAMEMAP_ERROR_UNSUPPORTED where nothing proves it: for a channel that was made by samemap_channel_create(), for
/// a client on Windows, and for a client of another network namespace.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_peer(
    channel: *const samemap_channel_t,
    process_id: *mut u32,
    user: *mut *const c_char,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        in_turn(channel, |open| {
            let peer = open.whole()?.peer()?.clone();
            if open.user.is_none() {
                open.user = peer.user().and_then(|user| CString::new(user.as_str()).ok());
            }
            put(process_id, peer.process_id().unwrap_or(0));
            put(user, open.user.as_ref().map_or(std::ptr::null(), |user| user.as_ptr()));
            Ok(SAMEMAP_OK)
        })
    }
}

/// Splits an end into a half that sends and a half that receives, for one thread each. Each is closed by
/// samemap_channel_close(), and the end lives until both are. `channel` is closed when the call succeeds; a message
/// that is being filled, or is lent, is given up.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_split(
    channel: *mut samemap_channel_t,
    sender: *mut *mut samemap_channel_t,
    receiver: *mut *mut samemap_channel_t,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (sender, receiver, open) =
            unsafe { (Place::at(sender)?, Place::at(receiver)?, inside(channel)?) };
        {
            // SAFETY: the caller keeps the header's rules.
            let mut open = unsafe { open.take() }?;
            open.whole()?;
            let End::Whole(whole) = std::mem::replace(&mut open.end, End::Split) else {
                unreachable!("it was whole")
            };
            let (sending, receiving) = whole.split();
            sender.give(End::Sender(sending).into());
            receiver.give(End::Receiver(receiving).into());
        }
        // SAFETY: the caller keeps the header's rules, and uses it no more.
        unsafe { close(channel) };
        Ok(SAMEMAP_OK)
    })
}

/// Closes the end, or the half: the peer reads what was sent, and is then told SAMEMAP_ERROR_CLOSED. NULL does
/// nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_close(channel: *mut samemap_channel_t) {
    // SAFETY: the caller keeps the header's rules.
    unsafe { close(channel) }
}

/// Creates a listener; the name must be free. Any number of peers connect to it by samemap_channel_connect().
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_listener_bind(
    name: *const c_char,
    channel_options: *const samemap_channel_options_t,
    options: *const samemap_create_options_t,
    listener: *mut *mut samemap_listener_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(listener, || Listener::bind(&self::name(name)?, &to_make(channel_options, options)?)) }
}

/// Waits for the next peer. `channel` is then the listener's end of the channel that the two share.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_listener_accept(
    listener: *const samemap_listener_t,
    timeout: u64,
    channel: *mut *mut samemap_channel_t,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (channel, mut listener) = unsafe { (Place::at(channel)?, inside(listener)?.take()?) };
        let accepted = match self::timeout(timeout) {
            None => Some(listener.accept()?),
            Some(time) => listener.accept_timeout(time)?,
        };
        let Some(accepted) = accepted else { return Ok(SAMEMAP_TIMED_OUT) };
        channel.give(End::Whole(accepted).into());
        Ok(SAMEMAP_OK)
    })
}

/// Ends the listener; its channels stay. NULL does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_listener_close(listener: *mut samemap_listener_t) {
    // SAFETY: the caller keeps the header's rules.
    unsafe { close(listener) }
}
