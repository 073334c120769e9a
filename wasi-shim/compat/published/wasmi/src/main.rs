//! Runs a guest with the published `wasmi_wasi`.

use std::error::Error;
use wasmi::{Engine, Linker, Module, Store};
use wasmi_wasi::wasi_common::pipe::{ReadPipe, WritePipe};
use wasmi_wasi::{Dir, WasiCtx, WasiCtxBuilder, add_to_linker, ambient_authority};

fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::default();
    let module = Module::new(&engine, include_str!("../guest.wat"))?;
    let output = WritePipe::new_in_memory();
    let directory = std::env::args().nth(1).ok_or("where is the directory?")?;
    let wasi = WasiCtxBuilder::new()
        .stdin(Box::new(ReadPipe::from("from standard input, ")))
        .stdout(Box::new(output.clone()))
        .preopened_dir(Dir::open_ambient_dir(directory, ambient_authority())?, "/")?
        .build();
    let mut store = Store::new(&engine, wasi);
    let mut linker = <Linker<WasiCtx>>::new(&engine);
    add_to_linker(&mut linker, |wasi: &mut WasiCtx| wasi)?;
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    let start = instance.get_typed_func::<(), ()>(&store, "_start")?;
    let code = start
        .call(&mut store, ())
        .err()
        .and_then(|error| error.i32_exit_status());
    drop(store);
    let output = output
        .try_into_inner()
        .map_err(|_| "somebody has the output")?;
    print!("{}", String::from_utf8(output.into_inner())?);
    println!("and exit code {code:?}");
    Ok(())
}
