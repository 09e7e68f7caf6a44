//! The Daytona adapter against the fake Daytona.

mod behaviour;
mod conformance;
mod scripted;
mod secrets;
mod stage;
mod trouble;
