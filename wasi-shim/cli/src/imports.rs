//! Knows which of a module's imports nobody provides, and how they can be stood in for.
//! Refuses to know what the provided ones do.
//! For `guest`, before it instantiates.

use std::path::Path;

use wasmtime::{ExternType, ImportType, Linker, Module, Store};

use crate::{failure::Failure, load::one_line, options::UnknownImports};

/// What to do about imports nobody provides, and the module they are looked for in.
#[derive(Debug)]
pub(crate) struct Imports<'a> {
    pub(crate) file: &'a Path,
    pub(crate) module: &'a Module,
    pub(crate) unknown: Option<UnknownImports>,
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
        let unknown = |import: &ImportType<'_>| linker.get_by_import(&mut *store, import).is_none();
        self.module.imports().filter(unknown).collect()
    }

    fn report(&self, missing: &[ImportType<'_>]) -> Failure {
        let functions_only = missing
            .iter()
            .all(|import| matches!(import.ty(), ExternType::Func(_)));
        report(
            self.file,
            missing.iter().map(describe).collect(),
            functions_only,
        )
    }
}

/// About imports that are described as `module::name (kind)`.
pub(crate) fn report(file: &Path, mut missing: Vec<String>, functions_only: bool) -> Failure {
    // A module may import the same thing more than once.
    missing.sort();
    missing.dedup();
    let advice = match functions_only {
        true => {
            "build it for wasm32-wasip1, or try --unknown-imports trap, which traps when one is called"
        }
        false => {
            "build it for wasm32-wasip1, or try --unknown-imports default, which makes zeros of them"
        }
    };
    Failure::MissingImports {
        file: file.to_owned(),
        missing: missing.join(", "),
        advice,
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
