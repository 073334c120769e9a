//! The library under the version of wasmi that this workspace has.

use super::{guest, within};
use crate::conform::host::{Ended, Host, How, Module as File, Program};
use crate::conform::process::Bounds;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use wasi_shim::Wasi;
use wasmi::{Engine, Error, Linker, Module, Store};

/// The version that this workspace has; a test compares it with `Cargo.lock`.
pub(super) const VERSION: &str = "wasmi 2.0.0";

/// The host.
#[derive(Default)]
pub struct WasmiShim(Arc<Translated>);

/// An engine, and the modules it has translated.
#[derive(Default)]
struct Translated {
    engine: Engine,
    modules: Mutex<HashMap<PathBuf, Module>>,
}

impl Translated {
    /// A module, translated once.
    fn module(&self, file: &File) -> Result<Module, Error> {
        let known = self.modules.lock().ok();
        if let Some(module) = known.and_then(|known| known.get(&file.path).cloned()) {
            return Ok(module);
        }
        let module = Module::new(&self.engine, &file.bytes)?;
        if let Ok(mut known) = self.modules.lock() {
            known.insert(file.path.clone(), module.clone());
        }
        Ok(module)
    }
}

impl Host for WasmiShim {
    fn version(&self) -> String {
        format!("wasi-shim {}, {VERSION}", env!("CARGO_PKG_VERSION"))
    }

    fn start(&self, program: &Program, bounds: Bounds) -> Option<Ended> {
        let (translated, program) = (self.0.clone(), program.clone());
        let done = within(bounds.time, move || {
            guest::run(&program, bounds, |wasi| {
                how(execute(&translated, &program, wasi))
            })
        });
        Some(done.unwrap_or_else(Ended::lost))
    }
}

fn execute(translated: &Translated, program: &Program, wasi: Wasi) -> Result<(), Error> {
    let module = translated.module(&program.module)?;
    let mut linker = Linker::new(&translated.engine);
    wasi_shim::wasmi::add_to_linker(&mut linker, |wasi: &mut Wasi| wasi)?;
    let mut store = Store::new(&translated.engine, wasi);
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    let start = instance.get_typed_func::<(), ()>(&store, "_start")?;
    start.call(&mut store, ())
}

fn how(returned: Result<(), Error>) -> How {
    let Err(error) = returned else {
        return How::Exited(0);
    };
    match error.i32_exit_status() {
        Some(code) => How::Exited(code.cast_unsigned()),
        None => How::Trapped(error.to_string()),
    }
}
