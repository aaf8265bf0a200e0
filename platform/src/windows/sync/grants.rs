//! The users of an object inside a region: those that may write to the region (rules C19 and C20).

use std::ffi::c_void;
use std::fmt::Write as _;
use std::io;
use std::os::windows::io::BorrowedHandle;
use std::ptr;

use windows_sys::Win32::Foundation::{GENERIC_ALL, GENERIC_WRITE};
use windows_sys::Win32::Security::{ACCESS_ALLOWED_ACE, ACL, GetAce};
use windows_sys::Win32::System::Memory::FILE_MAP_WRITE;

use super::kernel::Class;
use crate::windows::calls::succeeded;
use crate::windows::security::{Descriptor, EVERYONE, SYSTEM, Security};
use crate::windows::user::{sid_text, token_user};
use crate::{Trust, UserId};

/// The users in a region's security descriptor.
pub(super) struct Grants {
    owner: Option<UserId>,
    /// The users that may write to it, beside its owner and the system.
    writers: Vec<UserId>,
}

impl Grants {
    /// The grants of a region.
    pub(super) fn of(region: BorrowedHandle<'_>) -> Self {
        // Where this user may not read the descriptor, no other user is let in.
        read(region).unwrap_or_else(|_| Self::none())
    }

    pub(super) fn none() -> Self {
        Grants { owner: None, writers: Vec::new() }
    }

    /// The descriptor of a kernel object for the users that may write to the region.
    pub(super) fn security(&self, class: &Class) -> io::Result<Security> {
        let me = token_user()?;
        let mut text = format!("O:{me}D:P(A;;GA;;;{me})(A;;GA;;;{SYSTEM})");
        for user in self.owner.iter().chain(&self.writers) {
            write!(text, "(A;;{:#x};;;{user})", class.all()).expect("writing to a String cannot fail");
        }
        Security::from_sddl(&text)
    }

    /// The owners whose kernel objects are accepted: every user that may write to the region, and so could change its
    /// objects anyway. Members of groups are not looked up.
    pub(super) fn trust(&self) -> Trust {
        match &self.owner {
            _ if !self.writers.is_empty() => Trust::Anyone,
            Some(owner) => Trust::User(owner.clone()),
            None => Trust::OwnAndSystem,
        }
    }
}

fn read(region: BorrowedHandle<'_>) -> io::Result<Grants> {
    let descriptor = Descriptor::of(region)?;
    let owner = descriptor.owner()?;
    // SAFETY: the list lies in the descriptor; it may be missing.
    let mut writers = unsafe { writers(descriptor.dacl()) }?;
    writers.retain(|user| user.as_str() != SYSTEM && Some(user) != owner.as_ref());
    Ok(Grants { owner, writers })
}

/// The users that may write. Entries that deny are not copied; this backend makes none.
///
/// # Safety
/// `dacl` is null or points to a valid list.
unsafe fn writers(dacl: *const ACL) -> io::Result<Vec<UserId>> {
    if dacl.is_null() {
        // A missing list lets every user in.
        return Ok(vec![UserId::new(EVERYONE)]);
    }
    let mut writers = Vec::new();
    // SAFETY: the caller vouches for the list.
    for index in 0..u32::from(unsafe { (*dacl).AceCount }) {
        let mut entry = ptr::null_mut();
        // SAFETY: the list is valid; `entry` is valid for a write.
        succeeded(unsafe { GetAce(dacl, index, &mut entry) })?;
        // SAFETY: the call gave us an entry of the list.
        writers.extend(unsafe { writer(entry) }?);
    }
    Ok(writers)
}

/// # Safety
/// `entry` points to a valid entry of a list.
unsafe fn writer(entry: *const c_void) -> io::Result<Option<UserId>> {
    const ALLOWED: u8 = 0; // ACCESS_ALLOWED_ACE_TYPE
    let entry = entry.cast::<ACCESS_ALLOWED_ACE>();
    // SAFETY: every entry begins with its header, and one of this type is an ACCESS_ALLOWED_ACE, at whose end
    // the SID begins.
    unsafe {
        if (*entry).Header.AceType != ALLOWED {
            return Ok(None);
        }
        if (*entry).Mask & (FILE_MAP_WRITE | GENERIC_WRITE | GENERIC_ALL) == 0 {
            return Ok(None);
        }
        sid_text((&raw const (*entry).SidStart).cast_mut().cast()).map(Some)
    }
}
