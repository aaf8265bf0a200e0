//! Who is attacked: an owner of objects, and an opener that accepts that owner.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use samemap::ObjectName;

use crate::support::linux::users::{ALICE, User};

pub const ROOT: u32 = 0;
pub const BOB: u32 = 65_532;

/// Whose object it is, who opens it, and whom that one trusts beside itself.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    pub owner: u32,
    pub opener: u32,
    trust: &'static str,
}

const fn pair(owner: u32, opener: u32, trust: &'static str) -> Pair {
    Pair { owner, opener, trust }
}

/// Objects that others are let in to.
pub const OF_SHARED: [Pair; 4] =
    [pair(ROOT, ROOT, "own"), pair(ALICE, ALICE, "own"), pair(ROOT, ALICE, "own"), pair(ALICE, BOB, "65533")];

/// Objects for their owner alone, which root opens too.
pub const OF_PRIVATE: [Pair; 3] =
    [pair(ROOT, ROOT, "own"), pair(ALICE, ALICE, "own"), pair(ALICE, ROOT, "65533")];

/// What the owner's object says at its beginning.
pub const MARK: u64 = 0x0123_4567_89AB_CDEF;

/// The processes of a pair, and the object that the owner holds.
pub struct Victims {
    pub pair: Pair,
    pub name: ObjectName,
    pub owner: User,
    pub opener: User,
    pub precious: Precious,
}

impl Victims {
    pub fn with_object(pair: Pair, name: ObjectName, permissions: &str) -> Victims {
        let (mut owner, opener) = (User::start(pair.owner), User::start(pair.opener));
        owner.must(&format!("create {name} {permissions}"));
        owner.must(&format!("write {MARK}"));
        Victims { pair, name, owner, opener, precious: Precious::of(pair.opener) }
    }

    /// What opening a name comes to: `None` for the owner's object as it was made, or the kind of the error.
    ///
    /// Anything else is what must never be.
    #[track_caller]
    pub fn open_as(&mut self, name: &ObjectName, access: &str) -> Option<String> {
        let answer = self.opener.ask(&format!("open {name} {access} {}", self.pair.trust));
        self.precious.assert_untouched();
        if let Some(error) = answer.strip_prefix("error ") {
            let kind = error.split([' ', ':']).next().expect("a word");
            let clean = ["NotFound", "Damaged", "KindMismatch", "AccessDenied", "UntrustedOwner"];
            assert!(clean.contains(&kind), "{name}: {answer}");
            return Some(kind.to_owned());
        }
        assert_eq!(self.opener.must("len"), "4096", "{name}: another object's size");
        assert_eq!(self.opener.must("read"), MARK.to_string(), "{name}: another object's bytes");
        self.opener.must("drop");
        None
    }

    #[track_caller]
    pub fn open(&mut self) -> Option<String> {
        self.open_as(&self.name.clone(), "rw")
    }

    /// The name leads to the owner's object.
    #[track_caller]
    pub fn assert_right(&mut self) {
        for access in ["ro", "rw", "cow"] {
            assert_eq!(self.open_as(&self.name.clone(), access), None, "{:?}", self.pair);
        }
    }
}

/// A private file of the opener's, beside which everything happens.
pub struct Precious(PathBuf);

const CONTENT: &[u8; 8192] = &[b'p'; 8192];

impl Precious {
    fn of(uid: u32) -> Precious {
        Precious::at(Path::new("/dev/shm").join(format!("precious.{uid}")), uid)
    }

    pub fn at(path: PathBuf, uid: u32) -> Precious {
        std::fs::write(&path, CONTENT).expect("a free name");
        crate::support::linux::shm::set_mode(&path, 0o600);
        std::os::unix::fs::chown(&path, Some(uid), Some(uid)).expect("root may");
        Precious(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    #[track_caller]
    pub fn assert_untouched(&self) {
        assert!(std::fs::read(&self.0).expect("it is there") == CONTENT, "the private file was written to");
    }

    /// The record of a region over this file, as its owner's samemap would write it.
    pub fn record(&self) -> Vec<u8> {
        let (path, stat) = (self.0.to_str().expect("text"), self.0.metadata().expect("it is there"));
        let mut bytes = b"SMFILE\0\0".to_vec();
        for word in [2, path.len() as u32] {
            bytes.extend(word.to_le_bytes());
        }
        for word in [stat.dev(), stat.ino(), stat.len(), 0] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(path.as_bytes());
        bytes
    }
}

impl Drop for Precious {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
