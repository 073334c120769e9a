//! An external suite: the tests in a folder, in the form of wasi-testsuite.

pub mod judge;
pub mod rights;
pub mod spec;

use super::host::Module;
use serde::Deserialize;
use spec::Spec;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// The name that a suite gives to what is tested here.
const VERSION: &str = "wasm32-wasip1";

/// A test.
#[derive(Clone, Debug)]
pub struct Test {
    /// The suite that it belongs to.
    pub suite: String,
    /// Its name there.
    pub name: String,
    /// The program.
    pub module: Arc<Module>,
    /// What is asked of it.
    pub spec: Spec,
    /// It is from a suite of wasi-threads.
    pub threads: bool,
}

/// What is in a folder.
#[derive(Clone, Debug, Default)]
pub struct Suite {
    /// The tests, in order.
    pub tests: Vec<Test>,
    /// How many tests there are for other versions of WASI.
    pub others: usize,
}

/// What is wrong with a suite.
#[derive(Debug, Error)]
#[error("{}: {what}", .path.display())]
pub struct SuiteError {
    path: PathBuf,
    what: String,
}

#[derive(Deserialize)]
struct Manifest {
    name: Option<String>,
    version: Option<String>,
}

fn fault(path: &Path, what: impl ToString) -> SuiteError {
    SuiteError {
        path: path.to_owned(),
        what: what.to_string(),
    }
}

impl Suite {
    /// Finds the tests in a folder and those below it.
    pub fn load(folder: &Path) -> Result<Self, SuiteError> {
        let mut suite = Self::default();
        suite.find(folder)?;
        if suite.tests.is_empty() {
            let hint = "there is no test in it: take a checkout that has the compiled tests, as `prod/testsuite-base` has";
            return Err(fault(folder, hint));
        }
        Ok(suite)
    }

    fn find(&mut self, folder: &Path) -> Result<(), SuiteError> {
        let entries = std::fs::read_dir(folder).map_err(|error| fault(folder, error))?;
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        let mut paths: Vec<_> = paths
            .collect::<Result<_, _>>()
            .map_err(|error| fault(folder, error))?;
        paths.sort();
        let is_binary =
            |path: &Path| path.extension().is_some_and(|end| end == "wasm") && path.is_file();
        // A test is given as text where that is its source, and beside it once it has been translated.
        let is_text =
            |path: &Path| path.extension().is_some_and(|end| end == "wat") && path.is_file();
        let is_module = |path: &PathBuf| {
            is_binary(path) || (is_text(path) && !is_binary(&path.with_extension("wasm")))
        };
        let modules: Vec<_> = paths.iter().filter(|path| is_module(path)).collect();
        if !modules.is_empty() {
            self.add(folder, &modules)?;
        }
        let is_folder = |path: &&PathBuf| path.is_dir() && !path.is_symlink() && !is_hidden(path);
        paths
            .iter()
            .filter(is_folder)
            .try_for_each(|path| self.find(path))
    }

    fn add(&mut self, folder: &Path, modules: &[&PathBuf]) -> Result<(), SuiteError> {
        let (name, version) = manifest(folder)?;
        if version != VERSION {
            self.others += modules.len();
            return Ok(());
        }
        for path in modules {
            self.tests.push(test(&name, path)?);
        }
        Ok(())
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// The name of a suite, and the version of WASI it is for, which is also told by its folder.
fn manifest(folder: &Path) -> Result<(String, String), SuiteError> {
    let file = folder.join("manifest.json");
    let last = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let manifest = if file.exists() {
        let text = std::fs::read_to_string(&file).map_err(|error| fault(&file, error))?;
        serde_json::from_str(&text).map_err(|error| fault(&file, error))?
    } else {
        Manifest {
            name: None,
            version: None,
        }
    };
    let named_so = last.starts_with("wasm32-wasip");
    let version = manifest.version.unwrap_or_else(|| {
        if named_so {
            last.clone()
        } else {
            VERSION.to_owned()
        }
    });
    Ok((manifest.name.unwrap_or(last), version))
}

fn test(suite: &str, path: &Path) -> Result<Test, SuiteError> {
    let bytes = if path.extension().is_some_and(|end| end == "wat") {
        wat::parse_file(path).map_err(|error| fault(path, error))?
    } else {
        std::fs::read(path).map_err(|error| fault(path, error))?
    };
    let file = path.with_extension("json");
    let spec = if file.exists() {
        let text = std::fs::read_to_string(&file).map_err(|error| fault(&file, error))?;
        spec::parse(&text).map_err(|what| fault(&file, what))?
    } else {
        Spec::default()
    };
    Ok(Test {
        suite: suite.to_owned(),
        // What the proposal's own suite is called.
        threads: suite.to_lowercase().contains("threads"),
        name: path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default(),
        module: Arc::new(Module {
            path: path.to_owned(),
            bytes,
        }),
        spec,
    })
}
