//! The machine against its ports in memory.

#![cfg(test)]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test names the variants that it is about"
)]

mod crash;
mod drive;
mod mocks;
mod ports;
mod pure;
mod scene;
mod trouble;
mod watching;
mod writes;
