//! The Daytona adapter against the fake Daytona.

mod behaviour;
mod conformance;
mod secrets;
mod stage;
mod trouble;
