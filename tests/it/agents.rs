//! The real agent programs do all phases, against a scripted model: what comes of it, in how many
//! attempts, and that every token which was served is in the account, once.

mod budget;
mod daytona;
mod good;
mod planted;
mod refused;
mod service;
mod stage;
mod stopped;
mod version;
