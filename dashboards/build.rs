//! Rebuilds the crate when the user interface was built anew.

fn main() {
    // A path that isn't there would make every build look stale, so an empty directory stands in until the front end is
    // built; `ui.rs` then serves a page that says how. Failing to make it only costs that rebuild.
    let _ = std::fs::create_dir_all("web/dist");
    println!("cargo::rerun-if-changed=web/dist");
    println!("cargo::rerun-if-changed=build.rs");
}
