//! Names: what cannot be spelled here cannot be asked of a filesystem.

use crate::abi::{Errno, Result};

/// One path component, already checked.
///
/// Never empty, never `.` or `..`, at most [`MAX_LEN`](Name::MAX_LEN) bytes, and free of `/` and NUL. A trailing slash
/// cannot be expressed: "must be a directory" is a separate fact, [`OpenRequest::directory`](super::OpenRequest). A
/// backend may use a `Name` as a map key or pass it to an `openat`-like call without looking inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name<'a>(&'a str);

impl<'a> Name<'a> {
    /// The longest name, in bytes: POSIX's `NAME_MAX` on every filesystem in use.
    pub const MAX_LEN: usize = 255;

    /// Checks a component.
    ///
    /// # Errors, in order
    /// 1. `noent` if it is empty.
    /// 2. `inval` if it is `.` or `..`, or holds a `/` or a NUL.
    /// 3. `nametoolong` if it has more than 255 bytes.
    pub fn new(component: &'a str) -> Result<Self> {
        if component.is_empty() {
            return Err(Errno::Noent);
        }
        if matches!(component, "." | "..") || has_slash_or_nul(component.as_bytes()) {
            return Err(Errno::Inval);
        }
        if component.len() > Self::MAX_LEN {
            return Err(Errno::Nametoolong);
        }
        Ok(Self(component))
    }

    /// The component as text.
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// Is there a `/` or a NUL? Every name on its way in and out is asked, so it looks at eight bytes at a time where it can.
fn has_slash_or_nul(bytes: &[u8]) -> bool {
    let bad = |byte: &u8| *byte == b'/' || *byte == 0;
    let Some(last) = bytes.last_chunk() else {
        return bytes.iter().any(bad);
    };
    let (chunks, _) = bytes.as_chunks();
    // Once more the last eight: what is left over is among them.
    chunks.iter().any(any_bad) || any_bad(last)
}

/// The same for eight bytes. Subtracting 1 from each borrows from its highest bit where the byte is 0.
fn any_bad(chunk: &[u8; 8]) -> bool {
    let bytes = u64::from_le_bytes(*chunk);
    let zero = |bytes: u64| bytes.wrapping_sub(u64::MAX / 255) & !bytes;
    let slashes = bytes ^ (u64::MAX / 255).wrapping_mul(u64::from(b'/'));
    (zero(bytes) | zero(slashes)) & (u64::MAX / 255).wrapping_mul(0x80) != 0
}

impl core::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.0)
    }
}

/// Two or more names joined by single slashes: no `.`, no `..`, no empty part, no slash at either end.
///
/// Only ever handed to [`Dir::open_deep`](super::Dir::open_deep) and [`Dir::stat_deep`](super::Dir::stat_deep).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainPath<'a>(&'a str);

impl<'a> PlainPath<'a> {
    /// Checks a path; `None` if it is anything but plain.
    pub fn new(path: &'a str) -> Option<Self> {
        let mut parts = path.split('/');
        let several = parts.clone().nth(1).is_some();
        (several && parts.all(|part| Name::new(part).is_ok())).then_some(Self(path))
    }

    /// The path as text.
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// A relative path of names and `..`, joined by single slashes: no `.`, no empty part, and a name to begin with.
///
/// Only ever handed to [`Dir::open_path`](super::Dir::open_path) and [`Dir::stat_path`](super::Dir::stat_path). A trailing
/// slash cannot be expressed, nor can a path that is certain to leave the directory it begins at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeepPath<'a> {
    text: &'a str,
    parts: Parts,
}

/// What a [`DeepPath`] is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parts {
    Name,
    Names,
    NamesAndDotDots,
}

impl<'a> DeepPath<'a> {
    /// How many symbolic links may be followed on the way. Linux: 40, the last one included.
    pub const MAX_LINKS: u32 = 40;

    /// How many bytes the texts of those links may have together, which no link of 4,096 bytes or less can exceed.
    pub const MAX_TEXT: usize = 40 * 4096;

