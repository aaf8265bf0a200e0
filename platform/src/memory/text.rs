//! Text in a view: UTF-16LE with a final NUL, on every system.

use super::View;
use crate::Result;

impl View {
    /// Writes `text` as UTF-16LE with a final NUL, at `offset`, on every system.
    ///
    /// # Errors
    /// [`OutOfRange`](crate::ErrorKind::OutOfRange) when text and NUL do not fit; then nothing is written.
    /// [`AccessDenied`](crate::ErrorKind::AccessDenied) on a read-only view.
    pub fn write_utf16(&self, offset: usize, text: &str) -> Result<()> {
        let bytes: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        self.write(offset, &bytes)
    }

    /// Reads UTF-16LE text at `offset` up to its NUL, or to the end of the view where there is none.
    /// Invalid UTF-16 becomes U+FFFD. Never reads past the view.
    ///
    /// # Errors
    /// [`OutOfRange`](crate::ErrorKind::OutOfRange) when `offset` lies outside the view.
    pub fn read_utf16(&self, offset: usize) -> Result<String> {
        Ok(String::from_utf16_lossy(&self.read_utf16_units(offset)?))
    }

    /// Like [`read_utf16`](Self::read_utf16), but returns the UTF-16 units, without the NUL.
    ///
    /// # Errors
    /// As for [`read_utf16`](Self::read_utf16).
    pub fn read_utf16_units(&self, offset: usize) -> Result<Vec<u16>> {
        const CHUNK: usize = 256;
        self.part(offset, 1)?;
        let mut units = Vec::new();
        let mut at = offset;
        // In pieces, so that a short text at the start of a large view costs little.
        while self.len() - at >= 2 {
            let mut bytes = [0; CHUNK];
            let piece = &mut bytes[..CHUNK.min((self.len() - at) & !1)];
            self.read(at, piece)?;
            for pair in piece.chunks_exact(2) {
                match u16::from_le_bytes([pair[0], pair[1]]) {
                    0 => return Ok(units),
                    unit => units.push(unit),
                }
            }
            at += piece.len();
        }
        Ok(units)
    }
}
