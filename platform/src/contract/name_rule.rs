//! The rules for a text to be a name (rule C1).

use std::fmt;

/// The longest name, prefix and all, in UTF-16 units.
pub const MAX_NAME_UNITS: usize = 259;

/// The rule of C1 that a text breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameRule {
    /// The text is empty, or ends after the prefix.
    Empty,
    /// A backslash stands outside of the prefix `Local\` or `Global\`, which is case-sensitive.
    Backslash,
    /// The text contains a NUL character.
    Nul,
    /// The text with its prefix has more than [`MAX_NAME_UNITS`] UTF-16 units.
    TooLong {
        /// The number of its UTF-16 units.
        units: usize,
    },
}

impl fmt::Display for NameRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameRule::Empty => f.write_str("the name is empty; put at least one character behind the prefix"),
            NameRule::Backslash => f.write_str(
                "a backslash may stand only in the prefix, spelled Local\\ or Global\\; use another character",
            ),
            NameRule::Nul => f.write_str("the name holds a NUL character; leave it out"),
            NameRule::TooLong { units } => write!(
                f,
                "the name has {units} UTF-16 units and at most {MAX_NAME_UNITS} are allowed; shorten it"
            ),
        }
    }
}
