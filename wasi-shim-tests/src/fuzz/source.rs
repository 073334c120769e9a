//! An input as a source of choices: which byte decides what.
//!
//! Knows numbers, choices from lists, and texts that are paths. It never fails: an input that has come to its end goes on
//! with zeros, so that any bytes are a program. Every target that decodes its input does so through it; a change here makes
//! their corpora worthless.

use crate::model::Text;
use arbitrary::Unstructured;

/// An input, as far as it has been read.
pub(crate) struct Source<'a>(Unstructured<'a>);

/// What paths are made of. An empty one makes a slash at the start or the end, or two in a row.
const COMPONENTS: &[&[u8]] = &[
    b"a",
    b"b",
    b"c",
    b"d",
    b"a",
    b"b",
    b"c",
    b"..",
    b".",
    b"",
    b"..",
    b"",
    b"e",
    b"outside",
    b"secret",
    b"a:b",
    b"a\\b",
    b"...",
    b"..a",
    b" ",
    "\u{e9}".as_bytes(),
    b"C:",
    b"dev",
    b"a\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xc0\xaf",
    b"LONG",
    b"TOO LONG",
];

/// Offsets and sizes, at the edges of pages and of what can be said. Those between are not for the model, which keeps files
/// as they are.
const SIZES: &[u64] = &[
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    12,
    4095,
    4096,
    4097,
    8192,
    65_536,
    1 << 63,
    u64::MAX,
];

impl<'a> Source<'a> {
    /// The start of an input.
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self(Unstructured::new(data))
    }

    /// Is there more?
    pub(crate) fn more(&self) -> bool {
        !self.0.is_empty()
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> u8 {
        self.0.arbitrary().unwrap_or_default()
    }

    /// The next bytes as a number.
    pub(crate) fn wide(&mut self) -> u64 {
        self.0.arbitrary().unwrap_or_default()
    }

    /// A number below a bound, from one byte.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound
    }

    /// Yes or no.
    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Yes, but rarely.
    pub(crate) fn rarely(&mut self) -> bool {
        self.byte() > 240
    }

    /// One of a list.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// An offset or a size.
    pub(crate) fn size(&mut self) -> u64 {
        self.pick(SIZES)
    }

    /// A few bytes that are told apart, or, rarely, more than a page.
    pub(crate) fn data(&mut self) -> Vec<u8> {
        let choice = self.byte();
        match choice {
            ..=7 => vec![b'x'; usize::from(choice)],
            8..=240 => vec![choice; usize::from(choice % 5)],
            _ => vec![b'z'; 4000 + usize::from(choice)],
        }
    }

    /// A path, or the text of a link.
    pub(crate) fn text(&mut self) -> Text {
        let choice = self.byte();
        let path = match choice {
            ..=199 => self.joined(1 + usize::from(choice % 4)),
            200..=229 => self.joined(usize::from(choice % 8)),
            230..=245 => self.repeated(usize::from(choice - 229) * 3),
            _ => self.repeated(2040 + usize::from(choice % 16)),
        };
        Text(path)
    }

    fn component(&mut self) -> Vec<u8> {
        match self.pick(COMPONENTS) {
            b"LONG" => vec![b'n'; 255],
            b"TOO LONG" => vec![b'n'; 256],
            other => other.to_vec(),
        }
    }

    fn joined(&mut self, count: usize) -> Vec<u8> {
        let components: Vec<_> = (0..count).map(|_| self.component()).collect();
        components.join(&b"/"[..])
    }

    /// Two components again and again, as a way in and out of a link.
    fn repeated(&mut self, count: usize) -> Vec<u8> {
        let (one, two) = (self.component(), self.component());
        let pair = [one, two].join(&b"/"[..]);
        let mut path = vec![pair; count].join(&b"/"[..]);
        // No more than the longest path and one beyond it.
        path.truncate(4097);
        path
    }
}
