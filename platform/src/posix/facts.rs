//! An object's facts, which its owner writes before the object gets its name.
//!
//! An object of its owner alone is one file: the data, and then a page with the facts, so that byte 0 of the file is
//! byte 0 of the data. An object that other users may open has its facts in a file of their own, `facts`, which only
//! the owner may write to (see `candidate`).
//!
//! | bytes | what, in little-endian order |
//! | --- | --- |
//! | 0..8 | `SAMEMAP` and a NUL |
//! | 8..12 | version of this layout: 3 |
//! | 12..16 | kind: 1 region, 2 mutex, 3 event, 4 semaphore, 5 timer |
//! | 16..24 | length of the data, in bytes |
//! | 24..28 | length of the name, in bytes |
//! | 28..32 | form: 0 data in front, 1 in the file `data`, 2 in a file elsewhere, which the record at 2048 names |
//! | 32..36 | length of the system name, in bytes |
//! | 40..48, 48..56 | inode numbers of `data` and `locks`, where they exist |
//! | 64..1024 | the full name in UTF-8, prefix and all, then zeros |
//! | 1024..1280 | the system name: that of the file or directory in /dev/shm, with the user's id of a `Local\` name |
//! | 2048.. | the record of a region over a file (see `file`) |
//!
//! All of it is written before the object gets its name, and never again. Readers still check every value before they
//! use it.

use super::names;
use crate::contract::wire::{long, word};
use crate::{ObjectKind, ObjectName};

/// The length of the trailer in a file: 4096 bytes, whatever the system's page size.
pub(super) const TRAILER_LEN: u64 = 4096;
/// The bytes of it that are used, without the record.
pub(super) const USED: usize = 1280;
/// Where the record of a region over a file begins.
pub(super) const RECORD_AT: u64 = 2048;
/// The longest record.
pub(super) const RECORD_LEN: usize = 4144;

/// The longest file of facts alone: shorter than any object in one file, which has at least a page of data and a
/// trailer.
pub(super) const LONGEST: u64 = RECORD_AT + RECORD_LEN as u64;
const _: () = assert!(LONGEST < 2 * TRAILER_LEN);

const MAGIC: &[u8; 8] = b"SAMEMAP\0";
const VERSION: u32 = 3;
const NAME_AT: usize = 64;
const SYSTEM_NAME_AT: usize = 1024;

// The longest name is 259 UTF-16 units of at most three UTF-8 bytes each, and `Local\` in front.
const _: () = assert!(NAME_AT + crate::MAX_NAME_UNITS * 3 + 6 <= SYSTEM_NAME_AT);

/// Where an object's data lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// In front of the facts, in one file.
    InFront = 0,
    /// In a file beside them.
    Beside = 1,
    /// In a file elsewhere: a region over a file.
    Elsewhere = 2,
}

impl Form {
    const ALL: [Form; 3] = [Form::InFront, Form::Beside, Form::Elsewhere];

    fn code(self) -> u32 {
        self as u32
    }
}

/// The facts of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) kind: ObjectKind,
    pub(super) form: Form,
    /// Length of the data in bytes.
    pub(super) len: u64,
    /// The full name, as unchecked text.
    pub(super) name: String,
    /// The name in /dev/shm, with the user's id of a `Local\` name.
    pub(super) system_name: String,
    /// Inode number of the file `data`, where there is one.
    pub(super) data: u64,
    /// Inode number of the file `locks`, where there is one.
    pub(super) locks: u64,
}

impl Facts {
    pub(super) fn new(kind: ObjectKind, form: Form, len: u64, name: &ObjectName, system_name: &str) -> Facts {
        let (name, system_name) = (name.to_string(), system_name.to_owned());
        Facts { kind, form, len, name, system_name, data: 0, locks: 0 }
    }

    pub(super) fn encoded(&self) -> [u8; USED] {
        let mut bytes = [0; USED];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(0, MAGIC);
        put(8, &VERSION.to_le_bytes());
        put(12, &u32::from(self.kind.code()).to_le_bytes());
        put(16, &self.len.to_le_bytes());
        put(24, &(self.name.len() as u32).to_le_bytes());
        put(28, &self.form.code().to_le_bytes());
        put(32, &(self.system_name.len() as u32).to_le_bytes());
        put(40, &self.data.to_le_bytes());
        put(48, &self.locks.to_le_bytes());
        put(NAME_AT, self.name.as_bytes());
        put(SYSTEM_NAME_AT, self.system_name.as_bytes());
        bytes
    }

