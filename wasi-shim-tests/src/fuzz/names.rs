//! The target `names`: which texts are names, which are paths, and what a guest gets for each of them.
//!
//! The input is the text itself, as a guest would pass it. The rules are said a second time here, plainly, and compared
//! with the library's, which reads eight bytes at a time. A name that Windows would take for a device, a drive or a stream
//! is a name like others on a filesystem that is not Windows'.

use crate::Guest;
use crate::trees::{ROOT, Tree};
use wasi_shim::abi::{Errno, FdFlags, FileKind, LookupFlags, OFlags, Rights};
use wasi_shim::vfs::{DeepPath, Name, PlainPath, check_windows_name};

/// Panics if the library takes a text for what it is not.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    check(&text, |text| Name::new(text).err());
    check_windows(&text, check_windows_name);
    in_an_empty_tree(data);
}

/// Compares what says why a text is no name with the rules, and what is made of it.
pub fn check(text: &str, name: impl Fn(&str) -> Option<Errno>) {
    assert_eq!(name(text), refusal(text), "name {text:?}");
    let parts: Vec<&str> = text.split('/').collect();
    for part in &parts {
        assert_eq!(name(part), refusal(part), "name {part:?}");
    }
    let plain = parts.len() > 1 && parts.iter().all(|part| refusal(part).is_none());
    assert_eq!(PlainPath::new(text).is_some(), plain, "plain {text:?}");
    assert_eq!(DeepPath::new(text).is_some(), deep(&parts), "deep {text:?}");
}

/// Why this is no name.
fn refusal(text: &str) -> Option<Errno> {
    match text {
        "" => Some(Errno::Noent),
        "." | ".." => Some(Errno::Inval),
        _ if text.contains(['/', '\0']) => Some(Errno::Inval),
        _ if text.len() > 255 => Some(Errno::Nametoolong),
        _ => None,
    }
}

/// A name first, then names and `..`.
fn deep(parts: &[&str]) -> bool {
    let names = |part: &&str| *part == ".." || refusal(part).is_none();
    parts.first().is_some_and(|first| refusal(first).is_none()) && parts.iter().all(names)
}

/// Compares what says which names Windows would take for something else with a list of those, for each part of the text.
pub fn check_windows(text: &str, judge: impl Fn(Name<'_>) -> Result<(), Errno>) {
    for part in text.split('/') {
        if let Ok(name) = Name::new(part) {
            let expected = if windows_would(part) {
                Err(Errno::Inval)
            } else {
                Ok(())
            };
            assert_eq!(judge(name), expected, "on Windows {part:?}");
        }
    }
}

/// Would Windows look elsewhere, or for another name?
fn windows_would(name: &str) -> bool {
    const DEVICES: &str = "CON PRN AUX NUL CONIN$ CONOUT$ COM0 COM1 COM2 COM3 COM4 COM5 COM6 COM7 COM8 COM9 COM\u{b9} \
        COM\u{b2} COM\u{b3} LPT0 LPT1 LPT2 LPT3 LPT4 LPT5 LPT6 LPT7 LPT8 LPT9 LPT\u{b9} LPT\u{b2} LPT\u{b3}";
    let kept = "<>:\"/\\|?*";
    let letters = name
        .chars()
        .any(|letter| kept.contains(letter) || u32::from(letter) < 32);
    // What Windows makes of it: the end goes, then the extension, then what stands before that.
    let shortened = name.trim_end_matches(['.', ' ']);
    let stem = shortened.split('.').next().unwrap_or_default();
    let stem = stem.trim_end_matches(' ').to_ascii_uppercase();
    letters || shortened != name || DEVICES.split(' ').any(|device| device == stem)
}

/// What a path is in a directory without entries.
enum Meaning<'a> {
    /// A name, which is free.
    Free(&'a str),
    /// The directory itself.
    Itself,
    /// Nothing, for this reason.
    Refused(Errno),
}

fn meaning(bytes: &[u8]) -> Meaning<'_> {
    use Meaning::{Free, Itself, Refused};
    let text = match std::str::from_utf8(bytes) {
        _ if bytes.len() > 4096 => return Refused(Errno::Nametoolong),
        Err(_) => return Refused(Errno::Ilseq),
        Ok(text) if text.contains('\0') => return Refused(Errno::Inval),
        Ok("") => return Refused(Errno::Noent),
        Ok(text) if text.starts_with('/') => return Refused(Errno::Perm),
        Ok(text) => text,
    };
    let mut parts = text.split('/').filter(|part| !matches!(*part, "" | "."));
    match (parts.next(), text.trim_end_matches('/')) {
        (None, _) => Itself,
        (Some(".."), _) => Refused(Errno::Perm),
        (Some(name), _) if name.len() > 255 => Refused(Errno::Nametoolong),
        (Some(name), whole) if parts.next().is_none() && whole.ends_with(name) => Free(name),
        // Something is to follow, `.` perhaps, and there is nothing that it could follow.
        _ => Refused(Errno::Noent),
    }
}

