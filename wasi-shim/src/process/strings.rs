//! Argument and environment strings, packed once as the guest will read them.

use thiserror::Error;

/// Strings that end in NUL, one behind the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Strings {
    bytes: Vec<u8>,
    offsets: Vec<u32>,
}

/// Why a string cannot be given to a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum StringError {
    #[error("holds a NUL character, which ends a string for the guest")]
    Nul,
    #[error("does not fit: all strings together may have 4 GiB")]
    TooLong,
}

impl Strings {
    /// Adds a string.
    pub(crate) fn push(&mut self, text: &str) -> Result<(), StringError> {
        if text.contains('\0') {
            return Err(StringError::Nul);
        }
        let start = u32::try_from(self.bytes.len()).map_err(|_| StringError::TooLong)?;
        let end = self
            .bytes
            .len()
            .saturating_add(text.len())
            .saturating_add(1);
        u32::try_from(end).map_err(|_| StringError::TooLong)?;
        self.offsets.push(start);
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(0);
        Ok(())
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.offsets.len()).unwrap_or(u32::MAX)
    }

    /// All of them, each with its NUL.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where each starts in [`bytes`](Self::bytes).
    pub(crate) fn offsets(&self) -> &[u32] {
        &self.offsets
    }
}
