//! See `wasi_shim_tests::fuzz::raw_call`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wasi_shim_tests::fuzz::raw_call::run(data));
