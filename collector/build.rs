//! Puts the built tracker where `http::script` embeds it, or a placeholder that says how to build it.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

const PLACEHOLDER: &str = "\
console.warn('Sanaq: this binary was built without its tracker. \
Run `npm ci && npm run build` in tracker-js, then build again (`make run` does both).');
";

/// What a page may load.
const FILES: [&str; 3] = ["script.js", "vitals.js", "web-vitals.js"];

#[allow(clippy::disallowed_methods, reason = "cargo tells a build script where to write in this variable")]
fn main() -> io::Result<()> {
    let tracker = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tracker-js");
    let (built, released) = (tracker.join("dist"), tracker.join("released"));
    for directory in [&built, &released] {
        // A directory that is missing would make cargo run this, and build the crate, every time.
        fs::create_dir_all(directory)?;
        println!("cargo::rerun-if-changed={}", directory.display());
    }
    let out = std::env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("run by cargo"))?;
    let out = Path::new(&out);

    let mut list = String::from("&[\n");
    for name in FILES {
        let found = fs::read(built.join(name));
        let plain = match found {
            Ok(plain) => plain,
            Err(_) if name == "script.js" => PLACEHOLDER.into(),
            Err(_) => continue,
        };
        let compressed = |ending: &str| fs::read(built.join(format!("{name}.{ending}"))).unwrap_or_default();
        add(&mut list, out, name, &plain, &compressed("br"), &compressed("gz"))?;
    }
    // Files of earlier releases, under the names that pages still load them by.
    for entry in fs::read_dir(&released)? {
        let path = entry?.path();
        if let (Some(name), Some("js")) =
            (path.file_name().and_then(|name| name.to_str()), path.extension().and_then(|end| end.to_str()))
        {
            let compressed =
                |ending: &str| fs::read(released.join(format!("{name}.{ending}"))).unwrap_or_default();
            add(&mut list, out, name, &fs::read(&path)?, &compressed("br"), &compressed("gz"))?;
        }
    }
    list.push(']');
    fs::write(out.join("scripts.rs"), list)?;
    let pinned = fs::read(built.join("pinned.json")).unwrap_or_else(|_| b"{}".to_vec());
    fs::write(out.join("pinned.json"), pinned)
}

/// One entry of the list, and its files.
fn add(
    list: &mut String,
    out: &Path,
    name: &str,
    plain: &[u8],
    brotli: &[u8],
    gzip: &[u8],
) -> io::Result<()> {
    let embed = |ending: &str, content: &[u8]| {
        let path = out.join(format!("{name}{ending}"));
        fs::write(&path, content).map(|()| format!("include_bytes!({:?})", path.display().to_string()))
    };
    let (plain, brotli, gzip) = (embed("", plain)?, embed(".br", brotli)?, embed(".gz", gzip)?);
    writeln!(list, "File {{ name: {name:?}, plain: {plain}, brotli: {brotli}, gzip: {gzip} }},")
        .map_err(io::Error::other)
}
