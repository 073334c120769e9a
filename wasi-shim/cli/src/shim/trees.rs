//! Knows how a guest's directories are served, and how what it changed in an overlay is kept.
//! Refuses to know how they were asked for, and when changes are to be kept.
//! For `shim` and `run`.

use std::{io, path::Path, sync::Arc};

use wasi_shim::{
    Access,
    backends::{Archive, MemDir, Overlay},
    host,
    vfs::Dir,
};

use crate::{
    failure::Failure,
    preopens::{Preopen, Source},
};

/// A directory for the guest.
pub(super) struct Tree {
    pub(super) dir: Arc<dyn Dir>,
    pub(super) access: Access,
    /// The changes that can be kept.
    pub(super) changes: Option<Changes>,
}

/// What a guest changed over a directory of the host, which has none of it yet.
pub(crate) struct Changes {
    directory: std::path::PathBuf,
    lower: Arc<dyn Dir>,
    overlay: Arc<Overlay>,
}

impl Changes {
    /// Makes them in the directory. For when the guest has ended.
    pub(crate) fn commit(&self) -> Result<(), Failure> {
        let made = self.overlay.commit(&*self.lower);
        made.map(drop).map_err(|error| Failure::Commit {
            directory: self.directory.clone(),
            reason: error.to_string(),
        })
    }
}

pub(super) fn open(preopen: &Preopen) -> Result<Tree, Failure> {
    let tree = |dir, access| Tree {
        dir,
        access,
        changes: None,
    };
    Ok(match &preopen.source {
        Source::Memory => tree(MemDir::new(), Access::ReadWrite),
        Source::Host { directory } => tree(host_dir("dir", directory)?, Access::ReadWrite),
        Source::HostReadOnly { directory } => {
            tree(host_dir("ro-dir", directory)?, Access::ReadOnly)
        }
        Source::Overlay { directory } => overlay(directory)?,
        Source::Archive { file } => tree(archive(file)?, Access::ReadOnly),
    })
}

fn host_dir(option: &'static str, directory: &Path) -> Result<Arc<dyn Dir>, Failure> {
    let opened = host::open_dir(directory);
    opened.map_err(|error: io::Error| Failure::Preopen {
        option,
        host: directory.to_owned(),
        error,
    })
}

fn overlay(directory: &Path) -> Result<Tree, Failure> {
    let lower = host_dir("overlay", directory)?;
    let overlay = Overlay::new(Arc::clone(&lower));
    Ok(Tree {
        dir: Arc::clone(&overlay) as Arc<dyn Dir>,
        access: Access::ReadWrite,
        changes: Some(Changes {
            directory: directory.to_owned(),
            lower,
            overlay,
        }),
    })
}

fn archive(file: &Path) -> Result<Arc<dyn Dir>, Failure> {
    match Archive::open(file) {
        Ok(archive) => Ok(archive),
        Err(error) => Err(Failure::Archive {
            file: file.to_owned(),
            reason: error.to_string(),
        }),
    }
}
