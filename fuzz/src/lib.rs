//! What the fuzz targets have in common.

use samemap::{Access, CreateOptions, Region, View};

/// The fuzzer's bytes, taken one after the other; zeros when they are used up.
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Input(bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::from(u16::from_le_bytes([self.byte(), self.byte()])) % limit
    }

    pub fn word(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// A value that means something to code that counts bytes: small ones, those near what is there, and any.
    pub fn value_near(&mut self, there: u64) -> u64 {
        match self.byte() % 8 {
            0 => self.word(),
            1 => u64::MAX - u64::from(self.byte()),
            2 => u64::from(self.byte()),
            3 => there.wrapping_sub(u64::from(self.byte())),
            4 => 1 << (self.byte() % 64),
            5 => (u64::from(self.byte() % 4) << 32) | u64::from(self.byte()),
            _ => there.wrapping_add(u64::from(self.byte()) * 8),
        }
    }
}

/// Memory for one target's whole life.
pub fn memory(len: u64) -> (Region, View) {
    let region = Region::anonymous(&CreateOptions::new(len)).expect("memory");
    let view = region.view(.., Access::ReadWrite).expect("a view");
    (region, view)
}

/// Writes something, somewhere, as a hostile peer would.
pub fn scribble(view: &View, len: usize, words: &[usize], input: &mut Input<'_>) {
    let at = match input.byte() % 4 {
        0 => input.below(len - 8),
        _ => words[usize::from(input.byte()) % words.len()],
    };
    let value = input.value_near(view.get(at).expect("in range"));
    match input.byte() % 3 {
        0 => view.put(at, &(value as u32)),
        1 => view.put(at, &(value as u8)),
        _ => view.put(at, &value),
    }
    .expect("in range");
}
