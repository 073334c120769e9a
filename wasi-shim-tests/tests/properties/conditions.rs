//! When a known difference is one: the names in the column `when` of the list in `spec-notes/properties.md`.
//!
//! A condition looks at the call and at how things were before it, never at what was answered.

use wasi_shim::abi::{FdFlags, FileKind, FstFlags, OFlags, Rights};
use wasi_shim_tests::model::{At, Call, Leaf, Opening, Stat, Text};
use wasi_shim_tests::oracles::known::{Case, Condition};

/// All conditions that rows may name.
pub(crate) const CONDITIONS: &[Condition] = &[
    ("on a directory", |case| {
        kind(case) == Some(FileKind::Directory)
    }),
    ("on a file", |case| {
        kind(case) == Some(FileKind::RegularFile)
    }),
    ("on a removed directory", |case| {
        case.call.fd().is_some_and(|fd| case.before.is_removed(fd))
    }),
    ("no preopen", |case| {
        case.call.fd().is_some_and(|fd| !case.before.is_preopen(fd))
    }),
    ("not open for reading", |case| lacks(case, Rights::FD_READ)),
    ("not open for writing", |case| lacks(case, Rights::FD_WRITE)),
    ("open for synchronous writing", |case| {
        has(case, FdFlags::SYNC | FdFlags::DSYNC | FdFlags::RSYNC)
    }),
    ("several buffers", several_buffers),
    ("negative offset of nothing open", |case| {
        kind(case).is_none() && matches!(case.call, Call::Seek { delta: ..0, .. })
    }),
    ("path at a file", |case| {
        paths(case, |at| {
            case.before.kind(at.fd) == Some(FileKind::RegularFile)
        })
    }),
    ("path at a removed directory", |case| {
        paths(case, |at| case.before.is_removed(at.fd))
    }),
    ("text too long", |case| {
        texts(case, |text| text.len() > 4096)
    }),
    ("text not UTF-8", |case| {
        texts(case, |text| std::str::from_utf8(text).is_err())
    }),
    ("text with NUL", |case| {
        texts(case, |text| text.contains(&0))
    }),
    ("way out", |case| paths(case, |at| leads_out(case, at))),
    ("contradictory times", |case| {
        times(case).is_some_and(contradictory)
    }),
    ("no times", |case| times(case) == Some(FstFlags::empty())),
    ("following", |case| {
        matches!(case.call, Call::Link { follow: true, .. })
    }),
    (
        "absolute text",
        |case| matches!(case.call, Call::Symlink { text, .. } if text.0.starts_with(b"/")),
    ),
    ("slash at the end", |case| {
        paths(case, |at| at.path.0.ends_with(b"/"))
    }),
    ("dots at the end", |case| paths(case, ends_in_dots)),
    ("slash or dot at the end", |case| {
        paths(case, ends_in_slash_or_dot)
    }),
    ("slash at the end, creat", |case| {
        opens(case, |opening| opening.oflags.contains(OFlags::CREAT))
            && paths(case, |at| {
                at.path.0.ends_with(b"/") || links_to_slash(case, at)
            })
    }),
    ("directory with creat, excl or trunc", |case| {
        opens(case, contradicts_itself)
    }),
    ("directory, a link", |case| {
        let is_link =
            |at: &At| kind_of(case.before.look(at, false)) == Some(FileKind::SymbolicLink);
        opens(case, |opening| opening.oflags.contains(OFlags::DIRECTORY)) && paths(case, is_link)
    }),
    ("append, a directory", |case| {
        let is_dir = |at: &At| kind_of(case.before.look(at, true)) == Some(FileKind::Directory);
        opens(case, |opening| opening.fdflags.contains(FdFlags::APPEND)) && paths(case, is_dir)
    }),
    ("for synchronous writing", |case| {
        opens(case, |opening| {
            opening.fdflags.intersects(FdFlags::SYNC | FdFlags::DSYNC)
        })
    }),
    ("trunc, append or not writing", |case| {
        opens(case, |opening| {
            let writes = opening.base.contains(Rights::FD_WRITE);
            let appends = opening.fdflags.contains(FdFlags::APPEND);
            opening.oflags.contains(OFlags::TRUNC) && (appends || !writes)
        })
    }),
    ("onto a directory above", onto_a_directory_above),
    ("two faults", |case| faults(case) > 1),
];

fn kind(case: &Case<'_>) -> Option<FileKind> {
    case.before.kind(case.call.fd()?)
}

fn kind_of<E>(found: Result<Stat, E>) -> Option<FileKind> {
    found.ok().map(|stat| stat.kind)
}

fn lacks(case: &Case<'_>, right: Rights) -> bool {
    let open = case.call.fd().and_then(|fd| case.before.is_open_with(fd));
    open.is_some_and(|(base, _)| !base.contains(right))
}

fn has(case: &Case<'_>, flags: FdFlags) -> bool {
    let open = case.call.fd().and_then(|fd| case.before.is_open_with(fd));
    open.is_some_and(|(_, known)| known.intersects(flags))
}

