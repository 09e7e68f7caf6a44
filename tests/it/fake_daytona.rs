//! The fake Daytona does what the facts about the real one say.

mod client;
mod control;
mod ends;
mod faults;
mod files;
mod processes;
mod sessions;
