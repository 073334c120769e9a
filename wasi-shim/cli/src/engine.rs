//! Knows how the wasmtime engine is configured for one run or compilation.
//! Refuses to know about modules, files and the guest.
//! For the commands `run` and `compile`.

use wasmtime::{Config, Engine};

use crate::{
    failure::Failure,
    features::{self, Setting},
};

#[derive(Debug, Default)]
pub(crate) struct Settings<'a> {
    pub(crate) features: &'a [Setting],
    /// `None` where nothing will run.
    pub(crate) stack: Option<usize>,
    /// Whether compute loops look for a request to stop. They pay for that, so only `--timeout` asks for it, and a
    /// module is compiled once for each of the two. With threads they always do: one that exits stops the others.
    pub(crate) interruptible: bool,
}

pub(crate) fn build(settings: &Settings<'_>) -> Result<Engine, Failure> {
    let mut config = Config::new();
    let threads = features::threads(settings.features);
    config.epoch_interruption(settings.interruptible || threads);
    if let Some(stack) = settings.stack {
        config.max_wasm_stack(stack);
        // Nothing here is asynchronous, but the engine checks this limit against the other in any case.
        config.async_stack_size(stack);
    }
    for setting in settings.features {
        setting.apply(&mut config);
    }
    Engine::new(&config).map_err(|error| Failure::Engine(format!("{error:#}")))
}
