//! The dialects trackers speak. Each is one file that turns bytes into a [`events::Beacon`].

pub mod native;
