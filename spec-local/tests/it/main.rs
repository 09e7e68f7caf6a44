//! `spec-local` with real folders, processes and repositories.
#![expect(
    clippy::unwrap_used,
    reason = "what does not work in a test fails the test"
)]
#![cfg(test)]

mod checkout;
mod conformance;
mod directory_target;
mod fixture;
mod host_death;
mod isolation;
mod processes;
mod world;
