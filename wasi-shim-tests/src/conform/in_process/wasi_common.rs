//! `wasi-common` without an engine: its functions are called on a block of bytes.

use super::within;
use crate::conform::host::{Directory, Ended, Host, Module, Prepared, Program, directories};
use crate::conform::process::Bounds;
use crate::script::{End, Run, direct};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use wasi_common::pipe::{ReadPipe, WritePipe};
use wasi_common::snapshots::preview_1::wasi_snapshot_preview1 as functions;
use wasi_common::sync::{Dir, WasiCtxBuilder, ambient_authority};
use wasi_common::{I32Exit, WasiCtx};
use wasi_shim::abi::Syscall;
use wiggle::GuestMemory;

pub(super) struct WasiCommon;

impl Host for WasiCommon {
    fn version(&self) -> String {
        "wasi-common 46.0.3".to_owned()
    }

    fn cannot(&self) -> &'static [&'static str] {
        &[]
    }

    fn start(&self, _: &Program, _: Bounds) -> Option<Ended> {
        None
    }

    fn run(&self, prepared: &Arc<Prepared>, folder: &Path, _: &Arc<Module>, bounds: Bounds) -> Run {
        let (prepared, directories) = (prepared.clone(), directories(&prepared.case, folder));
        let done = within(bounds.time, move || {
            let mut context =
                context(&prepared, &directories).map_err(|error| error.to_string())?;
            Ok(direct::carry_out(&prepared.plan, |call, args, bytes| {
                answer(&mut context, &mut GuestMemory::Unshared(bytes), call, args)
            }))
        });
        done.flatten().unwrap_or_else(|why: String| Run {
            calls: Vec::new(),
            end: End::Lost(why),
        })
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn context(prepared: &Prepared, directories: &[Directory]) -> Result<WasiCtx, Failure> {
    let case = &prepared.case;
    let mut builder = WasiCtxBuilder::new();
    builder
        .args(&case.args)?
        .envs(&case.env)?
        .stdin(Box::new(ReadPipe::from(case.stdin.clone())))
        .stdout(Box::new(WritePipe::new_in_memory()))
        .stderr(Box::new(WritePipe::new_in_memory()));
    for directory in directories {
        let dir = Dir::open_ambient_dir(&directory.host, ambient_authority())?;
        builder.preopened_dir(dir, &directory.guest)?;
    }
    Ok(builder.build())
}

/// What a function gives back: an error code, or, of `proc_exit`, nothing.
trait Code {
    fn code(self) -> u32;
}

impl Code for i32 {
    fn code(self) -> u32 {
        self.cast_unsigned()
    }
}

impl Code for () {
    fn code(self) -> u32 {
        0
    }
}

/// From the 46 rows, so that a function cannot be called with the arguments of another.
macro_rules! dispatch {
    ({ $context:ident $memory:ident $call:ident $args:ident } $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $with:ident)?;
    )*) => {
        match $call {
            $(Syscall::$variant => {
                #[allow(unused_mut, unused_variables)]
                let mut args = $args.iter().copied();
                $(let $param = core::<$core>(args.next().unwrap_or_default());)*
                finished(functions::$name($context, $memory, $($param),*))
            })*
        }
    };
}

/// A core argument, which the plan has as a number of 64 bits.
fn core<T: Core>(value: i64) -> T {
    T::cut(value)
}

trait Core {
    fn cut(value: i64) -> Self;
}

impl Core for i32 {
    fn cut(value: i64) -> Self {
        #[allow(clippy::cast_possible_truncation)]
        let low = value as Self;
        low
    }
}

impl Core for i64 {
    fn cut(value: i64) -> Self {
        value
    }
}

fn answer(
    context: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    call: Syscall,
    args: &[i64],
) -> Result<u32, End> {
    wasi_shim::for_each_syscall! { [dispatch] { context memory call args } }
}

/// The synchronous implementation is ready at once, or never.
fn finished<T: Code>(
    call: impl Future<Output = Result<T, wiggle::error::Error>>,
) -> Result<u32, End> {
    match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(value)) => Ok(value.code()),
        Poll::Ready(Err(error)) => Err(match error.downcast_ref::<I32Exit>() {
            Some(exit) => End::Exited(exit.0.cast_unsigned()),
            None => End::Trapped(error.to_string()),
        }),
        Poll::Pending => Err(End::Lost("it waits for somebody to wake it".to_owned())),
    }
}
