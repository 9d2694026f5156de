#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("umami").expect("a target").run)(bytes));
