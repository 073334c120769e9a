//! See `wasi_shim_tests::fuzz::poll`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wasi_shim_tests::fuzz::poll::run(data));