    /// Checks a path; `None` if it is of another form.
    pub fn new(path: &'a str) -> Option<Self> {
        if Name::new(path).is_ok() {
            return Some(Self::of(path, Parts::Name));
        }
        let mut parts = Parts::Names;
        let mut named = false;
        for part in path.split('/') {
            if named && part == ".." {
                parts = Parts::NamesAndDotDots;
            } else {
                Name::new(part).ok()?;
                named = true;
            }
        }
        Some(Self::of(path, parts))
    }

    const fn of(text: &'a str, parts: Parts) -> Self {
        Self { text, parts }
    }

    /// The path as text.
    pub const fn as_str(self) -> &'a str {
        self.text
    }

    /// The name, if it is only one.
    pub fn name(self) -> Option<Name<'a>> {
        (self.parts == Parts::Name).then_some(Name(self.text))
    }

    /// The names, if there are several and nothing else.
    pub fn plain(self) -> Option<PlainPath<'a>> {
        (self.parts == Parts::Names).then_some(PlainPath(self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_component() {
        for good in [
            "a",
            "...",
            ".a",
            "a.",
            "..a",
            "a b",
            "C:x",
            "back\\slash",
            "é",
        ] {
            assert_eq!(Name::new(good).map(Name::as_str), Ok(good));
        }
        for bad in [".", "..", "/", "a/", "/a", "a/b", "a\0", "\0"] {
            assert_eq!(Name::new(bad), Err(Errno::Inval), "{bad:?}");
        }
        assert_eq!(Name::new(""), Err(Errno::Noent));
    }

    #[test]
    fn what_no_name_has_is_found_wherever_it_is() {
        let letters = ['a', '.', '\x01', '\x7f', '0', 'é', '\u{20ac}', '\u{10ffff}'];
        for (len, letter) in (1..30).flat_map(|len| letters.map(|letter| (len, letter))) {
            let good: String = [letter, 'x'].into_iter().cycle().take(len).collect();
            assert_eq!(Name::new(&good).is_ok(), good != ".", "{good:?}");
            for (at, _) in good.char_indices() {
                for bad in ['/', '\0'] {
                    let mut name = good.clone();
                    name.insert(at, bad);
                    assert_eq!(Name::new(&name), Err(Errno::Inval), "{name:?}");
                }
            }
        }
    }

    #[test]
    fn a_name_is_printed_as_it_is() {
        assert_eq!(
            Name::new("back\\slash").map(|name| name.to_string()),
            Ok("back\\slash".to_owned())
        );
    }

    #[test]
    fn a_name_has_at_most_255_bytes() {
        assert!(Name::new(&"x".repeat(255)).is_ok());
        assert_eq!(Name::new(&"x".repeat(256)), Err(Errno::Nametoolong));
        assert_eq!(Name::new(&"é".repeat(128)), Err(Errno::Nametoolong));
    }

    #[test]
    fn a_plain_path_has_nothing_to_resolve() {
        for good in ["a/b", "a/b/c", "a/..."] {
            assert!(PlainPath::new(good).is_some(), "{good:?}");
        }
        for bad in [
            "", "a", "/a", "a/", "a//b", "a/./b", "a/../b", "../a", "a/..", "a/b\0",
        ] {
            assert!(PlainPath::new(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_deep_path_is_of_names_and_of_dot_dots_after_them() {
        for (text, name, plain) in [
            ("a", true, false),
            ("a/b", false, true),
            ("a/..b/...", false, true),
            ("a/../b", false, false),
            ("a/../../b", false, false),
            ("a/b/../c/../d", false, false),
            ("a/..", false, false),
        ] {
            let path = DeepPath::new(text);
            assert_eq!(path.map(DeepPath::as_str), Some(text));
            assert_eq!(path.and_then(DeepPath::name).is_some(), name, "{text:?}");
            assert_eq!(path.and_then(DeepPath::plain).is_some(), plain, "{text:?}");
        }
        for bad in [
            "", ".", "..", "/", "/a", "a/", "a//b", "./a", "a/.", "a/./b", "../a", "a/../",
            "a/../b\0", "a/../b/",
        ] {
            assert_eq!(DeepPath::new(bad), None, "{bad:?}");
        }
        assert_eq!(DeepPath::new(&format!("a/../{}", "x".repeat(256))), None);
    }
}
