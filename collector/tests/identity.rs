//! Keys: gone from the memory of a whole process when their day closes; and no linking without them.
//!
//! | test | shows |
//! |---|---|
//! | `memory` | no copy of a key anywhere in a process after its closing instant; naive code leaves some |
//! | `search` | nothing that such a process leaves behind, tried as a key, gives back a tag |
//! | `linking` | tags of one visitor on two sites and two days are unrelated; collisions are chance |
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

/// What is found in memory depends on who hands it out: so the program's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[path = "identity/child.rs"]
mod child;
#[path = "identity/keys.rs"]
mod keys;
#[path = "identity/linking.rs"]
mod linking;
#[path = "identity/memory.rs"]
mod memory;
#[path = "identity/scan.rs"]
mod scan;
#[path = "identity/search.rs"]
mod search;
