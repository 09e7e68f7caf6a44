//! What the router promises.
#![cfg(test)] // Lets clippy see helpers as test code too.

mod access;
mod auth;
mod base;
mod bodies;
mod caching;
mod commands;
mod described;
mod events;
mod export;
mod feed;
mod harness;
mod hostile;
mod launch;
mod load;
mod log;
mod offer;
mod openapi;
mod phases;
mod places;
mod problems;
mod quick_tasks;
mod readiness;
mod reconnect;
mod review;
mod shutdown;
mod socket;
mod specs;
mod stream;
#[cfg(feature = "ui")]
mod ui;
mod usage;
#[cfg(feature = "daytona-webhook")]
mod webhook;
mod websocket;
