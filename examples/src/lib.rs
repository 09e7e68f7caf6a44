//! Programs that compose the crates: `launch`, `serve`, `embed`, `chaos`, `streams`, `daytona-live`, and the offline
//! agent.

pub mod agents;
pub mod chaos;
pub mod consumption;
pub mod database;
pub mod discreet;
pub mod display;
pub mod environment;
pub mod host;
pub mod log;
pub mod money;
pub mod offline_agent;
pub mod quick_tasks;
pub mod repositories;
pub mod sandboxes;
pub mod smoke;
pub mod streams;
pub mod summary;

/// Holds the README's example to compiling.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
