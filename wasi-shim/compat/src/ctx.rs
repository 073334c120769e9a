//! The context: all that a guest is given.
//!
//! This file knows wasi-common's ways to put a context together. A guest is made of it when it makes its first call; what is
//! added later is added to the guest. Embedders make contexts; linkers ask them for the guest.

use crate::adapt::{self, Chance, Times};
use crate::clocks::WasiClocks;
use crate::dir::WasiDir;
use crate::file::{FileAccessMode, WasiFile};
use crate::pipe::{ReadPipe, WritePipe};
use crate::sched::WasiSched;
use crate::{Error, ErrorExt, StringArray, StringArrayError, Table};
use rand::Rng;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use wasi_shim::{Builder, Wasi};

/// What a guest is given. Clones are the same guest.
#[derive(Clone)]
pub struct WasiCtx(Arc<WasiCtxInner>);

/// What is in a context.
#[allow(missing_docs, reason = "each is what its name says")]
pub struct WasiCtxInner {
    pub args: StringArray,
    pub env: StringArray,
    pub random: Arc<Mutex<Box<dyn Rng + Send + Sync>>>,
    pub clocks: Arc<WasiClocks>,
    pub sched: Box<dyn WasiSched>,
    pub table: Table,
}

impl Deref for WasiCtx {
    type Target = WasiCtxInner;

    fn deref(&self) -> &WasiCtxInner {
        &self.0
    }
}

impl WasiCtx {
    /// A guest whose standard input is at its end and whose output goes nowhere.
    pub fn new(
        random: Box<dyn Rng + Send + Sync>,
        clocks: WasiClocks,
        sched: Box<dyn WasiSched>,
        table: Table,
    ) -> Self {
        let ctx = Self(Arc::new(WasiCtxInner {
            args: StringArray::new(),
            env: StringArray::new(),
            random: Arc::new(Mutex::new(random)),
            clocks: Arc::new(clocks),
            sched,
            table,
        }));
        ctx.set_stdin(Box::new(ReadPipe::new(std::io::empty())));
        ctx.set_stdout(Box::new(WritePipe::new(std::io::sink())));
        ctx.set_stderr(Box::new(WritePipe::new(std::io::sink())));
        ctx
    }

    /// Puts a file under a number, in the place of what is there. A regular file is read and written from where it is, and
    /// moves for all who have it. Numbers from 65,536 on are not a guest's, nor, after its
    /// first call, those from 1,024 on that nothing was put under before: nothing happens for those.
    pub fn insert_file(&self, fd: u32, file: Box<dyn WasiFile>, access_mode: FileAccessMode) {
        self.table.guest.insert(fd, adapt::file(file, access_mode));
    }

    /// Puts a file under the lowest free number.
    pub fn push_file(
        &self,
        file: Box<dyn WasiFile>,
        access_mode: FileAccessMode,
    ) -> Result<u32, Error> {
        self.table.guest.push(adapt::file(file, access_mode))
    }

    /// Puts a directory under a number; see [`insert_file`](Self::insert_file). The guest does not find it under a path that
    /// it could not use, but by its number.
    pub fn insert_dir(&self, fd: u32, dir: Box<dyn WasiDir>, path: PathBuf) {
        self.table.guest.insert(fd, (adapt::dir(dir, &path), 0));
    }

    /// Puts a directory under the lowest free number.
    pub fn push_dir(&self, dir: Box<dyn WasiDir>, path: PathBuf) -> Result<u32, Error> {
        self.table.guest.push((adapt::dir(dir, &path), 0))
    }

    /// Gives the guest a directory under a path.
    ///
    /// # Errors
    /// `inval` for a path that no guest could use: an empty one, and one that holds a NUL or is not UTF-8.
    pub fn push_preopened_dir(
        &self,
        dir: Box<dyn WasiDir>,
        path: impl AsRef<Path>,
    ) -> Result<(), Error> {
        let unusable = || Error::invalid_argument().context("no guest could use this path");
        let given = adapt::preopen(dir, path.as_ref()).ok_or_else(unusable)?;
        self.table.guest.push((given, 0)).map(drop)
    }

    /// The table.
    pub fn table(&self) -> &Table {
        &self.0.table
    }

    /// The table, unless there are clones.
    pub fn table_mut(&mut self) -> Option<&mut Table> {
        Arc::get_mut(&mut self.0).map(|inner| &mut inner.table)
    }

    /// Adds an argument. After the guest's first call it changes nothing for the guest.
    ///
    /// # Panics
    /// If there are clones, as wasi-common does.
    pub fn push_arg(&mut self, arg: &str) -> Result<(), StringArrayError> {
        self.alone().args.push(arg.to_owned())
    }

    /// Adds a variable. A variable that is set twice has the later value. After the guest's first call it changes nothing
    /// for the guest.
    ///
    /// # Panics
    /// If there are clones, as wasi-common does.
    pub fn push_env(&mut self, name: &str, value: &str) -> Result<(), StringArrayError> {
        if name.is_empty() || name.contains('=') {
            return Err(StringArrayError::Name);
        }
        self.alone().env.push(format!("{name}={value}"))
    }

    fn alone(&mut self) -> &mut WasiCtxInner {
        let inner = Arc::get_mut(&mut self.0);
        inner.expect("arguments and variables are added before the context is cloned")
    }

    /// Sets standard input, before the guest's first call or after it.
    pub fn set_stdin(&self, file: Box<dyn WasiFile>) {
        self.insert_file(0, file, FileAccessMode::READ);
    }

    /// Sets standard output, before the guest's first call or after it.
    pub fn set_stdout(&self, file: Box<dyn WasiFile>) {
        self.insert_file(1, file, FileAccessMode::WRITE);
    }

    /// Sets standard error, before the guest's first call or after it.
    pub fn set_stderr(&self, file: Box<dyn WasiFile>) {
        self.insert_file(2, file, FileAccessMode::WRITE);
    }

    /// The guest.
    pub(crate) fn wasi(&self) -> &Wasi {
        self.table.guest.running(|| self.builder())
    }

    fn builder(&self) -> Builder {
        let mut builder = Wasi::builder()
            .args(self.args.strings())
            .clock(Arc::new(Times(Arc::clone(&self.clocks))))
            .entropy(Arc::new(Chance(Arc::clone(&self.random))));
        for variable in self.env.strings() {
            let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
            builder = builder.env(name, value);
        }
        builder
    }
}
