//! Knows how the wasmtime engine is configured for one run or compilation.
//! Refuses to know about modules, files and the guest.
//! For the commands `run` and `compile`.

use wasmtime::{Config, Engine};

use crate::{failure::Failure, features::Setting};

#[derive(Debug, Default)]
pub(crate) struct Settings<'a> {
    pub(crate) features: &'a [Setting],
    /// `None` where nothing will run.
    pub(crate) stack: Option<usize>,
    /// Whether compute loops look for a request to stop. They pay for that, so only `--timeout` asks for it, and a
    /// module is compiled once for each of the two.
    pub(crate) interruptible: bool,
}

pub(crate) fn build(settings: &Settings<'_>) -> Result<Engine, Failure> {
    let mut config = Config::new();
    config.epoch_interruption(settings.interruptible);
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
