//! What the router promises.
#![cfg(test)] // Lets clippy see helpers as test code too.

mod access;
mod auth;
mod commands;
mod described;
mod events;
mod export;
mod harness;
mod launch;
mod load;
mod log;
mod offer;
mod openapi;
mod phases;
mod problems;
mod quick_tasks;
mod readiness;
mod reconnect;
mod review;
mod specs;
mod stream;
#[cfg(feature = "ui")]
mod ui;
mod usage;
#[cfg(feature = "daytona-webhook")]
mod webhook;
