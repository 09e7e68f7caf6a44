//! The Daytona adapter against the fake Daytona.

mod conformance;
mod stage;
mod trouble;
