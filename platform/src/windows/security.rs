//! Which users may open an object, and which owners' objects are opened (rules C19 and C20).

use std::fmt::Write as _;
use std::os::windows::io::{AsHandle, AsRawHandle as _, BorrowedHandle};
use std::{io, ptr};

use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1, SE_KERNEL_OBJECT,
};
use windows_sys::Win32::Security::{
    ACL, DACL_SECURITY_INFORMATION, OWNER_SECURITY_INFORMATION, PSID, SECURITY_ATTRIBUTES,
};

use super::calls::succeeded;
use super::error::{Attempt, from_code};
use super::rights::{READ_CONTROL, READ_RIGHTS, READ_WRITE_RIGHTS};
use super::user::{LocalMemory, sid_text, token_group, token_user};
use crate::{ErrorKind, Permissions, Result, Share, Trust, UserId};

pub(super) const EVERYONE: &str = "S-1-1-0";
pub(super) const SYSTEM: &str = "S-1-5-18";
const ADMINISTRATORS: &str = "S-1-5-32-544";

/// The rights of the two shares of [`Permissions`] on a kind of object, beside the right to see its owner.
#[derive(Clone, Copy)]
pub(super) struct ShareRights {
    pub(super) read_only: u32,
    pub(super) read_write: u32,
}

const SECTION_RIGHTS: ShareRights = ShareRights { read_only: READ_RIGHTS, read_write: READ_WRITE_RIGHTS };

/// The security descriptor of an object to be created.
pub(super) struct Security(LocalMemory);

impl Security {
    /// The descriptor of a section of this thread's user, with these permissions.
    pub(super) fn new(permissions: Permissions) -> io::Result<Self> {
        Self::with_rights(permissions, SECTION_RIGHTS)
    }

    /// The descriptor of an object of this thread's user, with these permissions and rights.
    pub(super) fn with_rights(permissions: Permissions, rights: ShareRights) -> io::Result<Self> {
        if permissions.named_group().is_some() {
            let why = "groups have numbers on POSIX alone; let everyone in, or the user's own group";
            return Err(io::Error::new(io::ErrorKind::Unsupported, why));
        }
        Self::from_sddl(&sddl(&token_user()?, &token_group()?, permissions, rights))
    }

    pub(super) fn from_sddl(text: &str) -> io::Result<Self> {
        let wide: Vec<u16> = text.encode_utf16().chain([0]).collect();
        let mut descriptor = ptr::null_mut();
        // SAFETY: the text ends in a NUL; `descriptor` is valid for a write, and the size is not requested.
        let made = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                wide.as_ptr(),
                SDDL_REVISION_1,
                &mut descriptor,
                ptr::null_mut(),
            )
        };
        succeeded(made).map(|()| Security(LocalMemory(descriptor)))
    }

    /// The attributes for a create call, valid as long as `self` lives. The handle is not inheritable, so no child gets
    /// it unasked (C18).
    pub(super) fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: self.0.0,
            bInheritHandle: 0,
        }
    }
}

/// The descriptor in Microsoft's notation.
///
/// The owner is explicit: otherwise an elevated administrator's objects would belong to the group of Administrators,
/// and on Wine to no owner. The DACL is protected (`P`), so that it inherits no entries. It lets the system in, as
/// every default DACL does.
fn sddl(user: &UserId, group: &UserId, permissions: Permissions, rights: ShareRights) -> String {
    let mut text = format!("O:{user}G:{group}D:P(A;;GA;;;{user})(A;;GA;;;{SYSTEM})");
    let shares = [(group.as_str(), permissions.group_share()), (EVERYONE, permissions.everyone_share())];
    for (who, share) in shares {
        if let Some(share) = share {
            let rights = rights.of(share);
            write!(text, "(A;;{rights:#x};;;{who})").expect("writing to a String cannot fail");
        }
    }
    text
}

impl ShareRights {
    /// Every user that may open the object may also read its owner, which C20's check needs.
    fn of(self, share: Share) -> u32 {
        READ_CONTROL
            | match share {
                Share::ReadOnly => self.read_only,
                Share::ReadWrite => self.read_write,
            }
    }
}

/// An object's security descriptor. The handle needs `READ_CONTROL`.
pub(super) struct Descriptor {
    owner: PSID,
    dacl: *const ACL,
    _memory: LocalMemory,
}

impl Descriptor {
    pub(super) fn of(object: BorrowedHandle<'_>) -> io::Result<Descriptor> {
        let (mut owner, mut dacl, mut descriptor) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        // SAFETY: the handle is open; the requested pointers are valid for writes, and the others are null.
        let code = unsafe {
            GetSecurityInfo(
                object.as_raw_handle(),
                SE_KERNEL_OBJECT,
                OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                &mut owner,
                ptr::null_mut(),
                &mut dacl,
                ptr::null_mut(),
                &mut descriptor,
            )
        };
        if code != 0 {
            return Err(from_code(code));
        }
        Ok(Descriptor { owner, dacl, _memory: LocalMemory(descriptor) })
    }

    /// The owner, if the descriptor has one.
    pub(super) fn owner(&self) -> io::Result<Option<UserId>> {
        // SAFETY: the owner's SID lies in the descriptor, which `self` keeps.
        (!self.owner.is_null()).then(|| unsafe { sid_text(self.owner) }).transpose()
    }

