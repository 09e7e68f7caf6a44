//! What the router promises.
#![cfg(test)] // Lets clippy see helpers as test code too.

mod auth;
mod commands;
mod events;
mod harness;
mod launch;
mod load;
mod log;
mod problems;
mod reconnect;
mod specs;
mod stream;
#[cfg(feature = "ui")]
mod ui;
mod usage;
#[cfg(feature = "daytona-webhook")]
mod webhook;
