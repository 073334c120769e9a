//! Standard input that comes a line at a time, from a script.

use std::any::Any;
use std::collections::VecDeque;
use std::io::IoSliceMut;
use std::sync::Mutex;
use wasi_common::file::FileType;
use wasi_common::{Error, WasiFile};

pub struct ScriptedStdin(Mutex<VecDeque<String>>);

impl ScriptedStdin {
    pub fn new(lines: &[&str]) -> Self {
        let lines = lines.iter().map(|line| format!("{line}\n"));
        Self(Mutex::new(lines.collect()))
    }
}

#[async_trait::async_trait]
impl WasiFile for ScriptedStdin {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn get_filetype(&self) -> Result<FileType, Error> {
        Ok(FileType::CharacterDevice)
    }

    async fn read_vectored<'a>(&self, bufs: &mut [IoSliceMut<'a>]) -> Result<u64, Error> {
        let line = self.0.lock().unwrap().pop_front().unwrap_or_default();
        bufs[0][..line.len()].copy_from_slice(line.as_bytes());
        Ok(line.len() as u64)
    }

    async fn readable(&self) -> Result<(), Error> {
        Ok(())
    }
}