    /// The access list; null lets every user in. Valid as long as `self`.
    pub(super) fn dacl(&self) -> *const ACL {
        self.dacl
    }
}

/// The owner of an object, as far as this process can see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    User(UserId),
    /// The descriptor has no owner, so it counts as the system's. No ordinary user of Windows can make such an object,
    /// and on Wine every program with default security does.
    System,
    /// The object's DACL hides its owner from this user.
    Hidden,
}

/// The owner of an object.
pub(super) fn owner_of(object: BorrowedHandle<'_>) -> Owner {
    match Descriptor::of(object).and_then(|descriptor| descriptor.owner()) {
        Ok(Some(user)) => Owner::User(user),
        Ok(None) => Owner::System,
        Err(_) => Owner::Hidden,
    }
}

/// Whether `me` opens an object of `owner`.
///
/// The system is the two accounts with full power over the machine, and an object without an owner counts as theirs.
/// The accounts of services (Local Service, Network Service) have no such power; trust them with [`Trust::User`].
fn is_trusted(owner: &Owner, me: &UserId, trust: &Trust) -> bool {
    let accepts_system = *trust != Trust::Own;
    match owner {
        _ if *trust == Trust::Anyone => true,
        Owner::System => accepts_system,
        Owner::Hidden => false,
        Owner::User(owner) => {
            owner == me
                || accepts_system && [SYSTEM, ADMINISTRATORS].contains(&owner.as_str())
                || matches!(trust, Trust::User(user) if user == owner)
        }
    }
}

/// Refuses an object whose owner is not accepted (C20).
pub(super) fn check_owner(object: &impl AsHandle, trust: &Trust, attempt: Attempt<'_>) -> Result<()> {
    if *trust == Trust::Anyone {
        return Ok(());
    }
    let me = token_user().map_err(|cause| attempt.failed(cause))?;
    let owner = owner_of(object.as_handle());
    if is_trusted(&owner, &me, trust) {
        return Ok(());
    }
    let owner = match owner {
        Owner::User(user) => Some(user),
        Owner::System => Some(UserId::new(SYSTEM)),
        Owner::Hidden => None,
    };
    Err(attempt.error(ErrorKind::UntrustedOwner { owner }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(sid: &str) -> UserId {
        UserId::new(sid)
    }

    #[test]
    fn a_group_by_number_is_unsupported() {
        let permissions = Permissions::owner_only().group(Share::ReadOnly).group_id(7);
        let refused = Security::new(permissions).err().expect("there are none");
        assert_eq!(refused.kind(), io::ErrorKind::Unsupported);
        assert!(Security::new(Permissions::owner_only().group_id(7)).is_ok(), "nobody is let in");
    }

    #[test]
    fn permissions_become_a_protected_dacl() {
        let (me, group) = (user("S-1-5-21-1"), user("S-1-5-21-513"));
        let owner_only = "O:S-1-5-21-1G:S-1-5-21-513D:P(A;;GA;;;S-1-5-21-1)(A;;GA;;;S-1-5-18)";
        assert_eq!(sddl(&me, &group, Permissions::owner_only(), SECTION_RIGHTS), owner_only);
        let wide = Permissions::owner_only().group(Share::ReadWrite).everyone(Share::ReadOnly);
        assert_eq!(
            sddl(&me, &group, wide, SECTION_RIGHTS),
            format!("{owner_only}(A;;0x20007;;;S-1-5-21-513)(A;;0x20005;;;S-1-1-0)")
        );
    }

    #[test]
    fn every_permission_is_a_descriptor_that_the_system_accepts() {
        let shares = [None, Some(Share::ReadOnly), Some(Share::ReadWrite)];
        for group in shares {
            for everyone in shares {
                let mut permissions = Permissions::owner_only();
                permissions = group.map_or(permissions, |share| permissions.group(share));
                permissions = everyone.map_or(permissions, |share| permissions.everyone(share));
                let security = Security::new(permissions).expect("a valid descriptor");
                assert!(!security.attributes().lpSecurityDescriptor.is_null());
                assert_eq!(security.attributes().bInheritHandle, 0);
            }
        }
    }

    #[test]
    fn owners_are_trusted_as_asked() {
        let (me, other) = (user("S-1-5-21-1"), user("S-1-5-21-2"));
        let trusts = [Trust::OwnAndSystem, Trust::User(other.clone()), Trust::Anyone];
        let accepted = |owner: &Owner| trusts.each_ref().map(|trust| is_trusted(owner, &me, trust));
        let of = |sid: &UserId| Owner::User(sid.clone());
        assert_eq!(accepted(&of(&me)), [true; 3]);
        assert_eq!(accepted(&of(&user(SYSTEM))), [true; 3]);
        assert_eq!(accepted(&of(&user(ADMINISTRATORS))), [true; 3]);
        assert_eq!(accepted(&Owner::System), [true; 3]);
        assert_eq!(accepted(&of(&other)), [false, true, true]);
        assert_eq!(accepted(&of(&user("S-1-5-19"))), [false, false, true]);
        assert_eq!(accepted(&Owner::Hidden), [false, false, true]);
        let own = [of(&me), of(&other), of(&user(SYSTEM)), Owner::System, Owner::Hidden];
        assert_eq!(own.map(|owner| is_trusted(&owner, &me, &Trust::Own)), [true, false, false, false, false]);
    }
}
