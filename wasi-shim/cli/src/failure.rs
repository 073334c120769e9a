//! Knows every way in which a command can fail: what it tells the user, in a line or two, and its exit status.
//! Refuses to know how failures are found or where they are printed.
//! For every module of the command line; `main` alone turns one into output.

use std::{ffi::OsString, io, net::SocketAddr, path::PathBuf, time::Duration};

use crate::{durations, features};

/// The first line says what was wrong, the second what to do about it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("`{}` does not exist\ncheck the path of the module", .0.display())]
    NoSuchFile(PathBuf),
    #[error("`{}` is a directory\nname the module inside it", .0.display())]
    IsDirectory(PathBuf),
    #[error("cannot read `{}`: {error}\ncheck that it is a file you may read", .file.display())]
    Unreadable { file: PathBuf, error: io::Error },
    #[error("`{}` is not WebAssembly: it {looks}\nrun needs a module in binary (.wasm) or text (.wat) form, or one made by `wasi-shim compile`", .file.display())]
    NotWasm { file: PathBuf, looks: &'static str },
    #[error("`{}` is a component, and WASI preview1 is for modules\nbuild it for wasm32-wasip1, or run it with `wasmtime run`", .0.display())]
    Component(PathBuf),
    #[error("`{}` is not valid WebAssembly text: {message}", .file.display())]
    Text { file: PathBuf, message: String },
    #[error("`{}` is a precompiled module, but its name does not end in .cwasm\nit is native code that escapes every sandbox: rename it to .cwasm if you trust whoever made it", .0.display())]
    Disguised(PathBuf),
    #[error("`{}` is precompiled already\ngive `wasi-shim run` this file, or `wasi-shim compile` what it was made from", .0.display())]
    AlreadyCompiled(PathBuf),
    #[error("`{}` was precompiled for another engine: {reason}\ncompile it again with `wasi-shim compile` and the same --wasm options", .file.display())]
    Stale { file: PathBuf, reason: String },
    #[error("`{}` cannot be compiled: {reason}\n{}", .file.display(), compile_advice(.reason))]
    Uncompilable { file: PathBuf, reason: String },
    #[error("cannot start the engine: {0}\ncheck the --wasm options")]
    Engine(String),
    #[cfg(feature = "wasmi")]
    #[error(
        "--wasm {0}: wasmi has no such feature\nleave it away, or run the module with --engine wasmtime"
    )]
    NoFeature(&'static str),
    #[cfg(feature = "wasmi")]
    #[error(
        "--cache-dir: wasmi makes no code that could be kept\nleave the option away, or use --engine wasmtime"
    )]
    NoCache,
    #[cfg(feature = "wasmi")]
    #[error("`{}` is native code, and wasmi runs none\ngive it the module that this was made from, or use --engine wasmtime", .0.display())]
    NativeCode(PathBuf),

    #[error("--{option} {}: {error}\n{}", .host.display(), preopen_advice(.error))]
    Preopen {
        option: &'static str,
        host: PathBuf,
        error: io::Error,
    },
    #[error(
        "--tcplisten {address}: {error}\nname an address of this machine and a port that nobody uses"
    )]
    Listener {
        address: SocketAddr,
        error: io::Error,
    },
    #[error("--unixlisten {}: {error}", .path.display())]
    SocketFile { path: PathBuf, error: io::Error },
    #[error("--listenfd: {0}")]
    Passed(String),
    #[error(
        "--listenfd: no sockets were passed to this process\nstart it as a systemd service with a socket unit, or with systemd-socket-activate"
    )]
    NothingPassed,
    #[error("--archive {}: {reason}", .file.display())]
    Archive { file: PathBuf, reason: String },
    #[error("--commit {}: {reason}", .directory.display())]
    Commit { directory: PathBuf, reason: String },
    #[error("the {what} `{}` is not UTF-8\nspell it in UTF-8, which is all that WASI passes on", .given.display())]
    NotText { what: &'static str, given: OsString },
    #[error("cannot pass on the standard streams: {0}")]
    Streams(io::Error),
    #[error("cannot set up WASI: {0}")]
    Setup(String),
    #[error("`{}` imports what nobody provides: {missing}\n{advice}", .file.display())]
    MissingImports {
        file: PathBuf,
        missing: String,
        advice: &'static str,
    },
    #[error("`{}` cannot be instantiated: {reason}", .file.display())]
    Instantiation { file: PathBuf, reason: String },
    #[error("`{}` imports WASI functions but exports no memory named `memory`, which they need\nexport its memory under that name", .0.display())]
    NoMemory(PathBuf),
    #[error("`{}` exports no function `_start`, so it is no program\n{advice}", .file.display())]
    NoStart { file: PathBuf, advice: String },
    #[error("`{}` exports no function `{name}`\n{advice}", .file.display())]
    NoSuchExport {
        file: PathBuf,
        name: String,
        advice: String,
    },
    #[error("`{}` exports `{name}` with parameters or results\nthe convention gives it neither", .file.display())]
    NotAnEntry { file: PathBuf, name: &'static str },
    #[error("`{name}` {problem}\nits parameters are {parameters}")]
    Arguments {
        name: String,
        problem: String,
        parameters: String,
    },

    #[error("cannot reserve a stack of {size} bytes: {error}\nask for less with --max-stack")]
    Stack { size: usize, error: io::Error },
    #[error("the guest was stopped after {}, the limit set by --timeout", durations::show(*.0))]
    TimedOut(Duration),
    /// The one message of more than two lines, as it ends with the guest's backtrace.
    #[error("the guest trapped: {0}")]
    Trapped(String),
    #[error(
        "wasi-shim itself failed while it ran the guest\nplease report this as a bug, with the message above"
    )]
    Internal,

    #[error("cannot write `{}`: {error}", .file.display())]
    Unwritable { file: PathBuf, error: io::Error },
    #[error("the output `{}` does not end in .cwasm\n`wasi-shim run` loads precompiled modules only under that name: use -o NAME.cwasm", .0.display())]
    OutputName(PathBuf),
}

