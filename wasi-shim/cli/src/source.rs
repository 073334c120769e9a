//! Knows how to get a module's bytes from FILE, and what FILE is if it holds no module.
//! Refuses to know about compilation and about where results are kept.
//! For `load` and the command `compile`.

use std::{
    ffi::OsStr,
    fs::{self, File, Metadata},
    io::{self, Read},
    path::Path,
};

use wasmtime::Engine;

use crate::{cache::Identity, failure::Failure};

#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) wasm: Vec<u8>,
    /// Which file these bytes are, unless it changed or may have changed while they were read.
    pub(crate) identity: Option<Identity>,
}

/// Whether FILE claims by its name to be a precompiled module and is one. The name has to say so because such a file
/// is trusted with everything we may do, which nobody expects of a `.wasm`.
pub(crate) fn is_precompiled(file: &Path) -> bool {
    is_named_precompiled(file) && matches!(Engine::detect_precompiled_file(file), Ok(Some(_)))
}

pub(crate) fn is_named_precompiled(file: &Path) -> bool {
    file.extension() == Some(OsStr::new("cwasm"))
}

pub(crate) fn metadata(file: &Path) -> Result<Metadata, Failure> {
    let metadata = fs::metadata(file).map_err(|error| unreadable(file, error))?;
    if metadata.is_dir() {
        return Err(Failure::IsDirectory(file.to_owned()));
    }
    Ok(metadata)
}

pub(crate) fn read(file: &Path) -> Result<Source, Failure> {
    metadata(file)?;
    let (bytes, identity) = contents(file).map_err(|error| unreadable(file, error))?;
    Ok(Source {
        wasm: binary(file, bytes)?,
        identity,
    })
}

fn contents(file: &Path) -> io::Result<(Vec<u8>, Option<Identity>)> {
    let mut open = File::open(file)?;
    let before = Identity::settled(file, &open);
    let mut bytes = Vec::new();
    open.read_to_end(&mut bytes)?;
    let after = Identity::of(file, &open.metadata()?);
    Ok((
        bytes,
        before.filter(|before| after.as_ref() == Some(before)),
    ))
}

fn unreadable(file: &Path, error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound => Failure::NoSuchFile(file.to_owned()),
        _ => Failure::Unreadable {
            file: file.to_owned(),
            error,
        },
    }
}

fn binary(file: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if Engine::detect_precompiled(&bytes).is_some() {
        return Err(match is_named_precompiled(file) {
            true => Failure::AlreadyCompiled(file.to_owned()),
            false => Failure::Disguised(file.to_owned()),
        });
    }
    let wasm = if is_text(file, &bytes) {
        assemble(file, &bytes)?
    } else {
        bytes
    };
    if !wasm.starts_with(b"\0asm") {
        return Err(Failure::NotWasm {
            file: file.to_owned(),
            looks: looks(&wasm),
        });
    }
    // Bytes 6 and 7 are the layer: 0 for modules, 1 for components.
    if wasm.get(6..8) == Some(&[1, 0]) {
        return Err(Failure::Component(file.to_owned()));
    }
    Ok(wasm)
}

fn is_text(file: &Path, bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    file.extension() == Some(OsStr::new("wat"))
        || start.starts_with(b"(")
        || start.starts_with(b";;")
}

fn assemble(file: &Path, text: &[u8]) -> Result<Vec<u8>, Failure> {
    wat::Parser::new()
        .parse_bytes(Some(file), text)
        .map(|wasm| wasm.into_owned())
        .map_err(|error| {
            // The first two lines are the message and the place; the rest draws the place in the text.
            let shown = error.to_string();
            let message = shown
                .lines()
                .take(2)
                .map(str::trim)
                .collect::<Vec<_>>()
                .join(" ");
            Failure::Text {
                file: file.to_owned(),
                message,
            }
        })
}

fn looks(bytes: &[u8]) -> &'static str {
    const STARTS: &[(&[u8], &str)] = &[
        (b"\x7fELF", "is a native program or library"),
        (b"\x1f\x8b", "is compressed with gzip, so unpack it first"),
        (
            b"\x28\xb5\x2f\xfd",
            "is compressed with zstd, so unpack it first",
        ),
        (b"PK\x03\x04", "is a zip archive, so unpack it first"),
        (b"!<arch>\n", "is an archive of object files"),
        (b"BC\xc0\xde", "is LLVM bitcode"),
        (b"#!", "is a script"),
    ];
    if bytes.is_empty() {
        return "is empty";
    }
    let known = STARTS.iter().find(|(start, _)| bytes.starts_with(start));
    known.map_or("does not begin with the bytes `\\0asm`", |&(_, looks)| {
        looks
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_recognised_by_name_or_by_its_first_character() {
        assert!(is_text("a.wat".as_ref(), b"anything"));
        assert!(is_text("a".as_ref(), b"  \n(module)"));
        assert!(is_text("a".as_ref(), b";; a comment"));
        assert!(!is_text("a.wasm".as_ref(), b"\0asm"));
    }

    #[test]
    fn a_text_component_is_no_module_either() {
        let result = binary("a.wat".as_ref(), b"(component)".to_vec());
        assert!(matches!(result, Err(Failure::Component(_))), "{result:?}");
    }

    #[test]
    fn a_syntax_error_is_one_line_with_its_place() {
        let Err(Failure::Text { message, .. }) =
            binary("a.wat".as_ref(), b"(module\n  (fnc))".to_vec())
        else {
            panic!("accepted");
        };
        assert_eq!(message.lines().count(), 1);
        assert!(message.contains("a.wat:2:4"), "{message}");
    }
}
