//! The owner of an object, and whether it is accepted (C3, C20).
//!
//! In a user namespace (user_namespaces(7)) every id without a mapping shows as one id, the *overflow id*, 65534 by
//! default. An object with that owner may belong to any user, so only a caller that accepts every user opens it.
//! `Local\` names use the user ids of the user namespace's *parent*: two rootless containers over one /dev/shm, which
//! both run as user 0, have different names, and a container's root shares the names of the user that started it.

use std::sync::OnceLock;

use super::fork::PerProcess;
use crate::contract::context::Context;
use crate::{ErrorKind, Result, Trust, UserId};

/// The mapping of this user namespace's ids to its parent's: /proc/self/uid_map.
#[derive(Debug, PartialEq, Eq)]
struct UserMap {
    ranges: Vec<Range>,
    /// The id that stands for all ids without a mapping; `None` where every id has one.
    overflow: Option<u32>,
}

#[derive(Debug, PartialEq, Eq)]
struct Range {
    inside: u32,
    outside: u32,
    count: u32,
}

/// Every id but the one that means *none*.
const ALL_IDS: u64 = 0xFFFF_FFFF;
const USUAL_OVERFLOW_ID: u32 = 65534;

impl UserMap {
    /// Read once in a process, and again in a forked child: a process that enters another user namespace forks or execs
    /// first, or has not used samemap yet.
    fn get() -> &'static UserMap {
        static MAP: PerProcess<OnceLock<UserMap>> = PerProcess::new();
        MAP.get().get_or_init(|| {
            // Without /proc the mapping is that of the first user namespace.
            let text = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
            UserMap::parsed(&text, overflow_id)
        })
    }

    fn parsed(text: &str, overflow_id: impl FnOnce() -> u32) -> UserMap {
        let ranges: Vec<Range> = text.lines().filter_map(Range::parsed).collect();
        let mapped: u64 = ranges.iter().map(|range| u64::from(range.count)).sum();
        let total = ranges.is_empty() || mapped >= ALL_IDS;
        UserMap { ranges, overflow: (!total).then(overflow_id) }
    }

    /// The user's id in the parent namespace.
    fn outside(&self, uid: u32) -> u32 {
        let outside = self.ranges.iter().find_map(|range| range.outside(uid));
        outside.filter(|&outside| u64::from(outside) != ALL_IDS).unwrap_or(uid)
    }
}

impl Range {
    fn parsed(line: &str) -> Option<Range> {
        let mut words = line.split_whitespace().map(|word| word.parse().ok());
        Some(Range { inside: words.next()??, outside: words.next()??, count: words.next()?? })
    }

    fn outside(&self, uid: u32) -> Option<u32> {
        let at = uid.checked_sub(self.inside).filter(|&at| at < self.count)?;
        self.outside.checked_add(at)
    }
}

fn overflow_id() -> u32 {
    let text = std::fs::read_to_string("/proc/sys/kernel/overflowuid").unwrap_or_default();
    text.trim().parse().unwrap_or(USUAL_OVERFLOW_ID)
}

pub(super) fn user_id(uid: u32) -> UserId {
    UserId::new(uid.to_string())
}

pub(super) fn effective_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The id in this user's `Local\` names.
pub(super) fn local_user() -> u32 {
    local_names_of(effective_user())
}

/// The id in the `Local\` names of a user of this namespace.
pub(super) fn local_names_of(uid: u32) -> u32 {
    UserMap::get().outside(uid)
}

/// Whether the owner's id stands for several users in this user namespace.
pub(super) fn cannot_be_told(owner: u32) -> bool {
    UserMap::get().overflow == Some(owner)
}

/// Whether this process's user owns the file.
pub(super) fn is_own(owner: u32) -> bool {
    owner == effective_user() && !cannot_be_told(owner)
}

/// Whether an object of this owner is accepted. Only one user makes objects with a `local` name, so any other owner is
/// refused, even root.
pub(super) fn check_owner(owner: u32, local: bool, trust: &Trust, context: Context<'_>) -> Result<()> {
    let told = !cannot_be_told(owner);
    let accepted = is_own(owner)
        || !local
            && match trust {
                Trust::Anyone => true,
                Trust::Own => false,
                _ if !told => false,
                Trust::User(user) => owner == 0 || *user == user_id(owner),
                Trust::OwnAndSystem => owner == 0,
            };
    if accepted {
        return Ok(());
    }
    let error = context.error(ErrorKind::UntrustedOwner { owner: told.then(|| user_id(owner)) });
    Err(match (told, local) {
        (false, _) => error.with_detail(format!(
            "its owner has no id in this user namespace and shows as {owner}, as any stranger does; give the user a mapping, or accept anybody's object (Trust::Anyone)"
        )),
        (true, true) => error.with_detail(format!(
            "a Local\\ name belongs to one user, and what lies there belongs to user {owner}; remove it, or choose a Global\\ name to share"
        )),
        (true, false) => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_namespace_maps_every_user_to_itself() {
        for text in ["         0          0 4294967295\n", ""] {
            let map = UserMap::parsed(text, || panic!("not asked"));
            assert_eq!(map.overflow, None);
            assert_eq!([0, 1000, 65534].map(|uid| map.outside(uid)), [0, 1000, 65534]);
        }
    }

    #[test]
    fn two_containers_have_different_users() {
        let text = "         0       1000          1\n         1     100000      65536\n";
        let map = UserMap::parsed(text, || 65534);
        assert_eq!(map.overflow, Some(65534));
        assert_eq!([0, 1, 1000].map(|uid| map.outside(uid)), [1000, 100_000, 100_999]);
        let other = UserMap::parsed("0 200000 65536", || 65534);
        assert_eq!(other.outside(0), 200_000);
    }

    #[test]
    fn an_id_without_a_mapping_stays_as_it_shows() {
        let map = UserMap::parsed("0 4294967295 1", || 65534);
        assert_eq!((map.outside(0), map.outside(65534)), (0, 65534));
    }
}