impl Failure {
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::Arguments { .. } | Self::NotText { .. } | Self::OutputName(_) => 2,
            #[cfg(feature = "wasmi")]
            Self::NoFeature(_) | Self::NoCache => 2,
            Self::Internal => 101,
            Self::TimedOut(_) => 124,
            Self::Trapped(_) => 134,
            _ => 1,
        }
    }
}

fn compile_advice(reason: &str) -> &'static str {
    if reason.contains("legacy") {
        return features::LEGACY_EXCEPTIONS;
    }
    if reason.contains("not enabled")
        || reason.contains("is disabled")
        || reason.contains("required for")
    {
        return "it needs a WebAssembly feature that is off: switch it on with --wasm FEATURE";
    }
    "the file is damaged, or made for another engine: build it again"
}

fn preopen_advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "create the directory first, or use --mem GUEST for an empty one in memory"
        }
        io::ErrorKind::NotADirectory => {
            "preopens are directories: name the one that holds the file"
        }
        _ => "check that it is a directory you may read",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_two_lines_at_most() {
        let file = || PathBuf::from("app.wasm");
        let error = || io::Error::from(io::ErrorKind::NotFound);
        let failures = [
            Failure::NoSuchFile(file()),
            Failure::NotWasm {
                file: file(),
                looks: "is empty",
            },
            Failure::Uncompilable {
                file: file(),
                reason: "bad".to_owned(),
            },
            Failure::Preopen {
                option: "dir",
                host: file(),
                error: error(),
            },
            Failure::Stack {
                size: 1,
                error: error(),
            },
            Failure::Internal,
        ];
        for failure in failures {
            assert!(failure.to_string().lines().count() <= 2, "{failure}");
        }
    }
}
