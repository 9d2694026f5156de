//! `make chaos`: accepted means stored, shown against the real binary while things break.

fn main() {}
