//! Knows where compiled modules are kept if the user does not say.
//! Refuses to know whether that place exists or can be used.
//! For the command `run`, through `cache`.

use std::{env, ffi::OsString, path::PathBuf};

/// As the XDG base directory specification has it, which tells us to ignore relative paths.
pub(crate) fn default_place() -> Option<PathBuf> {
    let own = env::var_os("XDG_CACHE_HOME").and_then(absolute);
    let home = || {
        env::var_os("HOME")
            .and_then(absolute)
            .map(|home| home.join(".cache"))
    };
    own.or_else(home).map(|caches| caches.join("wasi-shim"))
}

fn absolute(path: OsString) -> Option<PathBuf> {
    Some(PathBuf::from(path)).filter(|path| path.is_absolute())
}
