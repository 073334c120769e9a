//! What ends a guest, for embedders: an error that can be taken apart again.
//!
//! This file knows which crate's error that is, which depends on the features. It refuses to know what went wrong. What
//! makes or hands out such errors uses it.

/// The error that a call fails with where the guest cannot go on: `wasmtime::Error`, or without the feature `wasmtime` the
/// one of wiggle.
#[cfg(feature = "wasmtime")]
pub type Cause = wasmtime::Error;
/// The error that a call fails with where the guest cannot go on: `wasmtime::Error`, or without the feature `wasmtime` the
/// one of wiggle.
#[cfg(not(feature = "wasmtime"))]
pub type Cause = wiggle::error::Error;

/// Whatever can be boxed, as a [`Cause`]; one that is a `Cause` already stays what it is, and can be taken apart.
#[cfg(feature = "wiggle-36")]
pub(crate) fn cause_of<E>(error: E) -> Cause
where
    E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
{
    let mut error = Some(error);
    let any: &mut dyn std::any::Any = &mut error;
    if let Some(cause) = any.downcast_mut::<Option<Cause>>().and_then(Option::take) {
        return cause;
    }
    match error {
        Some(error) => Cause::from_boxed(error.into()),
        None => Cause::msg("an error without a cause"),
    }
}
