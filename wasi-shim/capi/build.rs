//! Gives the shared library the name that programs linked with it look for.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        // Until 1.0 each minor version may change records of C: it has a name of its own.
        let version = ["MAJOR", "MINOR"]
            .map(|part| std::env::var(format!("CARGO_PKG_VERSION_{part}")).unwrap_or_default());
        println!(
            "cargo::rustc-cdylib-link-arg=-Wl,-soname,libwasi_shim.so.{}",
            version.join(".")
        );
    }
}