    /// Reads facts, or answers what is wrong with them.
    pub(super) fn decoded(bytes: &[u8; USED]) -> Result<Facts, &'static str> {
        let text = |at: usize, len: u32, end: usize| {
            let bytes = bytes[at..end].get(..len as usize)?;
            std::str::from_utf8(bytes).ok().map(str::to_owned)
        };
        if &bytes[..8] != MAGIC {
            return Err("a file without samemap's facts");
        }
        if word(bytes, 8) != VERSION {
            return Err("an object of another version of samemap");
        }
        let kind =
            ObjectKind::of_code(word(bytes, 12)).ok_or("an object whose facts are damaged (its kind)")?;
        let form = Form::ALL.into_iter().find(|form| form.code() == word(bytes, 28));
        let form = form.ok_or("an object whose facts are damaged (its form)")?;
        let name = text(NAME_AT, word(bytes, 24), SYSTEM_NAME_AT)
            .ok_or("an object whose facts are damaged (its name)")?;
        let system_name = text(SYSTEM_NAME_AT, word(bytes, 32), USED).filter(|text| names::is_ours(text));
        let system_name = system_name.ok_or("an object whose facts are damaged (its system name)")?;
        let len = long(bytes, 16);
        if len == 0 {
            return Err("an object whose facts are damaged (its size)");
        }
        Ok(Facts { kind, form, len, name, system_name, data: long(bytes, 40), locks: long(bytes, 48) })
    }

    /// Reads the facts behind the data of a file of `file_len` bytes.
    pub(super) fn of_trailer(bytes: &[u8; USED], file_len: u64) -> Result<Facts, &'static str> {
        let facts = Facts::decoded(bytes)?;
        if facts.form != Form::InFront {
            return Err("an object's facts without its data");
        }
        if facts.len.checked_add(TRAILER_LEN) != Some(file_len) {
            return Err("an object whose facts are damaged (its size)");
        }
        Ok(facts)
    }

    /// Reads facts that lie in a file of their own.
    pub(super) fn apart(bytes: &[u8; USED]) -> Result<Facts, &'static str> {
        let facts = Facts::decoded(bytes)?;
        if facts.form == Form::InFront {
            return Err("an object in another object's directory");
        }
        Ok(facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(kind: ObjectKind, form: Form, name: &str) -> Facts {
        let mut facts = Facts::new(kind, form, 8192, &ObjectName::new(name).unwrap(), "samemap.1000.x");
        (facts.data, facts.locks) = (u64::MAX, 1 << 40);
        facts
    }

    #[test]
    fn facts_read_back_for_every_kind_and_the_longest_name() {
        let name = "\u{FFFD}".repeat(crate::MAX_NAME_UNITS);
        for kind in ObjectKind::ALL {
            for form in Form::ALL {
                let mut facts = facts(kind, form, &name);
                facts.system_name = format!("samemap.{}", "x".repeat(247));
                assert_eq!(Facts::decoded(&facts.encoded()), Ok(facts));
            }
        }
    }

    #[test]
    fn a_trailer_fits_its_file() {
        let good = facts(ObjectKind::Region, Form::InFront, "x").encoded();
        assert!(Facts::of_trailer(&good, 8192 + TRAILER_LEN).is_ok());
        for file_len in [0, 1, 4096, 8192, 8193 + TRAILER_LEN, u64::MAX] {
            assert!(Facts::of_trailer(&good, file_len).is_err());
        }
        let apart = facts(ObjectKind::Region, Form::Beside, "x").encoded();
        assert!(Facts::of_trailer(&apart, 8192 + TRAILER_LEN).is_err(), "facts alone are no object");
    }

    #[test]
    fn no_byte_of_the_facts_is_believed() {
        let good = facts(ObjectKind::Region, Form::InFront, "victim").encoded();
        for at in 0..USED {
            for value in [0, 1, 0x7F, 0x80, 0xFF] {
                let mut bytes = good;
                bytes[at] = value;
                if let Ok(facts) = Facts::of_trailer(&bytes, 8192 + TRAILER_LEN) {
                    assert_eq!((facts.len, facts.form), (8192, Form::InFront));
                }
            }
        }
        assert!(Facts::decoded(&[0; USED]).is_err());
        assert!(Facts::decoded(&[0xFF; USED]).is_err());
    }

    /// The system name becomes a path, and any user may have made the file.
    #[test]
    fn a_system_name_leads_nowhere_else() {
        for name in ["", "x", "samemap.1/../../x", "../samemap.1.x", "samemap.1.\0", "samemap.1.\u{e9}"] {
            let mut facts = facts(ObjectKind::Region, Form::Beside, "x");
            facts.system_name = name.to_owned();
            let refusal = Err("an object whose facts are damaged (its system name)");
            assert_eq!(Facts::decoded(&facts.encoded()), refusal, "{name:?}");
        }
    }

    #[test]
    fn objects_of_other_versions_are_refused() {
        let mut bytes = facts(ObjectKind::Region, Form::InFront, "old").encoded();
        for version in [0, 1, 2, 4, u8::MAX] {
            bytes[8] = version;
            assert_eq!(Facts::decoded(&bytes), Err("an object of another version of samemap"));
        }
    }
}
