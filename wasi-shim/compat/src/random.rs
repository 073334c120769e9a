//! Random bytes that are none.

use rand::TryRng;
use std::convert::Infallible;

/// The same bytes, again and again; zeros if there are none.
pub struct Deterministic {
    bytes: Vec<u8>,
    next: usize,
}

impl Deterministic {
    /// These bytes.
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, next: 0 }
    }

    fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.next).copied().unwrap_or_default();
        self.next = self.next.saturating_add(1);
        if self.next >= self.bytes.len() {
            self.next = 0;
        }
        byte
    }
}

/// Numbers have their most significant byte first; of 64 bits, the upper half.
impl TryRng for Deterministic {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, buf: &mut [u8]) -> Result<(), Infallible> {
        buf.fill_with(|| self.byte());
        Ok(())
    }
}
