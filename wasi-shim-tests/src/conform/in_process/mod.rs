//! Hosts that are compiled in: the library, and what it is compared with.
//!
//! They run in threads of their own, because one that hangs cannot be ended; it is left behind.

mod compat;
mod guest;
mod shim;
mod wasi_common;
mod wasmi_shim;
mod wasmtime_shim;
mod wasmtime_threads;
mod wasmtime_wasi;
mod wrapped;

use super::host::Host;
use std::any::Any;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

pub use wasmi_shim::WasmiShim;
pub use wasmtime_shim::WasmtimeShim;
pub use wasmtime_wasi::WasmtimeWasi;

/// The host of this name.
pub fn find(name: &str) -> Result<Arc<dyn Host>, String> {
    match name {
        "shim" => Ok(Arc::new(shim::Shim)),
        "shim-wasmtime" => Ok(Arc::new(WasmtimeShim::new()?)),
        "shim-wasmtime-async" => Ok(Arc::new(WasmtimeShim::asynchronous()?)),
        "shim-wasmi" => Ok(Arc::new(WasmiShim::default())),
        "shim-threads" => Ok(Arc::new(wasmtime_threads::WasmtimeThreads::new()?)),
        "shim-compat" => Ok(Arc::new(compat::Compat::new()?)),
        "shim-compat-async" => Ok(Arc::new(compat::Compat::asynchronous()?)),
        "shim-compat-wrapped" => Ok(Arc::new(compat::Compat::wrapped()?)),
        "wasi-common" => Ok(Arc::new(wasi_common::WasiCommon)),
        "wasmtime-wasi" => Ok(Arc::new(WasmtimeWasi::new()?)),
        _ => Err("it has no command, and none of that name is compiled in".to_owned()),
    }
}

/// What some work comes to, or why it came to nothing.
fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let (sender, receiver) = mpsc::channel();
    let started = thread::Builder::new()
        .name("host".to_owned())
        .spawn(move || {
            let _ = sender.send(work());
        });
    let thread = started.map_err(|error| error.to_string())?;
    match receiver.recv_timeout(limit) {
        Ok(result) => Ok(result),
        Err(RecvTimeoutError::Timeout) => Err(format!(
            "hung: it was left behind after {} s",
            limit.as_secs_f64()
        )),
        Err(RecvTimeoutError::Disconnected) => {
            let panic = thread.join().err();
            let text = panic.as_deref().map(spell_panic);
            Err(format!("panicked: {}", text.unwrap_or_default()))
        }
    }
}

/// What a panic said.
pub fn spell_panic(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("nobody knows why").to_owned()
}
