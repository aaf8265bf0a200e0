//! What each user may do with an object: access, permissions, trust (rules C11, C19, C20).

use std::fmt;

/// What a region or a view allows its holder to do (rule C11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Reading only. The memory management unit enforces it on a view.
    ReadOnly,
    /// Reading and writing; every holder sees the writes.
    ReadWrite,
    /// Reading, and writing to private copies of the pages: other views do not see the writes, and they are gone with
    /// the view. It needs read access to the object. A handle with this access reads, and makes copy-on-write views.
    CopyOnWrite,
}

impl Access {
    /// Whether a view with `view` access may be made of a region held with `self`.
    #[must_use]
    pub const fn allows(self, view: Access) -> bool {
        matches!(self, Access::ReadWrite) || matches!(view, Access::ReadOnly | Access::CopyOnWrite)
    }

    /// Whether a view with this access can be written to.
    #[must_use]
    pub const fn can_write(self) -> bool {
        !matches!(self, Access::ReadOnly)
    }

    /// Whether the object itself is written to.
    #[must_use]
    pub const fn writes_object(self) -> bool {
        matches!(self, Access::ReadWrite)
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Access::ReadOnly => "read-only",
            Access::ReadWrite => "read-write",
            Access::CopyOnWrite => "copy-on-write",
        })
    }
}

/// What a user other than the owner may do with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Share {
    /// Open it and read.
    ReadOnly,
    /// Open it, read and write.
    ReadWrite,
}

/// Which users beside its owner may open a new object (rules C19 and C20). The default is none.
///
/// # Platform-specific behavior
/// On POSIX these become mode bits (0600 at least, whatever the umask says); *group* is the creating
/// process's effective group, or the one that is [named](Self::group_id). On Windows they become a DACL; *group* is the token's primary group and
/// *everyone* the well-known group of that name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Permissions {
    group: Option<Share>,
    everyone: Option<Share>,
    group_id: Option<u32>,
}

impl Permissions {
    /// The owner alone: 0600, or a DACL with the owner (and the system) only.
    #[must_use]
    pub const fn owner_only() -> Self {
        Permissions { group: None, everyone: None, group_id: None }
    }

    /// Also lets the owner's group in.
    #[must_use]
    pub const fn group(mut self, share: Share) -> Self {
        self.group = Some(share);
        self
    }

    /// Also lets every user in.
    #[must_use]
    pub const fn everyone(mut self, share: Share) -> Self {
        self.everyone = Some(share);
        self
    }

    /// Says which group [`group`](Self::group) means, by its number; without a share for the group it has no effect.
    ///
    /// An ordinary user can name a group that it is in, and root any group; otherwise creating is
    /// [`AccessDenied`](crate::ErrorKind::AccessDenied).
    ///
    /// # Platform-specific behavior
    /// Groups have numbers on POSIX alone. On Windows creating with one is
    /// [`Unsupported`](crate::ErrorKind::Unsupported).
    #[must_use]
    pub const fn group_id(mut self, id: u32) -> Self {
        self.group_id = Some(id);
        self
    }

    /// The number of the group, where one was given.
    #[must_use]
    pub const fn named_group(self) -> Option<u32> {
        if self.group.is_some() { self.group_id } else { None }
    }

    /// What the owner's group may do.
    #[must_use]
    pub const fn group_share(self) -> Option<Share> {
        self.group
    }

    /// What every user may do.
    #[must_use]
    pub const fn everyone_share(self) -> Option<Share> {
        self.everyone
    }

    /// The POSIX mode bits of these permissions.
    #[must_use]
    pub const fn mode(self) -> u32 {
        0o600 | Self::bits(self.group) << 3 | Self::bits(self.everyone)
    }

    const fn bits(share: Option<Share>) -> u32 {
        match share {
            None => 0,
            Some(Share::ReadOnly) => 0o4,
            Some(Share::ReadWrite) => 0o6,
        }
    }
}

/// A user of the machine, as the system writes it: a decimal user id on POSIX, a security identifier
/// (`S-1-5-…`) on Windows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(Box<str>);

impl UserId {
    /// Takes the system's own spelling. It is not checked, and a wrong one matches no user.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        UserId(text.into().into_boxed_str())
    }

    /// The system's spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The owners whose objects are opened (rule C20). An object of any other user is
/// [`UntrustedOwner`](crate::ErrorKind::UntrustedOwner): a squatter on the name cannot pose as the
/// service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// The caller and the system: root on POSIX; SYSTEM and the Administrators on Windows.
    #[default]
    OwnAndSystem,
    /// The caller, the system and this user.
    User(UserId),
    /// The caller alone.
    Own,
    /// Every user.
    Anyone,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_become_mode_bits() {
        assert_eq!(Permissions::owner_only().mode(), 0o600);
        assert_eq!(Permissions::owner_only().group(Share::ReadOnly).mode(), 0o640);
        let open = Permissions::owner_only().group(Share::ReadWrite).everyone(Share::ReadOnly);
        assert_eq!(open.mode(), 0o664);
        assert_eq!((open.group_id(7).mode(), open.group_id(7).named_group()), (0o664, Some(7)));
        assert_eq!(Permissions::owner_only().group_id(7).named_group(), None);
    }
}
