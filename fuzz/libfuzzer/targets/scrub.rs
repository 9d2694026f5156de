#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("scrub").expect("a target").run)(bytes));
