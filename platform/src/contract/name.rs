//! Names of objects (rules C1 to C3).

use std::fmt;
use std::str::FromStr;

use super::name_rule::{MAX_NAME_UNITS, NameRule};
use crate::{Error, ErrorKind, Result};

/// Which of the two name spaces a name lies in (rule C3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NameSpace {
    /// One user's names on POSIX, one terminal-services session's on Windows.
    Local,
    /// Names that all users of the machine see.
    Global,
}

impl NameSpace {
    /// The prefix as it is spelled in a name, with its backslash.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            NameSpace::Local => "Local\\",
            NameSpace::Global => "Global\\",
        }
    }
}

/// The name of an object: `Local\rest`, `Global\rest`, or a bare `rest`, which means `Local\rest`.
///
/// Every value is a valid name (rule C1). Names are case-sensitive (C2).
///
/// ```
/// # use samemap_platform as samemap;
/// use samemap::ObjectName;
/// let name = ObjectName::new("SampleMap")?;
/// assert_eq!(name.to_string(), r"Local\SampleMap");
/// assert_eq!(name, ObjectName::new(r"Local\SampleMap")?);
/// assert!(ObjectName::new(r"local\SampleMap").is_err());
/// # Ok::<(), samemap::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectName {
    space: NameSpace,
    rest: Box<str>,
}

impl ObjectName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`], with the rule that the text breaks. No system call is made.
    pub fn new(text: impl AsRef<str>) -> Result<Self> {
        let text = text.as_ref();
        Self::parse(text).map_err(|rule| {
            Error::new(ErrorKind::InvalidName(rule), "use the name").with_name(shortened(text))
        })
    }

    /// Reads a name that [`Display`](fmt::Display) wrote. With its prefix, a bare name of the full length is longer
    /// than [`new`](Self::new) takes.
    pub(crate) fn read_back(text: &str) -> Result<Self> {
        match text.strip_prefix(NameSpace::Local.prefix()) {
            Some(rest) if !rest.contains('\\') => Self::new(rest),
            _ => Self::new(text),
        }
    }

    fn parse(text: &str) -> Result<Self, NameRule> {
        let units = text.encode_utf16().count();
        if units > MAX_NAME_UNITS {
            return Err(NameRule::TooLong { units });
        }
        let (space, rest) = split_prefix(text);
        if rest.contains('\\') {
            return Err(NameRule::Backslash);
        }
        if rest.contains('\0') {
            return Err(NameRule::Nul);
        }
        if rest.is_empty() {
            return Err(NameRule::Empty);
        }
        Ok(ObjectName { space, rest: rest.into() })
    }

    /// The name space that the name lies in.
    #[must_use]
    pub fn name_space(&self) -> NameSpace {
        self.space
    }

    /// The name without its prefix.
    #[must_use]
    pub fn rest(&self) -> &str {
        &self.rest
    }
}

fn split_prefix(text: &str) -> (NameSpace, &str) {
    for space in [NameSpace::Local, NameSpace::Global] {
        if let Some(rest) = text.strip_prefix(space.prefix()) {
            return (space, rest);
        }
    }
    (NameSpace::Local, text)
}

/// Keeps error messages short when the text is very long.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 64;
    if text.chars().count() <= SHOWN {
        return format!("{text:?}");
    }
    let head: String = text.chars().take(SHOWN).collect();
    format!("{head:?}…")
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.space.prefix(), self.rest)
    }
}

impl FromStr for ObjectName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        ObjectName::new(text)
    }
}

impl TryFrom<&str> for ObjectName {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        ObjectName::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_of_a_name_reads_back() {
        let full = |prefix: &str| format!("{prefix}{}", "x".repeat(MAX_NAME_UNITS - prefix.len()));
        for text in ["X", r"Local\X", r"Global\X", "Global", &full(""), &full("Local\\"), &full("Global\\")] {
            let name = ObjectName::new(text).unwrap();
            assert_eq!(ObjectName::read_back(&name.to_string()).unwrap(), name, "{text}");
        }
        for text in ["", r"Local\", r"Local\Global\X", r"Local\Local\X", "a\0b", &format!("{}y", full(""))] {
            assert!(ObjectName::read_back(text).is_err(), "{text:?}");
        }
    }
}
