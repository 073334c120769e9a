//! Knows the command line: which options there are, what they are called, what `--help` says of them.
//! Refuses to know what any of them does.
//! For `main`, which parses, and the commands, which read the result.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    path::PathBuf,
    time::Duration,
};

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{OsStringValueParser, TypedValueParser},
};

use crate::{durations, engines, features, preopens::Preopens, sizes, sockets::Sockets};

/// Runs WASI preview1 programs on host directories and in-memory trees.
#[derive(Debug, Parser)]
#[command(name = "wasi-shim", version, disable_help_subcommand = true)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Box<Run>),
    Compile(Compile),
}

/// Run a module
///
/// FILE is a module in binary (.wasm) or text (.wat) form, or one made by `wasi-shim compile`. What follows FILE is for
/// the guest.
///
/// A precompiled module is loaded only if its name ends in .cwasm: it is native code that no sandbox holds, so run only
/// those whose maker you trust.
#[derive(Debug, Args)]
#[command(after_help = STATUSES, override_usage = "wasi-shim run [OPTIONS] FILE [ARGS]...")]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) preopens: Preopens,

    /// When the guest has ended with 0, make its changes to each --overlay in the host's directory
    #[arg(long, requires = "overlay")]
    pub(crate) commit: bool,

    #[command(flatten)]
    pub(crate) sockets: Sockets,

    /// Set a variable in the guest's environment, which is empty otherwise; NAME alone takes over ours if it is set
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = OsStringValueParser::new().try_map(variable))]
    pub(crate) env: Vec<Variable>,

    /// The guest's argv[0]; the file name of FILE if not given
    #[arg(long, value_name = "NAME")]
    pub(crate) argv0: Option<OsString>,

    /// Call this export, with ARGS as its parameters, instead of `_start`; a reactor's `_initialize` is called before
    #[arg(long, value_name = "NAME")]
    pub(crate) invoke: Option<String>,

    /// Stop the guest after this long: 10, 0.5, 500ms, 2m
    #[arg(long, value_name = "TIME", value_parser = durations::parse)]
    pub(crate) timeout: Option<Duration>,

    /// How much the guest's memories and tables may hold together: 65536, 512M, 2G; not limited if not given
    #[arg(long, value_name = "SIZE", value_parser = sizes::parse)]
    pub(crate) max_memory: Option<usize>,

    /// How much stack the guest may use
    #[arg(long, value_name = "SIZE", default_value = "8M", value_parser = sizes::parse_stack)]
    pub(crate) max_stack: usize,

    /// How many threads the guest may have at a time besides its first; it may begin some with --wasm threads
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub(crate) max_threads: u32,

    /// What to do about imports that nobody provides
    #[arg(long, value_name = "HOW", value_enum)]
    pub(crate) unknown_imports: Option<UnknownImports>,

    /// What runs the module
    #[arg(long = "engine", value_name = "NAME", value_enum, default_value_t)]
    pub(crate) runs_on: engines::Name,

    #[command(flatten)]
    pub(crate) engine: EngineOptions,

    #[command(flatten)]
    pub(crate) cache: CacheOptions,

    // One list rather than two fields, so that options after FILE are the guest's and not ours.
    /// The module to run, and what the guest gets as its arguments
    #[arg(value_names = ["FILE", "ARGS"], required = true, num_args = 1.., trailing_var_arg = true)]
    command_line: Vec<OsString>,
}

/// Compile a module to native code, so that running it needs no compiler
///
/// The result starts in milliseconds, on machines like this one and with this version of wasi-shim. It is native code:
/// whoever can change it can do whatever you can do.
#[derive(Debug, Args)]
pub(crate) struct Compile {
    /// The module, in binary (.wasm) or text (.wat) form
    pub(crate) file: PathBuf,

    /// Where the compiled module goes, a name that ends in .cwasm
    #[arg(short, long, value_name = "OUT.cwasm")]
    pub(crate) output: PathBuf,

    #[command(flatten)]
    pub(crate) engine: EngineOptions,
}

