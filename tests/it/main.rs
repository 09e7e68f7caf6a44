//! Suites that cross crates.
#![cfg(test)] // Lets clippy see helpers as test code too.

mod adapter;
mod agents;
mod fake_daytona;
mod model;
mod sdk;
mod tidy;
