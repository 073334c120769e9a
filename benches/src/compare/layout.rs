//! Where things are in a guest's memory: texts, arrays of buffers, places for results.
//!
//! It hands out addresses and keeps the bytes that are to be there. It does not know what they mean to a call.

use std::collections::BTreeMap;

/// Where data begin. Below it is nothing, so that a forgotten address shows.
const START: u32 = 4096;

/// The parts of a memory that are in use.
#[derive(Debug, Default)]
pub struct Layout {
    bytes: Vec<u8>,
    texts: BTreeMap<String, u32>,
}

impl Layout {
    /// Room for `len` bytes, aligned to 16.
    pub fn room(&mut self, len: usize) -> u32 {
        self.bytes.resize(self.bytes.len().next_multiple_of(16), 0);
        let at = self.bytes.len();
        self.bytes.resize(at + len, 0);
        START + at as u32
    }

    /// The address of these bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> u32 {
        let at = self.room(bytes.len());
        let start = (at - START) as usize;
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        at
    }

    /// The address of a text, one for all its uses.
    pub fn text(&mut self, text: &str) -> u32 {
        if let Some(&at) = self.texts.get(text) {
            return at;
        }
        let at = self.bytes(text.as_bytes());
        self.texts.insert(text.to_owned(), at);
        at
    }

    /// An array of `count` buffers that share `len` bytes, one behind the other.
    pub fn buffers(&mut self, count: u32, len: u32) -> u32 {
        let data = self.room(len as usize);
        let each = len / count;
        let array: Vec<u8> = (0..count)
            .flat_map(|index| [data + index * each, each])
            .flat_map(u32::to_le_bytes)
            .collect();
        self.bytes(&array)
    }

    /// An array of `count` subscriptions to the monotonic clock, each for a time that has passed.
    pub fn subscriptions(&mut self, count: u32) -> u32 {
        let one = |index: u32| {
            let mut bytes = [0; 48];
            bytes[..4].copy_from_slice(&index.to_le_bytes());
            bytes[16] = 1;
            bytes
        };
        let array: Vec<u8> = (0..count).flat_map(one).collect();
        self.bytes(&array)
    }

    /// How many pages a memory needs to hold all this.
    pub fn pages(&self) -> usize {
        (START as usize + self.bytes.len()).div_ceil(1 << 16)
    }

    /// The data segment, as WebAssembly text.
    pub fn segment(&self) -> String {
        let text: String = self
            .bytes
            .iter()
            .map(|byte| format!("\\{byte:02x}"))
            .collect();
        format!("(data (i32.const {START}) \"{text}\")")
    }
}
