//! The library without an engine, on a directory of the host.

use super::within;
use crate::conform::host::{Ended, Host, Module, Prepared, Program};
use crate::conform::process::Bounds;
use crate::script::{End, Run, direct, tree};
use std::path::Path;
use std::sync::Arc;

pub(super) struct Shim;

impl Host for Shim {
    fn version(&self) -> String {
        format!("wasi-shim {}", env!("CARGO_PKG_VERSION"))
    }

    fn cannot(&self) -> &'static [&'static str] {
        &[]
    }

    fn start(&self, _: &Program, _: Bounds) -> Option<Ended> {
        None
    }

    fn run(&self, prepared: &Arc<Prepared>, folder: &Path, _: &Arc<Module>, bounds: Bounds) -> Run {
        let (prepared, root) = (prepared.clone(), folder.join(tree::ROOT));
        let done = within(bounds.time, move || {
            let root = wasi_shim::host::open_dir(&root).map_err(|error| error.to_string())?;
            let wasi = direct::wasi(&prepared.case, &root).map_err(|error| error.to_string())?;
            Ok(direct::run(&prepared.plan, &wasi))
        });
        done.flatten().unwrap_or_else(|why: String| Run {
            calls: Vec::new(),
            end: End::Lost(why),
        })
    }
}
