//! `cargo run --release -p wasi-shim-tests --no-default-features --bin race`: see `spec-notes/races.md`.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use wasi_shim_tests::race::{Library, Naive, main, run};
    main(&["wasi-shim", "naive"], |victim, pair, plan| match victim {
        "naive" => run(pair, Naive::new, plan),
        _ => run(pair, Library::new, plan),
    })
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("races are run on Linux only");
    std::process::exit(2);
}
