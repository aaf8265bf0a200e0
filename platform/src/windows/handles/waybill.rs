//! Waybills: the description of a region that is handed over, with its handles by number.

use std::io::{self, Read};

use super::duplicate::is_number;
use crate::contract::region::RegionFacts;
use crate::contract::wire::{HEAD_LEN, Label, long};
use crate::{Access, ObjectName};

/// A region's handles by number, and its description. The numbers are valid in one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waybill {
    pub(super) label: Label,
    pub(super) section: u64,
    /// The file that it lies over, to flush it.
    pub(super) file: Option<u64>,
    pub(super) name: Option<ObjectName>,
}

/// The head, then section, file (zero where there is none), and the length of the name, which follows.
const FIXED_LEN: usize = HEAD_LEN + 24;
/// The longest name is 259 UTF-16 units of at most three UTF-8 bytes each, and `Local\` in front.
const LONGEST_NAME: u64 = crate::MAX_NAME_UNITS as u64 * 3 + 6;

impl Waybill {
    /// The waybill of a region that is handed over with this access, by these handles.
    pub(super) fn of(region: &RegionFacts, access: Access, section: u64, file: Option<u64>) -> Waybill {
        Waybill { label: Label::of(region, access), section, file, name: region.name.clone() }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let name = self.name.as_ref().map_or_else(String::new, ToString::to_string);
        let mut bytes = self.label.head(self.handles()).to_vec();
        for number in [self.section, self.file.unwrap_or(0), name.len() as u64] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(name.as_bytes());
        bytes
    }

    /// Reads a waybill. `None` for invalid bytes, of which it reads no more than necessary.
    pub(super) fn read_from(bytes: &mut impl Read) -> io::Result<Option<Waybill>> {
        let mut fixed = [0; FIXED_LEN];
        bytes.read_exact(&mut fixed)?;
        let name_len = long(&fixed, HEAD_LEN + 16);
        if Label::from_head(fixed.first_chunk().expect("longer")).is_none() || name_len > LONGEST_NAME {
            return Ok(None);
        }
        let mut name = vec![0; name_len as usize];
        bytes.read_exact(&mut name)?;
        Ok(Self::parse(&fixed, &name))
    }

    fn parse(fixed: &[u8; FIXED_LEN], name: &[u8]) -> Option<Waybill> {
        let (label, _) = Label::from_head(fixed.first_chunk()?)?;
        let text = std::str::from_utf8(name).ok()?;
        let object_name = if text.is_empty() { None } else { Some(ObjectName::read_back(text).ok()?) };
        let file = Some(long(fixed, HEAD_LEN + 8)).filter(|&file| file != 0);
        let waybill = Waybill { label, section: long(fixed, HEAD_LEN), file, name: object_name };
        let good = is_number(waybill.section)
            && waybill.file.is_none_or(|file| is_number(file) && file != waybill.section)
            // Only the canonical form is valid.
            && waybill.bytes() == [fixed, name].concat();
        good.then_some(waybill)
    }

    fn handles(&self) -> u32 {
        if self.file.is_some() { 2 } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::wire::Form;

    fn waybill(name: Option<&str>) -> Waybill {
        let name = name.map(|name| ObjectName::new(name).expect("a valid name"));
        let label = Label { form: Form::NamedFile, access: Access::ReadWrite, len: 1000 };
        Waybill { label, section: 0x1234, file: Some(8), name }
    }

    fn read(mut bytes: &[u8]) -> Option<Waybill> {
        Waybill::read_from(&mut bytes).ok()?.filter(|_| bytes.is_empty())
    }

    #[test]
    fn waybills_read_back() {
        let longest = "\u{FFFD}".repeat(crate::MAX_NAME_UNITS);
        for name in [None, Some("X"), Some(r"Global\X"), Some(&*longest)] {
            assert_eq!(read(&waybill(name).bytes()), Some(waybill(name)), "{name:?}");
        }
        let without_file = Waybill { file: None, ..waybill(None) };
        assert_eq!(read(&without_file.bytes()), Some(without_file));
    }

    #[test]
    fn nothing_that_arrives_is_believed() {
        let good = waybill(Some("X")).bytes();
        for at in 0..good.len() {
            for value in [0, 0xFF, 0x03] {
                let mut bytes = good.clone();
                bytes[at] = value;
                if let Some(waybill) = read(&bytes) {
                    assert!(is_number(waybill.section) && waybill.file.is_none_or(is_number), "byte {at}");
                    assert_eq!(waybill.bytes(), bytes, "byte {at}");
                }
            }
        }
        for len in 0..good.len() {
            assert_eq!(read(&good[..len]), None, "{len} bytes");
        }
        let same = Waybill { file: Some(0x1234), ..waybill(None) };
        assert_eq!(read(&same.bytes()), None, "one handle for two things");
    }
}
