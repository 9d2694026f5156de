//! What must hold for any bytes from outside.
//!
//! A [`Target`] is a plain function over bytes that asserts what must hold: it never panics, and what it read means the same
//! when it is written and read again, or holds nothing of what must not be kept. Two runners feed them:
//!
//! - [`smoke`]: the committed corpus, and a bounded number of deterministic mutations of it; an ordinary test on any toolchain;
//! - `libfuzzer/`: coverage-guided, with `make fuzz`; what it finds worth keeping goes into `corpus/<target>/`.
//!
//! | module | what it feeds |
//! |---|---|
//! | [`beacon`] | the native dialect |
//! | [`dialects`] | batch, Umami, GoatCounter, pixel |
//! | [`page`] | addresses of pages and referrers |
//! | [`forwarded`] | `X-Forwarded-For` and `Forwarded` |
//! | [`scrub`] | texts that may hold what names a person |
//! | [`admission`] | all of it to a row, with canaries in every input |
//! | [`configuration`] | the settings of the whole program |
//! | [`journal`] | segments as they are found after a crash |
//! | [`request`] | what comes in on a connection: heads, bodies, where they end |

pub mod admission;
pub mod beacon;
pub mod configuration;
pub mod dialects;
pub mod forwarded;
pub mod journal;
pub mod page;
pub mod request;
pub mod scrub;
pub mod smoke;

use std::borrow::Cow;

/// Something that takes bytes from outside, and what must hold for it.
#[derive(Clone, Copy)]
pub struct Target {
    /// Name of its corpus and of its long run.
    pub name: &'static str,
    /// Asserts what must hold.
    pub run: fn(&[u8]),
    /// Mutations in a smoke run: about a second of an unoptimised build.
    pub mutations: u32,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "beacon", run: beacon::run, mutations: 20_000 },
    Target { name: "batch", run: dialects::batch, mutations: 10_000 },
    Target { name: "umami", run: dialects::umami, mutations: 20_000 },
    Target { name: "goatcounter", run: dialects::goatcounter, mutations: 20_000 },
    Target { name: "pixel", run: dialects::pixel, mutations: 20_000 },
    Target { name: "page", run: page::run, mutations: 10_000 },
    Target { name: "forwarded", run: forwarded::run, mutations: 30_000 },
    Target { name: "scrub", run: scrub::run, mutations: 20_000 },
    Target { name: "admission", run: admission::run, mutations: 2_000 },
    Target { name: "configuration", run: configuration::run, mutations: 3_000 },
    Target { name: "journal", run: journal::run, mutations: 5_000 },
    Target { name: "request", run: request::run, mutations: 5_000 },
];

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Bytes as text; what is no UTF-8 becomes replacement characters.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// The first line, and what follows it.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}
