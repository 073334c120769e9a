//! Knows which of a module's imports nobody provides, and how they can be stood in for.
//! Refuses to know what the provided ones do.
//! For `guest`, before it instantiates.

use std::path::Path;

use wasmtime::{ExternType, ImportType, Linker, Module, Store};

use crate::{failure::Failure, load::one_line, options::UnknownImports, shim, threaded};

/// What to do about imports nobody provides, and the module they are looked for in.
#[derive(Debug)]
pub(crate) struct Imports<'a> {
    pub(crate) file: &'a Path,
    pub(crate) module: &'a Module,
    pub(crate) unknown: Option<UnknownImports>,
    /// Whether it will be given the function that begins threads.
    pub(crate) threads: bool,
}

impl Imports<'_> {
    /// After this, instantiation finds every import.
    pub(crate) fn complete<T: 'static>(
        &self,
        linker: &mut Linker<T>,
        store: &mut Store<T>,
    ) -> Result<(), Failure> {
        let stood_in = match self.unknown {
            None => Ok(()),
            Some(UnknownImports::Trap) => linker.define_unknown_imports_as_traps(self.module),
            Some(UnknownImports::Default) => {
                linker.define_unknown_imports_as_default_values(&mut *store, self.module)
            }
        };
        stood_in.map_err(|error| Failure::Instantiation {
            file: self.file.to_owned(),
            reason: one_line(&error),
        })?;
        let missing = self.missing(linker, store);
        if missing.is_empty() {
            Ok(())
        } else {
            Err(self.report(&missing))
        }
    }

    fn missing<T: 'static>(&self, linker: &Linker<T>, store: &mut Store<T>) -> Vec<ImportType<'_>> {
        let mut unknown =
            |import: &ImportType<'_>| linker.get_by_import(&mut *store, import).is_none();
        let imports = self.module.imports();
        imports
            .filter(|import| !(self.threads && shim::begins_threads(import)) && unknown(import))
            .collect()
    }

    fn report(&self, missing: &[ImportType<'_>]) -> Failure {
        let is_shared = |import: &ImportType<'_>| threaded::shared(import.ty()).is_some();
        let threads = missing
            .iter()
            .any(|import| shim::begins_threads(import) || is_shared(import));
        let functions_only = missing
            .iter()
            .all(|import| matches!(import.ty(), ExternType::Func(_)));
        let advice = match (threads, functions_only) {
            (true, _) => Advice::Threads,
            (false, true) => Advice::Trap,
            (false, false) => Advice::Default,
        };
        report(self.file, missing.iter().map(describe).collect(), advice)
    }
}

/// What to try about imports that are missing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Advice {
    /// The module is for threads.
    Threads,
    /// They are all functions.
    Trap,
    /// Some are not.
    Default,
}

impl Advice {
    const fn text(self) -> &'static str {
        match self {
            Self::Threads => "allow it threads with --wasm threads",
            Self::Trap => {
                "build it for wasm32-wasip1, or try --unknown-imports trap, which traps when one is called"
            }
            Self::Default => {
                "build it for wasm32-wasip1, or try --unknown-imports default, which makes zeros of them"
            }
        }
    }
}

/// About imports that are described as `module::name (kind)`.
pub(crate) fn report(file: &Path, mut missing: Vec<String>, advice: Advice) -> Failure {
    // A module may import the same thing more than once.
    missing.sort();
    missing.dedup();
    Failure::MissingImports {
        file: file.to_owned(),
        missing: missing.join(", "),
        advice: advice.text(),
    }
}

fn describe(import: &ImportType<'_>) -> String {
    let kind = match import.ty() {
        ExternType::Func(_) => "function",
        ExternType::Global(_) => "global",
        ExternType::Table(_) => "table",
        ExternType::Memory(_) => "memory",
        ExternType::Tag(_) => "tag",
    };
    format!("{}::{} ({kind})", import.module(), import.name())
}
