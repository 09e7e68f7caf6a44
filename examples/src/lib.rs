//! Programs that compose the crates: `launch`, `serve`, `embed`, and the offline agent.

pub mod chaos;
pub mod database;
pub mod display;
pub mod host;
pub mod log;
pub mod offline_agent;
pub mod paths;
pub mod summary;

/// Holds the README's example to compiling.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
