//! `cargo run --release -p wasi-shim-tests --bin conform`: see `spec-notes/conform.md`.

fn main() -> std::process::ExitCode {
    wasi_shim_tests::conform::cli::run()
}
