//! The Daytona adapter against the fake Daytona.

mod behaviour;
mod conformance;
mod scripted;
mod secrets;
pub(crate) mod stage;
mod trouble;
