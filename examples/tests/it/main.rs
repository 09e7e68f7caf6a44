//! The programs of this package, from the outside.
#![cfg(test)] // Lets clippy see helpers as test code too.

mod agents;
mod embed;
mod http;
mod interrupt;
mod kill;
mod launch;
mod launch_bad_input;
mod log;
mod offline_agent;
mod program;
mod serve;
mod world;
