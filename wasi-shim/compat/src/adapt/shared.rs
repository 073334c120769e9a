//! A file of an embedder's that operations share, and that is told about flags when none is under way.
//!
//! This file knows that `set_fdflags` wants the file for itself. It refuses to know what anybody does with the file. The
//! adapters of files use it.

use super::{convert, lock, settle};
use crate::file::WasiFile;
use std::sync::{Arc, Mutex};
use wasi_shim::abi::FdFlags;

/// A file, and the flags it is still to be told.
pub(super) struct Shared(Mutex<State>);

struct State {
    file: Arc<dyn WasiFile>,
    untold: Option<FdFlags>,
}

impl Shared {
    pub(super) fn new(file: Box<dyn WasiFile>) -> Self {
        Self(Mutex::new(State {
            file: file.into(),
            untold: None,
        }))
    }

    /// The file, which has been told its flags if nobody else had it.
    pub(super) fn get(&self) -> Arc<dyn WasiFile> {
        let mut state = lock(&self.0);
        state.tell();
        Arc::clone(&state.file)
    }

    /// Tells the file its flags, now or when nobody else has it any more.
    pub(super) fn set_flags(&self, flags: FdFlags) {
        let mut state = lock(&self.0);
        state.untold = Some(flags);
        state.tell();
    }
}

impl State {
    /// Whether it takes them is its own business: the shim keeps them.
    fn tell(&mut self) {
        if let (Some(flags), Some(file)) = (self.untold, Arc::get_mut(&mut self.file)) {
            self.untold = None;
            let _ = settle(file.set_fdflags(convert::their_fdflags(flags)));
        }
    }
}
