//! The programs of this package, from the outside.
#![cfg(test)] // Lets clippy see helpers as test code too.

mod agents;
mod chaos;
mod database;
mod embed;
mod http;
mod interrupt;
mod kill;
mod launch;
mod launch_bad_input;
mod log;
mod offline_agent;
mod outage;
mod program;
mod replicas;
mod serve;
mod server;
mod world;
