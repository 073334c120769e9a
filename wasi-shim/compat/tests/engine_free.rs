//! The functions by name, for hosts that bring an engine of their own.

#![allow(missing_docs, reason = "what is here is for tests")]

use std::cell::UnsafeCell;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use wasi_common::pipe::WritePipe;
use wasi_common::snapshots::preview_0::wasi_unstable;
use wasi_common::snapshots::preview_1::wasi_snapshot_preview1;
use wasi_common::sync::WasiCtxBuilder;
use wasi_common::{I32Exit, WasiCtx};
use wiggle::GuestMemory;

/// Such hosts poll once.
fn once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a host without an executor cannot wait"),
    }
}

fn message() -> Vec<u8> {
    let mut memory = vec![0; 65_536];
    memory[..4].copy_from_slice(&16_u32.to_le_bytes());
    memory[4..8].copy_from_slice(&5_u32.to_le_bytes());
    memory[16..21].copy_from_slice(b"hello");
    memory
}

fn context() -> (WasiCtx, WritePipe<std::io::Cursor<Vec<u8>>>) {
    let output = WritePipe::new_in_memory();
    let mut builder = WasiCtxBuilder::new();
    (builder.stdout(Box::new(output.clone())).build(), output)
}

fn written(pipe: WritePipe<std::io::Cursor<Vec<u8>>>) -> Vec<u8> {
    pipe.try_into_inner().unwrap().into_inner()
}

#[test]
fn a_host_calls_functions_by_name_in_its_own_memory() {
    let (mut ctx, output) = context();
    let mut bytes = message();
    let mut memory = GuestMemory::Unshared(&mut bytes);
    let call = wasi_snapshot_preview1::fd_write(&mut ctx, &mut memory, 1, 0, 1, 8);
    assert_eq!(once(call).unwrap(), 0);
    let call = wasi_unstable::fd_write(&mut ctx, &mut memory, 1, 0, 1, 8);
    assert_eq!(once(call).unwrap(), 0);
    assert_eq!(bytes[8], 5);
    drop(ctx);
    assert_eq!(written(output), b"hellohello");
}

#[test]
fn a_host_calls_functions_by_name_in_a_memory_that_is_shared() {
    let (mut ctx, output) = context();
    let cells: Vec<UnsafeCell<u8>> = message().into_iter().map(UnsafeCell::new).collect();
    let mut memory = GuestMemory::Shared(&cells);
    let call = wasi_snapshot_preview1::fd_write(&mut ctx, &mut memory, 1, 0, 1, 8);
    assert_eq!(once(call).unwrap(), 0);
    drop(ctx);
    assert_eq!(written(output), b"hello");
    assert_eq!(
        cells.into_iter().nth(8).map(UnsafeCell::into_inner),
        Some(5)
    );
}

#[test]
fn a_host_gets_exits_and_bad_pointers_as_errors_and_waits_in_the_call() {
    let (mut ctx, _) = context();
    let mut bytes = vec![0; 65_536];
    // Ten milliseconds of the monotonic clock.
    bytes[16] = 1;
    bytes[24..28].copy_from_slice(&10_000_000_u32.to_le_bytes());
    let mut memory = GuestMemory::Unshared(&mut bytes);
    let call = wasi_snapshot_preview1::poll_oneoff(&mut ctx, &mut memory, 0, 64, 1, 128);
    assert_eq!(once(call).unwrap(), 0);
    let call = wasi_snapshot_preview1::fd_write(&mut ctx, &mut memory, 1, -4, 1, 8);
    let error = once(call).unwrap_err();
    assert!(
        error.downcast_ref::<wasi_shim::Trap>().is_some(),
        "{error:?}"
    );
    let call = wasi_snapshot_preview1::proc_exit(&mut ctx, &mut memory, 126);
    let error = once(call).unwrap_err();
    assert_eq!(error.downcast::<I32Exit>().unwrap().0, 126);
}