fn several_buffers(case: &Case<'_>) -> bool {
    let (Call::Read { lens, .. } | Call::Pread { lens, .. }) = case.call else {
        return false;
    };
    lens.iter().filter(|len| **len > 0).count() > 1
}

fn paths(case: &Case<'_>, is: impl Fn(&At) -> bool) -> bool {
    case.call.paths().into_iter().any(is)
}

/// All texts of a call.
fn texts(case: &Case<'_>, is: impl Fn(&[u8]) -> bool) -> bool {
    let is_link = matches!(case.call, Call::Symlink { text, .. } if is(&text.0));
    is_link || paths(case, |at| is(&at.path.0))
}

fn opens(case: &Case<'_>, is: impl Fn(&Opening) -> bool) -> bool {
    matches!(case.call, Call::Open { opening, .. } if is(opening))
}

/// The model says so: with or without a link at the end.
fn leads_out(case: &Case<'_>, at: &At) -> bool {
    use wasi_shim::abi::Errno::Perm;
    let looks = [false, true].map(|follow| case.before.look(at, follow));
    looks.contains(&Err(Perm)) || case.before.look_at_name(at) == Err(Perm)
}

/// Is it a link, where links have texts that end in a slash?
fn links_to_slash(case: &Case<'_>, at: &At) -> bool {
    let left = case.before.left();
    let mut leaves = left.0.values();
    kind_of(case.before.look(at, false)) == Some(FileKind::SymbolicLink)
        && leaves.any(|leaf| matches!(leaf, Leaf::Link(text) if text.ends_with('/')))
}

/// Is something moved onto a directory that it is in, however deep?
fn onto_a_directory_above(case: &Case<'_>) -> bool {
    matches!(case.call, Call::Rename { old, new } if case.before.is_above(new, old))
}

fn ends_in_slash_or_dot(at: &At) -> bool {
    let path = &at.path.0;
    path.ends_with(b"/") || path.ends_with(b"/.") || path == b"."
}

fn times(case: &Case<'_>) -> Option<FstFlags> {
    match case.call {
        Call::FilestatSetTimes { times, .. } | Call::PathFilestatSetTimes { times, .. } => {
            Some(times.flags)
        }
        _ => None,
    }
}

fn contradictory(flags: FstFlags) -> bool {
    let atim = FstFlags::ATIM | FstFlags::ATIM_NOW;
    let mtim = FstFlags::MTIM | FstFlags::MTIM_NOW;
    flags.contains(atim) || flags.contains(mtim)
}

fn contradicts_itself(opening: &Opening) -> bool {
    let others = OFlags::CREAT | OFlags::EXCL | OFlags::TRUNC;
    opening.oflags.contains(OFlags::DIRECTORY) && opening.oflags.intersects(others)
}

/// How many arguments of a call on paths cannot be right, whatever the others are.
fn faults(case: &Case<'_>) -> usize {
    let bad = match case.call {
        Call::Link { old, follow, new } => {
            vec![*follow, !can_be_linked(case, old), !is_free(case, new)]
        }
        Call::Rename { old, new } => vec![!can_be_moved(case, old), !can_be_replaced(case, new)],
        Call::Symlink { text, at } => vec![!can_be_text(text), !is_free(case, at)],
        Call::Open { at, opening } => {
            let odd = contradicts_itself(opening);
            vec![odd, case.before.look(at, opening.follow).is_err()]
        }
        Call::PathFilestatSetTimes { at, follow, times } => {
            vec![
                contradictory(times.flags),
                case.before.look(at, *follow).is_err(),
            ]
        }
        _ => Vec::new(),
    };
    bad.into_iter().filter(|bad| *bad).count()
}

fn ends_in_dots(at: &At) -> bool {
    let path = String::from_utf8_lossy(&at.path.0);
    let last = path.trim_end_matches('/').rsplit('/').next();
    matches!(last, Some("." | ".."))
}

fn can_be_linked(case: &Case<'_>, at: &At) -> bool {
    let kind = kind_of(case.before.look(at, false));
    kind.is_some_and(|kind| kind != FileKind::Directory)
}

fn can_be_moved(case: &Case<'_>, at: &At) -> bool {
    let found = case.before.look_at_name(at);
    let is_dir = |stat: &Stat| stat.kind == FileKind::Directory;
    let slash = at.path.0.ends_with(b"/");
    matches!(found, Ok(Some(stat)) if is_dir(&stat) || !slash) && !ends_in_dots(at)
}

fn can_be_replaced(case: &Case<'_>, at: &At) -> bool {
    let slash = at.path.0.ends_with(b"/");
    case.before.look_at_name(at).is_ok() && !ends_in_dots(at) && !slash
}

fn is_free(case: &Case<'_>, at: &At) -> bool {
    case.before.look_at_name(at) == Ok(None) && !at.path.0.ends_with(b"/")
}

fn can_be_text(text: &Text) -> bool {
    let bytes = &text.0;
    let spelled = std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0);
    spelled && (1..=4096).contains(&bytes.len()) && !bytes.starts_with(b"/")
}
