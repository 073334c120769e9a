//! The host's directories, files, streams, sockets, clocks and random bytes, for guests whose calls wait on their thread.
//!
//! This room knows cap-std's types, and which of them the shim has something of its own for: given to a guest as they are,
//! they go through no adapter. Wrapped in something of an embedder's they are asked as wasi-common's were. Embedders use it.

pub mod clocks;
pub mod dir;
mod facts;
pub mod file;
pub mod net;
pub mod sched;
pub mod stdio;

pub use cap_std::ambient_authority;
pub use cap_std::fs::Dir;
pub use cap_std::net::TcpListener;
pub use clocks::clocks_ctx;
pub use sched::sched_ctx;

use rand::{Rng, SeedableRng};

/// Random bytes that nobody can foresee.
pub fn random_ctx() -> Box<dyn Rng + Send + Sync> {
    Box::new(rand::rngs::StdRng::from_seed(rand::random()))
}

/// The builder, which is the same for both ways to wait but for what it puts in.
macro_rules! builder {
    ($sched:path, $dir:ty, $stdio:ident) => {
        /// A context in the making.
        pub struct WasiCtxBuilder {
            ctx: $crate::WasiCtx,
            built: bool,
        }

        impl Default for WasiCtxBuilder {
            fn default() -> Self {
                Self::new()
            }
        }

        impl WasiCtxBuilder {
            /// A guest that has the system's time and random bytes, and nothing else.
            pub fn new() -> Self {
                let table = $crate::Table::new();
                let (random, clocks) = (random_ctx(), clocks_ctx());
                Self {
                    ctx: $crate::WasiCtx::new(random, clocks, $sched(), table),
                    built: false,
                }
            }

            /// Sets a variable.
            pub fn env(
                &mut self,
                var: &str,
                value: &str,
            ) -> Result<&mut Self, $crate::StringArrayError> {
                self.ctx.push_env(var, value)?;
                Ok(self)
            }

            /// Sets variables.
            pub fn envs(
                &mut self,
                env: &[(String, String)],
            ) -> Result<&mut Self, $crate::StringArrayError> {
                for (name, value) in env {
                    self.ctx.push_env(name, value)?;
                }
                Ok(self)
            }

            /// Sets this process's variables, but for those that have no name.
            pub fn inherit_env(&mut self) -> Result<&mut Self, $crate::StringArrayError> {
                for (name, value) in std::env::vars() {
                    match self.ctx.push_env(&name, &value) {
                        Ok(()) | Err($crate::StringArrayError::Name) => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(self)
            }

            /// Adds an argument.
            pub fn arg(&mut self, arg: &str) -> Result<&mut Self, $crate::StringArrayError> {
                self.ctx.push_arg(arg)?;
                Ok(self)
            }

            /// Adds arguments.
            pub fn args(&mut self, arg: &[String]) -> Result<&mut Self, $crate::StringArrayError> {
                for arg in arg {
                    self.ctx.push_arg(arg)?;
                }
                Ok(self)
            }

            /// Adds this process's arguments.
            pub fn inherit_args(&mut self) -> Result<&mut Self, $crate::StringArrayError> {
                for arg in std::env::args() {
                    self.ctx.push_arg(&arg)?;
                }
                Ok(self)
            }

            /// Sets standard input.
            pub fn stdin(&mut self, file: Box<dyn $crate::WasiFile>) -> &mut Self {
                self.ctx.set_stdin(file);
                self
            }

            /// Sets standard output.
            pub fn stdout(&mut self, file: Box<dyn $crate::WasiFile>) -> &mut Self {
                self.ctx.set_stdout(file);
                self
            }

            /// Sets standard error.
            pub fn stderr(&mut self, file: Box<dyn $crate::WasiFile>) -> &mut Self {
                self.ctx.set_stderr(file);
                self
            }

            /// Gives the guest this process's standard input.
            pub fn inherit_stdin(&mut self) -> &mut Self {
                self.stdin(Box::new($stdio::stdin()))
            }

            /// Gives the guest this process's standard output.
            pub fn inherit_stdout(&mut self) -> &mut Self {
                self.stdout(Box::new($stdio::stdout()))
            }

            /// Gives the guest this process's standard error.
            pub fn inherit_stderr(&mut self) -> &mut Self {
                self.stderr(Box::new($stdio::stderr()))
            }

            /// Gives the guest this process's standard streams.
            pub fn inherit_stdio(&mut self) -> &mut Self {
                self.inherit_stdin().inherit_stdout().inherit_stderr()
            }

            /// Gives the guest a directory under a path.
            pub fn preopened_dir(
                &mut self,
                dir: cap_std::fs::Dir,
                guest_path: impl AsRef<std::path::Path>,
            ) -> Result<&mut Self, $crate::Error> {
                let dir = Box::new(<$dir>::from_cap_std(dir));
                self.ctx.push_preopened_dir(dir, guest_path)?;
                Ok(self)
            }

            /// Gives the guest a socket under a number.
            pub fn preopened_socket(
                &mut self,
                fd: u32,
                socket: impl Into<$crate::sync::net::Socket>,
            ) -> Result<&mut Self, $crate::Error> {
                let socket: $crate::sync::net::Socket = socket.into();
                let mode = $crate::file::FileAccessMode::all();
                self.ctx.insert_file(fd, socket.into(), mode);
                Ok(self)
            }

            /// The context.
            ///
            /// # Panics
            /// The second time, as wasi-common does.
            pub fn build(&mut self) -> $crate::WasiCtx {
                assert!(!self.built, "a builder builds once");
                let Self { ctx, .. } = std::mem::take(self);
                self.built = true;
                ctx
            }
        }
    };
}

#[cfg(feature = "tokio")]
pub(crate) use builder;

builder! { sched_ctx, dir::Dir, stdio }

#[cfg(feature = "wasmtime")]
crate::link::linkers! { crate::link::add }
