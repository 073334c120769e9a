//! The spellings of numbers: decimal, hexadecimal, and the specification's names of flags and enumerations.
//!
//! Whatever has names may also be given as a number, so that a script can ask for what does not exist.

use super::ScriptError;
use wasi_shim::abi::{
    Advice, ClockId, FdFlags, FileKind, FstFlags, LookupFlags, OFlags, RiFlags, Rights, SdFlags,
    Whence,
};

type Result<T> = std::result::Result<T, ScriptError>;

/// What kind of number a word spells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Lookup,
    OFlags,
    FdFlags,
    FstFlags,
    RiFlags,
    SdFlags,
    Rights,
    Whence,
    Advice,
    Clock,
    FileType,
}

/// A number: `12`, `-1`, `0xff`, `1_000`.
pub(crate) fn plain(word: &str) -> Option<i64> {
    let digits = word.replace('_', "");
    if let Some(hex) = digits.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok().map(u64::cast_signed);
    }
    digits
        .parse()
        .ok()
        .or_else(|| digits.parse::<u64>().ok().map(u64::cast_signed))
}

/// The number that a word spells.
pub(crate) fn parse(kind: Kind, word: &str) -> Result<i64> {
    if let Some(number) = plain(word) {
        return Ok(number);
    }
    let unknown = || ScriptError::new(format!("{word} is no {kind:?}"));
    match kind {
        Kind::Plain => Err(unknown()),
        Kind::Lookup => match word {
            "follow" => Ok(1),
            "nofollow" => Ok(0),
            _ => Err(unknown()),
        },
        Kind::Rights => rights(word),
        Kind::Whence | Kind::Advice | Kind::Clock | Kind::FileType => {
            let at = names(kind).iter().position(|name| name == word);
            at.map(|at| at as i64).ok_or_else(unknown)
        }
        _ => flags(kind, word),
    }
}

/// `a+b`, or `-` for none.
fn flags(kind: Kind, word: &str) -> Result<i64> {
    if word == "-" {
        return Ok(0);
    }
    let names = names(kind);
    let bit = |part: &str| {
        let at = names.iter().position(|name| name == part);
        at.map(|at| 1 << at)
            .ok_or_else(|| ScriptError::new(format!("{part} is no {kind:?}")))
    };
    word.split('+')
        .try_fold(0, |all, part| Ok(all | bit(part)?))
}

/// `all`, `file`, `dir`, `-`, names joined with `+`; after those, each `-name` is taken away: `all-fd_read-fd_seek`.
fn rights(word: &str) -> Result<i64> {
    if word == "-" {
        return Ok(0);
    }
    let mut parts = word.split('-');
    let named = |part: &str| match part {
        "all" => Ok(Rights::all().bits().cast_signed()),
        "file" => Ok(Rights::FILE.bits().cast_signed()),
        "dir" => Ok(Rights::DIRECTORY.bits().cast_signed()),
        part => flags(Kind::Rights, part),
    };
    let first = parts.next().unwrap_or_default();
    let base = first
        .split('+')
        .try_fold(0, |all, part| Ok(all | named(part)?))?;
    parts.try_fold(base, |all, part| Ok(all & !named(part)?))
}

/// The specification's names, by bit or by number.
pub(crate) fn names(kind: Kind) -> Vec<String> {
    fn of<F: bitflags_names::Named>() -> Vec<String> {
        F::names()
    }
    fn variants<T: std::fmt::Debug>(all: &[T]) -> Vec<String> {
        all.iter()
            .map(|value| snake(&format!("{value:?}")))
            .collect()
    }
    match kind {
        Kind::OFlags => of::<OFlags>(),
        Kind::FdFlags => of::<FdFlags>(),
        Kind::FstFlags => of::<FstFlags>(),
        Kind::RiFlags => of::<RiFlags>(),
        Kind::SdFlags => of::<SdFlags>(),
        Kind::Rights => of::<Rights>(),
        Kind::Lookup => of::<LookupFlags>(),
        Kind::Whence => variants(Whence::ALL),
        Kind::Advice => variants(Advice::ALL),
        Kind::Clock => variants(ClockId::ALL),
        Kind::FileType => variants(FileKind::ALL),
        Kind::Plain => Vec::new(),
    }
}

/// How a number of this kind is written.
pub(crate) fn spell(kind: Kind, number: u64) -> String {
    let names = names(kind);
    match kind {
        Kind::Plain => number.to_string(),
        Kind::Whence | Kind::Advice | Kind::Clock | Kind::FileType => {
            let name = usize::try_from(number).ok().and_then(|at| names.get(at));
            name.cloned().unwrap_or_else(|| number.to_string())
        }
        _ if number == 0 => "-".to_owned(),
        _ => {
            let known = (0..names.len()).filter(|bit| number >> bit & 1 == 1);
            let mut parts: Vec<_> = known.map(|bit| names[bit].clone()).collect();
            let rest = number.checked_shr(names.len() as u32).unwrap_or(0);
            if rest != 0 {
                parts.push(format!("{:#x}", rest << names.len()));
            }
            parts.join("+")
        }
    }
}

fn snake(camel: &str) -> String {
    let mut snake = String::new();
    for (at, letter) in camel.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// The names of flags, which the types know by their constants.
mod bitflags_names {
    use super::{FdFlags, FstFlags, LookupFlags, OFlags, RiFlags, Rights, SdFlags};

    pub(super) trait Named {
        fn names() -> Vec<String>;
    }

    macro_rules! named {
        ($($name:ident)*) => { $(
            impl Named for $name {
                fn names() -> Vec<String> {
                    Self::all().iter_names().map(|(name, _)| name.to_lowercase()).collect()
                }
            }
        )* };
    }

    named! { FdFlags FstFlags LookupFlags OFlags RiFlags Rights SdFlags }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_specifications() {
        for (kind, word, number) in [
            (Kind::Plain, "0xffffffffffffffff", -1),
            (Kind::Plain, "18446744073709551615", -1),
            (Kind::OFlags, "creat+excl", 5),
            (Kind::OFlags, "-", 0),
            (Kind::FdFlags, "append+nonblock", 5),
            (Kind::FileType, "regular_file", 4),
            (Kind::Clock, "process_cputime", 2),
            (Kind::Rights, "fd_read+fd_write", 66),
            (Kind::Rights, "all-fd_datasync", 0x3fff_fffe),
        ] {
            assert_eq!(parse(kind, word), Ok(number), "{word}");
        }
        assert!(parse(Kind::OFlags, "create").is_err());
        assert_eq!(spell(Kind::FdFlags, 0x105), "append+nonblock+0x100");
        assert_eq!(spell(Kind::FileType, 3), "directory");
    }
}
