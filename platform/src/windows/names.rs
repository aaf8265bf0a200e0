//! Names for Win32 calls (rules C1 to C3).

use crate::{NameSpace, ObjectName};

/// A name for a W call: UTF-16 with a final NUL.
pub(super) struct WideName(Vec<u16>);

impl WideName {
    /// `Global\rest`, or the bare `rest`, which Windows takes for `Local\rest`. So no name gets longer than the
    /// caller's, and one of the full 259 units fits.
    pub(super) fn new(name: &ObjectName) -> Self {
        let prefix = match name.name_space() {
            NameSpace::Local => "",
            NameSpace::Global => NameSpace::Global.prefix(),
        };
        // An `ObjectName` holds no NUL (C1), so the one at the end is the only one.
        WideName(prefix.encode_utf16().chain(name.rest().encode_utf16()).chain([0]).collect())
    }

    pub(super) fn as_ptr(&self) -> *const u16 {
        self.0.as_ptr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> String {
        let WideName(units) = WideName::new(&ObjectName::new(text).expect("a valid name"));
        String::from_utf16(&units).expect("it came from UTF-8")
    }

    #[test]
    fn a_local_name_goes_bare_and_a_global_one_whole() {
        assert_eq!(wide("Räksmörgås 🍤"), "Räksmörgås 🍤\0");
        assert_eq!(wide(r"Local\X"), "X\0");
        assert_eq!(wide(r"Global\X"), "Global\\X\0");
    }

    #[test]
    fn there_is_no_posix_name() {
        let name = ObjectName::new("X").expect("a valid name");
        assert_eq!(name.posix_name(), None);
        assert_eq!(name.system_name(), r"Local\X");
    }
}
