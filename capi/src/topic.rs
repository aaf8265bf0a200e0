//! Topics: how they are shared.

use std::time::Duration;

use samemap::Result;
use samemap::channel::Spin;
use samemap::topic::TopicOptions;

use crate::arguments::place;
use crate::channel::spin;
use crate::options::{Options, options, samemap_create_options_t, samemap_open_options_t};
use crate::status::{SAMEMAP_OK, border, samemap_status_t};

/// How a topic works, for its publisher and its readers. Begin with SAMEMAP_TOPIC_OPTIONS_INIT; NULL stands for that.
///
/// In a topic one publisher's messages reach every reader. Subscribers get each message, lent in place, and the publisher
/// waits for them. Viewers copy what is kept, are told how many messages they missed, and delay nobody. The topic is two
/// regions: the data, with its name, and the lobby, with ".lobby" behind the name.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct samemap_topic_options_t {
    /// sizeof(samemap_topic_options_t).
    pub struct_size: usize,
    /// For the publisher: bytes of the ring. A message takes its length, rounded up to a multiple of 64, and at most a
    /// third of the ring. 0 stands for 1 MiB.
    pub capacity: usize,
    /// For the publisher: how many subscribers there can be at once, up to 1024. 0 stands for 64. Viewers do not
    /// count.
    pub subscribers: u32,
    /// The version that the program gives to the meaning of the bytes. A program with another version gets
    /// SAMEMAP_ERROR_LAYOUT_MISMATCH.
    pub version: u32,
    /// For readers: begins with up to so many of the messages that are kept. 0 begins with the next message,
    /// UINT64_MAX with the oldest that is kept.
    pub history: u64,
    /// How long this end looks for news before it sleeps, in nanoseconds; as for channels.
    pub spin: u64,
    /// For the publisher: throws out a subscriber that holds it back for so many nanoseconds without receiving. 0
    /// throws out none. A subscriber that has ended holds the publisher back for 100 ms at most.
    pub throw_out_after: u64,
}

// SAFETY: numbers behind a size.
unsafe impl Options for samemap_topic_options_t {}

/// # Safety
/// The pointer is null or leads to options.
pub(crate) unsafe fn of(given: *const samemap_topic_options_t) -> Result<TopicOptions> {
    // SAFETY: as the caller vouches.
    let given = unsafe { options(given) }?;
    let spin: Spin = spin(given.spin);
    let mut options = TopicOptions::new().version(given.version).history(given.history).spin(spin);
    if given.capacity > 0 {
        options = options.capacity(given.capacity);
    }
    if given.subscribers > 0 {
        options = options.subscribers(given.subscribers);
    }
    if given.throw_out_after > 0 {
        options = options.throw_out_after(Duration::from_nanos(given.throw_out_after));
    }
    Ok(options)
}

/// # Safety
/// Both are null or lead to options.
pub(crate) unsafe fn to_make(
    topic: *const samemap_topic_options_t,
    sharing: *const samemap_create_options_t,
) -> Result<TopicOptions> {
    // SAFETY: as the caller vouches.
    let (topic, sharing) = unsafe { (of(topic)?, samemap_create_options_t::sync(sharing)?) };
    Ok(topic.permissions(sharing.asked_permissions()).trust(sharing.accepted().clone()))
}

/// # Safety
/// Both are null or lead to options.
pub(crate) unsafe fn to_open(
    topic: *const samemap_topic_options_t,
    open: *const samemap_open_options_t,
) -> Result<TopicOptions> {
    // SAFETY: as the caller vouches.
    let (topic, open) = unsafe { (of(topic)?, samemap_open_options_t::read(open)?) };
    Ok(topic.trust(open.accepted().clone()).patience(open.asked_patience()))
}

/// Gives the numbers of bytes that a topic with these options takes in two views: its data, and its lobby.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_topic_size(
    topic: *const samemap_topic_options_t,
    data_size: *mut u64,
    lobby_size: *mut u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (options, data, lobby) = unsafe {
            (of(topic)?, place(data_size, "the data's size")?, place(lobby_size, "the lobby's size")?)
        };
        (*data, *lobby) = options.bytes_needed()?;
        Ok(SAMEMAP_OK)
    })
}
