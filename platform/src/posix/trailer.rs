//! An object's own facts: a page behind its data, so that byte 0 of the file is byte 0 of the data.
//!
//! | bytes | what, in little-endian order |
//! | --- | --- |
//! | 0..8 | `SAMEMAP` and a NUL |
//! | 8..12 | version of this layout: 1, or 2 where bytes 28..32 are not zeros |
//! | 12..16 | kind: 1 region, 2 mutex, 3 event, 4 semaphore, 5 timer |
//! | 16..24 | length of the data in front of the trailer, in bytes |
//! | 24..28 | length of the name, in bytes |
//! | 28..32 | form: 0 the data are the object's own, 1 they say which file a region lies over (see `file`) |
//! | 32..64 | zeros |
//! | 64..1024 | the full name in UTF-8, prefix and all, then zeros |
//!
//! All of it is written before the object gets its name, and never again. Whoever may write to the
//! object may scribble over it, so nothing read from here is believed before it was checked. Whoever knows
//! version 1 alone refuses an object of another form, in place of taking what it says of its file for a region.

use crate::{ObjectKind, ObjectName};

/// Length of the trailer in the file: a page, whatever the system's pages are.
pub(super) const TRAILER_LEN: u64 = 4096;
/// How much of it is used.
pub(super) const USED: usize = 1024;

const MAGIC: &[u8; 8] = b"SAMEMAP\0";
const VERSION: u32 = 1;
const VERSION_WITH_FORM: u32 = 2;
const NAME_AT: usize = 64;

// The longest name is 259 UTF-16 units of at most three UTF-8 bytes each, and `Local\` in front.
const _: () = assert!(NAME_AT + crate::MAX_NAME_UNITS * 3 + 6 <= USED);

/// What an object's data are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The object's own.
    Memory,
    /// What leads to the file that a region lies over.
    LeadsToFile,
}

/// What a trailer says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) kind: ObjectKind,
    pub(super) form: Form,
    /// Length of the data in bytes.
    pub(super) len: u64,
    /// The full name, as text: it comes from outside.
    pub(super) name: String,
}

pub(super) fn encoded(kind: ObjectKind, form: Form, len: u64, name: &ObjectName) -> [u8; USED] {
    let mut bytes = [0; USED];
    let name = name.to_string();
    let (version, form_code) = match form {
        Form::Memory => (VERSION, 0u32),
        Form::LeadsToFile => (VERSION_WITH_FORM, 1),
    };
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, MAGIC);
    put(8, &version.to_le_bytes());
    put(12, &kind_code(kind).to_le_bytes());
    put(16, &len.to_le_bytes());
    put(24, &(name.len() as u32).to_le_bytes());
    put(28, &form_code.to_le_bytes());
    put(NAME_AT, name.as_bytes());
    bytes
}

/// Reads the trailer of a file of `file_len` bytes, or says what is wrong with it.
pub(super) fn decoded(bytes: &[u8; USED], file_len: u64) -> Result<Facts, &'static str> {
    let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    if &bytes[..8] != MAGIC {
        return Err("a file without samemap's trailer");
    }
    let form = match (word(8), word(28)) {
        (VERSION, _) => Form::Memory,
        (VERSION_WITH_FORM, 1) => Form::LeadsToFile,
        _ => return Err("an object of another version of samemap"),
    };
    let kind = kind_of(word(12)).ok_or("an object whose trailer is damaged (its kind)")?;
    let len = u64::from(word(16)) | u64::from(word(20)) << 32;
    if len == 0 || len.checked_add(TRAILER_LEN) != Some(file_len) {
        return Err("an object whose trailer is damaged (its size)");
    }
    let name = NAME_AT
        .checked_add(word(24) as usize)
        .and_then(|end| bytes.get(NAME_AT..end))
        .and_then(|name| std::str::from_utf8(name).ok())
        .ok_or("an object whose trailer is damaged (its name)")?;
    Ok(Facts { kind, form, len, name: name.to_owned() })
}

fn kind_code(kind: ObjectKind) -> u32 {
    match kind {
        ObjectKind::Region => 1,
        ObjectKind::Mutex => 2,
        ObjectKind::Event => 3,
        ObjectKind::Semaphore => 4,
        ObjectKind::Timer => 5,
    }
}

fn kind_of(code: u32) -> Option<ObjectKind> {
    ObjectKind::ALL.into_iter().find(|&kind| kind_code(kind) == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailer_reads_back_for_every_kind_and_the_longest_name() {
        let name = ObjectName::new("\u{FFFD}".repeat(crate::MAX_NAME_UNITS)).unwrap();
        for kind in ObjectKind::ALL {
            for form in [Form::Memory, Form::LeadsToFile] {
                let facts = decoded(&encoded(kind, form, 8192, &name), 8192 + TRAILER_LEN).unwrap();
                assert_eq!(facts, Facts { kind, form, len: 8192, name: name.to_string() });
            }
        }
    }

    #[test]
    fn objects_of_version_1_read_as_before_and_other_forms_are_refused() {
        let name = ObjectName::new("old").unwrap();
        let mut bytes = encoded(ObjectKind::Region, Form::Memory, 4096, &name);
        assert_eq!(bytes[8..12], 1u32.to_le_bytes());
        // Version 1 did not look at these bytes.
        bytes[28] = 1;
        assert_eq!(decoded(&bytes, 8192).unwrap().form, Form::Memory);
        let mut bytes = encoded(ObjectKind::Region, Form::LeadsToFile, 4096, &name);
        assert_eq!(bytes[8..12], 2u32.to_le_bytes());
        bytes[28] = 2;
        assert!(decoded(&bytes, 8192).is_err());
    }

    #[test]
    fn no_byte_of_a_trailer_is_believed() {
        let name = ObjectName::new("victim").unwrap();
        let good = encoded(ObjectKind::Region, Form::Memory, 4096, &name);
        for at in 0..USED {
            for value in [0, 1, 0x7F, 0x80, 0xFF] {
                let mut bytes = good;
                bytes[at] = value;
                // Whatever it says, it must be consistent with the file's length.
                if let Ok(facts) = decoded(&bytes, 8192) {
                    assert_eq!(facts.len, 4096);
                }
            }
        }
        for file_len in [0, 1, 4096, 8191, 8193, u64::MAX] {
            assert!(decoded(&good, file_len).is_err());
        }
        assert!(decoded(&[0; USED], 8192).is_err());
        assert!(decoded(&[0xFF; USED], 8192).is_err());
    }
}
