//! Every target against its committed corpus and mutations of it; and that the run finds what there is to find.

use std::path::Path;

use fuzz_targets::smoke::{corpus, run};
use fuzz_targets::{TARGETS, Target, beacon, target};

/// Of the mutations; another one with `FUZZ_SEED=…`.
const SEED: u64 = 20_261_122;

#[allow(clippy::disallowed_methods, reason = "not a setting of the program: it chooses the inputs of a test")]
fn seed() -> u64 {
    std::env::var("FUZZ_SEED").map_or(SEED, |seed| seed.parse().expect("FUZZ_SEED is a number"))
}

fn corpus_of(name: &str) -> Vec<Vec<u8>> {
    corpus(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name)).expect("a corpus with files")
}

#[test]
fn whatever_comes_from_outside_every_target_holds() {
    let seed = seed();
    println!("seed {seed}");
    for target in TARGETS {
        let corpus = corpus_of(target.name);
        match run(target, &corpus, seed, target.mutations) {
            Ok(inputs) => println!("{}: {inputs} inputs", target.name),
            Err(finding) => panic!("{finding}"),
        }
    }
}

/// As `beacon`, with a fault that no file of its corpus shows.
fn planted(bytes: &[u8]) {
    beacon::run(bytes);
    if let Ok(beacon) = collector::dialect::native::parse(bytes) {
        let fault = beacon.engagement.is_some_and(|e| e.scroll_depth == Some(100) && e.engaged_ms.is_none());
        assert!(!fault, "planted");
    }
}

#[test]
fn a_planted_fault_is_found_and_found_again() {
    // Few, so that none shows the fault by itself, however the corpus grows.
    let corpus = ["engagement-second", "engagement-scrolled", "pageview"].map(|name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/beacon").join(name);
        std::fs::read(path).expect("a file of the corpus")
    });
    let target = Target { name: "planted", run: planted, mutations: 20_000 };
    run(&target, &corpus, SEED, 0).expect("the corpus itself is clean");
    let found = |seed| run(&target, &corpus, seed, target.mutations).expect_err("the fault is found");
    let (first, second) = (found(SEED), found(SEED));
    assert!(first.mutation.is_some());
    assert_eq!((first.mutation, first.input), (second.mutation, second.input));
}

#[test]
fn each_target_has_a_corpus_and_each_corpus_a_target() {
    let directories = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")).unwrap();
    let mut names: Vec<_> =
        directories.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|name| target(name).is_some()), "{names:?}");
    names.sort();
    let mut expected: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
}
