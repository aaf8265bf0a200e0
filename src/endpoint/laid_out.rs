//! Memory that one process lays out for others: how newest values and topics begin.
//!
//! | bytes | what, in the machine's byte order |
//! | --- | --- |
//! | 0..4 | [`UNTOUCHED`]; a mark that a process lays the memory out, or was killed while it did; a mark that it is ready |
//! | 4..8 | zeros |
//! | 8..16 | a length in bytes |
//! | 16..20 | a number of parts |
//! | 20..24 | the version that the program gives its type |
//! | 24..28 | the version of the layout |
//! | 28..32 | the form, where a layout has several |

use std::sync::atomic::Ordering::Acquire;
use std::time::{Duration, Instant};

use crate::{Error, ErrorKind, Result, View};

/// The first word of memory that no process has laid out.
pub(crate) const UNTOUCHED: u32 = 0;

/// Where the head lies.
pub(crate) const HEAD: usize = 8;

/// Bytes of the head.
pub(crate) const HEAD_LEN: usize = size_of::<[u32; 6]>();

/// How long a process that comes first waits for the memory to be laid out.
const PATIENCE: Duration = Duration::from_millis(500);

/// What the memory is, as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) len: u64,
    pub(crate) parts: u32,
    pub(crate) version: u32,
    pub(crate) form: u32,
}

/// How such memory is laid out, and by which process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// The first word while a process lays the memory out.
    pub(crate) begun: u32,
    pub(crate) version: u32,
    /// The role of the process that lays it out, for errors.
    pub(crate) maker: &'static str,
    /// What errors say was not done.
    pub(crate) operation: &'static str,
}

impl Layout {
    /// Waits until the memory at an offset is laid out.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) when that takes more than half a second.
    pub(crate) fn wait_until_ready(&self, view: &View, at: usize) -> Result<()> {
        let state = view.atomic_u32_reader(at)?;
        let deadline = Instant::now() + PATIENCE;
        while [UNTOUCHED, self.begun].contains(&state.load(Acquire)) {
            if Instant::now() >= deadline {
                let maker = self.maker;
                return Err(Error::new(ErrorKind::NotFound, self.operation).with_detail(format!(
                    "no {maker} has laid out the memory there; start the {maker} first"
                )));
            }
            // Microseconds, where the maker has made the region in this instant.
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    pub(crate) fn write(&self, view: &View, at: usize, head: Head) -> Result<()> {
        let [first, second] = halves(head.len);
        view.put(at.saturating_add(HEAD), &[first, second, head.parts, head.version, self.version, head.form])
    }

    /// # Errors
    /// [`LayoutMismatch`](ErrorKind::LayoutMismatch) for another version of the layout.
    pub(crate) fn read(&self, view: &View, at: usize) -> Result<Head> {
        let [first, second, parts, version, layout, form]: [u32; 6] = view.get(at.saturating_add(HEAD))?;
        if layout != self.version {
            return Err(Error::new(ErrorKind::LayoutMismatch, self.operation).with_detail(format!(
                "the memory has layout version {layout}, and this program knows version {}; build both with one version of samemap",
                self.version
            )));
        }
        Ok(Head { len: whole([first, second]), parts, version, form })
    }
}

/// The two words that a number of 64 bits is in memory.
fn halves(number: u64) -> [u32; 2] {
    let [low, high] = [number as u32, (number >> 32) as u32];
    if cfg!(target_endian = "little") { [low, high] } else { [high, low] }
}

fn whole([first, second]: [u32; 2]) -> u64 {
    let [low, high] = if cfg!(target_endian = "little") { [first, second] } else { [second, first] };
    u64::from(low) | u64::from(high) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_lies_in_memory_as_the_machine_has_it() {
        let number = 0x0123_4567_89AB_CDEF_u64;
        let [first, second] = halves(number).map(u32::to_ne_bytes);
        assert_eq!([first, second].concat(), number.to_ne_bytes());
        assert_eq!(whole(halves(number)), number);
    }
}
