//! Puts the built tracker where `http::script` embeds it, or a placeholder that says how to build it.

use std::path::Path;
use std::{fs, io};

const PLACEHOLDER: &str = "\
console.warn('Sanaq: this binary was built without its tracker. \
Run `npm ci && npm run build` in tracker-js, then build again (`make run` does both).');
";

#[allow(clippy::disallowed_methods, reason = "cargo tells a build script where to write in this variable")]
fn main() -> io::Result<()> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tracker-js/dist");
    // A directory that is missing would make cargo run this, and build the crate, every time.
    fs::create_dir_all(&built)?;
    println!("cargo::rerun-if-changed={}", built.display());
    let script = fs::read_to_string(built.join("script.js")).unwrap_or_else(|_| PLACEHOLDER.to_owned());
    let out = std::env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("run by cargo"))?;
    fs::write(Path::new(&out).join("script.js"), script)
}
