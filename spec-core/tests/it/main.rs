//! The machine against its ports in memory.

#![cfg(test)]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test names the variants that it is about"
)]

mod cap;
mod crash;
mod drive;
mod mocks;
mod ports;
mod pure;
mod reaper;
mod retention;
mod review;
mod sandbox_changed;
mod scene;
mod talker;
mod told;
mod trouble;
mod upkeep;
mod watching;
mod writes;
