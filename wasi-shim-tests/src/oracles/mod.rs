//! Other systems that answer a guest's calls, to compare the library with, and what is known to differ.
//!
//! [`Caller`] puts a [`Call`](crate::model::Call) into a memory and reads the answer out of it; below it is a [`Host`], the
//! library or wasi-common, called without an engine. [`known`] reads the list of differences. The kernel is an oracle too,
//! and is made where the tests are.

mod beside;
mod caller;
pub mod known;
mod left;
mod library;
#[cfg(feature = "peers")]
mod wasi_common;

pub use beside::{
    CLOSED, Found, after, against_model, answers, resolve, same_trees, scratch, told,
};
pub use caller::{Caller, Host};
pub use left::{left_in_folder, left_in_guest};
pub use library::library;
#[cfg(feature = "peers")]
pub use wasi_common::WasiCommon;
