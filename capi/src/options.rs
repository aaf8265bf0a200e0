//! Options: structs that may grow, with their size at the start, and zeros for what is not asked for.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::time::Duration;

use samemap::names::UserId;
use samemap::sync::{EventOptions, Reset, SemaphoreOptions, SyncOptions, TimerOptions};
use samemap::{CreateOptions, OpenOptions, Permissions, Result, Share, Trust};

use crate::arguments::{access, invalid, samemap_access_t, text};

/// What other users may do with an object: SAMEMAP_SHARE_NOTHING, SAMEMAP_SHARE_READ_ONLY or
/// SAMEMAP_SHARE_READ_WRITE.
pub type samemap_share_t = i32;

/// Other users cannot open the object.
pub const SAMEMAP_SHARE_NOTHING: i32 = 0;
/// Other users may open the object for reading.
pub const SAMEMAP_SHARE_READ_ONLY: i32 = 1;
/// Other users may open the object for reading and writing.
pub const SAMEMAP_SHARE_READ_WRITE: i32 = 2;

/// Whose objects are opened.
pub type samemap_trust_t = i32;

/// The caller's own objects, and the system's.
pub const SAMEMAP_TRUST_OWN_AND_SYSTEM: i32 = 0;
/// The caller's own objects.
pub const SAMEMAP_TRUST_OWN: i32 = 1;
/// Every user's objects. Such a user can then change what the program works with.
pub const SAMEMAP_TRUST_ANYONE: i32 = 2;
/// The caller's own objects, the system's, and those of the user that `trusted_user` names.
pub const SAMEMAP_TRUST_USER: i32 = 3;

/// How an object is made. Begin with SAMEMAP_CREATE_OPTIONS_INIT; NULL stands for that: an object for its owner
/// alone.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct samemap_create_options_t {
    /// sizeof(samemap_create_options_t).
    pub struct_size: usize,
    /// What the members of a group may do.
    pub group_share: samemap_share_t,
    /// What all users may do.
    pub everyone_share: samemap_share_t,
    /// Whether `group_id` tells the group; otherwise it is the owner's.
    pub has_group_id: bool,
    /// The group, on POSIX.
    pub group_id: u32,
    /// When the call opens: whose objects it accepts.
    pub trust: samemap_trust_t,
    /// With SAMEMAP_TRUST_USER: a user's number on POSIX, a SID on Windows, as text. It is not used after the call.
    pub trusted_user: *const c_char,
}

/// How an object is opened. Begin with SAMEMAP_OPEN_OPTIONS_INIT; NULL stands for that: reading and writing, without
/// patience.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct samemap_open_options_t {
    /// sizeof(samemap_open_options_t).
    pub struct_size: usize,
    /// The access to a region. Objects to wait for need SAMEMAP_READ_WRITE.
    pub access: samemap_access_t,
    /// Whose objects are accepted.
    pub trust: samemap_trust_t,
    /// With SAMEMAP_TRUST_USER: a user's number on POSIX, a SID on Windows, as text. It is not used after the call.
    pub trusted_user: *const c_char,
    /// How long to wait for an object that does not exist yet, in nanoseconds.
    pub patience: u64,
}

/// A struct that begins with its size.
///
/// # Safety
/// It is `repr(C)`, its first field is a `usize`, and zeros are a valid value of all its fields.
pub(crate) unsafe trait Options: Copy {
    /// Its size in its first version. What has come since is zero for a program of that time.
    const FIRST_SIZE: usize = size_of::<Self>();
}

// SAFETY: numbers, a bool and a pointer behind a size.
unsafe impl Options for samemap_create_options_t {}
// SAFETY: numbers and a pointer behind a size.
unsafe impl Options for samemap_open_options_t {}

/// A copy of the options; zeros for a null pointer.
///
/// # Safety
/// The pointer is null or leads to as many bytes as the size at its start states.
pub(crate) unsafe fn options<T: Options>(given: *const T) -> Result<T> {
    let mut options = MaybeUninit::<T>::zeroed();
    if !given.is_null() {
        // SAFETY: the size stands first.
        let size = unsafe { given.cast::<usize>().read() };
        if !(T::FIRST_SIZE..=size_of::<T>()).contains(&size) {
            return Err(invalid(format!(
                "the options' struct_size is {size}, and this library knows {}; begin with the macro whose name ends in _INIT",
                size_of::<T>()
            )));
        }
        // SAFETY: both have so many bytes.
        unsafe { given.cast::<u8>().copy_to_nonoverlapping(options.as_mut_ptr().cast(), size) };
    }
    // SAFETY: zeros are valid, and so is what C filled in.
    Ok(unsafe { options.assume_init() })
}

