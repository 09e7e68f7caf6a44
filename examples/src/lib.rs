//! Programs that compose the crates.

pub mod offline_agent;
