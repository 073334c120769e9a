//! The library for hosts written in C: its functions with C's types, as `include/wasi_shim.h` has them.
//!
//! Knows what C can say (pointers, lengths, numbers) and what has to be checked of it; what the functions do, the library
//! knows. Whoever can call C may use it; in Rust, use `wasi_shim` itself.
//!
//! # Where `unsafe` is
//!
//! In `raw`, and nowhere else: what a pointer promises is turned there into a share of what it leads to, a string or a
//! slice, which everything else uses. The attributes that export a name say `unsafe` too; that the names are unique is all
//! there is to them. A parameter that C passes as a pointer to one of our types is a `Ref` here, and one to a variable of
//! the caller's a `Place`, which are pointers to C.

#[cfg(not(unix))]
compile_error!("the library for C needs a Unix system, as the host directories of wasi-shim do");

pub mod ambient;
pub mod archive;
pub mod blocked;
pub mod by_name;
pub mod call;
pub mod callback;
pub mod capture;
pub mod changes;
pub mod config;
pub mod context;
pub mod devices;
pub mod dirs;
pub mod given;
pub mod mounts;
pub mod raw;
pub mod status;
pub mod streams;
pub mod trees;

/// The header says that any thread may use these.
const _: () = {
    const fn any_thread<T: Send + Sync>() {}
    any_thread::<blocked::Blocked>();
    any_thread::<context::Context>();
    any_thread::<dirs::Directory>();
    any_thread::<streams::ByteStream>();
    any_thread::<callback::stream::WakerHandle>();
    any_thread::<config::Config>();
    any_thread::<devices::DeviceTable>();
    any_thread::<mounts::MountTable>();
};