fn share(share: samemap_share_t) -> Result<Option<Share>> {
    match share {
        SAMEMAP_SHARE_NOTHING => Ok(None),
        SAMEMAP_SHARE_READ_ONLY => Ok(Some(Share::ReadOnly)),
        SAMEMAP_SHARE_READ_WRITE => Ok(Some(Share::ReadWrite)),
        other => Err(invalid(format!("{other} is no share; take one of SAMEMAP_SHARE_..."))),
    }
}

/// # Safety
/// The user is null or a text.
unsafe fn trust(trust: samemap_trust_t, user: *const c_char) -> Result<Trust> {
    match trust {
        SAMEMAP_TRUST_OWN_AND_SYSTEM => Ok(Trust::OwnAndSystem),
        SAMEMAP_TRUST_OWN => Ok(Trust::Own),
        SAMEMAP_TRUST_ANYONE => Ok(Trust::Anyone),
        // SAFETY: as the caller vouches.
        SAMEMAP_TRUST_USER => Ok(Trust::User(UserId::new(unsafe { text(user, "trusted_user") }?))),
        other => Err(invalid(format!("{other} is no trust; take one of SAMEMAP_TRUST_..."))),
    }
}

impl samemap_create_options_t {
    /// # Safety
    /// The pointer is null or leads to options.
    pub(crate) unsafe fn sync(given: *const Self) -> Result<SyncOptions> {
        // SAFETY: as the caller vouches.
        let given = unsafe { options(given) }?;
        let mut permissions = Permissions::owner_only();
        if let Some(share) = share(given.group_share)? {
            permissions = permissions.group(share);
        }
        if let Some(share) = share(given.everyone_share)? {
            permissions = permissions.everyone(share);
        }
        if given.has_group_id {
            permissions = permissions.group_id(given.group_id);
        }
        // SAFETY: as the caller vouches.
        let trust = unsafe { trust(given.trust, given.trusted_user) }?;
        Ok(SyncOptions::new().permissions(permissions).trust(trust))
    }

    /// # Safety
    /// As for [`sync`](Self::sync).
    pub(crate) unsafe fn region(given: *const Self, size: u64) -> Result<CreateOptions> {
        // SAFETY: as the caller vouches.
        let sync = unsafe { Self::sync(given) }?;
        Ok(CreateOptions::new(size).permissions(sync.asked_permissions()).trust(sync.accepted().clone()))
    }
}

impl samemap_open_options_t {
    /// # Safety
    /// The pointer is null or leads to options.
    pub(crate) unsafe fn read(given: *const Self) -> Result<OpenOptions> {
        // SAFETY: as the caller vouches.
        let given = unsafe { options(given) }?;
        // SAFETY: as the caller vouches.
        let trust = unsafe { trust(given.trust, given.trusted_user) }?;
        let options = OpenOptions::new(access(given.access)?).trust(trust);
        Ok(options.patience(Duration::from_nanos(given.patience)))
    }
}

/// How an event or a timer is unset: SAMEMAP_AUTO_RESET or SAMEMAP_MANUAL_RESET.
pub type samemap_reset_t = i32;

/// The wait that takes the signal unsets the object.
pub const SAMEMAP_AUTO_RESET: i32 = 0;
/// The object stays set, and lets every wait through, until a call unsets it.
pub const SAMEMAP_MANUAL_RESET: i32 = 1;

pub(crate) fn reset(reset: samemap_reset_t) -> Result<Reset> {
    match reset {
        SAMEMAP_AUTO_RESET => Ok(Reset::Auto),
        SAMEMAP_MANUAL_RESET => Ok(Reset::Manual),
        other => {
            Err(invalid(format!("{other} is no reset; take SAMEMAP_AUTO_RESET or SAMEMAP_MANUAL_RESET")))
        }
    }
}

pub(crate) fn event(reset: Reset, is_set: bool, sync: SyncOptions) -> EventOptions {
    let options = EventOptions::new(reset);
    let options = if is_set { options.set_at_first() } else { options };
    options.permissions(sync.asked_permissions()).trust(sync.accepted().clone())
}

pub(crate) fn semaphore(initial: u32, maximum: u32, sync: SyncOptions) -> SemaphoreOptions {
    SemaphoreOptions::new(initial, maximum)
        .permissions(sync.asked_permissions())
        .trust(sync.accepted().clone())
}

pub(crate) fn timer(reset: Reset, sync: SyncOptions) -> TimerOptions {
    TimerOptions::new(reset).permissions(sync.asked_permissions()).trust(sync.accepted().clone())
}
