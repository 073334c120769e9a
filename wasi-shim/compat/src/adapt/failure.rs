//! How an error that ends the guest gets past an interface that knows error codes only.
//!
//! This file knows that what a call asks of a file is done on the thread that makes the call: the error waits there until
//! the call comes back. It refuses to know what failed. The adapters leave errors here, and whoever makes a call takes them.

use crate::{Cause, Error};
use std::cell::RefCell;
use wasi_shim::abi::Errno;

thread_local! {
    static TRAPPED: RefCell<Option<Cause>> = const { RefCell::new(None) };
}

/// What the shim is told. An error that ends the guest is left for whoever makes the call.
pub(crate) fn told(error: Error) -> Errno {
    match error.downcast() {
        Ok(errno) => errno.code().unwrap_or(Errno::Io),
        Err(cause) => {
            TRAPPED.with(|trapped| {
                // The first says what happened.
                let first = trapped.take();
                trapped.replace(first.or(Some(cause)));
            });
            Errno::Io
        }
    }
}

/// What ended the guest in the call that has just been made, if something did.
pub(crate) fn trapped() -> Option<Cause> {
    TRAPPED.with(RefCell::take)
}

/// Nothing has happened yet in the call that is about to be made.
pub(crate) fn forget() {
    drop(trapped());
}
