//! See `wasi_shim_tests::fuzz::archive`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wasi_shim_tests::fuzz::archive::run(data));
