//! The programs of this package, from the outside.
#![cfg(test)] // Lets clippy see helpers as test code too.

mod agent_arguments;
mod agents;
mod budget;
mod chaos;
mod database;
mod daytona;
mod daytona_arguments;
mod daytona_live;
mod daytona_replicas;
mod daytona_serve;
mod embed;
mod environment;
mod http;
mod image;
mod interrupt;
mod kill;
mod launch;
mod launch_bad_input;
mod log;
mod offline_agent;
mod outage;
mod pages;
mod program;
mod remote;
mod replicas;
mod serve;
mod server;
mod smoke;
mod streams;
mod waiting;
mod walk;
mod world;
