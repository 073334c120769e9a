//! The hosts of a run: found or not, and what is expected of each.

use super::catalogue::{Catalogue, Entry};
use super::command::External;
use super::expectations::Expectations;
use super::host::Host;
use super::in_process;
use super::options::Options;
use super::report::Column;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A host of a run.
pub(super) struct Member {
    /// What is known of it.
    pub(super) entry: Entry,
    /// The host, or why it is not here.
    pub(super) host: Result<Arc<dyn Host>, String>,
    /// What is expected of it.
    pub(super) expectations: Expectations,
}

/// The folder of this package, where its data is.
fn kit() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The file that describes the hosts.
pub(super) fn file(options: &Options) -> PathBuf {
    options
        .hosts
        .clone()
        .unwrap_or_else(|| kit().join("hosts.toml"))
}

/// Finds the hosts that were asked for.
pub(super) fn gather(options: &Options) -> Result<Vec<Member>, Box<dyn Error>> {
    let file = file(options);
    let entries = Catalogue::load(&file)?.chosen(&options.host)?;
    let alone = entries.len() == 1;
    let here = file.parent().unwrap_or(Path::new(".")).to_owned();
    let member = |entry: Entry| {
        let expectations = expectations(options, &entry.name, alone)?;
        Ok(Member {
            host: find(&entry, &here),
            entry,
            expectations,
        })
    };
    entries.into_iter().map(member).collect()
}

fn find(entry: &Entry, here: &Path) -> Result<Arc<dyn Host>, String> {
    if entry.is_in_process() {
        return in_process::find(&entry.name);
    }
    Ok(Arc::new(External::find(entry.clone(), here)?))
}

fn expectations(
    options: &Options,
    name: &str,
    alone: bool,
) -> Result<Expectations, Box<dyn Error>> {
    let given = options.expectations.as_deref();
    if let Some(file) = given.filter(|path| path.is_file()) {
        if !alone {
            return Err("--expectations names a file, which is for one host: give --host once, or name a folder".into());
        }
        return Ok(Expectations::load(file)?);
    }
    if let Some(missing) = given.filter(|path| !path.exists()) {
        return Err(format!("{}: there is no such file or folder", missing.display()).into());
    }
    let folder = given.map_or_else(|| kit().join("expectations"), Path::to_owned);
    let file = folder.join(format!("{name}.toml"));
    if file.exists() {
        Ok(Expectations::load(&file)?)
    } else {
        Ok(Expectations::default())
    }
}

impl Member {
    /// The host, as a report shows it.
    pub(super) fn column(&self) -> Column {
        let entry = &self.entry;
        Column {
            name: entry.name.clone(),
            about: entry.about.clone(),
            ours: entry.ours,
            version: self.host.as_ref().ok().map(|host| host.version()),
            absent: self
                .host
                .as_ref()
                .err()
                .map(|why| match entry.install.as_str() {
                    "" => why.clone(),
                    install => format!("{why}. Install it: {install}"),
                }),
            notes: Vec::new(),
        }
    }
}
