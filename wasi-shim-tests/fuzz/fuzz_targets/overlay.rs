//! See `wasi_shim_tests::fuzz::overlay`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wasi_shim_tests::fuzz::overlay::run(data));
