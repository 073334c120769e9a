//! The header of a tar member: 512 bytes of text.
//!
//! Knows the fields of POSIX's `ustar` and of GNU's variant. Refuses to know what a type means and what comes after.
//! The reader of tar files uses it.

/// The size of a header, and what content is padded to.
pub(super) const BLOCK: u64 = 512;

/// A header as it is.
pub(super) struct Header(pub(super) [u8; BLOCK as usize]);

impl Header {
    /// Nothing but zeros: the end of the archive.
    pub(super) fn is_end(&self) -> bool {
        self.0.iter().all(|byte| *byte == 0)
    }

    /// Is the sum of all bytes what the header says? Its own field counts as spaces. Some old programs added up signed
    /// bytes.
    pub(super) fn is_whole(&self) -> bool {
        let Some(said) = number(self.field(148, 8)) else {
            return false;
        };
        let bytes = self.0.iter().enumerate().map(|(at, byte)| match at {
            148..156 => b' ',
            _ => *byte,
        });
        let unsigned: u64 = bytes.clone().map(u64::from).sum();
        let signed: i64 = bytes.map(|byte| i64::from(byte.cast_signed())).sum();
        said == unsigned || i64::try_from(said).is_ok_and(|said| said == signed)
    }

    pub(super) fn kind(&self) -> u8 {
        self.0.get(156).copied().unwrap_or_default()
    }

    /// The name: POSIX has a second field for the first part of a long one, GNU uses that place for other things.
    pub(super) fn name(&self) -> Vec<u8> {
        let (name, prefix) = (text(self.field(0, 100)), text(self.field(345, 155)));
        if self.field(257, 6) != b"ustar\0" || prefix.is_empty() {
            return name.to_vec();
        }
        [prefix, b"/", name].concat()
    }

    pub(super) fn link(&self) -> Vec<u8> {
        text(self.field(157, 100)).to_vec()
    }

    pub(super) fn size(&self) -> Option<u64> {
        number(self.field(124, 12))
    }

    /// Seconds since 1970. What means nothing is 1970: no reason to refuse a file.
    pub(super) fn mtime(&self) -> u64 {
        number(self.field(136, 12)).unwrap_or_default()
    }

    /// Of an old GNU sparse file: whether a block with more of its map follows. A following block says it elsewhere.
    pub(super) fn map_goes_on(&self, first: bool) -> bool {
        let at = if first { 482 } else { 504 };
        self.0.get(at).is_some_and(|flag| *flag != 0)
    }

    fn field(&self, at: usize, len: usize) -> &[u8] {
        let rest = self.0.get(at..).unwrap_or_default();
        rest.get(..len).unwrap_or_default()
    }
}

/// What is before the first NUL.
fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A number: octal digits between spaces and NULs, or GNU's binary one, whose first bit is set. `None` if it is
/// neither, negative, or more than 64 bits.
fn number(field: &[u8]) -> Option<u64> {
    if let Some((first, rest)) = field.split_first().filter(|(first, _)| **first >= 0x80) {
        let (high, low) = rest.split_last_chunk::<8>().unwrap_or((&[], &[0; 8]));
        let fits = *first == 0x80 && high.iter().all(|byte| *byte == 0) && rest.len() >= 8;
        return fits.then(|| {
            low.iter()
                .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
        });
    }
    let digits = text(field).trim_ascii();
    digits.iter().try_fold(0_u64, |sum, digit| match digit {
        b'0'..=b'7' => sum.checked_mul(8)?.checked_add(u64::from(digit & 7)),
        _ => None,
    })
}
