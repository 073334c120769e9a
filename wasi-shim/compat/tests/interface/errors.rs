//! What errors say, and what becomes of them.

use crate::kit::{Guest, NOSPC};
use std::any::Any;
use std::io::IoSlice;
use wasi_common::file::FileType;
use wasi_common::snapshots::preview_1::types::{Errno, Error as SameError};
use wasi_common::sync::WasiCtxBuilder;
use wasi_common::{Error, ErrorExt, I32Exit, WasiFile};

#[test]
fn a_code_that_was_made_a_trap_is_a_code_again() {
    let error = Error::trap(Errno::Nospc.into());
    assert_eq!(error.downcast_ref(), Some(&Errno::Nospc));
    let cause = wasmtime::Error::from(Errno::Nospc).context("writing");
    let error: SameError = Error::trap(cause);
    assert_eq!(error.to_string(), "writing");
    assert_eq!(error.downcast().unwrap(), Errno::Nospc);
}

/// Keeps its errors as the engine's, as functions do that do more than answer a guest.
struct Full;

impl Full {
    fn put(_: &[u8]) -> wasmtime::Result<u64> {
        Err(Errno::Nospc.into())
    }
}

#[async_trait::async_trait]
impl WasiFile for Full {
    fn as_any(&self) -> &dyn Any {
        self
    }
    async fn get_filetype(&self) -> Result<FileType, Error> {
        Ok(FileType::Pipe)
    }
    async fn write_vectored<'a>(&self, bufs: &[IoSlice<'a>]) -> Result<u64, Error> {
        Self::put(&bufs[0]).map_err(Error::trap)
    }
}

#[test]
fn a_code_on_its_way_through_the_engines_errors_reaches_the_guest() {
    let ctx = WasiCtxBuilder::new().stdout(Box::new(Full)).build();
    assert_eq!(Guest::new(ctx).write(1, b"x"), Err(NOSPC));
}

/// An error and what caused it.
fn chain(error: &dyn std::error::Error) -> Vec<String> {
    let all = std::iter::successors(Some(error), |error| error.source());
    all.map(ToString::to_string).collect()
}

#[test]
fn no_error_says_itself_twice() {
    assert_eq!(chain(&Error::badf()), ["bad file descriptor"]);
    let trap = Error::trap(wasmtime::Error::new(I32Exit(3)).context("leaving"));
    assert_eq!(chain(&trap), ["leaving", "Exited with i32 exit status 3"]);
    let more = Error::badf().context("reading");
    assert_eq!(chain(&more), ["reading", "bad file descriptor"]);
}

#[test]
fn codes_have_their_numbers() {
    assert_eq!((Errno::Success as u16, Errno::Notcapable as u16), (0, 76));
    for number in 0..77_u16 {
        let errno = Errno::try_from(number).unwrap();
        assert_eq!((u16::from(errno), errno as u16), (number, number));
    }
    assert_eq!(Errno::try_from(44_i32).unwrap(), Errno::Noent);
    assert!(Errno::try_from(77_u16).is_err() && Errno::try_from(-1_i32).is_err());
}
