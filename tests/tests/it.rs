//! End-to-end tests: the composed program, in this process with a movable clock or as the real binary.
//!
//! | module | rule it shows |
//! |---|---|
//! | `simulate` | made-up days are shown as they were made up, and no real day is touched |
//! | `sealing` | a sealed day answers as before, and what could point at a person is gone |
//! | `contract` | what clients, servers and pages without scripts send is taken as documented, by the site's rules |
//! | `commands` | what a person types to seal a day, or to know what goes, does what it says |
//! | `crash` | what was acknowledged is in ClickHouse exactly once, whatever was killed |
//! | `faults` | and whatever broke between collector and ClickHouse, or on the disk |
//! | `journal` | what an operator may do with its directory: look at it, put back a backup |
//! | `outage` | ClickHouse may be away |
//! | `crowd` | on many connections, and among many that only stand in the way, each beacon has a true answer |
//! | `privacy` | no marked address or agent is in any file, log line, metric or table |
//! | `identity` | keys outlive a restart but not their day: not in memory, not on the raw disk |
//! | `proxies` | behind a real nginx or Caddy a visitor is who the proxy saw |
//! | `refusals` | bad input to a public route gets its status and code, and leaves nothing in the log |
//! | `lifecycle` | orderly stop, restart with the data, listeners and commands |
//! | `overload` | more than it can take, and clients that mean no good: refused in time, told so, counted once |
//! | `documents` | what the documents say of the schema and the configuration is what stands |

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation of a test ends the test")]

/// What is found in memory depends on who hands it out: so the program's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod harness;

mod commands;
mod contract;
mod crash;
mod crowd;
mod documents;
mod faults;
mod identity;
mod journal;
mod lifecycle;
mod outage;
mod overload;
mod privacy;
mod proxies;
mod refusals;
mod sealing;
mod simulate;
