//! Converts an object's name to its system name in the directory of objects, and back.

use super::owner;
use crate::{NameSpace, ObjectName};

/// The longest name, in bytes: NAME_MAX of tmpfs.
const MAX_BYTES: usize = 255;

/// Marks a digest. No encoded name contains this character.
const DIGEST_MARK: char = '~';

/// The prefix of every system name.
pub(super) const PREFIX: &str = "samemap.";

/// The system name of an object of this process's user.
pub(super) fn system_name(name: &ObjectName) -> String {
    system_name_of(name, owner::local_user())
}

/// The system name with `user` as the user of a `Local\` name (see `owner::local_names_of`).
pub(super) fn system_name_of(name: &ObjectName, user: u32) -> String {
    let space = match name.name_space() {
        NameSpace::Local => user.to_string(),
        NameSpace::Global => "global".to_owned(),
    };
    let mut system_name = format!("{PREFIX}{space}.");
    let encoded = percent_encoded(name.rest());
    if system_name.len() + encoded.len() <= MAX_BYTES {
        system_name.push_str(&encoded);
        return system_name;
    }
    system_name.push(DIGEST_MARK);
    system_name.push_str(&digest(name.rest()));
    system_name
}

/// Whether a text from outside can be a system name, which leads to no other directory.
pub(super) fn is_ours(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-%~".contains(&byte);
    text.len() <= MAX_BYTES && text.starts_with(PREFIX) && text.bytes().all(plain)
}

fn percent_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes all text");
        }
    }
    encoded
}

/// SHA-256 in hexadecimal digits, which other languages can compute, too.
pub(super) fn digest(text: &str) -> String {
    hmac_sha256::Hash::hash(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The object's name in a system name; `None` for a digest.
pub(super) fn decoded(file_name: &str) -> Option<ObjectName> {
    let (space, encoded) = file_name.strip_prefix(PREFIX)?.split_once('.')?;
    let prefix = if space == "global" { NameSpace::Global } else { NameSpace::Local }.prefix();
    ObjectName::read_back(&format!("{prefix}{}", percent_decoded(encoded)?)).ok()
}

fn percent_decoded(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        let decoded = match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte if byte == DIGEST_MARK as u8 => return None,
            byte => byte,
        };
        bytes.push(decoded);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posix(name: &str) -> String {
        system_name_of(&ObjectName::new(name).unwrap(), 1000)
    }

    #[test]
    fn names_are_encoded_as_documented() {
        assert_eq!(posix(r"Local\SampleMap"), "samemap.1000.SampleMap");
        assert_eq!(posix("SampleMap"), "samemap.1000.SampleMap");
        assert_eq!(posix(r"Global\a_B-9"), "samemap.global.a_B-9");
        assert_eq!(posix("a.b/é~"), "samemap.1000.a%2Eb%2F%C3%A9%7E");
        assert_eq!(posix(".."), "samemap.1000.%2E%2E");
    }

    #[test]
    fn long_names_become_digests_at_the_limit_of_the_file_system() {
        let fits = "x".repeat(255 - "samemap.1000.".len());
        assert_eq!(posix(&fits), format!("samemap.1000.{fits}"));
        let long = format!("{fits}x");
        let digest = posix(&long);
        assert_eq!(digest.len(), "samemap.1000.~".len() + 64);
        assert!(digest.starts_with("samemap.1000.~"));
        assert_ne!(digest, posix(&format!("{fits}y")));
    }

    #[test]
    fn decoding_reverses_encoding() {
        for name in [r"Local\SampleMap", r"Global\a b.c/ü%", r"Local\~"] {
            let name = ObjectName::new(name).unwrap();
            assert_eq!(decoded(&system_name_of(&name, 7)), Some(name));
        }
        for text in ["samemap.7.~abc", "samemap.7.%", "samemap.7.%zz", "samemap.7.%FF", "samemap.7", "other"]
        {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