#[derive(Debug, Args)]
pub(crate) struct EngineOptions {
    /// Switch WebAssembly features, as in `wasmtime -W`: exceptions, simd=n, wide-arithmetic
    #[arg(short = 'W', long = "wasm", value_name = "FEATURE[=y|n]", value_delimiter = ',', value_parser = features::parse)]
    pub(crate) features: Vec<features::Setting>,
}

#[derive(Debug, Args)]
pub(crate) struct CacheOptions {
    /// Compile the module even if it was compiled before, and do not keep the result
    #[arg(long)]
    pub(crate) no_cache: bool,

    /// Where compiled modules are kept; $XDG_CACHE_HOME/wasi-shim or ~/.cache/wasi-shim if not given
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    pub(crate) cache_dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum UnknownImports {
    /// A function traps when it is called
    Trap,
    /// A function returns zeros, a global is zero, a memory or table is as small as allowed
    Default,
}

/// `None` as the value stands for whatever our own environment has.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) name: OsString,
    pub(crate) value: Option<OsString>,
}

const STATUSES: &str = "\
Exit status:
  0-255  the guest's own (255, with a message, for one that is larger)
  1      the guest could not be run: no such file, not a module, a missing import or directory
  2      wrong usage
  101    a fault of this program's
  124    the guest was stopped by --timeout
  134    the guest trapped";

impl Run {
    pub(crate) fn file(&self) -> PathBuf {
        self.command_line
            .first()
            .map(PathBuf::from)
            .unwrap_or_default()
    }

    pub(crate) fn args(&self) -> &[OsString] {
        self.command_line.get(1..).unwrap_or_default()
    }
}

fn variable(text: OsString) -> Result<Variable, &'static str> {
    let mut parts = text
        .as_bytes()
        .splitn(2, |&byte| byte == b'=')
        .map(OsStr::from_bytes);
    let name = parts.next().unwrap_or_default().to_owned();
    if name.is_empty() {
        return Err("a variable needs a name: write NAME=VALUE, or NAME to take over ours");
    }
    Ok(Variable {
        name,
        value: parts.next().map(OsStr::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(args: &[&str]) -> Run {
        let words = ["wasi-shim", "run"].iter().chain(args);
        match CommandLine::try_parse_from(words).unwrap().command {
            Command::Run(run) => *run,
            Command::Compile(_) => panic!("not a run"),
        }
    }

    #[test]
    fn clap_finds_no_fault_in_the_definition() {
        <CommandLine as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn what_follows_the_file_is_the_guests() {
        let run = run(&[
            "--env", "A=1", "app.wasm", "--env", "B=2", "--", "-x", "--help",
        ]);
        assert_eq!(run.env.len(), 1);
        assert_eq!(run.file(), PathBuf::from("app.wasm"));
        assert_eq!(run.args(), ["--env", "B=2", "--", "-x", "--help"]);
    }

    #[test]
    fn preopens_keep_the_order_of_the_command_line() {
        let run = run(&[
            "--mem", "/c", "--dir", "a", "--ro-dir", "b::/b", "--mem", "/d", "--dir=e", "app.wasm",
        ]);
        let guests: Vec<_> = run
            .preopens
            .0
            .iter()
            .map(|preopen| preopen.guest.clone())
            .collect();
        assert_eq!(guests, ["/c", "a", "/b", "/d", "e"]);
    }

    #[test]
    fn variables() {
        let run = run(&["--env", "A=b=c", "--env", "D", "--env", "E=", "app.wasm"]);
        let pairs: Vec<_> = run.env.into_iter().map(|v| (v.name, v.value)).collect();
        assert_eq!(
            pairs,
            [
                ("A".into(), Some("b=c".into())),
                ("D".into(), None),
                ("E".into(), Some("".into()))
            ]
        );
    }

    #[test]
    fn feature_lists_are_split_at_commas() {
        assert_eq!(
            run(&["-W", "gc,simd=n", "--wasm", "exceptions", "app.wasm"])
                .engine
                .features
                .len(),
            3
        );
    }
}
