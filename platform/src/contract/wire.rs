//! The bytes and texts in which a region is handed over.
//!
//! A *message* begins with a head of 32 bytes, in little-endian order: `SMHANDLE`, version, form, access, the number of
//! handles, and the region's length. Each system defines the rest.
//!
//! A *text*, for an environment variable, is `1` followed by numbers, separated by colons.

use super::context::Context;
use super::region::RegionFacts;
use crate::{Access, Error};

/// The form of a region's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Named = 1,
    Anonymous = 2,
    File = 3,
    NamedFile = 4,
}

impl Form {
    const ALL: [Form; 4] = [Form::Named, Form::Anonymous, Form::File, Form::NamedFile];

    fn of(region: &RegionFacts) -> Form {
        match (region.name.is_some(), region.is_over_file) {
            (true, false) => Form::Named,
            (false, false) => Form::Anonymous,
            (false, true) => Form::File,
            (true, true) => Form::NamedFile,
        }
    }

    pub(crate) fn code(self) -> u32 {
        self as u32
    }
}

/// The number of an access.
pub(crate) fn code_of(access: Access) -> u32 {
    match access {
        Access::ReadOnly => 1,
        Access::ReadWrite => 2,
        Access::CopyOnWrite => 3,
    }
}

/// The access with this number.
pub(crate) fn access_of(code: u32) -> Option<Access> {
    [Access::ReadOnly, Access::ReadWrite, Access::CopyOnWrite].into_iter().find(|&a| code_of(a) == code)
}

/// The facts that are sent with a region's handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) form: Form,
    pub(crate) access: Access,
    pub(crate) len: u64,
}

pub(crate) const HEAD_LEN: usize = 32;
const MAGIC: &[u8; 8] = b"SMHANDLE";
const VERSION: u32 = 2;

impl Label {
    /// The label of a region that is handed over with this access.
    pub(crate) fn of(region: &RegionFacts, access: Access) -> Label {
        Label { form: Form::of(region), access, len: region.len }
    }

    /// A label from the numbers of its form and access.
    pub(crate) fn from_codes(form: u32, access: u32, len: u64) -> Option<Label> {
        let form = Form::ALL.into_iter().find(|known| known.code() == form)?;
        Some(Label { form, access: access_of(access)?, len })
    }

    /// The head of a message with this many handles.
    pub(crate) fn head(self, handles: u32) -> [u8; HEAD_LEN] {
        let mut head = [0; HEAD_LEN];
        head[..8].copy_from_slice(MAGIC);
        let words = [VERSION, self.form.code(), code_of(self.access), handles];
        for (bytes, word) in head[8..24].chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        head[24..].copy_from_slice(&self.len.to_le_bytes());
        head
    }

    /// The label in a head, and the number of handles. `None` for a head of another version.
    pub(crate) fn from_head(head: &[u8; HEAD_LEN]) -> Option<(Label, u32)> {
        let [version, form, access, handles] = [8, 12, 16, 20].map(|at| word(head, at));
        let good = head.starts_with(MAGIC) && version == VERSION;
        let label = Label::from_codes(form, access, long(head, 24))?;
        good.then_some((label, handles))
    }
}

/// Four bytes as a number.
pub(crate) fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// The 64-bit number at this place.
///
/// # Panics
/// When fewer than eight bytes are left.
pub(crate) fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

/// Writes these numbers as a text.
pub(crate) fn to_text(numbers: &[u64]) -> String {
    numbers.iter().fold("1".to_owned(), |text, number| format!("{text}:{number}"))
}

/// The numbers of a text; `None` when it is not valid.
pub(crate) fn numbers_in(text: &str) -> Option<Vec<u64>> {
    text.strip_prefix("1:")?.split(':').map(|number| number.parse().ok()).collect()
}

/// The error for an invalid message or text.
pub(crate) fn not_understood(context: Context<'_>) -> Error {
    context.invalid("what arrived is no region of samemap; both sides must use the same version of it")
}

/// The error's text for a connection that timed out.
pub(crate) const NO_ANSWER: &str =
    "the other side did not answer within the connection's timeout; close the connection";

#[cfg(test)]
mod tests {
    use super::*;

    fn label() -> Label {
        Label { form: Form::NamedFile, access: Access::CopyOnWrite, len: 0x0102_0304_0506 }
    }

    #[test]
    fn heads_read_back() {
        for form in Form::ALL {
            for access in [Access::ReadOnly, Access::ReadWrite, Access::CopyOnWrite] {
                let label = Label { form, access, len: u64::MAX };
                assert_eq!(Label::from_head(&label.head(2)), Some((label, 2)));
            }
        }
    }

    #[test]
    fn a_head_is_32_bytes_in_this_order() {
        let head = label().head(2);
        assert_eq!(head[..8], *b"SMHANDLE");
        assert_eq!(head[8..24], [2, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(head[24..], [6, 5, 4, 3, 2, 1, 0, 0]);
    }

    #[test]
    fn what_is_no_head_is_told() {
        for at in 0..20 {
            let mut head = label().head(2);
            head[at] ^= 0xFF;
            assert_eq!(Label::from_head(&head), None, "byte {at}");
        }
    }

    #[test]
    fn texts_read_back() {
        for numbers in [&[7][..], &[0, u64::MAX, 3]] {
            assert_eq!(numbers_in(&to_text(numbers)).as_deref(), Some(numbers));
        }
        for text in ["", "1", "1:", ":", "2:1", "1:x", "1:1:", "1:-1", "1:99999999999999999999"] {
            assert_eq!(numbers_in(text), None, "{text}");
        }
    }
}
