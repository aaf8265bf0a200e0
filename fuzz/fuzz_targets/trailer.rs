//! The facts behind an object's data, and names: whatever the bytes say, they are refused or they agree with the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samemap::ObjectName;
use samemap_platform::internal::facts_say;

fuzz_target!(|bytes: &[u8]| {
    let Some((file_len, rest)) = bytes.split_first_chunk() else { return };
    let file_len = u64::from_le_bytes(*file_len);
    let mut facts = [0; 1280];
    let used = rest.len().min(facts.len());
    facts[..used].copy_from_slice(&rest[..used]);
    if let Some((len, name)) = facts_say(&facts, file_len) {
        assert!(len > 0 && len < file_len);
        // A name from outside is checked like one of the caller's.
        if let Ok(name) = ObjectName::new(name) {
            // A bare name of the greatest length has no room for its prefix.
            assert!(ObjectName::new(name.to_string()).map_or(true, |same| same == name));
        }
    }
    if let Ok(text) = std::str::from_utf8(rest) {
        if let Ok(name) = ObjectName::new(text) {
            assert!(name.posix_name().is_none_or(|posix| posix.len() <= 256 && !posix[1..].contains('/')));
        }
    }
});
