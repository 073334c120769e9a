//! Arguments and variables, until the guest is made.

use thiserror::Error;

/// Strings for a guest.
#[derive(Default)]
pub struct StringArray {
    strings: Vec<String>,
    size: u32,
}

/// Why a string cannot be given to a guest.
#[derive(Debug, Error)]
pub enum StringArrayError {
    /// Too many.
    #[error("there are more than 2^32 - 1 strings")]
    NumberElements,
    /// Too long.
    #[error("the string has more than 2^32 - 2 bytes")]
    ElementSize,
    /// Too long, all together.
    #[error("the strings have more than 2^32 - 1 bytes together")]
    CumulativeSize,
    /// A guest would take what is behind a NUL for the next string. wasi-common passes it on.
    #[error("the string holds a NUL character")]
    Nul,
    /// What comes before the first `=` would not be the name. wasi-common passes it on.
    #[error("the variable's name is empty or holds a '='")]
    Name,
}

impl StringArray {
    /// No strings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a string.
    pub fn push(&mut self, text: String) -> Result<(), StringArrayError> {
        if text.contains('\0') {
            return Err(StringArrayError::Nul);
        }
        if u32::try_from(self.strings.len().saturating_add(1)).is_err() {
            return Err(StringArrayError::NumberElements);
        }
        let size = u32::try_from(text.len().saturating_add(1));
        let size = size.map_err(|_| StringArrayError::ElementSize)?;
        let sum = self.size.checked_add(size);
        self.size = sum.ok_or(StringArrayError::CumulativeSize)?;
        self.strings.push(text);
        Ok(())
    }

    /// How many there are.
    pub fn number_elements(&self) -> u32 {
        u32::try_from(self.strings.len()).unwrap_or(u32::MAX)
    }

    /// How many bytes they have, each with its NUL.
    pub const fn cumulative_size(&self) -> u32 {
        self.size
    }

    pub(crate) fn strings(&self) -> &[String] {
        &self.strings
    }
}