/// What functions on paths make of the text where nothing has a name.
fn in_an_empty_tree(bytes: &[u8]) {
    let mut guest = Tree::memory().guest();
    guest.memory = vec![0; 1 << 14];
    let made = guest.path_create_directory(ROOT, bytes);
    match meaning(bytes) {
        Meaning::Refused(errno) => {
            assert_eq!(made, Err(errno), "{bytes:?}");
            let looked = guest.path_filestat_get(ROOT, LookupFlags::empty(), bytes);
            assert_eq!(looked.err(), Some(errno), "{bytes:?}");
        }
        Meaning::Itself => assert_eq!(made, Err(Errno::Exist), "{bytes:?}"),
        Meaning::Free(name) => {
            assert_eq!(made, Ok(()), "{name:?}");
            round(&mut guest, name);
        }
    }
    assert!(listed(&mut guest).is_empty(), "{bytes:?} left something");
}

/// A directory of that name becomes a file and a link, and goes.
fn round(guest: &mut Guest, name: &str) {
    let kind = |guest: &mut Guest| {
        let facts = guest.path_filestat_get(ROOT, LookupFlags::empty(), name);
        facts.map(|facts| facts.filetype)
    };
    assert_eq!(listed(guest), [name]);
    assert_eq!(kind(guest), Ok(FileKind::Directory));
    assert_eq!(guest.path_remove_directory(ROOT, name), Ok(()));
    assert_eq!(kind(guest), Err(Errno::Noent));

    let rights = (Rights::empty(), Rights::empty());
    let (lookup, flags) = (LookupFlags::empty(), FdFlags::empty());
    let exclusive = OFlags::CREAT | OFlags::EXCL;
    let file = guest.path_open(ROOT, lookup, name, exclusive, rights, flags);
    assert_eq!(file.map(|fd| guest.fd_close(fd)), Ok(Ok(())), "{name:?}");
    assert_eq!(listed(guest), [name]);
    assert_eq!(kind(guest), Ok(FileKind::RegularFile));
    assert_eq!(guest.path_rename(ROOT, name, ROOT, "moved"), Ok(()));
    assert_eq!(listed(guest), ["moved"]);
    assert_eq!(guest.path_unlink_file(ROOT, "moved"), Ok(()));

    // The text leads wherever it leads; only an absolute or empty one is refused, and this is a name.
    assert_eq!(guest.path_symlink(name, ROOT, name), Ok(()));
    assert_eq!(kind(guest), Ok(FileKind::SymbolicLink));
    let text = guest.path_readlink(ROOT, name, 255);
    assert_eq!(text.as_deref(), Ok(name.as_bytes()));
    assert_eq!(guest.path_unlink_file(ROOT, name), Ok(()));
}

/// The names in the directory, but for the dots.
fn listed(guest: &mut Guest) -> Vec<String> {
    let bytes = guest.fd_readdir(ROOT, 4096, 0).expect("it can be listed");
    let mut names = Vec::new();
    let mut rest = bytes.as_slice();
    while let Some((head, behind)) = rest.split_first_chunk::<24>() {
        let [a, b, c, d] = [head[16], head[17], head[18], head[19]];
        let (name, next) = behind.split_at(u32::from_le_bytes([a, b, c, d]) as usize);
        names.push(String::from_utf8(name.to_vec()).expect("names are text"));
        rest = next;
    }
    names.split_off(2)
}
