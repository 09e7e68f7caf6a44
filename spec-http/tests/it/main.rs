//! What the router promises.
#![cfg(test)] // Lets clippy see helpers as test code too.

mod auth;
mod commands;
mod events;
mod feed;
mod harness;
mod hostile;
mod launch;
mod load;
mod log;
mod places;
mod problems;
mod reconnect;
mod socket;
mod specs;
mod stream;
mod usage;
#[cfg(feature = "daytona-webhook")]
mod webhook;
mod websocket;
