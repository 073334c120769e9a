//! A store, a linker and instances in it, linked in every way that there is.
//!
//! Knows how an instance comes by its functions and how it is called. Refuses to know what is tested.

use std::sync::Arc;
use wasi_shim::backends::{Capture, MemDir};
use wasi_shim::{Access, Wasi};
use wasmtime::{Config, Engine, Instance, Linker, Module, Store, WasmParams, WasmResults};

pub(crate) struct State {
    pub(crate) wasi: Wasi,
}

pub(crate) const fn wasi(state: &mut State) -> &mut Wasi {
    &mut state.wasi
}

/// How an instance comes by its functions.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Link {
    /// From the linker: those of all its instances.
    Shared,
    /// Made for it.
    Own,
    /// Made for all instances of its module.
    Prepared,
    /// As the first, for asynchronous calls.
    SharedAsync,
    /// As the second.
    OwnAsync,
    /// As the third.
    PreparedAsync,
}

pub(crate) const LINKS: [Link; 6] = [
    Link::Shared,
    Link::Own,
    Link::Prepared,
    Link::SharedAsync,
    Link::OwnAsync,
    Link::PreparedAsync,
];

impl Link {
    pub(crate) const fn is_shared(self) -> bool {
        matches!(self, Self::Shared | Self::SharedAsync)
    }

    /// Are its guests called asynchronously?
    pub(crate) const fn is_async(self) -> bool {
        matches!(
            self,
            Self::SharedAsync | Self::OwnAsync | Self::PreparedAsync
        )
    }
}

/// What a future comes to, in a runtime with this thread alone.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

pub(crate) struct Setup {
    link: Link,
    pub(crate) store: Store<State>,
    pub(crate) linker: Linker<State>,
    pub(crate) output: Arc<Capture>,
}

pub(crate) fn setup(link: Link, config: &Config) -> Setup {
    let engine = Engine::new(config).expect("an engine");
    let output = Capture::new(1 << 16);
    let wasi = Wasi::builder()
        .arg("test")
        .stdout(output.clone())
        .preopen("/", MemDir::new(), Access::ReadWrite)
        .build()
        .expect("a guest");
    let mut linker = Linker::new(&engine);
    // From outside the crate, as an embedder with another version would write it.
    let linked = if link.is_async() {
        wasi_shim::link_wasmtime_async!(wasmtime, &mut linker, |state: &mut State| &mut state.wasi)
    } else {
        wasi_shim::link_wasmtime!(wasmtime, &mut linker, |state: &mut State| &mut state.wasi)
    };
    linked.expect("nothing is defined twice");
    Setup {
        link,
        store: Store::new(&engine, State { wasi }),
        linker,
        output,
    }
}

impl Setup {
    pub(crate) fn instance(&mut self, wat: &str) -> Instance {
        let module = Module::new(self.store.engine(), wat).expect("a module");
        let (store, linker) = (&mut self.store, &self.linker);
        let instance = match self.link {
            Link::Shared => linker.instantiate(store, &module),
            Link::Own => {
                wasi_shim::instantiate_wasmtime!(wasmtime, store, linker, &module, wasi)
            }
            Link::Prepared => wasi_shim::instantiate_pre_wasmtime!(wasmtime, linker, &module, wasi)
                .and_then(|prepared| prepared.instantiate(store)),
            Link::SharedAsync => block_on(linker.instantiate_async(store, &module)),
            Link::OwnAsync => block_on(wasi_shim::instantiate_wasmtime_async!(
                wasmtime, store, linker, &module, wasi
            )),
            Link::PreparedAsync => {
                wasi_shim::instantiate_pre_wasmtime_async!(wasmtime, linker, &module, wasi)
                    .and_then(|prepared| block_on(prepared.instantiate_async(store)))
            }
        };
        instance.expect("an instance")
    }

    pub(crate) fn start(&mut self, instance: Instance) -> wasmtime::Result<()> {
        self.call(instance, "_start", ())
    }

    pub(crate) fn call<P: WasmParams + Sync, R: WasmResults + Sync>(
        &mut self,
        instance: Instance,
        name: &str,
        params: P,
    ) -> wasmtime::Result<R> {
        let function = instance.get_typed_func::<P, R>(&mut self.store, name)?;
        if self.link.is_async() {
            return block_on(function.call_async(&mut self.store, params));
        }
        function.call(&mut self.store, params)
    }
}
