//! For the tests of hosts and adapters: a manual clock, a scripted spawner, decorators that fail on
//! purpose, and the conformance suites that every adapter has to pass. Feature `testing`; not
//! covered by semantic versioning.

pub mod broken;
#[cfg(test)]
mod broken_spawners;
mod clock;
pub mod conformance;
pub mod demo;
mod faulty;
pub mod fixture;
mod git;
mod scripted;

pub use clock::ManualClock;
pub use faulty::{FaultMode, FaultPlan, FaultySpawner, FaultyStore};
pub use git::git;
pub use scripted::{Call, RunScript, ScriptedRun, ScriptedSpawner};

pub use crate::sandbox::MockSandboxSpawner;
pub use crate::store::MockSpecStore;
