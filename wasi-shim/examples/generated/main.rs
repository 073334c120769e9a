//! A host that runs a program on a filesystem of its own.
//!
//! ```text
//! generated MODULE [ARGUMENT]...
//! ```
//!
//! The program sees the made-up directory as `/generated`, and nothing else.

mod filesystem;

use filesystem::Generated;
use std::{env, error::Error, process::exit, sync::Arc};
use wasi_shim::{Access, Exit, Wasi};
use wasmtime::{Engine, Linker, Module, Store};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let file = args.next().ok_or("usage: generated MODULE [ARGUMENT]...")?;
    let names = ["alice", "bob"].map(String::from).to_vec();
    let content = |name: &str| format!("Hello, {name}!\n");
    let wasi = Wasi::builder()
        .arg(&file)
        .args(args)
        .inherit_stdio()?
        .preopen(
            "/generated",
            Arc::new(Generated { names, content }),
            Access::ReadWrite,
        )
        .build()?;

    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    wasi_shim::wasmtime::add_to_linker(&mut linker, |wasi: &mut Wasi| wasi)?;
    let mut store = Store::new(&engine, wasi);
    let instance = linker.instantiate(&mut store, &Module::from_file(&engine, file)?)?;
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
    match start.call(&mut store, ()) {
        Err(error) => match error.downcast_ref::<Exit>() {
            Some(Exit(code)) => exit(i32::try_from(*code).unwrap_or(1)),
            None => Err(error.into()),
        },
        Ok(()) => Ok(()),
    }
}
