//! Random bytes of the operating system.
//!
//! This file knows where the system's random bytes come from. It does not know who asks for them or how many are
//! reasonable. Whoever builds a guest may use it.

use crate::abi::{Errno, Result};
use crate::vfs::Entropy;

/// The operating system's cryptographic random number generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, buf: &mut [u8]) -> Result<()> {
        getrandom::fill(buf).map_err(|_| Errno::Io)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_buffer_is_filled() {
        let mut buf = [0; 4096];
        assert_eq!(OsEntropy.fill(&mut buf), Ok(()));
        // The chance that 64 bytes in a row are 0 is 2⁻⁵¹².
        assert!(
            buf.chunks(64)
                .all(|chunk| chunk.iter().any(|&byte| byte != 0))
        );
        assert_eq!(OsEntropy.fill(&mut []), Ok(()));
    }
}
