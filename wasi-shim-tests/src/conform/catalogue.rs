//! Reads `hosts.toml`: which hosts there are, and how each is started.
//!
//! A command is a list of words. A word that is a placeholder alone may become several; `spec-notes/conform.md` says what
//! each means. Whether a host is on this machine is not known here.

use serde::Deserialize;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// All hosts of a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The hosts, in order.
    #[serde(rename = "host")]
    pub hosts: Vec<Entry>,
}

/// A host.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Entry {
    /// What it is called on the command line and in reports.
    pub name: String,
    /// What it is, in a line.
    pub about: String,
    /// It is this project's: what it fails is a failure of the run.
    #[serde(default)]
    pub ours: bool,
    /// How it is started; empty for one that is compiled in.
    #[serde(default)]
    pub command: Vec<String>,
    /// How a directory is given.
    #[serde(default)]
    pub dir: Vec<String>,
    /// How a directory is given for reading.
    #[serde(default)]
    pub read_only_dir: Vec<String>,
    /// What is said for a test of threads.
    #[serde(default)]
    pub threads: Vec<String>,
    /// How a variable of the environment is given.
    #[serde(default)]
    pub env: Vec<String>,
    /// How the program's name is given, where it is not the module's file.
    #[serde(default)]
    pub program_name: Vec<String>,
    /// How an argument is given: `{arg}` alone if not said.
    #[serde(default)]
    pub arg: Vec<String>,
    /// What prints its version.
    #[serde(default)]
    pub version: Vec<String>,
    /// How it is installed.
    #[serde(default)]
    pub install: String,
    /// How a trap is told from an exit.
    #[serde(default)]
    pub trapped: Trapped,
    /// What it cannot do, in the words of `needs`.
    #[serde(default)]
    pub cannot: Vec<String>,
}

/// How a trap shows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trapped {
    /// Exit statuses that say so.
    #[serde(default)]
    pub statuses: Vec<i32>,
    /// Words on standard error that say so, if the status is not 0.
    #[serde(default)]
    pub says: Vec<String>,
}

/// What is wrong with a file of hosts.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// It cannot be read.
    #[error("{}: {error}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// It is not in the format.
    #[error("{}: {error}", .file.display())]
    Format {
        /// The file.
        file: PathBuf,
        /// Where and why not.
        error: Box<toml::de::Error>,
    },
    /// Two hosts have one name.
    #[error("{}: there are two hosts called `{name}`", .file.display())]
    Twice {
        /// The file.
        file: PathBuf,
        /// The name.
        name: String,
    },
    /// There is no such host.
    #[error("there is no host called `{name}`; there are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
}

impl Catalogue {
    /// Reads a file.
    pub fn load(file: &Path) -> Result<Self, CatalogueError> {
        let text = std::fs::read_to_string(file).map_err(|error| CatalogueError::Unreadable {
            file: file.to_owned(),
            error,
        })?;
        let all: Self = toml::from_str(&text).map_err(|error| CatalogueError::Format {
            file: file.to_owned(),
            error: Box::new(error),
        })?;
        let mut names: Vec<_> = all.hosts.iter().map(|entry| entry.name.as_str()).collect();
        names.sort_unstable();
        let twice = names.windows(2).find_map(|pair| match pair {
            [one, other] if one == other => Some((*one).to_owned()),
            _ => None,
        });
        match twice {
            Some(name) => Err(CatalogueError::Twice {
                file: file.to_owned(),
                name,
            }),
            None => Ok(all),
        }
    }

    /// The hosts of these names, in the order asked for; all of them if no name is given.
    pub fn chosen(&self, names: &[String]) -> Result<Vec<Entry>, CatalogueError> {
        if names.is_empty() {
            return Ok(self.hosts.clone());
        }
        let find = |name: &String| {
            let found = self.hosts.iter().find(|entry| entry.name == *name);
            found.cloned().ok_or_else(|| CatalogueError::Unknown {
                name: name.clone(),
                known: self.names(),
            })
        };
        names.iter().map(find).collect()
    }

    fn names(&self) -> String {
        self.hosts
            .iter()
            .map(|entry| entry.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl Entry {
    /// Is it compiled in?
    pub fn is_in_process(&self) -> bool {
        self.command.is_empty()
    }

    /// What a case needs that this host cannot do, if anything.
    pub fn lacks<'a>(&self, needs: &'a [String]) -> Option<&'a String> {
        needs.iter().find(|need| self.cannot.contains(need))
    }
}
