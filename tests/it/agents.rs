//! The real agent programs do all phases, against a scripted model: what comes of it, in how many
//! attempts, and that every token which was served is in the account, once.

mod good;
mod refused;
mod service;
mod stage;
mod stopped;
