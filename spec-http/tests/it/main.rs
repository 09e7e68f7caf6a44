//! What the router promises.
#![cfg(test)] // Lets clippy see helpers as test code too.

mod access;
mod auth;
mod commands;
mod described;
mod events;
mod feed;
mod harness;
mod hostile;
mod launch;
mod load;
mod log;
mod openapi;
mod places;
mod problems;
mod readiness;
mod reconnect;
mod socket;
mod specs;
mod stream;
mod usage;
#[cfg(feature = "daytona-webhook")]
mod webhook;
mod websocket;
