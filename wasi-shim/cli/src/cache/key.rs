//! Knows when two runs may share compiled code: same file, same contents, same compiler with the same settings.
//! Refuses to know how code is stored; a key is only a name.
//! For `cache`, and for `source` and `load` through it.

use std::{
    fmt::Write,
    fs::{self, File, Metadata},
    hash::{Hash, Hasher},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sha2::{Digest, Sha256};
use wasmtime::Engine;

/// What tells one state of a file from every other without reading it. The change time is part of it because, unlike
/// the modification time, no program can set it back.
#[derive(Debug, Hash, PartialEq)]
pub(crate) struct Identity {
    path: PathBuf,
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// File systems stamp times with the clock of the last timer tick, at most 10 ms old. A second write within one tick
/// leaves the times as the first did.
const TICK: Duration = Duration::from_millis(20);

impl Identity {
    /// `None` for what is no regular file: a pipe has no contents to come back to.
    pub(crate) fn of(file: &Path, metadata: &Metadata) -> Option<Self> {
        if !metadata.is_file() {
            return None;
        }
        Some(Self {
            path: fs::canonicalize(file).ok()?,
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// The identity of a file about to be read, once its times are old enough that writes from now on will change
    /// them. Otherwise the code of a half-written module could be kept as that of the whole.
    pub(crate) fn settled(file: &Path, open: &File) -> Option<Self> {
        let identity = Self::of(file, &open.metadata().ok()?)?;
        let (seconds, nanoseconds) = identity.changed;
        let changed = Duration::new(seconds.try_into().ok()?, nanoseconds.try_into().ok()?);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        match now.checked_sub(changed) {
            Some(age) => thread::sleep(TICK.saturating_sub(age)),
            // A change in the future, by a clock that is not ours, says nothing about later ones.
            None => return None,
        }
        Some(identity)
    }
}

/// The name of a file in the cache.
#[derive(Debug)]
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn new(identity: &Identity, engine: &Engine) -> Self {
        let mut hash = Sha(Sha256::new());
        env!("CARGO_PKG_VERSION").hash(&mut hash);
        identity.hash(&mut hash);
        engine.precompile_compatibility_hash().hash(&mut hash);
        let mut name = String::new();
        for byte in hash.0.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        Self(name + ENDING)
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// Whether a file could have been named by `new`, so that nobody's other files are taken for entries.
    pub(super) fn could_be(name: &str) -> bool {
        let hash = name.strip_suffix(ENDING);
        hash.is_some_and(|hash| {
            hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    }
}

const ENDING: &str = ".cwasm";

/// The engine shows its settings to a `Hasher` only, and 64 bits are too few to tell code to run from other code.
struct Sha(Sha256);

impl Hasher for Sha {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Nobody asks; the whole hash is taken from the field.
    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(path: &str, length: u64) -> Identity {
        Identity {
            path: path.into(),
            device: 1,
            inode: 2,
            length,
            modified: (3, 4),
            changed: (5, 6),
        }
    }

    #[test]
    fn the_file_and_the_settings_make_the_key() {
        let (plain, same) = (Engine::default(), Engine::default());
        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true);
        let stoppable = Engine::new(&config).unwrap();
        let name = |path, length, engine| Key::new(&identity(path, length), engine).0;
        assert_eq!(name("/a", 7, &plain), name("/a", 7, &same));
        assert_ne!(name("/a", 7, &plain), name("/b", 7, &plain));
        assert_ne!(name("/a", 7, &plain), name("/a", 8, &plain));
        assert_ne!(name("/a", 7, &plain), name("/a", 7, &stoppable));
    }

    #[test]
    fn names_are_fit_for_file_names_and_recognised() {
        let key = Key::new(&identity("/a/../b c\n", 7), &Engine::default());
        assert!(Key::could_be(key.name()), "{key:?}");
        for other in [
            "",
            ".cwasm",
            "app.cwasm",
            &key.name()[1..],
            &key.name()[..64],
        ] {
            assert!(!Key::could_be(other), "{other:?}");
        }
    }

    #[test]
    fn only_regular_files_have_an_identity() {
        let null = Path::new("/dev/null");
        assert_eq!(Identity::of(null, &fs::metadata(null).unwrap()), None);
    }
}
