//! Knows how compiled modules are kept between runs and found again without reading the module.
//! Refuses to know how code is made or loaded; here it is bytes.
//! For `load`, through `Cache`, `Identity` and `Key` only.

mod directory;
mod key;
mod place;
mod prune;

use std::{fs::File, path::Path};

use self::directory::Directory;
pub(crate) use self::{
    directory::Unusable,
    key::{Identity, Key},
    place::default_place,
};

#[derive(Debug)]
pub(crate) struct Cache {
    directory: Directory,
}

impl Cache {
    pub(crate) fn open(place: &Path) -> Result<Self, Unusable> {
        Directory::open(place).map(|directory| Self { directory })
    }

    /// The code kept under `key`. Nobody but the current user could have written it.
    pub(crate) fn find(&self, key: &Key) -> Option<File> {
        let entry = self.directory.entry(key.name()).ok()?;
        // How entries age is nobody's reason to fail.
        let _ = directory::touch(&entry);
        Some(entry)
    }

    /// The file in which `code` is now kept. `None` if it could not be: a full disk must not stop the guest.
    pub(crate) fn keep(&self, key: &Key, code: &[u8]) -> Option<File> {
        let entry = self.directory.put(key.name(), code).ok()?;
        prune::prune(&self.directory, key.name());
        Some(entry)
    }
}
